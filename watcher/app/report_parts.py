"""The parts of a report beside its board and its hits, as plain words and rows that every face lays out. Must not: clean or lay out.

Texts here are as publishers and people wrote them; each face takes them through its own ``clean``. Sentences of our own
hold counts, times and states, and no word of likelihood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from watcher.app.board import share_words, trend_words
from watcher.app.report import Report, silence_of
from watcher.core import period
from watcher.core.basics import Micros
from watcher.core.board import RungEvent, Tallied
from watcher.core.render import plural
from watcher.core.timeline import TimelineItem, join_timeline
from watcher.core.views import FullFacts, HitRow

if TYPE_CHECKING:
    from watcher.app.explain import Snippet
    from watcher.app.figures import FigureSeries
    from watcher.core.series import FigurePoint

_BREAKS = re.compile(r"\s+")
MOST_SNIPPETS = 6
MOST_READINGS = 60
MOST_ON_TIMELINE = 40
MOST_RESPONSES = 3


class Link(Struct, frozen=True):
    """A text with an address, which a face may make a link where the address is one."""

    text: str
    url: str


Cell = str | Link


class Grid(Struct, frozen=True):
    """Rows under titles; ``right`` are numbers of columns that hold numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: frozenset[int] = frozenset()


class Section(Struct, frozen=True):
    """A part of a report: a heading, a sentence or two, and a table."""

    key: str
    title: str
    said: tuple[str, ...] = ()
    grid: Grid | None = None


def full_of(report: Report) -> FullFacts:
    """What a whole report adds; empty where it was not read."""
    return report.facts.full or FullFacts()


def sections(report: Report) -> tuple[Section, ...]:
    """The parts that stand behind the hits, those with nothing to say left out."""
    made = (timeline_part(report), positions_part(report), touched_part(report))
    return tuple(part for part in made if part is not None)


# --- what changed ---------------------------------------------------------------------------------------------------


def changed(report: Report) -> tuple[str, ...]:
    """The bottom line: what is new in the period, in counts and facts, the most telling first."""
    return (
        *_since_last(report),
        *_evidence(report),
        *_climbs(report),
        *_trends(report),
        *_decisions(report),
        *_figures(report),
        *([_sight(report)] if any(part.total for part in report.parts) else []),
    )


def _since_last(report: Report) -> Iterable[str]:
    last = full_of(report).last_report
    if last is None:
        return
    until = period.show_moment(last.until, report.zone)
    by = f" by {last.analyst}" if last.analyst else ""
    if report.facts.since == last.until:
        yield f"New since the last report, which reaches to {until}, given{by}."
    else:
        yield f"The last report given reaches to {until}{by}; this one has a period of its own."
    late = full_of(report).late
    if late:
        made = f"{plural(late, 'hit')} of texts from before this period {'was' if late == 1 else 'were'} made"
        yield f"{made} after that report was given, by a rescore or a catch-up."


def _climbs(report: Report) -> Iterable[str]:
    """For each signal the highest rung that it reached for the first time in the period, the highest first."""
    titles, ladders = dict(report.facts.signals), dict(report.facts.ladders)
    told: dict[str, tuple[int, RungEvent]] = {}
    for event in new_rungs(report):
        step = (*ladders.get(event.signal, ()), event.rung).index(event.rung)
        if event.signal not in told or step > told[event.signal][0]:
            told[event.signal] = step, event
    for signal, (step, event) in sorted(told.items(), key=lambda pair: (-pair[1][0], pair[1][1].reached_at, pair[0])):
        gone = "" if event.stands else "; taken back since"
        at = period.show_moment(event.reached_at, report.zone)
        steps = len(ladders.get(signal, ()))
        yield (
            f"{titles.get(signal, signal)}: “{event.rung}” ({step + 1} of {steps}) for the first time, {at}, "
            f"hit {event.hit_id}{gone}."
        )


def new_rungs(report: Report) -> tuple[RungEvent, ...]:
    """Rungs that were reached for the first time in the period, by the signals that are shown."""
    if report.view is None:
        return ()
    since, wanted = report.facts.since, report.filter.signal
    return tuple(
        event
        for event in report.view.board.events
        if (since is None or event.reached_at >= since) and wanted in (None, event.signal)
    )


