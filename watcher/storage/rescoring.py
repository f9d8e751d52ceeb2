"""What a rescore reads, which entries it may leave out, and how its run is kept. Must not: score, compare, or write an assessment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, exists, func, insert, literal_column, select, update

from watcher.core.changes import ScoredUnder
from watcher.core.model import Micros, StoredHit, StoredText, Told
from watcher.storage.engine import begin, open_engine, writer
from watcher.storage.names import Names
from watcher.storage.sqltools import chunks
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


_E, _R = entries.c, entry_revisions.c
_TEXT = (_E.id, _E.revision_no, _R.title, _R.text, _E.language, _E.published, _E.first_seen)


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
        r, s = watchlist_revisions.c, entry_scores.c
        with begin(self._engine) as connection:
            mine = Names(connection).watchlist(self._watchlist)
            used = connection.scalars(select(s.revision_id).where(s.watchlist_id == mine).distinct()).all()
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
            statement = self._texts(connection, since).where(entries.c.id.in_(ids))
            return [StoredText(*row) for row in connection.execute(statement)]

    # --- all entries ----------------------------------------------------------------------------------------------

    def _listed(self, connection: Connection, since: Micros | None) -> list[ColumnElement[bool]]:
        """Entries of every source that the watchlist has or had."""
        link, e = watchlist_sources.c, entries.c
        listed = select(link.source_id).where(link.watchlist_id == Names(connection).watchlist(self._watchlist))
        return [e.source_id.in_(listed), *([e.first_seen >= since] if since is not None else [])]

    def _texts(self, connection: Connection, since: Micros | None) -> Select[Any]:
        """Their current wordings, by id."""
        text = (_R.entry_id == _E.id) & (_R.revision_no == _E.revision_no)
        statement = select(*_TEXT).select_from(entries.join(entry_revisions, text))
        return statement.where(*self._listed(connection, since)).order_by(_E.id)

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
        e = entries.c
        with begin(self._engine) as connection:
            statement = self._texts(connection, since).where(e.id > after).limit(limit)
            if upto is not None:
                statement = statement.where(e.id <= upto)
            return [StoredText(*row) for row in connection.execute(statement)]

    def hits(self, entry_ids: Sequence[int]) -> Mapping[tuple[int, str], StoredHit]:
        """The hits of these entries (ascending), by entry and signal, as they count now; maybe of others between them."""
        h = hits.c
        columns = (h.id, h.entry_id, h.signal, h.score, h.rung, h.reached, h.reason)
        found: dict[tuple[int, str], StoredHit] = {}
        with begin(self._engine) as connection:
            own = select(*columns).where(h.watchlist_id == Names(connection).watchlist(self._watchlist))
            for wanted in _near_or_listed(h.entry_id, entry_ids):
                for row in connection.execute(own.where(wanted)):
                    found[row.entry_id, row.signal] = StoredHit(*row)
        return found

    def told(self, entry_ids: Sequence[int]) -> Mapping[int, Told]:
        """What is told of entries."""
        found: dict[int, Told] = {}
        e = entries.c
        statement = select(e.id, e.title, e.link, sources.c.name, e.published).join_from(entries, sources)
        with begin(self._engine) as connection:
            for part in chunks(entry_ids):
                for key, *told in connection.execute(statement.where(e.id.in_(part))):
                    found[key] = Told(*told)
        return found

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


def _near_or_listed(column: ColumnElement[int], ids: Sequence[int]) -> Iterator[ColumnElement[bool]]:
    """Conditions for these ids, ascending; as one range where they lie close together (it may hold a few others)."""
    if ids and ids[-1] - ids[0] < 4 * len(ids):
        yield column.between(ids[0], ids[-1])
        return
    for part in chunks(ids):
        yield column.in_(part)


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
