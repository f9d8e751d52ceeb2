"""Makes a report of stored facts: hits by signal, and what could be seen. Must not: read the clock, write, or lay text out.

::

    Queries ─facts→ build_report ─Report→ report_text (terminal) · report_files (Markdown, CSV, JSON Lines)

The same facts give the same report; nothing in it says when it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from watcher.core import coverage, period
from watcher.core.basics import Micros
from watcher.core.board import NOT_COUNTED, without_address
from watcher.core.coverage import Coverage
from watcher.core.errors import UsageProblem, WatcherError
from watcher.core.views import GivenReport, HitFilter, HitRow, ReportFacts, Tally, WatchlistRow

if TYPE_CHECKING:
    from watcher.app.board import BoardView

LAST = "last"
"""``--since last``: from where the last report given ends."""


class SignalPart(Struct, frozen=True):
    """One signal of the watchlist: the hits that are shown, best first, and what is known of all in the period.

    ``total`` counts those too that ``--limit`` left out; ``highest`` is the rung highest on the signal's ladder.
    """

    id: str
    title: str
    hits: tuple[HitRow, ...]
    total: int = 0
    highest: str = ""
    top_score: float | None = None
    newest: Micros | None = None


class Report(Struct, frozen=True):
    """A report, ready to be laid out. ``only`` says in words what was filtered out, so that silence is not misread."""

    facts: ReportFacts
    zone: tzinfo
    parts: tuple[SignalPart, ...]
    coverage: Coverage
    only: tuple[str, ...] = ()
    zone_note: str = ""
    filter: HitFilter = field(default_factory=HitFilter)
    view: BoardView | None = None

    @property
    def is_cut(self) -> bool:
        """True where ``--limit`` left hits out."""
        return self.facts.hits_total > len(self.facts.hits)


def find_zone(name: str) -> tuple[tzinfo, str]:
    """The time zone of a watchlist, and a note where this machine does not know it (then times are UTC)."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name in ("", "UTC"):
        return UTC, ""
    try:
        return ZoneInfo(name), ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC, f"this machine has no data for the time zone {name}: times are UTC"


def build_report(facts: ReportFacts, chosen: HitFilter | None = None) -> Report:
    """Group the facts by signal, in the order of the watchlist, and measure what could be seen."""
    chosen = chosen if chosen is not None else HitFilter()
    zone, note = find_zone(facts.timezone)
    sources = tuple(s for s in facts.sources if chosen.source in (None, s.name))
    return Report(
        facts=facts,
        zone=zone,
        parts=_parts(facts, chosen.signal),
        coverage=coverage.measure(
            sources,
            [i for i in facts.intervals if chosen.source in (None, i.source)],
            since=facts.since,
            until=facts.until,
            watch=facts.watch,
        ),
        only=_only(facts, chosen),
        zone_note=note,
        filter=chosen,
        view=_view(facts, zone, chosen),
    )


def _view(facts: ReportFacts, zone: tzinfo, chosen: HitFilter) -> BoardView | None:
    if facts.board is None:
        return None
    from watcher.app.board import build_board

    return build_board(facts.board, zone, signal=chosen.signal, source=chosen.source)


def _parts(facts: ReportFacts, signal: str | None) -> tuple[SignalPart, ...]:
    titles = dict(facts.signals)
    for tally in facts.tallies:
        titles.setdefault(tally.signal, tally.signal)
    ladders = dict(facts.ladders)
    by_signal: dict[str, list[HitRow]] = {}
    for hit in sorted(facts.hits, key=lambda h: (-h.score, -h.first_seen, h.hit_id)):
        by_signal.setdefault(hit.signal, []).append(hit)
    return tuple(
        _part(name, title, tuple(by_signal.get(name, ())), [t for t in facts.tallies if t.signal == name], ladders)
        for name, title in titles.items()
        if signal in (None, name)
    )


