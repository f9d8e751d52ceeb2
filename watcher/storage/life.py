"""Signs of life of daemons, and leases that a dead one left. Must not: end or start a process.

A lease that ended unreleased was held by a process that died, unless that process lived on (it lost the database, not its
life): then its span has a beat late in the lease, or an orderly end. Whatever was being polled at a death is suspected;
suspects are polled one at a time, so the next death names one, and that one is put aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Row, bindparam, func, select, update

from watcher.core.health import DEATHS_TO_QUARANTINE
from watcher.core.model import SECOND, Micros, SourceHealth
from watcher.storage.desired import open_states
from watcher.storage.sqltools import read, run
from watcher.storage.tables import daemon_spans, sources

_S, _D = sources.c, daemon_spans.c
# A living daemon beats once a minute; a lease is three times as long as a poll may take.
BEAT_TOLERANCE: Micros = 90 * SECOND
# What a source is put aside for, in intervals: as cadence does for bodies that end their child.
QUARANTINE_INTERVALS = 4


@dataclass(frozen=True, slots=True)
class Crashed:
    """A source that was being polled when its process died; ``crashes`` in a row."""

    source: str
    crashes: int
    quarantined: bool


def begin_span(connection: Connection, owner: str, now: Micros) -> int:
    """A daemon starts; returns the number of its span."""
    made = connection.execute(daemon_spans.insert().values(owner=owner, started_at=now, beat_at=now).returning(_D.id))
    return int(made.scalar_one())


def beat(connection: Connection, span_id: int, now: Micros, *, ended: bool = False) -> None:
    """It lives; or ends in order."""
    values: dict[str, Any] = {"beat_at": now, **({"ended_at": now} if ended else {})}
    connection.execute(update(daemon_spans).where(_D.id == span_id).values(values))


def sweep_leases(connection: Connection, owner: str, now: Micros, *, alone: bool = False) -> list[Crashed]:
    """Take back the leases of the dead, and suspect what they were polling.

    With ``alone`` no other process can be alive (the writer's lock of a SQLite file is ours): also leases that still run.
    """
    left = read(connection, _left_behind(alone=alone, dialect=connection.dialect.name), now=now, owner=owner)
    if not left:
        return []
    alive = _alive(connection, left, alone=alone)
    free = [row for row in left if row.id in alive]
    run(connection, _FREE, [{"source": row.id} for row in free])
    return [_suspect(connection, row, now) for row in left if row.id not in alive]


@cache
def _left_behind(*, alone: bool, dialect: str) -> Executable:
    held = _S.lease_until.is_not(None) if alone else _S.lease_until <= bindparam("now")
    columns = (_S.id, _S.name, _S.crashes, _S.interval_s, _S.health, _S.enabled, _S.lease_owner, _S.lease_until)
    statement = (
        select(*columns).where(held, _S.lease_owner != bindparam("owner", type_=_S.lease_owner.type)).order_by(_S.id)
    )
    if not alone:
        # What is leased has been due all the time: this keeps the look-up on the index of due sources.
        statement = statement.where(_S.next_poll_at <= bindparam("now"))
    return statement if dialect == "sqlite" else statement.with_for_update(skip_locked=True)


def _alive(connection: Connection, rows: Sequence[Row[Any]], *, alone: bool) -> set[int]:
    """Sources whose holder did not die while it held them."""
    owners = sorted({row.lease_owner for row in rows})
    spans = {row.owner: row for row in connection.execute(select(daemon_spans).where(_D.owner.in_(owners)))}
    return {
        row.id
        for row in rows
        if (span := spans.get(row.lease_owner)) is not None
        and (span.ended_at is not None or (not alone and span.beat_at >= row.lease_until - BEAT_TOLERANCE))
    }


def _suspect(connection: Connection, row: Row[Any], now: Micros) -> Crashed:
    crashes = row.crashes + 1
    is_out = crashes >= DEATHS_TO_QUARANTINE
    run(connection, _SUSPECT, [{"source": row.id, "deaths": crashes}])
    if is_out and row.enabled:
        reason = f"the process died {crashes} times in a row while this source was read"
        again = now + round(QUARANTINE_INTERVALS * row.interval_s * SECOND)
        values = {"health": SourceHealth.QUARANTINED.value, "health_reason": reason, "next_poll_at": again}
        if row.health != SourceHealth.QUARANTINED.value:
            values["health_since"] = now
            open_states(
                connection,
                [{"source_id": row.id, "health": SourceHealth.QUARANTINED.value, "since": now, "reason": reason}],
            )
        connection.execute(update(sources).where(_S.id == row.id).values(values))
    return Crashed(row.name, crashes, is_out)


_FREE = update(sources).where(_S.id == bindparam("source")).values(lease_owner=None, lease_until=None)
_SUSPECT = (
    update(sources)
    .where(_S.id == bindparam("source"))
    .values(lease_owner=None, lease_until=None, crashes=bindparam("deaths"))
)


def is_silent(connection: Connection, now: Micros) -> tuple[bool, Micros | None]:
    """Was no source read for twice its own interval; and when one last was."""
    polled = (_S.enabled, _S.next_poll_at.is_not(None), _S.last_poll_at.is_not(None))
    recent = select(func.count()).where(*polled, _S.last_ok_at + 2 * SECOND * _S.interval_s >= now)
    newest: Micros | None = connection.scalar(select(func.max(_S.last_ok_at)))
    watched = connection.scalar(select(func.count()).where(*polled))
    return bool(watched) and not connection.scalar(recent), newest
