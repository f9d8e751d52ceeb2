"""The duty that groups entries into stories, batch by batch. Must not: hold SQL, or decide what is alike.

The window of the grouping is kept in memory from batch to batch, and filled again from the database at the start,
after a failed batch, and where another process has grouped or moved entries meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from watcher.core.grouping import Placement, Window
from watcher.core.likeness import Grouping, Item
from watcher.core.model import Micros
from watcher.core.origin import Owner, Published, Traced, trace


class Fresh(Protocol):
    """An entry that is not yet grouped."""

    @property
    def item(self) -> Item:
        """What is compared."""
        ...

    @property
    def said(self) -> Published:
        """What is known of its publisher."""
        ...


class Batch(Protocol):
    """A transaction of the duty."""

    @property
    def mark(self) -> int:
        """Highest entry grouped so far."""
        ...

    @property
    def edited(self) -> int:
        """The newest edit of a person that was applied."""
        ...

    def fresh(self) -> Sequence[Fresh]:
        """The next entries, in order."""
        ...

    def owners(self) -> Mapping[str, Owner]:
        """Who owns which host."""
        ...

    def window(self, rules: Grouping) -> Iterable[tuple[Item, int]]:
        """What the window would hold now."""
        ...

    def write(self, placed: Sequence[tuple[Placement, Traced]], now: Micros) -> None:
        """Store where entries belong."""
        ...


class Store(Protocol):
    """What the database gives."""

    def begin_duty(self, owner: str, now: Micros, until: Micros) -> bool:
        """Take the duty."""
        ...

    def end_duty(self, owner: str) -> None:
        """Give it back."""
        ...

    def empty(self) -> None:
        """Drop the stories."""
        ...

    def batch(self, owner: str, limit: int) -> AbstractContextManager[Batch | None]:
        """A transaction; None where the duty is another's."""
        ...


class StoryDuty:
    """Stories and origins as derived data.

    Args:
        store: the database.
        now: the time, for marking edits as applied.
        rules: the numbers of the method.
        page: entries in a batch.
    """

    def __init__(
        self, store: Store, now: Callable[[], Micros], rules: Grouping | None = None, *, page: int = 500
    ) -> None:
        self._store = store
        self._now = now
        self._rules = rules or Grouping()
        self._page = page
        self._window: Window | None = None
        self._known = (0, 0)

    def begin_duty(self, owner: str, now: Micros, until: Micros) -> bool:
        """Take, or keep, the duty for a while; False where somebody else has it."""
        return self._store.begin_duty(owner, now, until)

    def end_duty(self, owner: str) -> None:
        """Give the duty back."""
        self._store.end_duty(owner)

    def empty(self) -> None:
        """Drop the stories; what people decided stays."""
        self._window = None
        self._store.empty()

    def fill(self, owner: str) -> int:
        """Group the next entries in one transaction; how many."""
        window, self._window = self._window, None  # whatever fails here, memory must not run ahead of the database
        with self._store.batch(owner, self._page) as batch:
            if batch is None:
                return 0
            if window is None or self._known != (batch.mark, batch.edited):
                window = self._refilled(batch)
            placed = list(self._placed(batch, window))
            batch.write(placed, self._now())
            self._known = (max([batch.mark, *(one.entry_id for one, _ in placed)]), batch.edited)
        self._window = window
        return len(placed)

    def _refilled(self, batch: Batch) -> Window:
        window = Window(self._rules)
        for item, story in batch.window(self._rules):
            window.keep(item, story)
        return window

    @staticmethod
    def _placed(batch: Batch, window: Window) -> Iterator[tuple[Placement, Traced]]:
        owners: Mapping[str, Owner] | None = None
        for fresh in batch.fresh():
            owners = batch.owners() if owners is None else owners
            yield window.place(fresh.item), trace(fresh.said, owners)