def _evidence(report: Report) -> Iterable[str]:
    with_hits = [part for part in report.parts if part.total]
    if not with_hits:
        yield f"No hit that stands. {_sight(report)}"
        return
    total = sum(part.total for part in with_hits)
    quiet = f"; none for {_names(report)}" if len(with_hits) < len(report.parts) else ""
    stand = f"{plural(total, 'hit')} that {'stands' if total == 1 else 'stand'}"
    yield f"{stand}, in {len(with_hits)} of {plural(len(report.parts), 'signal')}{quiet}."


def _names(report: Report) -> str:
    return ", ".join(part.title for part in report.parts if not part.total)


def _trends(report: Report) -> Iterable[str]:
    if report.view is None:
        return
    for row in report.view.board.of("signal"):
        if row.trend.word in ("up", "down"):
            yield f"{row.title}: {trend_words(row.trend)}."


def _decisions(report: Report) -> Iterable[str]:
    decided = full_of(report).decided
    if decided:
        told = ", ".join(f"{one.decisions:,} {one.state}" for one in decided)
        yield f"Decisions of analysts in the period: {told}."


def _figures(report: Report) -> Iterable[str]:
    """New readings, those that are not what the baseline says already."""
    told = [words for series in figures_of(report) if (words := _reading(report, series))]
    if told:
        yield f"Figures: {'; '.join(told)}."


def _reading(report: Report, series: FigureSeries) -> str:
    from watcher.app.figures import worded

    newest = series.newest
    if newest is None:
        return ""
    added = newest.qualifier == "added"
    same = [one for one in series.baseline if (one.qualifier == "added") == added]
    base = max(same, key=lambda one: one.at, default=None)
    if base is not None and (base.value, base.qualifier) == (newest.value, newest.qualifier):
        return ""
    beside = f" (baseline {worded(base.value, base.qualifier, '')})" if base else ""
    return f"{series.title}: {worded(newest.value, newest.qualifier, newest.unit)}, {_day(report, newest.at)}{beside}"


def _sight(report: Report) -> str:
    blind = [] if report.view is None else [row for row in report.view.board.rows if row.axis != "signal"]
    names = [row.title for row in blind if row.sight.word in ("blind", "none")]
    also = f" Blind: {', '.join(names)}." if names else ""
    return f"{_capital(silence_of(report).why)}.{also}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _day(report: Report, at: Micros) -> str:
    return period.show_moment(at, report.zone)[:10]


# --- figures ----------------------------------------------------------------------------------------------------------


def figures_of(report: Report) -> tuple[FigureSeries, ...]:
    """The series of the period that have readings, beside their baselines."""
    if report.view is None or report.facts.full is None:
        return ()
    from watcher.app.figures import read_figures

    read = _Given(_newest(report.facts.full.figures))
    made = read_figures(read, report.view.facts.watchlist, None, report.facts.since, report.facts.until)
    return tuple(series for series in made if series.points)


def _newest(points: Sequence[FigurePoint]) -> tuple[FigurePoint, ...]:
    """The newest readings of each figure; `watcher figures` shows them all."""
    by_figure: dict[str, list[FigurePoint]] = {}
    for point in points:
        by_figure.setdefault(point.figure, []).append(point)
    return tuple(point for own in by_figure.values() for point in own[-MOST_READINGS:])


class _Given(Struct, frozen=True):
    """Readings that are at hand already."""

    given: tuple[FigurePoint, ...]

    def points(
        self,
        watchlist: str,  # noqa: ARG002  # the protocol's
        since: Micros | None,  # noqa: ARG002
        until: Micros | None,  # noqa: ARG002
        *,
        figure: str | None = None,  # noqa: ARG002
    ) -> tuple[FigurePoint, ...]:
        """All of them."""
        return self.given


# --- stories ----------------------------------------------------------------------------------------------------------


def by_story(report: Report, hits: Sequence[HitRow]) -> tuple[tuple[HitRow, ...], ...]:
    """Hits of one story together, in the order of their best; one that is not yet grouped stands alone."""
    extras = full_of(report).extras
    groups: dict[tuple[str, int], list[HitRow]] = {}
    for hit in hits:
        extra = extras.get(hit.hit_id)
        story = extra.story if extra is not None else None
        key = ("story", story.story_id) if story is not None else ("hit", hit.hit_id)
        groups.setdefault(key, []).append(hit)
    return tuple(map(tuple, groups.values()))


def story_words(report: Report, group: Sequence[HitRow]) -> str:
    """``story 12: 9 entries of 5 outlets, 2 independent origins``."""
    extra = full_of(report).extras.get(group[0].hit_id)
    if extra is None:
        return ""
    if extra.story is None:
        return "not yet grouped into a story"
    story = extra.story
    origins = plural(story.origins, "independent origin") if story.origins > 1 else "single origin"
    entries = plural(story.entries, "entry", "entries")
    return f"story {story.story_id}: {entries} of {plural(story.outlets, 'outlet')}, {origins}"


