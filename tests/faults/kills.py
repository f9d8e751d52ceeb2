"""Kills the real pipeline again and again and counts what is lost or doubled: nothing may be.

    python tests/faults/kills.py --kills 1000

A publisher (threads of this process) serves sources whose every answer holds new items. A second process, which has
imported everything once, forks a worker per kill: real fetches, real sandbox, real transactions, real alerts file. The
worker ends itself with SIGKILL at a named point of the pipeline, or is killed from outside at a random time. Then the
next one starts where it lay. A last worker finishes in peace, and the books are compared:

* every item that was published is one entry and one hit;
* every hit that owes an alert stands in the alerts file, once or (after a kill between send and mark) more often, but
  then under the same key.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.server import Server, reply
from tests.support.inline import InlineParser

POINTS = (
    "after-fetch",
    "after-parse",
    "in-transaction",
    "before-commit",
    "after-commit",
    "before-send",
    "after-send",
    "after-mark",
)
SOURCES = 3
AT_RANDOM = "random"
KILLED = -signal.SIGKILL

WATCHLIST = """\
watchlist: kills
question: Is anything lost?
language: en
timezone: UTC
signals:
  offer:
    title: Offer
    threshold: 40
    rules:
      - {{id: offers, match: '"offers" near/4 "pact"', weight: 60}}
sources:
{sources}
"""
SOURCE = """\
  press-{n}:
    title: Press {n}
    kind: feed
    url: {url}
    publisher: Press {n}
    family: press
    language: en
    role: primary
    reliability: B
    rationale: ours
    checked_on: 2025-12-15
    recorded: ok
    allow_private: true
"""


class Publisher:
    """Sources that publish one or two new items per answer, until they are asked for peace."""

    def __init__(self, seed: int) -> None:
        self.published: Counter[int] = Counter()
        self._most = 2
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        addresses = [f"127.0.0.{n + 2}" for n in range(SOURCES)]
        self.server = Server(addresses)
        self.urls = [self.server.url(f"/{n}.xml", address) for n, address in enumerate(addresses)]
        for n in range(SOURCES):
            self.server.on(f"/{n}.xml", lambda connection, _request, n=n: connection.sendall(self._answer(n)))
        self.server.on("/peace", self._peace)

    def _peace(self, connection: socket.socket, _request: object) -> None:
        with self._lock:
            self._most = 0
        connection.sendall(reply(b"as you wish"))

    def _answer(self, n: int) -> bytes:
        with self._lock:
            self.published[n] += min(self._most, self._random.randint(1, 2))
            count = self.published[n]
        items = "".join(
            f"<item><guid>{n}-{i}</guid><title>Ministry offers pact number {i}</title>"
            f"<link>https://press.example/{n}/{i}</link><description>Item {i} of source {n}.</description></item>"
            for i in range(count, 0, -1)
        )
        body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>{n}</title>{items}</channel></rss>'
        return reply(body, headers=[("ETag", f'"{n}-{count}"')])


# --- the worker ---------------------------------------------------------------------------------------------------


class _LaterClock:
    """The machine's clock, ahead by so much: each worker lives later than the leases of the one before it."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead = round(ahead_s * 1_000_000)

    def now(self) -> int:
        return time.time_ns() // 1000 + self._ahead

    def monotonic(self) -> float:
        return time.monotonic()


async def work(folder: Path, ahead_s: float, point: str, nth: int, *, rounds: int, sandboxed: bool) -> None:
    """Poll and deliver, round after round; ends by SIGKILL at the nth passing of the point."""
    from watcher.bootstrap.polling import Hooks, build_duties
    from watcher.bootstrap.settings import Settings
    from watcher.core.limits import Limits

    parser = None if sandboxed else InlineParser
    passed = 0

    def trace(at: str) -> None:
        nonlocal passed
        if at == point:
            passed += 1
            if passed == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    settings = Settings(
        database=str(folder / "kills.sqlite3"),
        watchlists=(folder / "kills.yaml",),
        alerts=folder / "alerts.jsonl",
        cache_dir=folder / "cache",
        workers=1,
        # Every alert a line of its own: the books count them by key.
        limits=replace(Limits(), host_interval_s=0.0, alert_pause_s=0.0, alert_lines=10_000),
    )
    async with build_duties(settings, Hooks(clock=_LaterClock(ahead_s), trace=trace, sandbox=parser)) as duties:
        for _ in range(rounds):
            done = await duties.poller.round(everything=True)
            assert not done.failed, str(done.failed[0])
            for courier in duties.couriers:
                await courier.deliver()
        for courier in duties.couriers:
            courier.close()


