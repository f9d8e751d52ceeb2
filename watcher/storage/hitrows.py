"""One line of a list of hits, joined from its tables. Must not: choose which hits.

The ids are picked by an index first; only then are rows joined for them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from watcher.core.views import HitRow
from watcher.storage.sqltools import chunks
from watcher.storage.tables import entries, hits, sources, watchlist_sources, watchlists

_H, _E, _S, _L, _W = hits.c, entries.c, sources.c, watchlist_sources.c, watchlists.c

HIT_ROW = (
    select(
        _H.id.label("hit_id"),
        _W.name.label("watchlist"),
        _H.signal,
        _H.score,
        _H.rung,
        _H.entry_id,
        _E.title,
        _E.link,
        _E.published,
        _H.first_seen,
        _H.sighting,
        func.coalesce(_L.name, _S.name).label("source"),
        _S.publisher,
        _S.family,
        func.coalesce(_L.role, "").label("role"),
        func.coalesce(_L.reliability, "F").label("reliability"),
        _H.reason,
        _H.duplicate_of,
    )
    .join_from(hits, entries, _E.id == _H.entry_id)
    .join(sources, _S.id == _H.source_id)
    .join(watchlists, _W.id == _H.watchlist_id)
    .outerjoin(watchlist_sources, (_L.source_id == _H.source_id) & (_L.watchlist_id == _H.watchlist_id))
)


def hit_rows(connection: Connection, ids: Sequence[int]) -> tuple[HitRow, ...]:
    """The lines of these hits, in no order."""
    rows = (row for part in chunks(ids) for row in connection.execute(HIT_ROW.where(_H.id.in_(part))))
    return tuple(HitRow(*tuple(row)) for row in rows)
