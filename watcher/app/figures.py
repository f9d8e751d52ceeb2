"""Dated series of tracked quantities beside their baseline, and where sources contradict. Must not: query, average, judge.

A reading is what a sentence says. Nothing is averaged or smoothed, and no source is preferred: a person reads the
sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any, Protocol

from msgspec import Struct

from watcher.app.report import find_zone
from watcher.core import period
from watcher.core.clean import csv_line, json_line, markdown, safe_link, terminal
from watcher.core.errors import UsageProblem
from watcher.core.model import Micros, Sighting
from watcher.core.render import Column, Style, Table, block, heading, plural
from watcher.core.series import Conflict, FigurePoint, Point, Series, conflicts, show_value
from watcher.core.views import WatchlistRow

CSV_COLUMNS = (
    "figure", "value", "unit", "qualifier", "at", "seen", "source", "publisher", "role", "reliability", "sighting",
    "current", "conflict", "entry", "entry_revision", "title", "link", "sentence",
)  # fmt: skip


class Readings(Protocol):
    """What the database tells."""

    def points(
        self, watchlist: str, since: Micros | None, until: Micros | None, *, figure: str | None = None
    ) -> tuple[FigurePoint, ...]:
        """Readings first seen in the period, by figure and date."""
        ...


class Baseline(Struct, frozen=True):
    """A dated value of the watchlist, with its source."""

    at: Micros
    value: float
    qualifier: str
    note: str
    source: str


class FigureSeries(Struct, frozen=True):
    """One figure: what the watchlist says of it, what was read, where sources contradict."""

    id: str
    title: str
    unit: str
    baseline: tuple[Baseline, ...]
    points: tuple[FigurePoint, ...]
    conflicts: tuple[Conflict, ...]
    zone: tzinfo

    @property
    def newest(self) -> FigurePoint | None:
        """The newest reading; of those of one moment a primary source's."""
        return max(self.points, key=lambda point: (point.at, point.is_primary, point.entry_id), default=None)


def read_figures(
    readings: Readings,
    watchlist: WatchlistRow,
    figure: str | None,
    since: Micros | None,
    until: Micros | None,
    *,
    primary_only: bool = False,
) -> tuple[FigureSeries, ...]:
    """Series of a watchlist's figures, or of one, in the order of the watchlist.

    Raises:
        UsageProblem: it declares no such figure.
    """
    declared = watchlist.outline.get("figures", ())
    names = [said["id"] for said in declared]
    if figure is not None and figure not in names:
        have = f"it declares {', '.join(names)}" if names else "it declares none"
        raise UsageProblem(f"watchlist {watchlist.id} has no figure {figure}", hint=have)
    zone, _ = find_zone(watchlist.timezone)
    points = readings.points(watchlist.id, since, until, figure=figure)
    if primary_only:
        points = tuple(point for point in points if point.is_primary)
    return tuple(_series(said, points, zone) for said in declared if figure in (None, said["id"]))


def _series(said: Mapping[str, Any], points: Sequence[FigurePoint], zone: tzinfo) -> FigureSeries:
    own = tuple(point for point in points if point.figure == said["id"])
    baseline = tuple(_baseline(value, zone) for value in said["baseline"])
    return FigureSeries(said["id"], said["title"], said["unit"], baseline, own, conflicts(own), zone)


def _baseline(value: Mapping[str, Any], zone: tzinfo) -> Baseline:
    day = date.fromisoformat(value["date"])
    at = period.to_micros(datetime(day.year, day.month, day.day, tzinfo=zone))
    return Baseline(at, value["value"], value["qualifier"], value["note"], value["source"])


def plotted(series: FigureSeries) -> tuple[Series, ...]:
    """What to draw: primary sources, reports, what was added in each, and the baseline; only what is there."""
    kinds = (
        ("primary sources", True, False),
        ("reports", False, False),
        ("primary sources: added", True, True),
        ("reports: added", False, True),
    )
    drawn = [
        Series(
            name,
            tuple(
                Point(one.at, one.value, _label(one))
                for one in series.points
                if one.is_primary == is_primary and (one.qualifier == "added") == is_added
            ),
        )
        for name, is_primary, is_added in kinds
    ]
    for name, is_added in (("baseline of the watchlist", False), ("baseline: added", True)):
        values = tuple(
            Point(one.at, one.value, f"{one.note} {one.source}".strip())
            for one in sorted(series.baseline, key=lambda one: one.at)
            if (one.qualifier == "added") == is_added
        )
        drawn.append(Series(name, values, "dots" if is_added else "steps"))
    return tuple(one for one in drawn if one.points)


def _label(point: FigurePoint) -> str:
    return f"{worded(point.value, point.qualifier, point.unit)}: {point.source_title}. {point.sentence}"


def worded(value: float, qualifier: str, unit: str) -> str:
    """``over 40,000 troops``."""
    return " ".join(part for part in (qualifier, show_value(value), unit) if part)


# --- text ---------------------------------------------------------------------------------------------------------


def overview_lines(all_series: Sequence[FigureSeries], style: Style) -> Iterable[str]:
    """All figures, a line each: the newest reading beside the newest baseline."""
    if not all_series:
        yield "The watchlist declares no figures."
        return
    columns = (
        Column("figure"),
        Column("readings", right=True),
        Column("newest reading", least=16),
        Column("baseline", least=14),
        Column("conflicts", right=True),
    )
    yield from Table(columns, [_overview_row(one) for one in all_series]).lines(style)


