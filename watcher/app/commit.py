"""Commits finished polls, many in one transaction and each in a savepoint. Must not: fetch, parse or start anything.

What is finished while nobody writes is written after a moment in which more may come, together with that; so batches
grow with load, and the last poll of a round waits for nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from watcher.app.pollline import PollLine, line_of_intent, line_of_loss
from watcher.app.ports import Clock, Jitter, Store, Transaction
from watcher.core import decide
from watcher.core.decide import Fault, Times
from watcher.core.errors import DatabaseBusyError, LeaseLostError, StorageError
from watcher.core.intents import Departed, EntryLookup, PollIntent, ShownLookup, StoredEntry
from watcher.core.limits import Limits
from watcher.core.model import Claim, Fetched, Micros, ParsedFeed
from watcher.core.resolve import NamedBody

log = logging.getLogger("watcher.poll")

Trace = Callable[[str], None]

# A locked database is waited for inside the store (Limits.busy_s), a lost connection is made anew there; then the
# whole transaction is tried again.
_ATTEMPTS = 3
# After the database refused, no source is claimed for so long: a full disk or a lost server takes minutes to mend, a
# lock does not.
PAUSE_S = 300.0
BUSY_PAUSE_S = 30.0
# Polls are hours apart; a fifth of a second is nothing to them, and batches grow by it.
LINGER_S = 0.2
NOBODY_LEFT = Departed()


def no_trace(point: str) -> None:
    """The hook that crash tests replace: it is called at named points and does nothing."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A poll that only has to be written: what came, or why nothing did; ``refused`` where the database is why."""

    claim: Claim
    started_at: Micros
    fetched: Fetched | None = None
    feed: ParsedFeed | None = None
    body: NamedBody | None = None
    fault: Fault | None = None
    revisions: Mapping[str, str] = field(default_factory=dict)
    refused: StorageError | None = None


