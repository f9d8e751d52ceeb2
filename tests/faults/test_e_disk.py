"""Rows E of the fault matrix on a real small disk, and kills at every statement of the migrations in real processes."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server
from tests.support.desk import Desk, feed, offer
from watcher.core.errors import StorageError
from watcher.storage.engine import open_engine
from watcher.storage.migrate import check, run_migrations, upgrade

MB = 1024 * 1024
_KILLED_AT = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from watcher.core.errors import StorageError
from watcher.storage.migrate import upgrade
left = int(sys.argv[2])

@event.listens_for(Engine, "before_cursor_execute")
def count(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

upgrade(sys.argv[1])
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB, or a skip that says why there is none."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False, text=True
    )
    if not made or made.returncode:
        pytest.skip(f"no small disk: mounting is not allowed here ({made.stderr.strip() if made else 'no mount'})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, *, leave: int = 0) -> Path:
    """Fill the disk but for so many bytes."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            size = file.tell()
        os.truncate(ballast, max(0, size - leave))
    return ballast


def said(desk: Desk) -> str:
    """What a poll said, or why a session could not even begin."""
    try:
        return str(desk.poll(after_s=7200).lines)
    except StorageError as error:
        return str(error)


@pytest.mark.parametrize("leave", [0, 8192, 65536])
def test_e07_e08_a_full_disk_stores_nothing_by_halves_and_loses_nothing(small_disk: Path, leave: int) -> None:
    with Server() as server:
        desk = Desk(small_disk, server)
        desk.list_sources("press")
        desk.publish(feed(offer(1), etag='"one"'))
        desk.poll()
        ballast = fill(small_disk, leave=leave)
        body = feed(*(offer(n, description="w" * 900) for n in range(1, 200)), etag='"two"')
        desk.publish(body)
        assert "No space" in said(desk)
        ballast.unlink()  # on a disk that is quite full not even a reader gets in
        assert desk.one("SELECT count(*) FROM entries") == 1
        assert desk.one("SELECT etag FROM sources") == '"one"'
        assert check(f"sqlite:///{desk.database}") == ()
        desk.poll(after_s=7200)
        assert desk.one("SELECT count(*) FROM entries") == 199
        assert desk.one("SELECT count(*) FROM hits") == 199
        assert desk.one("SELECT etag FROM sources") == '"two"'


def killed_at(path: Path, statement: int) -> int:
    """Upgrade in a process of its own that is killed before that statement; its return code."""
    return subprocess.run(
        [sys.executable, "-c", _KILLED_AT, f"sqlite:///{path}", str(statement)], capture_output=True, check=False
    ).returncode


def schema(path: Path) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return sorted(connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master"))
    finally:
        connection.close()


def older(path: Path) -> None:
    """A database with data in it, of the release before the newest migration."""

    url = f"sqlite:///{path}"
    upgrade(url)
    engine = open_engine(url)
    run_migrations(engine, "0002")
    engine.dispose()


@pytest.mark.slow
def test_e17_killed_at_every_statement_of_the_newest_migration_the_old_schema_stays(tmp_path: Path) -> None:
    first = tmp_path / "first.sqlite3"
    older(first)
    before, statement, killed = schema(first), 0, 0
    while True:
        path = tmp_path / f"{statement}.sqlite3"
        shutil.copyfile(first, path)
        code = killed_at(path, statement)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        killed += 1
        assert schema(path) == before, f"half a migration after statement {statement}"
        upgrade(f"sqlite:///{path}")
        assert check(f"sqlite:///{path}") == ()
        for left in tmp_path.glob(f"{statement}.sqlite3*"):
            left.unlink()
        statement += 1
    assert killed > 20
