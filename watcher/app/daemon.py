"""The daemon: ticks, signals, reload, an orderly end. Must not: poll, deliver or load by itself.

APScheduler gives the ticks, but it looks at the wall clock; so a pulse on monotonic time watches it. The pulse finds
jumps of the clock and sleeps of the machine and sets the ticks going again; where ticks stop for good the process ends
with 70, so that its supervisor starts it afresh. A thread watches the pulse in turn: a blocked loop ends the same way.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import math
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from watcher.app.catchup import catch_up
from watcher.app.clock import Jump
from watcher.app.deliver import Courier
from watcher.app.derive import derive_all
from watcher.app.poll import Poller
from watcher.app.ports import Clock, Store
from watcher.app.reload import Generation, Reloader
from watcher.app.vitals import Vitals
from watcher.core.errors import DatabaseUnusableError, WatcherError
from watcher.core.limits import Limits
from watcher.core.model import SECOND, Micros

log = logging.getLogger("watcher.daemon")

T = TypeVar("T")

EXIT_DEAD = 70
POLL_TICK_S = 1.0
DERIVE_TICK_S = 5.0
RELOAD_TICK_S = 30.0
PRUNE_TICK_S = 3600.0
HEARTBEAT_S = 60.0
PULSE_S = 1.0
# No heartbeat written for so long: the database or its queue is stuck. Waits for a lock are a tenth of it.
STALLED_AFTER_S = 300.0
# No poll tick for so long: the scheduler is dead. No pulse for twice as long: the loop is blocked.
DEAD_AFTER_S = 60.0
# A write-ahead log that stays larger than this is held open by a reader.
LOG_ALARM_BYTES = 256 * 1024**2
# After a gap longer than this, what is overdue is spread instead of polled at once.
LONG_GAP: Micros = 1800 * SECOND


@dataclass(slots=True)
class Progress:
    """What the daemon has done since it started, for its heartbeat."""

    polls: int = 0
    failed: int = 0
    hits: int = 0
    alerts: int = 0
    first_round_over: bool = False


@dataclass(slots=True)
class Duties:
    """What the daemon drives. ``writer`` is the one thread that writes."""

    store: Store
    poller: Poller
    couriers: Sequence[Courier]
    reloader: Reloader
    clock: Clock
    limits: Limits
    writer: Executor
    on_first_round: Callable[[], None] = lambda: None
    derive: Callable[[], int] = lambda: 0
    prune: Callable[[], int] = lambda: 0
    owner: str = "daemon"
    tell_manager: Callable[[str], None] = lambda _words: None
    manager_patience_s: float | None = None
    progress: Progress = field(default_factory=Progress)


class Daemon:
    """Runs until it is told to stop.

    Args:
        duties: what it drives.
        tick_s: how often due sources are looked for; alerts half as often.
        pulse_s: how often monotonic time is looked at.
        dead_after_s: no poll tick for so long means that the scheduler is dead.
    """

    def __init__(
        self,
        duties: Duties,
        *,
        tick_s: float = POLL_TICK_S,
        pulse_s: float = PULSE_S,
        dead_after_s: float = DEAD_AFTER_S,
    ) -> None:
        self._duties = duties
        self._tick_s = tick_s
        self._pulse_s = pulse_s
        self._dead_after_s = dead_after_s
        self._stop = asyncio.Event()
        self._exit_code = 0
        self._signals = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._next_look: Micros = 0
        self._all_started = False
        self._spread_until = -math.inf
        now_s = duties.clock.monotonic()
        self._last_tick_s = self._last_pulse_s = now_s
        self._vitals = Vitals(duties.store, duties.clock, duties.owner)
        self._last_beat_s = now_s
        self._told_manager_s = -math.inf
        self._scheduler: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    # --- life ---------------------------------------------------------------------------------------------------

    async def run(self, *, once: bool = False) -> int:
        """Work until a signal comes (or, with ``once``, until the first round is over); returns the exit code."""
        self._loop = loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_stop_signal, number)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload(force=True), "reload"))
        try:
            if once:
                await self._once()
            else:
                await self._forever()
        finally:
            await self._end()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(number)
        return self._exit_code

    def stop(self, exit_code: int = 0) -> None:
        """Come to an end in order."""
        self._exit_code = max(self._exit_code, exit_code)
        self._stop.set()

    def jumped(self, jump: Jump) -> None:
        """The wall clock jumped: say so, and set the ticks going again."""
        log.warning("event=clock-jump %s; polls go on by monotonic time", jump)
        if jump.seconds * SECOND > LONG_GAP:
            self._begin_spread()
        if self._loop is not None:
            # The clock is asked in the writer thread too.
            self._loop.call_soon_threadsafe(self._wake_scheduler)

    async def _once(self) -> None:
        work = asyncio.ensure_future(self._duties.poller.round())
        stop = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not work.done():
            self._duties.poller.is_stopping = True
            return
        work.result()
        self._first_round_over()
        await self._catch_up(self._duties.reloader.current)
        await self._deliver()
        await self._derive()

    async def _forever(self) -> None:
        await self._in_writer(self._vitals.begin)
        await self._look_at_gap()
        self._last_tick_s = self._last_pulse_s = self._duties.clock.monotonic()
        self._scheduler = self._start_scheduler()
        self._duties.tell_manager("READY=1")
        watch = _Watchdog(self._duties.clock, lambda: self._last_pulse_s)
        watch.start()
        self._spawn(self._catch_up(self._duties.reloader.current), "catch-up")
        pulse = asyncio.create_task(self._pulse(), name="pulse")
        try:
            await self._stop.wait()
        finally:
            watch.stop()
            pulse.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pulse

    async def _end(self) -> None:
        """Finish what is under way within ``Limits.stop_s``, roll the rest back."""
        if self._scheduler is not None and self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._duties.tell_manager("STOPPING=1")
        within_s = self._duties.limits.stop_s
        await self._duties.poller.stop(within_s * 0.6)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s * 0.2)
        with contextlib.suppress(WatcherError):
            await self._in_writer(self._vitals.end)
        for courier in self._duties.couriers:
            courier.close()

    async def _in_writer(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._duties.writer, work)

    def _on_stop_signal(self, number: int) -> None:
        self._signals += 1
        if self._signals > 1:
            # Asked twice: what is under way is rolled back by the database, as after any crash.
            os._exit(128 + number)
        log.warning("stopping: what is under way is finished; once more to stop at once")
        self.stop()

    def _spawn(self, work: Any, name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)

    # --- ticks --------------------------------------------------------------------------------------------------

    def _start_scheduler(self) -> Any:
        from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = AsyncIOScheduler(timezone=dt.UTC)
        ticks: tuple[tuple[str, float, Callable[[], Awaitable[None]]], ...] = (
            ("poll", self._tick_s, self._poll_tick),
            ("deliver", 2 * self._tick_s, self._deliver),
            ("derive", DERIVE_TICK_S, self._derive),
            ("prune", PRUNE_TICK_S, self._prune),
            ("reload", RELOAD_TICK_S, self._reload),
            ("heartbeat", HEARTBEAT_S, self._heartbeat),
        )
        for name, seconds, duty in ticks:
            scheduler.add_job(
                duty, "interval", id=name, seconds=seconds, misfire_grace_time=None, coalesce=True, max_instances=1
            )
        scheduler.add_listener(_tell, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        scheduler.start()
        self._wake(scheduler)
        return scheduler

    @staticmethod
    def _wake(scheduler: Any) -> None:
        """Every tick is due now: at the start, and after a jump of the clock that the scheduler looks at."""
        for job in scheduler.get_jobs():
            job.modify(next_run_time=dt.datetime.now(dt.UTC))

    def _wake_scheduler(self) -> None:
        self._next_look = 0
        if self._scheduler is not None and self._scheduler.running:
            self._wake(self._scheduler)

    async def _poll_tick(self) -> None:
        now_s = self._duties.clock.monotonic()
        if now_s - self._last_tick_s > 5 * POLL_TICK_S:
            log.warning("event=tick-late the last poll tick was %.0f s ago", now_s - self._last_tick_s)
        self._last_tick_s = now_s
        if self._all_started and not self._duties.poller.in_flight:
            self._first_round_over()
        if self._duties.clock.now() < self._next_look:
            return
        try:
            started = await self._duties.poller.fill(self._most())
            if not started:
                await self._look_ahead()
        except DatabaseUnusableError as error:
            log.critical("event=database-unusable %s", error)
            self.stop(error.exit_code)

    async def _look_ahead(self) -> None:
        """Nothing could be started: look again when the next source is due, and not before."""
        if self._duties.poller.in_flight and not self._duties.progress.first_round_over:
            # A person waits for the summary of the first round: its end must be seen on the next tick.
            return
        due = await self._in_writer(self._duties.store.next_due)
        now = self._duties.clock.now()
        # A minute at most: other processes may have changed what is due.
        self._next_look = min(now + 60 * SECOND, now + 60 * SECOND if due is None else due)
        self._all_started = True

    def _first_round_over(self) -> None:
        if not self._duties.progress.first_round_over:
            self._duties.progress.first_round_over = True
            self._duties.on_first_round()

    async def _deliver(self) -> None:
        for courier in self._duties.couriers:
            self._duties.progress.alerts += (await courier.deliver()).sent

    async def _derive(self) -> None:
        """Batch by batch, so that polls are written in between."""
        await derive_all(self._duties.derive, self._duties.writer, self._stop.is_set)

    async def _prune(self) -> None:
        """Page by page, as the derive duty; nothing where no age is set."""
        await derive_all(self._duties.prune, self._duties.writer, self._stop.is_set)

    async def _heartbeat(self) -> None:
        progress = self._duties.progress
        log.info(
            "event=heartbeat polls=%d failed=%d hits=%d alerts=%d in_flight=%d",
            progress.polls,
            progress.failed,
            progress.hits,
            progress.alerts,
            self._duties.poller.in_flight,
        )
        await self._in_writer(self._vitals.beat)
        # Only a beat that is written down counts: a watchdog must see progress, not mere life.
        self._last_beat_s = self._duties.clock.monotonic()
        await self._trim_log()

    async def _trim_log(self) -> None:
        """Keep the database's write-ahead log small; say so where a reader holds it open and it grows."""
        left = await self._in_writer(self._duties.store.trim_log)
        if left > LOG_ALARM_BYTES:
            log.warning("event=log-large the write-ahead log has %d MiB: a reader keeps it open", left // 1024**2)

    # --- reload -------------------------------------------------------------------------------------------------

    async def _reload(self, *, force: bool = False) -> None:
        duties, old = self._duties, self._duties.reloader.current
        made = await duties.reloader.check(force=force)
        if made is None:
            return
        duties.poller.reading = made.reading
        self._next_look = 0
        log.warning("event=reloaded %s", ", ".join(f"{name} {revision[:12]}" for name, revision in made.revisions))
        self._spawn(self._retire(old), "retire sandbox")
        self._spawn(self._catch_up(made), "catch-up")

    async def _retire(self, old: Generation) -> None:
        """End the old children when the polls that began with them are over."""
        await self._duties.poller.quiesce()
        await old.close()

    async def _catch_up(self, generation: Generation) -> None:
        for matcher in generation.matchers:
            try:
                done = await catch_up(self._duties.store, matcher, self._duties.clock, self._duties.writer)
            except WatcherError as error:
                log.log(logging.ERROR, "event=catch-up-failed watchlist=%s detail=%s", matcher.watchlist, error.message)
                continue
            if done.entries:
                log.warning(
                    "event=caught-up watchlist=%s entries=%d hits=%d", matcher.watchlist, done.entries, done.hits
                )

    # --- time ---------------------------------------------------------------------------------------------------

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(self._pulse_s)
            self._last_pulse_s = self._duties.clock.monotonic()
            self._duties.clock.now()  # a steady clock finds jumps when it is asked
            silent_s = self._last_pulse_s - self._last_tick_s
            if silent_s > self._dead_after_s:
                log.critical("event=scheduler-dead no poll tick for %.0f s: ending, to be started afresh", silent_s)
                self.stop(EXIT_DEAD)
                return
            self._tell_watchdog()

    def _tell_watchdog(self) -> None:
        """Keep the service manager's watchdog quiet, as long as ticks come and the database is written to."""
        patience_s, now_s = self._duties.manager_patience_s, self._last_pulse_s
        if patience_s is None or now_s - self._told_manager_s < patience_s / 2:
            return
        is_alive = now_s - self._last_tick_s < self._dead_after_s and now_s - self._last_beat_s < STALLED_AFTER_S
        if is_alive:
            self._told_manager_s = now_s
            self._duties.tell_manager("WATCHDOG=1")

    async def _look_at_gap(self) -> None:
        due = await self._in_writer(self._duties.store.next_due)
        if due is not None and self._duties.clock.now() - due > LONG_GAP:
            self._begin_spread()

    def _begin_spread(self) -> None:
        spread_s = self._duties.limits.start_spread_s
        self._spread_until = self._duties.clock.monotonic() + spread_s
        log.warning("event=long-gap overdue sources are polled over the next %.0f s", spread_s)

    def _most(self) -> int | None:
        """How many polls this tick may start: after a long gap only a share of all sources."""
        if self._duties.clock.monotonic() >= self._spread_until:
            return None
        ticks = max(1.0, self._duties.limits.start_spread_s / self._tick_s)
        return math.ceil(self._duties.reloader.current.sources / ticks)


def _tell(event: Any) -> None:
    """Ticks that failed or were left out are never silent."""
    error = getattr(event, "exception", None)
    if error is not None:
        log.error("event=tick-failed tick=%s", event.job_id, exc_info=error)
    else:
        log.info("event=tick-skipped tick=%s: the one before it still runs", event.job_id)


class _Watchdog(threading.Thread):
    """Ends the process when the pulse stops: nothing inside a blocked loop could."""

    def __init__(self, clock: Clock, last_pulse_s: Callable[[], float]) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._clock = clock
        self._last_pulse_s = last_pulse_s
        self._over = threading.Event()

    def run(self) -> None:
        """Look every few seconds; two looks in a row must agree, since a stopped process is not a blocked one."""
        strikes = 0
        while not self._over.wait(10.0):
            silent_s = self._clock.monotonic() - self._last_pulse_s()
            strikes = strikes + 1 if silent_s > 2 * DEAD_AFTER_S else 0
            if strikes > 1:
                log.critical("event=loop-blocked no pulse for %.0f s: ending, to be started afresh", silent_s)
                os._exit(EXIT_DEAD)

    def stop(self) -> None:
        """No more looking."""
        self._over.set()
