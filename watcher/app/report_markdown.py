"""Lays out as Markdown what a whole report has beside its hits. Must not: query, or let an untrusted text past ``clean``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watcher.app.board_text import markdown_tables
from watcher.app.report import Report
from watcher.app.report_files import markdown_link
from watcher.app.report_parts import (
    Cell,
    Grid,
    Section,
    away_part,
    changed,
    figures_of,
    provenance,
    sections,
    snippets_of,
    standing_words,
    story_words,
)
from watcher.app.report_text import source_text
from watcher.core import period
from watcher.core.clean import markdown
from watcher.core.views import HitRow


def before_hits(report: Report) -> Iterable[str]:
    """What changed, and the board."""
    if report.facts.full is not None:
        yield from ("", "## What changed", "")
        yield from (f"- {markdown(line)}" for line in changed(report))
    if report.view is not None:
        yield from ("", "## Board")
        yield from markdown_tables(report.view, level="###")


def of_story(report: Report, group: Sequence[HitRow]) -> Iterable[str]:
    """Decisions, sentences, the story, and who else carries it."""
    for label, text in (("Said", standing_words(report, group[0])), ("Story", story_words(report, group))):
        if text:
            yield f"  - {label}: {markdown(text)}"
    for snippet in snippets_of(report, group[0]):
        pieces = ((markdown_inside(text), marked) for text, marked in snippet.pieces)
        shown = "".join(f"**{text}**" if marked and text.strip() else text for text, marked in pieces)
        yield f"  - > {shown.strip()}"
    for hit in group[1:]:
        yield f"  - Also {hit.score:.1f}, hit {hit.hit_id}: {markdown_link(hit.title, hit.link)}, {markdown(source_text(hit))}"


def markdown_inside(text: str) -> str:
    """A piece of a sentence: cleaned, with the spaces at its ends kept."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if not text.strip():
        return " " if text else ""
    return f"{' ' if start else ''}{markdown(text)}{' ' if end < len(text) else ''}"


def after_hits(report: Report) -> Iterable[str]:
    """Timeline, positions, provisions, figures."""
    for part in sections(report):
        yield from section_lines(part)
    for series in figures_of(report):
        from watcher.app.figures import worded

        yield from ("", f"## {markdown(series.title)}, beside its baseline", "", "| Day | Value | Who | Sentence |")
        yield "|---|---:|---|---|"
        for base in series.baseline:
            day = period.show_moment(base.at, report.zone)[:10]
            yield f"| {day} | {markdown(worded(base.value, base.qualifier, series.unit))} | baseline | {markdown(base.note)} |"
        for point in series.points:
            day = period.show_moment(point.at, report.zone)[:10]
            value = markdown(worded(point.value, point.qualifier, point.unit))
            who = markdown(point.publisher or point.source)
            yield f"| {day} | {value} | {who} | {markdown_link(point.sentence, point.link)} |"


def at_the_end(report: Report) -> Iterable[str]:
    """What was dismissed, and what the report was made of."""
    yield from section_lines(away_part(report))
    yield from ("", "## Provenance", "")
    yield from (f"- {label}: {markdown(text)}" for label, text in provenance(report) if text)


def section_lines(part: Section) -> Iterable[str]:
    """A part: its heading, its words, its table."""
    yield from ("", f"## {markdown(part.title)}")
    for line in part.said:
        yield from ("", markdown(line))
    if part.grid is not None:
        yield from _table(part.grid)


def _table(grid: Grid) -> Iterable[str]:
    yield ""
    yield f"| {' | '.join(title.capitalize() for title in grid.columns)} |"
    yield f"|{'|'.join('---:' if number in grid.right else '---' for number in range(len(grid.columns)))}|"
    yield from (f"| {' | '.join(map(_cell, row))} |" for row in grid.rows)


def _cell(cell: Cell) -> str:
    return markdown(cell) if isinstance(cell, str) else markdown_link(cell.text, cell.url)
