"""Read models: what faces show, read in one snapshot each. Must not: write, or clean a text.

Lists of hits pick their ids by index first and join then; that is what keeps them fast over years.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from msgspec.structs import replace
from sqlalchemy import Connection, Engine, Select, case, func, or_, select

from watcher.core.basics import Micros
from watcher.core.board import NOT_COUNTED, spans_of
from watcher.core.errors import UsageProblem
from watcher.core.views import (
    AssessmentRow,
    BoardFacts,
    GivenReport,
    HitDetail,
    HitFilter,
    HitRow,
    Interval,
    ReportFacts,
    SourceRow,
    Tally,
    WatchlistRow,
)
from watcher.storage.board import newest_rows, rung_changes, state_of, tallied
from watcher.storage.engine import begin
from watcher.storage.hitrows import HIT_ROW
from watcher.storage.reporting import full_facts, last_report
from watcher.storage.schema import stored_version
from watcher.storage.tables import (
    assessments,
    bodies,
    entries,
    entry_revisions,
    hits,
    polls,
    source_states,
    sources,
    watchlist_revisions,
    watchlist_sources,
    watchlists,
)
from watcher.storage.watched import watched

_H, _E, _S, _L, _W = hits.c, entries.c, sources.c, watchlist_sources.c, watchlists.c


class Queries:
    """Read models over an engine; each public method is one snapshot."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        with begin(self._engine) as connection:
            yield connection

    def watchlists(self) -> tuple[WatchlistRow, ...]:
        """Every watchlist that was ever loaded, the newest loaded first."""
        with self._snapshot() as connection:
            return _watchlists(connection)

    def newest_poll_at(self) -> Micros | None:
        """End of the newest committed poll, or None."""
        with self._snapshot() as connection:
            return _newest_poll(connection)

    def hits(self, wanted: HitFilter) -> tuple[HitRow, ...]:
        """Hits that reach their threshold, newest first (or best first, as the filter says)."""
        with self._snapshot() as connection:
            return _hits(connection, wanted)

    def hit(self, hit_id: int) -> HitDetail | None:
        """Everything about one hit, or None."""
        with self._snapshot() as connection:
            return _detail(connection, hit_id)

    def sources(self, watchlist: str | None = None) -> tuple[SourceRow, ...]:
        """State of every listed source, by name."""
        with self._snapshot() as connection:
            return _sources(connection, watchlist)

    def coverage(
        self, since: Micros | None, until: Micros | None, watchlist: str | None = None
    ) -> tuple[Interval, ...]:
        """States of sources that touch the period [since, until), oldest first per source."""
        with self._snapshot() as connection:
            return _intervals(connection, since, until, watchlist)

    def board_facts(self, wanted: HitFilter) -> BoardFacts:
        """All that a board is made of, in one snapshot, as `report_facts` chooses watchlist and period.

        Raises:
            UsageProblem: no watchlist was loaded, or none of that name.
        """
        with self._snapshot() as connection:
            chosen, period, newest = _period(connection, wanted)
            return _board(connection, chosen, period, newest, _sources(connection, chosen.id))

    def report_facts(self, wanted: HitFilter, *, full: bool = False) -> ReportFacts:
        """All that a report is made of, in one snapshot: of the watchlist named, or the one loaded last.

        ``full`` adds words, stories, decisions and figures; it costs a look at every hit that is shown.

        ``until`` is just after the newest poll where the filter names none.

        Raises:
            UsageProblem: no watchlist was loaded, or none of that name.
        """
        with self._snapshot() as connection:
            facts = _report(connection, wanted)
            return replace(facts, full=full_facts(connection, wanted, facts)) if full else facts

    def last_report(self, watchlist: str) -> GivenReport | None:
        """The report of a watchlist that was given last, or None."""
        with self._snapshot() as connection:
            return last_report(connection, watchlist)


# --- hits -------------------------------------------------------------------------------------------------------


