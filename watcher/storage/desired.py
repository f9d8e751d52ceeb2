"""Makes the sources what a watchlist says (desired state), and stores the revision whole. Must not: delete anything.

A source is one row per kind, normalised address and path selection, whatever lists it. What a watchlist no longer
lists is disabled, and keeps its history and its link.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from msgspec.structs import asdict
from sqlalchemy import Connection, Row, bindparam, case, select, update

from watcher.core.document import Document
from watcher.core.errors import UsageProblem
from watcher.core.model import Micros, SourceHealth, SourceSpec
from watcher.storage.sqltools import Rows, add, insert_for, put, run
from watcher.storage.tables import source_states, sources, watchlist_revisions, watchlist_sources, watchlists

_PORTS = {"http": 80, "https": 443}
_BLIND_NOTE = "recorded as {recorded}: never polled"


def normal_address(url: str) -> str:
    """An address in one spelling: scheme and host in lower case, no default port, no fragment, ``/`` for no path."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url.strip()
    host = (parts.hostname or "").lower()
    if port is not None and port != _PORTS.get(parts.scheme.lower()):
        host = f"{host}:{port}"
    return urlunsplit((parts.scheme.lower(), host, parts.path or "/", parts.query, ""))


def address_key(spec: SourceSpec, watchlist: str) -> bytes:
    """Identity of a source. One that cannot be polled is its watchlist's own."""
    if spec.kind == "none":
        parts = (spec.kind, watchlist, spec.id)
    else:
        parts = (spec.kind, normal_address(spec.url), spec.select)
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).digest()


def outline(document: Document) -> dict[str, Any]:
    """What faces show of a watchlist without its compiled form."""
    return {
        "signals": [
            {
                "id": s.id,
                "title": s.title,
                "threshold": s.threshold,
                "ladder": s.ladder,
                "note": s.note,
                "rules": [{"id": r.id, "rung": r.rung, "weight": r.weight, "note": r.note} for r in s.rules],
            }
            for s in document.signals
        ],
        "ladders": {name: list(rungs) for name, rungs in document.ladders.items()},
        "facets": [{"kind": f.kind, "id": f.id, "title": f.title} for f in document.facets],
        "figures": [
            {"id": f.id, "title": f.title, "unit": f.unit, "baseline": [asdict(value) for value in f.baseline]}
            for f in document.figures
        ],
        "timeline": [asdict(event) for event in document.timeline],
        "positions": [asdict(position) for position in document.positions],
    }


def save_watchlist(
    connection: Connection, document: Document, compiled: bytes, now: Micros, *, made_by: str = ""
) -> None:
    """Store the revision, and make sources and links what the document says.

    Raises:
        UsageProblem: two sources of the watchlist are the same address.
    """
    watchlist_id = _save_head(connection, document, now)
    revision_id = _save_revision(connection, watchlist_id, document, compiled, now, made_by)
    connection.execute(update(watchlists).where(watchlists.c.id == watchlist_id).values(revision_id=revision_id))
    specs = _by_key(document)
    before = _listed(connection, watchlist_id)
    ids = _save_sources(connection, specs, now)
    _save_links(connection, watchlist_id, [(ids[key], spec) for key, spec in specs.items()], now)
    gone = before - set(ids.values())
    _remove_links(connection, watchlist_id, gone, now)
    _settle(connection, sorted(gone | set(ids.values())), now)


def _by_key(document: Document) -> dict[bytes, SourceSpec]:
    specs: dict[bytes, SourceSpec] = {}
    for spec in document.sources:
        key = address_key(spec, document.id)
        if key in specs:
            raise UsageProblem(f"sources {specs[key].id} and {spec.id} are the same address: {spec.url}")
        specs[key] = spec
    return specs


def _save_head(connection: Connection, document: Document, now: Micros) -> int:
    head = {"name": document.id, "question": document.question, "timezone": document.timezone, "loaded_at": now}
    statement = insert_for(connection.dialect.name)(watchlists).values(**head, created_at=now)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_=head).returning(watchlists.c.id)
    return int(connection.scalar(statement))


def _save_revision(
    connection: Connection, watchlist_id: int, document: Document, compiled: bytes, now: Micros, made_by: str
) -> int:
    packed = zlib.compress(compiled, 6)
    statement = insert_for(connection.dialect.name)(watchlist_revisions).values(
        watchlist_id=watchlist_id,
        digest=bytes.fromhex(document.revision),
        files=dict(document.files),
        outline=outline(document),
        compiled=packed,
        loaded_at=now,
        made_by=made_by,
    )
    # The compiled form belongs to the program that made it; the texts are what never change.
    c = watchlist_revisions.c
    still = case((c.made_by == made_by, made_by), else_="")
    statement = statement.on_conflict_do_update(
        index_elements=["watchlist_id", "digest"], set_={"compiled": packed, "made_by": still}
    )
    return int(connection.scalar(statement.returning(watchlist_revisions.c.id)))


def _listed(connection: Connection, watchlist_id: int) -> set[int]:
    c = watchlist_sources.c
    statement = select(c.source_id).where(c.watchlist_id == watchlist_id, c.removed_at.is_(None))
    return set(connection.scalars(statement))


def _save_sources(connection: Connection, specs: Mapping[bytes, SourceSpec], now: Micros) -> dict[bytes, int]:
    c = sources.c
    statement = insert_for(connection.dialect.name)(sources)
    named = ("url", "name", "title", "publisher", "family", "language")
    statement = statement.on_conflict_do_update(
        index_elements=["address_key"], set_={name: getattr(statement.excluded, name) for name in named}
    ).returning(c.id, c.address_key)
    rows = [_source_row(key, spec, now) for key, spec in specs.items()]
    return {key: source_id for source_id, key in connection.execute(statement, rows)} if rows else {}


