"""``watcher timeline``: background events and findings in one line of time. Must not: query or lay out by itself."""

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
    write_lines,
)

if TYPE_CHECKING:
    from watcher.app.report import Report

HITS = 200


@click.command(short_help="Show background events and what was found, in order of time.")
@click.option("--since", metavar="TIME", help="Start of the period of findings, included (default: the beginning).")
@click.option("--until", metavar="TIME", help="End of the period, not included (default: the newest poll).")
@click.option("--signal", metavar="ID", help="Only findings of this signal.", shell_complete=complete.signals)
@format_option("table", "md", "json", "ics")
@watchlist_name_option
@database_option
def command(form: str, database: str, **choice: object) -> None:
    """Show background events and what was found, in order of time.

    Background events are the watchlist's own; findings are rung changes and the best hit of each story in the period,
    at the time that the publisher gives, or at which we first saw them. With ics a calendar can show them.

    TIME is a date or a time, or counts back from the newest poll: 24h, 7d, yesterday, today.

    \b
    Examples:
      watcher timeline --since 2021-12-01 --until 2022-03-01
      watcher timeline --format ics > pact.ics

    \b
    Exit codes: 0 done, 1 no watchlist is loaded yet, 2 wrong usage, or no
    such database, watchlist or name, 4 database damaged or from a newer watcher.
    """
    from watcher.app.report import Request, read_report

    request = Request(**choice, limit=HITS, full=True)  # type: ignore[arg-type]  # click gives each option its type
    with open_queries(database) as queries:
        report = read_report(queries, request)
    if form == "ics":
        write_calendar(report)
    else:
        put_lines(_lines(report, form), form)


def write_calendar(report: Report) -> None:
    """Write the calendar with the line ends that its format wants."""
    from watcher.app.report_feeds import calendar_lines

    write_lines(f"{line}\r" for line in calendar_lines(report))


def _lines(report: Report, form: str) -> Iterable[str]:
    if form == "json":
        from watcher.app.report_json import timeline_json

        return timeline_json(report, ascii_only=not speaks_unicode())
    from watcher.app.report_parts import timeline_part

    part = timeline_part(report)
    if part is None:
        return ()
    if form == "md":
        from watcher.app.report_markdown import section_lines as markdown_section

        return markdown_section(part)
    from watcher.app.report_more import section_lines

    return section_lines(part, style_of())