def _picked(wanted: HitFilter) -> Select[Any]:
    """Ids of the hits wanted, from the index of hits alone."""
    statement = select(_H.id).where(_H.reached)
    if wanted.watchlist is not None:
        watchlist = select(_W.id).where(_W.name == wanted.watchlist).scalar_subquery()
        statement = statement.where(_H.watchlist_id == watchlist)
    if wanted.since is not None:
        statement = statement.where(_H.first_seen >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(_H.first_seen < wanted.until)
    if wanted.signal is not None:
        statement = statement.where(_H.signal == wanted.signal)
    if wanted.min_score is not None:
        statement = statement.where(_H.score >= wanted.min_score)
    if wanted.source is not None:
        statement = statement.where(_H.source_id.in_(select(_L.source_id).where(_L.name == wanted.source)))
    if wanted.without:
        statement = statement.where(state_of().not_in(wanted.without))
    return statement


def _order(wanted: HitFilter) -> tuple[Any, ...]:
    if wanted.order == "score":
        return (_H.score.desc(), _H.first_seen.desc(), _H.id.desc())
    return (_H.first_seen.desc(), _H.id.desc())


def _hits(connection: Connection, wanted: HitFilter) -> tuple[HitRow, ...]:
    picked = _picked(wanted)
    if wanted.limit is not None:
        picked = picked.order_by(*_order(wanted)).limit(wanted.limit)
    statement = HIT_ROW.where(_H.id.in_(picked)).order_by(*_order(wanted))
    return tuple(HitRow(*tuple(row)) for row in connection.execute(statement))


def _detail(connection: Connection, hit_id: int) -> HitDetail | None:
    more = (_E.author, _E.revision_no, _H.source_id, _H.watchlist_id)
    row = connection.execute(HIT_ROW.add_columns(*more).where(_H.id == hit_id)).first()
    if row is None:
        return None
    scored = _assessments(connection, hit_id)
    shown = scored[0].entry_revision if scored else row.revision_no
    r, p = entry_revisions.c, polls.c
    text = connection.execute(
        select(r.text, r.poll_id, p.finished_at, p.body_digest, bodies.c.digest.label("kept"))
        .join_from(entry_revisions, polls, p.id == r.poll_id)
        .outerjoin(bodies, bodies.c.digest == p.body_digest)
        .where(r.entry_id == row.entry_id, r.revision_no == shown)
    ).one()
    link = select(_L.rationale).where(_L.source_id == row.source_id, _L.watchlist_id == row.watchlist_id)
    return HitDetail(
        row=HitRow(*tuple(row)[: len(HIT_ROW.selected_columns)]),
        text=text.text,
        author=row.author,
        entry_revision=shown,
        revisions=row.revision_no,
        poll_id=text.poll_id,
        fetched_at=text.finished_at,
        body_digest=text.body_digest or b"",
        body_kept=text.kept is not None,
        rationale=connection.scalar(link) or "",
        assessments=scored,
        **_about_signal(connection, row.watchlist_id, row.signal),
    )


def _about_signal(connection: Connection, watchlist_id: int, signal: str) -> dict[str, Any]:
    """What the newest revision says of a signal; nothing where it dropped it."""
    r = watchlist_revisions.c
    statement = select(r.outline).join_from(watchlist_revisions, watchlists, _W.revision_id == r.id)
    outline = connection.scalar(statement.where(_W.id == watchlist_id)) or {"signals": []}
    for said in outline["signals"]:
        if said["id"] == signal:
            return {
                "signal_title": said["title"],
                "threshold": said["threshold"],
                "ladder": tuple(outline["ladders"].get(said["ladder"], ())),
                "rule_rungs": tuple((rule["id"], rule["rung"]) for rule in said["rules"]),
            }
    return {}


def _assessments(connection: Connection, hit_id: int) -> tuple[AssessmentRow, ...]:
    from watcher.core.wire import assessment_from_json

    a, r = assessments.c, watchlist_revisions.c
    statement = (
        select(a.assessed_at, r.digest, a.entry_revision, a.score, a.rung, a.detail)
        .join_from(assessments, watchlist_revisions, r.id == a.revision_id)
        .where(a.hit_id == hit_id)
        .order_by(a.id.desc())
    )
    found = []
    for row in connection.execute(statement):
        detail = assessment_from_json(row.detail)
        found.append(
            AssessmentRow(
                assessed_at=row.assessed_at,
                revision=row.digest.hex(),
                entry_revision=row.entry_revision,
                score=row.score,
                rung=row.rung,
                parts=detail.parts,
                firings=detail.firings,
                facets=detail.facets,
            )
        )
    return tuple(found)


# --- sources ----------------------------------------------------------------------------------------------------


def _sources(connection: Connection, watchlist: str | None) -> tuple[SourceRow, ...]:
    counted = select(_H.source_id, func.count().label("hits")).where(_H.reached).group_by(_H.source_id)
    if watchlist is not None:
        counted = counted.where(_H.watchlist_id == select(_W.id).where(_W.name == watchlist).scalar_subquery())
    made = counted.subquery()
    statement = (
        select(
            _L.name,
            _S.kind,
            _S.url,
            _S.title,
            _S.publisher,
            _L.institution,
            _S.language,
            _L.role,
            _L.reliability,
            _S.health,
            _S.health_since,
            _S.health_reason,
            _S.last_poll_at,
            _S.last_outcome,
            _S.last_ok_at,
            _S.next_poll_at,
            _S.failures,
            _S.entries,
            func.coalesce(made.c.hits, 0),
            _S.allow_private,
            _S.enabled,
            _L.note,
            _L.checked_on,
            _S.interval_s,
            case((_S.moved_at.is_not(None), _S.moved_to), else_=""),
        )
        .join_from(watchlist_sources, sources, _S.id == _L.source_id)
        .outerjoin(made, made.c.source_id == _S.id)
        .where(_L.removed_at.is_(None))
        .order_by(_L.name, _L.watchlist_id)
    )
    if watchlist is not None:
        statement = statement.join(watchlists, _W.id == _L.watchlist_id).where(_W.name == watchlist)
    return tuple(SourceRow(*tuple(row)) for row in connection.execute(statement))


def _intervals(
    connection: Connection, since: Micros | None, until: Micros | None, watchlist: str | None
) -> tuple[Interval, ...]:
    c = source_states.c
    statement = select(_S.name, c.health, c.since, c.until, c.reason).join_from(source_states, sources)
    if watchlist is not None:
        link = (_L.source_id == c.source_id) & _L.removed_at.is_(None)
        statement = (
            select(_L.name, c.health, c.since, c.until, c.reason)
            .join_from(source_states, watchlist_sources, link)
            .join(watchlists, _W.id == _L.watchlist_id)
            .where(_W.name == watchlist)
        )
    if since is not None:
        statement = statement.where(or_(c.until.is_(None), c.until > since))
    if until is not None:
        statement = statement.where(c.since < until)
    return tuple(Interval(*row) for row in connection.execute(statement.order_by(c.source_id, c.since)))


# --- reports ----------------------------------------------------------------------------------------------------


def _watchlists(connection: Connection) -> tuple[WatchlistRow, ...]:
    r = watchlist_revisions.c
    statement = (
        select(_W.name, _W.question, r.digest, _W.timezone, _W.loaded_at, r.outline)
        .join_from(watchlists, watchlist_revisions, r.id == _W.revision_id)
        .order_by(_W.loaded_at.desc(), _W.name)
    )
    rows = connection.execute(statement)
    return tuple(
        WatchlistRow(row.name, row.question, row.digest.hex(), row.timezone, row.loaded_at, row.outline) for row in rows
    )


def _newest_poll(connection: Connection) -> Micros | None:
    newest: Micros | None = connection.scalar(select(func.max(polls.c.finished_at)))
    return newest


def _chosen(found: Sequence[WatchlistRow], name: str | None) -> WatchlistRow:
    if not found:
        raise UsageProblem(
            "no watchlist was loaded into this database yet", hint="start `watcher run` or `watcher poll`"
        )
    for row in found:
        if name is None or row.id == name:
            return row
    names = ", ".join(row.id for row in found)
    raise UsageProblem(f"watchlist {name} was never loaded into this database", hint=f"it holds {names}")


def _report(connection: Connection, wanted: HitFilter) -> ReportFacts:
    chosen, period, newest = _period(connection, wanted)
    until = cast("Micros", period.until)
    polled, entered = _activity(connection, period)
    listed = _sources(connection, chosen.id)
    board = _board(connection, chosen, period, newest, listed)
    tallies = _tallies(connection, period, board)
    return ReportFacts(
        watchlist=chosen.id,
        question=chosen.question,
        revision=chosen.revision,
        timezone=chosen.timezone,
        schema=stored_version(connection),
        since=wanted.since,
        until=until,
        hits=_hits(connection, period),
        hits_total=sum(tally.hits for tally in tallies),
        sources=listed,
        intervals=_intervals(connection, wanted.since, until, chosen.id),
        watch=watched(connection, wanted.since, until, chosen.id),
        polls=polled,
        entries=entered,
        signals=tuple((signal["id"], signal["title"]) for signal in chosen.outline["signals"]),
        newest_poll_at=newest,
        tallies=tallies,
        ladders=_ladders(chosen.outline),
        board=board,
    )


def _period(connection: Connection, wanted: HitFilter) -> tuple[WatchlistRow, HitFilter, Micros | None]:
    """The watchlist meant, the filter with its period closed, and when the newest poll ended."""
    chosen = _chosen(_watchlists(connection), wanted.watchlist)
    newest = _newest_poll(connection)
    until = wanted.until if wanted.until is not None else (newest + 1 if newest is not None else 0)
    return chosen, replace(wanted, watchlist=chosen.id, until=until), newest


def _board(
    connection: Connection,
    chosen: WatchlistRow,
    period: HitFilter,
    newest: Micros | None,
    listed: tuple[SourceRow, ...],
) -> BoardFacts:
    spans = spans_of(period.since, cast("Micros", period.until))
    start = None if spans.since is None else min(spans.since, spans.before_since)
    return BoardFacts(
        watchlist=chosen,
        schema=stored_version(connection),
        spans=spans,
        sources=listed,
        intervals=_intervals(connection, start, spans.until, chosen.id),
        watch=watched(connection, start, spans.until, chosen.id),
        tallied=tallied(connection, spans, period),
        events=rung_changes(connection, chosen.id, spans.until),
        newest_poll_at=newest,
        mark=newest_rows(connection),
    )


def _tallies(connection: Connection, period: HitFilter, board: BoardFacts) -> tuple[Tally, ...]:
    """Every hit of the period, counted by signal and rung, whatever the limit."""
    if period.without == NOT_COUNTED:  # that is what the board counted
        counted = (one for one in board.tallied if one.axis == "signal" and one.standing)
        return tuple(Tally(t.signal, t.rung, t.standing, t.top_score or 0.0, t.last or 0) for t in counted)
    numbers = (func.count(), func.max(_H.score), func.max(_H.first_seen))
    statement = _picked(period).with_only_columns(_H.signal, _H.rung, *numbers)
    rows = connection.execute(statement.group_by(_H.signal, _H.rung).order_by(_H.signal, _H.rung))
    return tuple(Tally(*row) for row in rows)


def _ladders(outline: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    rungs = outline["ladders"]
    return tuple((s["id"], tuple(rungs[s["ladder"]])) for s in outline["signals"] if s["ladder"] in rungs)


def _activity(connection: Connection, period: HitFilter) -> tuple[int, int]:
    """Polls of the watchlist's sources in the period, and the entries that they stored."""
    listed = (
        select(_L.source_id)
        .join_from(watchlist_sources, watchlists, _W.id == _L.watchlist_id)
        .where(_W.name == period.watchlist)
    )
    p = polls.c
    statement = select(func.count(), func.coalesce(func.sum(p.entries_new), 0)).where(
        p.finished_at < period.until, p.source_id.in_(listed)
    )
    if period.since is not None:
        statement = statement.where(p.finished_at >= period.since)
    polled, entered = connection.execute(statement).one()
    return int(polled), int(entered)
