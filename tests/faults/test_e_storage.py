"""Group E of the fault matrix, as far as the database goes: locks, damage, full disks, bad rows, backups."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from tests.support.backends import Backend
from tests.support.polls import (
    HOUR,
    T0,
    assessment,
    digest,
    document,
    entry_intent,
    failed_poll,
    hit_intent,
    poll,
    source,
)
from watcher.core.errors import (
    AlreadyRunningError,
    DatabaseBusyError,
    DatabaseUnusableError,
    StorageError,
    UsageProblem,
)
from watcher.core.intents import EntryIntent, EntryLookup
from watcher.core.limits import Limits
from watcher.core.model import Claim, FigureReading
from watcher.core.views import HitFilter
from watcher.storage.backup import backup, full_check
from watcher.storage.engine import begin, open_engine, writer
from watcher.storage.lock import WriterLock
from watcher.storage.migrate import check, run_migrations, upgrade
from watcher.storage.queries import Queries
from watcher.storage.schema import HEAD, require_current
from watcher.storage.store import SqlStore

QUICK = Limits(busy_s=0.05)
ALERT = (("pact", "offer"),)


@pytest.fixture
def path(tmp_path: Path, migrated_file: Path) -> Path:
    path = tmp_path / "watcher.sqlite3"
    shutil.copy(migrated_file, path)
    return path


def filled(engine, *names: str) -> tuple[SqlStore, list[Claim]]:
    """A store with sources, all claimed."""
    store = SqlStore(engine, channels=("file",))
    store.save_watchlist(document(*(source(name) for name in names)), b"compiled", T0)
    return store, list(store.claim_due("test", T0, limit=99, lease_s=60))


def apply(store: SqlStore, *intents):
    with store.write() as transaction:
        return transaction.apply_all(intents)


# --- E-01 -------------------------------------------------------------------------------------------------------

_WRITER = """
import sys
from tests.support.polls import HOUR, T0, document, hit_intent, poll, source
from watcher.storage.engine import open_engine
from watcher.storage.store import SqlStore
store = SqlStore(open_engine(sys.argv[1]), channels=("file",))
store.save_watchlist(document(source("a")), b"", T0)
start = store.next_due()
for number in range(10_000):
    now = start + number * HOUR
    (claim,) = store.claim_due("child", now, limit=1, lease_s=60)
    with store.write() as transaction:
        entries = [hit_intent(f"{now} {part}", alerts=(("pact", "offer"),)) for part in range(3)]
        transaction.apply(poll(claim, *entries, at=now))
    print(number, flush=True)
