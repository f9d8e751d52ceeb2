"""What a whole report adds to its hits: words, stories, decisions, facets; and reports that were given. Must not: commit.

Everything is read for the hits that are shown, or counted over an index; nothing here walks all entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select

from watcher.core.board import NOT_COUNTED
from watcher.core.model import Match
from watcher.core.verdict import Standing, Verdict, histories_of, standing_of
from watcher.core.views import (
    AwayRow,
    Decided,
    FullFacts,
    GivenReport,
    HitExtra,
    HitFilter,
    HitRow,
    ReportFacts,
)
from watcher.storage.board import watchlist_id
from watcher.storage.hitrows import hit_rows
from watcher.storage.sqltools import chunks
from watcher.storage.tables import (
    assessments,
    entry_revisions,
    hit_facets,
    hits,
    reports,
    verdicts,
    watchlist_revisions,
    watchlist_sources,
)
from watcher.storage.verdicts import standings, verdicts_of

_H, _V, _F, _R, _A, _L = hits.c, verdicts.c, hit_facets.c, reports.c, assessments.c, watchlist_sources.c
MOST_AWAY = 200


def full_facts(connection: Connection, wanted: HitFilter, facts: ReportFacts) -> FullFacts:
    """The rest of a whole report, for facts that were read in the same snapshot."""
    from watcher.storage.figures import figure_points

    away, away_total = _away(connection, wanted, facts)
    told = [*(row.hit_id for row in facts.hits), *(one.row.hit_id for one in away)]
    histories = histories_of(verdicts_of(connection, told))
    last = last_report(connection, facts.watchlist)
    return FullFacts(
        extras=extras(connection, facts.hits, histories),
        away=away,
        away_total=away_total,
        decided=_decided(connection, facts),
        figures=figure_points(connection, facts.watchlist, facts.since, facts.until),
        last_report=last,
        late=_late(connection, facts, last),
        histories=histories,
    )


def extras(
    connection: Connection, rows: Sequence[HitRow], histories: Mapping[int, Sequence[Verdict]]
) -> dict[int, HitExtra]:
    """Where these hits stand, their stories, and their words."""
    from watcher.storage.stories import story_rows

    ids = [row.hit_id for row in rows]
    words = _words(connection, ids)
    facets = _facets(connection, ids)
    stories = story_rows(connection, sorted({row.entry_id for row in rows}))
    return {
        row.hit_id: HitExtra(
            **(_said(standing_of(histories[row.hit_id])) if row.hit_id in histories else {}),
            **words.get(row.hit_id, {}),
            story=stories.get(row.entry_id),
            facets=tuple(facets.get(row.hit_id, ())),
        )
        for row in rows
    }


def _said(standing: Standing) -> dict[str, Any]:
    """The state of a hit, with the decision that led to it, and its grade."""
    decided = standing.decided
    if decided is None:
        return {"state": standing.state, "grade": standing.grade}
    return {
        "state": standing.state,
        "analyst": decided.analyst,
        "decided_at": decided.decided_at,
        "note": decided.note,
        "grade": standing.grade,
    }


def _facets(connection: Connection, ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {}
    for part in chunks(ids):
        for hit_id, kind, value in connection.execute(
            select(_F.hit_id, _F.kind, _F.value).where(_F.hit_id.in_(part)).order_by(_F.hit_id, _F.kind, _F.value)
        ):
            found.setdefault(hit_id, []).append((kind, value))
    return found


def _words(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The wording that counts for each hit, and the spans of its rules that count."""
    from watcher.core.wire import assessment_from_json

    r = entry_revisions.c
    wording = (r.entry_id == _H.entry_id) & (r.revision_no == _H.entry_revision)
    found: dict[int, dict[str, Any]] = {}
    for part in chunks(ids):
        newest = (
            select(func.max(_A.id))
            .where(_A.hit_id == _H.id, _A.entry_revision == _H.entry_revision, _A.reached)
            .correlate(hits)
            .scalar_subquery()
        )
        statement = (
            select(_H.id, r.title, r.text, _A.detail)
            .select_from(hits.join(entry_revisions, wording).join(assessments, _A.id == newest))
            .where(_H.id.in_(part))
        )
        for hit_id, title, text, detail in connection.execute(statement):
            spans = _matches(assessment_from_json(detail).firings)
            found[hit_id] = {"title": title, "text": text, "matches": spans}
    return found