def _overview_row(one: FigureSeries) -> tuple[str, ...]:
    newest, base = one.newest, max(one.baseline, key=lambda value: value.at, default=None)
    read = "-"
    if newest is not None:
        day = period.show_moment(newest.at, one.zone)[:10]
        read = f"{worded(newest.value, newest.qualifier, terminal(one.unit))} on {day}, {terminal(newest.source)}"
    based = "-"
    if base is not None:
        based = f"{worded(base.value, base.qualifier, '')} on {period.show_moment(base.at, one.zone)[:10]}"
    return terminal(one.id), str(len(one.points)), read, based, str(len(one.conflicts))


def series_lines(one: FigureSeries, style: Style) -> Iterable[str]:
    """One figure: its baseline, every reading with its sentence, and the contradictions."""
    yield style.bold(f"{terminal(one.title)} ({terminal(one.id)})")
    yield ""
    yield heading("Baseline of the watchlist", style)
    if not one.baseline:
        yield "none"
    for base in one.baseline:
        day = period.show_moment(base.at, one.zone)[:10]
        note = f": {terminal(base.note)}" if base.note else ""
        yield from block(
            f"{worded(base.value, base.qualifier, terminal(one.unit))}{note}", style.width, first=f"{day}  "
        )
    yield ""
    yield heading(plural(len(one.points), "reading"), style)
    for point in one.points:
        yield from _point_lines(point, one, style)
    for conflict in one.conflicts:
        yield from _conflict_lines(conflict, one, style)


def _point_lines(point: FigurePoint, one: FigureSeries, style: Style) -> Iterable[str]:
    at = period.show_moment(point.at, one.zone)
    facts = [worded(point.value, point.qualifier, terminal(one.unit)), _whose(point)]
    if not point.is_current:
        facts.append("not in the entry's present wording")
    lead, *rest = block(", ".join(facts), style.width, first=f"{at}  ")
    yield lead
    yield from rest
    yield from block(f"“{terminal(point.sentence)}”", style.width, first=" " * 18)
    yield style.dim(f"{'':18}entry {point.entry_id}")


def _whose(point: FigurePoint) -> str:
    role = "primary" if point.is_primary else "report"
    words = f"{terminal(point.source_title) or terminal(point.source)} ({terminal(point.source)}), {role}"
    return words if point.sighting == Sighting.NEW.value else f"{words}, {point.sighting}"


def _conflict_lines(conflict: Conflict, one: FigureSeries, style: Style) -> Iterable[str]:
    yield ""
    since, until = conflict.points[0].at, max(point.at for point in conflict.points)
    days = dict.fromkeys(period.show_moment(at, one.zone)[:10] for at in (since, until))
    yield style.warn(f"Sources contradict each other, {' to '.join(days)}:")
    for (value, qualifier), said in _claims(conflict).items():
        who = "; ".join(dict.fromkeys(f"{_whose(point)}, entry {point.entry_id}" for point in said))
        yield from block(f"{worded(value, qualifier, terminal(one.unit))}: {who}", style.width, first="  ")


def _claims(conflict: Conflict) -> dict[tuple[float, str], list[FigurePoint]]:
    claims: dict[tuple[float, str], list[FigurePoint]] = {}
    for point in conflict.points:
        claims.setdefault((point.value, point.qualifier), []).append(point)
    return claims


# --- data ---------------------------------------------------------------------------------------------------------


def _records(one: FigureSeries) -> Iterable[dict[str, object]]:
    number_of = {id(point): number for number, found in enumerate(one.conflicts, 1) for point in found.points}
    for point in one.points:
        yield {
            "figure": point.figure,
            "value": point.value,
            "unit": point.unit,
            "qualifier": point.qualifier,
            "at": period.show_iso(point.at),
            "seen": period.show_iso(point.seen),
            "source": point.source,
            "publisher": point.publisher,
            "role": point.role,
            "reliability": point.reliability,
            "sighting": point.sighting,
            "current": point.is_current,
            "conflict": number_of.get(id(point)),
            "entry": point.entry_id,
            "entry_revision": point.entry_revision,
            "title": point.entry_title,
            "link": safe_link(point.link),
            "sentence": point.sentence,
        }


def jsonl_lines(all_series: Iterable[FigureSeries], *, ascii_only: bool) -> Iterable[str]:
    """A line for each baseline value and each reading; ``type`` tells which. ``conflict`` numbers what contradicts."""
    for one in all_series:
        for base in one.baseline:
            said = {
                "type": "baseline", "figure": one.id, "value": base.value, "unit": one.unit, "qualifier": base.qualifier,
                "at": period.show_iso(base.at), "note": base.note, "source": base.source,
            }  # fmt: skip
            yield json_line(said, ascii_only=ascii_only)
        for record in _records(one):
            yield json_line({"type": "reading", **record}, ascii_only=ascii_only)


def csv_lines(all_series: Iterable[FigureSeries]) -> Iterable[str]:
    """The readings as CSV, a header first."""
    yield csv_line(list(CSV_COLUMNS))
    for one in all_series:
        for record in _records(one):
            yield csv_line([record[name] for name in CSV_COLUMNS])


def markdown_lines(all_series: Iterable[FigureSeries]) -> Iterable[str]:
    """A table for each figure."""
    for one in all_series:
        yield f"## {markdown(one.title)} ({markdown(one.id)})"
        yield ""
        yield "| date | value | source | sentence |"
        yield "|---|---|---|---|"
        contested = {id(point) for found in one.conflicts for point in found.points}
        for base in one.baseline:
            value = worded(base.value, base.qualifier, one.unit)
            yield f"| {period.show_moment(base.at, one.zone)[:10]} | {markdown(value)} | baseline | {markdown(base.note)} |"
        for point in one.points:
            value = worded(point.value, point.qualifier, one.unit) + (
                " (contradicted)" if id(point) in contested else ""
            )
            cells = (period.show_moment(point.at, one.zone), value, _whose(point), f"“{point.sentence}”")
            yield f"| {' | '.join(map(markdown, cells))} |"
        yield ""
