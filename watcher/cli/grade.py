"""``watcher grade``: reads the arguments. Must not: query or decide."""

from __future__ import annotations

from typing import Any

import click

from watcher.cli.verdicts import because, common, run


@click.command(short_help="Grade hits: A-F for the source, 1-6 for what it says.")
@click.option("--as", "grade", required=True, metavar="GRADE", help="Reliability and credibility together: B2.")
@common
@because("--note", "-m", text="Why, or a remark.")
def command(**given: Any) -> None:
    """Grade hits: A-F for the source, 1-6 for what it says.

    The Admiralty code. Reliability: A completely, B usually, C fairly, D not usually, E unreliable, F cannot be judged.
    Credibility: 1 confirmed by other sources (of an independent origin), 2 probably true, 3 possibly true, 4 doubtful,
    5 improbable, 6 cannot be judged. A person sets it; it stands beside score and state and changes neither.

    \b
    Examples:
      watcher grade 12 --as B2
      watcher grade 12 13 --as F6 --note "no way to judge it yet"

    \b
    Exit codes: 0 done, 1 no such hit, 2 wrong usage (no such grade),
    4 database damaged or from a newer watcher.
    """
    run("grade", **given)
