"""Small tools that every statement here shares: dialect inserts, batches, savepoints. Must not: know a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, StatementError

T = TypeVar("T")
IN_LIST = 10_000
"""Values in one IN list: below SQLite's 32,766 parameters with room for the others."""
BAD_ROW = (IntegrityError, DataError, ProgrammingError, StatementError, ValueError, OverflowError, TypeError)
"""What one bad row looks like; everything about the state of the database comes as a StorageError instead."""

Rows = list[dict[str, Any]]


@cache
def insert_for(dialect: str) -> Callable[[Table], Any]:
    """The dialect's `insert`, which knows ``ON CONFLICT``; the other dialect is not imported."""
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        return sqlite_insert
    from sqlalchemy.dialects.postgresql import insert as postgres_insert

    return postgres_insert


def run(connection: Connection, statement: Executable, rows: Rows) -> None:
    """Execute with a list of rows; without rows nothing is executed."""
    if rows:
        connection.execute(statement, rows)


def fetch(connection: Connection, statement: Executable, rows: Rows) -> Sequence[Any]:
    """Execute with a list of rows and read what is returned."""
    return connection.execute(statement, rows).all() if rows else ()


def chunks(values: Sequence[T], size: int = IN_LIST) -> Iterator[Sequence[T]]:
    """Slices of a sequence, none longer than ``size``."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """A nested unit: an exception inside rolls back to its start and propagates."""
    nested = connection.begin_nested()
    try:
        yield
    except BaseException:
        nested.rollback()
        raise
    nested.commit()