def _part(
    name: str, title: str, hits: tuple[HitRow, ...], tallies: list[Tally], ladders: dict[str, tuple[str, ...]]
) -> SignalPart:
    steps = {rung: step for step, rung in enumerate(ladders.get(name, ()))}
    return SignalPart(
        id=name,
        title=title,
        hits=hits,
        total=sum(tally.hits for tally in tallies),
        highest=max((t.rung for t in tallies if t.rung in steps), key=lambda rung: steps[rung], default=""),
        top_score=max((tally.top_score for tally in tallies), default=None),
        newest=max((tally.newest for tally in tallies), default=None),
    )


def _only(facts: ReportFacts, chosen: HitFilter) -> tuple[str, ...]:
    words = []
    if chosen.signal is not None:
        words.append(f"signal {chosen.signal}")
    if chosen.source is not None:
        words.append(f"source {chosen.source}")
    if chosen.min_score is not None:
        words.append(f"score {chosen.min_score:g} or more")
    if facts.hits_total > len(facts.hits):
        words.append(f"the best {len(facts.hits):,} of {facts.hits_total:,} hits")
    return tuple(words)


# --- what the silence of a signal means -----------------------------------------------------------------------------


class Silence(Struct, frozen=True):
    """What "no hits" means: ``state`` is quiet, part or blind; ``why`` says on what ground."""

    state: str
    why: str


def silence_of(report: Report) -> Silence:
    """Quiet where every source that can be read was readable, blind where none was, and the shares between.

    Every signal is looked for in every source, so what holds for one signal holds for all.
    """
    seen = report.coverage
    whole, part, none = seen.of("whole"), seen.of("part"), seen.of("none")
    watched = len(whole) + len(part) + len(none)
    if not watched:
        return Silence("blind", "no source of this watchlist is polled")
    if seen.is_blind:
        return Silence("blind", f"none of {watched} sources could be read; {blind_reason(report)}")
    if not part and not none:
        return Silence("quiet", f"all {watched} sources that are polled were readable throughout")
    parts = [f"{len(whole)} of {watched} sources were readable throughout"]
    if part:
        parts.append(f"{len(part)} in part")
    if none:
        parts.append(f"{len(none)} not at all")
    return Silence("part", ", ".join(parts))


def blind_reason(report: Report) -> str:
    """``blind since … because …``: since when no source has been readable, with the commonest reason."""
    since = report.coverage.blind_since
    reasons: dict[str, int] = {}
    for source in report.coverage.of("none"):
        words = ": ".join(filter(None, (source.gaps[-1].health, without_address(source.gaps[-1].reason))))
        reasons[words] = reasons.get(words, 0) + 1
    why = max(reasons, key=lambda words: reasons[words], default="no source is polled")
    since_text = period.show_moment(since if since is not None else report.coverage.since, report.zone)
    return f"blind since {since_text} because {why}"


# --- reading it -----------------------------------------------------------------------------------------------------


class PollTimes(Protocol):
    """Who knows when the newest poll ended, and where the last report given did."""

    def last_report(self, watchlist: str, /) -> GivenReport | None:
        """The report of a watchlist that was given last, or None."""
        ...

    def newest_poll_at(self) -> Micros | None:
        """When the newest committed poll ended, or None."""
        ...


class ReportQueries(Protocol):
    """What a report asks of the read models."""

    def watchlists(self) -> Sequence[WatchlistRow]:
        """The watchlists, newest loaded first."""
        ...

    def newest_poll_at(self) -> Micros | None:
        """When the newest committed poll ended, or None."""
        ...

    def last_report(self, watchlist: str, /) -> GivenReport | None:
        """The report of a watchlist that was given last, or None."""
        ...

    def report_facts(self, chosen: HitFilter, /, *, full: bool = False) -> ReportFacts:
        """Everything of a report, in one snapshot; ``full`` adds words, stories, decisions and figures."""
        ...


class Request(Struct, frozen=True):
    """What a person asks for, in their own words; times are read in the zone of the watchlist."""

    since: str | None = None
    until: str | None = None
    signal: str | None = None
    source: str | None = None
    min_score: float | None = None
    limit: int | None = None
    watchlist: str | None = None
    full: bool = False