"""


def test_e01_killed_while_writing_leaves_whole_polls_or_none(path: Path) -> None:
    committed = 0
    for polls in (1, 4, 2, 7):
        committed += _write_and_kill(path, polls)
    assert full_check(path) == ()
    with closing(sqlite3.connect(path)) as connection:
        (stored,) = connection.execute("SELECT count(*) FROM polls").fetchone()
        assert stored >= committed
        for table in ("entries", "entry_revisions", "hits", "assessments", "outbox", "entry_scores"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (3 * stored,), table
        assert connection.execute("SELECT entries FROM sources").fetchone() == (3 * stored,)


def _write_and_kill(path: Path, polls: int) -> int:
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(polls):
            assert child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.wait(30)
        return polls


# --- E-02 -------------------------------------------------------------------------------------------------------


def test_e02_power_loss_leaves_a_whole_beginning_of_what_was_committed(path: Path, tmp_path: Path) -> None:
    """The log cut at many places, with rubbish behind the cut as a disk may leave it: never half a poll."""
    _write_and_kill(path, 8)
    log = path.with_name(f"{path.name}-wal").read_bytes()
    pick = random.Random(2)
    cuts = sorted({0, 31, 32, 33, len(log) - 1, len(log), *(pick.randrange(len(log)) for _ in range(24))})
    kept = [_polls_after_power_loss(path, tmp_path / "copy", log[:cut] + pick.randbytes(700)) for cut in cuts]

    assert kept == sorted(kept)
    assert kept[0] < kept[-1]
    assert kept[-1] >= 8


def _polls_after_power_loss(path: Path, folder: Path, log: bytes) -> int:
    """How many polls a database holds whose log reads like this; all of them whole."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    copy = Path(shutil.copy(path, folder / path.name))
    copy.with_name(f"{copy.name}-wal").write_bytes(log)
    assert full_check(copy) == ()
    with closing(sqlite3.connect(copy)) as connection:
        (polls,) = connection.execute("SELECT count(*) FROM polls").fetchone()
        for table in ("entries", "entry_revisions", "hits", "assessments", "outbox", "entry_scores"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (3 * polls,), table
    return int(polls)


# --- E-03, E-04 -------------------------------------------------------------------------------------------------


def test_e03_a_locked_database_is_waited_for(path: Path) -> None:
    engine = open_engine(str(path), limits=Limits(busy_s=20))
    store, (claim,) = filled(engine, "a")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    tried = threading.Event()
    event.listen(engine, "before_cursor_execute", lambda *args: tried.set() if args[2] == "BEGIN IMMEDIATE" else None)
    free = threading.Thread(target=lambda: (tried.wait(20), other.execute("ROLLBACK")))
    free.start()
    assert apply(store, poll(claim, entry_intent("x")))[0]["entries"] == 1
    free.join(20)
    other.close()
    engine.dispose()


def test_e03_locked_for_too_long_is_said_and_loses_nothing(path: Path) -> None:
    engine = open_engine(str(path), limits=QUICK)
    store, (claim,) = filled(engine, "a")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusyError, match=r"watcher\.sqlite3 is locked by another program"):
            apply(store, poll(claim, entry_intent("x")))
        assert Queries(engine).newest_poll_at() is None  # readers are not held up
        other.execute("ROLLBACK")
    assert apply(store, poll(claim, entry_intent("x")))[0]["entries"] == 1
    engine.dispose()


def _every_write(store: SqlStore, claims: list[Claim]) -> dict[str, Callable[[], object]]:
    return {
        "save_watchlist": lambda: store.save_watchlist(document(source("a")), b"", T0),
        "claim_due": lambda: store.claim_due("x", T0, limit=1, lease_s=1),
        "release": lambda: store.release(claims),
        "apply": lambda: apply(store, poll(claims[0], hit_intent("x", alerts=ALERT))),
        "known": lambda: _look_up(store),
        "claim_alerts": lambda: store.claim_alerts(T0, "file", 1, 1.0),
        "mark_sent": lambda: store.mark_sent([1], T0),
        "mark_failed": lambda: store.mark_failed([1], T0, "x", retry_at=T0),
        "release_alerts": lambda: store.release_alerts([1]),
        "suppress_alerts": lambda: store.suppress_alerts(T0, T0),
        "owe": lambda: store.owe([{"channel": "file", "key": "k", "kind": "health", "payload": {}}], T0),
        "revive_alerts": lambda: store.revive_alerts([1], T0),
    }


def _look_up(store: SqlStore) -> object:
    with store.write() as transaction:
        return transaction.known_many([EntryLookup(1, (digest("x"),))])


def _every_read(store: SqlStore, queries: Queries) -> dict[str, Callable[[], object]]:
    return {
        "next_due": store.next_due,
        "documents": store.documents,
        "unscored": lambda: store.unscored_entries("pact", "", 1),
        "next_alert_at": lambda: store.next_alert_at("file"),
        "hits": lambda: queries.hits(HitFilter()),
        "hit": lambda: queries.hit(1),
        "sources": queries.sources,
        "coverage": lambda: queries.coverage(None, None),
        "report": lambda: queries.report_facts(HitFilter()),
        "newest": queries.newest_poll_at,
    }


def test_e03_every_method_that_writes_says_that_the_database_is_locked(path: Path) -> None:
    engine = open_engine(str(path), limits=Limits(busy_s=0.001))
    store, claims = filled(engine, "a")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for name, work in _every_write(store, claims).items():
            with pytest.raises(DatabaseBusyError):
                pytest.fail(f"{name} wrote: {work()}")
        for work in _every_read(store, Queries(engine)).values():
            work()
        other.execute("ROLLBACK")
    engine.dispose()


