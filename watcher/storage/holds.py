"""Hosts that asked to be left alone, kept through a restart. Must not: decide for how long."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from watcher.core.intents import HostHold
from watcher.core.model import Micros
from watcher.storage.sqltools import put, run
from watcher.storage.tables import host_holds

_C = host_holds.c


def keep(connection: Connection, held: Sequence[tuple[HostHold, Micros]]) -> None:
    """Write holds down, each with the time at which it was met; what is over by then is forgotten."""
    if not held:
        return
    longest = {hold.host: hold for hold, _ in sorted(held, key=lambda pair: pair[0].until)}
    rows = [{"host": hold.host, "until": hold.until, "reason": hold.reason} for _, hold in sorted(longest.items())]
    connection.execute(delete(host_holds).where(_C.until <= min(now for _, now in held)))
    run(connection, put(host_holds, connection.dialect.name, ("host",), ("until", "reason")), rows)


def held(connection: Connection, now: Micros) -> list[HostHold]:
    """Hosts that must not be asked yet."""
    rows = connection.execute(select(_C.host, _C.until, _C.reason).where(_C.until > now).order_by(_C.host))
    return [HostHold(*row) for row in rows]
