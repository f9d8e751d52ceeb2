"""Looks up what is stored of the entries in a body. Must not: decide whether an entry is new; write.

Every statement here serves many sources at once: the price per poll is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, false, literal, select, true, union_all

from watcher.core.model import EntryLookup, StoredEntry
from watcher.core.withdrawn import Shown, withdrawn
from watcher.storage.sqltools import IN_LIST, chunks
from watcher.storage.tables import entries, entry_aliases, hits, tombstones, watchlists

_E = entries.c
_T = tombstones.c
_COLUMNS = (
    _E.id,
    _E.source_id,
    _E.key,
    _E.link_key,
    _E.content_digest,
    _E.revision_no,
    _E.published,
    _E.vanished_at,
    _E.flags,
    false().label("tombstone"),
)
_BURIED = (
    literal(0),
    _T.source_id,
    _T.key,
    _T.link_key,
    _T.content_digest,
    literal(0),
    literal(None, _E.published.type),
    literal(None, _E.vanished_at.type),
    literal(""),
    true(),
)


_PRESENT = (
    select(_E.id, _E.key, _E.item_digest)
    .where(_E.source_id == bindparam("source"), _E.left_at.is_(None))
    .order_by(_E.id)
)
_DATED = (
    select(_E.id, _E.published, _E.first_seen)
    .where(_E.source_id == bindparam("source"), _E.left_at.is_(None))
    .order_by(_E.id)
)


def known_many(connection: Connection, lookups: Sequence[EntryLookup]) -> list[list[StoredEntry]]:
    """Stored entries and tombstones that share a key (or alias), link key or content digest, per look-up.

    One that is known by an alias comes under that alias as its key.
    """
    found: dict[int, list[StoredEntry]] = {lookup.source_id: [] for lookup in lookups}
    for group in _groups(lookups):
        for source_id, entry in _look_up(connection, group):
            found[source_id].append(entry)
    return [_relevant(found[lookup.source_id], lookup) for lookup in lookups]


def _groups(lookups: Sequence[EntryLookup]) -> Iterator[list[EntryLookup]]:
    group: list[EntryLookup] = []
    size = 0
    for lookup in lookups:
        weight = len(lookup.keys) + len(lookup.links) + len(lookup.contents) + 1
        if group and size + weight > IN_LIST // 2:
            yield group
            group, size = [], 0
        group.append(lookup)
        size += weight
    if group:
        yield group


def _all(values: Iterable[Sequence[bytes]]) -> list[bytes]:
    return [value for value in dict.fromkeys(item for part in values for item in part) if value]


def _look_up(connection: Connection, group: Sequence[EntryLookup]) -> list[tuple[int, StoredEntry]]:
    source_ids = sorted({lookup.source_id for lookup in group})
    keys = _all(lookup.keys for lookup in group)
    links = _all(lookup.links for lookup in group)
    contents = _all(lookup.contents for lookup in group)
    parts: list[Select[Any]] = []
    if keys:
        parts += [select(*_COLUMNS).where(_E.key.in_(keys), _E.source_id.in_(source_ids)), _by_alias(keys, source_ids)]
        parts.append(select(*_BURIED).where(_T.key.in_(keys), _T.source_id.in_(source_ids)))
    if links:
        parts.append(select(*_COLUMNS).where(_E.link_key.in_(links), _E.source_id.in_(source_ids)))
        parts.append(select(*_BURIED).where(_T.link_key.in_(links), _T.source_id.in_(source_ids)))
    if contents:
        parts.append(select(*_COLUMNS).where(_E.content_digest.in_(contents), _E.source_id.in_(source_ids)))
        parts.append(select(*_BURIED).where(_T.content_digest.in_(contents), _T.source_id.in_(source_ids)))
    if not parts:
        return []
    rows = {(row.id, row.source_id, row.key): row for row in connection.execute(union_all(*parts))}
    marks = _hits_of(connection, [entry_id for entry_id, _, _ in rows if entry_id])
    return [(row.source_id, _stored(row, marks.get(row.id, frozenset()))) for row in rows.values()]


def _by_alias(keys: Sequence[bytes], source_ids: Sequence[int]) -> Select[Any]:
    a = entry_aliases.c
    columns = [a.key if column is _E.key else column for column in _COLUMNS]
    joined = entry_aliases.join(entries, _E.id == a.entry_id)
    return select(*columns).select_from(joined).where(a.key.in_(keys), a.source_id.in_(source_ids))


def _hits_of(connection: Connection, entry_ids: Sequence[int]) -> dict[int, frozenset[tuple[str, str]]]:
    marks: dict[int, set[tuple[str, str]]] = {}
    joined = hits.join(watchlists, watchlists.c.id == hits.c.watchlist_id)
    statement = select(hits.c.entry_id, watchlists.c.name, hits.c.signal).select_from(joined)
    for part in chunks(list(dict.fromkeys(entry_ids))):
        for entry_id, watchlist, signal in connection.execute(statement.where(hits.c.entry_id.in_(part))):
            marks.setdefault(entry_id, set()).add((watchlist, signal))
    return {entry_id: frozenset(pairs) for entry_id, pairs in marks.items()}


def _stored(row: Row[Any], marks: frozenset[tuple[str, str]]) -> StoredEntry:
    return StoredEntry(
        entry_id=row.id,
        key=row.key,
        link_key=row.link_key,
        content_digest=row.content_digest,
        revision_no=row.revision_no,
        published=row.published,
        hits=marks,
        is_vanished=row.vanished_at is not None,
        is_tombstone=bool(row.tombstone),
        is_loose="loose" in row.flags.split(),
    )


def _relevant(found: Sequence[StoredEntry], lookup: EntryLookup) -> list[StoredEntry]:
    keys, links, contents = set(lookup.keys), set(lookup.links), set(lookup.contents)
    return [e for e in found if e.key in keys or e.link_key in links or e.content_digest in contents]


def unseen_entries(connection: Connection, source_id: int, keys: Sequence[bytes], items: Sequence[bytes]) -> list[int]:
    """Ids of entries of the last body whose key (or alias) is not among these, nor their item's digest."""
    present = connection.execute(_PRESENT, {"source": source_id}).all()
    seen_keys, seen_items = set(keys), set(items) - {b""}
    unseen = [entry_id for entry_id, key, item in present if key not in seen_keys and item not in seen_items]
    if not unseen:
        return []
    a = entry_aliases.c
    by_alias = {
        entry_id
        for part in chunks(unseen)
        for entry_id, key in connection.execute(select(a.entry_id, a.key).where(a.entry_id.in_(part)))
        if key in seen_keys
    }
    return [entry_id for entry_id in unseen if entry_id not in by_alias]


def withdrawn_entries(connection: Connection, source_id: int, left: Sequence[int]) -> tuple[int, ...]:
    """Which of the entries that left the source's body were taken back by their publisher (see `core.withdrawn`)."""
    gone = set(left)
    if not gone:
        return ()
    rows = connection.execute(_DATED, {"source": source_id}).all()
    shown = [Shown(row.id, row.first_seen if row.published is None else row.published) for row in rows]
    return withdrawn([one for one in shown if one.entry_id in gone], [one for one in shown if one.entry_id not in gone])
