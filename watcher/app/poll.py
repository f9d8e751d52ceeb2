"""Polls sources: from a claim to a committed poll. Must not: know SQL or HTTP, print, or wait on the wall clock.

::

    claim → fetch ─┬─ 304, or bytes that we know ─────────────────────────┐
                   └─ parse (child: decode, parse, scrub, match) → score ─┴─ ONE transaction: look up → decide → write

* Claims come from the store under a lease with a fencing token; no more are taken than can start at once.
* Fetching and parsing are waited for, many at a time. A poll as a whole has a deadline (``Limits.poll_s``).
* One thread writes. Polls that finish while it is busy are committed together, each in a savepoint: a poll is never split.
* Whatever goes wrong in a poll becomes a fault of that poll: it is written down, and the others go on.
* Where no name resolves at all the fault is ours: nobody's counter grows, and all are due again within minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlsplit

from watcher.app.commit import Committer, Finished, Trace, no_trace
from watcher.app.outage import REMEMBERED, OutageWatch
from watcher.app.pollline import PollLine
from watcher.app.ports import Clock, Fetcher, Jitter, Parser, Store
from watcher.app.seen import SeenItems
from watcher.core import decide, resolve
from watcher.core.decide import Fault
from watcher.core.errors import DatabaseUnusableError, SourceError, StorageError
from watcher.core.limits import Limits
from watcher.core.model import (
    Assessment,
    Claim,
    Evidence,
    Micros,
    ParsedFeed,
    ScoredEntry,
)
from watcher.sources.deadline import Deadline

log = logging.getLogger("watcher.poll")

T = TypeVar("T")
OnPoll = Callable[[PollLine], None]


@dataclass(frozen=True, slots=True)
class Scorer:
    """A watchlist as polling needs it: its revision, and evidence (checked once more) to assessments."""

    revision: str
    assess: Callable[[Evidence, str, str], tuple[Assessment, ...]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A sandbox and the watchlists that its children match with: replaced together at a reload."""

    parser: Parser
    scorers: Mapping[str, Scorer]


@dataclass(slots=True)
class Round:
    """What a round of polling came to."""

    lines: list[PollLine] = field(default_factory=list)

    @property
    def failed(self) -> tuple[PollLine, ...]:
        """The polls that failed."""
        return tuple(line for line in self.lines if line.is_failure)

    @property
    def reached_nothing(self) -> bool:
        """True where there was something to poll and not one source answered."""
        return bool(self.lines) and all(line.is_failure and line.status is None for line in self.lines)