def standing_words(report: Report, hit: HitRow) -> str:
    """What analysts said of a hit: its state with who and when, its grade."""
    extra = full_of(report).extras.get(hit.hit_id)
    if extra is None:
        return ""
    grade = f"graded {extra.grade}" if extra.grade else ""
    if extra.decided_at is None:
        return grade
    at = _day(report, extra.decided_at)
    said = f"{extra.state} by {extra.analyst or 'somebody'}, {at}"
    return ", ".join(filter(None, (f"{said}: {extra.note}" if extra.note else said, grade)))


def snippets_of(report: Report, hit: HitRow) -> tuple[Snippet, ...]:
    """The sentences that made a hit, in the language that they were written in."""
    from watcher.app.explain import snippets

    extra = full_of(report).extras.get(hit.hit_id)
    if extra is None:
        return ()
    found = islice(snippets(extra.matches, extra.title, extra.text), MOST_SNIPPETS)
    return tuple(replace(one, pieces=tuple((_BREAKS.sub(" ", text), on) for text, on in one.pieces)) for one in found)


# --- timeline ---------------------------------------------------------------------------------------------------------


def timeline_of(report: Report) -> tuple[TimelineItem, ...]:
    """Background events of the watchlist, rung changes, and the best hit of each story, oldest first."""
    if report.view is None:
        return ()
    titles = dict(report.facts.signals)
    found = [
        TimelineItem(
            event.reached_at,
            "rung",
            f"{titles.get(event.signal, event.signal)}: {event.rung}",
            "" if event.stands else "taken back since",
            hit_id=event.hit_id,
            signal=event.signal,
            key=f"{event.signal} {event.rung}",
        )
        for event in new_rungs(report)
    ]
    joined = join_timeline(report.view.facts.watchlist.outline["timeline"], [*found, *_leads(report)], report.zone)
    # What the watchlist knows of the time after the period is no background of it.
    return tuple(item for item in joined if item.at < report.facts.until)


def _leads(report: Report) -> Iterable[TimelineItem]:
    hits = sorted((hit for part in report.parts for hit in part.hits), key=lambda h: (-h.score, h.hit_id))
    seen: set[int] = set()
    for group in by_story(report, hits)[:MOST_ON_TIMELINE]:
        hit = group[0]
        if hit.entry_id in seen:
            continue
        seen.add(hit.entry_id)
        at = hit.published if hit.published is not None and hit.published <= hit.first_seen else hit.first_seen
        note = " · ".join(filter(None, (hit.publisher or hit.source, hit.rung, f"score {hit.score:.1f}")))
        yield TimelineItem(at, "hit", hit.title, note, hit.link, hit.hit_id, hit.signal, f"hit {hit.hit_id}")


_KINDS = {"background": "background", "rung": "rung change", "hit": "found"}


def timeline_part(report: Report) -> Section | None:
    """The timeline as a table."""
    items = timeline_of(report)
    if not items:
        return None
    rows = tuple(
        (item.day(report.zone), _KINDS[item.kind], Link(item.title, item.link), _timeline_note(item)) for item in items
    )
    return Section("timeline", "Timeline", grid=Grid(("day", "", "what", "note"), rows))


def _timeline_note(item: TimelineItem) -> str:
    hit = f"hit {item.hit_id}" if item.hit_id is not None else ""
    return ", ".join(filter(None, (item.note, hit)))


# --- positions, provisions, conditions --------------------------------------------------------------------------------


def positions_part(report: Report) -> Section | None:
    """What each party said before, beside what was found of it now."""
    if report.view is None:
        return None
    outline = report.view.facts.watchlist.outline
    parties: dict[str, list[Mapping[str, str]]] = {}
    for position in outline.get("positions", ()):
        parties.setdefault(position["party"], []).append(position)
    rows: list[tuple[Cell, ...]] = []
    for party, said in parties.items():
        before = sorted(said, key=lambda one: one["date"], reverse=True)
        rows.extend((party, "before", one["date"], Link(one["position"], one["source"])) for one in before)
        rows.extend(_responses(report, party))
    if not rows:
        return None
    said_now = (
        "“Its own word” is a hit of a source that speaks for the party; “about it” is a hit that names it on the rungs "
        "acknowledged or answered."
    )
    return Section(
        "positions", "Positions before and now", (said_now,), Grid(("party", "", "day", "what"), tuple(rows))
    )


