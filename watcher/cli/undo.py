"""``watcher undo``: reads the arguments. Must not: query or decide."""

from __future__ import annotations

from typing import Any

import click

from watcher.cli.verdicts import because, common, run


@click.command(short_help="Take the last decision on hits back, with a new row.")
@common
@click.option("--redo", is_flag=True, help="Take the last undo back instead.")
@click.option("--story", is_flag=True, help="Also for the hits that the decision took along.")
@because("--note", "-m", text="Why, or a remark.")
def command(**given: Any) -> None:
    """Take the last decision on hits back, with a new row.

    The newest decision, grade or note that stands; again, the one before it. Nothing is removed: `watcher verdicts HIT`
    shows all of it.

    \b
    Examples:
      watcher undo 12
      watcher undo 12 --redo
      watcher undo 12 --story

    \b
    Exit codes: 0 done, 1 nothing to take back or decided by somebody
    else, 2 wrong usage, 4 database damaged or from a newer watcher.
    """
    run("undo", **given)
