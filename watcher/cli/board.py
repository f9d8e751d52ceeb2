"""``watcher board``: reads the arguments, has the board made, writes it. Must not: query or lay out by itself."""

from __future__ import annotations

import click

from watcher.cli.common import (
    database_option,
    format_option,
    open_queries,
    show_lines,
    speaks_unicode,
    style_of,
    watchlist_name_option,
    write_lines,
)


@click.command(short_help="Show how far each signal got, on whose word, and where we are blind.")
@click.option("--since", metavar="TIME", help="Start of the period, included (default: 7d before its end).")
@click.option("--until", metavar="TIME", help="End of the period, not included (default: the newest poll).")
@format_option("table", "md", "json")
@watchlist_name_option
@database_option
def command(since: str | None, until: str | None, form: str, watchlist: str | None, database: str) -> None:
    """Show how far each signal got, on whose word, and where we are blind.

    For every signal, institution and language: the highest rung of the ladder with evidence in the period and since
    when, whether one origin or several stand behind it and whether a person confirmed it, how often it was seen lately
    against the 28 days before, and how much of its sources' time could be read. Hits that were dismissed move nothing.
    A line without hits is never just "quiet": it says what could be read, or since when and why it is blind.

    TIME is a date or a time (2025-12-15, 2025-12-15T10:00Z; without a zone it is the watchlist's), or counts back from
    the newest poll: 24h, 7d, yesterday, today. The clock plays no part.

    \b
    Examples:
      watcher board
      watcher board --since 2021-12-15 --until 2022-02-18
      watcher board --format json | jq '.rows[] | select(.state == "blind")'

    \b
    Exit codes: 0 done, 1 no watchlist is loaded yet, 2 wrong usage, or no
    such database, watchlist or name, 4 database damaged or from a newer watcher.
    """
    from watcher.app import board_text
    from watcher.app.board import read_board

    with open_queries(database) as queries:
        view = read_board(queries, since=since, until=until, watchlist=watchlist)
    if form == "table":
        show_lines(board_text.board_lines(view, style_of()))
    elif form == "md":
        write_lines(board_text.board_markdown(view))
    else:
        write_lines(board_text.board_json(view, ascii_only=not speaks_unicode()))
