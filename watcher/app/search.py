"""Search over all stored entries with the watchlist's own language. Must not: render, or trust the index.

::

    query -> compiled as the one rule of a signal -> groups of words it needs -> candidates of the index
          -> the real matcher over each text -> found: spans, strength

So what is found is exactly what a rule with this query would match.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from watcher.core.compile import compile_watchlist, words_needed
from watcher.core.document import Document, Query, Rule, Signal
from watcher.core.errors import UsageProblem, WatchlistError
from watcher.core.limits import Limits
from watcher.core.match import find_evidence
from watcher.core.model import Match, Micros, StoredText
from watcher.core.score import assess
from watcher.core.wanted import Groups, groups_of

if TYPE_CHECKING:
    from watcher.core.program import CompiledWatchlist

NAME = "search"
BATCH = 200
BEST_OF = 10_000
"""The strongest are looked for among so many newest candidates, so that a common word stays quick."""
WEIGHT = 50.0

Forms = Mapping[tuple[str, str], frozenset[str]]
Expand = Callable[[Iterable[tuple[str, str]]], Forms]
Row = tuple[StoredText, str, str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where to look, and how much is wanted. ``best``: highest strength first, else newest first."""

    since: Micros | None = None
    until: Micros | None = None
    source: str = ""
    limit: int = 20
    best: bool = False


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """An entry that matches, with the places where it does. ``sighting``: class of its present wording's first one."""

    stored: StoredText
    link: str
    source: str
    sighting: str
    score: float
    matches: tuple[Match, ...]


class Index(Protocol):
    """What the database gives."""

    def candidates(self, groups: Sequence[Groups], *, newest_first: bool = True) -> Iterator[int]:
        """Ids of entries that may match, and of those that are not indexed yet."""
        ...

    def texts(
        self, ids: Sequence[int], *, since: Micros | None = None, until: Micros | None = None, source: str = ""
    ) -> Sequence[Row]:
        """Their texts, links, sources and classes of sighting; those outside are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Needle:
    """A query, ready to be looked for."""

    compiled: CompiledWatchlist
    groups: tuple[Groups, ...]


def prepare(text: str, document: Document | None, expand: Expand) -> Needle:
    """Compile a query; concepts are those of the document.

    Raises:
        UsageProblem: it is no query; the message points at the column.
    """
    base = document or _nothing()
    rule = Rule(NAME, Query(text), WEIGHT)
    concepts = base.concepts if "@" in text else {}
    signal = Signal(NAME, NAME, (rule,), threshold=1.0)
    one = replace(base, signals=(signal,), facets=(), figures=(), concepts=concepts)
    try:
        forms = expand(words_needed(one))
        return Needle(compile_watchlist(one, forms), tuple(groups_of(one, forms).values()))
    except WatchlistError as error:
        issue = error.issues[0]
        message = f"the query cannot be read, column {issue.column}: {issue.message}"
        raise UsageProblem(message, hint=issue.hint or 'quote a word that is an operator: "near"') from None


def _nothing() -> Document:
    return Document(NAME, "", "en", "UTC", "", {}, {}, {}, (), (), (), (), (), (), ())


def search(index: Index, needle: Needle, wanted: Wanted) -> Iterator[FoundEntry]:
    """What matches, newest first, or best first among the newest `BEST_OF` candidates, up to the limit."""
    found = _matching(index, needle, wanted)
    if wanted.best:
        best = heapq.nlargest(wanted.limit, found, key=lambda one: (one.score, one.stored.entry_id))
        return iter(best)
    return islice(found, wanted.limit)


def _matching(index: Index, needle: Needle, wanted: Wanted) -> Iterator[FoundEntry]:
    limits = Limits()
    size = BATCH if wanted.best else max(10, min(BATCH, 2 * wanted.limit))
    ids = index.candidates(needle.groups)
    read = 0
    while batch := list(islice(ids, size)):
        for stored, link, source, sighting in index.texts(
            batch, since=wanted.since, until=wanted.until, source=wanted.source
        ):
            read += 1
            if wanted.best and read > BEST_OF:
                return
            one = _one(needle, stored, limits)
            if one is not None:
                yield FoundEntry(stored, link, source, sighting, *one)
        size = BATCH


def _one(needle: Needle, stored: StoredText, limits: Limits) -> tuple[float, tuple[Match, ...]] | None:
    evidence = find_evidence(needle.compiled, stored.title, stored.text, stored.language, limits=limits)
    if evidence is None or not evidence.signals:
        return None
    assessments = assess(needle.compiled, evidence)
    score = assessments[0].score if assessments else 0.0
    return score, evidence.signals[0].firings[0].matches
