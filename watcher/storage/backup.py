"""Copies a SQLite database while it is in use, and checks one. Must not: repair anything, or touch the original.

Copying the file alone would miss what still stands in the write-ahead log; the backup API does not.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from watcher.core.errors import DatabaseUnusableError, StorageError, UsageProblem
from watcher.storage.address import parse_address
from watcher.storage.engine import check_file
from watcher.storage.faults import DAMAGED, translate
from watcher.storage.files import put_in_place

PAGES = 4096
"""Pages per step of a backup: the writer gets its turn between steps."""


def backup(database: str, target: Path) -> int:
    """Copy a database, whole and checked, to a file that is not there yet; returns its bytes.

    Raises:
        UsageProblem: the target exists, or the database is not SQLite (PostgreSQL has pg_dump).
        DatabaseUnusableError: the copy does not pass the check, so the original is damaged.
        StorageError: no room, no right.
    """
    address = parse_address(database)
    if address.path is None:
        raise UsageProblem(
            "a backup of PostgreSQL is made with pg_dump", hint="pg_dump --format=custom --file=FILE URL"
        )
    if not address.path.exists():
        raise UsageProblem(f"there is no database at {address.path}")
    check_file(address.path)
    draft = target.with_name(f"{target.name}.part-{os.getpid()}")
    with _clear(draft, target, address.path):
        _copy(address.path, draft)
        problems = quick_check(draft)
        if problems:
            raise DatabaseUnusableError(
                f"{address.path} is damaged (quick_check: {problems[0]})", hint="restore an older backup over it"
            )
        put_in_place(draft, target)
    return target.stat().st_size


@contextmanager
def _clear(draft: Path, target: Path, source: Path) -> Iterator[None]:
    if target.exists():
        raise UsageProblem(f"{target} is there already", hint="name a new file; nothing is overwritten")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        yield
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror} (errno {error.errno})") from error
    except sqlite3.Error as error:
        is_damage = (getattr(error, "sqlite_errorname", "") or "").startswith(DAMAGED)
        raise translate(error, str(source if is_damage else target)) or error from error
    finally:
        for leftover in draft.parent.glob(f"{draft.name}*"):
            leftover.unlink()


def _copy(path: Path, draft: Path) -> None:
    source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(draft)) as copy:
        source.backup(copy, pages=PAGES)
        # A copy is one file: no write-ahead log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")


def quick_check(path: Path) -> tuple[str, ...]:
    """Problems that SQLite's quick_check finds; empty: none."""
    return _pragma(path, "quick_check")


def full_check(path: Path) -> tuple[str, ...]:
    """Problems that SQLite's integrity_check and foreign_key_check find; empty: none."""
    # Following references through a damaged tree finds nothing but the damage again.
    return _pragma(path, "integrity_check") or _pragma(path, "foreign_key_check")


def _pragma(path: Path, name: str) -> tuple[str, ...]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(f"PRAGMA {name}").fetchall()
    except sqlite3.DatabaseError as error:
        if (getattr(error, "sqlite_errorname", "") or "").startswith(DAMAGED):
            return (f"{name}: {error}",)
        raise translate(error, str(path)) or error from error
    return tuple(" ".join(map(str, row)) for row in rows if row != ("ok",))
