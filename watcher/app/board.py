"""Makes the board of stored facts, and says its cells in words. Must not: read the clock, write, or lay a table out.

::

    Queries ─BoardFacts→ build_board ─BoardView→ board_text (terminal, Markdown, JSON) · the reports

Every cell is counts, states and times: nothing here says what a signal means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from watcher.core import coverage, period
from watcher.core.basics import SECOND, Micros
from watcher.core.board import Axis, Board, BoardRow, Cell, Ground, Sight, make_board
from watcher.core.render import plural
from watcher.core.trend import Trend
from watcher.core.views import BoardFacts, GivenReport, HitFilter, SourceRow, WatchlistRow

WEEK = 7 * 86400 * SECOND
TITLES = {"signal": "Signals", "institution": "Institutions", "language": "Languages"}


class BoardView(Struct, frozen=True):
    """A board, with what its words need: the time zone and the facts it was made of."""

    facts: BoardFacts
    board: Board
    zone: tzinfo
    zone_note: str = ""


def build_board(facts: BoardFacts, zone: tzinfo, *, signal: str | None = None, source: str | None = None) -> BoardView:
    """The board of the facts; ``signal`` and ``source`` narrow it as they narrowed the facts."""
    outline = facts.watchlist.outline
    listed = tuple(one for one in facts.sources if source in (None, one.name))
    states = [one for one in facts.intervals if source in (None, one.source)]
    ground = Ground(
        ladders=ladders_of(outline),
        window=coverage.measure(listed, states, since=facts.spans.since, until=facts.spans.until, watch=facts.watch),
        past=coverage.measure(
            listed, states, since=facts.spans.before_since, until=facts.spans.until, watch=facts.watch
        ),
        spans=facts.spans,
    )
    axes = (_signals(facts, signal), _institutions(facts, listed), _languages(facts, listed))
    return BoardView(facts, make_board(axes, facts.tallied, facts.events, ground), zone)


def ladders_of(outline: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The rungs of each signal that has a ladder, lowest first."""
    rungs = outline["ladders"]
    return {s["id"]: tuple(rungs[s["ladder"]]) for s in outline["signals"] if s["ladder"] in rungs}


def _signals(facts: BoardFacts, only: str | None) -> Axis:
    titles = {signal["id"]: signal["title"] for signal in facts.watchlist.outline["signals"]}
    for one in facts.tallied:
        if one.axis == "signal" and (one.standing or one.away):
            titles.setdefault(one.key, f"{one.key} (no longer in the watchlist)")
    return Axis("signal", tuple((key, title) for key, title in titles.items() if only in (None, key)))


def _institutions(facts: BoardFacts, listed: Sequence[SourceRow]) -> Axis:
    """What hits can touch, with the sources that speak for it: those whose institution is the facet's id or title."""
    facets = [f for f in facts.watchlist.outline.get("facets", ()) if f["kind"] == "institution"]
    keys = [(facet["id"], facet["title"] or facet["id"]) for facet in facets]
    by_name: dict[str, set[str]] = {}
    for source in listed:
        if source.institution:
            by_name.setdefault(_plain(source.institution), set()).add(source.name)
    sources = {key: by_name.get(_plain(key), set()) | by_name.get(_plain(title), set()) for key, title in keys}
    return Axis("institution", tuple(keys), {key: frozenset(names) for key, names in sources.items() if names})


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _languages(facts: BoardFacts, listed: Sequence[SourceRow]) -> Axis:
    sources: dict[str, set[str]] = {}
    for source in listed:
        sources.setdefault(source.language, set()).add(source.name)
    for one in facts.tallied:
        if one.axis == "language":
            sources.setdefault(one.key, set())
    order = sorted(sources, key=lambda key: (-len(sources[key]), key))
    keys = tuple((key, key or "(none named)") for key in order)
    return Axis("language", keys, {key: frozenset(names) for key, names in sources.items()}, is_touched=False)


# --- the cells in words ---------------------------------------------------------------------------------------------


def rung_words(row: BoardRow) -> str:
    """``handed over (3 of 5)``; what stands where there is no hit is ``sight_words``."""
    best = row.best
    if best is None:
        return ""
    step = f"{best.rung} ({best.step} of {best.steps})" if best.step else "seen, no rung"
    return step if row.axis == "signal" else f"{step}, {best.signal}"


