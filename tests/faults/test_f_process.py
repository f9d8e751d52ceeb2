"""Group F and neighbours, on real processes: `watcher run` and `watcher poll` as a person starts them."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.server import Server, silence
from tests.support.desk import Desk, feed, item, offer

CEILING_S = 60.0


@pytest.fixture
def desk(tmp_path: Path):
    with Server() as server:
        made = Desk(tmp_path, server)
        made.list_sources("press")
        yield made


class Watcher:
    """A `watcher` process whose lines can be waited for."""

    def __init__(self, desk, *arguments, **options):
        environ = {**os.environ, "WATCHER_CACHE": str(desk.folder / "cache"), "PYTHONUNBUFFERED": "1"}
        common = ["--database", str(desk.database), "--watchlist", str(desk.watchlist)]
        command = [sys.executable, "-m", "watcher", arguments[0], *common, *arguments[1:]]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        self.process = subprocess.Popen(command, env=environ, cwd=desk.folder, **options)
        self.told = ""

    def wait_for(self, words):
        """Read standard error until these words come."""
        deadline = time.monotonic() + CEILING_S
        file = self.process.stderr.fileno()
        while words not in self.told:
            left = deadline - time.monotonic()
            assert left > 0, f"{words!r} did not come in:\n{self.told}"
            if select.select([file], [], [], left)[0]:
                piece = os.read(file, 65536).decode()
                assert piece, f"ended before {words!r} came:\n{self.told}"
                self.told += piece

    def end(self):
        """Wait for the end; the exit code."""
        out, err = self.process.communicate(timeout=CEILING_S)
        self.out, self.told = out.decode(), self.told + err.decode()
        return self.process.returncode


def started(desk, *arguments):
    return Watcher(desk, *arguments)


def test_f01_ctrl_c_ends_in_order(desk):
    desk.publish(feed(offer(1)))
    watcher = started(desk, "run")
    watcher.wait_for("source polled")
    began = time.monotonic()
    watcher.process.send_signal(signal.SIGINT)
    assert watcher.end() == 0
    assert time.monotonic() - began < 10
    assert watcher.out == ""
    assert "1 source polled: 1 new entries, 1 hits" in watcher.told
    assert desk.rows("SELECT lease_owner FROM sources") == [(None,)]


def test_started_again_before_anything_is_due_it_says_so(desk):
    desk.publish(feed(offer(1)))
    assert started(desk, "run", "--once").end() == 0
    watcher = started(desk, "run")
    watcher.wait_for("no source is due yet")
    watcher.process.send_signal(signal.SIGINT)
    assert watcher.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_f01_in_a_poll_that_hangs_it_still_ends_and_a_second_signal_ends_it_at_once(desk, number):
    desk.publish(silence)
    watcher = started(desk, "run")
    desk.server.wait_for(1, CEILING_S)
    watcher.process.send_signal(number)
    watcher.wait_for("stopping")
    began = time.monotonic()
    watcher.process.send_signal(number)
    assert watcher.end() == 128 + number
    assert time.monotonic() - began < 2
    assert desk.rows("SELECT count(*) FROM polls") == [(0,)]


def test_e05_the_second_daemon_says_who_runs(desk):
    desk.publish(feed(item(1)))
    first = started(desk, "run")
    first.wait_for("outcome=new-body")
    second = started(desk, "run")
    assert second.end() == 3
    assert f"pid {first.process.pid}" in second.told
    assert "since 20" in second.told
    third = started(desk, "poll")
    assert third.end() == 3
    first.process.send_signal(signal.SIGTERM)
    assert first.end() == 0


def test_f13_the_lock_of_a_killed_daemon_is_free_at_once(desk):
    desk.publish(feed(item(1)))
    first = started(desk, "run")
    first.wait_for("outcome=new-body")
    first.process.kill()
    first.end()
    assert started(desk, "poll").end() == 0


def test_g01_a_broken_watchlist_at_start_is_refused_before_anything_is_touched(desk):
    desk.watchlist.write_text(desk.watchlist.read_text().replace("threshold: 40", "treshold: 40", 1))
    watcher = started(desk, "run")
    assert watcher.end() == 2
    assert re.search(r"desk\.yaml:\d+:\d+: error: ", watcher.told)
    assert "treshold" in watcher.told
    assert not desk.database.exists()
    assert desk.server.requests == []


@pytest.mark.parametrize("options", [(), ("--once",)])
def test_where_nothing_can_be_reached_it_says_so_and_names_the_demo(desk, options):
    desk.list_sources("press", addresses=["http://127.0.0.1:9/feed.xml"])
    watcher = started(desk, "run", *options)
    watcher.wait_for("make demo")
    assert "No source could be reached" in watcher.told
    assert ("Polling goes on" in watcher.told) is not bool(options)
    if not options:
        watcher.process.send_signal(signal.SIGINT)
    assert watcher.end() == 0


@pytest.mark.slow
def test_f08_a_reader_that_goes_away_does_not_end_the_daemon(desk):
    desk.list_sources("press", interval="1s")
    desk.publish(feed(item(1)))
    watcher = started(desk, "run")
    watcher.wait_for("outcome=new-body")
    watcher.process.stderr.close()
    desk.server.wait_for(4, CEILING_S)
    watcher.process.send_signal(signal.SIGINT)
    assert watcher.process.wait(CEILING_S) == 0
    watcher.process.stdout.close()


@pytest.mark.slow
def test_f09_without_home_locale_or_terminal_files_are_ours_alone(desk):
    desk.publish(feed(item("start")), feed(item("start"), offer(1)))
    bare = {"PATH": os.environ["PATH"], "LC_ALL": "C", "WATCHER_ALERTS": str(desk.folder / "out" / "alerts.jsonl")}
    command = [sys.executable, "-m", "watcher", "poll", "--all", "--database", str(desk.folder / "data" / "w.sqlite3")]
    command += ["--watchlist", str(desk.watchlist)]
    for _ in range(2):
        done = subprocess.run(
            command,
            check=False,
            env=bare,
            cwd=desk.folder,
            umask=0,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CEILING_S,
        )
        assert done.returncode == 0, done.stderr
    for folder in ("data", "out"):
        assert (desk.folder / folder).stat().st_mode & 0o777 == 0o700
        for path in (desk.folder / folder).iterdir():
            assert path.stat().st_mode & 0o777 == 0o600, path


def test_on_a_terminal_the_first_round_has_a_progress_line(desk):
    desk.publish(feed(offer(1)))
    ours, theirs = pty.openpty()
    watcher = Watcher(desk, "run", "--once", stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert watcher.process.wait(CEILING_S) == 0
    watcher.process.stdout.close()
    assert b"first round: 1 of 1 sources, 1 hits" in seen


def test_poll_names_its_failures_by_its_exit_code(desk):
    desk.list_sources("press", "gone")
    desk.publish(feed(item(1)))
    watcher = started(desk, "poll", "press")
    assert watcher.end() == 0
    assert watcher.out == ""
    both = started(desk, "poll", "--all")
    assert both.end() == 1
    assert "feed=gone outcome=failed phase=http error=not-found" in both.told
    assert "1 could not be read" in both.told
    nothing = started(desk, "poll", "press")
    assert nothing.end() == 0
    assert "nothing polled" in nothing.told


def test_poll_refuses_a_source_that_is_not_there(desk):
    watcher = started(desk, "poll", "pres")
    assert watcher.end() == 2
    assert "no source 'pres'" in watcher.told
    assert "did you mean 'press'?" in watcher.told


def test_b01_a_body_that_kills_its_parser_costs_only_itself(desk):
    """The entity chain of CVE-2024-8176: refused before the parser, or one killed child; the daemon goes on."""
    chain = "".join(f'<!ENTITY e{n} "&e{n - 1};">' for n in range(1, 30_000))
    bad = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "x">{chain}]><rss><channel><title>&e29999;</title></channel></rss>'
    desk.list_sources("bad", "press")
    desk.publish(feed(item(1)))
    from tests.server import reply

    desk.publish(reply(bad), source="bad")
    watcher = started(desk, "poll")
    assert watcher.end() == 1
    assert re.search(r"feed=bad outcome=failed phase=(decode|parse) ", watcher.told)
    assert "feed=press outcome=new-body" in watcher.told
