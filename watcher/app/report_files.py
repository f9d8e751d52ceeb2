"""Lays a report out for other programs: Markdown, CSV, JSON Lines. Must not: query, or let an untrusted text past ``clean``.

Markdown and JSON Lines carry the coverage with the hits, as every report does; a CSV file is the hits alone, so its caller
says on standard error what could be seen.
"""

from __future__ import annotations

from collections.abc import Iterable

from watcher.app.report import Report, SignalPart, silence_of
from watcher.app.report_parts import by_story
from watcher.app.report_text import (
    gap_text,
    hits_text,
    period_text,
    sighting_text,
    silence_word,
    source_text,
    times_text,
)
from watcher.core import period
from watcher.core.clean import csv_line, json_line, markdown, safe_link
from watcher.core.coverage import SourceCoverage
from watcher.core.render import plural
from watcher.core.views import HitRow

CSV_COLUMNS = (
    "hit",
    "signal",
    "score",
    "rung",
    "title",
    "link",
    "published",
    "first_seen",
    "sighting",
    "source",
    "publisher",
    "family",
    "role",
    "reliability",
    "reason",
    "entry",
    "duplicate_of",
)


def hit_record(hit: HitRow) -> dict[str, object]:
    """One hit as plain data, times as ISO 8601 in UTC. The link is there only where it may be opened."""
    return {
        "hit": hit.hit_id,
        "signal": hit.signal,
        "score": hit.score,
        "rung": hit.rung,
        "title": hit.title,
        "link": safe_link(hit.link),
        "published": period.show_iso(hit.published),
        "first_seen": period.show_iso(hit.first_seen),
        "sighting": hit.sighting,
        "source": hit.source,
        "publisher": hit.publisher,
        "family": hit.family,
        "role": hit.role,
        "reliability": hit.reliability,
        "reason": hit.reason,
        "entry": hit.entry_id,
        "duplicate_of": hit.duplicate_of,
    }


def csv_lines(report: Report, *, raw: bool = False) -> Iterable[str]:
    """The hits as CSV, a header first, every cell quoted."""
    yield csv_line(list(CSV_COLUMNS))
    for part in report.parts:
        for hit in part.hits:
            record = hit_record(hit)
            yield csv_line([record[name] for name in CSV_COLUMNS], raw=raw)


def jsonl_lines(report: Report, *, ascii_only: bool = False) -> Iterable[str]:
    """One line for the report, one per hit, one for the coverage; ``type`` tells them apart."""
    yield json_line(head_record(report), ascii_only=ascii_only)
    for part in report.parts:
        for hit in part.hits:
            yield json_line({"type": "hit", **hit_record(hit)}, ascii_only=ascii_only)
    yield json_line(coverage_record(report), ascii_only=ascii_only)


def head_record(report: Report) -> dict[str, object]:
    """What a report says of itself, as plain data."""
    facts = report.facts
    return {
        "type": "report",
        "watchlist": facts.watchlist,
        "question": facts.question,
        "revision": facts.revision,
        "schema": facts.schema,
        "since": period.show_iso(facts.since),
        "until": period.show_iso(facts.until),
        "timezone": facts.timezone,
        "only": list(report.only),
        "hits": facts.hits_total,
        "entries": facts.entries,
        "polls": facts.polls,
        "signals": [
            {"id": part.id, "title": part.title, "hits": part.total, "highest": part.highest} for part in report.parts
        ],
    }


def coverage_record(report: Report) -> dict[str, object]:
    """What could be seen, as plain data."""
    silence = silence_of(report)
    return {
        "type": "coverage",
        "state": silence.state,
        "why": silence.why,
        "since": period.show_iso(report.coverage.since),
        "until": period.show_iso(report.coverage.until),
        "sources": [_source_record(source) for source in report.coverage.sources],
    }


