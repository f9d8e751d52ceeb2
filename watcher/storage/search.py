"""The search index: fills it, asks it for candidates, tells what is not in it yet. Must not: match, score, or fold.

A candidate is an entry that may match; whoever asks checks it. SQLite holds the words in FTS5 (without the texts and
without places: they are checked anyway), PostgreSQL in a tsvector made of the words as they are.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, delete, insert, or_, select, text, update

from watcher.core.model import Micros, StoredText
from watcher.core.wanted import INDEX_VERSION, WHOLE, Groups, index_words
from watcher.storage import duty
from watcher.storage.engine import begin, writer
from watcher.storage.sqltools import chunks, insert_for
from watcher.storage.tables import duties, entries, entry_revisions, indexed_entries, meta, sources

DUTY = "search"
VERSION_FACT = "search index version"
LATE_IDS = 10_000
"""Ids below the watermark that are looked at again: on PostgreSQL a transaction may commit after a later id."""
SWEEP = 100
"""Every so often the duty also looks for what committed later still, on PostgreSQL (SQLite commits in order of ids)."""
PAGE = 500

_E, _R, _X = entries.c, entry_revisions.c, indexed_entries.c
_CURRENT = (_R.entry_id == _E.id) & (_R.revision_no == _E.revision_no)


class SearchIndex:
    """The index of one database.

    Args:
        engine: from `open_engine`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # --- filling --------------------------------------------------------------------------------------------------

    def begin_duty(self, owner: str, now: Micros, until: Micros) -> bool:
        """Take the duty for a while; False where somebody else has it."""
        return duty.take(self._engine, DUTY, owner, now, until)

    def end_duty(self, owner: str) -> None:
        """Give the duty back."""
        duty.give_back(self._engine, DUTY, owner)

    def empty(self) -> None:
        """Drop what is indexed; it is filled again from the first entry."""
        with begin(writer(self._engine)) as connection:
            _empty(connection)

    def fill(self, owner: str, limit: int = PAGE) -> int:
        """Index the next entries in one transaction; how many. Nothing where the duty is no longer the owner's."""
        with begin(writer(self._engine)) as connection:
            held = select(duties.c.lease_owner, duties.c.lease_token).where(duties.c.name == DUTY)
            lease = connection.execute(held.with_for_update()).first()
            if lease is None or lease.lease_owner != owner:
                return 0
            if _version(connection) != INDEX_VERSION:
                _empty(connection)
            pending = _pending(connection, sweeps=lease.lease_token % SWEEP == 0)
            ids = connection.scalars(pending.order_by(_E.id).limit(limit)).all()
            if ids:
                _index(connection, ids)
                duty.reach(connection, DUTY, max(ids))
            return len(ids)

    # --- asking ---------------------------------------------------------------------------------------------------

    def candidates(self, groups: Sequence[Groups], *, newest_first: bool = True) -> Iterator[int]:
        """Ids of entries that may match: with a word of each group, for any of ``groups``; and those not indexed yet.

        Oldest first, nothing is missing; newest first, on PostgreSQL, what committed very late may be (see `SWEEP`).
        """
        parts = self._ids(groups, newest_first), self._unindexed(newest_first)
        merged = heapq.merge(*parts, reverse=newest_first)
        return (key for key, _ in groupby(merged))

    def _ids(self, groups: Sequence[Groups], newest_first: bool) -> Iterator[int]:
        with begin(self._engine) as connection:
            if not groups or _version(connection) != INDEX_VERSION:
                return
            is_sqlite = connection.dialect.name == "sqlite"
        query = _fts_query(groups) if is_sqlite else _ts_query(groups)
        statement = text(_SQLITE_IDS[newest_first] if is_sqlite else _POSTGRES_IDS[newest_first])
        yield from self._paged(newest_first, lambda at: (statement, {"query": query, "at": at, "limit": _PAGE_IDS}))

    def _unindexed(self, newest_first: bool) -> Iterator[int]:
        def page(at: int) -> tuple[Any, dict[str, Any]]:
            with begin(self._engine) as connection:
                pending = _pending(connection, sweeps=not newest_first)
            wanted = pending.where(_E.id < at if newest_first else _E.id > at)
            return wanted.order_by(_E.id.desc() if newest_first else _E.id).limit(_PAGE_IDS), {}

        return self._paged(newest_first, page)

    def _paged(self, newest_first: bool, page: Callable[[int], tuple[Any, dict[str, Any]]]) -> Iterator[int]:
        at = 2**62 if newest_first else 0
        while True:
            statement, values = page(at)
            with begin(self._engine) as connection:
                ids = connection.scalars(statement, values).all()
            yield from ids
            if len(ids) < _PAGE_IDS:
                return
            at = ids[-1]

    def texts(
        self,
        ids: Sequence[int],
        *,
        since: Micros | None = None,
        until: Micros | None = None,
        source: str = "",
    ) -> Sequence[tuple[StoredText, str, str, str]]:
        """Texts of entries in the order of the ids, each with link, source and class of its sighting; none outside."""
        columns = (_E.id, _E.revision_no, _R.title, _R.text, _E.language, _E.published, _E.first_seen)
        statement = (
            select(*columns, _E.link, sources.c.name, _R.sighting)
            .select_from(entries.join(entry_revisions, _CURRENT).join(sources, sources.c.id == _E.source_id))
            .where(*([_E.first_seen >= since] if since is not None else []))
            .where(*([_E.first_seen < until] if until is not None else []))
            .where(*([sources.c.name == source] if source else []))
        )
        found = {}
        with begin(self._engine) as connection:
            for part in chunks(ids):
                for *stored, link, name, sighting in connection.execute(statement.where(_E.id.in_(part))):
                    found[stored[0]] = (StoredText(*stored), link, name, sighting)
        return [found[key] for key in ids if key in found]


