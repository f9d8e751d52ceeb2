"""The board: per signal, institution and language how far up the ladder, on whose word, and what was seen. Must not: read or judge.

Counts come from hits that stand: those that analysts dismissed, or called copies of another hit, move nothing. A row
without hits is never just quiet: its ``Sight`` says what of its sources could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from watcher.core.basics import SECOND, Micros
from watcher.core.coverage import Coverage, SourceCoverage
from watcher.core.trend import Trend, trend_of

_ADDRESS = re.compile(r"[:\s]*https?://\S*$")
DAY: Micros = 86_400 * SECOND
RECENT_DAYS = 7
BEFORE_DAYS = 28
AXES = ("signal", "institution", "language")

NOT_COUNTED = ("dismissed", "duplicate")
"""States of a hit in which it moves nothing."""
CONFIRMED = ("confirmed", "corroborated")
"""States in which a person stands behind a hit."""


class Spans(Struct, frozen=True):
    """The times that a board compares: its period, and for the trend lately and before. Each ends where the next begins."""

    since: Micros | None
    before_since: Micros
    recent_since: Micros
    until: Micros


def spans_of(since: Micros | None, until: Micros) -> Spans:
    """The spans of a period: lately is its last week, or all of it where it is shorter; before are 28 days."""
    recent = until - RECENT_DAYS * DAY
    if since is not None and recent < since < until:
        recent = since
    return Spans(since, recent - BEFORE_DAYS * DAY, recent, until)


class Tallied(Struct, frozen=True):
    """Hits of one key on one rung, counted together.

    ``standing`` are those that count, ``away`` those that were dismissed or are copies. ``recent`` and ``before`` are those that count for the
    trend (no old texts filled in), whether or not they lie in the period; the other fields are of the period alone. ``origins`` is the highest
    number of independent origins of one story.
    """

    axis: str
    key: str
    signal: str
    rung: str
    standing: int = 0
    away: int = 0
    confirmed: int = 0
    grouped: int = 0
    origins: int = 0
    documents: int = 0
    first: Micros | None = None
    last: Micros | None = None
    top_score: float | None = None
    recent: int = 0
    before: int = 0


class RungEvent(Struct, frozen=True):
    """A signal reached a rung for the first time. ``stands``: its hit still does; else somebody or a rescore took it back."""

    signal: str
    rung: str
    hit_id: int
    reached_at: Micros
    by_run: bool = False
    stands: bool = True


class Sight(Struct, frozen=True):
    """What could be read of the sources that a row hangs on.

    ``share`` is the mean over the sources that are polled. ``blind_since`` is set where none could be read at the end.
    ``unpolled`` are sources that nobody polls: switched off, or blind by construction. ``of_others``: nothing speaks for
    what the row is about, so these are all sources there are.
    """

    polled: int
    unpolled: int
    share: float
    blind_since: Micros | None = None
    why: str = ""
    of_others: bool = False

    @property
    def word(self) -> str:
        """``whole``, ``part``, ``blind`` (nothing at any time), or ``none`` (there is no source to read)."""
        if not self.polled:
            return "none"
        if self.share == 0:
            return "blind"
        return "whole" if self.share == 1 else "part"


class Cell(Struct, frozen=True):
    """How far one signal got, within a row."""

    signal: str
    rung: str
    step: int
    steps: int
    standing: int
    away: int
    confirmed: int
    grouped: int
    origins: int
    documents: int
    since: Micros | None
    last: Micros | None
    top_score: float | None
    confirmed_here: int = 0

    @property
    def word(self) -> str:
        """On whose word the rung stands: corroborated, single origin, or not yet grouped into stories."""
        if not self.standing:
            return ""
        if self.origins > 1:
            return "corroborated"
        return "single origin" if self.origins == 1 else "not yet grouped"


class BoardRow(Struct, frozen=True):
    """A line of the board. ``best`` is its cell highest on a ladder; ``cells`` has one per signal that has hits."""

    axis: str
    key: str
    title: str
    cells: tuple[Cell, ...]
    best: Cell | None
    standing: int
    away: int
    trend: Trend
    sight: Sight
    changed: RungEvent | None = None
    earlier: RungEvent | None = None

    @property
    def state(self) -> str:
        """``seen`` where hits stand, else ``quiet``, ``part`` (quiet where we saw), ``blind``, ``none`` (no source)."""
        if self.standing:
            return "seen"
        return {"whole": "quiet", "part": "part"}.get(self.sight.word, self.sight.word)


class Board(Struct, frozen=True):
    """The rows of all three axes, in the order of the watchlist."""

    rows: tuple[BoardRow, ...]
    events: tuple[RungEvent, ...] = ()

    def of(self, axis: str) -> tuple[BoardRow, ...]:
        """The rows of one axis."""
        return tuple(row for row in self.rows if row.axis == axis)


class Axis(Struct, frozen=True):
    """Whom a kind of row is about: keys with titles in their order, and which sources speak for each.

    Where ``is_touched``, hits of any source can touch it, so that the trend is measured against the sight of all.
    """

    name: str
    keys: tuple[tuple[str, str], ...]
    sources: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_touched: bool = True


class Ground(Struct, frozen=True):
    """What a board stands on: rungs by signal, lowest first; coverage of the period, and of trend and baseline."""

    ladders: Mapping[str, Sequence[str]]
    window: Coverage
    past: Coverage
    spans: Spans


def make_board(axes: Sequence[Axis], tallied: Iterable[Tallied], events: Sequence[RungEvent], ground: Ground) -> Board:
    """The board of what was counted."""
    counted: dict[tuple[str, str], list[Tallied]] = {}
    for one in tallied:
        counted.setdefault((one.axis, one.key), []).append(one)
    rows = [
        _row(axis, key, title, counted.get((axis.name, key), ()), events, ground)
        for axis in axes
        for key, title in axis.keys
    ]
    return Board(tuple(rows), tuple(events))


def _row(
    axis: Axis, key: str, title: str, counted: Sequence[Tallied], events: Sequence[RungEvent], ground: Ground
) -> BoardRow:
    of_signal: dict[str, list[Tallied]] = {}
    for one in counted:
        of_signal.setdefault(one.signal, []).append(one)
    cells = tuple(_cell(signal, of_signal[signal], ground.ladders.get(signal, ())) for signal in sorted(of_signal))
    shown = tuple(cell for cell in cells if cell.standing or cell.away)
    best = max((cell for cell in shown if cell.standing), key=_height, default=None)
    wanted = axis.sources.get(key)
    mine = [event for event in events if axis.name == "signal" and event.signal == key]
    return BoardRow(
        axis=axis.name,
        key=key,
        title=title,
        cells=shown,
        best=best,
        standing=sum(cell.standing for cell in cells),
        away=sum(cell.away for cell in cells),
        trend=_trend(counted, _chosen(ground.past, None if axis.is_touched else wanted), ground),
        sight=replace(
            sight_of(_chosen(ground.window, wanted)), of_others=axis.name == "institution" and wanted is None
        ),
        changed=max(mine, key=lambda event: event.reached_at, default=None),
        earlier=_earlier(mine, best, ground),
    )


def _height(cell: Cell) -> tuple[int, int, str]:
    return cell.step, cell.standing, cell.signal


def _earlier(events: Sequence[RungEvent], best: Cell | None, ground: Ground) -> RungEvent | None:
    """The highest rung that the signal had reached before the period, where that is higher than what it shows now."""
    since, now = ground.window.since, best.step if best else 0
    steps = [
        (ground.ladders.get(event.signal, ()).index(event.rung) + 1, event)
        for event in events
        if event.stands and event.reached_at < since and event.rung in ground.ladders.get(event.signal, ())
    ]
    step, event = max(steps, key=lambda pair: (pair[0], pair[1].hit_id), default=(0, None))
    return event if step > now else None


def _cell(signal: str, counted: Sequence[Tallied], ladder: Sequence[str]) -> Cell:
    steps = {rung: step for step, rung in enumerate(ladder, 1)}
    standing = [one for one in counted if one.standing]
    step = max((steps.get(one.rung, 0) for one in standing), default=0)
    top = [one for one in standing if steps.get(one.rung, 0) == step]
    return Cell(
        signal=signal,
        rung=ladder[step - 1] if step else "",
        step=step,
        steps=len(ladder),
        standing=sum(one.standing for one in standing),
        away=sum(one.away for one in counted),
        confirmed=sum(one.confirmed for one in standing),
        grouped=sum(one.grouped for one in top),
        origins=max((one.origins for one in top), default=0),
        documents=sum(one.documents for one in top),
        since=min((one.first for one in top if one.first is not None), default=None),
        last=max((one.last for one in standing if one.last is not None), default=None),
        top_score=max((one.top_score for one in standing if one.top_score is not None), default=None),
        confirmed_here=sum(one.confirmed for one in top),
    )


# --- what was seen ----------------------------------------------------------------------------------------------


def _chosen(coverage: Coverage, names: frozenset[str] | None) -> tuple[SourceCoverage, ...]:
    return tuple(source for source in coverage.sources if names is None or source.source.name in names)


def sight_of(sources: Sequence[SourceCoverage]) -> Sight:
    """What could be read of these sources, over the period that they were measured for."""
    polled = [source for source in sources if source.kind in ("whole", "part", "none")]
    unpolled = len(sources) - len(polled)
    if not polled:
        return Sight(0, unpolled, 0.0, why=_commonest(sources) if sources else "no source is listed")
    share = sum(source.share for source in polled) / len(polled)
    if any(not source.gaps or not source.gaps[-1].open for source in polled):
        return Sight(len(polled), unpolled, share)
    began = max(source.gaps[-1].began for source in polled)
    return Sight(len(polled), unpolled, share, began, _commonest(polled))


def _commonest(sources: Sequence[SourceCoverage]) -> str:
    reasons: dict[str, int] = {}
    for source in sources:
        words = ": ".join(filter(None, (source.gaps[-1].health, without_address(source.gaps[-1].reason))))
        reasons[words] = reasons.get(words, 0) + 1
    return max(reasons, key=lambda words: reasons[words])


def without_address(reason: str) -> str:
    """A reason without the address that ends it, so that one reason of many sources reads as one."""
    return _ADDRESS.sub("", reason)


def seen_time(source: SourceCoverage, low: Micros, high: Micros) -> Micros:
    """For how much of [low, high) a source could be read; it must have been measured for all of that."""
    blind = sum(max(0, min(gap.until, high) - max(gap.since, low)) for gap in source.gaps)
    return max(0, high - low - blind)


def _trend(counted: Sequence[Tallied], sources: Sequence[SourceCoverage], ground: Ground) -> Trend:
    polled = [source for source in sources if source.kind in ("whole", "part", "none")]
    spans = ground.spans
    lately = _days(polled, spans.recent_since, spans.until)
    before = _days(polled, spans.before_since, spans.recent_since)
    return trend_of(sum(one.recent for one in counted), lately, sum(one.before for one in counted), before)


def _days(sources: Sequence[SourceCoverage], low: Micros, high: Micros) -> float:
    """Days of sight: the mean over the sources, so that a whole day of all is one."""
    if not sources:
        return 0.0
    return sum(seen_time(source, low, high) for source in sources) / len(sources) / DAY
