"""Fixtures: a fresh, migrated database for each test, on SQLite and on PostgreSQL. Must not: hold tests."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.support.postgres import start_server, temporary_database
from watcher.storage.engine import begin, open_engine, writer
from watcher.storage.migrate import upgrade
from watcher.storage.queries import Queries
from watcher.storage.store import SqlStore

_numbers = itertools.count()


@dataclass
class Backend:
    """A migrated database."""

    url: str
    engine: Engine

    def store(self, *channels: str) -> SqlStore:
        return SqlStore(self.engine, channels=channels)

    @property
    def queries(self) -> Queries:
        return Queries(self.engine)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query, for what no read model shows."""
        with begin(self.engine) as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def value(self, sql: str, **values: Any) -> Any:
        return self.rows(sql, **values)[0][0]

    def run(self, sql: str, **values: Any) -> None:
        with begin(writer(self.engine)) as connection:
            connection.execute(text(sql), values)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with our schema, to copy."""
    path = tmp_path_factory.mktemp("template") / "watcher.sqlite3"
    upgrade(str(path))
    return path


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Any:
    return start_server(pytestconfig)


@pytest.fixture(scope="session")
def migrated_database(server: Any) -> Iterator[str]:
    """The name of a PostgreSQL database with our schema, to copy."""
    name = f"template_{os.getpid()}_{next(_numbers)}"
    with temporary_database(server, name) as url:
        upgrade(url)
        yield name


@pytest.fixture
def postgres(server: Any) -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    with temporary_database(server, f"empty_{os.getpid()}_{next(_numbers)}") as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    if request.param == "sqlite":
        path = tmp_path / "watcher.sqlite3"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        yield from _opened(str(path))
        return
    template = request.getfixturevalue("migrated_database")
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with temporary_database(request.getfixturevalue("server"), name, template=template) as url:
        yield from _opened(url)


def _opened(url: str) -> Iterator[Backend]:
    engine = open_engine(url)
    yield Backend(url, engine)
    engine.dispose()
