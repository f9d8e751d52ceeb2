"""``watcher note``: reads the arguments. Must not: query or decide."""

from __future__ import annotations

from typing import Any

import click

from watcher.cli.verdicts import because, common, run


@click.command(short_help="Write a remark on hits; their state stays.")
@common
@because("--text", "-m", text="The remark: needed, at most 2,000 characters.")
def command(**given: Any) -> None:
    """Write a remark on hits; their state stays.

    \b
    Examples:
      watcher note 12 -m "asked the embassy on 16 December"

    \b
    Exit codes: 0 done, 1 no such hit, 2 wrong usage (no text),
    4 database damaged or from a newer watcher.
    """
    run("note", **given)