def test_e04_every_write_transaction_begins_as_one(path: Path) -> None:
    engine = open_engine(str(path))
    trace: list[str] = []
    event.listen(engine, "connect", lambda connection, _record: connection.set_trace_callback(trace.append))
    store, claims = filled(engine, "a")
    for work in _every_write(store, claims).values():
        work()
    for work in _every_read(store, Queries(engine)).values():
        work()
    engine.dispose()
    wrote = 0
    for transaction in _transactions(trace):
        writes = [step for step in transaction[1:] if step.startswith(("INSERT", "UPDATE", "DELETE", "REPLACE"))]
        assert transaction[0] in ("BEGIN", "BEGIN IMMEDIATE"), transaction[0]
        assert not writes or transaction[0] == "BEGIN IMMEDIATE", transaction
        wrote += bool(writes)
    assert wrote >= 9


def _transactions(trace: list[str]) -> list[list[str]]:
    found: list[list[str]] = []
    for statement in trace:
        step = statement.strip()
        if step.startswith("BEGIN"):
            found.append([step])
        elif not step.startswith("PRAGMA"):
            found[-1].append(step)
    return found


# --- E-05, E-06 -------------------------------------------------------------------------------------------------


def _hold(path: Path) -> subprocess.Popen[str]:
    script = "import sys; from watcher.storage.lock import WriterLock\nwith WriterLock(sys.argv[1]): print('held', flush=True); sys.stdin.read()"
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_e05_a_second_daemon_on_one_file_leaves(path: Path) -> None:
    child = _hold(path)
    with pytest.raises(AlreadyRunningError) as caught, WriterLock(str(path)):
        pass
    child.kill()
    child.communicate()
    assert caught.value.exit_code == 3
    assert f"pid {child.pid}, since 20" in caught.value.message
    assert str(path) in caught.value.message
    with WriterLock(str(path)):  # however the holder ended, the lock is free
        pass


def test_e05_the_lock_file_tells_who_and_since_when_and_is_private(path: Path) -> None:
    with WriterLock(str(path), now=lambda: datetime(2026, 9, 5, 6, 7, 8, tzinfo=UTC)):
        lock = path.with_name("watcher.sqlite3.lock")
        assert lock.read_text().splitlines()[:2] == [str(os.getpid()), "2026-09-05 06:07:08Z"]
        assert lock.stat().st_mode & 0o777 == 0o600
    with WriterLock(str(path)), pytest.raises(AlreadyRunningError), WriterLock(str(path)):
        pass


@pytest.mark.postgres
def test_e06_a_lock_without_a_server_says_so() -> None:
    with (
        pytest.raises(StorageError, match=r"postgresql\+psycopg://127\.0\.0\.1:9"),
        WriterLock("postgresql://u:secret@127.0.0.1:9/x"),
    ):
        pass


@pytest.mark.postgres
def test_e06_workers_share_a_server_and_an_upgrade_has_it_alone(postgres: str) -> None:
    with (
        WriterLock(postgres),
        WriterLock(postgres),
        pytest.raises(AlreadyRunningError),
        WriterLock(postgres, alone=True),
    ):
        pass
    with WriterLock(postgres, alone=True), pytest.raises(AlreadyRunningError), WriterLock(postgres):
        pass


def test_e06_a_dead_workers_lease_ends_and_its_late_write_is_dropped(backend: Backend) -> None:
    store, (dead,) = filled(backend.engine, "a")
    (taken,) = store.claim_due("other", T0 + HOUR, limit=1, lease_s=60)
    answers = apply(store, poll(taken, hit_intent("x", alerts=ALERT)))
    late = apply(store, poll(dead, hit_intent("x", alerts=ALERT)))
    assert answers[0]["hits"] == 1
    assert isinstance(late[0], StorageError)
    assert backend.value("SELECT count(*) FROM hits") == 1
    assert backend.value("SELECT count(*) FROM outbox") == 1


# --- E-07, E-09, E-10 -------------------------------------------------------------------------------------------


