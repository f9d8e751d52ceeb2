"""Score what is stored again under an edited watchlist: tell what would change, or write it. Must not: alert, or print.

::

    parts of all ids -> read and score, in processes -> compare with the hits that count -> changes
                                                 `-> where applied: assessments, hits, position of the run, in one
                                                     transaction per batch; a run that was broken off goes on there

A process reads the texts of its parts itself: what travels are ids one way, and what was found the other.

Scored are the entries that the edit can score otherwise (see `scope`), or every entry of every source that the watchlist
has or had.
"""

from __future__ import annotations

import pickle
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from watcher.core.limits import Limits
from watcher.core.model import Assessment, Evidence, Micros, StoredHit, StoredText, TextAssessed, Told

if TYPE_CHECKING:
    from watcher.core.program import CompiledWatchlist

BATCH = 500
FEW = 4 * BATCH
"""Up to so many entries are scored in this process: starting others would take longer."""


@dataclass(frozen=True, slots=True)
class Change:
    """A hit that is gained, lost or scored otherwise. Scores are None where there was or is none."""

    kind: str
    signal: str
    entry_id: int
    title: str
    link: str
    source: str
    published: Micros | None
    old_score: float | None
    new_score: float | None
    old_rung: str
    new_rung: str
    why: str


@dataclass(slots=True)
class Summary:
    """Counts of a rescore."""

    entries: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    on_entries: Callable[[int], object] = lambda _count: None

    def add(self, entries: int, kinds: Iterable[str]) -> None:
        """A batch is scored."""
        self.entries += entries
        self.kinds.update(kinds)
        self.on_entries(entries)

    def counts(self) -> dict[str, int]:
        """For the run's row and for the last line."""
        return {"entries": self.entries, **{kind: self.kinds[kind] for kind in ("gained", "lost", "changed", "same")}}


class Texts(Protocol):
    """What is scored."""

    def texts(self, since: Micros | None, after: int, limit: int | None, upto: int | None = None) -> list[StoredText]:
        """The next entries by id, at most up to one."""
        ...

    def texts_of(self, ids: Sequence[int], since: Micros | None) -> list[StoredText]:
        """Those of these entries that are to be scored, by id."""
        ...


class StoredSide(Texts, Protocol):
    """What the database tells of the entries and hits of one watchlist."""

    def count(self, since: Micros | None, after: int = 0) -> int:
        """How many entries there are to score."""
        ...

    def last(self) -> int:
        """The highest id of an entry."""
        ...

    def elsewhere(self) -> Callable[[], Texts]:
        """What another process opens to read the texts itself. It can be pickled."""
        ...

    def hits(self, entry_ids: Sequence[int]) -> Mapping[tuple[int, str], StoredHit]:
        """Their hits as they count now."""
        ...

    def told(self, entry_ids: Sequence[int]) -> Mapping[int, Told]:
        """What is told of entries."""
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
    for batch in _batches(stored, watchlist, question, after):
        yield from _changes(stored, batch, question, summary)


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
    chosen = None if question.ids is None else len(question.ids)
    scope = {"candidates": chosen, "since": question.since, "signal": question.signal}
    run_id, after = stored.begin_run(watchlist.revision, scope, now())
    for batch in _batches(stored, watchlist, question, after if question.is_whole else 0):
        changes = list(_changes(stored, batch, question, summary))
        touched = {change.entry_id for change in changes}
        scored = [text for text in batch if not question.signal or text.entry_id in touched]
        with write() as transaction:
            transaction.save_assessments(watchlist.id, watchlist.revision, scored, now(), run_id=run_id)
            if question.is_whole:
                transaction.advance_run(run_id, batch[-1].entry_id)
        yield from changes
    if question.is_whole:
        stored.settle(watchlist.revision)
    stored.end_run(run_id, summary.counts(), now())


Batch = Sequence[TextAssessed]


