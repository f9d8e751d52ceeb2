"""What both sides of bench.poll share: options, the phases, and what they must agree on. Must not: import a side.

Phases: ``new`` (all entries of all sources are new), ``one`` (each source has one new item since the last round) and
``same`` (every source answers 304). What comes before a phase is not measured.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from bench.harness import measured, report_side
from bench.publisher import move

PHASES = {"new": "all items new", "one": "one new item each", "same": "all 304"}


def poll_options(workers: int) -> argparse.Namespace:
    """Arguments of a side: where the publisher is, and what to do."""
    parser = argparse.ArgumentParser()
    parser.add_argument("place", help="what bench.publisher printed")
    parser.add_argument("--workers", type=int, default=workers)
    parser.add_argument("--phase", choices=tuple(PHASES), default="one")
    parser.add_argument("--times", type=int, default=1, help="rounds that are measured together")
    parser.add_argument("--memory", action="store_true", help="measure memory too (reading it costs processor time)")
    options = parser.parse_args()
    if options.place.startswith("@"):
        options.place = Path(options.place[1:]).read_text(encoding="ascii")
    return options


class Memory:
    """The highest memory of a process and its children while it is entered: megabytes of PSS."""

    def __init__(self, pid: int) -> None:
        self.pid, self.highest_mb = pid, 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self.highest_mb = max(self.highest_mb, self._now_mb())

    def _now_mb(self) -> float:
        import psutil

        process, total = psutil.Process(self.pid), 0
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += member.memory_full_info().pss
        return total / 2**20


def digest_of(pairs: Iterable[tuple[str, str]]) -> str:
    """Short digest of (source address, entry id) pairs."""
    total = hashlib.sha256()
    for url, entry in sorted(pairs):
        total.update(f"{url}\t{entry}\n".encode())
    return total.hexdigest()[:16]


def run_phase(
    control: str,
    options: argparse.Namespace,
    update: Callable[[], None],
    entries: Callable[[], list[tuple[str, str]]],
) -> None:
    """Prepare, measure, and print what the harness reads."""
    step = "tick" if options.phase == "one" else "stay"
    move(control, "reset")
    if options.phase != "new":
        update()
        move(control, "stay")
        if options.phase == "same":  # some store a validator only the second time
            update()
        move(control, step)
    total, answers = {"cpu_s": 0.0, "wall_s": 0.0}, {"200": 0, "304": 0}
    for number in range(options.times):
        with measured() as spent:
            update()
        served = move(control, step if number + 1 < options.times else "stay")
        for name, seconds in spent.items():
            total[name] += seconds
        answers = {name: answers[name] + served[name] for name in answers}
    if options.memory:  # once more, so that reading it is not in the time
        move(control, step)
        with Memory(os.getpid()) as memory:
            update()
        total["rss_mb"] = memory.highest_mb
    found = entries()
    report_side(total, entries=len(found), digest=digest_of(found), answers=answers)
