"""Messages owed to channels: claim, sent, failed, dead. Must not: send anything, or lose a row.

At least once: a message stays owed until the channel took it; who claims it holds a lease, and after that anybody may.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, update

from watcher.core.intents import Notice, OwedAlert
from watcher.core.model import SECOND, Micros
from watcher.storage.sqltools import fetch, insert_for, run
from watcher.storage.tables import outbox

_O = outbox.c


def claim_alerts(
    connection: Connection, owner: str, now: Micros, *, channel: str, limit: int, lease_s: float
) -> list[OwedAlert]:
    """Take what is owed to a channel now, oldest first, under a lease; counts the attempt."""
    due = (
        select(_O.id)
        .where(_O.channel == channel, _O.next_attempt_at <= now, or_(_O.lease_until.is_(None), _O.lease_until <= now))
        .order_by(_O.next_attempt_at, _O.id)
        .limit(limit)
    )
    if connection.dialect.name != "sqlite":
        due = due.with_for_update(skip_locked=True)
    taken = connection.execute(
        update(outbox)
        .where(_O.id.in_(due.scalar_subquery()))
        .values(lease_owner=owner, lease_until=now + int(lease_s * SECOND), attempts=_O.attempts + 1)
        .returning(_O.id, _O.channel, _O.key, _O.kind, _O.payload, _O.created_at, _O.attempts)
    )
    return [OwedAlert(*row) for row in sorted(taken, key=lambda row: row.id)]


def mark_sent(connection: Connection, alert_ids: Sequence[int], now: Micros) -> None:
    """The channel took them."""
    run(connection, _SENT, [{"alert": alert_id, "at": now} for alert_id in alert_ids])


def mark_failed(
    connection: Connection,
    alert_ids: Sequence[int],
    now: Micros,
    error: str,
    *,
    retry_at: Micros,
    permanent: bool = False,
) -> None:
    """The channel did not: owed again from ``retry_at``, or given up where trying again cannot help."""
    row = {"at": now if permanent else None, "error": error[:500], "retry": None if permanent else retry_at}
    run(connection, _FAILED, [{"alert": alert_id, **row} for alert_id in alert_ids])


def release_alerts(connection: Connection, alert_ids: Sequence[int]) -> None:
    """Give them back untried (at stop): the attempt does not count."""
    run(connection, _RELEASED, [{"alert": alert_id} for alert_id in alert_ids])


def suppress_older(connection: Connection, before: Micros, now: Micros) -> int:
    """Take back what is owed since before a time, unsent: too old to help, or owed by a restored copy."""
    owed = (_O.next_attempt_at.is_not(None), _O.created_at < before)
    taken_back = {"suppressed_at": now, "next_attempt_at": None, "lease_owner": None, "lease_until": None}
    return connection.execute(update(outbox).where(*owed).values(taken_back)).rowcount


def owe(connection: Connection, rows: Sequence[dict[str, Any]], now: Micros) -> int:
    """Owe messages that are no hits (``channel, key, kind, payload``); one that is owed already stays one."""
    full = [{"hit_id": None, "created_at": now, "next_attempt_at": now, **row} for row in rows]
    statement = insert_for(connection.dialect.name)(outbox).on_conflict_do_nothing().returning(_O.id)
    return len(fetch(connection, statement, full))


def owe_notices(connection: Connection, notices: Sequence[Notice], channels: Sequence[str], now: Micros) -> int:
    """Owe messages about ourselves to every channel; returns how many were not owed before."""
    if not notices or not channels:
        return 0
    rows = [
        {"channel": channel, "key": notice.key, "kind": "health", "payload": dict(notice.payload)}
        for channel in channels
        for notice in notices
    ]
    return owe(connection, rows, now)


def open_notice(connection: Connection, begins: str, ends: str) -> str:
    """The rest of the key of the newest message that begins with ``begins``, where none tells that it is over."""
    keys = select(_O.key).where(_O.kind == "health", _O.key.startswith(begins)).order_by(_O.id.desc()).limit(1)
    newest = connection.scalar(keys)
    if newest is None:
        return ""
    rest = newest.removeprefix(begins)
    is_over = connection.scalar(select(_O.id).where(_O.key == ends + rest).limit(1))
    return "" if is_over is not None else rest


def revive(connection: Connection, alert_ids: Sequence[int], now: Micros) -> None:
    """Owe dead letters again."""
    run(connection, _REVIVED, [{"alert": alert_id, "at": now} for alert_id in alert_ids])


def next_alert_at(connection: Connection, channel: str) -> Micros | None:
    """When the next message of a channel is to be tried, or None."""
    later = func.max if connection.dialect.name == "sqlite" else func.greatest
    ready = later(_O.next_attempt_at, func.coalesce(_O.lease_until, 0))
    first: Micros | None = connection.scalar(
        select(func.min(ready)).where(_O.channel == channel, _O.next_attempt_at.is_not(None))
    )
    return first


_FREE = {"lease_owner": None, "lease_until": None}
_ONE = update(outbox).where(_O.id == bindparam("alert"))
_SENT = _ONE.values(sent_at=bindparam("at"), next_attempt_at=None, **_FREE)
_FAILED = _ONE.where(_O.sent_at.is_(None)).values(
    dead_at=bindparam("at"), last_error=bindparam("error"), next_attempt_at=bindparam("retry"), **_FREE
)
_RELEASED = _ONE.where(_O.lease_until.is_not(None), _O.sent_at.is_(None)).values(attempts=_O.attempts - 1, **_FREE)
_REVIVED = _ONE.where(_O.dead_at.is_not(None)).values(dead_at=None, attempts=0, next_attempt_at=bindparam("at"))