class Poller:
    """Polls what is due.

    Args:
        store: claims and transactions.
        fetcher: the guarded fetch.
        reading: sandbox and watchlists.
        clock: wall and monotonic time.
        limits: bounds on everything.
        jitter: numbers in [0, 1).
        owner: whose leases these are; unique per process.
        trace: called at ``after-fetch``, ``after-parse``, ``in-transaction``, ``before-commit`` and ``after-commit``.
        on_poll: called with every poll that was committed or lost.
    """

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        reading: Reading,
        clock: Clock,
        limits: Limits,
        *,
        jitter: Jitter,
        owner: str,
        trace: Trace = no_trace,
        on_poll: OnPoll = lambda _line: None,
        writer: Executor | None = None,
    ) -> None:
        self.reading = reading
        self._store = store
        self._fetcher = fetcher
        self._clock = clock
        self._limits = limits
        self._owner = owner
        self._trace = trace
        self._on_poll = on_poll
        self._writer = writer or ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._tasks: dict[asyncio.Task[PollLine], Claim] = {}
        self._over: list[asyncio.Task[PollLine]] = []
        self._ended = asyncio.Event()
        self._committer = Committer(store, self._writer, clock, limits, jitter=jitter, trace=trace)
        self._outage = OutageWatch(clock, limits)
        self._deadline = Deadline(limits.poll_s)
        self._seen = SeenItems(store.present_items)
        self.is_stopping = False

    # --- rounds -----------------------------------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """Polls under way."""
        return len(self._tasks) - len(self._over)

    async def round(self, *, everything: bool = False, only: Sequence[str] = ()) -> Round:
        """Poll what is due (or everything, or the named sources), each once, until nothing is left.

        A publisher's Retry-After holds even for everything.
        """
        done, polled = Round(), set[int]()
        more = True
        while more or self._tasks:
            if more and not self._may_start():
                more = False
            elif more and self._has_room():
                claims = await self._claim(self._free(), everything=everything, only=only)
                polled_before = [claim for claim in claims if claim.source_id in polled]
                await self._give_back(polled_before)
                polled.update(await self._start([claim for claim in claims if claim.source_id not in polled]))
                more = len(claims) > len(polled_before)
            if self._tasks:
                await self._ended.wait()
                self._ended.clear()
                # One suspect at a time: where one ended, the next can be had.
                more = more or any(self._tasks[task].crashes for task in self._over)
                done.lines.extend(self._collect())
        return done

    async def fill(self, most: int | None = None) -> int:
        """Start polls of what is due, as many as there is room for (and at most ``most``); returns how many."""
        self._collect()
        free = self._free() if most is None else min(self._free(), most)
        if free <= 0 or not self._may_start():
            return 0
        try:
            return len(await self._start(await self._claim(free)))
        except DatabaseUnusableError:
            raise
        except StorageError as error:
            self._committer.pause(error)
            return 0

    async def quiesce(self) -> None:
        """Wait until every poll that is under way now has ended; later ones are not waited for."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def stop(self, within_s: float) -> None:
        """Let polls under way finish for so long, then cancel the rest and give their leases back."""
        self.is_stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)
        left = {task: claim for task, claim in self._tasks.items() if not task.done()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=within_s)
        with contextlib.suppress(StorageError):
            await self._give_back(list(left.values()))
        self._tasks.clear()
        self._over.clear()

    def _free(self) -> int:
        return self._limits.in_flight - len(self._tasks)

    def _has_room(self) -> bool:
        """A claim is a transaction: it is worth one when a good part of the places is free."""
        return not self._tasks or self._free() >= max(1, self._limits.in_flight // 2)

    def _may_start(self) -> bool:
        return not self.is_stopping and not self._committer.is_paused

    async def _start(self, claims: Sequence[Claim]) -> list[int]:
        """Start what can start now; the rest goes back. Returns the ids of sources whose polls began."""
        begin, back = self._admit(claims) if self._may_start() else ([], list(claims))
        await self._give_back(back)
        self._outage.started(len(begin))
        self._committer.expect(len(begin))
        for claim in begin:
            task = asyncio.create_task(self._poll(claim), name=f"poll {claim.spec.id}")
            task.add_done_callback(self._end)
            self._tasks[task] = claim
        return [claim.source_id for claim in begin]

    def _end(self, task: asyncio.Task[PollLine]) -> None:
        if task in self._tasks:
            self._over.append(task)
            self._ended.set()

    def _admit(self, claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
        """Of one host only so many at a time as get their turn well within the deadline of a poll."""
        under_way = Counter(_host(claim.spec.url) for claim in self._tasks.values())
        begin: list[Claim] = []
        back: list[Claim] = []
        for claim in claims:
            interval_s = claim.spec.host_interval_s
            interval_s = self._limits.host_interval_s if interval_s is None else interval_s
            most = max(1.0, self._limits.poll_s / 2 / interval_s) if interval_s else math.inf
            host = _host(claim.spec.url)
            if under_way[host] < most:
                under_way[host] += 1
                begin.append(claim)
            else:
                back.append(claim)
        return begin, back

    def _collect(self) -> list[PollLine]:
        """Take finished tasks off the list; returns the lines of those that were neither cancelled nor a bug."""
        lines = []
        over, self._over = self._over, []
        for task in over:
            del self._tasks[task]
            if task.cancelled():
                continue
            error = task.exception()
            if error is None:
                lines.append(task.result())
            else:
                # _poll catches all it can; this is a bug. The source is polled again when its lease ends.
                log.error("poll task failed", exc_info=error)
        return lines

    async def _claim(self, limit: int, *, everything: bool = False, only: Sequence[str] = ()) -> Sequence[Claim]:
        def claim() -> Sequence[Claim]:
            self._clear_leases()
            return self._store.claim_due(
                self._owner,
                self._clock.now(),
                limit=limit,
                lease_s=self._limits.lease_s,
                everything=everything,
                only=only,
                items=False,
            )

        return await self._in_writer(claim)

    def _clear_leases(self) -> None:
        """Give back what the database would not take, and what a process that died had. Runs in the writer thread."""
        lost = self._committer.take_lost()
        if lost:
            self._store.release(lost)
        for crash in self._store.sweep_leases(self._owner, self._clock.now()):
            log.log(
                logging.ERROR if crash.quarantined else logging.WARNING,
                "event=crash feed=%s crashes=%d the process died while this source was read%s",
                crash.source,
                crash.crashes,
                ": it is put aside for a while, the others go on" if crash.quarantined else "",
            )

    async def _give_back(self, claims: Sequence[Claim]) -> None:
        if claims:
            await self._in_writer(lambda: self._store.release(claims))

    async def _in_writer(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    # --- one poll ---------------------------------------------------------------------------------------------

    async def _poll(self, claim: Claim) -> PollLine:
        started_at = self._clock.now()
        try:
            finished = await self._read_all(claim, started_at)
        except asyncio.CancelledError:
            self._committer.expect(-1)
            raise
        finally:
            self._outage.ended()
        line = await self._committer.commit(finished)
        self._on_poll(line)
        return line

    async def _read_all(self, claim: Claim, started_at: Micros) -> Finished:
        """Read a source; every way in which that can fail becomes a fault."""
        try:
            with self._deadline.start():
                finished = await self._read(claim, started_at)
        except SourceError as error:
            fault = Fault.of(error)
        except TimeoutError:
            fault = Fault("http", "timeout", f"the whole poll took longer than {self._limits.poll_s:g} s")
        except StorageError as error:  # that is no fault of the source
            return Finished(claim, started_at, refused=error)
        except Exception as error:  # a bug met in one source must not stop the polling of the others
            log.exception("unexpected error while polling %s", claim.spec.id)
            fault = Fault("parse", "internal", f"{type(error).__name__}: {error}"[:200])
        else:
            self._outage.answered(claim.spec.url)
            return finished
        if await self._outage.is_ours(claim.spec.url, fault):
            fault = replace(fault, outage=True)
        return Finished(claim, started_at, fault=fault)

    async def _read(self, claim: Claim, started_at: Micros) -> Finished:
        reading = self.reading
        asked = decide.asked(claim, started_at)
        fetched = await self._fetcher.fetch(asked)
        self._trace("after-fetch")
        if fetched.not_modified:
            if decide.unasked_304(asked):
                raise SourceError("http", "unasked-304", "not modified, though we sent no validators", status=304)
            return Finished(claim, started_at, fetched)
        if fetched.complete and fetched.digest == claim.body_digest:
            return Finished(claim, started_at, fetched)
        claim = await self._seen.of(claim)
        feed = await reading.parser.parse(claim, fetched)
        self._trace("after-parse")
        body = resolve.name_entries(_scored(feed, reading.scorers))
        revisions = {name: scorer.revision for name, scorer in reading.scorers.items()}
        return Finished(claim, started_at, fetched, feed, body, revisions=revisions)


@lru_cache(maxsize=REMEMBERED)
def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _scored(feed: ParsedFeed, scorers: Mapping[str, Scorer]) -> list[ScoredEntry]:
    """The parent's arithmetic: assessments per watchlist. Evidence of a revision that is not ours any more is left out.

    Raises:
        SourceError: evidence that does not fit the entry it came with.
    """
    return [
        ScoredEntry(
            parsed.entry,
            parsed.evidence,
            {
                name: _assessed(scorer, parsed.evidence.get(name), parsed.entry.title, parsed.entry.text)
                for name, scorer in scorers.items()
            },
        )
        for parsed in feed.entries
    ]


def _assessed(scorer: Scorer, evidence: Evidence | None, title: str, text: str) -> tuple[Assessment, ...]:
    if evidence is None:
        return ()
    try:
        return scorer.assess(evidence, title, text)
    except ValueError as error:
        raise SourceError("match", "bad-evidence", str(error)[:200]) from error
