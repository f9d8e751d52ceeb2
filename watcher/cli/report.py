"""``watcher report``: reads the arguments, has the report made, writes it. Must not: query or lay out by itself."""

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
    say,
    speaks_unicode,
    style_of,
    watchlist_name_option,
)

if TYPE_CHECKING:
    from watcher.app.report import Report

DOCUMENTS = ("table", "md", "html", "json", "atom", "ics", "stix")
"""Formats that a person reads from the top: they hold the best hits only, with their sentences."""
DOCUMENT_HITS = 200


@click.command(short_help="Print the hits of a period, and what could not be seen in it.")
@click.option(
    "--since",
    metavar="TIME",
    help="Start of the period, included (default: the beginning); `last`: where the last report ended.",
)
@click.option("--until", metavar="TIME", help="End of the period, not included (default: the newest poll).")
@click.option("--signal", metavar="ID", help="Only this signal.", shell_complete=complete.signals)
@click.option("--source", metavar="NAME", help="Only this source.", shell_complete=complete.sources)
@click.option("--min-score", type=click.FloatRange(0, 100), metavar="N", help="Only hits that score N or more (0-100).")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help="At most N hits, the best ones; 0: all (default: 200 in documents, all in jsonl and csv).",
)
@format_option("table", "md", "html", "json", "jsonl", "csv", "atom", "ics", "stix")
@click.option("--mark", is_flag=True, help="Record that this report was given: `--since last` starts where it ends.")
@click.option("--by", "analyst", envvar="WATCHER_ANALYST", default="", metavar="NAME", help="Who gives it, for --mark.")
@click.option("--note", default="", metavar="TEXT", help="A remark, for --mark.")
@click.option("--raw", is_flag=True, help="CSV for machines: leave cells as they are that a spreadsheet would compute.")
@watchlist_name_option
@database_option
def command(
    form: str, raw: bool, database: str, mark: bool, analyst: str, note: str, limit: int | None, **choice: object
) -> None:
    """Print the hits of a period, and what could not be seen in it.

    First what changed, in counts and facts; then the board; then hits by signal and story, best first, each with its
    score, rung, the sentences and rules that made it, who has it, how reliable that is, what analysts said; a timeline
    with the watchlist's background; figures beside their baseline; positions before and now; what could not be read,
    since when and why; what was dismissed and why. A signal without hits is never just "quiet".

    TIME is a date or a time (2025-12-15, 2025-12-15T10:00Z; without a zone it is the watchlist's), or counts back from
    the newest poll: 24h, 7d, yesterday, today. The clock plays no part: the same database and period give the same
    bytes. An html report is one file that loads and runs nothing; stix (a STIX 2.1 bundle) needs the extra `stix`.

    \b
    Examples:
      watcher report --since 7d
      watcher report --since 2025-12-01 --format html > december.html
      watcher report --since last --mark --by ann --format md > today.md
      watcher report --signal draft-text --min-score 70
      watcher report --format jsonl | jq 'select(.type == "hit") | .link'

    \b
    Exit codes: 0 done, 1 no watchlist is loaded yet, 2 wrong usage, or no
    such database, watchlist or name, 4 database damaged or from a newer watcher.
    """
    from watcher.app.report import Request, read_report

    if note and not mark:
        raise click.UsageError("--note is a remark on a report that is recorded: it goes with --mark")
    if mark:
        analyst, note = _checked(analyst, note)

    if limit is None and form in DOCUMENTS:
        limit = DOCUMENT_HITS
    request = Request(**choice, limit=limit or None, full=form in DOCUMENTS)  # type: ignore[arg-type]  # click gives each option its type
    with open_queries(database) as queries:
        report = read_report(queries, request)
    put_lines(_lines(report, form, raw=raw), form)
    if form == "csv":
        _say_what_was_seen(report)
    if mark:
        _mark(report, database, analyst, note)


def _lines(report: Report, form: str, *, raw: bool) -> Iterable[str]:
    if form == "table":
        from watcher.app.report_text import report_lines

        return report_lines(report, style_of())
    if form == "html":
        from watcher.app.report_html import html_report

        return html_report(report).splitlines()
    if form in ("atom", "ics"):
        from watcher.app import report_feeds

        # A calendar's lines end in CR LF.
        calendar = (f"{line}\r" for line in report_feeds.calendar_lines(report))
        return report_feeds.atom_lines(report) if form == "atom" else calendar
    return _data_lines(report, form, raw=raw)


def _data_lines(report: Report, form: str, *, raw: bool) -> Iterable[str]:
    if form == "json":
        from watcher.app.report_json import json_report

        return json_report(report, ascii_only=not speaks_unicode())
    if form == "stix":
        from watcher.app.report_stix import stix_lines

        return stix_lines(report, ascii_only=not speaks_unicode())
    from watcher.app import report_files

    if form == "md":
        return report_files.markdown_lines(report)
    if form == "csv":
        return report_files.csv_lines(report, raw=raw)
    return report_files.jsonl_lines(report, ascii_only=not speaks_unicode())


def _checked(analyst: str, note: str) -> tuple[str, str]:
    """Who gives a report and what is said of it, before anything is written."""
    from watcher.core.verdict import checked_analyst, checked_note

    return checked_analyst(analyst) if analyst else "", checked_note(note)


def _mark(report: Report, database: str, analyst: str, note: str) -> None:
    from watcher.bootstrap.report import mark_report

    facts = report.facts
    number = mark_report(database, facts.watchlist, facts.revision, report.coverage.since, facts.until, analyst, note)
    say(f"recorded as report {number}: the next one may start with --since last")


def _say_what_was_seen(report: Report) -> None:
    from watcher.app.report import silence_of

    say(f"seen: {silence_of(report).why}")