def word_words(best: Cell | None) -> str:
    """On whose word: origins, whether an own text or word of an institution is among them, and who confirmed it."""
    if best is None:
        return ""
    said = "single origin" if best.origins == 1 else best.word
    if best.origins > 1:
        said = f"corroborated, {best.origins} origins"
    if best.documents:
        said += ", primary"
    return f"{said}; {'confirmed by a person' if best.confirmed_here else 'not confirmed by anybody'}"


def hits_words(row: BoardRow) -> str:
    """``12 (3 dismissed)``."""
    return f"{row.standing:,} ({row.away:,} dismissed)" if row.away else f"{row.standing:,}"


def trend_words(trend: Trend) -> str:
    """``up: 9 in 7.0 days, before 4 in 28.0 days``: the word, and the counts and days of sight that it comes from."""
    if trend.word == "none":
        return "none lately, none before"
    if trend.word == "no sight":
        which = "lately" if trend.recent_days <= 0 else "before"
        return f"no comparison: nothing could be read {which}"
    word = "too few to compare" if trend.word == "too few" else trend.word
    return (
        f"{word}: {trend.recent:,} in {_days(trend.recent_days)}, before {trend.before:,} in {_days(trend.before_days)}"
    )


def _days(days: float) -> str:
    return "1 day" if f"{days:.1f}" == "1.0" else f"{days:.1f} days"


def state_words(row: BoardRow, zone: tzinfo, *, only_score: float | None = None) -> str:
    """What a row without standing hits says. Never a bare "quiet": what could be read stands beside it."""
    if row.state == "seen":
        return ""
    if only_score is not None and row.state in ("quiet", "part"):
        return f"none of that score; {sight_words(row.sight, zone)}"
    quiet = {"quiet": "quiet, ", "part": "quiet where we saw, "}.get(row.state, "")
    return f"{quiet}{sight_words(row.sight, zone)}"


def sight_words(sight: Sight, zone: tzinfo) -> str:
    """``blind since … because …``, or how much of its sources' time was readable."""
    if sight.word == "none":
        return f"blind: {plural(sight.unpolled, 'source')}, none of them polled ({sight.why})"
    since = "" if sight.blind_since is None else period.show_moment(sight.blind_since, zone)
    blind = f"blind since {since} because {sight.why}"
    own = "no source of its own; " if sight.of_others else ""
    if sight.word == "blind":
        return f"{own}{blind} ({plural(sight.polled, 'source')})"
    read = f"{own}{plural(sight.polled, 'source')} readable {share_words(sight.share)} of the time"
    return f"{read}; {blind}" if since else read


def share_words(share: float) -> str:
    """A share in per cent that never rounds a gap away."""
    percent = round(share * 100)
    if percent == 100 and share < 1:
        return "99 %"
    return "1 %" if percent == 0 and share > 0 else f"{percent} %"


# --- reading it -----------------------------------------------------------------------------------------------------


class BoardQueries(Protocol):
    """What a board asks of the read models."""

    def watchlists(self) -> Sequence[WatchlistRow]:
        """The watchlists, newest loaded first."""
        ...

    def newest_poll_at(self) -> Micros | None:
        """When the newest committed poll ended, or None."""
        ...

    def last_report(self, watchlist: str, /) -> GivenReport | None:
        """The report of a watchlist that was given last, or None."""
        ...

    def board_facts(self, wanted: HitFilter, /) -> BoardFacts:
        """Everything of a board, in one snapshot."""
        ...


def read_board(
    queries: BoardQueries, *, since: str | None = None, until: str | None = None, watchlist: str | None = None
) -> BoardView:
    """Read the board of a period in people's words; without ``since`` it is the week before its end.

    Raises:
        UsageProblem: a time that cannot be read, an empty period, a watchlist that is not there.
        WatcherError: the database holds no watchlist yet.
    """
    from watcher.app.report import Request, choose_watchlist, filter_of, find_zone

    chosen = choose_watchlist(queries.watchlists(), watchlist)
    wanted = filter_of(queries, Request(since=since, until=until, watchlist=watchlist), chosen)
    if wanted.since is None and wanted.until is not None:
        wanted = replace(wanted, since=wanted.until - WEEK)
    facts = queries.board_facts(wanted)
    zone, note = find_zone(chosen.timezone)
    view = build_board(facts, zone)
    return BoardView(view.facts, view.board, zone, note)
