"""``watcher confirm``, ``dismiss`` and their like: read arguments, have the decision made. Must not: query or decide.

What they share stands here; each is a short module of its own, where the group of commands looks for it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, TypeVar

import click

from watcher.cli import complete
from watcher.cli.common import database_option, format_option, say, show_lines, speaks_unicode, write_lines

_Command = TypeVar("_Command", bound=Callable[..., Any])


WAIT_S = 1.5


def analyst_option(command: _Command) -> _Command:
    """``--analyst``, shared by all that decide."""
    return click.option(
        "--analyst",
        metavar="NAME",
        envvar="WATCHER_ANALYST",
        show_envvar=True,
        help="Who decides (default: the user of this system).",
    )(command)


def common(command: _Command) -> _Command:
    """Arguments of every command that decides."""
    over = click.option("--over", is_flag=True, help="Replace what somebody else decided.")
    hits = click.argument("hits", nargs=-1, required=True, metavar="HIT...", shell_complete=complete.hits)
    return hits(over(analyst_option(database_option(command))))


story_option = click.option("--story", is_flag=True, help="Decide for all open hits of the same story and signal.")


def because(*names: str, text: str) -> Callable[[_Command], _Command]:
    """The reason or remark."""
    return click.option(*names, "note", metavar="TEXT", default="", help=text)


def run(decision: str, hits: tuple[str, ...], database: str, analyst: str | None, **more: Any) -> None:
    """Carry a decision out and tell what became of it."""
    from watcher.app.clock import wall
    from watcher.app.verdicts import Request, decide, parse_ids, told
    from watcher.bootstrap.verdicts import build_verdicts, who
    from watcher.core.verdict import Decision

    request = Request(Decision(decision), who(analyst), **more)
    ids = parse_ids(hits, sys.stdin if "-" in hits else None)
    with build_verdicts(database) as store, _said_when_it_takes_long():
        made = decide(store, request, ids, wall())
    for line in told(made):
        say(line)


@contextmanager
def _said_when_it_takes_long() -> Iterator[None]:
    """Say what we wait for: a daemon may hold the database for some seconds."""
    timer = threading.Timer(WAIT_S, say, ["waiting: another writer holds the database"])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@click.command(short_help="Show who decided what on a hit, when and why.")
@click.argument("hits", nargs=-1, required=True, metavar="HIT...", shell_complete=complete.hits)
@format_option("text", "jsonl")
@database_option
def command(hits: tuple[str, ...], form: str, database: str) -> None:
    """Show who decided what on a hit, when and why.

    The state of each hit (new, under review, confirmed, corroborated, dismissed, duplicate, escalated), its grade, and
    every decision that led there, also those that were taken back.

    \b
    Examples:
      watcher verdicts 12
      watcher verdicts 12 13 --format jsonl

    \b
    Exit codes: 0 done, 1 no such hit, 2 wrong usage or no database,
    4 database damaged or from a newer watcher.
    """
    from datetime import UTC

    from watcher.app.verdicts import history_lines, parse_ids, verdict_record
    from watcher.bootstrap.verdicts import build_verdicts
    from watcher.core.clean import json_line
    from watcher.core.verdict import standing_of

    ids = list(dict.fromkeys(parse_ids(hits, sys.stdin if "-" in hits else None)))
    with build_verdicts(database, read_only=True) as store:
        found = store.history(ids)
    if form == "jsonl":
        records = (verdict_record(one) for given in found.values() for one in given)
        write_lines(json_line(record, ascii_only=not speaks_unicode()) for record in records)
        return
    told = (history_lines(hit_id, given, standing_of(given), UTC) for hit_id, given in found.items())
    show_lines(chain.from_iterable(told))
