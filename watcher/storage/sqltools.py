"""Small tools that every statement here shares: dialect inserts, batches, savepoints. Must not: know a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, CursorResult, Dialect, Executable, Table, bindparam
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, StatementError
from sqlalchemy.types import TypeEngine

from watcher.core.errors import StorageError

T = TypeVar("T")
IN_LIST = 10_000
"""Values in one IN list: below SQLite's 32,766 parameters with room for the others."""
MOST_VALUES = 8_000
"""Values in one INSERT: many rows, and a statement that is still quickly prepared."""
BAD_ROW = (StatementError, ValueError, OverflowError, TypeError)
"""What one bad row can look like; `is_bad_row` tells it from what else comes under these names."""

Rows = list[dict[str, Any]]


@cache
def insert_for(dialect: str) -> Callable[[Table], Any]:
    """The dialect's `insert`, which knows ``ON CONFLICT``; the other dialect is not imported."""
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        return sqlite_insert
    from sqlalchemy.dialects.postgresql import insert as postgres_insert

    return postgres_insert


class Column:
    """What a column's type does to values on their way to the driver."""

    def __init__(self, kind: TypeEngine[Any], dialect: Dialect) -> None:
        self._check = kind.dialect_impl(dialect).bind_processor(dialect)
        self._is_clean: Callable[[Sequence[Any]], bool] | None = getattr(kind, "is_clean", None)

    def one(self, value: Any) -> Any:
        """A value, checked."""
        return value if self._check is None else self._check(value)

    def all(self, values: Sequence[Any]) -> Iterable[Any]:
        """The values of many rows, checked: all at once where the type can say that there is nothing to do."""
        if self._check is None or (self._is_clean is not None and self._is_clean(values)):
            return values
        return map(self._check, values)


