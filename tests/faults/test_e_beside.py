"""Verdicts from a second process while the pipeline writes: neither waits long, and nothing of either is lost (E-03)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.server import Server, reply
from tests.support.backends import Backend
from tests.support.desk import HEAD, SOURCE, Desk, offer, rss
from tests.support.terminal import Terminal
from watcher.bootstrap.settings import Settings
from watcher.bootstrap.verdicts import build_verdicts
from watcher.core.verdict import Decision, Wish

SOURCES = 4
LONG_S = 5.0
"""What nobody waits for a writer on the slowest machine. Giving up takes half a minute."""

DECIDES = """
import json, os, sys, time
from watcher.cli import main
for line in sys.stdin:
    began = time.monotonic()
    code = main(json.loads(line))
    print(json.dumps([code, time.monotonic() - began]), flush=True)
"""
"""A process that decides as it is told, one command after the other, and says how long each took."""


class Press:
    """Sources of which every answer edits what was there (hits are written again) and holds something new."""

    def __init__(self, server: Server) -> None:
        self.published: Counter[int] = Counter()
        self._lock = threading.Lock()
        for number in range(SOURCES):
            server.on(f"/s{number}.xml", lambda connection, _, number=number: connection.sendall(self._answer(number)))

    def _answer(self, number: int) -> bytes:
        with self._lock:
            self.published[number] += 1
            newest = self.published[number]
        shown = range(max(1, newest - 4), newest + 1)
        return reply(rss(*(offer(f"{number}-{item}", category=f"edition {newest}") for item in shown)))


@dataclass
class Anywhere(Desk):
    """A desk on any database."""

    url: str = ""

    @property
    def settings(self) -> Settings:
        return replace(super().settings, database=self.url)

    def list_addresses(self, addresses: Sequence[str], interval: str = "1h") -> None:
        """A source for each address, so that none waits for another's sake."""
        told = (
            SOURCE.format(
                name=f"s{number}", kind="feed", interval=interval, url=self.server.url(f"/s{number}.xml", address)
            )
            for number, address in enumerate(addresses)
        )
        self.watchlist.write_text(HEAD + "".join(told))


@pytest.fixture
def desk(backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    addresses = [f"127.0.0.{number + 2}" for number in range(SOURCES)]
    with Server(addresses) as server:
        press = Press(server)
        desk = Anywhere(tmp_path, server, url=backend.url)
        desk.list_addresses(addresses)
        for _ in range(2):
            desk.poll(everything=True, after_s=1.0)
        monkeypatch.setenv("WATCHER_DATABASE", backend.url)
        monkeypatch.setenv("WATCHER_ANALYST", "ann")
        yield desk, press


def decided(backend: Backend) -> dict[int, list[tuple[str, str]]]:
    """From state to state, by hit."""
    found: dict[int, list[tuple[str, str]]] = {}
    for hit, before, after in backend.rows("SELECT hit_id, from_state, to_state FROM verdicts ORDER BY id"):
        found.setdefault(hit, []).append((before, after))
    return found


def assert_nothing_is_lost(backend: Backend, press: Press) -> None:
    """Every answer is a poll that was stored, every item an entry and a hit; every chain of verdicts is whole."""
    published = sum(press.published.values())
    assert backend.value("SELECT count(*) FROM polls") == published
    assert backend.value("SELECT count(*) FROM polls WHERE outcome <> 'new body'") == 0
    assert backend.value("SELECT count(*) FROM entries") == published
    assert backend.value("SELECT count(*) FROM hits WHERE reached") == published
    for chain in decided(backend).values():
        assert chain[0][0] == "new"
        assert all(one[1] == following[0] for one, following in pairwise(chain))


class Decider:
    """A second process that decides while we do something else."""

    def __init__(self, commands: Sequence[Sequence[str]], **env: str) -> None:
        self._commands = commands
        self.process = subprocess.Popen(
            [sys.executable, "-c", DECIDES],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **env},
        )
        self.told: list[tuple[int, float]] = []
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def _talk(self) -> None:
        out, _ = self.process.communicate("".join(json.dumps(list(words)) + "\n" for words in self._commands))
        self.told = [tuple(json.loads(line)) for line in out.splitlines() if line[0] == "["]

    @property
    def works(self) -> bool:
        return self._thread.is_alive()

    def ended(self) -> list[tuple[int, float]]:
        self._thread.join(60)
        assert len(self.told) == len(self._commands)
        return self.told