def _responses(report: Report, party: str) -> Iterable[tuple[Cell, ...]]:
    own = {source.name for source in report.facts.sources if _plain(source.institution) == _plain(party)}
    ids = _facet_ids(report, party)
    shown = 0
    seen: set[int] = set()
    extras = full_of(report).extras
    hits = sorted((hit for part in report.parts for hit in part.hits), key=lambda h: (h.source not in own, -h.score))
    for hit in hits:
        is_own = hit.source in own
        extra = extras.get(hit.hit_id)
        touched = extra is not None and bool(ids.intersection(extra.facets))
        if hit.entry_id in seen or not (is_own or (touched and hit.rung in ("acknowledged", "answered"))):
            continue
        seen.add(hit.entry_id)
        kind = "now: its own word" if is_own else "now: about it"
        yield party, kind, _day(report, hit.first_seen), Link(f"{hit.title} (hit {hit.hit_id})", hit.link)
        shown += 1
        if shown == MOST_RESPONSES:
            return
    if not shown:
        yield party, "now", "", "nothing found of it in the period"


def _facet_ids(report: Report, party: str) -> set[tuple[str, str]]:
    facets = report.view.facts.watchlist.outline.get("facets", ()) if report.view is not None else ()
    names = {_plain(party)}
    return {
        (facet["kind"], facet["id"])
        for facet in facets
        if facet["kind"] in ("institution", "actor") and names & {_plain(facet["id"]), _plain(facet["title"])}
    }


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def touched_part(report: Report) -> Section | None:
    """Provisions and conditions that hits of the period touch, and those that none does."""
    if report.view is None:
        return None
    counted: dict[tuple[str, str], list[Tallied]] = {}
    for one in report.view.facts.tallied:
        counted.setdefault((one.axis, one.key), []).append(one)
    rows: list[tuple[Cell, ...]] = []
    for facet in report.view.facts.watchlist.outline.get("facets", ()):
        if facet["kind"] not in ("provision", "condition"):
            continue
        mine = counted.get((facet["kind"], facet["id"]), [])
        newest = max((one.last for one in mine if one.last is not None), default=None)
        number = f"{sum(one.standing for one in mine):,}"
        rows.append((facet["kind"], facet["title"] or facet["id"], number, _day(report, newest) if newest else ""))
    if not rows:
        return None
    return Section(
        "touched",
        "Provisions and conditions touched",
        grid=Grid(("kind", "what", "hits", "newest"), tuple(rows), frozenset({2})),
    )


# --- dismissed, provenance ----------------------------------------------------------------------------------------------


def away_part(report: Report) -> Section:
    """What analysts took out, with who, when and why."""
    full = full_of(report)
    rows = tuple(
        (
            f"{one.row.hit_id}",
            one.state if one.duplicate_of is None else f"{one.state} of hit {one.duplicate_of}",
            Link(one.row.title, one.row.link),
            one.note or "-",
            f"{one.analyst or 'somebody'}, {_day(report, one.decided_at)}",
        )
        for one in full.away
    )
    if not rows:
        return Section("dismissed", "Dismissed", ("No hit of the period was dismissed.",))
    said = f"{plural(full.away_total, 'hit')} of the period were dismissed or are copies; they move nothing above."
    if full.away_total > len(rows):
        said += f" The newest {len(rows)} decisions are shown."
    return Section("dismissed", "Dismissed", (said,), Grid(("hit", "state", "title", "reason", "who, when"), rows))


def provenance(report: Report) -> tuple[tuple[str, str], ...]:
    """What the report was made of, so that it can be made again."""
    facts = report.facts
    mark = report.view.facts.mark if report.view is not None else ""
    polls = f"{plural(facts.polls, 'poll')}, {plural(facts.entries, 'new entry', 'new entries')}"
    share = share_words(sum(s.share for s in report.coverage.sources) / max(1, len(report.coverage.sources)))
    return (
        ("Watchlist", f"{facts.watchlist}, revision {facts.revision}"),
        ("Period", f"{period.show_iso(report.coverage.since)} to {period.show_iso(facts.until)}, end not included"),
        ("Database", f"schema {facts.schema}; newest rows: {mark}" if mark else f"schema {facts.schema}"),
        ("Read", f"{polls}; mean over all listed sources {share} of the time"),
        ("Only", ", ".join(report.only)),
    )
