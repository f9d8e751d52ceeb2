"""``watcher report``: reads the arguments, has the report made, writes it. Must not: query or lay out by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from watcher.cli.common import (
    database_option,
    format_option,
    open_queries,
    say,
    speaks_unicode,
    style_of,
    watchlist_name_option,
    write_lines,
)

if TYPE_CHECKING:
    from watcher.app.report import Report


@click.command(short_help="Print the hits of a period, and what could not be seen in it.")
@click.option("--since", metavar="TIME", help="Start of the period, included (default: the beginning).")
@click.option("--until", metavar="TIME", help="End of the period, not included (default: the newest poll).")
@click.option("--signal", metavar="ID", help="Only this signal.")
@click.option("--source", metavar="NAME", help="Only this source.")
@click.option("--min-score", type=click.FloatRange(0, 100), metavar="N", help="Only hits that score N or more (0-100).")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N hits, the best ones.")
@format_option("table", "jsonl", "csv", "md")
@click.option("--raw", is_flag=True, help="CSV for machines: leave cells as they are that a spreadsheet would compute.")
@watchlist_name_option
@database_option
def command(form: str, raw: bool, database: str, **choice: object) -> None:
    """Print the hits of a period, and what could not be seen in it.

    Hits stand by signal, best first, each with its score, the rung of the ladder, the words and rules that made it, who
    has it and how reliable that source is, when it was published and seen, and its link. A signal without hits is never
    just "quiet": the report says which sources could be read, and since when and why others could not.

    TIME is a date or a time (2025-12-15, 2025-12-15T10:00Z; without a zone it is the watchlist's), or counts back from
    the newest poll: 24h, 7d, yesterday, today. The clock plays no part: the same database and period give the same
    report.

    \b
    Examples:
      watcher report --since 7d
      watcher report --since 2025-12-01 --until 2026-01-01 --format md > dec.md
      watcher report --signal draft-text --min-score 70
      watcher report --format jsonl | jq 'select(.type == "hit") | .link'

    \b
    Exit codes: 0 done, 1 no database or no such watchlist, 2 wrong usage,
    4 database damaged or from a newer watcher.
    """
    from watcher.app.report import Request, read_report

    with open_queries(database) as queries:
        report = read_report(queries, Request(**choice))  # type: ignore[arg-type]  # click gives each option its type
    write_lines(_lines(report, form, raw=raw))
    if form == "csv":
        _say_what_was_seen(report)


def _lines(report: Report, form: str, *, raw: bool) -> Iterable[str]:
    if form == "table":
        from watcher.app.report_text import report_lines

        return report_lines(report, style_of())
    from watcher.app import report_files

    if form == "md":
        return report_files.markdown_lines(report)
    if form == "csv":
        return report_files.csv_lines(report, raw=raw)
    return report_files.jsonl_lines(report, ascii_only=not speaks_unicode())


def _say_what_was_seen(report: Report) -> None:
    from watcher.app.report import silence_of

    say(f"seen: {silence_of(report).why}")
