"""Score what is stored again under an edited watchlist: tell what would change, or write it. Must not: alert, or print.

::

    parts of all ids -> read, score, compare with the hits that count (`rescore_parts`) -> changes
                     `-> where applied: assessments, hits, position of the run, in one transaction per batch; a run
                         that was broken off goes on there

Scored are the entries that the edit can score otherwise (see `scope`), or every entry of every source that the watchlist
has or had.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from watcher.app.rescore_parts import (
    BATCH,
    Change,
    Done,
    Opened,
    Part,
    Readable,
    Scoring,
    Work,
    chosen,
    every,
    here,
    in_processes,
)
from watcher.core.model import Micros, TextAssessed

if TYPE_CHECKING:
    from watcher.core.program import CompiledWatchlist

FEW = 4 * BATCH
"""Up to so many entries are scored in this process: starting others would take longer."""


@dataclass(slots=True)
class Summary:
    """Counts of a rescore."""

    entries: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    on_entries: Callable[[int], object] = lambda _count: None

    def add(self, entries: int, kinds: Mapping[str, int]) -> None:
        """A batch is scored."""
        self.entries += entries
        self.kinds.update(kinds)
        self.on_entries(entries)

    def counts(self) -> dict[str, int]:
        """For the run's row and for the last line."""
        return {"entries": self.entries, **{kind: self.kinds[kind] for kind in ("gained", "lost", "changed", "same")}}


class StoredSide(Readable, Protocol):
    """What the database tells of the entries and hits of one watchlist, and keeps of runs."""

    def count(self, since: Micros | None, after: int = 0) -> int:
        """How many entries there are to score."""
        ...

    def last(self) -> int:
        """The highest id of an entry."""
        ...

    def elsewhere(self) -> Opened:
        """What another process opens to read the same. It can be pickled."""
        ...

    def begin_run(self, revision: str, scope: Mapping[str, Any], now: Micros) -> tuple[int, int]:
        """A run, or the one that was broken off: (id, entry id after which it goes on)."""
        ...

    def end_run(self, run_id: int, counts: Mapping[str, int], now: Micros) -> None:
        """All entries are done."""
        ...

    def settle(self, revision: str) -> None:
        """Every entry reads as it would under this revision."""
        ...


class RunTransaction(Protocol):
    """One write transaction."""

    def save_assessments(
        self, watchlist: str, revision: str, scored: Sequence[TextAssessed], now: Micros, *, run_id: int | None = None
    ) -> Mapping[str, int]:
        """Assessments and hits of scored texts."""
        ...

    def advance_run(self, run_id: int, position: int) -> None:
        """Where the run goes on."""
        ...


Write = Callable[[], AbstractContextManager[RunTransaction]]


@dataclass(frozen=True, slots=True)
class Question:
    """What to score again: entries first seen since then, changes of one signal, in so many processes; of these only."""

    since: Micros | None = None
    signal: str = ""
    workers: int = 1
    ids: Sequence[int] | None = None

    @property
    def is_whole(self) -> bool:
        """True where nothing that can change is left out."""
        return self.since is None and not self.signal


def diff(
    stored: StoredSide, watchlist: CompiledWatchlist, question: Question, summary: Summary, *, after: int = 0
) -> Iterator[Change]:
    """What would change, batch by batch. Nothing is written."""
    for done in _batches(stored, watchlist, question, after):
        summary.add(done.entries, done.kinds)
        yield from done.changes


def apply(
    stored: StoredSide,
    write: Write,
    watchlist: CompiledWatchlist,
    question: Question,
    summary: Summary,
    now: Callable[[], Micros],
) -> Iterator[Change]:
    """Write what changes; every change is given after its batch is committed.

    With a signal in the question only entries in which it changes are written, and the run has no memory.
    """
    candidates = None if question.ids is None else len(question.ids)
    scope = {"candidates": candidates, "since": question.since, "signal": question.signal}
    run_id, after = stored.begin_run(watchlist.revision, scope, now())
    for done in _batches(stored, watchlist, question, after if question.is_whole else 0, keep=True):
        touched = {change.entry_id for change in done.changes}
        scored = [text for text in done.scored if not question.signal or text.entry_id in touched]
        with write() as transaction:
            transaction.save_assessments(watchlist.id, watchlist.revision, scored, now(), run_id=run_id)
            if question.is_whole:
                transaction.advance_run(run_id, done.last)
        summary.add(done.entries, done.kinds)
        yield from done.changes
    if question.is_whole:
        stored.settle(watchlist.revision)
    stored.end_run(run_id, summary.counts(), now())


def _batches(
    stored: StoredSide, watchlist: CompiledWatchlist, question: Question, after: int, *, keep: bool = False
) -> Iterator[Done]:
    work = Work(stored, Scoring(watchlist), question.signal, keep)
    count = how_many(stored, question, after) if question.workers > 1 else 0
    if count <= FEW:
        yield from _here(question, after, work)
        return
    ids, since = question.ids, question.since
    parts = every(stored.last(), since, after, count) if ids is None else chosen(ids, since, after)
    yield from in_processes(parts, watchlist, stored.elsewhere(), work, question.workers)


def _here(question: Question, after: int, work: Work) -> Iterator[Done]:
    if question.ids is not None:
        yield from here(chosen(question.ids, question.since, after), work)
        return
    while (done := work(Part(question.since, after))).entries:
        yield done
        after = done.last


def how_many(stored: StoredSide, question: Question, after: int = 0) -> int:
    """How many entries are to be scored (at most, where some of the chosen ones were first seen too early)."""
    if question.ids is None:
        return stored.count(question.since, after)
    return len(question.ids) - bisect_right(question.ids, after)
