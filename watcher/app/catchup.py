"""Scores entries that a watchlist has never seen: after it is new, or after a crash. Must not: alert, or rescore.

The texts were scrubbed and stored by the sandbox, so they are matched here without a child. What was scored before under
an older revision stays as it is: that is what ``watcher rescore`` is for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from watcher.app.ports import Clock, Store
from watcher.core.model import Micros, StoredText, TextAssessed

# Small enough that polls which finish meanwhile do not wait long for the writer.
BATCH = 200


@dataclass(frozen=True, slots=True)
class Matcher:
    """A watchlist as catching up needs it: id, revision, and from a stored text to its assessments."""

    watchlist: str
    revision: str
    assess: Callable[[StoredText], TextAssessed]


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """How many entries were scored for the first time, and how many hits they made."""

    entries: int = 0
    hits: int = 0


async def catch_up(store: Store, matcher: Matcher, clock: Clock, writer: Executor) -> CaughtUp:
    """Score what a watchlist has never seen, batch by batch.

    Args:
        store: reads and writes in the writer thread.
        matcher: the watchlist.
        clock: wall time.
        writer: the one thread that writes.
    """
    loop = asyncio.get_running_loop()
    entries = hits = after = 0
    while True:
        found = await loop.run_in_executor(writer, _unscored, store, matcher, after)
        if not found:
            return CaughtUp(entries, hits)
        scored = await asyncio.to_thread(_assess_all, matcher, found)
        hits += await loop.run_in_executor(writer, _save, store, matcher, scored, clock.now())
        entries += len(found)
        after = found[-1].entry_id


def _unscored(store: Store, matcher: Matcher, after: int) -> Sequence[StoredText]:
    return store.unscored_entries(matcher.watchlist, matcher.revision, BATCH, after=after)


def _assess_all(matcher: Matcher, texts: Sequence[StoredText]) -> list[TextAssessed]:
    return [matcher.assess(text) for text in texts]


def _save(store: Store, matcher: Matcher, scored: Sequence[TextAssessed], now: Micros) -> int:
    with store.write() as transaction:
        return transaction.save_assessments(matcher.watchlist, matcher.revision, scored, now).get("hits", 0)
