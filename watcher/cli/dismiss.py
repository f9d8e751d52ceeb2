"""``watcher dismiss``: reads the arguments. Must not: query or decide."""

from __future__ import annotations

from typing import Any

import click

from watcher.cli.verdicts import because, common, run, story_option


@click.command(short_help="Dismiss hits, with the reason.")
@common
@because("--because", "-m", text="Why it is none: needed, shown in every report.")
@story_option
def command(**given: Any) -> None:
    """Dismiss hits, with the reason.

    A dismissed hit moves nothing on the board and stands at the end of the report with who, when and why. HIT is the
    number that the report shows; several may be named, and `-` reads them from standard input. All are written, or none.

    \b
    Examples:
      watcher dismiss 12 --because "on the pact of 1939"
      watcher dismiss 12 --story -m "a film review"

    \b
    Exit codes: 0 done, 1 no such hit or decided by somebody else,
    2 wrong usage (no reason), 4 database damaged or from a newer watcher.
    """
    run("dismiss", **given)
