"""`watcher diff`: reads the arguments, has the history of an entry laid out, writes it. Must not: query or compare by itself."""

from __future__ import annotations

import click

from watcher.cli.common import database_option, format_option, show_lines, speaks_unicode, style_of, write_lines


@click.command(short_help="Show every wording of an entry, and what was changed between them.")
@click.argument("entry", type=click.IntRange(min=1), metavar="ENTRY")
@click.option(
    "--from", "first", type=click.IntRange(min=1), metavar="N", help="Compare this revision (default: the first)."
)
@click.option("--to", "last", type=click.IntRange(min=1), metavar="N", help="With this one (default: the newest).")
@click.option("--whole", is_flag=True, help="Show the whole texts, not only what stands around a change.")
@format_option("text", "md", "json")
@database_option
def command(*, entry: int, first: int | None, last: int | None, whole: bool, form: str, database: str) -> None:
    """Show every wording of an entry, and what was changed between them.

    ENTRY is the number that explain, search and report --format jsonl show. Each wording is told with its digest, when it
    was seen first and last, and the class of its first sighting; then the words between one wording and the next,
    [-gone-] and {+added+}. An entry that was withdrawn at its source is kept, and said to be.

    \b
    Examples:
      watcher diff 812
      watcher diff 812 --from 1 --to 4 --whole
      watcher diff 812 --format json | jq '.changes[0].text'

    \b
    Exit codes: 0 done, 1 no such entry, 2 wrong usage or no database,
    4 database damaged or from a newer watcher.
    """
    from watcher.app.diff import history_lines, history_markdown, history_record, steps_of
    from watcher.app.report import find_zone
    from watcher.bootstrap.evidence import build_evidence
    from watcher.core.clean import json_line
    from watcher.core.errors import WatcherError

    with build_evidence(database) as desk:
        history = desk.evidence.history(entry)
        known = desk.queries.watchlists()
    if history is None:
        raise WatcherError(
            f"no entry {entry} in this database",
            hint="`watcher explain HIT` and `watcher search` show numbers of entries",
        )
    zone, _ = find_zone(known[0].timezone if known else "UTC")
    steps = steps_of(history, first, last)
    if form == "json":
        write_lines([json_line(history_record(history, steps), ascii_only=not speaks_unicode())])
    elif form == "md":
        write_lines(history_markdown(history, steps, zone, whole=whole))
    else:
        show_lines(history_lines(history, steps, style_of(), zone, whole=whole))
