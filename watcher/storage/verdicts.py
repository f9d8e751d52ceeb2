"""Verdicts of analysts: written by short writers beside the daemon, read with the hits. Must not: change or remove one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Select, insert, select, text

from watcher.core.errors import WatcherError
from watcher.core.verdict import (
    LEADS_TO,
    OPEN,
    Decision,
    Draft,
    OpenHit,
    Plan,
    Standing,
    Verdict,
    Wish,
    by_story,
    plan,
    refuse_chains,
    standings_of,
)
from watcher.core.views import HitFilter
from watcher.storage.board import state_of
from watcher.storage.engine import begin, writer
from watcher.storage.evidence_tables import story_members
from watcher.storage.sqltools import chunks
from watcher.storage.tables import hits, verdicts, watchlist_sources, watchlists

_V, _H, _M = verdicts.c, hits.c, story_members.c
_WRITTEN = (
    "hit_id",
    "verdict",
    "from_state",
    "to_state",
    "analyst",
    "decided_at",
    "note",
    "reliability",
    "credibility",
    "duplicate_of_hit",
    "undoes",
)
_COLUMNS = (_V.id, *(_V[name] for name in _WRITTEN), _V.covered_by)


def verdicts_of(connection: Connection, hit_ids: Sequence[int]) -> tuple[Verdict, ...]:
    """Verdicts of these hits, oldest first."""
    found: list[Verdict] = []
    for part in chunks(list(hit_ids)):
        statement = select(*_COLUMNS).where(_V.hit_id.in_(part)).order_by(_V.hit_id, _V.id)
        found.extend(Verdict(*row) for row in connection.execute(statement))
    return tuple(found)


def standings(connection: Connection, hit_ids: Sequence[int]) -> dict[int, Standing]:
    """Where these hits stand; those without a verdict are not in it."""
    return standings_of(verdicts_of(connection, hit_ids))


def add_verdicts(engine: Engine, wish: Wish, hit_ids: Sequence[int], *, story: bool = False) -> Plan:
    """Decide in one transaction, all of it or nothing; ``story`` takes along the open hits of the same story and signal.

    What is decided rests on the states as they are in the transaction. Returns what was written and what was left.

    Raises:
        WatcherError: a hit is not there, or is not as the wish supposes.
        DatabaseBusyError: another writer held the database for too long.
    """
    with begin(writer(engine)) as connection:
        if connection.dialect.name == "sqlite":
            # The daemon checkpoints; a short writer beside it must not.
            connection.execute(text("PRAGMA wal_autocheckpoint=0"))
        if story and wish.decision is Decision.UNDO:
            hit_ids = [*hit_ids, *hits_covered(connection, hit_ids)]
        members = companions(connection, hit_ids) if story else {}
        _lock(connection, hit_ids, wish, members)
        also = [] if wish.duplicate_of is None else [wish.duplicate_of]
        everybody = sorted({*hit_ids, *also, *(hit for part in members.values() for hit in part)})
        made = plan(wish, hit_ids, standings(connection, everybody), members)
        _insert(connection, made.drafts)
        _check_copies(connection, made.drafts)
    return made


def _check_copies(connection: Connection, drafts: Sequence[Draft]) -> None:
    """Look at what was written before it is committed: decided, brought along and taken back alike."""
    copies = sorted({one.verdict.hit_id for one in drafts if one.verdict.to_state == LEADS_TO[Decision.DUPLICATE]})
    if not copies:
        return
    kept = {one.decided.duplicate_of_hit for one in standings(connection, copies).values() if one.decided is not None}
    also = {hit for part in chunks(copies) for hit in connection.scalars(_repeating(part))}
    refuse_chains(standings(connection, sorted({*copies, *also, *(hit for hit in kept if hit is not None)})))


def _repeating(hit_ids: Sequence[int]) -> Select[int]:
    return select(_V.hit_id).where(_V.duplicate_of_hit.in_(hit_ids))


def _lock(connection: Connection, hit_ids: Iterable[int], wish: Wish, members: Mapping[int, Sequence[int]]) -> None:
    """Keep other analysts out until we are done (PostgreSQL; on SQLite there is one writer), and refuse unknown hits."""
    named = {*hit_ids, *([] if wish.duplicate_of is None else [wish.duplicate_of])}
    require_hits(connection, sorted(named.union(*members.values())), lock=True)


def require_hits(connection: Connection, hit_ids: Sequence[int], *, lock: bool = False) -> None:
    """Refuse hits that are not there; with ``lock`` for one who writes.

    Raises:
        WatcherError: they are named in it.
    """
    known: set[int] = set()
    for part in chunks(list(hit_ids)):
        statement = select(_H.id).where(_H.id.in_(part)).order_by(_H.id)
        known.update(connection.scalars(statement.with_for_update() if lock else statement))
    missing = [str(hit_id) for hit_id in hit_ids if hit_id not in known]
    if missing:
        raise WatcherError(
            f"no hit {', '.join(missing[:20])} in this database" + ("; nothing was written" if lock else ""),
            hint="`watcher report` shows the number of every hit",
        )


def _insert(connection: Connection, drafts: Sequence[Draft]) -> None:
    made: dict[int, int] = {}
    for draft in drafts:
        if draft.with_hit is None:
            row = connection.execute(insert(verdicts).values(_row(draft, None)).returning(_V.id))
            made[draft.verdict.hit_id] = row.scalar_one()
    # A lead that was left as it is brought no row; its members name none.
    rows = [_row(draft, made.get(draft.with_hit)) for draft in drafts if draft.with_hit is not None]
    if rows:
        connection.execute(insert(verdicts), rows)


def _row(draft: Draft, covered_by: int | None) -> dict[str, Any]:
    return {name: getattr(draft.verdict, name) for name in _WRITTEN} | {"covered_by": covered_by}


def companions(connection: Connection, hit_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Other hits of the same story and signal, by hit; a hit whose entry is not grouped has none."""
    other, theirs = hits.alias("other"), story_members.alias("theirs")
    statement = (
        select(_H.id, other.c.id)
        .select_from(hits.join(story_members, _M.entry_id == _H.entry_id))
        .join(theirs, theirs.c.story_id == _M.story_id)
        .join(
            other,
            (other.c.entry_id == theirs.c.entry_id)
            & (other.c.watchlist_id == _H.watchlist_id)
            & (other.c.signal == _H.signal)
            & (other.c.id != _H.id),
        )
        .where(other.c.reached)
        .order_by(_H.id, other.c.id)
    )
    found: dict[int, tuple[int, ...]] = {}
    for part in chunks(list(hit_ids)):
        for hit_id, companion in connection.execute(statement.where(_H.id.in_(part))):
            found[hit_id] = (*found.get(hit_id, ()), companion)
    return found