_PAGE_IDS = 2000
_SQLITE_IDS = {
    True: "SELECT rowid FROM search_words WHERE search_words MATCH :query AND rowid < :at ORDER BY rowid DESC LIMIT :limit",
    False: "SELECT rowid FROM search_words WHERE search_words MATCH :query AND rowid > :at ORDER BY rowid LIMIT :limit",
}
# MATERIALIZED: else the planner walks the primary key and looks into every row for a rare word.
_FOUND = "WITH found AS MATERIALIZED (SELECT entry_id FROM search_words WHERE words @@ CAST(:query AS tsquery)) "
_POSTGRES_IDS = {
    True: _FOUND + "SELECT entry_id FROM found WHERE entry_id < :at ORDER BY entry_id DESC LIMIT :limit",  # noqa: S608  # constants
    False: _FOUND + "SELECT entry_id FROM found WHERE entry_id > :at ORDER BY entry_id LIMIT :limit",  # noqa: S608  # constants
}


def _version(connection: Connection) -> str:
    return connection.scalar(select(meta.c.value).where(meta.c.name == VERSION_FACT)) or ""


def _pending(connection: Connection, *, sweeps: bool = False) -> Select[Any]:
    """Entries whose current wording is not in the index: those above the watermark, edited ones, or really all."""
    stale = or_(_X.revision_no.is_(None), _X.revision_no != _E.revision_no)
    mark = connection.scalar(select(duties.c.watermark).where(duties.c.name == DUTY)) or 0
    if _version(connection) != INDEX_VERSION:
        return select(_E.id)
    joined = select(_E.id).select_from(entries.outerjoin(indexed_entries, _X.entry_id == _E.id))
    if sweeps and connection.dialect.name != "sqlite":
        return joined.where(stale)
    late = joined.where(_E.id > mark - LATE_IDS, stale)
    edited = joined.where(_E.revision_no > 1, _E.id <= mark - LATE_IDS, stale)
    both = late.union_all(edited).subquery()
    return select(_E.id).where(_E.id.in_(select(both.c.id)))


