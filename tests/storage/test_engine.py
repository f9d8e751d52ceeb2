"""Opening a database: pragmas, permissions, addresses, and what errors of the driver mean."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.support.backends import Backend
from watcher.core.errors import DatabaseBusyError, DatabaseUnusableError, StorageError, UsageProblem
from watcher.core.limits import Limits
from watcher.storage.address import parse_address
from watcher.storage.engine import begin, open_engine, writer
from watcher.storage.faults import ConnectionLostError, translate
from watcher.storage.migrate import upgrade


@pytest.mark.parametrize(
    ("given", "path", "shown"),
    [
        ("db/x.sqlite3", "db/x.sqlite3", "db/x.sqlite3"),
        ("sqlite:///db/x%20y.sqlite3", "db/x y.sqlite3", "db/x y.sqlite3"),
        ("sqlite:////abs/x.sqlite3?cache=1", "/abs/x.sqlite3", "/abs/x.sqlite3"),
        ("postgresql://user:secret@host/name", None, "postgresql+psycopg://host/name"),
        ("postgres://host/name", None, "postgresql+psycopg://host/name"),
    ],
)
def test_addresses(given: str, path: str | None, shown: str) -> None:
    address = parse_address(given)
    assert (str(address.path) if address.path else None, address.shown) == (path, shown)


@pytest.mark.parametrize("given", ["sqlite://", "sqlite:///:memory:", "mysql://host/name"])
def test_addresses_that_cannot_be(given: str) -> None:
    with pytest.raises(UsageProblem):
        parse_address(given)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "new folder" / "watcher.sqlite3"
    upgrade(str(path))
    return path


def test_pragmas_of_every_connection(path: Path) -> None:
    engine = open_engine(str(path), limits=Limits(busy_s=3.5))
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "journal_size_limit", "trusted_schema")
    with begin(engine) as one, begin(engine) as two:
        for connection in (one, two):
            found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
            assert found == ["wal", 1, 1, 3500, 64 * 1024 * 1024, 0]
    engine.dispose()


def test_files_are_private(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_readers_cannot_write(path: Path) -> None:
    engine = open_engine(str(path), read_only=True)
    with pytest.raises(StorageError, match="EROFS"), begin(engine) as connection:
        connection.execute(text("DELETE FROM meta"))
    engine.dispose()


@pytest.mark.postgres
def test_readers_cannot_write_on_postgres(server, migrated_database) -> None:
    from tests.support.postgres import url_of

    engine = open_engine(url_of(server, migrated_database), read_only=True)
    with pytest.raises(DBAPIError, match="read-only"), begin(engine) as connection:
        connection.execute(text("DELETE FROM meta"))
    engine.dispose()


def test_no_database_is_made_by_opening_one(tmp_path: Path) -> None:
    for read_only in (True, False):
        with pytest.raises(UsageProblem, match="no database at"):
            open_engine(str(tmp_path / "none.sqlite3"), read_only=read_only)
    assert list(tmp_path.iterdir()) == []


def test_a_path_with_odd_characters(tmp_path: Path) -> None:
    path = tmp_path / "a?b #c%20d ё.sqlite3"
    upgrade(str(path))
    assert path.is_file()


def test_a_bad_row_is_no_storage_error(backend: Backend) -> None:
    with pytest.raises(IntegrityError):
        backend.run("INSERT INTO meta (name, value) VALUES ('x', NULL)")


def test_a_database_without_tables_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=1")
    engine = open_engine(str(path))
    with pytest.raises(StorageError) as caught, begin(engine) as connection:
        connection.execute(text("SELECT * FROM hits"))
    assert "watcher db upgrade" in caught.value.hint
    engine.dispose()


@pytest.mark.postgres
def test_a_postgres_database_without_tables_says_what_to_do(postgres: str) -> None:
    engine = open_engine(postgres)
    with pytest.raises(StorageError) as caught, begin(engine) as connection:
        connection.execute(text("SELECT * FROM hits"))
    assert "watcher db upgrade" in caught.value.hint
    engine.dispose()


@pytest.mark.postgres
def test_no_server_is_a_lost_connection() -> None:
    engine = open_engine("postgresql://127.0.0.1:9/none", limits=Limits(connect_s=1))
    with pytest.raises(ConnectionLostError) as caught, begin(engine):
        pass
    assert "secret" not in str(caught.value)
    engine.dispose()


def sqlite_error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("words")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("SQLITE_BUSY_SNAPSHOT", DatabaseBusyError, 1),
        ("SQLITE_CORRUPT_INDEX", DatabaseUnusableError, 4),
        ("SQLITE_NOTADB", DatabaseUnusableError, 4),
        ("SQLITE_FULL", StorageError, 1),
        ("SQLITE_READONLY_DIRECTORY", StorageError, 1),
        ("SQLITE_CANTOPEN", StorageError, 1),
        ("SQLITE_IOERR_WRITE", StorageError, 1),
    ],
)
def test_what_sqlite_errors_mean(name: str, kind: type[StorageError], code: int) -> None:
    error = translate(sqlite_error(name), "place")
    assert type(error) is kind
    assert error.exit_code == code
    assert "place" in error.message
    assert error.hint


@pytest.mark.parametrize("error", [sqlite_error("SQLITE_ERROR"), sqlite3.IntegrityError("x"), ValueError("x"), None])
def test_bugs_and_bad_rows_are_not_translated(error: Exception) -> None:
    assert translate(error, "place") is None


def test_a_write_transaction_that_cannot_begin_leaves_the_connection_usable(path: Path) -> None:
    engine = open_engine(str(path), limits=Limits(busy_s=0.01))
    begun: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: begun.append(args[2]))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusyError), begin(writer(engine)):
            pass
        assert begun == ["BEGIN IMMEDIATE"] * 3
        other.execute("ROLLBACK")
    with begin(writer(engine)) as connection:
        connection.execute(text("INSERT INTO meta (name, value) VALUES ('a', 'b')"))
    engine.dispose()


@pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/proc/mounts").exists(), reason="a read-only folder binds only others than root"
)
def test_a_file_in_a_folder_that_is_read_only_is_read_as_it_stands(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    engine = open_engine(str(path), read_only=True)
    with begin(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM hits")).scalar() == 0
    assert not path.with_name(path.name + "-shm").exists()
    engine.dispose()
