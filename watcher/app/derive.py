"""The derive duty: fills derived data in batches, one owner at a time. Must not: know what is derived, or hold SQL.

What is derived (the search index; later stories and origins) is a `Derived`: the duty takes its lease, fills it batch by
batch, and gives the lease back. A batch is one transaction, so polls come between; nothing of it is ever in a poll's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor
from typing import Protocol

from watcher.core.model import SECOND, Micros

LEASE: Micros = 60 * SECOND


class Derived(Protocol):
    """Something that is made from entries and can be made again."""

    def begin_duty(self, owner: str, now: Micros, until: Micros) -> bool:
        """Take, or keep, the duty for a while; False where somebody else has it."""
        ...

    def fill(self, owner: str) -> int:
        """Derive the next batch in one transaction; how many entries."""
        ...

    def end_duty(self, owner: str) -> None:
        """Give the duty back."""
        ...

    def empty(self) -> None:
        """Drop everything derived."""
        ...


def batches(derived: Sequence[Derived], owner: str, now: Callable[[], Micros]) -> Generator[int, None, None]:
    """Derive what is to be derived, batch by batch; sizes of the batches. Stop asking, and the duty is given back."""
    for one in derived:
        try:
            while one.begin_duty(owner, now(), now() + LEASE) and (done := one.fill(owner)):
                yield done
        finally:
            one.end_duty(owner)


def derive(derived: Sequence[Derived], owner: str, now: Callable[[], Micros], *, most: int | None = None) -> int:
    """Derive all there is, or up to about ``most`` entries (a tick of the daemon); how many."""
    total = 0
    for done in (running := batches(derived, owner, now)):
        total += done
        if most is not None and total >= most:
            running.close()
            break
    return total


async def derive_all(batch: Callable[[], int], writer: Executor, stop: Callable[[], bool] = lambda: False) -> int:
    """Derive all there is in the writer's thread, giving way to other writes after each batch; how many."""
    total = 0
    while not stop() and (done := await asyncio.get_running_loop().run_in_executor(writer, batch)):
        total += done
    return total
