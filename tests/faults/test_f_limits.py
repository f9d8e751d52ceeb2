"""Rows F: few files, little memory, a watchdog, complaints that repeat; and a long run."""

import asyncio
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults import soak
from tests.faults.test_f_process import Watcher
from tests.server import Server
from tests.support.desk import Desk, feed, item, offer
from watcher.app.daemon import STALLED_AFTER_S, Daemon
from watcher.bootstrap.files import LEAST_POLLS, OWN, PER_POLL, fit_files
from watcher.bootstrap.notify import service_manager
from watcher.cli.pollprint import Rarely
from watcher.core.errors import UsageProblem
from watcher.core.limits import Limits


@pytest.fixture
def desk(tmp_path: Path):
    with Server() as server:
        made = Desk(tmp_path, server)
        made.list_sources("press")
        yield made


# --- the watchdog -------------------------------------------------------------------------------------------------


@pytest.fixture
def manager(tmp_path, monkeypatch):
    """A service manager's socket, and what it was told."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(path))
        line.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        monkeypatch.setenv("WATCHDOG_USEC", "1000000")
        yield line


def test_f05_the_service_manager_hears_of_start_life_and_end(desk, manager):
    desk.publish(feed(item(1)))
    watcher = Watcher(desk, "run")
    told = []
    while told.count(b"WATCHDOG=1") < 2:
        told.append(manager.recv(100))
    watcher.process.send_signal(signal.SIGTERM)
    while told[-1] != b"STOPPING=1":
        told.append(manager.recv(100))
    assert watcher.end() == 0
    assert told[0] == b"READY=1"


def test_f05_no_word_without_ticks_or_without_a_written_heartbeat(desk):
    told = []

    async def session():
        async with desk.open() as duties:
            duties.tell_manager, duties.manager_patience_s = told.append, 2.0
            return Daemon(duties)

    daemon = asyncio.run(session())
    daemon._tell_watchdog()
    assert told == ["WATCHDOG=1"]
    daemon._last_pulse_s += 1.1
    daemon._last_tick_s = daemon._last_pulse_s
    daemon._last_beat_s = daemon._last_pulse_s - STALLED_AFTER_S
    daemon._tell_watchdog()
    daemon._last_beat_s, daemon._last_tick_s = daemon._last_pulse_s, daemon._last_pulse_s - 61
    daemon._tell_watchdog()
    assert told == ["WATCHDOG=1"]
    daemon._last_tick_s = daemon._last_pulse_s
    daemon._tell_watchdog()
    assert told == ["WATCHDOG=1"] * 2


def test_nobody_listens_or_somebody_else_is_watched():
    service_manager({}).tell("READY=1")
    gone = service_manager({"NOTIFY_SOCKET": "@nobody-there", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"})
    gone.tell("READY=1")
    assert gone.watchdog_s is None
    assert service_manager({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "5000000"}).watchdog_s == 5.0


# --- few files, little memory -------------------------------------------------------------------------------------


def limited(desk, files, *arguments):
    """`watcher` where only so many files may be open."""
    command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", sys.executable, "-m", "watcher", *arguments]
    command += ["--database", str(desk.database), "--watchlist", str(desk.watchlist)]
    environ = {**os.environ, "WATCHER_CACHE": str(desk.folder / "cache")}
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)


def test_f07_with_few_files_fewer_are_polled_at_a_time(desk):
    names = [f"s{n}" for n in range(12)]
    desk.list_sources(*names)
    for name in names:
        desk.publish(feed(item(name)), source=name)
    done = limited(desk, 64, "poll")
    assert done.returncode == 0, done.stderr
    assert "event=few-files only 64 files may be open: at most 10 polls at a time" in done.stderr
    assert desk.one("SELECT count(*) FROM sources WHERE health = 'ok'") == 12


def test_f07_with_too_few_files_it_says_so_and_what_to_do(desk):
    done = limited(desk, 48, "poll")
    assert done.returncode == 2
    assert "only 48 files may be open, and 52 are needed" in done.stderr
    assert "ulimit -n 512" in done.stderr


def test_f07_the_soft_limit_is_raised_where_it_may_be(monkeypatch):
    made = []
    monkeypatch.setattr(resource, "setrlimit", lambda _what, limits: made.append(limits))

    def limits(soft, hard):
        monkeypatch.setattr(resource, "getrlimit", lambda _what: (soft, hard))
        return fit_files(Limits())

    wanted = OWN + PER_POLL * Limits().in_flight
    assert limits(64, resource.RLIM_INFINITY) == Limits()
    assert limits(64, 4096) == Limits()
    assert limits(wanted, wanted) == Limits()
    assert limits(resource.RLIM_INFINITY, resource.RLIM_INFINITY) == Limits()
    assert limits(64, 100).in_flight == 28
    with pytest.raises(UsageProblem):
        limits(OWN + PER_POLL * LEAST_POLLS - 1, OWN + PER_POLL * LEAST_POLLS - 1)
    assert made == [(wanted, resource.RLIM_INFINITY), (wanted, 4096), (100, 100)]


def pss_of(pid):
    """Memory of a process in MB, its share of what it shares."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_f06_five_hundred_sources_fit_into_300_mb(tmp_path):
    hosts = [f"127.0.1.{n}" for n in range(1, 101)]
    names = [f"s{n}" for n in range(500)]
    with Server(hosts) as server:
        desk = Desk(tmp_path, server)
        addresses = [server.url(f"/{name}.xml", hosts[n % 100]) for n, name in enumerate(names)]
        desk.list_sources(*names, addresses=addresses)
        for name in names:
            desk.publish(feed(*[offer(f"{name}-{n}") for n in range(30)]), source=name)
        watcher = Watcher(desk, "poll", stderr=subprocess.DEVNULL)
        most = 0.0
        while watcher.process.poll() is None:
            pids = [watcher.process.pid, *soak.descendants_or_none(watcher.process.pid)]
            most = max(most, sum(map(pss_of, pids)))
            time.sleep(0.05)
        watcher.process.stdout.close()
    assert watcher.process.returncode == 0
    assert desk.one("SELECT count(*) FROM hits") == 15_000
    assert 50 < most <= 300


