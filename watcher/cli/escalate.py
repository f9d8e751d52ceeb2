"""``watcher escalate``: reads the arguments. Must not: query or decide."""

from __future__ import annotations

from typing import Any

import click

from watcher.cli.verdicts import because, common, run, story_option


@click.command(short_help="Mark hits that somebody above must see.")
@common
@because("--note", "-m", text="Why, or a remark.")
@story_option
def command(**given: Any) -> None:
    """Mark hits that somebody above must see.

    They keep moving the board. HIT is the number that the report shows; `-` reads numbers from standard input.

    \b
    Examples:
      watcher escalate 12 --note "first sight of the text"
      watcher escalate 12 13 --analyst ann

    \b
    Exit codes: 0 done, 1 no such hit or decided by somebody else,
    2 wrong usage, 4 database damaged or from a newer watcher.
    """
    run("escalate", **given)
