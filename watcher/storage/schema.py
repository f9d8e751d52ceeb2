"""Which schema a database has, and whether this program may work on it. Must not: change anything, import Alembic."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text

from watcher.core.errors import DatabaseUnusableError, StorageError
from watcher.storage.engine import begin

HEAD = "0003"
KNOWN = ("0001", "0002", "0003")
"""Every revision this program knows, oldest first; a database at any other one is newer than the program."""
VERSION_TABLE = "alembic_version"


def schema_version(engine: Engine) -> str:
    """The schema that the database has; empty where it has no tables at all.

    Raises:
        DatabaseUnusableError: it has tables, but none that says a version: not ours.
    """
    with begin(engine) as connection:
        return read_version(connection, engine)


def read_version(connection: Connection, engine: Engine) -> str:
    """`schema_version` inside a transaction."""
    names = inspect(connection).get_table_names()
    if VERSION_TABLE in names:
        return connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) or ""  # noqa: S608  # a constant
    if names:
        raise DatabaseUnusableError(
            f"{_shown(engine)} is a database of some other program (tables {', '.join(sorted(names)[:3])} …)",
            hint="it is left as it is; name another database",
        )
    return ""


def _shown(engine: Engine) -> str:
    return str(engine.get_execution_options().get("watcher_place", engine.url.render_as_string()))


def require_current(engine: Engine) -> None:
    """Make sure that the database has the schema of this program; for commands that only read.

    Raises:
        DatabaseUnusableError: a newer watcher wrote it.
        StorageError: it has to be upgraded first.
    """
    version = schema_version(engine)
    refuse_newer(version, engine)
    if version != HEAD:
        raise StorageError(
            f"{_shown(engine)} has schema {version or 'none'}, this program needs {HEAD}",
            hint="run `watcher db upgrade`",
        )


def refuse_newer(version: str, engine: Engine) -> None:
    """Raise DatabaseUnusableError for a schema that this program does not know."""
    if version and version not in KNOWN:
        raise DatabaseUnusableError(
            f"{_shown(engine)} has schema {version}, this program knows {HEAD} at most: a newer watcher wrote it",
            hint=f"use the watcher that knows schema {version}, or restore a backup made before the upgrade",
        )


def stored_version(connection: Connection) -> str:
    """The schema version that the database says it has, where it is known to be ours."""
    return connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) or ""  # noqa: S608  # a constant