def _source_row(key: bytes, spec: SourceSpec, now: Micros) -> dict[str, Any]:
    return {
        "address_key": key,
        "kind": spec.kind,
        "url": spec.url,
        "select_path": spec.select,
        "name": spec.id,
        "title": spec.title,
        "publisher": spec.publisher,
        "family": spec.family,
        "language": spec.language,
        "interval_s": spec.interval_s,
        "allow_private": False,
        "enabled": False,
        "body_digest": b"",
        "health": "",
        "created_at": now,
    }


def _save_links(
    connection: Connection, watchlist_id: int, listed: Sequence[tuple[int, SourceSpec]], now: Micros
) -> None:
    rows = [_link_row(watchlist_id, source_id, spec, now) for source_id, spec in listed]
    keys = ("watchlist_id", "source_id")
    changing = tuple(name for name in (rows[0] if rows else ()) if name not in (*keys, "listed_at"))
    run(connection, put(watchlist_sources, connection.dialect.name, keys, changing), rows)


def _link_row(watchlist_id: int, source_id: int, spec: SourceSpec, now: Micros) -> dict[str, Any]:
    return {
        "watchlist_id": watchlist_id,
        "source_id": source_id,
        "name": spec.id,
        "institution": spec.institution,
        "role": spec.role,
        "reliability": spec.reliability,
        "rationale": spec.rationale,
        "recorded": spec.recorded,
        "checked_on": spec.checked_on,
        "note": spec.note,
        "interval_s": spec.interval_s,
        "host_interval_s": spec.host_interval_s,
        "per_host": spec.per_host,
        "allow_private": spec.allow_private,
        "enabled": spec.enabled,
        "listed_at": now,
        "removed_at": None,
    }


def _remove_links(connection: Connection, watchlist_id: int, gone: set[int], now: Micros) -> None:
    c = watchlist_sources.c
    if gone:
        mine = (c.watchlist_id == watchlist_id, c.source_id.in_(sorted(gone)))
        connection.execute(update(watchlist_sources).where(*mine).values(removed_at=now))


# --- what all watchlists together want of a source --------------------------------------------------------------


def _settle(connection: Connection, source_ids: Sequence[int], now: Micros) -> None:
    """Set schedule, politeness and state of sources from all their links; polled ones keep their poll state."""
    links: dict[int, list[Row[Any]]] = {}
    c = watchlist_sources.c
    for row in connection.execute(select(watchlist_sources).where(c.source_id.in_(source_ids), c.removed_at.is_(None))):
        links.setdefault(row.source_id, []).append(row)
    updates: Rows = []
    opened: Rows = []
    for row in connection.execute(select(sources).where(sources.c.id.in_(source_ids))).all():
        settled = _settled(row, links.get(row.id, []), now)
        updates.append(settled)
        if settled["new_health"] != row.health:
            opened.append(
                {"source_id": row.id, "health": settled["new_health"], "since": now, "reason": settled["new_reason"]}
            )
    run(connection, _SETTLE, updates)
    open_states(connection, opened)


_SETTLE = (
    update(sources)
    .where(sources.c.id == bindparam("source"))
    .values(
        enabled=bindparam("is_enabled"),
        interval_s=bindparam("least_interval"),
        host_interval_s=bindparam("politest_interval"),
        per_host=bindparam("politest_count"),
        allow_private=bindparam("may_be_private"),
        next_poll_at=bindparam("due"),
        health=bindparam("new_health"),
        health_reason=bindparam("new_reason"),
        health_since=bindparam("new_since"),
    )
)


def _settled(row: Row[Any], links: Sequence[Row[Any]], now: Micros) -> dict[str, Any]:
    wanted = [link for link in links if link.enabled]
    sighted = [link for link in wanted if row.kind != "none" and link.recorded not in ("dead", "blocked")]
    health, reason = _health(row, wanted, sighted)
    due = None
    if sighted:
        due = row.next_poll_at if row.next_poll_at is not None else now
    return {
        "source": row.id,
        "is_enabled": bool(sighted),
        "least_interval": min((link.interval_s for link in sighted), default=row.interval_s),
        "politest_interval": max(
            (link.host_interval_s for link in sighted if link.host_interval_s is not None), default=None
        ),
        "politest_count": min((link.per_host for link in sighted if link.per_host is not None), default=None),
        "may_be_private": any(link.allow_private for link in sighted),
        "due": due,
        "new_health": health,
        "new_reason": reason,
        "new_since": row.health_since if health == row.health else now,
    }


def _health(row: Row[Any], wanted: Sequence[Row[Any]], sighted: Sequence[Row[Any]]) -> tuple[str, str]:
    asleep = ("", SourceHealth.DISABLED.value, SourceHealth.BLIND.value)
    if sighted:
        if row.health not in asleep:
            return row.health, row.health_reason
        again = "not polled yet" if row.last_poll_at is None else "wanted again, not polled since"
        return SourceHealth.NEVER_POLLED.value, again
    if not wanted:
        return SourceHealth.DISABLED.value, "no watchlist wants it polled"
    first = wanted[0]
    reason = first.note or ("no kind of source can read it" if row.kind == "none" else "")
    return SourceHealth.BLIND.value, reason or _BLIND_NOTE.format(recorded=first.recorded)


_CLOSE = (
    update(source_states)
    .where(source_states.c.source_id == bindparam("source"), source_states.c.until.is_(None))
    .values(until=bindparam("end"))
)


def open_states(connection: Connection, rows: Rows) -> None:
    """Begin new intervals of state (source_id, health, since, reason), ending those that were open."""
    run(connection, _CLOSE, [{"source": row["source_id"], "end": row["since"]} for row in rows])
    run(connection, add(source_states), rows)
