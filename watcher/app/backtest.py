"""Run a watchlist over an archive: what would have fired when, and how long before known events. Must not: store or print."""

from __future__ import annotations

import multiprocessing
import pickle
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING

from watcher.core.limits import Limits

if TYPE_CHECKING:
    from watcher.core.model import Assessment
    from watcher.core.program import CompiledWatchlist


BATCH = 500
FEW = 4
"""With fewer batches than these, starting processes would take longer than they save."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an archive. ``day`` is None where its date is missing or is none."""

    id: str
    title: str
    text: str
    language: str = ""
    source: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Fired:
    """A hit that would have been."""

    day: date | None
    signal: str
    score: float
    rung: str
    id: str
    source: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """A dated event; ``signal`` is empty where any signal counts as its sign."""

    day: date
    title: str
    signal: str = ""


@dataclass(frozen=True, slots=True)
class Lead:
    """How long before an event a signal fired first within the window; None: it did not."""

    event: Event
    signal: str
    days: int | None
    first: Fired | None


@dataclass(slots=True)
class Backtest:
    """What came of it. ``timeline`` counts hits by period, signal and rung."""

    items: int = 0
    undated: int = 0
    first_day: date | None = None
    last_day: date | None = None
    fired: list[Fired] = field(default_factory=list)
    timeline: dict[tuple[str, str, str], int] = field(default_factory=dict)


def run(watchlist: CompiledWatchlist, items: Iterable[Item], *, period: str, workers: int = 1) -> Backtest:
    """Score every item.

    Args:
        watchlist: compiled.
        items: the archive, in any order.
        period: ``day``, ``week`` or ``month``.
        workers: processes that score; 1: this one.
    """
    result = Backtest()
    for batch, fired in _scored(watchlist, _batches(items), workers):
        for item in batch:
            result.items += 1
            result.undated += item.day is None
            if item.day is not None:
                result.first_day = min(result.first_day or item.day, item.day)
                result.last_day = max(result.last_day or item.day, item.day)
        result.fired.extend(fired)
    result.fired.sort(key=lambda one: (one.day or date.max, one.signal, -one.score, one.id))
    for one in result.fired:
        key = (period_of(one.day, period), one.signal, one.rung)
        result.timeline[key] = result.timeline.get(key, 0) + 1
    return result


Batch = list[Item]


def _batches(items: Iterable[Item]) -> Iterator[Batch]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _scored(
    watchlist: CompiledWatchlist, batches: Iterator[Batch], workers: int
) -> Iterator[tuple[Batch, Sequence[Fired]]]:
    """Every batch with what fired in it. Processes are started only where there is more than a few batches."""
    first = list(islice(batches, FEW))
    if workers <= 1 or len(first) < FEW:
        for batch in chain(first, batches):
            yield batch, _all_fired(watchlist, batch)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start, (pickle.dumps(watchlist),)) as pool:
        waiting: deque[tuple[Batch, Future[list[Fired]]]] = deque()
        for batch in chain(first, batches):
            waiting.append((batch, pool.submit(_work, batch)))
            if len(waiting) > 2 * workers:
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()


_own: list[CompiledWatchlist] = []
"""The watchlist of this process, where it is a worker."""


def _start(compiled: bytes) -> None:
    _own[:] = [pickle.loads(compiled)]  # noqa: S301  # pickled by this program, just now


def _work(batch: Batch) -> list[Fired]:
    return _all_fired(_own[0], batch)


def _all_fired(watchlist: CompiledWatchlist, batch: Batch) -> list[Fired]:
    return [one for item in batch for one in _fired(watchlist, item)]


def _fired(watchlist: CompiledWatchlist, item: Item) -> Iterator[Fired]:
    from watcher.core.match import find_evidence
    from watcher.core.score import assess

    evidence = find_evidence(watchlist, item.title, item.text, item.language, limits=Limits())
    for found in assess(watchlist, evidence) if evidence is not None else ():
        if found.reached:
            title = item.title or item.text[:100]
            yield Fired(item.day, found.signal, found.score, found.rung, item.id, item.source, title, _reason(found))


def _reason(found: Assessment) -> str:
    return "; ".join(f"{part.name} {part.points:+.0f}" for part in found.parts)


def period_of(day: date | None, period: str) -> str:
    """The period a day lies in: itself, its ISO week's Monday, or its month."""
    if day is None:
        return "undated"
    if period == "month":
        return day.strftime("%Y-%m")
    start = day - timedelta(days=day.weekday()) if period == "week" else day
    return start.isoformat()


def leads(result: Backtest, events: Sequence[Event], signals: Sequence[str], *, window_days: int) -> tuple[Lead, ...]:
    """For every event and signal: the first hit in the days before it (the day itself counts as 0)."""
    found = []
    for event in events:
        for signal in (event.signal,) if event.signal else signals:
            since = event.day - timedelta(days=window_days)
            first = next(
                (f for f in result.fired if f.signal == signal and f.day is not None and since <= f.day <= event.day),
                None,
            )
            days = (event.day - first.day).days if first and first.day else None
            found.append(Lead(event, signal, days, first))
    return tuple(found)


def first_rungs(result: Backtest) -> dict[tuple[str, str], Fired]:
    """The first hit of every signal on every rung."""
    found: dict[tuple[str, str], Fired] = {}
    for one in result.fired:
        if one.day is not None:
            found.setdefault((one.signal, one.rung), one)
    return found


def read_day(text: object) -> date | None:
    """The day of a date or time as archives write it (``2022-02-21``, ``2022-02-21T10:00:00Z``, seconds since 1970)."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = datetime.fromtimestamp(text, UTC).isoformat() if 0 <= text < 2**33 else ""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip().replace(" Z", "Z"))
    except ValueError:
        return None
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
