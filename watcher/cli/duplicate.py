"""``watcher duplicate``: reads the arguments. Must not: query or decide."""

from __future__ import annotations

from typing import Any

import click

from watcher.cli.verdicts import because, common, run


@click.command(short_help="Mark hits that only repeat another one.")
@common
@click.option(
    "--of", "duplicate_of", required=True, type=click.IntRange(min=1), metavar="HIT", help="The hit that is kept."
)
@because("--note", "-m", text="Why, or a remark.")
def command(**given: Any) -> None:
    """Mark hits that only repeat another one.

    They move nothing on the board; the hit that they repeat does. It cannot be a duplicate itself.

    \b
    Examples:
      watcher duplicate 13 14 --of 12

    \b
    Exit codes: 0 done, 1 no such hit or decided by somebody else,
    2 wrong usage, 4 database damaged or from a newer watcher.
    """
    run("duplicate", **given)
