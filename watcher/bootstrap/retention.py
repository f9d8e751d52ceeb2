"""Builds what prunes by age. Must not: do the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from watcher.core.model import Micros
    from watcher.storage.retention import SqlRetention


@dataclass(frozen=True, slots=True)
class RetentionDesk:
    """Pruning in one database; ``now`` is what ages are counted from."""

    retention: SqlRetention
    now: Micros

    def pages(self, days: int) -> Iterator[tuple[str, int]]:
        """Prune, page by page: each page's stage and how many rows went."""
        from watcher.app.retention import cutoff, pages

        return pages(self.retention, cutoff(self.now, days), self.now)


@contextmanager
def build_retention(database: str, *, dry: bool) -> Iterator[RetentionDesk]:
    """Pruning in a database; with ``dry`` it is opened read only and things are counted.

    Raises:
        WatcherError: there is none, it is damaged, or its schema is another one than ours.
    """
    from watcher.app.clock import SystemClock
    from watcher.storage.engine import open_engine
    from watcher.storage.retention import SqlRetention
    from watcher.storage.schema import require_current

    engine = open_engine(database, read_only=dry)
    try:
        require_current(engine)
        yield RetentionDesk(SqlRetention(engine, dry=dry), counted_from(engine, SystemClock().now()))
    finally:
        engine.dispose()


def counted_from(engine: Engine, now: Micros) -> Micros:
    """The newest poll, or the clock where that is earlier: a clock that runs ahead must not prune everything."""
    from watcher.storage.queries import Queries

    newest = Queries(engine).newest_poll_at()
    return now if newest is None else min(now, newest)


def build_pruner(engine: Engine, days: int | None, now: Callable[[], Micros]) -> Callable[[], int]:
    """The daemon's duty: a page at each call; nothing where no age is set."""
    if days is None:
        return lambda: 0
    from watcher.app.retention import Pruner, cutoff
    from watcher.storage.retention import SqlRetention

    cutoff(0, days)  # an age that cannot be is refused at the start, not in the first hour
    return Pruner(SqlRetention(engine), days, lambda: counted_from(engine, now()))