async def polling(desk: Desk, works: Any) -> list[float]:
    """Poll everything again and again while something works; how long each round took."""
    rounds: list[float] = []
    async with desk.open() as duties:
        while works() or len(rounds) < 2:
            desk.clock.move(3600.0)
            began = time.monotonic()
            done = await duties.poller.round(everything=True)
            assert not done.failed, done.failed[0]
            rounds.append(time.monotonic() - began)
    return rounds


def test_e03_decisions_beside_polls_wait_for_one_another_and_lose_nothing(desk: Any, backend: Backend) -> None:
    """The quick one: decisions from another thread, each over a connection of its own."""
    desk, press = desk
    took: list[float] = []

    def decide() -> None:
        for hit in (1, 2, 3, 4) * 3:
            with build_verdicts(backend.url) as store:
                began = time.monotonic()
                store.decide(Wish(Decision.NOTE if hit == 4 else Decision.CONFIRM, "ann", 1, note="seen"), [hit])
                took.append(time.monotonic() - began)

    analyst = threading.Thread(target=decide)
    analyst.start()
    rounds = asyncio.run(polling(desk, analyst.is_alive))
    analyst.join()

    assert max(*took, *rounds) < LONG_S
    assert backend.rows("SELECT verdict, count(*) FROM verdicts GROUP BY verdict ORDER BY verdict") == [
        ("confirm", 3),
        ("note", 3),
    ]
    assert_nothing_is_lost(backend, press)


@pytest.mark.slow
def test_e03_decisions_and_polls_beside_each_other_lose_nothing(desk: Any, backend: Backend) -> None:
    desk, press = desk
    commands = [
        *(["confirm", str(hit)] for hit in range(1, 5)),
        ["dismiss", "5", "6", "--because", "an old text"],
        ["note", "1", "2", "3", "-m", "seen"],
        ["undo", "2"],
        ["undo", "2"],
        ["duplicate", "7", "--of", "1"],
        ["report", "--mark", "--format", "jsonl"],
    ]
    decider = Decider(commands)
    rounds = asyncio.run(polling(desk, lambda: decider.works))

    told = decider.ended()
    assert [code for code, _ in told] == [0] * len(commands)
    assert max(*(seconds for _, seconds in told), *rounds) < LONG_S
    assert {hit: chain[-1][1] for hit, chain in decided(backend).items()} == {
        **dict.fromkeys((1, 3, 4), "confirmed"),
        2: "new",
        **dict.fromkeys((5, 6), "dismissed"),
        7: "duplicate",
    }
    assert backend.value("SELECT count(*) FROM reports") == 1
    assert_nothing_is_lost(backend, press)


@pytest.mark.slow
def test_e03_review_and_decisions_beside_a_live_daemon_lose_nothing(desk: Any, backend: Backend) -> None:
    """A real daemon that stores polls all the time; two processes that decide; a person at a terminal."""
    desk, press = desk
    desk.list_addresses([f"127.0.0.{number + 2}" for number in range(SOURCES)], interval="1s")
    daemon = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "watcher",
            "run",
            "--watchlist",
            str(desk.watchlist),
            "--alerts",
            str(desk.folder / "a"),
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        before = sum(press.published.values())
        wait_for(lambda: sum(press.published.values()) > before + SOURCES)
        hits = range(1, 5)
        Decider([["confirm", str(hit)] for hit in hits]).ended()
        with Terminal(["review"], {"WATCHER_ANALYST": "cy"}, rows=30) as screen:
            screen.wait("hits to decide")
            ann = Decider([[word, str(hit)] for hit in hits for word in ("undo", "confirm") * 2])
            bob = Decider([["note", "5", "6", "-m", f"seen {n}"] for n in range(8)], WATCHER_ANALYST="bob")
            for key in "cce":
                screen.press(key)
                screen.wait("hit ")
            screen.press("q")
            assert screen.end() == 0
        told = ann.ended() + bob.ended()
        wait_for(lambda: sum(press.published.values()) > before + 4 * SOURCES)
    finally:
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(60) == 0

    assert [code for code, _ in told] == [0] * len(told)
    assert max(seconds for _, seconds in told) < LONG_S
    by = Counter(backend.rows("SELECT analyst, verdict FROM verdicts"))
    assert by["ann", "confirm"] == 12
    assert by["ann", "undo"] == 8
    assert by["bob", "note"] == 16
    assert by["cy", "confirm"] + by["cy", "escalate"] == 3
    assert_nothing_is_lost(backend, press)


def wait_for(what: Any) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        threading.Event().wait(0.05)
