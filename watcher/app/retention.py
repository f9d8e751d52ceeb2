"""Prunes by age, stage by stage and page by page, so that polls are written in between. Must not: hold SQL, or decide what is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from watcher.core.errors import UsageProblem
from watcher.core.model import SECOND, Micros

DAY: Micros = 86_400 * SECOND
LEAST_DAYS = 30
"""Younger entries may still be joined to stories, come back to their source, or be scored again."""
STAGES = ("entries", "items", "polls", "bodies")
"""In this order: bodies and headers are needed as long as the entries that they brought."""


class Done(Protocol):
    """What one transaction did."""

    @property
    def taken(self) -> int:
        """So many rows."""
        ...

    @property
    def after(self) -> Any:
        """Where the next one goes on; None: nothing is left."""
        ...


class Retention(Protocol):
    """What the database does: each a transaction over the next page of what is older than ``before``."""

    def entries(self, before: Micros, after: Any, now: Micros) -> Done:
        """Entries that nothing hangs on."""
        ...

    def items(self, before: Micros, after: Any, now: Micros) -> Done:
        """Digests of items that left their source."""
        ...

    def polls(self, before: Micros, after: Any, now: Micros) -> Done:
        """What polls tell beyond their summary."""
        ...

    def bodies(self, before: Micros, after: Any, now: Micros) -> Done:
        """Bytes that brought nothing which is left."""
        ...


Stage = Callable[[Micros, Any, Micros], Done]


def cutoff(now: Micros, days: int) -> Micros:
    """The time before which things may go.

    Raises:
        UsageProblem: too few days.
    """
    if days < LEAST_DAYS:
        raise UsageProblem(
            f"{days} days are too few to prune by",
            hint=f"{LEAST_DAYS} is the least: younger entries still join stories and come back to their sources",
        )
    return now - days * DAY


def pages(retention: Retention, before: Micros, now: Micros) -> Iterator[tuple[str, int]]:
    """Prune everything from before a time; after each transaction its stage, and how many rows went."""
    for stage in STAGES:
        step: Stage = getattr(retention, stage)
        after: Any = None
        while True:
            page = step(before, after, now)
            yield stage, page.taken
            if page.after is None:
                break
            after = page.after


@dataclass(slots=True)
class Pruner:
    """The daemon's duty: a page at each call, and a whole pass at each tick."""

    retention: Retention
    days: int
    now: Callable[[], Micros]
    taken: Counter[str] = field(default_factory=Counter)
    _running: Iterator[tuple[str, int]] | None = None

    def __call__(self) -> int:
        """Prune a page; 0 where the pass is over."""
        if self._running is None:
            now = self.now()
            self._running = pages(self.retention, cutoff(now, self.days), now)
        for stage, count in self._running:
            self.taken[stage] += count
            return max(1, count)
        self._running = None
        return 0
