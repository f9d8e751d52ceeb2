"""What the sandbox costs: parse and match through it, without it, through `pebble`, and by a fork per feed.

    python bench/sandbox.py [--watchlist FILE] [--rounds N]

Processor seconds of the whole process tree per body, the contenders in turn within every round. The ratio is the other
over the sandbox: against the same without a sandbox (in as many processes as the sandbox has children) it says what
safety costs; above 1 the sandbox is cheaper. Tasks are given all at once, as the daemon has them when many sources are
due, so that they travel in batches.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import pickle
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.harness import ROOT, Row, Sample, Side, row, save, table
from watcher.core.limits import Limits
from watcher.core.model import Claim, Fetched, SourceSpec
from watcher.sources import child, frames
from watcher.sources.sandbox import Sandbox

LIMITS = Limits()
SPEC = SourceSpec("bench", "feed", "http://bench.test/feed", "Bench", "Bench", "bench", "en")
CLAIM = Claim(1, SPEC, 1, 0)
WORKERS = 2
WORDS = (
    "The ministry said on Monday that talks about a draft security treaty would go on, and that an answer to the note "
    "handed over last week was expected before the end of the month. Officials in Brussels gave no comment. "
)
_LOADED: list[object] = []


def feed(items: int) -> bytes:
    entry = (
        "<item><guid>g{0}</guid><title>Ministry speaks of treaty, part {0}</title><link>http://bench.test/{0}</link>"
        "<description>" + WORDS * 3 + "</description><pubDate>Mon, 15 Dec 2025 12:00:00 GMT</pubDate></item>"
    )
    body = "".join(entry.format(number) for number in range(items))
    return f"<rss version='2.0'><channel><title>T</title>{body}</channel></rss>".encode()


def fetched(body: bytes) -> Fetched:
    return Fetched(
        200, SPEC.url, (("content-type", "text/xml"),), body, hashlib.sha256(body).digest(), "", "", (), 0.0, len(body)
    )


def cpu_s(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, parts[11:15])) / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    kids = [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return [pid, *(descendant for kid in kids for descendant in family(kid))]


def load(compiled: Sequence[bytes]) -> None:
    _LOADED[:] = [pickle.loads(one) for one in compiled]


def direct(frame: bytes) -> bytes:
    """What a child does, in this process, without the bytes of an answer."""
    name, request = frames.unpack_task(frame, LIMITS)
    raw = child.kind(name).parse(request)
    child._matched(raw, _LOADED, LIMITS)  # type: ignore[arg-type]
    return b""


def forked(frame: bytes) -> None:
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(write, child.answer_task(frame, _LOADED, LIMITS)[:65536])  # type: ignore[arg-type]
        os._exit(0)
    os.close(write)
    while os.read(read, 65536):
        pass
    os.close(read)
    os.waitpid(pid, 0)


def in_pebble(frame: bytes) -> bytes:
    return child.answer_task(frame, _LOADED, LIMITS)  # type: ignore[arg-type]


def in_processes(frame: bytes, count: int) -> None:
    """The work without a sandbox, in as many processes at once as it has children: two busy threads of one core slow each
    other down, and that is not what a sandbox costs."""
    started = []
    for _ in range(WORKERS):
        pid = os.fork()
        if not pid:
            repeat(direct, frame, count // WORKERS)()
            os._exit(0)
        started.append(pid)
    for pid in started:
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            raise RuntimeError("a process without a sandbox failed")


def repeat(work: Callable[[bytes], object], frame: bytes, count: int) -> Callable[[], None]:
    def all_of_them() -> None:
        for _ in range(count):
            work(frame)

    return all_of_them


def measured(work: Callable[[], None], count: int) -> tuple[float, float]:
    """CPU ms and wall ms per task, of this process and its ended children."""

    def used() -> float:
        return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))

    before, started = used(), time.monotonic()
    work()
    return (used() - before) / count * 1e3, (time.monotonic() - started) / count * 1e3


async def parse(sandbox: Sandbox, answer: Fetched) -> None:
    """As the other side, it keeps nothing of what comes back."""
    await sandbox.parse(CLAIM, answer)


async def through_sandbox(sandbox: Sandbox, answer: Fetched, count: int) -> tuple[float, float]:
    server = sandbox.server_pid()
    before = {pid: cpu_s(pid) for pid in family(server)}
    own, started = time.process_time(), time.monotonic()
    await asyncio.gather(*(parse(sandbox, answer) for _ in range(count)))
    wall = time.monotonic() - started
    spent = sum(cpu_s(pid) - before.get(pid, 0.0) for pid in family(server))
    return (time.process_time() - own + spent) / count * 1e3, wall / count * 1e3


class Pool:
    """`pebble` with the same work."""

    def __init__(self, compiled: Sequence[bytes]) -> None:
        import pebble

        self.pool = pebble.ProcessPool(max_workers=WORKERS, initializer=load, initargs=(list(compiled),))

    def run(self, frame: bytes, count: int) -> tuple[float, float]:
        kids = [process.pid for process in self.pool._pool_manager.worker_manager.workers.values()]
        before, own, started = sum(map(cpu_s, kids)), time.process_time(), time.monotonic()
        for future in [self.pool.schedule(in_pebble, args=[frame], timeout=15) for _ in range(count)]:
            future.result()
        wall = time.monotonic() - started
        return (time.process_time() - own + sum(map(cpu_s, kids)) - before) / count * 1e3, wall / count * 1e3

    def close(self) -> None:
        self.pool.close()
        self.pool.join()


async def same_work(sandbox: Sandbox, answer: Fetched, frame: bytes) -> tuple[dict[str, int], dict[str, int]]:
    """What comes out of the sandbox, and without it."""
    name, request = frames.unpack_task(frame, LIMITS)
    plain = child._matched(child.kind(name).parse(request), _LOADED, LIMITS)  # type: ignore[arg-type]
    both = (await sandbox.parse(CLAIM, answer), plain)
    ours, theirs = (
        {"entries": len(feed.entries), "matched": sum(bool(e.evidence) for e in feed.entries)} for feed in both
    )
    return ours, theirs


async def of_size(sandbox: Sandbox, pool: Pool, items: int, count: int, rounds: int) -> list[Row]:
    """The rows for bodies of so many items."""
    answer = fetched(feed(items))
    frame = frames.pack_task(CLAIM, answer)[frames.LENGTH.size :]
    ours, theirs = await same_work(sandbox, answer, frame)
    names = ("without a sandbox", "pebble", "a fork per feed")
    figures: dict[str, list[Sample]] = {name: [] for name in ("sandbox", *names)}
    await asyncio.gather(*(sandbox.parse(CLAIM, answer) for _ in range(8)))
    pool.run(frame, 1)
    for _ in range(rounds):
        spent = {
            "without a sandbox": measured(lambda: in_processes(frame, count), count),
            "sandbox": await through_sandbox(sandbox, answer, count),
            "pebble": pool.run(frame, count),
            "a fork per feed": measured(repeat(forked, frame, count // 5), count // 5),
        }
        for name, (cpu, wall) in spent.items():
            figures[name].append(Sample(cpu / 1e3, wall / 1e3, 0.0, ours if name == "sandbox" else theirs))
    work = f"parse and match a body of {items} items"
    expected = {names[0]: ">= 0.8" if items > 1 else ""}
    return [
        row(
            "sandbox",
            work,
            Side("sandbox", ()),
            Side(name, ()),
            (figures["sandbox"], figures[name]),
            expected=expected.get(name, ""),
        )
        for name in names
    ]


async def main_async(compiled: Sequence[bytes], rounds: int) -> list[Row]:
    load(compiled)
    pool, rows = Pool(compiled), []
    async with Sandbox(Limits(parse_tasks_per_child=10**9), compiled, WORKERS) as sandbox:
        for items, count in ((1, 1500), (10, 400), (50, 100)):
            rows += await of_size(sandbox, pool, items, count, rounds)
    pool.close()
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--watchlist", type=Path, default=ROOT / "config" / "watchlist.yaml")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    from watcher.app.watchlists import load as load_watchlist
    from watcher.lexicon.expand import expand

    loaded = load_watchlist(options.watchlist, expand=lambda words: expand(words, cache_dir=None), cache_dir=None)
    rows = asyncio.run(main_async([loaded.compiled_bytes], options.rounds))
    save("sandbox", rows)
    print(table(rows))
    return 0 if all(item.same_work for item in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