def _changes(stored: StoredSide, batch: Batch, question: Question, summary: Summary) -> list[Change]:
    known = stored.hits([text.entry_id for text in batch])
    by_entry: dict[int, dict[str, StoredHit]] = {}
    for (entry_id, signal), hit in known.items():
        by_entry.setdefault(entry_id, {})[signal] = hit
    found = [
        (text.entry_id, old, new, kind)
        for text in batch
        if text.assessments or text.entry_id in by_entry
        for old, new in _pairs(by_entry.get(text.entry_id, {}), text.assessments)
        if (kind := kind_of(old, new)) and (not question.signal or _signal(old, new) == question.signal)
    ]
    summary.add(len(batch), (kind for *_, kind in found))
    shown = [row for row in found if row[3] != "same"]
    told = stored.told([entry_id for entry_id, *_ in shown])
    return [_change(entry_id, old, new, kind, told.get(entry_id, _NOTHING)) for entry_id, old, new, kind in shown]


_NOTHING = Told("", "", "", None)
"""What is told of an entry that retention took away meanwhile."""


def _signal(old: StoredHit | None, new: Assessment | None) -> str:
    one = old or new
    return one.signal if one else ""


def _pairs(
    old: Mapping[str, StoredHit], assessments: Iterable[Assessment]
) -> Iterator[tuple[StoredHit | None, Assessment | None]]:
    new = {assessment.signal: assessment for assessment in assessments}
    for signal in dict.fromkeys([*old, *new]):
        yield old.get(signal), new.get(signal)


def kind_of(old: StoredHit | None, new: Assessment | None) -> str:
    """``gained``, ``lost``, ``changed`` or ``same``; empty where it neither was nor is a hit."""
    was, is_now = old is not None and old.reached, new is not None and new.reached
    if not was or not is_now:
        return "gained" if is_now else "lost" if was else ""
    same = old and new and abs(old.score - new.score) < 0.01 and old.rung == new.rung
    return "same" if same else "changed"


def _change(entry_id: int, old: StoredHit | None, new: Assessment | None, kind: str, told: Told) -> Change:
    return Change(
        kind=kind,
        signal=_signal(old, new),
        entry_id=entry_id,
        title=told.title,
        link=told.link,
        source=told.source,
        published=told.published,
        old_score=old.score if old else None,
        new_score=new.score if new else None,
        old_rung=old.rung if old else "",
        new_rung=new.rung if new else "",
        why=_why(old, new, kind),
    )


def _why(old: StoredHit | None, new: Assessment | None, kind: str) -> str:
    """What made the difference, in one line: the parts now, and what they were."""
    now = "; ".join(f"{part.name} {part.points:+.0f}" for part in new.parts) if new else ""
    if new is not None and new.blocked_by:
        now = f"blocked by {new.blocked_by}"
    taken = [firing.rule for firing in new.firings if firing.suppressed_by] if new else []
    if taken:
        now = f"{now}; taken back: {', '.join(taken)}".lstrip("; ")
    was = f", was: {old.reason}" if old and kind != "gained" else ""
    return (now or "no rule fires any more") + was


# --- scoring many -------------------------------------------------------------------------------------------------


def _batches(stored: StoredSide, watchlist: CompiledWatchlist, question: Question, after: int) -> Iterator[Batch]:
    count = how_many(stored, question, after) if question.workers > 1 else 0
    if count > FEW:
        parts = _parts(stored.last(), question, after, count)
        yield from _in_processes(parts, watchlist, stored.elsewhere(), question.workers)
        return
    score = Scoring(watchlist)
    yield from (score(batch) for batch in _read(stored, question, after))


def how_many(stored: StoredSide, question: Question, after: int = 0) -> int:
    """How many entries are to be scored (at most, where some of the chosen ones were first seen too early)."""
    if question.ids is None:
        return stored.count(question.since, after)
    return len(question.ids) - bisect_right(question.ids, after)


