"""What the sandbox costs: parse and match through it, without it, through `pebble`, and by a fork per feed.

    python bench/sandbox.py [--watchlist FILE] [--rounds N]

CPU seconds of the whole process tree per task, interleaved rounds, median; ratio = without / with.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import pickle
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from watcher.core.limits import Limits
from watcher.core.model import Claim, Fetched, SourceSpec
from watcher.sources import child, frames
from watcher.sources.sandbox import Sandbox

LIMITS = Limits()
SPEC = SourceSpec("bench", "feed", "http://bench.test/feed", "Bench", "Bench", "bench", "en")
CLAIM = Claim(1, SPEC, 1, 0)
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


async def through_sandbox(sandbox: Sandbox, answer: Fetched, count: int) -> tuple[float, float]:
    server = sandbox.server_pid()
    before = {pid: cpu_s(pid) for pid in family(server)}
    own, started = time.process_time(), time.monotonic()
    await asyncio.gather(*(sandbox.parse(CLAIM, answer) for _ in range(count)))
    wall = time.monotonic() - started
    spent = sum(cpu_s(pid) - before.get(pid, 0.0) for pid in family(server))
    return (time.process_time() - own + spent) / count * 1e3, wall / count * 1e3


async def main_async(compiled: Sequence[bytes], rounds: int) -> None:
    load(compiled)
    import pebble

    pool = pebble.ProcessPool(max_workers=2, initializer=load, initargs=(list(compiled),))
    async with Sandbox(Limits(parse_tasks_per_child=10**9), compiled, 2) as sandbox:
        for items, count in ((1, 1500), (10, 400), (50, 100)):
            answer = fetched(feed(items))
            frame = frames.pack_task(CLAIM, answer)[frames.LENGTH.size :]
            results: dict[str, list[tuple[float, float]]] = {
                "without": [],
                "sandbox": [],
                "pebble": [],
                "fork per feed": [],
            }
            await asyncio.gather(*(sandbox.parse(CLAIM, answer) for _ in range(8)))
            pool.schedule(in_pebble, args=[frame]).result()
            for _ in range(rounds):
                results["without"].append(measured(repeat(direct, frame, count), count))
                results["sandbox"].append(await through_sandbox(sandbox, answer, count))
                kids = [process.pid for process in pool._pool_manager.worker_manager.workers.values()]
                before, own, started = sum(map(cpu_s, kids)), time.process_time(), time.monotonic()
                for future in [pool.schedule(in_pebble, args=[frame], timeout=15) for _ in range(count)]:
                    future.result()
                wall = time.monotonic() - started
                results["pebble"].append(
                    ((time.process_time() - own + sum(map(cpu_s, kids)) - before) / count * 1e3, wall / count * 1e3)
                )
                results["fork per feed"].append(measured(repeat(forked, frame, count // 5), count // 5))
            base = statistics.median(cpu for cpu, _ in results["without"])
            print(f"{items} items, {len(answer.body)} bytes")
            for name, figures in results.items():
                cpu, wall = (statistics.median(column) for column in zip(*figures, strict=True))
                print(f"  {name:14} {cpu:8.3f} ms CPU  {wall:8.3f} ms wall  ratio {base / cpu:.2f}")
    pool.close()
    pool.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = Path(__file__).resolve().parents[1]
    parser.add_argument("--watchlist", type=Path, default=root / "config" / "watchlist.yaml")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    from watcher.app.watchlists import load as load_watchlist
    from watcher.lexicon.expand import expand

    loaded = load_watchlist(options.watchlist, expand=lambda words: expand(words, cache_dir=None), cache_dir=None)
    asyncio.run(main_async([loaded.compiled_bytes], options.rounds))


if __name__ == "__main__":
    main()
