"""Dated series and the scales to draw them on: readings of figures, points, ticks. Must not: draw, average, or look anything up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import chain, islice

from msgspec import Struct

from watcher.core.basics import SECOND, Micros
from watcher.core.period import from_micros, to_micros

DAY: Micros = 86400 * SECOND
HOUR: Micros = 3600 * SECOND


class FigurePoint(Struct, frozen=True):
    """One reading of a figure: what a source said, when, in which sentence.

    ``sighting`` is the class of the wording's first sighting. ``at`` is when the publisher says it was published, where that is a time before we saw it, else when we saw it first
    (``seen``). An entry that says the same again in a later wording is one point; ``is_current`` is False where its
    wording now does not say it any more.
    """

    figure: str
    value: float
    unit: str
    qualifier: str
    sentence: str
    at: Micros
    seen: Micros
    entry_id: int
    entry_revision: int
    source: str
    source_title: str
    publisher: str
    role: str
    reliability: str
    entry_title: str
    link: str
    is_current: bool = True
    sighting: str = "new"

    @property
    def is_primary(self) -> bool:
        """True where the source speaks for itself and is no report about somebody."""
        return self.role == "primary"


# --- conflicts ----------------------------------------------------------------------------------------------------

WINDOW: Micros = 3 * DAY
"""Readings further apart than this are a development, not a conflict."""
ABOUT = 0.1
"""How far "about" reaches to both sides."""


class Conflict(Struct, frozen=True):
    """Readings of different sources, of one time and one kind, that cannot all be so; by date."""

    figure: str
    points: tuple[FigurePoint, ...]


def bounds(point: FigurePoint) -> tuple[float, float]:
    """What the true value may be if the source is right: over 300 is 300 or more, about 300 is 270 to 330."""
    value = point.value
    if point.qualifier == "over":
        return value, math.inf
    if point.qualifier == "under":
        return -math.inf, value
    room = abs(value) * ABOUT if point.qualifier == "about" else 0.0
    return value - room, value + room


def agree(one: FigurePoint, other: FigurePoint) -> bool:
    """Can both be so?"""
    (low, high), (from_, to) = bounds(one), bounds(other)
    return low <= to and from_ <= high


def conflicts(points: Sequence[FigurePoint]) -> tuple[Conflict, ...]:
    """Where sources contradict each other.

    Two entries do where they are of different sources, at most `WINDOW` apart, speak of the same kind (what was added is
    not compared with how many there are), and no value of the one can be so together with any value of the other. What
    hangs together is one conflict.
    """
    kinds: dict[tuple[str, bool], dict[int, list[FigurePoint]]] = {}
    for point in sorted(points, key=lambda p: (p.at, p.entry_id)):
        kinds.setdefault((point.figure, point.qualifier == "added"), {}).setdefault(point.entry_id, []).append(point)
    found = [Conflict(kind[0], group) for kind, entries in kinds.items() for group in _groups(list(entries.values()))]
    return tuple(sorted(found, key=lambda conflict: (conflict.figure, conflict.points[0].at)))


def _groups(entries: Sequence[Sequence[FigurePoint]]) -> Iterator[tuple[FigurePoint, ...]]:
    """Entries that contradict each other, joined along their contradictions."""
    parent = list(range(len(entries)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = index = parent[parent[index]]
        return index

    for index, one in enumerate(entries):
        for later in range(index + 1, len(entries)):
            if entries[later][0].at - one[0].at > WINDOW:
                break
            if _contradict(one, entries[later]):
                parent[root(later)] = root(index)
    groups: dict[int, list[Sequence[FigurePoint]]] = {}
    for index, own in enumerate(entries):
        groups.setdefault(root(index), []).append(own)
    yield from (tuple(chain.from_iterable(members)) for members in groups.values() if len(members) > 1)


def _contradict(one: Sequence[FigurePoint], other: Sequence[FigurePoint]) -> bool:
    return one[0].source != other[0].source and not any(agree(mine, theirs) for mine in one for theirs in other)


# --- what is drawn ------------------------------------------------------------------------------------------------


class Point(Struct, frozen=True):
    """A value at a moment, with what may be said about it."""

    at: Micros
    value: float
    label: str = ""


class Series(Struct, frozen=True):
    """Points of one kind. ``shape``: ``dots``, ``line`` (through the points) or ``steps`` (a value holds until the next)."""

    name: str
    points: tuple[Point, ...]
    shape: str = "dots"


class Scale(Struct, frozen=True):
    """Maps values between ``low`` and ``high`` onto 0–1."""

    low: float
    high: float

    def __call__(self, value: float) -> float:
        """Where the value stands."""
        return (value - self.low) / (self.high - self.low)


def value_scale(values: Sequence[float]) -> Scale:
    """A scale that holds the values and begins and ends at a tick; it begins at zero where that wastes little."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low > 0 and low < high * 0.75:
        low = 0.0
    if high == low:
        low, high = low - abs(low) * 0.1 - (low == 0), high + abs(high) * 0.1 + (high == 0)
    step = _step((high - low) / 4)
    return Scale(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step)


