"""``watcher sources``: reads the arguments, has the state of the sources read, writes it. Must not: query or poll."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from watcher.cli import complete
from watcher.cli.common import (
    database_option,
    format_option,
    open_queries,
    put_lines,
    speaks_unicode,
    style_of,
    watchlist_name_option,
)

if TYPE_CHECKING:
    from watcher.app.sources import SourceList


@click.command(short_help="List the sources and how well each can be read.")
@click.argument("name", required=False, metavar="[NAME]", shell_complete=complete.sources)
@click.option("--health", is_flag=True, help="Only what needs a look: since when, why, and what to do.")
@format_option("table", "json", "jsonl", "csv")
@watchlist_name_option
@database_option
def command(name: str | None, health: bool, form: str, watchlist: str | None, database: str) -> None:
    """List the sources and how well each can be read.

    With NAME, all that is known of that source. The list shows the state and since when it lasts, the last poll and how
    it ended, the next poll, and what was found. Sources that no poll can read stand below as blind by construction,
    with the reason: what cannot be seen is part of the answer.

    \b
    Examples:
      watcher sources
      watcher sources --health
      watcher sources un-press
      watcher sources --format csv > sources.csv

    `watcher feeds` is the same command.

    \b
    Exit codes: 0 done, 1 it failed, 2 no source of that name, wrong usage or
    no database, 4 database damaged or from a newer watcher.
    """
    from watcher.app.sources import read_sources

    with open_queries(database) as queries:
        listed = read_sources(queries, watchlist)
    put_lines(_lines(listed, name, form, health=health), form)


def _lines(listed: SourceList, name: str | None, form: str, *, health: bool) -> Iterable[str]:
    from watcher.app import sources
    from watcher.core.coverage import SEEING

    rows = listed.sources if name is None else (sources.find_source(listed, name),)
    if form == "table" and name is not None:
        return sources.detail_lines(listed, rows[0], style_of())
    if form == "table":
        return (sources.health_lines if health else sources.source_lines)(listed, style_of())
    if health:
        rows = tuple(row for row in rows if row.health not in SEEING)
    if form == "csv":
        return sources.csv_lines(rows)
    as_json = sources.json_lines if form == "json" else sources.jsonl_lines
    return as_json(rows, ascii_only=not speaks_unicode())
