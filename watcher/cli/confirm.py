"""``watcher confirm``: reads the arguments. Must not: query or decide."""

from __future__ import annotations

from typing import Any

import click

from watcher.cli.verdicts import because, common, run, story_option


@click.command(short_help="Confirm hits: they are what their signal asks for.")
@common
@because("--note", "-m", text="Why, or a remark.")
@click.option("--corroborated", is_flag=True, help="Another independent origin says it too.")
@story_option
def command(corroborated: bool, **given: Any) -> None:
    """Confirm hits: they are what their signal asks for.

    HIT is the number that the report shows; several may be named, and `-` reads them from standard input. All are
    written, or none. It goes beside a running daemon. What another analyst decided is not replaced without --over.
    The score stays as it is.

    \b
    Examples:
      watcher confirm 12
      watcher confirm 12 --corroborated --note "the ministry has it too"
      watcher confirm 12 --story --analyst ann
      watcher report --format jsonl | jq '.hit // empty' | watcher confirm -

    \b
    Exit codes: 0 done, 1 no such hit or decided by somebody else,
    2 wrong usage, 4 database damaged or from a newer watcher.
    """
    run("corroborate" if corroborated else "confirm", **given)