class Committer:
    """Writes finished polls.

    Args:
        store: transactions.
        writer: the one thread that writes.
        clock: wall and monotonic time.
        limits: batch size and all that decides.
        jitter: numbers in [0, 1).
        trace: called at ``in-transaction``, ``before-commit`` and ``after-commit``.
    """

    def __init__(
        self, store: Store, writer: Executor, clock: Clock, limits: Limits, *, jitter: Jitter, trace: Trace = no_trace
    ) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._limits = limits
        self._jitter = jitter
        self._trace = trace
        self._pending: list[tuple[Finished, asyncio.Future[PollLine]]] = []
        self._lost_claims: list[Claim] = []
        self._coming = 0
        self._enough = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._paused_until = 0.0
        self.last_commit_s = clock.monotonic()

    @property
    def is_paused(self) -> bool:
        """True for a while after the database refused: nothing should be claimed that could not be written."""
        return self._clock.monotonic() < self._paused_until

    def pause(self, error: Exception) -> None:
        """The database refused: say so, and claim nothing for a while."""
        seconds = BUSY_PAUSE_S if isinstance(error, DatabaseBusyError) else PAUSE_S
        self._paused_until = self._clock.monotonic() + seconds
        name, detail = type(error).__name__, str(error)[:200]
        log.log(logging.ERROR, "phase=store error=%s detail=%s polling pauses for %.0f s", name, detail, seconds)

    def expect(self, polls: int) -> None:
        """So many more polls will come to be committed (negative: so many will not, after all)."""
        self._coming += polls
        self._tell()

    async def commit(self, finished: Finished) -> PollLine:
        """Have a poll written: by this task or, together with others, by the one that writes now."""
        if finished.refused is not None:
            self.expect(-1)
            return self._lost([finished], finished.refused)[0]
        mine: asyncio.Future[PollLine] = asyncio.get_running_loop().create_future()
        self._pending.append((finished, mine))
        self.expect(-1)
        if self._work is None:
            self._work = asyncio.get_running_loop().create_task(self._write_all(), name="commit polls")
        return await mine

    async def _write_all(self) -> None:
        """Write what is waiting, batch by batch, until nothing is: one task for all, which nobody's cancelling ends."""
        try:
            while self._pending:
                await self._linger()
                batch = self._pending[: self._limits.commit_batch]
                del self._pending[: self._limits.commit_batch]
                await self._write([waiting for waiting in batch if not waiting[1].done()])
        finally:
            self._work = None

    async def _linger(self) -> None:
        """Wait a moment while more polls are on their way: a transaction for many costs little more than for one."""
        if self._is_worth_it():
            return
        self._enough.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._enough.wait(), LINGER_S)

    def _is_worth_it(self) -> bool:
        return self._coming <= 0 or len(self._pending) >= self._limits.commit_batch

    def _tell(self) -> None:
        if self._is_worth_it():
            self._enough.set()

    async def _write(self, batch: Sequence[tuple[Finished, asyncio.Future[PollLine]]]) -> None:
        polls = [finished for finished, _ in batch]
        if not polls:
            return
        try:
            lines = await asyncio.get_running_loop().run_in_executor(self._writer, self._transaction, polls)
        except RuntimeError as error:  # the writer has ended
            lines = [line_of_loss(poll.claim, error) for poll in polls]
        for (_, future), line in zip(batch, lines, strict=True):
            if not future.done():
                future.set_result(line)

    def _transaction(self, polls: Sequence[Finished]) -> list[PollLine]:
        """Write polls in one transaction. Runs in the writer thread; never raises."""
        error: Exception = StorageError("nothing was tried")
        for _ in range(_ATTEMPTS):
            try:
                lines = self._attempt(polls)
            except StorageError as refused:
                error = refused
                continue
            except Exception as bug:
                log.exception("polls could not be written")
                error = bug
                break
            self.last_commit_s = self._clock.monotonic()
            self._trace("after-commit")
            return lines
        return self._lost(polls, error)

    def _attempt(self, polls: Sequence[Finished]) -> list[PollLine]:
        with self._store.write() as transaction:
            intents = self._decide_all(transaction, polls)
            results = transaction.apply_all(intents)
            self._trace("in-transaction")
            lines = [self._line(transaction, *both) for both in zip(polls, intents, results, strict=True)]
            self._trace("before-commit")
        return lines

    def _line(
        self, transaction: Transaction, poll: Finished, intent: PollIntent, result: Mapping[str, int] | Exception
    ) -> PollLine:
        """The line of a poll; one that cannot be stored is stored as a failed one, and says why."""
        if isinstance(result, LeaseLostError) or (isinstance(result, Exception) and poll.fault is not None):
            return line_of_loss(poll.claim, result)
        if isinstance(result, Exception):
            log.error("poll of %s could not be stored: %s", poll.claim.spec.id, result)
            fault = Fault("store", type(result).__name__, str(result)[:200])
            poll = Finished(poll.claim, poll.started_at, fault=fault)
            intent = self._decide(poll, (), NOBODY_LEFT)
            with transaction.savepoint():
                result = transaction.apply(intent)
        return line_of_intent(intent, result, is_outage=poll.fault is not None and poll.fault.outage)

    def _decide_all(self, transaction: Transaction, polls: Sequence[Finished]) -> list[PollIntent]:
        """What to write for each; what is stored is looked up for all of them at once."""
        lookups = [_lookup(poll) for poll in polls]
        shown = [_shown(poll) for poll in polls]
        stored = iter(transaction.known_many([one for one in lookups if one]))
        left = iter(transaction.left_many([one for one in shown if one]))
        return [
            self._decide(poll, next(stored) if asked else (), next(left) if told else NOBODY_LEFT)
            for poll, asked, told in zip(polls, lookups, shown, strict=True)
        ]

    def _decide(self, poll: Finished, stored: Sequence[StoredEntry], left: Departed) -> PollIntent:
        claim, limits = poll.claim, self._limits
        times = Times(poll.started_at, self._clock.now(), self._jitter())
        if poll.fault is not None or poll.fetched is None:
            fault = poll.fault or Fault("http", "internal", "nothing was fetched")
            return decide.decide_failed(claim, fault, poll.fetched, times, limits)
        if poll.feed is None or poll.body is None:
            return decide.decide_same(claim, poll.fetched, times, limits)
        return decide.decide_body(
            claim, poll.fetched, poll.feed, poll.body, stored, left, times, limits, revisions=poll.revisions
        )

    def take_lost(self) -> list[Claim]:
        """Claims whose polls could not be written, told once: their leases are to be given back when it works again."""
        lost, self._lost_claims = self._lost_claims, []
        return lost

    def _lost(self, polls: Sequence[Finished], error: Exception) -> list[PollLine]:
        """Nothing was written, validators stay as they were: the polls are made again when their leases end."""
        self.pause(error)
        self._lost_claims += [poll.claim for poll in polls]
        return [line_of_loss(poll.claim, error) for poll in polls]


def _lookup(poll: Finished) -> EntryLookup | None:
    """The names under which entries of its body may be known."""
    body = poll.body
    return EntryLookup(poll.claim.source_id, body.keys, body.links, body.contents) if body is not None else None


def _shown(poll: Finished) -> ShownLookup | None:
    """What its body shows, where anything may have left it; of a body that ended early nobody can say what did."""
    claim, feed, body = poll.claim, poll.feed, poll.body
    if feed is None or body is None or feed.partial or claim.is_first:
        return None
    if claim.seen_items and claim.seen_items.issubset(feed.item_digests):
        return None
    return ShownLookup(claim.source_id, tuple(named.key for named in body.entries), feed.item_digests)
