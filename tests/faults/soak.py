"""A long run in accelerated time: `python -m tests.faults.soak --polls 10000`. Must not: hold tests.

A hundred sources on a loopback server, one round an hour of simulated time, the real pipeline with the real sandbox. Every
fifth answer of a source holds something new, every tenth source is broken in one way or another. Memory, descriptors and
threads of this process (the server's included), memory of the sandbox, and the write-ahead log are looked at as it goes.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.server import Request, Server, reply
from tests.support.desk import Desk, feed, item, offer

HOUR_S = 3660.0
MB = 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """What stands after so many polls."""

    polls: int
    rss: float
    sandbox_rss: float
    files: int
    threads: int
    log_bytes: int
    database_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.polls:>7} polls  {self.rss:7.1f} MB  sandbox {self.sandbox_rss:6.1f} MB  {self.files:3} files  "
            f"{self.threads:3} threads  log {self.log_bytes / MB:5.1f} MB  database {self.database_bytes / MB:6.1f} MB"
        )


class Publisher:
    """Answers of one source: something new every fifth time, else not modified; or broken."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.asked = 0

    def __call__(self, connection: socket.socket, request: Request) -> None:
        self.asked += 1
        if self.number % 10 == 9:
            connection.sendall((reply(status=500), reply(b"<html>"), b"HTTP/1.1 200 OK\r\n", b"")[self.asked % 4])
            return
        issue = self.asked // 5
        etag = f'"{self.number}-{issue}"'
        if request.header("if-none-match") == etag:
            connection.sendall(reply(status=304))
            return
        shown = range(issue, max(-1, issue - 20), -1)
        made = [(offer if n % 7 == 3 else item)(f"{self.number}-{n}") for n in shown]
        connection.sendall(feed(*made, etag=etag))


def rss_of(pid: int) -> float:
    """Resident memory of a process in MB; 0 where it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


def descendants(pid: int) -> Iterator[int]:
    """Every process below one."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text(encoding="ascii").split()):
            yield child
            yield from descendants(child)


def descendants_or_none(pid: int) -> list[int]:
    """Every process below one; none where it ends just now."""
    try:
        return list(descendants(pid))
    except OSError:
        return []


def sample(desk: Desk, polls: int) -> Sample:
    """Look at everything."""
    gc.collect()
    log = Path(f"{desk.database}-wal")
    return Sample(
        polls,
        rss_of(os.getpid()),
        sum(rss_of(pid) for pid in descendants(os.getpid())),
        len(os.listdir("/proc/self/fd")),
        threading.active_count(),
        log.stat().st_size if log.exists() else 0,
        desk.database.stat().st_size,
    )


async def run(desk: Desk, polls: int, sources: int, samples: int) -> list[Sample]:
    """Poll so often; returns what stood at even distances."""
    names = [f"s{n}" for n in range(sources)]
    desk.list_sources(*names)
    for number, name in enumerate(names):
        desk.server.on(f"/{name}.xml", Publisher(number))
    rounds, taken = max(samples, polls // sources), []
    desk.sandbox = None
    async with desk.open(on_poll=lambda _line: None, trace=lambda _point: None) as duties:
        done = 0
        for number in range(1, rounds + 1):
            done += len((await duties.poller.round(everything=True)).lines)
            for courier in duties.couriers:
                await courier.deliver()
            if number % 10 == 0:
                await asyncio.to_thread(duties.store.trim_log)
            desk.server.requests.clear()
            desk.clock.move(HOUR_S)
            if number % max(1, rounds // samples) == 0:
                taken.append(sample(desk, done))
    return taken


def slope(samples: list[Sample]) -> float:
    """Growth of memory in MB per 1,000 polls over the second half: least squares."""
    half = samples[len(samples) // 2 :]
    xs, ys = [s.polls / 1000 for s in half], [s.rss for s in half]
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle_x) ** 2 for x in xs)
    return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / spread if spread else 0.0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--polls", type=int, default=10_000)
    parser.add_argument("--sources", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="watcher-soak-") as folder, Server() as server:
        samples = asyncio.run(run(Desk(Path(folder), server), options.polls, options.sources, 10))
    for one in samples:
        print(one)
    print(f"memory grows by {slope(samples):.2f} MB per 1,000 polls (second half)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