# --- complaints ---------------------------------------------------------------------------------------------------


def test_f11_one_error_per_second_for_a_day_is_a_handful_of_lines():
    now = [0.0]
    rarely = Rarely(lambda: now[0])
    told = []
    for second in range(86_400):
        now[0] = float(second)
        record = logging.LogRecord("watcher.poll", logging.ERROR, "", 0, "phase=store try %d", (second,), None)
        if rarely.filter(record):
            told.append(record.getMessage())
    assert len(told) == 17
    assert told[-1] == "phase=store try 65535 (time 65536)"


def test_f11_peace_and_other_words_count_anew_and_memory_is_bounded():
    now = [0.0]
    rarely = Rarely(lambda: now[0])

    def passes(words, level=logging.ERROR):
        return rarely.filter(logging.LogRecord("watcher", level, "", 0, words, (), None))

    assert [passes("a") for _ in range(4)] == [True, True, False, True]
    assert passes("b")
    now[0] = 3601.0
    assert passes("a")
    assert all(passes("a", logging.INFO) for _ in range(9))
    for word in range(3000):
        passes("x" * (word + 1))
    assert len(rarely._seen) <= Rarely.KEPT


# --- a long run ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_b20_f12_five_thousand_polls_leave_memory_files_threads_and_log_flat(desk):
    samples = asyncio.run(soak.run(desk, 5000, 100, 10))
    half = samples[len(samples) // 2 :]
    assert samples[-1].polls >= 4500
    assert max(s.files for s in half) - min(s.files for s in half) <= 4
    assert max(s.threads for s in half) - min(s.threads for s in half) <= 4
    assert max(s.log_bytes for s in half) <= 64 * soak.MB
    assert half[-1].sandbox_rss - half[0].sandbox_rss <= 5
    assert half[-1].rss - half[0].rss <= 10