def value_ticks(scale: Scale) -> tuple[float, ...]:
    """Round values over the scale, both ends included."""
    step = _step((scale.high - scale.low) / 4)
    return tuple(scale.low + step * number for number in range(round((scale.high - scale.low) / step) + 1))


def _step(rough: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next((power * times for times in (1.0, 2.0, 5.0) if power * times >= rough * (1 - 1e-9)), power * 10)


def show_value(value: float) -> str:
    """A number as a person writes it: no needless decimals, thousands set apart."""
    if value == round(value) and abs(value) < 1e15:
        return f"{round(value):,}"
    return f"{value:,.6g}"


def time_scale(moments: Sequence[Micros]) -> Scale:
    """A scale that holds the moments, with a little room around a single one."""
    low, high = min(moments, default=0), max(moments, default=DAY)
    room = max((high - low) // 50, HOUR)
    return Scale(low - room, high + room)


def time_ticks(scale: Scale, most: int, zone: tzinfo) -> tuple[tuple[Micros, str], ...]:
    """Beginnings of hours, days, months or years over the scale, at most so many, each with its label."""
    # One more than wanted tells that a unit is too short; of ten thousand years there is one.
    tries = ((islice(_starts(scale, unit, size, zone), most + 1), shape) for unit, size, shape in _UNITS)
    ticks = (tuple((to_micros(moment), moment.strftime(shape)) for moment in starts) for starts, shape in tries)
    return next(found for found in ticks if len(found) <= most)


_UNITS = (
    *((("hour", size, "%m-%d %H:%M")) for size in (1, 3, 6, 12)),
    *((("day", size, "%Y-%m-%d")) for size in (1, 2, 7, 14)),
    *((("month", size, "%Y-%m")) for size in (1, 3, 6)),
    *((("year", size, "%Y")) for size in (1, 2, 5, 10, 20, 50, 100, 1000, 10_000)),
)


def _starts(scale: Scale, unit: str, size: int, zone: tzinfo) -> Iterator[datetime]:
    """Moments of the scale at which the unit begins, in the calendar of the zone."""
    moment = _first(from_micros(int(scale.low), zone), unit, size)
    while to_micros(moment) <= scale.high:
        if to_micros(moment) >= scale.low:
            yield moment
        following = _next(moment, unit, size)
        if following is None:
            return
        moment = following


def _first(moment: datetime, unit: str, size: int) -> datetime:
    moment = moment.replace(minute=0, second=0, microsecond=0)
    if unit == "hour":
        return moment.replace(hour=moment.hour - moment.hour % size)
    moment = moment.replace(hour=0)
    if unit == "day":
        return moment - timedelta(days=moment.toordinal() % size) if moment.toordinal() > size else moment
    moment = moment.replace(day=1)
    if unit == "month":
        return moment.replace(month=moment.month - (moment.month - 1) % size)
    return moment.replace(month=1, year=max(1, moment.year - moment.year % size))


def _next(moment: datetime, unit: str, size: int) -> datetime | None:
    try:
        if unit in ("hour", "day"):
            return moment + timedelta(**{unit + "s": size})
        months = moment.month - 1 + (size if unit == "month" else 12 * size)
        return moment.replace(year=moment.year + months // 12, month=months % 12 + 1)
    except (OverflowError, ValueError):  # the calendar ends
        return None


def scales_of(series: Sequence[Series]) -> tuple[Scale, Scale]:
    """The scales of time and value that hold all points of some series."""
    points = [point for one in series for point in one.points]
    return time_scale([point.at for point in points]), value_scale([point.value for point in points])
