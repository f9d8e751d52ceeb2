"""What a database error means to a person: the one place where driver errors become ours. Must not: retry or repair."""

from __future__ import annotations

import errno
import os
import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError

from watcher.core.errors import DatabaseBusyError, DatabaseUnusableError, StorageError, WatcherError

_RESTORE = "keep the file as it is; restore a copy made with `watcher db backup`, or name another database"


def _errno(number: int) -> str:
    return f"{os.strerror(number)} (errno {errno.errorcode[number]})"


DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
# Names that SQLite's error code starts with, what it is to us, and what to do.
_SQLITE: tuple[tuple[tuple[str, ...], type[WatcherError], str, str], ...] = (
    (
        ("SQLITE_BUSY", "SQLITE_LOCKED"),
        DatabaseBusyError,
        "{place} is locked by another program",
        "end the other writer, or try again",
    ),
    (DAMAGED, DatabaseUnusableError, "{place} is damaged: {error}", _RESTORE),
    (
        # The second one: no room for the file of the shared index, which is made when a database is opened.
        ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"),
        StorageError,
        "{place}: " + _errno(errno.ENOSPC),
        "free room on that disk; nothing was changed",
    ),
    (
        ("SQLITE_READONLY",),
        StorageError,
        "{place}: " + _errno(errno.EROFS) + ", or not ours to write",
        "check owner and mount",
    ),
    (
        ("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"),
        StorageError,
        "{place} cannot be opened: {error}",
        "check that the folder is there, and that folder and file are ours",
    ),
    (
        ("SQLITE_IOERR",),
        StorageError,
        "{place}: " + _errno(errno.EIO) + ": {error}",
        "check the disk; nothing was changed",
    ),
)
# PostgreSQL: serialization failure, deadlock, lock not available, statement timeout while waiting.
_PG_BUSY = ("40001", "40P01", "55P03", "57014")
_PG_FULL = ("53100",)
# SQLite's answer to a table that an older file does not have, and PostgreSQL's.
_PG_NO_TABLE = "42P01"


class ConnectionLostError(StorageError):
    """The server went away; a whole transaction may be tried again."""


def translate(error: BaseException, place: str) -> WatcherError | None:
    """Our error for one of the driver's, or None where it is not about the database's state (a bug, a bad row)."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, IntegrityError) or isinstance(original, sqlite3.IntegrityError):
        return None
    if isinstance(original, sqlite3.Error):
        return _from_sqlite(original, place)
    return _from_postgres(original, place)


def _from_sqlite(error: sqlite3.Error, place: str) -> WatcherError | None:
    name = getattr(error, "sqlite_errorname", "") or ""
    for prefixes, kind, message, hint in _SQLITE:
        if name.startswith(prefixes):
            return kind(message.format(place=place, error=error), hint=hint)
    if str(error).startswith("no such table"):
        return StorageError(f"{place} has no tables of watcher: {error}", hint="run `watcher db upgrade`")
    return None


def _from_postgres(error: BaseException | None, place: str) -> WatcherError | None:
    if error is None or not type(error).__module__.startswith("psycopg"):
        return None
    state = getattr(error, "sqlstate", None) or ""
    if state in _PG_BUSY:
        return DatabaseBusyError(f"{place}: {_first_line(error)}", hint="another writer holds the rows; try again")
    if state in _PG_FULL:
        return StorageError(f"{place}: {_errno(errno.ENOSPC)}", hint="free room on the server; nothing was changed")
    if state == _PG_NO_TABLE:
        return StorageError(f"{place} has no tables of watcher", hint="run `watcher db upgrade`")
    # 08: connection; 57P: shut down or crashed; no state at all: the connection broke before an answer.
    if state.startswith(("08", "57P")) or (
        not state and type(error).__name__ in ("OperationalError", "InterfaceError")
    ):
        return ConnectionLostError(f"{place}: {_first_line(error)}", hint="is the server running?")
    return None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
