"""A whole report as one JSON object: everything that the other faces show, as data. Must not: query or compute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from watcher.app.board_text import board_record
from watcher.app.report import Report
from watcher.app.report_files import coverage_record, head_record, hit_record
from watcher.app.report_parts import (
    Grid,
    Link,
    away_part,
    changed,
    figures_of,
    full_of,
    provenance,
    sections,
    snippets_of,
    timeline_of,
)
from watcher.core import period
from watcher.core.clean import json_line, safe_link
from watcher.core.timeline import TimelineItem
from watcher.core.views import HitRow


def json_report(report: Report, *, ascii_only: bool = False) -> Iterable[str]:
    """The report on one line."""
    yield json_line(report_record(report), ascii_only=ascii_only)


def timeline_json(report: Report, *, ascii_only: bool = False) -> Iterable[str]:
    """The timeline, one item a line."""
    for item in timeline_of(report):
        yield json_line(_item(item), ascii_only=ascii_only)


def report_record(report: Report) -> dict[str, Any]:
    """The report as plain data, times as ISO 8601 in UTC."""
    parts = {part.key: _grid_record(part.grid) for part in sections(report) if part.grid and part.key != "timeline"}
    away = away_part(report).grid
    return {
        **head_record(report),
        "changed": list(changed(report)),
        "board": None if report.view is None else board_record(report.view),
        "hits_shown": [_hit(report, hit) for part in report.parts for hit in part.hits],
        "timeline": [_item(item) for item in timeline_of(report)],
        "figures": [_figure(series) for series in figures_of(report)],
        **parts,
        "coverage": coverage_record(report),
        "dismissed": _grid_record(away) if away is not None else [],
        "provenance": dict(provenance(report)),
    }


def _hit(report: Report, hit: HitRow) -> dict[str, Any]:
    extra = full_of(report).extras.get(hit.hit_id)
    record: dict[str, Any] = hit_record(hit)
    if extra is None:
        return record
    story = extra.story
    return {
        **record,
        "state": extra.state,
        "analyst": extra.analyst,
        "decided_at": period.show_iso(extra.decided_at),
        "note": extra.note,
        "grade": extra.grade,
        "story": None
        if story is None
        else {
            "story": story.story_id,
            "entries": story.entries,
            "outlets": story.outlets,
            "origins": story.origins,
            "origin": story.origin,
            "origin_why": story.origin_why,
            "standing": story.standing,
        },
        "facets": [list(facet) for facet in extra.facets],
        "words": [
            {"field": one.field, "pieces": [[text, marked] for text, marked in one.pieces]}
            for one in snippets_of(report, hit)
        ],
    }


def _item(item: TimelineItem) -> dict[str, Any]:
    return {
        "at": period.show_iso(item.at),
        "kind": item.kind,
        "title": item.title,
        "note": item.note,
        "link": safe_link(item.link),
        "hit": item.hit_id,
        "signal": item.signal,
    }


def _figure(series: Any) -> dict[str, Any]:
    return {
        "figure": series.id,
        "title": series.title,
        "unit": series.unit,
        "baseline": [
            {"at": period.show_iso(one.at), "value": one.value, "qualifier": one.qualifier, "note": one.note}
            for one in series.baseline
        ],
        "readings": [
            {
                "at": period.show_iso(one.at),
                "value": one.value,
                "qualifier": one.qualifier,
                "unit": one.unit,
                "source": one.source,
                "role": one.role,
                "sentence": one.sentence,
                "entry": one.entry_id,
            }
            for one in series.points
        ],
    }


def _grid_record(grid: Grid) -> list[dict[str, Any]]:
    names = [name or "kind" for name in grid.columns]
    return [{name: _value(cell) for name, cell in zip(names, row, strict=True)} for row in grid.rows]


def _value(cell: str | Link) -> Any:
    return cell if isinstance(cell, str) else {"text": cell.text, "link": safe_link(cell.url)}
