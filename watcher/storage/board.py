"""What a board is made of, counted by the database; and rung changes, kept when they happen. Must not: decide what counts as high.

A hit is one row of `hits`; what an analyst decided stands in the newest row of `verdicts`, what its story is in
`story_members`. Counting is done where the rows are: a board of fifty thousand hits reads a few hundred lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, FromClause, Integer, Select, and_, case, func, literal, select, text

from watcher.core.basics import Micros, Sighting
from watcher.core.board import CONFIRMED, NOT_COUNTED, RungEvent, Spans, Tallied
from watcher.core.views import HitFilter
from watcher.storage.evidence_tables import stories, story_edits, story_members
from watcher.storage.sqltools import add_new, chunks, run
from watcher.storage.tables import (
    assessments,
    hit_facets,
    hits,
    polls,
    rung_events,
    sources,
    verdicts,
    watchlist_sources,
    watchlists,
)

_H, _V, _M, _T, _R, _W = hits.c, verdicts.c, story_members.c, stories.c, rung_events.c, watchlists.c
_FRESH = (Sighting.NEW.value, Sighting.UPDATED.value)
_OWN = ("document", "primary")
FACETS = ("institution", "provision", "condition")
"""Kinds of facets that a board or a report counts."""


def state_of() -> ColumnElement[str]:
    """The state in which the newest decision left a hit, as a part of a statement over `hits`."""
    newest = select(_V.to_state).where(_V.hit_id == _H.id).order_by(_V.id.desc()).limit(1)
    return func.coalesce(newest.correlate(hits).scalar_subquery(), "new")


def tallied(connection: Connection, spans: Spans, only: HitFilter) -> tuple[Tallied, ...]:
    """Hits counted by signal, by language of their source, and by the facets that they touch.

    Of ``only`` count the watchlist, signal, source and least score; the times are those of the spans. An axis is
    ``signal``, ``language``, or a kind of facet.
    """
    found: dict[tuple[str, str, str, str], Tallied] = {}
    for language, signal, rung, state, *counts in connection.execute(_by_language(spans, only)):
        for mark in (("signal", signal, signal, rung), ("language", language, signal, rung)):
            found[mark] = _added(found.get(mark, Tallied(*mark)), state, counts)
    for kind, value, signal, rung, state, *counts in connection.execute(_by_facet(spans, only)):
        mark = (kind, value, signal, rung)
        found[mark] = _added(found.get(mark, Tallied(*mark)), state, counts)
    return tuple(found[mark] for mark in sorted(found))


def _added(one: Tallied, state: str, counts: Sequence[Any]) -> Tallied:
    """The count with the hits of one state added."""
    number, grouped, origins, documents, first, last, score, recent, before = counts
    if state in NOT_COUNTED:
        return replace(one, away=one.away + number)
    return replace(
        one,
        standing=one.standing + number,
        confirmed=one.confirmed + (number if state in CONFIRMED else 0),
        grouped=one.grouped + grouped,
        origins=max(one.origins, origins),
        documents=one.documents + documents,
        first=min((at for at in (one.first, first) if at is not None), default=None),
        last=max((at for at in (one.last, last) if at is not None), default=None),
        top_score=max((top for top in (one.top_score, score) if top is not None), default=None),
        recent=one.recent + recent,
        before=one.before + before,
    )


def _by_language(spans: Spans, only: HitFilter) -> Select[Any]:
    joined = hits.join(sources, sources.c.id == _H.source_id)
    return _grouped((sources.c.language.label("of_language"),), joined, spans, only)


def _by_facet(spans: Spans, only: HitFilter) -> Select[Any]:
    f = hit_facets.c
    joined = hits.join(hit_facets, and_(f.hit_id == _H.id, f.kind.in_(FACETS)))
    return _grouped((f.kind.label("of_kind"), f.value.label("of_value")), joined, spans, only)


def _grouped(keys: tuple[Any, ...], source: FromClause, spans: Spans, only: HitFilter) -> Select[Any]:
    joined = source.outerjoin(story_members, _M.entry_id == _H.entry_id).outerjoin(stories, _T.id == _M.story_id)
    # The state is a part of the key, so that it is looked up once per hit.
    keys = (*keys, _H.signal.label("of_signal"), _H.rung.label("of_rung"), state_of().label("of_state"))
    statement = select(*keys, *_counts(spans)).select_from(joined).where(_H.reached, *_narrowed(spans, only))
    return statement.group_by(*(text(key.name) for key in keys))


def watchlist_id(name: str) -> Any:
    """The row number of a watchlist, as a part of a statement."""
    return select(_W.id).where(_W.name == name).scalar_subquery()


def _counts(spans: Spans) -> tuple[ColumnElement[Any], ...]:
    inside = _H.first_seen < spans.until
    if spans.since is not None:
        inside = and_(inside, _H.first_seen >= spans.since)
    fresh = _H.sighting.in_(_FRESH)
    recent = and_(_H.first_seen >= spans.recent_since, _H.first_seen < spans.until)
    before = and_(_H.first_seen >= spans.before_since, _H.first_seen < spans.recent_since)
    return (
        _number(inside),
        _number(and_(inside, _M.entry_id.is_not(None))),
        func.coalesce(func.max(case((inside, _T.origins))), 0),
        _number(and_(inside, _M.standing.in_(_OWN))),
        func.min(case((inside, _H.first_seen))),
        func.max(case((inside, _H.first_seen))),
        func.max(case((inside, _H.score))),
        _number(and_(fresh, recent)),
        _number(and_(fresh, before)),
    )


def _number(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(case((condition, literal(1, Integer)), else_=literal(0, Integer))), 0)


def _narrowed(spans: Spans, only: HitFilter) -> list[ColumnElement[bool]]:
    wanted = [_H.watchlist_id == watchlist_id(only.watchlist or ""), _H.first_seen < spans.until]
    if spans.since is not None:
        wanted.append(_H.first_seen >= min(spans.since, spans.before_since))
    if only.signal is not None:
        wanted.append(_H.signal == only.signal)
    if only.min_score is not None:
        wanted.append(_H.score >= only.min_score)
    if only.source is not None:
        links = watchlist_sources.c
        wanted.append(_H.source_id.in_(select(links.source_id).where(links.name == only.source)))
    return wanted


def newest_rows(connection: Connection) -> str:
    """The newest rows of what can change a report: ``poll 812, assessment 90, verdict 4``."""
    tables = {"poll": polls, "assessment": assessments, "verdict": verdicts, "story edit": story_edits}
    numbers = {name: connection.scalar(select(func.max(table.c.id))) or 0 for name, table in tables.items()}
    return ", ".join(f"{name} {number}" for name, number in numbers.items())


# --- rung changes -----------------------------------------------------------------------------------------------


def rung_changes(
    connection: Connection, watchlist: str, until: Micros, since: Micros | None = None
) -> tuple[RungEvent, ...]:
    """When signals reached rungs for the first time, oldest first; with whether the hit that did it still stands there."""
    stands = and_(_H.reached, _H.rung == _R.rung, state_of().not_in(NOT_COUNTED))
    statement = (
        select(_R.signal, _R.rung, _R.hit_id, _R.reached_at, _R.run_id.is_not(None), case((stands, 1), else_=0))
        .select_from(rung_events.join(hits, _H.id == _R.hit_id))
        .where(_R.watchlist_id == watchlist_id(watchlist), _R.reached_at < until)
        .order_by(_R.reached_at, _R.id)
    )
    if since is not None:
        statement = statement.where(_R.reached_at >= since)
    return tuple(
        RungEvent(signal, rung, hit_id, reached_at, bool(by_run), bool(stands_now))
        for signal, rung, hit_id, reached_at, by_run, stands_now in connection.execute(statement)
    )


def keep_rungs(connection: Connection, hit_ids: Sequence[int], run_id: int | None = None) -> None:
    """Keep the rungs that these hits reach, where their signal never reached them before; in the caller's transaction.

    A rung that was reached stays on record, by whom and when, also where the hit is dismissed or scored lower later:
    what the board shows is counted from the hits that stand, never from these events.
    """
    first: dict[tuple[int, str, str], dict[str, Any]] = {}
    for row in _reached(connection, hit_ids):
        event = {"hit_id": row.id, "run_id": run_id, "reached_at": row.first_seen}
        key = (row.watchlist_id, row.signal, row.rung)
        if key not in first or event["reached_at"] < first[key]["reached_at"]:
            first[key] = {"watchlist_id": key[0], "signal": key[1], "rung": key[2], **event}
    known = _known(connection, first)
    new = [row for key, row in first.items() if key not in known]
    run(connection, add_new(rung_events, connection.dialect.name), new)


def _reached(connection: Connection, hit_ids: Sequence[int]) -> Iterator[Any]:
    columns = (_H.id, _H.watchlist_id, _H.signal, _H.rung, _H.first_seen)
    for part in chunks(sorted(hit_ids)):
        statement = select(*columns).where(_H.id.in_(part), _H.reached, _H.rung != "").order_by(_H.id)
        yield from connection.execute(statement)


def _known(connection: Connection, wanted: Mapping[tuple[int, str, str], Any]) -> set[tuple[int, str, str]]:
    if not wanted:
        return set()
    statement = select(_R.watchlist_id, _R.signal, _R.rung).where(_R.watchlist_id.in_({key[0] for key in wanted}))
    return {(row.watchlist_id, row.signal, row.rung) for row in connection.execute(statement)}
