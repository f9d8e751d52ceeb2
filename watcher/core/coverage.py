"""What could be seen in a period, from the kept states of the sources: tells quiet from blind. Must not: read or guess.

A source is readable in a state of ``SEEING``. Time for which no state is kept counts as not readable: before a source was
first polled nothing was seen of it. Nor was anything seen while nobody looked: with no daemon at work a source is covered from a poll by hand
until its next one is due. A pause that is shorter than the source's interval costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from watcher.core.basics import SECOND, Micros, SourceHealth
from watcher.core.views import Interval, SourceRow, Watch

SEEING = frozenset({SourceHealth.OK.value, SourceHealth.UNCHANGED.value, SourceHealth.EMPTY.value})
UNWATCHED = "not watched"
UNWATCHED_REASON = "no daemon was at work"


class Gap(Struct, frozen=True):
    """A part of the period in which a source could not be read, and why.

    ``began`` is when the state really began, be it before the period. ``open``: it still could not at the end.
    """

    since: Micros
    until: Micros
    began: Micros
    health: str
    reason: str
    open: bool = False


class SourceCoverage(Struct, frozen=True):
    """How much of the period one source was readable (0-1), and its gaps in order."""

    source: SourceRow
    share: float
    gaps: tuple[Gap, ...]

    @property
    def kind(self) -> str:
        """``blind`` (by construction), ``off``, ``whole``, ``part`` or ``none``."""
        if self.source.health == SourceHealth.BLIND.value:
            return "blind"
        if not self.source.enabled or self.source.health == SourceHealth.DISABLED.value:
            return "off"
        if not self.gaps:
            return "whole"
        return "part" if self.share > 0 else "none"


class GroupCoverage(Struct, frozen=True):
    """Coverage of all sources of one institution or language."""

    name: str
    sources: int
    readable: int
    share: float


class Coverage(Struct, frozen=True):
    """What could be seen in [since, until) by all sources of a watchlist."""

    since: Micros
    until: Micros
    sources: tuple[SourceCoverage, ...]

    def of(self, kind: str) -> tuple[SourceCoverage, ...]:
        """The sources of one kind (see ``SourceCoverage.kind``)."""
        return tuple(source for source in self.sources if source.kind == kind)

    @property
    def is_blind(self) -> bool:
        """True where no source at all was readable at any time of the period."""
        return not self.of("whole") and not self.of("part")

    @property
    def blind_since(self) -> Micros | None:
        """Since when no source has been readable until the end of the period; None where one still was."""
        watched = [source for source in self.sources if source.kind in ("whole", "part", "none")]
        if any(not source.gaps or not source.gaps[-1].open for source in watched):
            return None
        return max((source.gaps[-1].began for source in watched), default=self.since)

    def by_institution(self) -> tuple[GroupCoverage, ...]:
        """Coverage per institution, in the order of the watchlist; sources that name none are left out."""
        return self._grouped(lambda source: source.institution)

    def by_language(self) -> tuple[GroupCoverage, ...]:
        """Coverage per language, in the order of the watchlist."""
        return self._grouped(lambda source: source.language)

    def _grouped(self, key: Callable[[SourceRow], str]) -> tuple[GroupCoverage, ...]:
        groups: dict[str, list[SourceCoverage]] = {}
        for source in self.sources:
            if key(source.source):
                groups.setdefault(key(source.source), []).append(source)
        return tuple(
            GroupCoverage(
                name,
                len(members),
                sum(member.share > 0 for member in members),
                max(member.share for member in members),
            )
            for name, members in groups.items()
        )


def measure(
    sources: Sequence[SourceRow],
    intervals: Sequence[Interval],
    *,
    since: Micros | None,
    until: Micros,
    watch: Watch | None = None,
) -> Coverage:
    """Coverage of [since, until); ``watch`` says when somebody looked (None: always).

    An open ``since`` starts with the earliest state that is kept; the wait of a source for its first poll is then no gap,
    since nobody could have asked for what was before.
    """
    start = since if since is not None else min((i.since for i in intervals), default=until)
    start = min(start, until)
    kept: dict[str, list[Interval]] = {}
    for interval in sorted(intervals, key=lambda i: i.since):
        kept.setdefault(interval.source, []).append(interval)
    starts = {name: _first_polled(found, start) if since is None else start for name, found in kept.items()}
    return Coverage(
        start, until, tuple(_one(s, kept.get(s.name, []), starts.get(s.name, start), until, watch) for s in sources)
    )


def _first_polled(intervals: Sequence[Interval], start: Micros) -> Micros:
    """When the first state began that a poll made; the start where there is none."""
    return min((i.since for i in intervals if i.health != SourceHealth.NEVER_POLLED.value), default=start)


def _one(
    source: SourceRow, intervals: Sequence[Interval], start: Micros, until: Micros, watch: Watch | None
) -> SourceCoverage:
    if source.health in (SourceHealth.BLIND.value, SourceHealth.DISABLED.value) or not source.enabled:
        gap = Gap(start, until, start, source.health, source.reason or source.note, open=True)
        return SourceCoverage(source, 0.0, (gap,))
    gaps = _gaps(intervals, start, until)
    if watch is not None:
        gaps = _with_unwatched(gaps, _unwatched(source, watch, start, until), until)
    blind = sum(gap.until - gap.since for gap in gaps)
    length = until - start
    share = (1 - blind / length) if length else float(not gaps)
    return SourceCoverage(source, share, tuple(gaps))


def _gaps(intervals: Sequence[Interval], start: Micros, until: Micros) -> list[Gap]:
    """Unreadable stretches of [start, until), neighbours of one state joined; nothing kept means never polled."""
    gaps: list[Gap] = []
    position = start
    for interval in intervals:
        low, high = max(interval.since, position), min(interval.until if interval.until is not None else until, until)
        if high < low or (high == low and start != until):
            continue
        if low > position:
            _add(gaps, Gap(position, low, position, SourceHealth.NEVER_POLLED.value, ""))
        if interval.health not in SEEING:
            _add(gaps, Gap(low, high, interval.since, interval.health, interval.reason))
        position = high
    if position < until or (start == until and not intervals):
        _add(gaps, Gap(position, until, position, SourceHealth.NEVER_POLLED.value, ""))
    return [replace(gap, open=gap.until >= until) for gap in gaps]


def _unwatched(source: SourceRow, watch: Watch, start: Micros, until: Micros) -> list[tuple[Micros, Micros]]:
    """Stretches of [start, until) in which nobody looked at a source, each longer than its interval."""
    step = round(source.interval_s * SECOND)
    looks = [*watch.spans, *((at, at + step) for at in watch.by_hand.get(source.name, ()))]
    found, seen_until = [], watch.first
    for begin, end in (*sorted(looks), (until, until)):
        if begin - seen_until > step:
            found.append((max(seen_until, start), min(begin, until)))
        seen_until = max(seen_until, end)
    return [(low, high) for low, high in found if low < high]


def _with_unwatched(gaps: Sequence[Gap], unwatched: Sequence[tuple[Micros, Micros]], until: Micros) -> list[Gap]:
    """The gaps, and between them what nobody looked at: a state that was known not to see keeps its name."""
    merged = list(gaps)
    for low, high in unwatched:
        position = low
        for gap in (gap for gap in gaps if gap.until > low and gap.since < high):
            if gap.since > position:
                merged.append(Gap(position, gap.since, low, UNWATCHED, UNWATCHED_REASON))
            position = gap.until
        if position < high:
            merged.append(Gap(position, high, low, UNWATCHED, UNWATCHED_REASON, open=high >= until))
    return sorted(merged, key=lambda gap: gap.since)


def _add(gaps: list[Gap], gap: Gap) -> None:
    last = gaps[-1] if gaps else None
    if last is not None and (last.until, last.health, last.reason) == (gap.since, gap.health, gap.reason):
        gaps[-1] = replace(last, until=gap.until)
    else:
        gaps.append(gap)