def test_e07_a_full_disk_rolls_the_poll_back_and_moves_no_validator(path: Path) -> None:
    engine = open_engine(str(path))
    store, (claim,) = filled(engine, "a")
    event.listen(engine, "begin", _leave_no_room)
    with pytest.raises(StorageError, match="ENOSPC"):
        apply(
            store,
            poll(claim, *(entry_intent(f"x{n}", entry={"text": "long " * 9_000}) for n in range(60)), at=T0 + HOUR),
        )
    event.remove(engine, "begin", _leave_no_room)
    assert Queries(engine).newest_poll_at() is None
    (again,) = store.claim_due("test", T0 + HOUR, limit=1, lease_s=60)
    assert (again.etag, again.body_digest, again.is_first) == ("", b"", True)
    engine.dispose()
    assert full_check(path) == ()


def _leave_no_room(connection) -> None:
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 3}")


def test_e09_no_right_to_write_names_path_and_error(path: Path, tmp_path: Path) -> None:
    engine = open_engine(str(path), read_only=True)
    with pytest.raises(StorageError, match=r"watcher\.sqlite3: .*EROFS"):
        SqlStore(engine).save_watchlist(document(source("a")), b"", T0)
    engine.dispose()
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(StorageError, match=r"cannot be created: .*errno"):
        upgrade(str(blocked / "watcher.sqlite3"))


