"""Scores stored entries again and compares them with their hits, part by part, here and in processes. Must not: write, or print.

::

    parts of ids ─┬→ another process: read, score, compare ─┬→ what changes, in the order of the parts
                  └→ this process: the same, while it waits ┘

A process reads what it needs itself: what travels are ids one way, and what changes the other. This process is one of
those that score: it takes a part itself whenever the others have enough and the next in order is not done yet. So it
works while the others start, and N processes are N, not N and one that waits.
"""

from __future__ import annotations

import gc
import pickle
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from watcher.core.errors import WatcherError
from watcher.core.limits import Limits
from watcher.core.model import Assessment, Evidence, Micros, StoredHit, StoredText, TextAssessed, Told

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from watcher.core.program import CompiledWatchlist

BATCH = 500
AHEAD = 8
"""Parts for each process that may be done or begun while the first of them is not done."""


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


class Readable(Protocol):
    """What the database tells of the entries and hits of one watchlist, to whoever scores a part."""

    def texts(self, since: Micros | None, after: int, limit: int | None, upto: int | None = None) -> list[StoredText]:
        """The next entries by id, at most up to one."""
        ...

    def texts_of(self, ids: Sequence[int], since: Micros | None) -> list[StoredText]:
        """Those of these entries that are to be scored, by id."""
        ...

    def hits(self, entry_ids: Sequence[int]) -> Mapping[tuple[int, str], StoredHit]:
        """Their hits as they count now."""
        ...

    def told(self, entry_ids: Sequence[int]) -> Mapping[int, Told]:
        """What is told of entries."""
        ...


Opened = Callable[[], Readable]


# --- parts ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A batch: the entries after an id up to another, or at most so many of them, or chosen ones."""

    since: Micros | None
    after: int = 0
    upto: int | None = None
    ids: tuple[int, ...] | None = None

    def read(self, stored: Readable) -> Sequence[StoredText]:
        """Its texts."""
        if self.ids is not None:
            return stored.texts_of(self.ids, self.since)
        return stored.texts(self.since, self.after, BATCH if self.upto is None else None, self.upto)


def chosen(ids: Sequence[int], since: Micros | None, after: int) -> Iterator[Part]:
    """Parts of chosen entries, those after an id."""
    for start in range(bisect_right(ids, after), len(ids), BATCH):
        yield Part(since, ids=tuple(ids[start : start + BATCH]))


