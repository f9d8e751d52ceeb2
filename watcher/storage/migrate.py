"""Brings a database to the schema of this program, or says why not. Must not: import Alembic unless there is work.

A new SQLite database is made beside its place and moved there when it is whole; a filled one is copied first. Each
upgrade is one transaction, so a kill leaves the old schema or the new one, never half.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from watcher.core.errors import StorageError
from watcher.core.limits import Limits
from watcher.storage.address import Address, parse_address
from watcher.storage.engine import begin, open_engine, sqlite_engine, writer
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
        os.link(draft, path)  # unlike a rename it fails where somebody was faster
    except OSError as error:
        raise StorageError(f"{path} cannot be created: {error.strerror} (errno {error.errno})") from error
    finally:
        for leftover in path.parent.glob(f"{draft.name}*"):
            leftover.unlink()


def _save_first(address: Address, version: str, stamp: Callable[[], datetime]) -> None:
    if address.path is None or not version:
        return
    from watcher.storage.backup import backup

    moment = stamp().strftime("%Y%m%dT%H%M%SZ")
    backup(str(address.path), address.path.with_name(f"{address.path.name}.schema-{version}.{moment}.bak"))


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
