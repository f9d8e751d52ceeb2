"""What a rescore reads, which entries it may leave out, and how its run is kept. Must not: score, compare, or write an assessment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    Select,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)

from watcher.core.changes import ScoredUnder
from watcher.core.model import Micros, StoredHit, StoredText, Told
from watcher.storage.engine import begin, open_engine, writer
from watcher.storage.names import Names
from watcher.storage.sqltools import chunks, read
from watcher.storage.tables import (
    entries,
    entry_revisions,
    entry_scores,
    hits,
    polls,
    runs,
    sources,
    watchlist_revisions,
    watchlist_sources,
    watchlists,
)

SETTLED = 50_000
"""Entries whose scores are said to be of a new revision, in one transaction."""


_E, _R, _H = entries.c, entry_revisions.c, hits.c
_MINE = bindparam("watchlist", type_=_H.watchlist_id.type)
"""The watchlist, in the statements below: they are asked for every batch, so they are compiled once."""


@cache
def _wordings_after(*, since: bool, limit: bool, upto: bool) -> Select[Any]:
    """Current wordings of entries of every source that the watchlist has or had, after an id, by id."""
    statement = _wordings().where(_E.id > bindparam("after", type_=_E.id.type))
    if since:
        statement = statement.where(_E.first_seen >= bindparam("since", type_=_E.first_seen.type))
    if upto:
        statement = statement.where(_E.id <= bindparam("upto", type_=_E.id.type))
    return statement.limit(bindparam("limit", type_=_E.id.type)) if limit else statement


def _wordings() -> Select[Any]:
    link = watchlist_sources.c
    listed = select(link.source_id).where(link.watchlist_id == _MINE)
    text = (_R.entry_id == _E.id) & (_R.revision_no == _E.revision_no)
    columns = (_E.id, _E.revision_no, _R.title, _R.text, _E.language, _E.published, _E.first_seen)
    statement = select(*columns).select_from(entries.join(entry_revisions, text))
    return statement.where(_E.source_id.in_(listed)).order_by(_E.id)


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_WORDINGS_OF = _wordings().where(_E.id.in_(_IDS))
_HITS = select(_H.id, _H.entry_id, _H.signal, _H.score, _H.rung, _H.reached, _H.reason).where(_H.watchlist_id == _MINE)
_HITS_BETWEEN = _HITS.where(
    _H.entry_id.between(bindparam("first", type_=_H.entry_id.type), bindparam("last", type_=_H.entry_id.type))
)


_HITS_OF = _HITS.where(_H.entry_id.in_(_IDS))
_TOLD_OF = select(_E.id, _E.title, _E.link, sources.c.name, _E.published).join_from(entries, sources)
_TOLD_OF = _TOLD_OF.where(_E.id.in_(_IDS))


class Rescoring:
    """The stored side of a rescore of one watchlist.

    Args:
        engine: from `open_engine`.
        watchlist: its id.
        program: what scores now.
        address: where the database is, for other processes.
    """

    def __init__(self, engine: Engine, watchlist: str, program: str = "", address: str = "") -> None:
        self._engine = engine
        self._watchlist = watchlist
        self._program = program
        self._address = address

    def elsewhere(self) -> Callable[[], Rescoring]:
        """Opens the same in another process, to read."""
        return partial(_opened, self._address, self._watchlist)

    # --- which entries --------------------------------------------------------------------------------------------

    def scored_under(self) -> Sequence[ScoredUnder]:
        """The revisions that entries were last scored under, with their files and the program."""
        r = watchlist_revisions.c
        with begin(self._engine) as connection:
            used = _used(connection, Names(connection).watchlist(self._watchlist))
            rows = connection.execute(select(r.digest, r.files, r.made_by).where(r.id.in_(used)).order_by(r.id)).all()
        return [ScoredUnder(row.digest.hex(), row.files, row.made_by) for row in rows]

    def unscored(self) -> Iterator[int]:
        """Entries whose current wording was never scored for the watchlist, by id."""
        e, s = entries.c, entry_scores.c
        with begin(self._engine) as connection:
            mine = s.watchlist_id == Names(connection).watchlist(self._watchlist)
            # Written so that SQLite starts from its index of edited entries: with the number as that index was declared.
            stale = exists().where(s.entry_id == e.id, mine, s.entry_revision != e.revision_no)
            edited = select(e.id).where(e.revision_no > literal_column("1"), stale)
            found = connection.scalars(edited).all()
            if not _all_scored(connection, mine):
                scored = exists().where(s.entry_id == e.id, mine)
                found = [*found, *connection.scalars(select(e.id).where(~scored))]
        return iter(sorted(found))

    def hit_entries(self) -> Iterator[int]:
        """Entries with a hit of the watchlist, by id."""
        h = hits.c
        with begin(self._engine) as connection:
            mine = h.watchlist_id == Names(connection).watchlist(self._watchlist)
            return iter(connection.scalars(select(h.entry_id).where(mine).distinct().order_by(h.entry_id)).all())

    def texts_of(self, ids: Sequence[int], since: Micros | None) -> list[StoredText]:
        """Those of these entries that belong to its sources, by id."""
        with begin(self._engine) as connection:
            mine = Names(connection).watchlist(self._watchlist)
            found = [StoredText(*row) for row in _by_ids(connection, _WORDINGS_OF, ids, watchlist=mine)]
        return [text for text in found if since is None or text.first_seen >= since]

    # --- all entries ----------------------------------------------------------------------------------------------

    def _listed(self, connection: Connection, since: Micros | None) -> list[ColumnElement[bool]]:
        """Entries of every source that the watchlist has or had."""
        link, e = watchlist_sources.c, entries.c
        listed = select(link.source_id).where(link.watchlist_id == Names(connection).watchlist(self._watchlist))
        return [e.source_id.in_(listed), *([e.first_seen >= since] if since is not None else [])]

    def count(self, since: Micros | None, after: int = 0) -> int:
        """How many entries there are to score."""
        with begin(self._engine) as connection:
            statement = select(func.count()).select_from(entries).where(*self._listed(connection, since))
            if after:
                # Only where it is needed: with it SQLite reads the entries themselves, without it the smallest index.
                statement = statement.where(entries.c.id > after)
            return int(connection.scalar(statement) or 0)

    def last(self) -> int:
        """The highest id of an entry."""
        with begin(self._engine) as connection:
            return connection.scalar(select(func.max(entries.c.id))) or 0

    def texts(self, since: Micros | None, after: int, limit: int | None, upto: int | None = None) -> list[StoredText]:
        """The next entries by id, at most up to one."""
        given = {"since": since, "limit": limit, "upto": upto}
        values = {name: value for name, value in given.items() if value is not None}
        with begin(self._engine) as connection:
            mine = Names(connection).watchlist(self._watchlist)
            statement = _wordings_after(**{name: name in values for name in given})
            return [StoredText(*row) for row in read(connection, statement, watchlist=mine, after=after, **values)]

    def hits(self, entry_ids: Sequence[int]) -> Mapping[tuple[int, str], StoredHit]:
        """The hits of these entries (ascending), by entry and signal, as they count now; maybe of others between them."""
        if not entry_ids:
            return {}
        first, last = entry_ids[0], entry_ids[-1]
        with begin(self._engine) as connection:
            mine = Names(connection).watchlist(self._watchlist)
            if last - first < 4 * len(entry_ids):
                rows = read(connection, _HITS_BETWEEN, watchlist=mine, first=first, last=last)
            else:
                rows = _by_ids(connection, _HITS_OF, entry_ids, watchlist=mine)
        return {(row.entry_id, row.signal): StoredHit(*row) for row in rows}

    def told(self, entry_ids: Sequence[int]) -> Mapping[int, Told]:
        """What is told of entries."""
        with begin(self._engine) as connection:
            return {key: Told(*told) for key, *told in _by_ids(connection, _TOLD_OF, entry_ids)}

    def begin_run(self, revision: str, scope: Mapping[str, Any], now: Micros) -> tuple[int, int]:
        """A run under a revision: (its id, the entry id after which it goes on).

        The last one is taken up where it did not end, asked the same, and nothing was scored since it began.
        """
        c = runs.c
        with begin(writer(self._engine)) as connection:
            names = Names(connection)
            mine = {
                "watchlist_id": names.watchlist(self._watchlist),
                "revision_id": names.revision(self._watchlist, revision),
            }
            last = select(runs).where(c.kind == "rescore", c.watchlist_id == mine["watchlist_id"])
            row = connection.execute(last.order_by(c.id.desc()).limit(1)).first()
            if row is not None and row.revision_id == mine["revision_id"] and _goes_on(connection, row, scope):
                return row.id, row.position
            values = {"kind": "rescore", "started_at": now, "position": 0, "scope": dict(scope), **mine}
            return int(connection.execute(insert(runs).values(values).returning(c.id)).scalar_one()), 0

    def end_run(self, run_id: int, counts: Mapping[str, int], now: Micros) -> None:
        """The run went through all entries."""
        with begin(writer(self._engine)) as connection:
            values = {"finished_at": now, "counts": dict(counts)}
            connection.execute(update(runs).where(runs.c.id == run_id).values(values))

    def settle(self, revision: str) -> None:
        """Every entry now reads as it would be scored under this revision: say so, in short transactions."""
        s, at = entry_scores.c, 0
        while True:
            with begin(writer(self._engine)) as connection:
                names = Names(connection)
                mine, new = names.watchlist(self._watchlist), names.revision(self._watchlist, revision)
                page = select(s.entry_id).where(s.watchlist_id == mine, s.entry_id > at).order_by(s.entry_id)
                last = connection.scalar(select(func.max(page.limit(SETTLED).subquery().c.entry_id)))
                if last is None:
                    stamp = update(watchlist_revisions).where(watchlist_revisions.c.id == new)
                    connection.execute(stamp.values(made_by=self._program))
                    return
                part = update(entry_scores).where(s.watchlist_id == mine, s.entry_id > at, s.entry_id <= last)
                connection.execute(part.where(s.revision_id != new).values(revision_id=new))
                at = last


def _by_ids(connection: Connection, statement: Select[Any], ids: Sequence[int], **values: int) -> list[Any]:
    return [row for part in chunks(ids) for row in connection.execute(statement, {"ids": part, **values})]


def _used(connection: Connection, mine: int) -> Sequence[int]:
    """The revisions that entries of a watchlist were scored under.

    Mostly it is one. Where the oldest and the newest entry agree, looking for an entry of any other costs half of
    listing them all.
    """
    s, r = entry_scores.c, watchlist_revisions.c
    own = s.watchlist_id == mine
    end = select(s.revision_id).where(own).limit(1)
    oldest = connection.scalar(end.order_by(s.entry_id))
    if oldest is None:
        return []
    if oldest == connection.scalar(end.order_by(s.entry_id.desc())):
        # A revision belongs to one watchlist: so the scan need not look whose score it is.
        foreign = connection.scalars(select(r.id).where(r.watchlist_id != mine)).all()
        if connection.scalar(select(s.revision_id).where(s.revision_id.not_in([oldest, *foreign])).limit(1)) is None:
            return [oldest]
    return connection.scalars(select(s.revision_id).where(own).distinct()).all()


def _opened(address: str, watchlist: str) -> Rescoring:
    return Rescoring(open_engine(address, read_only=True), watchlist)


def _all_scored(connection: Connection, mine: Any) -> bool:
    """Was every entry scored for this watchlist? Counting costs a fraction of looking for what is missing.

    SQLite counts whole tables quicker than rows that meet a condition. Where there are as many scores as there are
    pairs of an entry and a watchlist, none is missing for any of them.
    """
    stored = connection.scalar(select(func.count()).select_from(entries)) or 0
    lists = connection.scalar(select(func.count()).select_from(watchlists)) or 0
    marks = select(func.count()).select_from(entry_scores)
    return connection.scalar(marks) == stored * lists or connection.scalar(marks.where(mine)) == stored


def _goes_on(connection: Connection, run: Any, scope: Mapping[str, Any]) -> bool:
    was = run.scope or {}
    if run.finished_at is not None or any(was.get(name) != scope.get(name) for name in ("since", "signal")):
        return False
    return not connection.scalar(select(exists().where(polls.c.finished_at > run.started_at)))
