"""Read models: what faces show, as the database tells it. Frozen data, raw (unclean) texts; every sink cleans its own.

Must not: hold anything that is not stored; compute likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from watcher.core.basics import Micros

if TYPE_CHECKING:
    from watcher.core.board import RungEvent, Spans, Tallied
    from watcher.core.model import FacetMention, Firing, Match, Part
    from watcher.core.series import FigurePoint
    from watcher.core.story import StoryRow
    from watcher.core.verdict import Verdict


class HitFilter(Struct, frozen=True):
    """What to list. Period is [since, until) by first seen; None means open. ``limit`` None means all.

    ``order`` is ``newest`` or ``score`` (best first); a limit takes the first ones of that order. ``without`` leaves out
    hits that analysts left in one of these states.
    """

    watchlist: str | None = None
    since: Micros | None = None
    until: Micros | None = None
    signal: str | None = None
    source: str | None = None
    min_score: float | None = None
    limit: int | None = None
    order: str = "newest"
    without: tuple[str, ...] = ()


class HitRow(Struct, frozen=True):
    """One line of a report."""

    hit_id: int
    watchlist: str
    signal: str
    score: float
    rung: str
    entry_id: int
    title: str
    link: str
    published: Micros | None
    first_seen: Micros
    sighting: str
    source: str
    publisher: str
    family: str
    role: str
    reliability: str
    reason: str
    duplicate_of: int | None = None


class AssessmentRow(Struct, frozen=True):
    """One scoring of a hit, newest first in lists."""

    assessed_at: Micros
    revision: str
    entry_revision: int
    score: float
    rung: str
    parts: tuple[Part, ...]
    firings: tuple[Firing, ...]
    facets: tuple[FacetMention, ...]


class HitDetail(Struct, frozen=True):
    """All that `explain` shows.

    ``title`` of the row and ``text`` are those of revision ``entry_revision``. ``ladder`` and ``rule_rungs`` (rule id,
    its rung) are of the watchlist revision of the newest assessment, where it could be read.
    """

    row: HitRow
    text: str
    author: str
    entry_revision: int
    revisions: int
    poll_id: int
    fetched_at: Micros
    body_digest: bytes
    body_kept: bool
    rationale: str
    assessments: tuple[AssessmentRow, ...] = ()
    signal_title: str = ""
    threshold: float | None = None
    ladder: tuple[str, ...] = ()
    rule_rungs: tuple[tuple[str, str], ...] = ()


class SourceRow(Struct, frozen=True):
    """State of a source: what `sources` shows."""

    name: str
    kind: str
    url: str
    title: str
    publisher: str
    institution: str
    language: str
    role: str
    reliability: str
    health: str
    health_since: Micros | None
    reason: str
    last_poll_at: Micros | None
    last_outcome: str
    last_ok_at: Micros | None
    next_poll_at: Micros | None
    failures: int
    entries: int
    hits: int
    allow_private: bool
    enabled: bool
    note: str = ""
    checked_on: str = ""
    interval_s: float = 3600.0
    moved_to: str = ""


class Watch(Struct, frozen=True):
    """When somebody looked at all: a daemon from ``first`` on in ``spans``, a person by hand in between.

    Spans are [start, end) in order; ``by_hand`` has the times of polls outside of them by source. Of the time before
    ``first`` nothing is known: there the states of sources are believed.
    """

    first: Micros
    spans: tuple[tuple[Micros, Micros], ...] = ()
    by_hand: Mapping[str, tuple[Micros, ...]] = field(default_factory=dict)


class Interval(Struct, frozen=True):
    """A source was in this state from ``since`` until ``until`` (None: still is)."""

    source: str
    health: str
    since: Micros
    until: Micros | None
    reason: str


class Tally(Struct, frozen=True):
    """All hits of one signal on one rung in a period, those too that a limit keeps out of a list."""

    signal: str
    rung: str
    hits: int
    top_score: float
    newest: Micros


class WatchlistRow(Struct, frozen=True):
    """A watchlist that the database knows, in its newest revision; lists have the newest loaded first.

    ``outline`` is what faces show of it, as plain data: signals with their rules' rungs, ladders, facets, figures with
    their baselines, timeline, positions.
    """

    id: str
    question: str
    revision: str
    timezone: str
    loaded_at: Micros
    outline: Mapping[str, Any] = field(default_factory=dict)


class HitExtra(Struct, frozen=True):
    """What a full report adds to a hit: where it stands with analysts, its story, and the words that made it.

    ``text`` is the wording that was scored, ``matches`` are the spans of the rules that count. ``grade`` is an analyst's (reliability and credibility), or empty.
    """

    state: str = "new"
    analyst: str = ""
    decided_at: Micros | None = None
    note: str = ""
    grade: str = ""
    story: StoryRow | None = None
    title: str = ""
    text: str = ""
    matches: tuple[Match, ...] = ()
    facets: tuple[tuple[str, str], ...] = ()


class AwayRow(Struct, frozen=True):
    """A hit that somebody dismissed or called a copy, with who, when and why."""

    row: HitRow
    state: str
    analyst: str
    decided_at: Micros
    note: str
    duplicate_of: int | None = None


class GivenReport(Struct, frozen=True):
    """A report that was given (``--mark``)."""

    number: int
    since: Micros
    until: Micros
    given_at: Micros
    analyst: str
    note: str
    revision: str


class Decided(Struct, frozen=True):
    """Decisions of analysts made in a period, counted by the state that they led to."""

    state: str
    decisions: int


class FullFacts(Struct, frozen=True):
    """What a whole report holds beside its hits and its board; ``extras`` by hit id, of the hits that are shown.

    ``late`` counts hits of texts from before the period that were made after the last report was given: a rescore or a
    catch-up found them, and no report has told them yet. ``histories`` has every verdict, oldest first, of the hits that
    are shown and of those in ``away``; hits without one are not in it.
    """

    extras: Mapping[int, HitExtra] = field(default_factory=dict)
    away: tuple[AwayRow, ...] = ()
    away_total: int = 0
    decided: tuple[Decided, ...] = ()
    figures: tuple[FigurePoint, ...] = ()
    last_report: GivenReport | None = None
    late: int = 0
    histories: Mapping[int, tuple[Verdict, ...]] = field(default_factory=dict)


class ReportFacts(Struct, frozen=True):
    """What a report is made of, for one watchlist and one period; read in one snapshot.

    ``signals`` are (id, title) in the order of the watchlist; ``ladders`` (signal id, its rungs from low to high).
    ``tallies`` count every hit of the period, whatever the limit.
    """

    watchlist: str
    question: str
    revision: str
    timezone: str
    schema: str
    since: Micros | None
    until: Micros
    hits: tuple[HitRow, ...]
    hits_total: int
    sources: tuple[SourceRow, ...]
    intervals: tuple[Interval, ...] = ()
    polls: int = 0
    entries: int = 0
    signals: tuple[tuple[str, str], ...] = field(default=())
    newest_poll_at: Micros | None = None
    tallies: tuple[Tally, ...] = ()
    ladders: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())
    board: BoardFacts | None = None
    full: FullFacts | None = None
    watch: Watch | None = None


class BoardFacts(Struct, frozen=True):
    """What a board is made of, for one watchlist and one period; read in one snapshot.

    ``intervals`` reach back over the baseline of the trend. ``mark`` names the newest rows of what can change a board,
    so that two reports of one period can be told to be of the same database.
    """

    watchlist: WatchlistRow
    schema: str
    spans: Spans
    sources: tuple[SourceRow, ...]
    intervals: tuple[Interval, ...]
    tallied: tuple[Tallied, ...]
    events: tuple[RungEvent, ...]
    newest_poll_at: Micros | None = None
    mark: str = ""
    watch: Watch | None = None


class TableSize(Struct, frozen=True):
    """Rows and bytes (indexes included) of a table; bytes are None where the database does not count them."""

    name: str
    rows: int
    size_bytes: int | None
