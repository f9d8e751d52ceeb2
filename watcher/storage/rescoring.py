"""What a rescore reads and how its run is kept. Must not: score, compare, or write an assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, insert, select, update

from watcher.core.model import Micros, StoredHit, StoredText
from watcher.storage.engine import begin, writer
from watcher.storage.names import Names
from watcher.storage.sqltools import chunks
from watcher.storage.tables import entries, entry_revisions, hits, runs, sources, watchlist_sources


class Rescoring:
    """The stored side of a rescore of one watchlist.

    Args:
        engine: from `open_engine`.
        watchlist: its id.
    """

    def __init__(self, engine: Engine, watchlist: str) -> None:
        self._engine = engine
        self._watchlist = watchlist

    def _entries(self, connection: Connection, since: Micros | None, *columns: Any) -> Select[Any]:
        """Current wordings of entries of every source that the watchlist has or had."""
        link, e, r = watchlist_sources.c, entries.c, entry_revisions.c
        listed = select(link.source_id).where(link.watchlist_id == Names(connection).watchlist(self._watchlist))
        text = (r.entry_id == e.id) & (r.revision_no == e.revision_no)
        statement = select(*columns).select_from(entries.join(entry_revisions, text))
        statement = statement.where(e.source_id.in_(listed))
        return statement if since is None else statement.where(e.first_seen >= since)

    def count(self, since: Micros | None, after: int = 0) -> int:
        """How many entries there are to score."""
        with begin(self._engine) as connection:
            statement = self._entries(connection, since, func.count()).where(entries.c.id > after)
            return int(connection.scalar(statement) or 0)

    def texts(self, since: Micros | None, after: int, limit: int) -> Sequence[StoredText]:
        """The next entries by id."""
        e, r = entries.c, entry_revisions.c
        columns = (e.id, e.revision_no, r.title, r.text, e.language, e.published, e.first_seen)
        with begin(self._engine) as connection:
            statement = self._entries(connection, since, *columns).where(e.id > after).order_by(e.id).limit(limit)
            return [StoredText(*row) for row in connection.execute(statement)]

    def hits(self, entry_ids: Sequence[int]) -> Mapping[tuple[int, str], StoredHit]:
        """The hits of these entries, by entry and signal, as they count now."""
        h = hits.c
        columns = (h.id, h.entry_id, h.signal, h.score, h.rung, h.reached, h.reason)
        found: dict[tuple[int, str], StoredHit] = {}
        with begin(self._engine) as connection:
            own = select(*columns).where(h.watchlist_id == Names(connection).watchlist(self._watchlist))
            for part in chunks(entry_ids):
                for row in connection.execute(own.where(h.entry_id.in_(part))):
                    found[row.entry_id, row.signal] = StoredHit(*row)
        return found

    def told(self, entry_ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
        """Link and source of entries."""
        found: dict[int, tuple[str, str]] = {}
        statement = select(entries.c.id, entries.c.link, sources.c.name).join_from(entries, sources)
        with begin(self._engine) as connection:
            for part in chunks(entry_ids):
                for key, link, name in connection.execute(statement.where(entries.c.id.in_(part))):
                    found[key] = (link, name)
        return found

    def begin_run(self, revision: str, now: Micros) -> tuple[int, int]:
        """A run under a revision: (its id, the entry id after which it goes on). One that did not end is taken up."""
        c = runs.c
        with begin(writer(self._engine)) as connection:
            names = Names(connection)
            mine = {
                "watchlist_id": names.watchlist(self._watchlist),
                "revision_id": names.revision(self._watchlist, revision),
            }
            open_run = select(c.id, c.position).where(
                c.kind == "rescore",
                c.watchlist_id == mine["watchlist_id"],
                c.revision_id == mine["revision_id"],
                c.finished_at.is_(None),
            )
            row = connection.execute(open_run.order_by(c.id.desc()).limit(1)).first()
            if row is not None:
                return row.id, row.position
            values = {"kind": "rescore", "started_at": now, "position": 0, **mine}
            return int(connection.execute(insert(runs).values(values).returning(c.id)).scalar_one()), 0

    def end_run(self, run_id: int, counts: Mapping[str, int], now: Micros) -> None:
        """The run went through all entries."""
        with begin(writer(self._engine)) as connection:
            values = {"finished_at": now, "counts": dict(counts)}
            connection.execute(update(runs).where(runs.c.id == run_id).values(values))
