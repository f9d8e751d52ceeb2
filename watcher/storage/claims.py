"""Leases on sources: claim what is due, give back, when is the next. Must not: decide when anything is due.

A claim is one statement, so two workers never get the same source: ``SKIP LOCKED`` on PostgreSQL, the one writer on
SQLite. Each claim counts the fencing token up; whoever writes a poll must show the newest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, Row, and_, bindparam, func, or_, select, update

from watcher.core.model import SECOND, Claim, Micros, SourceSpec
from watcher.core.moved import Moved
from watcher.storage.sqltools import Listed, read, read_in, run
from watcher.storage.tables import source_items, sources, watchlist_sources

_S = sources.c


def _wanted(now: Any, *, everything: bool, suspects: bool, named: int) -> list[ColumnElement[bool]]:
    terms: list[ColumnElement[bool]] = [
        _S.next_poll_at.is_not(None) if everything else _S.next_poll_at <= now,
        or_(_S.lease_until.is_(None), _S.lease_until <= now),
        or_(_S.retry_not_before.is_(None), _S.retry_not_before <= now),
        _S.crashes > 0 if suspects else _S.crashes == 0,
    ]
    if named:
        links = watchlist_sources.c
        names: list[Any] = [bindparam(f"name_{place}", type_=links.name.type) for place in range(named)]
        listed = select(links.source_id).where(links.name.in_(names), links.removed_at.is_(None))
        terms.append(_S.id.in_(listed))
    return terms


def claim_due(
    connection: Connection,
    owner: str,
    now: Micros,
    *,
    limit: int,
    lease_s: float,
    everything: bool = False,
    only: Sequence[str] = (),
    items: bool = True,
) -> list[Claim]:
    """Take due sources under a lease, most overdue first; the fencing token of each goes up by one.

    Without ``items`` the claims do not hold what their bodies showed (`present_items`): most bodies have not changed.

    Of those that may have ended a process (``crashes``) one at a time, the least suspect first: the next death names it.
    """
    lease = {"owner": owner, "until": now + int(lease_s * SECOND), "now": now}
    lease |= {f"name_{place}": name for place, name in enumerate(only)}
    take = partial(_take, everything=everything, named=len(only), dialect=connection.dialect.name)
    taken = list(read(connection, take(suspects=False), most=limit, **lease))
    if len(taken) < limit and not read(connection, _SUSPECTED, now=now):
        taken += read(connection, take(suspects=True), most=1, **lease)
    with_body = [row.id for row in taken if row.body_digest] if items else []
    seen = present_items(connection, with_body)
    claims = [_claim(row, seen.get(row.id, frozenset())) for row in taken]
    return sorted(claims, key=lambda claim: (claim.due_at, claim.source_id))


_SUSPECTED = select(_S.id).where(_S.crashes > 0, _S.lease_until > bindparam("now")).limit(1)


@cache
def _take(*, everything: bool, suspects: bool, named: int, dialect: str) -> Executable:
    order = (_S.crashes, _S.next_poll_at, _S.id) if suspects else (_S.next_poll_at, _S.id)
    wanted = _wanted(bindparam("now"), everything=everything, suspects=suspects, named=named)
    due = select(_S.id).where(*wanted).order_by(*order).limit(bindparam("most"))
    if dialect != "sqlite":
        due = due.with_for_update(skip_locked=True)
    return (
        update(sources)
        .where(_S.id.in_(due.scalar_subquery()))
        .values(
            lease_owner=bindparam("owner", type_=_S.lease_owner.type),
            lease_until=bindparam("until"),
            lease_token=_S.lease_token + 1,
        )
        .returning(*_S)
    )


def present_items(connection: Connection, source_ids: Sequence[int]) -> dict[int, frozenset[bytes]]:
    """Digests of the items in the last bodies of sources; a source without any is left out."""
    found: dict[int, list[bytes]] = {}
    for source_id, digest in read_in(connection, _present, source_ids):
        found.setdefault(source_id, []).append(digest)
    return {source_id: frozenset(digests) for source_id, digests in found.items()}


def _present(ids: Listed) -> Executable:
    c = source_items.c
    return select(c.source_id, c.digest).where(c.source_id.in_(ids), c.last_seen.is_(None))


def _claim(row: Row[Any], items: frozenset[bytes]) -> Claim:
    quiet = json.loads(row.quiet_hours) if row.quiet_hours else {}
    return Claim(
        source_id=row.id,
        spec=source_spec(row),
        token=row.lease_token,
        lease_until=row.lease_until,
        etag=row.etag,
        last_modified=row.last_modified,
        body_digest=row.body_digest,
        seen_items=items,
        failures=row.failures,
        is_first=not row.body_digest,
        due_at=row.next_poll_at,
        health=row.health,
        last_ok_at=row.last_ok_at,
        kind_state=row.kind_state,
        health_since=row.health_since,
        crashes=row.crashes,
        alarmed_at=row.alarmed_at,
        ttl_s=row.ttl_s,
        quiet_hours=tuple(quiet.get("hours", ())),
        quiet_days=tuple(quiet.get("days", ())),
        arrivals=tuple(json.loads(row.arrivals)) if row.arrivals else (),
        body_at=row.body_at,
        moved=Moved(row.moved_to, row.moved_since, row.moved_count, row.moved_at),
    )


def source_spec(row: Row[Any]) -> SourceSpec:
    """What a poll needs to know of a source; what a watchlist thinks of it (role, reliability) is not in it."""
    return SourceSpec(
        id=row.name,
        kind=row.kind,
        url=row.url,
        title=row.title,
        publisher=row.publisher,
        family=row.family,
        language=row.language,
        interval_s=row.interval_s,
        allow_private=bool(row.allow_private),
        host_interval_s=row.host_interval_s,
        per_host=row.per_host,
        select=row.select_path,
        enabled=bool(row.enabled),
    )


_RELEASE = (
    update(sources)
    .where(_S.id == bindparam("source"), _S.lease_token == bindparam("token"))
    .values(lease_owner=None, lease_until=None)
)


def release(connection: Connection, claims: Sequence[Claim]) -> None:
    """Give leases back untouched; one that somebody else took meanwhile stays theirs."""
    run(connection, _RELEASE, [{"source": claim.source_id, "token": claim.token} for claim in claims])


def next_due(connection: Connection) -> Micros | None:
    """When the next source can be claimed: due, past its Retry-After, its lease free."""
    later = func.max if connection.dialect.name == "sqlite" else func.greatest
    ready = later(_S.next_poll_at, func.coalesce(_S.retry_not_before, 0), func.coalesce(_S.lease_until, 0))
    first: Micros | None = connection.scalar(select(func.min(ready)).where(and_(_S.next_poll_at.is_not(None))))
    return first
