"""Reads what rules fired in hits and what was decided on them. Must not: judge a rule, or commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, and_, select

from watcher.core.basics import Micros
from watcher.core.rulestats import KEPT, HitUse
from watcher.core.verdict import DISMISSED, NEW
from watcher.core.wire import counting_rules
from watcher.storage.board import state_of
from watcher.storage.evidence_tables import story_members
from watcher.storage.sqltools import chunks
from watcher.storage.tables import assessments, entry_revisions, hits, verdicts, watchlists

_H, _A, _V, _M, _W, _R = hits.c, assessments.c, verdicts.c, story_members.c, watchlists.c, entry_revisions.c
_CONDITIONS = (_A.hit_id == _H.id, _A.entry_revision == _H.entry_revision, _A.reached)
PAGE = 500


def hit_uses(connection: Connection, watchlist: str, since: Micros | None = None) -> Iterator[HitUse]:
    """Every hit of a watchlist with the rules that count in it, in pages; the newest decision that stands counts.

    Stories are told of hits that somebody decided on: nobody asks for others, and each is looked up far away.
    """
    # Not `max`: SQLite then looks each account up a second time.
    newest = select(_A.id).where(*_CONDITIONS).order_by(_A.id.desc()).limit(1).correlate(hits).scalar_subquery()
    wheres = [_W.name == watchlist, _H.reached]
    if since is not None:
        wheres.append(_H.first_seen >= since)
    statement = (
        select(_H.id, _H.signal, _H.score, _A.detail)
        .select_from(hits.join(watchlists, _W.id == _H.watchlist_id).join(assessments, _A.id == newest))
        .where(*wheres)
        .order_by(_H.id)
    )
    states = _states(connection, watchlist)
    for part in connection.execution_options(yield_per=PAGE).execute(statement).partitions(PAGE):
        for hit_id, signal, score, detail in part:
            state, reason, story = states.get(hit_id, _UNDECIDED)
            yield HitUse(hit_id, signal, score, counting_rules(detail), state, reason, story)


_State = tuple[str, str, int | None]
_UNDECIDED: _State = (NEW, "", None)


def _states(connection: Connection, watchlist: str) -> dict[int, _State]:
    """State by hit, the reason given with it, and the story: each hit's newest row tells its state."""
    rows = connection.execute(
        select(_V.hit_id, _V.verdict, _V.to_state, _V.note, _M.story_id)
        .select_from(verdicts.join(hits, _H.id == _V.hit_id).join(watchlists, _W.id == _H.watchlist_id))
        .outerjoin(story_members, _M.entry_id == _H.entry_id)
        .where(_W.name == watchlist)
        .order_by(_V.id)
    )
    reasons: dict[tuple[int, str], str] = {}
    found: dict[int, _State] = {}
    for hit_id, verdict, state, note, story in rows:
        if verdict == "dismiss":
            reasons[hit_id, state] = note
        found[hit_id] = state, reasons.get((hit_id, state), ""), story
    return found


def wordings(connection: Connection, hit_ids: Sequence[int]) -> dict[int, str]:
    """Title and text of these hits, as they were scored."""
    same = and_(_R.entry_id == _H.entry_id, _R.revision_no == _H.entry_revision)
    statement = select(_H.id, _R.title, _R.text).select_from(hits.join(entry_revisions, same))
    found: dict[int, str] = {}
    for part in chunks(list(hit_ids)):
        for hit_id, title, text in connection.execute(statement.where(_H.id.in_(part))):
            found[hit_id] = f"{title}\n{text}"
    return found


def decided_scores(connection: Connection, watchlist: str, signal: str) -> tuple[tuple[float, bool], ...]:
    """Score and "was it kept" of the decided hits of a signal: what `calibrate.bins_of` takes."""
    state = state_of()
    statement = (
        select(_H.score, state)
        .select_from(hits.join(watchlists, _W.id == _H.watchlist_id))
        .where(_W.name == watchlist, _H.signal == signal, _H.reached, state.in_((*KEPT, DISMISSED)))
        .order_by(_H.id)
    )
    return tuple((score, said in KEPT) for score, said in connection.execute(statement))