def hits_covered(connection: Connection, hit_ids: Sequence[int]) -> tuple[int, ...]:
    """Hits whose newest decision came along with the newest decision of these."""
    newest = [one.takes_back.id for one in standings(connection, hit_ids).values() if one.takes_back is not None]
    found: set[int] = set()
    for part in chunks(newest):
        found.update(connection.scalars(select(_V.hit_id).where(_V.covered_by.in_(part))))
    now = standings(connection, sorted(found))
    return tuple(
        hit for hit, one in sorted(now.items()) if one.takes_back is not None and one.takes_back.covered_by in newest
    )


def open_hits(connection: Connection, wanted: HitFilter) -> tuple[OpenHit, ...]:
    """Hits on which nobody decided, story by story: the one with the best hit first, in it the best hit first.

    Of ``wanted`` count watchlist, since, signal, source and least score.
    """
    w, link = watchlists.c, watchlist_sources.c
    statement = (
        select(_H.id, _H.signal, _H.score, _M.story_id, _H.entry_id)
        .select_from(
            hits.join(watchlists, w.id == _H.watchlist_id).outerjoin(story_members, _M.entry_id == _H.entry_id)
        )
        .where(_H.reached, state_of().in_(OPEN))
    )
    if wanted.watchlist is not None:
        statement = statement.where(w.name == wanted.watchlist)
    if wanted.since is not None:
        statement = statement.where(_H.first_seen >= wanted.since)
    if wanted.signal is not None:
        statement = statement.where(_H.signal == wanted.signal)
    if wanted.min_score is not None:
        statement = statement.where(_H.score >= wanted.min_score)
    if wanted.source is not None:
        statement = statement.where(_H.source_id.in_(select(link.source_id).where(link.name == wanted.source)))
    return by_story([OpenHit(*row) for row in connection.execute(statement)])
