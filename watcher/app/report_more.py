"""Lays out as text what a whole report has beside its hits: what changed, the board, figures, tables. Must not: query or compute."""

from __future__ import annotations

from collections.abc import Iterable

from watcher.app.board_text import axis_lines, signal_lines
from watcher.app.report import Report
from watcher.app.report_parts import (
    Cell,
    Grid,
    Section,
    away_part,
    changed,
    figures_of,
    full_of,
    provenance,
    sections,
)
from watcher.core.clean import terminal
from watcher.core.render import Column, Style, Table, block, heading, labelled


def before_hits(report: Report, style: Style) -> Iterable[str]:
    """What changed, and the board."""
    if full_of(report) is report.facts.full:
        yield ""
        yield heading("What changed", style)
        for line in changed(report):
            yield from block(terminal(line), style.width, first="- ", rest="  ")
    if report.view is not None:
        yield ""
        yield heading("Board", style)
        yield from signal_lines(report.view, style)
        yield from axis_lines(report.view, "institution", style)
        yield from axis_lines(report.view, "language", style)


def after_hits(report: Report, style: Style) -> Iterable[str]:
    """Timeline, figures, positions, provisions."""
    for part in sections(report):
        yield from section_lines(part, style)
    yield from _figures(report, style)


def at_the_end(report: Report, style: Style) -> Iterable[str]:
    """What was dismissed, and what the report was made of."""
    yield from section_lines(away_part(report), style)
    yield ""
    yield heading("Provenance", style)
    yield from labelled([(label, terminal(text)) for label, text in provenance(report)], style)


def _figures(report: Report, style: Style) -> Iterable[str]:
    from watcher.app.figures import plotted
    from watcher.app.plot_text import plot_text

    for series in figures_of(report):
        yield ""
        yield heading(f"{terminal(series.title)}, beside its baseline", style)
        yield from plot_text(plotted(series), style, zone=report.zone)


def section_lines(part: Section, style: Style) -> Iterable[str]:
    """A part: its heading, its words, its table."""
    yield ""
    yield heading(terminal(part.title), style)
    for line in part.said:
        yield from block(terminal(line), style.width)
    if part.grid is not None:
        yield from _table(part.grid, style)


def _table(grid: Grid, style: Style) -> Iterable[str]:
    columns = [
        Column(title, least=0 if number in grid.right or number == 0 else 6, right=number in grid.right)
        for number, title in enumerate(grid.columns)
    ]
    rows = [tuple(_text(cell) for cell in row) for row in grid.rows]
    yield from Table(columns, rows).lines(style)


def _text(cell: Cell) -> str:
    return terminal(cell if isinstance(cell, str) else cell.text)