def _empty(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(text("INSERT INTO search_words(search_words) VALUES ('delete-all')"))
    else:
        connection.execute(text("DELETE FROM search_words"))
    connection.execute(delete(indexed_entries))
    connection.execute(update(duties).where(duties.c.name == DUTY).values(watermark=0))
    connection.execute(delete(meta).where(meta.c.name == VERSION_FACT))
    connection.execute(insert(meta).values(name=VERSION_FACT, value=INDEX_VERSION))


def _words(connection: Connection, wording: Any, ids: Sequence[int]) -> list[tuple[int, int, list[str]]]:
    statement = select(_R.entry_id, _R.revision_no, _R.title, _R.text).where(_R.entry_id.in_(ids))
    rows = connection.execute(statement.join_from(entry_revisions, wording[0], wording[1])).all()
    return [(row.entry_id, row.revision_no, index_words(row.title, row.text)) for row in rows]


def _take_out(connection: Connection, ids: Sequence[int]) -> None:
    """FTS5 without the texts takes words out only where it is told which ones they were."""
    was = (indexed_entries, and_(_X.entry_id == _R.entry_id, _X.revision_no == _R.revision_no))
    old = [{"id": key, "words": " ".join(words)} for key, _, words in _words(connection, was, ids)]
    if old:
        gone = "INSERT INTO search_words(search_words, rowid, words) VALUES ('delete', :id, :words)"
        connection.execute(text(gone), old)


def _index(connection: Connection, ids: Sequence[int]) -> None:
    new = _words(connection, (entries, _CURRENT), ids)
    if connection.dialect.name == "sqlite":
        _take_out(connection, ids)
        put = "INSERT INTO search_words(rowid, words) VALUES (:id, :words)"
        connection.execute(text(put), [{"id": key, "words": " ".join(words)} for key, _, words in new])
    else:
        put = (
            "INSERT INTO search_words (entry_id, words) VALUES (:id, array_to_tsvector(CAST(:words AS text[]))) "
            "ON CONFLICT (entry_id) DO UPDATE SET words = excluded.words"
        )
        connection.execute(text(put), [{"id": key, "words": words} for key, _, words in new])
    statement = insert_for(connection.dialect.name)(indexed_entries)
    statement = statement.on_conflict_do_update(
        index_elements=["entry_id"], set_={"revision_no": statement.excluded.revision_no}
    )
    connection.execute(statement, [{"entry_id": key, "revision_no": number} for key, number, _ in new])


def _fts_query(groups: Sequence[Groups]) -> str:
    def word(one: str) -> str:
        return f'"{one[:-1]}"*' if one.endswith("*") else f'"{one}"'

    def each(needs: Groups) -> str:
        return "(" + " AND ".join("(" + " OR ".join(map(word, sorted(group))) + ")" for group in needs) + ")"

    return " OR ".join([*map(each, _possible(groups)), word(WHOLE)])


def _ts_query(groups: Sequence[Groups]) -> str:
    def word(one: str) -> str:
        bare = one.removesuffix("*").replace("\\", "\\\\").replace("'", "''")
        return f"'{bare}'" + (":*" if one.endswith("*") else "")

    def each(needs: Groups) -> str:
        return "(" + " & ".join("(" + " | ".join(map(word, sorted(group))) + ")" for group in needs) + ")"

    return " | ".join([*map(each, _possible(groups)), word(WHOLE)])


def _possible(groups: Sequence[Groups]) -> list[Groups]:
    """What can be met at all: no group without a word."""
    return [needs for needs in dict.fromkeys(groups) if needs and all(needs)]


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Take entries out of the index that are about to be deleted, in the transaction that deletes them."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("DELETE FROM search_words WHERE entry_id = ANY(:ids)"), {"ids": list(ids)})
    elif _version(connection) == INDEX_VERSION:
        _take_out(connection, ids)
    # An index of another version is never asked, and dropped whole when it is made anew.
    connection.execute(delete(indexed_entries).where(_X.entry_id.in_(ids)))
