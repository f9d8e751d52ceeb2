"""Migrations: up, down, as the tables say, safely, and only where there is work."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.support.backends import Backend
from tests.support.polls import T0, document, source
from watcher.core.errors import AlreadyRunningError, StorageError
from watcher.storage.all_tables import metadata
from watcher.storage.engine import APPLICATION_ID, begin, open_engine
from watcher.storage.files import put_in_place
from watcher.storage.lock import WriterLock
from watcher.storage.migrate import check, is_described, migrations_folder, run_migrations, upgrade, writer_lock
from watcher.storage.schema import HEAD, KNOWN, schema_version
from watcher.storage.store import SqlStore


def test_the_migrations_make_what_the_tables_say(backend: Backend) -> None:
    with begin(backend.engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_described})
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_migration() -> None:
    numbers = sorted(path.name.partition("_")[0] for path in (migrations_folder() / "versions").glob("[0-9]*.py"))
    assert tuple(numbers) == KNOWN
    assert numbers[-1] == HEAD


def test_migrations_import_nothing_of_ours() -> None:
    for path in migrations_folder().rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.startswith(("import watcher", "from watcher"))], path


def test_down_and_up_again(backend: Backend) -> None:
    run_migrations(backend.engine, "base")
    with begin(backend.engine) as connection:
        tables = set(_names(connection))
    assert tables == {"alembic_version"}
    run_migrations(backend.engine, HEAD)
    assert check(backend.url) == ()


def _names(connection) -> list[str]:
    from sqlalchemy import inspect

    return inspect(connection).get_table_names()


def test_an_upgrade_without_work_imports_no_alembic(tmp_path: Path, migrated_file: Path) -> None:
    path = tmp_path / "x.sqlite3"
    shutil.copy(migrated_file, path)
    script = (
        "import sys; from watcher.storage.migrate import upgrade; "
        "from watcher.storage.schema import HEAD; "
        "assert upgrade(sys.argv[1]) == HEAD; assert 'alembic' not in sys.modules, 'alembic'; "
        "from watcher.storage.queries import Queries; from watcher.storage.store import SqlStore; "
        "assert not {'psycopg', 'sqlalchemy.dialects.postgresql', 'sqlalchemy.orm'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=60)


def test_a_new_database_leaves_nothing_beside_it(tmp_path: Path) -> None:
    assert upgrade(str(tmp_path / "x.sqlite3")) == ""
    assert [path.name for path in tmp_path.iterdir()] == ["x.sqlite3"]
    assert upgrade(str(tmp_path / "x.sqlite3")) == HEAD


def test_of_two_that_make_a_database_one_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.sqlite3"
    from watcher.storage import migrate

    real = migrate.run_migrations

    def somebody_is_faster(engine, target) -> None:
        real(engine, target)
        path.write_bytes(b"theirs")

    monkeypatch.setattr(migrate, "run_migrations", somebody_is_faster)
    with pytest.raises(StorageError, match="File exists"):
        upgrade(str(path))
    assert path.read_bytes() == b"theirs"
    assert [found.name for found in tmp_path.iterdir()] == ["x.sqlite3"]


def test_a_filled_database_is_copied_before_an_upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.sqlite3"
    upgrade(str(path))
    engine = open_engine(str(path))
    SqlStore(engine).save_watchlist(document(source("a")), b"", T0)
    engine.dispose()
    from watcher.storage import migrate, schema

    monkeypatch.setattr(migrate, "HEAD", "9999")
    monkeypatch.setattr(schema, "KNOWN", (HEAD, "9999"))
    monkeypatch.setattr(migrate, "run_migrations", lambda engine, target: None)
    assert upgrade(str(path), stamp=lambda: datetime(2026, 9, 5, 6, 7, 8, tzinfo=UTC)) == HEAD
    copy = tmp_path / f"x.sqlite3.schema-{HEAD}.20260905T060708Z.bak"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT name FROM sources").fetchall() == [("a",)]


def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_args: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "x.sqlite3"
    assert upgrade(str(path)) == ""
    assert [found.name for found in tmp_path.iterdir()] == ["x.sqlite3"]
    with pytest.raises(FileExistsError):
        put_in_place(tmp_path / "draft", path)


@pytest.mark.postgres
def test_an_empty_postgres_database(postgres: str) -> None:
    assert upgrade(postgres) == ""
    assert upgrade(postgres) == HEAD
    assert check(postgres) == ()


def test_check_finds_what_is_wrong(tmp_path: Path, migrated_file: Path) -> None:
    path = tmp_path / "x.sqlite3"
    shutil.copy(migrated_file, path)
    assert check(str(path)) == ()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX ix_sources_next_poll_at")
        connection.execute("ALTER TABLE meta ADD COLUMN extra TEXT")
        connection.execute("INSERT INTO source_items (source_id, digest, first_seen) VALUES (7, x'00', 1)")
        connection.commit()
    broken, *differences = check(str(path))
    assert broken.startswith("source_items")
    assert sorted(word in " ".join(differences) for word in ("ix_sources_next_poll_at", "extra")) == [True, True]
    assert len(differences) == 2


def test_check_of_an_older_schema_says_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.commit()
    (problem,) = check(str(path))
    assert "watcher db upgrade" in problem


def test_missing_migrations_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from watcher.storage import migrate

    monkeypatch.setattr(migrate, "__file__", str(tmp_path / "a" / "b" / "c.py"))
    with pytest.raises(StorageError, match="migrations are missing"):
        migrations_folder()


def test_schema_version_of_an_empty_postgres_or_file(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=1")
    engine = open_engine(str(path))
    assert schema_version(engine) == ""
    engine.dispose()


def test_a_postgres_database_is_upgraded_by_one_alone_and_then_shared(postgres: str) -> None:
    with writer_lock(postgres):
        engine = open_engine(postgres)
        assert schema_version(engine) == HEAD
        engine.dispose()
        with writer_lock(postgres):
            pass


def test_no_upgrade_while_a_worker_of_the_older_schema_works(postgres: str) -> None:
    with WriterLock(postgres), pytest.raises(AlreadyRunningError, match="another watcher works"), writer_lock(postgres):
        pass
    engine = open_engine(postgres)
    assert not schema_version(engine)
    engine.dispose()


def test_a_sqlite_database_is_upgraded_under_its_lock(tmp_path: Path) -> None:
    path = str(tmp_path / "w.sqlite3")
    with writer_lock(path), pytest.raises(AlreadyRunningError), writer_lock(path):
        pass
    assert (tmp_path / "w.sqlite3").exists()
