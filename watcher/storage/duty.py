"""Work that has one owner at a time: its lease and its mark. Must not: know what the work is, or hold a transaction open."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, or_, update

from watcher.core.model import Micros
from watcher.storage.engine import begin, writer
from watcher.storage.sqltools import insert_for
from watcher.storage.tables import duties

_D = duties.c


def take(engine: Engine, name: str, owner: str, now: Micros, until: Micros) -> bool:
    """Take a duty, or keep it, for a while; False where somebody else has it."""
    with begin(writer(engine)) as connection:
        connection.execute(insert_for(connection.dialect.name)(duties).values(name=name).on_conflict_do_nothing())
        free = or_(_D.lease_owner.is_(None), _D.lease_owner == owner, _D.lease_until < now)
        values = {"lease_owner": owner, "lease_until": until, "lease_token": _D.lease_token + 1}
        return bool(connection.execute(update(duties).where(_D.name == name, free).values(values)).rowcount)


def give_back(engine: Engine, name: str, owner: str) -> None:
    """Give a duty back; nothing where it is somebody else's by now."""
    with begin(writer(engine)) as connection:
        mine = update(duties).where(_D.name == name, _D.lease_owner == owner)
        connection.execute(mine.values(lease_owner=None, lease_until=None))


def reach(connection: Connection, name: str, mark: int) -> None:
    """Everything up to this id is done; a mark never goes back."""
    connection.execute(update(duties).where(_D.name == name, _D.watermark < mark).values(watermark=mark))
