"""Looks up what is stored of the entries in a body. Must not: decide whether an entry is new; write.

Every statement here serves many sources at once: the price per poll is what counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, select

from watcher.core.intents import Departed, EntryLookup, ShownLookup, StoredEntry
from watcher.core.withdrawn import Shown, withdrawn
from watcher.storage.sqltools import IN_LIST, Listed, chunks, read_in
from watcher.storage.tables import entries, entry_aliases, hits, sources, watchlists

_E = entries.c


def known_many(connection: Connection, lookups: Sequence[EntryLookup]) -> list[list[StoredEntry]]:
    """Stored entries and tombstones that share a key (or alias), link key or content digest, per look-up.

    One that is known by an alias comes under that alias as its key.
    """
    used = _with_entries(connection, [lookup.source_id for lookup in lookups])
    asking = [lookup for lookup in lookups if lookup.source_id in used]
    rows = {
        **_rows(connection, "key", [(lookup.source_id, lookup.keys) for lookup in asking]),
        **_rows(connection, "link_key", [(lookup.source_id, lookup.links) for lookup in asking]),
        **_rows(connection, "content_digest", [(lookup.source_id, lookup.contents) for lookup in asking]),
    }
    marks = _hits_of(connection, [entry_id for entry_id, _, _ in rows if entry_id])
    found: dict[int, list[StoredEntry]] = {}
    for row in rows.values():
        found.setdefault(row[1], []).append(_stored(row, marks.get(row[0], frozenset())))
    return [_relevant(found.get(lookup.source_id, ()), lookup) for lookup in lookups]


def _with_entries(connection: Connection, source_ids: Sequence[int]) -> set[int]:
    """Those of the sources of which anything was ever stored: the first body of a source has thousands of names."""
    return {source_id for (source_id,) in read_in(connection, _with_any, list(dict.fromkeys(source_ids)))}


def _with_any(ids: Listed) -> Executable:
    return select(sources.c.id).where(sources.c.id.in_(ids), sources.c.entries > 0)


def _rows(
    connection: Connection, name: str, asked: Sequence[tuple[int, Sequence[bytes]]]
) -> dict[tuple[int, int, bytes], Any]:
    """What has one of these names: rows by id, source and key."""
    pairs = list(dict.fromkeys((source_id, value) for source_id, values in asked for value in values if value))
    rows: dict[tuple[int, int, bytes], Any] = {}
    for part in chunks(pairs, IN_LIST // 3):
        # Filled up to a power of two with the last, so that few statements have to be prepared.
        full = [*part, *[part[-1]] * ((1 << (len(part) - 1).bit_length()) - len(part))]
        statement = _statement(name, len(full), is_qmark=connection.dialect.paramstyle == "qmark")
        values = tuple(value for pair in full for value in pair)
        rows.update({(row[0], row[1], row[2]): row for row in connection.exec_driver_sql(statement, values).all()})
    return rows


_ENTRY = (
    "SELECT e.id, e.source_id, {key}, e.link_key, e.content_digest, e.revision_no, e.published, e.vanished_at, e.flags, 0"
    " FROM asked a"
)
_BURIED = "SELECT 0, t.source_id, t.key, t.link_key, t.content_digest, 0, NULL, NULL, '', 1 FROM asked a"


@cache
def _statement(name: str, count: int, *, is_qmark: bool) -> str:
    """Entries and tombstones by so many pairs of source and name.

    Written out, since thousands of values cost ten times as much through an expression that is compiled anew each time.
    """
    pairs = ",".join(["(?,?)" if is_qmark else "(%s,%s)"] * count)
    on = f"{{0}}.{name} = a.name AND {{0}}.source_id = a.source_id"
    parts = [
        f"{_ENTRY.format(key='e.key')} JOIN entries e ON {on.format('e')}",
        f"{_BURIED} JOIN tombstones t ON {on.format('t')}",
    ]
    if name == "key":
        alias = f"JOIN entry_aliases n ON {on.format('n')} JOIN entries e ON e.id = n.entry_id"
        parts.append(f"{_ENTRY.format(key='n.key')} {alias}")
    return f"WITH asked (source_id, name) AS (VALUES {pairs}) {' UNION ALL '.join(parts)}"


def _hits_of(connection: Connection, entry_ids: Sequence[int]) -> dict[int, frozenset[tuple[str, str]]]:
    marks: dict[int, set[tuple[str, str]]] = {}
    for entry_id, watchlist, signal in read_in(connection, _hits, list(dict.fromkeys(entry_ids))):
        marks.setdefault(entry_id, set()).add((watchlist, signal))
    return {entry_id: frozenset(pairs) for entry_id, pairs in marks.items()}


def _hits(ids: Listed) -> Executable:
    joined = select(hits.c.entry_id, watchlists.c.name, hits.c.signal).join_from(hits, watchlists)
    return joined.where(hits.c.entry_id.in_(ids))


def _stored(row: Sequence[Any], marks: frozenset[tuple[str, str]]) -> StoredEntry:
    entry_id, _, key, link_key, content, revision_no, published, vanished_at, flags, buried = row
    return StoredEntry(
        entry_id=entry_id,
        key=key,
        link_key=link_key,
        content_digest=content,
        revision_no=revision_no,
        published=published,
        hits=marks,
        is_vanished=vanished_at is not None,
        is_tombstone=bool(buried),
        is_loose="loose" in flags.split(),
    )


def _relevant(found: Sequence[StoredEntry], lookup: EntryLookup) -> list[StoredEntry]:
    if not found:
        return []
    keys, links, contents = set(lookup.keys), set(lookup.links), set(lookup.contents)
    return [e for e in found if e.key in keys or e.link_key in links or e.content_digest in contents]


# --- what is not there any more ------------------------------------------------------------------------------------


def left_many(connection: Connection, lookups: Sequence[ShownLookup]) -> list[Departed]:
    """Entries of the last body that are not in this one (`core.withdrawn` tells the two kinds), per look-up."""
    present = _present(connection, [lookup.source_id for lookup in lookups])
    missing = {lookup.source_id: _missing(present.get(lookup.source_id, ()), lookup) for lookup in lookups}
    aliases = _aliases(connection, [row[1] for rows in missing.values() for row in rows])
    return [
        _departed(present.get(lookup.source_id, ()), missing[lookup.source_id], aliases, set(lookup.keys))
        for lookup in lookups
    ]


def _present(connection: Connection, source_ids: Sequence[int]) -> Mapping[int, Sequence[Any]]:
    found: dict[int, list[Any]] = {}
    for row in read_in(connection, _shown, list(dict.fromkeys(source_ids))):
        found.setdefault(row[0], []).append(row)
    return found


def _shown(ids: Listed) -> Executable:
    columns = (_E.source_id, _E.id, _E.key, _E.item_digest, _E.published, _E.first_seen)
    return select(*columns).where(_E.source_id.in_(ids), _E.left_at.is_(None)).order_by(_E.id)


def _missing(present: Sequence[Any], lookup: ShownLookup) -> list[Any]:
    keys, items = set(lookup.keys), set(lookup.items) - {b""}
    return [row for row in present if row[2] not in keys and row[3] not in items]


def _aliases(connection: Connection, entry_ids: Sequence[int]) -> Mapping[int, Sequence[bytes]]:
    found: dict[int, list[bytes]] = {}
    for entry_id, key in read_in(connection, _names, entry_ids):
        found.setdefault(entry_id, []).append(key)
    return found


def _names(ids: Listed) -> Executable:
    return select(entry_aliases.c.entry_id, entry_aliases.c.key).where(entry_aliases.c.entry_id.in_(ids))


def _departed(
    present: Sequence[Any], missing: Sequence[Any], aliases: Mapping[int, Sequence[bytes]], keys: set[bytes]
) -> Departed:
    left = {row[1] for row in missing if keys.isdisjoint(aliases.get(row[1], ()))}
    if not left:
        return Departed()
    shown = [Shown(row[1], row[5] if row[4] is None else row[4]) for row in present]
    gone = withdrawn([one for one in shown if one.entry_id in left], [one for one in shown if one.entry_id not in left])
    return Departed(gone, tuple(sorted(left.difference(gone))))