def _worker(folder: Path, number: int, point: str, nth: int, *, rounds: int, sandboxed: bool) -> int:
    """Fork a worker; returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        asyncio.run(work(folder, number * 300.0, point, nth, rounds=rounds, sandboxed=sandboxed))
        code = 0
    except BaseException as error:  # the parent counts every end that is no kill
        sys.stderr.write(f"worker {number}: {error!r}\n")
    finally:
        sys.stderr.flush()
        os._exit(code)


def herd(folder: Path, kills: int, seed: int, every: int, peace: str) -> dict[str, int]:
    """Fork workers until so many were killed, then one that finishes; returns kills by point."""
    import watcher.alerts.file
    import watcher.app.daemon
    import watcher.core.compile
    import watcher.core.match
    import watcher.sources.http
    import watcher.sources.sandbox
    import watcher.storage.store  # noqa: F401  # imported once, here, so that a fork costs nothing

    chance = random.Random(seed)
    done: Counter[str] = Counter()
    number = 0
    while done.total() < kills:
        number += 1
        point = (*POINTS, AT_RANDOM, AT_RANDOM)[number % (len(POINTS) + 2)]
        sandboxed = number % every == 0
        pid = _worker(folder, number, point, chance.randint(1, 4), rounds=8, sandboxed=sandboxed)
        if point == AT_RANDOM:
            time.sleep(chance.uniform(0.0, 1.0 if sandboxed else 0.4))
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status == KILLED:
            done[point] += 1
        elif status or number > 3 * kills:
            raise SystemExit(f"worker {number} for {point} ended with {status}")
    urllib.request.urlopen(peace).read()
    pid = _worker(folder, number + 1, "", 0, rounds=2, sandboxed=True)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        raise SystemExit(f"the last worker ended with {status}")
    return dict(done)


# --- the books ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Books:
    """What came of it."""

    kills: dict[str, int]
    published: int
    entries: int
    hits: int
    owed: int
    unsent: int
    lines: int
    keys: int
    missing_keys: int
    torn_lines: int
    seconds: float

    @property
    def balance(self) -> bool:
        return (
            self.published == self.entries == self.hits
            and self.owed == self.keys
            and not self.unsent
            and not self.missing_keys
            and not self.torn_lines
        )

    def __str__(self) -> str:
        by_point = ", ".join(f"{point} {count}" for point, count in sorted(self.kills.items()))
        return (
            f"{sum(self.kills.values())} kills in {self.seconds:.0f} s ({by_point})\n"
            f"items published {self.published}, entries {self.entries}, hits {self.hits}: "
            f"{self.published - self.hits} lost, {max(0, self.hits - self.published)} doubled\n"
            f"alerts owed {self.owed}, not sent {self.unsent}, lost {self.missing_keys}; "
            f"{self.lines - self.keys} sent twice under the same key; torn lines {self.torn_lines}"
        )


def run(folder: Path, kills: int, seed: int, every: int = 1) -> Books:
    """Kill so often, then count. Every so manieth worker has the real sandbox (the others parse without children)."""
    started = time.monotonic()
    publisher = Publisher(seed)
    sources = "".join(SOURCE.format(n=n, url=url) for n, url in enumerate(publisher.urls))
    (folder / "kills.yaml").write_text(WATCHLIST.format(sources=sources))
    command = [sys.executable, __file__, "--herd", str(folder), "--kills", str(kills), "--seed", str(seed)]
    command += ["--every", str(every), "--peace", publisher.server.url("/peace", "127.0.0.2")]
    with publisher.server:
        told = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return _count(folder, json.loads(told.stdout), publisher, time.monotonic() - started)


def _count(folder: Path, kills: dict[str, int], publisher: Publisher, seconds: float) -> Books:
    with sqlite3.connect(folder / "kills.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        entries, hits, unsent = (
            database.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
            for what in ("entries", "hits", "outbox WHERE sent_at IS NULL")
        )
        owed = {key for (key,) in database.execute("SELECT key FROM outbox")}
    database.close()
    good, torn = [], 0
    for line in (folder / "alerts.jsonl").read_text().splitlines():
        try:
            good.append(json.loads(line)["key"])
        except ValueError:
            torn += 1
    sent = set(good)
    return Books(
        kills=kills,
        published=publisher.published.total(),
        entries=entries,
        hits=hits,
        owed=len(owed),
        unsent=unsent,
        lines=len(good),
        keys=len(sent),
        missing_keys=len(owed - sent),
        torn_lines=torn,
        seconds=seconds,
    )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="real sandbox in every so manieth worker")
    parser.add_argument("--herd", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--peace", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.herd:
        print(json.dumps(herd(options.herd, options.kills, options.seed, options.every, options.peace)))
        return 0
    with tempfile.TemporaryDirectory(prefix="watcher-kills-") as folder:
        books = run(Path(folder), options.kills, options.seed, options.every)
    print(books)
    return 0 if books.balance else 1


if __name__ == "__main__":
    raise SystemExit(main())
