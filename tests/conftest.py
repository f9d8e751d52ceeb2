"""Fixtures for every layer: a clock that stands, a database that goes away, the shared corpus where there is one."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.corpus import ROOT, corpus_root
from watcher.app.clock import SetClock

START = datetime(2025, 12, 15, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> SetClock:
    """A clock that moves only by hand; it starts on 15 December 2025, noon UTC."""
    return SetClock(int(START.timestamp()) * 1_000_000)


@pytest.fixture
def database(tmp_path: Path) -> str:
    """URL of a SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'watcher.sqlite3'}"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The shared corpus, or a skip that says where it was looked for."""
    found = corpus_root()
    if found is None:
        pytest.skip(f"no corpus: neither WATCHER_CORPUS nor {ROOT.parent.name}/shared holds a folder data")
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What uses the corpus is marked so, whether or not its author thought of it."""
    for item in items:
        if "corpus" in getattr(item, "fixturenames", ()):
            item.add_marker("corpus")


def pytest_configure(config: pytest.Config) -> None:
    """Children of tests must not inherit a person's own database or watchlist."""
    del config
    for name in ("WATCHER_DATABASE", "WATCHER_WATCHLIST"):
        os.environ.pop(name, None)