def _source_record(source: SourceCoverage) -> dict[str, object]:
    row = source.source
    return {
        "source": row.name,
        "institution": row.institution,
        "language": row.language,
        "seen": source.kind,
        "share": round(source.share, 6),
        "gaps": [
            {
                "since": period.show_iso(gap.began),
                "until": None if gap.open else period.show_iso(gap.until),
                "health": gap.health,
                "reason": gap.reason,
            }
            for gap in source.gaps
        ],
    }


# --- Markdown -------------------------------------------------------------------------------------------------------


def markdown_lines(report: Report) -> Iterable[str]:
    """The report as a Markdown document (CommonMark with tables)."""
    facts, silence = report.facts, silence_of(report)
    yield f"# {markdown(facts.question) or markdown(facts.watchlist)}"
    yield ""
    yield f"- Watchlist: {markdown(facts.watchlist)}, revision {markdown(facts.revision[:12])}"
    yield f"- Period: {markdown(period_text(report))}"
    entries = plural(facts.entries, "entry", "entries")
    yield f"- Found: {plural(facts.hits_total, 'hit')} in {entries} from {plural(facts.polls, 'poll')}"
    for note in (*(f"Only: {', '.join(report.only)}" for _ in report.only[:1]), report.zone_note):
        if note:
            yield f"- {markdown(note)}"
    yield f"- Seen: {markdown(silence.why)}"
    if report.view is None:
        yield from _markdown_board(report)
    else:
        from watcher.app.report_markdown import before_hits

        yield from before_hits(report)
    for part in report.parts:
        if part.hits:
            yield from _markdown_signal(report, part)
    if report.facts.full is not None:
        from watcher.app.report_markdown import after_hits

        yield from after_hits(report)
    yield from _markdown_coverage(report)
    if report.facts.full is not None:
        from watcher.app.report_markdown import at_the_end

        yield from at_the_end(report)


def _markdown_board(report: Report) -> Iterable[str]:
    silence = silence_of(report)
    yield from ("", "## Signals", "", "| Signal | Hits | Top | Highest rung | Newest |", "|---|---:|---:|---|---|")
    for part in report.parts:
        top = "" if part.top_score is None else f"{part.top_score:.1f}"
        newest = period.show_moment(part.newest, report.zone) if part.total else silence_word(report, silence)
        yield f"| {markdown(part.title)} | {part.total:,} | {top} | {markdown(part.highest)} | {newest} |"


def _markdown_signal(report: Report, part: SignalPart) -> Iterable[str]:
    yield ""
    yield f"## {markdown(part.title)} ({markdown(part.id)}): {hits_text(part)}"
    for group in by_story(report, part.hits):
        hit = group[0]
        yield ""
        yield f"- **{hit.score:.1f}** {markdown_link(hit.title, hit.link)}"
        facts = filter(None, (f"hit {hit.hit_id}", hit.rung, source_text(hit), sighting_text(hit)))
        yield f"  - {markdown(' · '.join(facts))}"
        yield f"  - Why: {markdown(hit.reason)}"
        yield f"  - Time: {markdown(times_text(report, hit))}"
        if report.facts.full is not None:
            from watcher.app.report_markdown import of_story

            yield from of_story(report, group)


def markdown_link(title: str, url: str) -> str:
    """The title as a link where the address may be one, else the title alone."""
    label, link = markdown(title) or "(no title)", safe_link(url)
    # A reader that does not know the angle brackets ends the address at the first parenthesis.
    link = link.replace("(", "%28").replace(")", "%29")
    return f"[{label}](<{link}>)" if link else label


def _markdown_coverage(report: Report) -> Iterable[str]:
    yield from ("", "## What could be seen", "", f"{markdown(silence_of(report).why)}.")
    shown = [source for kind in ("none", "part", "blind", "off") for source in report.coverage.of(kind)]
    if not shown:
        return
    yield from ("", "| Source | Institution | Not seen |", "|---|---|---|")
    for source in shown:
        row = source.source
        words = (
            "blind by construction: " if source.kind == "blind" else "switched off: " if source.kind == "off" else ""
        )
        yield f"| {markdown(row.name)} | {markdown(row.institution)} | {markdown(words + gap_text(report, source))} |"
