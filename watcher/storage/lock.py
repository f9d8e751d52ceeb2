"""The writer's lock: one daemon per SQLite file, any number on PostgreSQL. Must not: touch the database's content.

On SQLite a `flock` on ``<database>.lock``; the system gives it back however the process ends. On PostgreSQL leases and
unique keys keep workers apart, so they share an advisory lock that only an upgrade takes alone.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, text

from watcher.core.errors import AlreadyRunningError, StorageError
from watcher.storage.address import Address, parse_address
from watcher.storage.engine import open_engine

ADVISORY_KEY = 0x57415443  # the same number as the application id of a SQLite file


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WriterLock:
    """Context manager: holds the lock, or says who does.

    Args:
        database: path or URL.
        alone: on PostgreSQL, lock out other workers too (an upgrade). SQLite has only one way.
        now: what stands in the file as "since".
    """

    def __init__(self, database: str, *, alone: bool = False, now: Callable[[], datetime] = _utc_now) -> None:
        self._address: Address = parse_address(database)
        self._alone = alone
        self._now = now
        self._file: int | None = None
        self._connection: Connection | None = None
        self._engine: Engine | None = None

    def __enter__(self) -> Self:
        """Take it.

        Raises:
            AlreadyRunningError: somebody else holds it.
        """
        if self._address.path is not None:
            self._file = self._lock_file(self._address.path)
        else:
            self._connection = self._lock_server()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back. The file stays: removing it would let two processes hold two different ones."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            self._close(self._connection)
            self._connection = None

    def _lock_file(self, database: Path) -> int:
        path = database.with_name(database.name + ".lock")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"{path} cannot be opened: {error.strerror} (errno {error.errno})") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(file, 200).decode(errors="replace").split("\n")
            os.close(file)
            raise AlreadyRunningError(
                _running(database, holder), hint="stop it first, or name another database"
            ) from error
        os.truncate(file, 0)
        os.write(
            file, f"{os.getpid()}\n{self._now().strftime('%Y-%m-%d %H:%M:%SZ')}\n{socket.gethostname()}\n".encode()
        )
        return file

    def _lock_server(self) -> Connection:
        self._engine = open_engine(self._address.url)
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        kind = "" if self._alone else "_shared"
        if connection.scalar(text(f"SELECT pg_try_advisory_lock{kind}(:key)"), {"key": ADVISORY_KEY}):
            return connection
        self._close(connection)
        raise AlreadyRunningError(
            f"already running: another watcher works on {self._address.shown}",
            hint="stop the workers before an upgrade, and wait for an upgrade to end",
        )

    def _close(self, connection: Connection) -> None:
        """End the session, and with it the lock: a pooled connection would keep it."""
        connection.invalidate()
        connection.close()
        if self._engine is not None:
            self._engine.dispose()


def _running(database: Path, holder: list[str]) -> str:
    pid, since = (*holder, "", "")[:2]
    return f"already running on {database}, pid {pid or 'unknown'}, since {since or 'unknown'}"