def read_report(queries: ReportQueries, request: Request) -> Report:
    """Read the report that is asked for.

    Raises:
        UsageProblem: a time that cannot be read, an empty period, a name that is not there.
        WatcherError: the database holds no watchlist yet.
    """
    watchlist = choose_watchlist(queries.watchlists(), request.watchlist)
    chosen = filter_of(queries, request, watchlist)
    facts = queries.report_facts(chosen, full=request.full)
    check_name("signal", request.signal, [name for name, _ in facts.signals])
    check_name("source", request.source, [source.name for source in facts.sources])
    return build_report(facts, chosen)


def choose_watchlist(known: Sequence[WatchlistRow], wanted: str | None) -> WatchlistRow:
    """The watchlist asked for, or the one loaded last.

    Raises:
        WatcherError: there is none at all, or none of that name.
    """
    if not known:
        raise WatcherError("this database holds no watchlist yet", hint="`watcher run` loads one and starts to poll")
    if wanted is None:
        return known[0]
    check_name("watchlist", wanted, [row.id for row in known])
    return next(row for row in known if row.id == wanted)


def filter_of(queries: PollTimes, request: Request, watchlist: WatchlistRow) -> HitFilter:
    """The period and the narrowing that are asked for, in the zone of the watchlist.

    Raises:
        UsageProblem: a time that cannot be read, or a period that starts after it ends.
    """
    zone, _ = find_zone(watchlist.timezone)
    newest = queries.newest_poll_at()
    # The newest poll belongs to the period, whose end does not: hence one microsecond more.
    reference = newest + 1 if newest is not None else watchlist.loaded_at
    until = period.parse_moment(request.until, reference=reference, zone=zone) if request.until else reference
    since = _since(queries, request, watchlist, reference) if request.since else None
    _check_period(request, since, until, zone)
    return HitFilter(
        watchlist=watchlist.id,
        since=since,
        until=until,
        signal=request.signal,
        source=request.source,
        min_score=request.min_score,
        limit=request.limit,
        order="score",
        without=NOT_COUNTED,
    )


def _check_period(request: Request, since: Micros | None, until: Micros, zone: tzinfo) -> None:
    if since is None or since < until:
        return
    shown = period.show_moment(until, zone)
    if since > until:
        newest = "the newest poll, and nothing is known of the time after it"
        raise UsageProblem(
            f"the period starts after it ends: {period.show_moment(since, zone)} is later than {shown}",
            hint="name an earlier --since" if request.until else f"--until defaults to {newest}",
        )
    # A period up to the newest poll may be empty: nothing was polled since the last report.
    if request.until and request.since != LAST:
        raise UsageProblem(
            f"the period is empty: it starts and ends at {shown}",
            hint="its end is not included: for one day write the next day as --until",
        )


def _since(queries: PollTimes, request: Request, watchlist: WatchlistRow, reference: Micros) -> Micros:
    if request.since != LAST:
        return period.parse_moment(request.since or "", reference=reference, zone=find_zone(watchlist.timezone)[0])
    last = queries.last_report(watchlist.id)
    if last is None:
        raise UsageProblem(
            f"no report of {watchlist.id} was given yet", hint="`watcher report --since 7d --mark` records one as given"
        )
    return last.until


def check_name(what: str, name: str | None, known: Sequence[str]) -> None:
    """Refuse a name that is not there; the hint has those like it first.

    Raises:
        UsageProblem: it is not.
    """
    if name is None or name in known:
        return
    near = sorted(known, key=lambda other: (-_shared(name, other), other))[:5]
    more = f" and {len(known) - len(near):,} more" if len(known) > len(near) else ""
    hint = f"there are {', '.join(near)}{more}" if near else f"there is no {what}"
    raise UsageProblem(f"no {what} {name!r}", hint=hint)


def _shared(one: str, other: str) -> int:
    """Letters that two names share in pairs: enough to put the meant name first."""
    pairs = {one[i : i + 2] for i in range(len(one) - 1)}
    return sum(other[i : i + 2] in pairs for i in range(len(other) - 1))
