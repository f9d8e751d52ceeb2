"""Reads the dated series of figures. Must not: write, average, or decide which reading is right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, select

from watcher.core.model import Micros
from watcher.core.series import FigurePoint
from watcher.storage.engine import begin
from watcher.storage.tables import entries, entry_revisions, figure_readings, sources, watchlist_sources, watchlists

_F, _E, _R, _S, _L, _W = (
    figure_readings.c,
    entries.c,
    entry_revisions.c,
    sources.c,
    watchlist_sources.c,
    watchlists.c,
)
_POINT: Select[Any] = (
    select(
        _F.figure,
        _F.value,
        _F.unit,
        _F.qualifier,
        _F.sentence,
        _F.field,
        _F.entry_id,
        _F.entry_revision,
        _R.first_seen,
        _E.published,
        _E.revision_no,
        func.coalesce(_L.name, _S.name).label("source"),
        _S.title.label("source_title"),
        _S.publisher,
        func.coalesce(_L.role, "").label("role"),
        func.coalesce(_L.reliability, "F").label("reliability"),
        _R.title.label("entry_title"),
        _E.link,
        _R.sighting,
    )
    .join_from(figure_readings, watchlists, _W.id == _F.watchlist_id)
    .join(entries, _E.id == _F.entry_id)
    .join(entry_revisions, (_R.entry_id == _F.entry_id) & (_R.revision_no == _F.entry_revision))
    .join(sources, _S.id == _E.source_id)
    .outerjoin(watchlist_sources, (_L.source_id == _E.source_id) & (_L.watchlist_id == _F.watchlist_id))
)


class FigureQueries:
    """Read models of figures over an engine; each public method is one snapshot."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def points(
        self, watchlist: str, since: Micros | None, until: Micros | None, *, figure: str | None = None
    ) -> tuple[FigurePoint, ...]:
        """`figure_points` in a snapshot of its own."""
        with begin(self._engine) as connection:
            return figure_points(connection, watchlist, since, until, figure=figure)


def figure_points(
    connection: Connection,
    watchlist: str,
    since: Micros | None = None,
    until: Micros | None = None,
    *,
    figure: str | None = None,
) -> tuple[FigurePoint, ...]:
    """Readings of a watchlist's figures from wordings first seen in [since, until), by figure and then by date.

    What an entry says twice, or says again in a later wording, is one point.
    """
    statement = _POINT.where(_W.name == watchlist)
    if since is not None:
        # Earlier wordings of these entries are read too: what they said already is not new.
        r, f = entry_revisions.alias().c, figure_readings.alias().c
        worded = (r.entry_id == f.entry_id) & (r.revision_no == f.entry_revision)
        recent = select(f.entry_id).join_from(f.entry_id.table, r.entry_id.table, worded).where(r.first_seen >= since)
        statement = statement.where(_F.entry_id.in_(recent))
    if until is not None:
        statement = statement.where(_R.first_seen < until)
    if figure is not None:
        statement = statement.where(_F.figure == figure)
    # In the order of wordings, a text before its title: its sentence says more.
    ordered = statement.order_by(_F.entry_id, _F.entry_revision, _F.field, _F.span_start)
    points = [p for p in _distinct(connection.execute(ordered).all()) if since is None or p.seen >= since]
    return tuple(sorted(points, key=lambda point: (point.figure, point.at, point.entry_id)))


def _distinct(rows: Iterable[Row[Any]]) -> Iterable[FigurePoint]:
    first: dict[tuple[Any, ...], Row[Any]] = {}
    current: set[tuple[Any, ...]] = set()
    for row in rows:
        key = (row.entry_id, row.figure, row.value, row.qualifier)
        first.setdefault(key, row)
        if row.entry_revision == row.revision_no:
            current.add(key)
    return [_point(row, is_current=key in current) for key, row in first.items()]


def _point(row: Row[Any], *, is_current: bool) -> FigurePoint:
    # A later wording is as old as our first sight of it: its publisher's date is that of the first one.
    dated = row.published is not None and row.published <= row.first_seen and row.entry_revision == 1
    return FigurePoint(
        figure=row.figure,
        value=row.value,
        unit=row.unit,
        qualifier=row.qualifier,
        sentence=row.sentence,
        at=row.published if dated else row.first_seen,
        seen=row.first_seen,
        entry_id=row.entry_id,
        entry_revision=row.entry_revision,
        source=row.source,
        source_title=row.source_title,
        publisher=row.publisher,
        role=row.role,
        reliability=row.reliability,
        entry_title=row.entry_title,
        link=row.link,
        is_current=is_current,
        sighting=row.sighting,
    )
