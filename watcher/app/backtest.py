"""Run a watchlist over an archive: what would have fired when, and how long before known events. Must not: store or print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from watcher.core.limits import Limits

if TYPE_CHECKING:
    from watcher.core.model import Assessment
    from watcher.core.program import CompiledWatchlist


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


def run(watchlist: CompiledWatchlist, items: Iterable[Item], *, period: str) -> Backtest:
    """Score every item.

    Args:
        watchlist: compiled.
        items: the archive, in any order.
        period: ``day``, ``week`` or ``month``.
    """
    result = Backtest()
    for item in items:
        result.items += 1
        result.undated += item.day is None
        if item.day is not None:
            result.first_day = min(result.first_day or item.day, item.day)
            result.last_day = max(result.last_day or item.day, item.day)
        result.fired.extend(_fired(watchlist, item))
    result.fired.sort(key=lambda one: (one.day or date.max, one.signal, -one.score, one.id))
    for one in result.fired:
        key = (period_of(one.day, period), one.signal, one.rung)
        result.timeline[key] = result.timeline.get(key, 0) + 1
    return result


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
