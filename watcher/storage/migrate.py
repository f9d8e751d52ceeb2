"""Brings a database to the schema of this program, or says why not. Must not: import Alembic unless there is work.

A new SQLite database is made beside its place and moved there when it is whole; a filled one is copied first. Each
upgrade is one transaction, so a kill leaves the old schema or the new one, never half.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from sqlalchemy import Engine

from watcher.core.errors import StorageError
from watcher.core.limits import Limits
from watcher.storage.address import Address, parse_address
from watcher.storage.engine import begin, open_engine, sqlite_engine, writer
from watcher.storage.files import put_in_place
from watcher.storage.lock import WriterLock
from watcher.storage.schema import HEAD, KNOWN, read_version, refuse_newer, schema_version


def upgrade(
    database: str, *, limits: Limits | None = None, stamp: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> str:
    """Make or upgrade a database; returns the schema it had before (empty: it is new). Without work it costs one read.

    Raises:
        DatabaseUnusableError: damaged, foreign or newer.
        StorageError: no room, no right, no server.
    """
    limits = limits or Limits()
    address = parse_address(database)
    if address.path is not None and not address.path.exists():
        _make_new(address.path, limits)
        return ""
    engine = open_engine(database, limits=limits)
    try:
        before = schema_version(engine)
        refuse_newer(before, engine)
        if before != HEAD:
            _save_first(address, before, stamp)
            run_migrations(engine, HEAD)
    finally:
        engine.dispose()
    return before


@contextmanager
def writer_lock(database: str, limits: Limits | None = None) -> Iterator[None]:
    """Hold the writer's lock on a database that has the schema of this program.

    On PostgreSQL workers share the lock; where there is an upgrade to make it is first taken alone, so that no worker of
    the older schema writes meanwhile and no two upgrade at once.

    Raises:
        AlreadyRunningError: another writer (SQLite), or one that an upgrade must not meet (PostgreSQL).
        StorageError: see `upgrade`.
    """
    if parse_address(database).path is None and not _is_current(database, limits):
        with WriterLock(database, alone=True):
            upgrade(database, limits=limits)
    with WriterLock(database):
        if parse_address(database).path is not None:
            upgrade(database, limits=limits)
        yield


def _is_current(database: str, limits: Limits | None) -> bool:
    engine = open_engine(database, limits=limits or Limits())
    try:
        version = schema_version(engine)
        refuse_newer(version, engine)
        return version == HEAD
    finally:
        engine.dispose()


def _make_new(path: Path, limits: Limits) -> None:
    """Build the database under another name and move it when it is whole: no kill leaves an empty file."""
    draft = path.with_name(f"{path.name}.new-{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        engine = sqlite_engine(draft, read_only=False, limits=limits)
        try:
            run_migrations(engine, HEAD)
        finally:
            engine.dispose()
        put_in_place(draft, path)
    except OSError as error:
        raise StorageError(f"{path} cannot be created: {error.strerror} (errno {error.errno})") from error
    finally:
        for leftover in path.parent.glob(f"{draft.name}*"):
            leftover.unlink()


def _save_first(address: Address, version: str, stamp: Callable[[], datetime]) -> None:
    if address.path is None or not version:
        return
    from watcher.storage.backup import backup

    name = f"{address.path.name}.schema-{version}.{stamp():%Y%m%dT%H%M%SZ}"
    # An upgrade that was killed is begun again at once, maybe in the same second: its copy must not be in the way.
    names = (f"{name}{more}.bak" for more in chain([""], (f"-{number}" for number in count(2))))
    backup(str(address.path), next(free for each in names if not (free := address.path.with_name(each)).exists()))


def run_migrations(engine: Engine, target: str) -> None:
    """Run Alembic up to a revision, or down to one, in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    with begin(writer(engine)) as connection:
        config.attributes["connection"] = connection
        current = read_version(connection, engine)
        down = current in KNOWN and target in KNOWN and KNOWN.index(target) < KNOWN.index(current)
        (command.downgrade if down or target == "base" else command.upgrade)(config, target)


def check(database: str, *, limits: Limits | None = None) -> tuple[str, ...]:
    """What is wrong with a database: damage, broken references, a schema that is not this program's. Empty: nothing.

    Raises:
        DatabaseUnusableError: so damaged, foreign or new that no check can run.
        StorageError: it cannot be read.
    """
    address = parse_address(database)
    engine = open_engine(database, read_only=True, limits=limits)
    try:
        version = schema_version(engine)
        refuse_newer(version, engine)
        problems = (
            [] if version == HEAD else [f"schema {version or 'none'} instead of {HEAD}: run `watcher db upgrade`"]
        )
        if address.path is not None:
            from watcher.storage.backup import full_check

            problems += full_check(address.path)
        if version == HEAD:
            problems += _schema_differences(engine)
    finally:
        engine.dispose()
    return tuple(problems)


def _schema_differences(engine: Engine) -> list[str]:
    """How tables, columns and indexes differ from what the program expects; by hand somebody may have changed them."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from watcher.storage.all_tables import metadata

    with begin(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_described})
        return [f"schema differs: {_said(difference)}" for difference in compare_metadata(context, metadata)]


def is_described(name: str | None, kind: str, _parents: object) -> bool:
    """False for the search index: each database has it in its own way (FTS5 keeps five tables for it)."""
    return kind != "table" or not (name or "").startswith("search_words")


def _said(difference: object) -> str:
    parts = difference[0] if isinstance(difference, list) else difference
    if not isinstance(parts, tuple):
        return str(parts)
    return " ".join(str(getattr(part, "name", None) or part) for part in parts if part is not None)[:200]


def migrations_folder() -> Path:
    """Where the migrations are: in the source tree, or where the wheel puts them.

    Raises:
        StorageError: in neither; the installation is broken.
    """
    package = Path(__file__).parent.parent
    for folder in (package / "_db" / "migrations", package.parent / "db" / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise StorageError("the migrations are missing", hint="install watcher again")