def _matches(firings: Sequence[Any]) -> tuple[Match, ...]:
    seen: dict[tuple[str, int, int], Match] = {}
    for firing in firings:
        if not firing.suppressed_by:
            for match in firing.matches:
                seen.setdefault((match.field, match.start, match.end), match)
    return tuple(seen[key] for key in sorted(seen))


# --- over the period ----------------------------------------------------------------------------------------------


def _narrowed(wanted: HitFilter, facts: ReportFacts) -> list[Any]:
    wheres: list[Any] = [_H.watchlist_id == watchlist_id(facts.watchlist), _H.first_seen < facts.until]
    if facts.since is not None:
        wheres.append(_H.first_seen >= facts.since)
    if wanted.signal is not None:
        wheres.append(_H.signal == wanted.signal)
    if wanted.min_score is not None:
        wheres.append(_H.score >= wanted.min_score)
    if wanted.source is not None:
        wheres.append(_H.source_id.in_(select(_L.source_id).where(_L.name == wanted.source)))
    return wheres


def _away(connection: Connection, wanted: HitFilter, facts: ReportFacts) -> tuple[tuple[AwayRow, ...], int]:
    """Hits of the period that were dismissed or are copies, the newest decision first, with its reason; and how many."""
    newest = select(func.max(_V.id).label("id")).group_by(_V.hit_id).subquery()
    statement = (
        select(_V.hit_id)
        .select_from(verdicts.join(newest, newest.c.id == _V.id).join(hits, _H.id == _V.hit_id))
        .where(_V.to_state.in_(NOT_COUNTED), _H.reached, *_narrowed(wanted, facts))
        .order_by(_V.id.desc())
    )
    ids = list(connection.scalars(statement))
    shown = ids[:MOST_AWAY]
    decided = standings(connection, shown)
    rows = {row.hit_id: row for row in hit_rows(connection, shown)}
    found = (_away_row(rows[key], decided[key].decided) for key in shown)
    return tuple(one for one in found if one is not None), len(ids)


def _away_row(row: HitRow, verdict: Verdict | None) -> AwayRow | None:
    if verdict is None:
        return None
    of = verdict.duplicate_of_hit
    return AwayRow(row, verdict.to_state, verdict.analyst, verdict.decided_at, verdict.note, of)


def _decided(connection: Connection, facts: ReportFacts) -> tuple[Decided, ...]:
    """Decisions made within the period that changed a state, whenever their hits were seen."""
    statement = (
        select(_V.to_state, func.count())
        .select_from(verdicts.join(hits, _H.id == _V.hit_id))
        .where(
            _V.from_state != _V.to_state,
            _H.watchlist_id == watchlist_id(facts.watchlist),
            _V.decided_at < facts.until,
            *([_V.decided_at >= facts.since] if facts.since is not None else []),
        )
        .group_by(_V.to_state)
        .order_by(_V.to_state)
    )
    return tuple(Decided(state, number) for state, number in connection.execute(statement))


def _late(connection: Connection, facts: ReportFacts, last: GivenReport | None) -> int:
    if last is None or facts.since is None:
        return 0
    made = (_H.made_at >= last.given_at, _H.first_seen < facts.since, _H.reached)
    mine = select(func.count()).select_from(hits).where(_H.watchlist_id == watchlist_id(facts.watchlist), *made)
    return connection.scalar(mine) or 0


# --- reports that were given --------------------------------------------------------------------------------------


def last_report(connection: Connection, watchlist: str) -> GivenReport | None:
    """The report of a watchlist that reaches furthest; of several the one given last."""
    w = watchlist_revisions.c
    row = connection.execute(
        select(_R.id, _R.since, _R.until, _R.given_at, _R.analyst, _R.note, w.digest)
        .join_from(reports, watchlist_revisions, w.id == _R.revision_id)
        .where(_R.watchlist_id == watchlist_id(watchlist))
        .order_by(_R.until.desc(), _R.id.desc())
        .limit(1)
    ).first()
    return None if row is None else GivenReport(*row[:6], row[6].hex())


def add_report(connection: Connection, watchlist: str, revision: str, given: Mapping[str, Any]) -> int:
    """Record that a report was given; in the caller's transaction. Returns its number."""
    w = watchlist_revisions.c
    head = watchlist_id(watchlist)
    found = select(w.id).where(w.watchlist_id == head, w.digest == bytes.fromhex(revision)).scalar_subquery()
    values = {**given, "watchlist_id": head, "revision_id": found}
    return int(connection.execute(insert(reports).values(values).returning(_R.id)).scalar_one())
