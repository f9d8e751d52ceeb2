"""F-10: a feed that ends the whole process, again and again."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import Server
from tests.support.corpus import ROOT
from tests.support.desk import HOUR_S, Desk, feed, offer

NAMES = ("bad", *(f"press-{n}" for n in range(5)))


@pytest.fixture
def desk(tmp_path: Path):
    with Server() as server:
        made = Desk(tmp_path, server)
        made.list_sources(*NAMES)
        for name in NAMES:
            made.publish(feed(offer(name)), source=name)
        yield made


def live(desk, name="bad"):
    """A life of the process; its exit code and what it told."""
    command = [sys.executable, "-m", "tests.faults.crashes", str(desk.folder), str(desk.clock.now()), name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_f10_a_feed_that_ends_the_process_is_put_aside_and_the_others_live(desk):
    codes = []
    for _ in range(4):
        code, told = live(desk)
        codes.append(code)
        if code == 0:
            break
    # At most two deaths, whatever else was in flight at the first one.
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    assert "event=crash feed=bad crashes=2" in told
    assert desk.rows("SELECT name FROM sources WHERE health = 'quarantined'") == [("bad",)]
    assert desk.one("SELECT count(*) FROM sources WHERE health = 'ok'") == len(NAMES) - 1
    assert desk.one("SELECT count(*) FROM entries") == len(NAMES) - 1


def test_f10_it_is_asked_again_after_a_while_and_is_well_when_it_is_mended(desk):
    desk.list_sources("bad")
    while live(desk)[0]:
        pass
    desk.clock.move(4 * HOUR_S)
    code, told = live(desk, "nobody")
    assert code == 0
    assert "feed=bad outcome=new-body" in told
    assert desk.rows("SELECT crashes, health FROM sources WHERE name = 'bad'") == [(0, "ok")]