def every(last: int, since: Micros | None, after: int, count: int) -> Iterator[Part]:
    """Parts of about a batch each of all entries: where entries were pruned, the ids lie wider apart."""
    step = min(4 * BATCH, max(BATCH, (last - after) * BATCH // count))
    for start in range(after, last, step):
        yield Part(since, start, start + step)


# --- one part -------------------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Done:
    """A part that was scored and compared. ``scored`` is empty where nobody writes it; ``last`` is its last entry's id."""

    entries: int
    last: int
    changes: Sequence[Change]
    kinds: Mapping[str, int]
    scored: Sequence[TextAssessed]


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with a part, in any process. With ``keep`` what was scored comes along, to be written."""

    stored: Readable
    score: Scoring
    signal: str = ""
    keep: bool = False

    def __call__(self, part: Part) -> Done:
        """Read, score and compare."""
        scored = self.score(part.read(self.stored))
        found = list(self._found(scored))
        shown = [row for row in found if row[3] != "same"]
        told = self.stored.told([entry_id for entry_id, *_ in shown]) if shown else {}
        changes = [_change(*row, told.get(row[0], _NOTHING)) for row in shown]
        last = scored[-1].entry_id if scored else 0
        return Done(len(scored), last, changes, Counter(row[3] for row in found), scored if self.keep else ())

    def _found(self, scored: Sequence[TextAssessed]) -> Iterator[_Found]:
        by_entry: dict[int, dict[str, StoredHit]] = {}
        for (entry_id, signal), hit in self.stored.hits([text.entry_id for text in scored]).items():
            by_entry.setdefault(entry_id, {})[signal] = hit
        for text in scored:
            if text.assessments or text.entry_id in by_entry:
                for old, new in _pairs(by_entry.get(text.entry_id, {}), text.assessments):
                    kind = kind_of(old, new)
                    if kind and (not self.signal or _signal(old, new) == self.signal):
                        yield text.entry_id, old, new, kind


_Found = tuple[int, StoredHit | None, Assessment | None, str]
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


# --- many parts -----------------------------------------------------------------------------------------------------


def here(parts: Iterable[Part], work: Work) -> Iterator[Done]:
    """All parts in this process."""
    return (done for done in map(work, parts) if done.entries)


def in_processes(
    parts: Iterator[Part], watchlist: CompiledWatchlist, opened: Opened, work: Work, workers: int
) -> Iterator[Done]:
    """All parts in order, by so many processes, this one among them; few of them in memory.

    Raises:
        WatcherError: another process ended before its work did.
    """
    import multiprocessing
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor

    with _in_a_file(pickle.dumps(watchlist, 5)) as file:
        given = (gc.get_threshold(), file, opened, work.signal, work.keep)
        pool = ProcessPoolExecutor(workers - 1, multiprocessing.get_context("spawn"), _start, given)
        try:
            with _no_interrupt():
                others = Others(pool, workers - 1)
            yield from in_order(parts, others, work, AHEAD * workers)
        except BrokenProcessPool as error:
            raise WatcherError(
                "a process that scored was ended from outside, or ran out of memory",
                hint="ask again: what was applied stays, and the run goes on there; --workers 1 needs no other process",
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _in_a_file(content: bytes) -> Iterator[Path]:
    """What every process reads. Through the pipe that starts one it would block for ever where that one dies at once."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="watcher-") as folder:
        file = Path(folder) / "watchlist"
        file.write_bytes(content)
        yield file


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Processes that begin inside never hear Ctrl-C, which goes to all of a terminal: this one hears it, and ends them."""
    import signal

    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Others:
    """The other processes. They get parts once one of them is there, and so many that each has the next one at hand."""

    def __init__(self, pool: Executor, count: int) -> None:
        self._pool = pool
        self._most = 2 * count + 1
        self._there = [pool.submit(_begin) for _ in range(count)]
        self._out: list[Future[Done]] = []

    def have_room(self) -> bool:
        """Can they take a part? Raises what one of them met when it began."""
        there = next((one for one in self._there if one.done()), None)
        if there is None:
            return False
        there.result()
        self._out = [one for one in self._out if not one.done()]
        return len(self._out) < self._most

    def give(self, part: Part) -> Future[Done]:
        """A part for one of them."""
        self._out.append(self._pool.submit(_work, part))
        return self._out[-1]


def in_order(parts: Iterator[Part], others: Others, work: Callable[[Part], Done], ahead: int) -> Iterator[Done]:
    """All parts in order, whoever does them: this process does what the others cannot take, until the next is done."""
    waiting: deque[Done | Future[Done]] = deque()
    while True:
        while len(waiting) < ahead and others.have_room() and (part := next(parts, None)) is not None:
            waiting.append(others.give(part))
        is_first_done = bool(waiting) and (isinstance(waiting[0], Done) or waiting[0].done())
        if not is_first_done and len(waiting) < ahead and (part := next(parts, None)) is not None:
            waiting.append(work(part))
        elif waiting:
            first = waiting.popleft()
            done = first if isinstance(first, Done) else first.result()
            if done.entries:
                yield done
        else:
            return


_given: list[Callable[[], Work]] = []
"""What makes the work of this process, where it is a worker."""


def _start(thresholds: tuple[int, int, int], watchlist: Path, opened: Opened, signal: str, keep: bool) -> None:
    gc.set_threshold(*thresholds)
    _end_with_parent()
    _given[:] = [lambda: Work(opened(), Scoring(pickle.loads(watchlist.read_bytes())), signal, keep)]  # noqa: S301  # ours


def _begin() -> None:
    """What it meets is told to whoever waits for it; what the pool itself calls can tell nothing."""
    _mine()
    gc.freeze()  # Nothing of the watchlist ever ends: it need not be looked through again and again.


@cache
def _mine() -> Work:
    return _given[0]()


def _end_with_parent() -> None:
    """A worker waits for parts for ever, also where the process that gives them out was killed."""
    import os
    import threading
    from multiprocessing import connection, parent_process

    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            connection.wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(part: Part) -> Done:
    return _mine()(part)
