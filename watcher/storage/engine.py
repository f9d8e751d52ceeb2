"""Opens a database: pragmas, transactions, permissions, and the mapping of errors. Must not: create tables.

Writers ask for `writer(engine)`: on SQLite their transactions begin with ``BEGIN IMMEDIATE``, so that a read never has
to become a write half-way. Everything else begins deferred. A file that exists and is no database of ours is refused,
never made anew.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import QueuePool

from watcher.core.errors import DatabaseBusyError, DatabaseUnusableError, StorageError, UsageProblem
from watcher.core.limits import Limits
from watcher.storage.address import Address, parse_address
from watcher.storage.faults import translate

SQLITE_MAGIC = b"SQLite format 3\x00"
APPLICATION_ID = 0x57415443  # "WATC", written by the first migration
HEADER_BYTES = 100
LEFT_ALONE = "it is left as it is; name another file, or restore a backup over it"
NAME_A_FILE = "name the file of a database, and see that it may be read: --database FILE"
WAL_LIMIT_BYTES = 64 * 1024 * 1024
CHECKPOINT_PAGES = 4000  # 16 MB: a page that many transactions change goes into the database once for all of them
CACHE_KIB = 16 * 1024  # keys are digests, so every entry touches pages all over its indexes
BEGIN_TRIES = 3
_WRITES = "watcher_writes"


def open_engine(database: str, *, read_only: bool = False, limits: Limits | None = None) -> Engine:
    """An engine for a path or an SQLAlchemy URL. Nothing is opened yet, but a file that cannot be ours is refused.

    Raises:
        UsageProblem: no database there (only the migration makes one), or a kind that is not supported.
        DatabaseUnusableError: the file is empty or no SQLite database.
        StorageError: the file or its folder is not ours to use.
    """
    address = parse_address(database)
    limits = limits or Limits()
    if address.path is not None:
        return _sqlite(address.path, read_only, limits)
    return _postgres(address, read_only, limits)


def writer(engine: Engine) -> Engine:
    """The same engine, for transactions that write."""
    return engine.execution_options(**{_WRITES: True})


@contextmanager
def begin(engine: Engine) -> Iterator[Connection]:
    """A transaction: leaving the context commits, an exception rolls back.

    Raises:
        DatabaseBusyError: another writer held the database for `BEGIN_TRIES` busy timeouts.
    """
    with engine.connect() as connection:
        _begin_patiently(connection)
        try:
            yield connection
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


def trim_log(engine: Engine, above_bytes: int = WAL_LIMIT_BYTES) -> int:
    """Empty the write-ahead log of a SQLite database where it is larger than it should be; returns its bytes after.

    For the writer in a quiet moment. It never waits: while somebody reads an old state the log stays as it is.
    """
    if engine.dialect.name != "sqlite":
        return 0
    log = Path(f"{engine.get_execution_options()['watcher_place']}-wal")
    if _size(log) > above_bytes:
        with closing(engine.raw_connection()) as connection:
            cursor = connection.cursor()
            (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute("PRAGMA busy_timeout=0")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            cursor.execute(f"PRAGMA busy_timeout={patience}")
    return _size(log)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _begin_patiently(connection: Connection) -> None:
    for left in reversed(range(BEGIN_TRIES)):
        try:
            connection.begin()
        except DatabaseBusyError:
            if not left:
                raise
        else:
            return


def check_file(path: Path) -> None:
    """Refuse a file that is no SQLite database, or some other program's; it is only read. No file is fine.

    Raises:
        DatabaseUnusableError: empty, cut, or not ours.
        StorageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror} (errno {error.errno})", hint=NAME_A_FILE
        ) from error
    if not head.startswith(SQLITE_MAGIC):
        what = "is empty" if not head else "is not a SQLite database"
        raise DatabaseUnusableError(f"{path} {what} (header check)", hint=LEFT_ALONE)
    if int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        _refuse_foreign(path)


def _refuse_foreign(path: Path) -> None:
    """A database that does not bear our mark may only be used where it holds nothing yet."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema ORDER BY name LIMIT 3")]
    except sqlite3.Error as error:
        raise translate(error, str(path)) or error from error
    if names:
        what = f"{path} is a database of some other program (it holds {', '.join(names)} …)"
        raise DatabaseUnusableError(what, hint=LEFT_ALONE)


def _sqlite(path: Path, read_only: bool, limits: Limits) -> Engine:
    if not path.exists():
        raise UsageProblem(f"there is no database at {path}", hint="`watcher run` and `watcher db upgrade` make one")
    check_file(path)
    return sqlite_engine(path, read_only=read_only, limits=limits)


def sqlite_engine(path: Path, *, read_only: bool, limits: Limits) -> Engine:
    """An engine on a file that exists, whatever it holds (the migration opens a new, empty one this way)."""

    def connect() -> sqlite3.Connection:
        return _connect_sqlite(path, read_only, limits.busy_s)

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, query_cache_size=1000)

    @event.listens_for(engine, "begin")
    def begin_explicitly(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return _mapped(engine, str(path))


def _mapped(engine: Engine, place: str) -> Engine:
    @event.listens_for(engine, "handle_error")
    def say_what_it_means(context: ExceptionContext) -> None:
        ours = translate(context.sqlalchemy_exception or context.original_exception, place)
        if ours is not None:
            raise ours from context.original_exception

    return engine.execution_options(watcher_place=place)


def _connect_sqlite(path: Path, read_only: bool, busy_s: float) -> sqlite3.Connection:
    mode = "mode=rw"
    if read_only:
        mode = "mode=ro&immutable=1" if _stands_still(path) else "mode=ro"
    uri = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=busy_s, isolation_level=None, check_same_thread=False)
    try:
        _set_pragmas(connection, read_only)
    except BaseException:
        connection.close()
        raise
    return connection


def _stands_still(path: Path) -> bool:
    """True where nobody can be writing: a folder that is read-only, and no write-ahead log in it."""
    return not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()


def _set_pragmas(connection: sqlite3.Connection, read_only: bool) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
        return
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.execute(f"PRAGMA journal_size_limit={WAL_LIMIT_BYTES}")


def _postgres(address: Address, read_only: bool, limits: Limits) -> Engine:
    options = [f"-c lock_timeout={int(limits.busy_s * 1000)}", "-c timezone=UTC"]
    if read_only:
        options.append("-c default_transaction_read_only=on")
    engine = create_engine(
        address.url,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
        connect_args={"connect_timeout": max(1, int(limits.connect_s)), "options": " ".join(options)},
    )
    return _mapped(engine, address.shown)
