"""``watcher demo``: runs the daemon on the samples, then prints the report. Must not: poll or query by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli.common import open_queries, say, style_of, write_lines

if TYPE_CHECKING:
    from watcher.app.demo import Demo


@click.command(short_help="Run the real daemon on sample sources and print the report.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the demo keeps its database and watchlist (default: a new temporary folder, which is kept).",
)
def command(folder: Path | None) -> None:
    """Run the real daemon on sample sources and print the report.

    The samples are made-up feeds, dated December 2025, in English and Russian: one story told by several outlets, noise,
    traps, copies of one agency's text. They are served over HTTP on this machine; no internet is needed. The daemon is
    the one that `watcher run` starts, with the signals of the shipped watchlist. It takes less than a minute.

    \b
    Examples:
      watcher demo
      watcher demo --folder /tmp/watcher-demo

    \b
    Exit codes: 0 done, 1 the daemon could not poll the samples,
    2 the folder holds a database already.
    """
    from watcher.app.demo import run_demo
    from watcher.bootstrap.reading import build_derive
    from watcher.bootstrap.settings import default_watchlist

    say("Serving the sample sources on this machine and starting the daemon.")
    demo = run_demo(_folder(folder), default_watchlist(), open_queries)
    with build_derive(str(demo.database)) as work:
        work.all()  # the daemon would get there by itself, a little later
    _print_report(demo)
    _say_how_to_go_on(demo)


def _folder(folder: Path | None) -> Path:
    if folder is not None:
        return folder
    import tempfile

    return Path(tempfile.mkdtemp(prefix="watcher-demo-"))


def _print_report(demo: Demo) -> None:
    from watcher.app.report import Request, read_report
    from watcher.app.report_text import report_lines

    with open_queries(str(demo.database)) as queries:
        report = read_report(queries, Request())
    say("")
    write_lines(report_lines(report, style_of()))


def _say_how_to_go_on(demo: Demo) -> None:
    say("")
    say("To go on:")
    say(f"  export WATCHER_DATABASE={demo.database}")
    say("  watcher explain 1              why it is a hit: the sum, the words, the source")
    say("  watcher story                  who tells the same story, and how many origins it has")
    say("  watcher report --format html > report.html    the same report as a page for any browser")
    say("  watcher sources                which sources there are, and how well each can be read")
    say(f"  less {demo.watchlist}    signals and rules: change one, and `watcher check` it")
    say("  unset WATCHER_DATABASE; watcher run    watch the real sources of config/watchlist.yaml")
