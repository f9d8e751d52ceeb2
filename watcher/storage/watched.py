"""When somebody looked: spans of daemons, and polls by hand in between. Must not: say what could be seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, func, select

from watcher.core.basics import SECOND, Micros
from watcher.core.views import Watch
from watcher.storage.tables import daemon_spans, polls, watchlist_sources, watchlists

_D, _P, _L, _W = daemon_spans.c, polls.c, watchlist_sources.c, watchlists.c
# A daemon beats once a minute: one that died lived for about so long after its last beat.
AFTER_BEAT: Micros = 90 * SECOND
# No source is polled more often than this; a shorter pause of the daemon hides no poll that matters.
SHORT: Micros = 600 * SECOND


def watched(connection: Connection, since: Micros | None, until: Micros, watchlist: str) -> Watch | None:
    """When somebody looked at the sources of a watchlist in [since, until); None: no daemon ever wrote it down."""
    first: Micros | None = connection.scalar(select(func.min(_D.started_at)))
    if first is None:
        return None
    start = first if since is None else max(first, since)
    spans = _spans(connection, start, until)
    by_hand: dict[str, list[Micros]] = {}
    for low, high in _between(spans, start, until):
        for name, at in _polled(connection, low, high, watchlist):
            by_hand.setdefault(name, []).append(at)
    return Watch(first, spans, {name: tuple(times) for name, times in by_hand.items()})


def _spans(connection: Connection, start: Micros, until: Micros) -> tuple[tuple[Micros, Micros], ...]:
    # The last one that ended before the period too: a source may still be covered by it.
    before = select(func.max(_D.beat_at)).where(_D.beat_at < start).scalar_subquery()
    statement = (
        select(_D.started_at, func.coalesce(_D.ended_at, _D.beat_at + AFTER_BEAT))
        .where(_D.beat_at >= func.coalesce(before, start), _D.started_at < until)
        .order_by(_D.started_at)
    )
    return tuple((begin, end) for begin, end in connection.execute(statement))


def _between(spans: Sequence[tuple[Micros, Micros]], start: Micros, until: Micros) -> Iterable[tuple[Micros, Micros]]:
    position = start
    for begin, end in (*spans, (until, until)):
        if begin - position > SHORT:
            yield position, min(begin, until)
        position = max(position, end)


def _polled(connection: Connection, low: Micros, high: Micros, watchlist: str) -> Iterable[tuple[str, Micros]]:
    statement = (
        select(_L.name, _P.finished_at)
        .join_from(polls, watchlist_sources, _L.source_id == _P.source_id)
        .join(watchlists, _W.id == _L.watchlist_id)
        .where(_P.finished_at >= low, _P.finished_at < high, _W.name == watchlist, _L.removed_at.is_(None))
        .order_by(_P.finished_at)
    )
    return [(name, at) for name, at in connection.execute(statement)]