class Prepared:
    """A statement for many rows: compiled once, its values checked by the column types, handed to the driver as they are.

    Core's own way does the same for each row anew, at several times the price of the insert itself.
    """

    def __init__(self, statement: Executable, dialect: Dialect, columns: Sequence[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(columns))  # type: ignore[attr-defined]
        checks = {name: Column(bind.type, dialect) for bind, name in compiled.bind_names.items()}
        names = compiled.positiontup or list(checks)
        self._sql = str(compiled)
        self._is_positional = compiled.positiontup is not None
        self._plan = tuple((name, compiled.params[name], checks[name]) for name in names)

    def one(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute once; what is read comes as the driver gives it: no JSON is loaded, no flag made a bool."""
        checked = [column.one(values.get(name, default)) for name, default, column in self._plan]
        if self._is_positional:
            return connection.exec_driver_sql(self._sql, tuple(checked))
        return connection.exec_driver_sql(
            self._sql, {part[0]: value for part, value in zip(self._plan, checked, strict=True)}
        )

    def run(self, connection: Connection, rows: Rows) -> None:
        """Execute for every row; all rows have the same columns."""
        values: Any = zip(*(self._values(rows, *part) for part in self._plan), strict=True)
        if not self._is_positional:
            names = [name for name, _, _ in self._plan]
            values = (dict(zip(names, row, strict=True)) for row in values)
        connection.exec_driver_sql(self._sql, list(values))

    @staticmethod
    def _values(rows: Rows, name: str, default: Any, column: Column) -> Iterable[Any]:
        return column.all([row[name] for row in rows] if name in rows[0] else [default] * len(rows))


_prepared: dict[tuple[Executable, str, tuple[str, ...]], Prepared] = {}


def run(connection: Connection, statement: Executable, rows: Rows) -> None:
    """Execute a statement that lives as long as the program (it is compiled once) for rows with the same columns."""
    if rows:
        _ready(connection, statement, rows[0]).run(connection, rows)


def read(connection: Connection, statement: Executable, **values: Any) -> Sequence[Any]:
    """Execute such a statement once and read all rows, as the driver gives them."""
    return _ready(connection, statement, values).one(connection, values).all()


Listed = Sequence[BindParameter[Any]]


def read_in(
    connection: Connection, statement_of: Callable[[Listed], Executable], values: Sequence[Any]
) -> Sequence[Any]:
    """`read` for a statement with one list of values, in parts; ``statement_of`` makes it for places of so many values."""
    rows: list[Any] = []
    for part in chunks(values):
        # Filled up to a power of two with the last, so that few statements have to be compiled.
        count = 1 << (len(part) - 1).bit_length()
        names = [f"value_{place}" for place in range(count)]
        full = [*part, *[part[-1]] * (count - len(part))]
        rows += read(connection, _listed(statement_of, count), **dict(zip(names, full, strict=True)))
    return rows


@cache
def _listed(statement_of: Callable[[Listed], Executable], count: int) -> Executable:
    return statement_of([bindparam(f"value_{place}") for place in range(count)])


def _ready(connection: Connection, statement: Executable, columns: Iterable[str]) -> Prepared:
    dialect = connection.dialect
    key = (statement, dialect.name, tuple(columns))
    if key not in _prepared:
        _prepared[key] = Prepared(statement, dialect, key[2])
    return _prepared[key]


@cache
def add(table: Table) -> Executable:
    """A plain insert."""
    return table.insert()


@cache
def add_new(table: Table, dialect: str) -> Executable:
    """An insert that leaves out what is there already."""
    statement: Executable = insert_for(dialect)(table).on_conflict_do_nothing()
    return statement


@cache
def put(table: Table, dialect: str, keys: tuple[str, ...], changed: tuple[str, ...]) -> Executable:
    """An insert that, where the keys are there already, changes the named columns instead."""
    statement = insert_for(dialect)(table)
    new = {name: getattr(statement.excluded, name) for name in changed}
    done: Executable = statement.on_conflict_do_update(index_elements=list(keys), set_=new)
    return done


def insert(
    connection: Connection, table: Table, rows: Rows, *, returning: tuple[str, ...], ignore: bool = False
) -> Sequence[Any]:
    """Insert rows with the same columns, many in one statement, and read what the database made of them, in no order.

    With ``ignore`` what is there already is left out, and not returned.
    """
    if not rows:
        return ()
    names = tuple(rows[0])
    columns = _columns(table, connection.dialect, names)
    checked = [column.all([row[name] for row in rows]) for name, column in zip(names, columns, strict=True)]
    values = list(zip(*checked, strict=True))
    made: list[Any] = []
    for start, count in _powers(len(values), MOST_VALUES // len(names)):
        sql = _insert_sql(table, names, count, returning, connection.dialect.paramstyle == "qmark", ignore)
        flat = tuple(chain.from_iterable(values[start : start + count]))
        made += connection.exec_driver_sql(sql, flat).all()
    return made


def _powers(total: int, most: int) -> Iterator[tuple[int, int]]:
    """Where parts begin, and their sizes: powers of two, so that few statements have to be prepared."""
    start, size = 0, 1 << (most.bit_length() - 1)
    while start < total:
        while size > total - start:
            size //= 2
        yield start, size
        start += size


_found: dict[tuple[Table, str, tuple[str, ...]], tuple[Column, ...]] = {}


def _columns(table: Table, dialect: Dialect, names: tuple[str, ...]) -> tuple[Column, ...]:
    key = (table, dialect.name, names)
    if key not in _found:
        _found[key] = tuple(Column(table.c[name].type, dialect) for name in names)
    return _found[key]


@cache
def _insert_sql(
    table: Table,
    names: tuple[str, ...],
    count: int,
    returning: tuple[str, ...],
    is_qmark: bool,
    ignore: bool,
) -> str:
    one = f"({','.join(['?' if is_qmark else '%s'] * len(names))})"
    columns = ", ".join(f'"{name}"' for name in names)
    conflict = " ON CONFLICT DO NOTHING" if ignore else ""
    answer = ", ".join(f'"{name}"' for name in returning)
    values = ",".join([one] * count)
    # Nothing but names of our own tables.
    return f'INSERT INTO "{table.name}" ({columns}) VALUES {values}{conflict} RETURNING {answer}'  # noqa: S608


def fetch(connection: Connection, statement: Executable, rows: Rows) -> Sequence[Any]:
    """Execute with a list of rows and read what is returned."""
    return connection.execute(statement, rows).all() if rows else ()


def chunks(values: Sequence[T], size: int = IN_LIST) -> Iterator[Sequence[T]]:
    """Slices of a sequence, none longer than ``size``."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def is_bad_row(error: BaseException) -> bool:
    """Is the row to blame (so that the others can be stored), and not the state of the database?"""
    if not isinstance(error, DBAPIError):
        return isinstance(error, BAD_ROW)
    # 54: PostgreSQL's limits, such as the size of an index row.
    is_too_big = (getattr(error.orig, "sqlstate", None) or "").startswith("54")
    return is_too_big or isinstance(error, IntegrityError | DataError | ProgrammingError)


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """A nested unit: an exception inside rolls back to its start and propagates.

    Where the database has ended the whole transaction by itself (a full disk) there is nothing to roll back to; the
    exception that says so is the one that propagates.
    """
    nested = connection.begin_nested()
    try:
        yield
    except BaseException:
        with suppress(DBAPIError, StorageError):
            nested.rollback()
        raise
    nested.commit()