def _read(stored: StoredSide, question: Question, after: int) -> Iterator[Sequence[StoredText]]:
    if question.ids is None:
        while batch := stored.texts(question.since, after, BATCH):
            yield batch
            after = batch[-1].entry_id
        return
    for part in _chosen(question.ids, question.since, after):
        if found := part.read(stored):
            yield found


@dataclass(frozen=True, slots=True)
class Part:
    """A batch that another process reads: the entries after an id up to another, or chosen ones."""

    since: Micros | None
    after: int = 0
    upto: int = 0
    ids: tuple[int, ...] | None = None

    def read(self, stored: Texts) -> Sequence[StoredText]:
        """Its texts."""
        if self.ids is not None:
            return stored.texts_of(self.ids, self.since)
        return stored.texts(self.since, self.after, None, self.upto)


def _parts(last: int, question: Question, after: int, count: int) -> Iterator[Part]:
    """Parts of about a batch each: where entries were pruned, the ids lie wider apart."""
    if question.ids is not None:
        yield from _chosen(question.ids, question.since, after)
        return
    step = min(4 * BATCH, max(BATCH, (last - after) * BATCH // count))
    for start in range(after, last, step):
        yield Part(question.since, start, start + step)


def _chosen(ids: Sequence[int], since: Micros | None, after: int) -> Iterator[Part]:
    for start in range(bisect_right(ids, after), len(ids), BATCH):
        yield Part(since, ids=tuple(ids[start : start + BATCH]))


def _in_processes(
    parts: Iterator[Part], watchlist: CompiledWatchlist, texts: Callable[[], Texts], workers: int
) -> Iterator[Batch]:
    """Batches in order, with no more of them in memory than the processes need."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start, (pickle.dumps(watchlist), texts)) as pool:
        waiting = deque(pool.submit(_score, part) for part in islice(parts, 3 * workers))
        while waiting:
            ids, revisions, found = waiting.popleft().result()
            waiting.extend(pool.submit(_score, part) for part in islice(parts, 1))
            scored = [TextAssessed(*one, ()) for one in zip(ids, revisions, strict=True)]
            for at, assessments, evidence in found:
                scored[at] = TextAssessed(ids[at], revisions[at], assessments, evidence)
            if scored:
                yield scored


class Scoring:
    """Scores texts against one compiled watchlist."""

    def __init__(self, watchlist: CompiledWatchlist) -> None:
        from watcher.core.match import find_evidence
        from watcher.core.score import assess

        self._watchlist = watchlist
        self._find, self._assess, self._limits = find_evidence, assess, Limits()

    def __call__(self, texts: Sequence[StoredText]) -> list[TextAssessed]:
        """Assessments of every text, in order, and what they rest on."""
        return [TextAssessed(text.entry_id, text.revision_no, *self._of(text)) for text in texts]

    def _of(self, text: StoredText) -> tuple[tuple[Assessment, ...], Evidence | None]:
        evidence = self._find(self._watchlist, text.title, text.text, text.language, limits=self._limits)
        return (self._assess(self._watchlist, evidence) if evidence is not None else ()), evidence


_worker: list[tuple[Scoring, Texts]] = []
"""What this process works with, where it is a worker."""


def _start(compiled: bytes, texts: Callable[[], Texts]) -> None:
    _worker[:] = [(Scoring(pickle.loads(compiled)), texts())]  # noqa: S301  # pickled by this program, just now


_Found = tuple[tuple[int, ...], tuple[int, ...], list[tuple[int, tuple[Assessment, ...], Evidence]]]
"""Ids and revisions of a part, and in which of them something was found: nothing travels for the many others."""


def _score(part: Part) -> _Found:
    score, texts = _worker[0]
    scored = score(part.read(texts))
    told = ((at, one.assessments, one.evidence) for at, one in enumerate(scored))
    found = [(at, assessments, evidence) for at, assessments, evidence in told if evidence is not None]
    return tuple(one.entry_id for one in scored), tuple(one.revision_no for one in scored), found