BAD_FILES = {
    "empty": b"",
    "text": b"this is no database, but a letter to whoever opens it\n" * 20,
    "cut header": b"SQLite form",
    "wiped header": None,
    "wiped pages": None,
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_e10_a_damaged_file_is_refused_and_left_as_it_is(path: Path, kind: str) -> None:
    whole = path.read_bytes()
    damaged = BAD_FILES[kind]
    if kind == "wiped header":
        damaged = b"\xff" * 100 + whole[100:]
    elif kind == "wiped pages":
        damaged = whole[:100] + b"\xa5" * (len(whole) - 100)
    assert damaged is not None
    path.write_bytes(damaged)
    for work in (upgrade, check, _read_report, lambda database: backup(database, path.with_name("copy"))):
        with pytest.raises(DatabaseUnusableError) as caught:
            work(str(path))
        assert caught.value.exit_code == 4
        assert "watcher.sqlite3" in caught.value.message
        assert caught.value.hint
    assert path.read_bytes() == damaged
    assert sorted(found.name for found in path.parent.iterdir() if not found.name.endswith(("-shm", "-wal"))) == [
        path.name
    ]


def _read_report(database: str) -> None:
    engine = open_engine(database, read_only=True)
    try:
        require_current(engine)
        Queries(engine).report_facts(HitFilter())
    finally:
        engine.dispose()


def test_e10_one_damaged_page_is_found_by_the_check_and_met_as_such(path: Path) -> None:
    engine = open_engine(str(path))
    store, (claim,) = filled(engine, "a")
    apply(store, poll(claim, *(hit_intent(f"x{n}", entry={"text": "long " * 500}) for n in range(40))))
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'hits'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(os.urandom(size))
    before = path.read_bytes()
    assert check(str(path)) != ()
    with pytest.raises(DatabaseUnusableError):
        _read_report(str(path))
    with pytest.raises(DatabaseUnusableError, match="quick_check"):
        backup(str(path), path.with_name("copy"))
    assert path.read_bytes() == before


def test_e10_somebody_elses_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE photos (id INTEGER)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(DatabaseUnusableError, match=r"some other program \(it holds photos"):
        upgrade(str(path))
    assert path.read_bytes() == before


# --- E-11 -------------------------------------------------------------------------------------------------------


def test_e11_the_log_grows_under_a_reader_and_shrinks_after_it(path: Path) -> None:
    engine = open_engine(str(path))
    store, _ = filled(engine, "a")
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM hits").fetchone()
    for number in range(30):
        (claim,) = store.claim_due("test", T0 + (number + 1) * HOUR, limit=1, lease_s=60)
        apply(store, poll(claim, entry_intent(f"x{number}", entry={"text": "long " * 9_000}), at=T0 + number * HOUR))
    pinned = store.trim_log(4096)
    assert pinned > 1_000_000
    reader.close()
    assert store.trim_log(100_000_000) == pinned
    assert store.trim_log(4096) == 0
    assert apply(store, poll(store.claim_due("test", T0 + 99 * HOUR, limit=1, lease_s=60)[0]))[0]["entries"] == 0
    engine.dispose()


@pytest.mark.postgres
def test_e11_a_server_trims_its_own_log(postgres: str) -> None:
    engine = open_engine(postgres)
    assert SqlStore(engine).trim_log() == 0
    engine.dispose()


# --- E-14, E-15, E-16 -------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_e14_a_server_that_drops_us_is_met_again_and_nothing_is_doubled(server, migrated_database) -> None:
    from tests.support.postgres import administer, temporary_database

    with temporary_database(server, "restarting", template=migrated_database) as url:
        engine = open_engine(url)
        store, (claim,) = filled(engine, "a")
        tries: list[int] = []

        def work(transaction):
            tries.append(1)
            done = transaction.apply(poll(claim, hit_intent("x", alerts=ALERT)))
            if len(tries) == 1:
                administer(
                    server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'restarting'"
                )
            return done

        assert store.transact(work)["hits"] == 1
        assert len(tries) == 2
        assert len(Queries(engine).hits(HitFilter())) == 1
        engine.dispose()


@pytest.mark.postgres
def test_e14_a_server_that_breaks_off_all_the_time_loses_and_doubles_nothing(server, migrated_database) -> None:
    from tests.support.postgres import administer, temporary_database

    with temporary_database(server, "breaking", template=migrated_database) as url:
        engine = open_engine(url)
        store = SqlStore(engine, channels=("file",))
        store.save_watchlist(document(source("a")), b"", T0)
        ended = threading.Event()
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'breaking'"

        def break_off() -> None:
            while not ended.wait(0.03):
                administer(server, kill)

        breaker = threading.Thread(target=break_off)
        breaker.start()
        for number in range(25):
            _poll_until_it_works(store, hit_intent(f"x{number}", alerts=ALERT), T0 + number * HOUR)
        ended.set()
        breaker.join(30)
        engine.dispose()
        engine = open_engine(url)
        with begin(engine) as connection:
            for table in ("polls", "entries", "entry_revisions", "hits", "assessments", "outbox", "entry_scores"):
                assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 25, table
        engine.dispose()


def _poll_until_it_works(store: SqlStore, entry: EntryIntent, now: int) -> None:
    claims = _until_it_works(lambda: store.claim_due("test", now, limit=1, lease_s=0, everything=True))
    _until_it_works(lambda: apply(store, poll(claims[0], entry, at=now)))


def _until_it_works(work: Callable[[], Any]) -> Any:
    for _ in range(500):
        try:
            return work()
        except StorageError:
            continue
    return pytest.fail("it never worked")


def bad_entries():
    figure = FigureReading("f", float("nan"), "u", "", "text", 0, 1, "s")
    return {
        "a key that is no digest": entry_intent("bad", key=b"short"),
        "a number that is none": entry_intent("bad", found=(assessment(),), figures=(figure,)),
        "a time out of range": entry_intent("bad", entry={"published": 2**70}),
        "a score that is none": hit_intent("bad", score=float("inf")),
        "no text at all": entry_intent("bad", entry={"text": None}),
    }


@pytest.mark.parametrize("kind", bad_entries())
def test_e15_one_bad_row_costs_only_itself(backend: Backend, kind: str) -> None:
    store, (a, b) = filled(backend.engine, "a", "b")
    bad = bad_entries()[kind]
    spoiled = poll(a, hit_intent("x", alerts=ALERT), bad, entry_intent("y"), at=T0 + HOUR)
    answers = apply(store, spoiled, poll(b, hit_intent("z"), at=T0 + HOUR))
    assert [answer["entries"] for answer in answers] == [2, 1]
    assert [answer["hits"] for answer in answers] == [1, 1]
    assert [title for (title,) in backend.rows("SELECT title FROM entries ORDER BY title")] == [
        "Title x",
        "Title y",
        "Title z",
    ]
    ((source_id, guid, title, reason),) = backend.rows("SELECT source_id, guid, title, reason FROM rejected")
    assert (source_id, guid, title) == (1, "bad", "Title bad")
    assert reason
    assert backend.rows("SELECT entries_new, hits FROM polls ORDER BY source_id") == [(2, 1), (1, 1)]
    assert backend.value("SELECT entries FROM sources WHERE id = 1") == 2


def test_e15_an_entry_scored_for_a_watchlist_that_is_not_loaded_waits_for_catch_up(backend: Backend) -> None:
    store, (a,) = filled(backend.engine, "a")
    other = hit_intent("y", revision_no=1)
    answers = apply(store, poll(a, hit_intent("x", watchlist="unknown"), other, revisions={"pact": "ef" * 32}))
    assert answers == [{"entries": 2, "revisions": 0, "hits": 0, "alerts": 0}]
    assert [text.title for text in store.unscored_entries("pact", "", 9)] == ["Title x", "Title y"]


def test_e15_a_poll_that_cannot_be_stored_at_all_is_an_answer_not_a_crash(backend: Backend) -> None:
    store, (a, b) = filled(backend.engine, "a", "b")
    answers = apply(store, poll(a, entry_intent("x"), started_at=2**70), poll(b, entry_intent("y")))
    assert isinstance(answers[0], StorageError)
    assert "poll of a cannot be stored" in str(answers[0])
    assert answers[1]["entries"] == 1
    with pytest.raises(StorageError), store.write() as transaction:
        transaction.apply(poll(a, started_at=2**70))


ODD = {
    "NUL": ("a\x00b", "ab"),
    "lone surrogate": ("a\udc80b", "a\ufffdb"),
    "escape and C1": ("a\x1b[31m\x85b", "a\x1b[31m\x85b"),
    "right to left": ("a\u202eb\ufffe", "a\u202eb\ufffe"),
    "astral": ("\U0001f6a2 ё", "\U0001f6a2 ё"),
    "a million": ("x" * 1_000_000, "x" * 1_000_000),
}


@pytest.mark.parametrize("kind", ODD)
def test_e16_both_databases_keep_the_same(backend: Backend, kind: str) -> None:
    store, (a,) = filled(backend.engine, "a")
    given, kept = ODD[kind]
    fields = dict.fromkeys(("title", "text", "author", "guid", "link", "published_raw", "outlet"), given)
    apply(store, poll(a, entry_intent("x", entry={**fields, "tags": (given,)}), detail=given, warnings=(given,)))
    assert backend.rows("SELECT title, author, guid, link, published_raw, outlet FROM entries") == [(kept,) * 6]
    assert backend.value("SELECT text FROM entry_revisions") == kept
    assert backend.value("SELECT detail FROM polls") == kept
    assert backend.value("SELECT length(text) FROM entry_revisions") == len(kept)
    assert backend.queries.sources() != ()


def test_e16_look_ups_are_cleaned_like_writes(backend: Backend) -> None:
    filled(backend.engine, "a")
    assert backend.queries.hits(HitFilter(watchlist="pa\x00ct", signal="\ud800", source="a\x00")) == ()
    assert backend.store().claim_due("x\x00", T0 + 99 * HOUR, limit=1, lease_s=1, only=["a\x00"])[0].spec.id == "a"


@pytest.mark.parametrize("published", [0, -(2**62), 2**62])
def test_e16_times_of_any_size_that_fits(backend: Backend, published: int) -> None:
    store, (a,) = filled(backend.engine, "a")
    apply(store, poll(a, entry_intent("x", entry={"published": published})))
    assert backend.value("SELECT published FROM entries") == published


# --- E-17, E-18 -------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """What stands for a kill inside a migration."""


@pytest.mark.parametrize("statement", [1, 2, 7, 20])
def test_e17_a_migration_that_breaks_off_leaves_the_old_schema_whole(backend: Backend, statement: int) -> None:
    count = 0

    def kill(*_args: object) -> None:
        nonlocal count
        count += 1
        if count == statement + 3:  # the first ones only look
            raise Killed

    event.listen(backend.engine, "before_cursor_execute", kill)
    with pytest.raises(Killed):
        run_migrations(backend.engine, "base")
    event.remove(backend.engine, "before_cursor_execute", kill)
    assert check(backend.url) == ()


def test_e17_a_new_database_that_breaks_off_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from watcher.storage import migrate

    def kill(*_args: object) -> None:
        raise Killed

    monkeypatch.setattr(migrate, "run_migrations", kill)
    with pytest.raises(Killed):
        upgrade(str(tmp_path / "x.sqlite3"))
    assert list(tmp_path.iterdir()) == []


def test_e18_a_newer_schema_is_refused_by_everything(backend: Backend) -> None:
    backend.run("UPDATE alembic_version SET version_num = '0999'")
    for work in (upgrade, check, _read_report):
        with pytest.raises(DatabaseUnusableError, match=rf"schema 0999, this program knows {HEAD} at most") as caught:
            work(backend.url)
        assert caught.value.exit_code == 4
        assert "0999" in caught.value.hint
    assert backend.value("SELECT version_num FROM alembic_version") == "0999"


# --- E-19, E-21 -------------------------------------------------------------------------------------------------


def test_e19_a_backup_of_a_busy_database_is_whole_and_private(path: Path) -> None:
    engine = open_engine(str(path))
    store, claims = filled(engine, "a", "b")
    apply(store, poll(claims[0], hit_intent("x", alerts=ALERT)))
    copy = path.with_name("copy.sqlite3")
    with begin(writer(engine)) as connection:  # not committed: not in the copy
        connection.execute(text("INSERT INTO meta (name, value) VALUES ('open', '')"))
        size = backup(str(path), copy)
    assert size == copy.stat().st_size
    assert copy.stat().st_mode & 0o777 == 0o600
    assert check(str(copy)) == ()
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
        assert connection.execute("SELECT count(*) FROM hits").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM meta WHERE name = 'open'").fetchone() == (0,)
    with pytest.raises(UsageProblem, match="there already"):
        backup(str(path), copy)
    engine.dispose()


def test_e19_a_restored_copy_does_not_send_old_alerts_again(path: Path, tmp_path: Path) -> None:
    engine = open_engine(str(path))
    store, claims = filled(engine, "a", "b")
    apply(store, poll(claims[0], hit_intent("old", alerts=ALERT), at=T0))
    copy = tmp_path / "copy.sqlite3"
    backup(str(path), copy)
    store.mark_sent([alert.alert_id for alert in store.claim_alerts(T0, "file", 9, 9.0)], T0)
    engine.dispose()
    os.replace(copy, path)
    restored = open_engine(str(path))
    store = SqlStore(restored, channels=("file",))
    later = T0 + 5 * 24 * HOUR
    assert store.suppress_alerts(later - 3 * 24 * HOUR, later) == 1
    assert store.claim_alerts(later, "file", 9, 9.0) == []
    (claim, *_) = store.claim_due("test", later, limit=1, lease_s=60)
    apply(store, poll(claim, hit_intent("old"), hit_intent("new", alerts=ALERT), at=later))
    assert [alert.payload["title"] for alert in store.claim_alerts(later, "file", 9, 9.0)] == ["Title new"]
    restored.dispose()


def test_e19_no_room_for_a_backup_leaves_nothing_behind(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        backup(str(path), tmp_path / "no such folder" / "copy")
    with pytest.raises(UsageProblem, match="no database"):
        backup(str(tmp_path / "none"), tmp_path / "copy")
    with pytest.raises(UsageProblem, match="pg_dump"):
        backup("postgresql://host/name", tmp_path / "copy")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["watcher.sqlite3"]


def test_e21_keys_of_any_length_fit_every_index(backend: Backend) -> None:
    store, (a,) = filled(backend.engine, "a")
    huge = os.urandom(400_000).hex()  # does not compress: PostgreSQL takes 2.7 kB per index row
    entry = hit_intent(
        "x", entry={"guid": huge, "link": f"https://x.example/{huge}", "title": huge, "outlet": huge}, alerts=ALERT
    )
    apply(store, poll(a, entry, detail=huge))
    with store.write() as transaction:
        (known,) = transaction.known_entries(1, [digest("key x")], [], [])
    assert known.hits == {("pact", "offer")}
    assert len(backend.queries.hits(HitFilter())[0].title) == 800_000


def test_e21_a_failed_poll_of_any_size_is_stored(backend: Backend) -> None:
    store, (a, b) = filled(backend.engine, "a", "b")
    apply(store, failed_poll(a, detail="d" * 100_000), failed_poll(b, change={"reason": "r" * 100_000}))
    assert backend.value("SELECT count(*) FROM polls") == 2
