"""Delivers what the outbox owes: at least once, with a key that stays the same. Must not: know a channel's insides.

Claim (committed), send, record: a crash after sending and before recording sends again, with the same key. Each channel
has a thread of its own, so that one that hangs holds up nobody else.

A storm is braked: a channel gets one message a minute and thirty an hour at most, each with so many alerts as a person
reads and a digest of the rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from watcher.app.ports import Channel, Clock, Jitter, Outbox
from watcher.core import storm
from watcher.core.errors import ChannelError
from watcher.core.intents import OwedAlert
from watcher.core.limits import Limits
from watcher.core.model import SECOND, Micros

log = logging.getLogger("watcher.alerts")

T = TypeVar("T")
Trace = Callable[[str], None]
BATCH = 5000
_HOUR_S = 3600.0
_FIRST_RETRY_S = 10.0


def _no_trace(point: str) -> None:
    """The hook that crash tests replace."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one delivery did."""

    sent: int = 0
    failed: int = 0
    dead: int = 0


class Courier:
    """Sends to one channel.

    Args:
        outbox: where alerts are owed; called in the writer thread.
        channel: where they go.
        clock: wall time.
        limits: attempts, back-off, deadline and age.
        jitter: numbers in [0, 1).
        owner: whose leases these are.
        writer: the one thread that writes.
        trace: called at ``before-send``, ``after-send`` and ``after-mark``.
    """

    def __init__(
        self,
        outbox: Outbox,
        channel: Channel,
        clock: Clock,
        limits: Limits,
        *,
        jitter: Jitter,
        owner: str,
        writer: Executor,
        trace: Trace = _no_trace,
    ) -> None:
        self._outbox = outbox
        self._channel = channel
        self._clock = clock
        self._limits = limits
        self._jitter = jitter
        self._owner = owner
        self._writer = writer
        self._trace = trace
        self._hand = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"channel-{channel.name}")
        self._stuck: asyncio.Future[None] | None = None
        self._sent_s: deque[float] = deque(maxlen=max(1, limits.alerts_per_hour))

    async def deliver(self) -> Delivered:
        """Send what is owed now, until nothing is left, the channel fails, or it has had enough for now."""
        sent = dead = 0
        while self._may_send():
            claimed = await self._claim()
            alerts = [alert for alert in claimed if not self._is_too_old(alert)]
            dead += await self._bury([alert for alert in claimed if self._is_too_old(alert)])
            if not alerts and claimed:
                continue
            if not alerts:
                return Delivered(sent=sent, dead=dead)
            error = await self._send(storm.message(alerts, self._limits.alert_lines))
            if error is not None:
                failed, hopeless = await self._put_off(alerts, error)
                return Delivered(sent, failed, dead + hopeless)
            await self._write(partial(self._mark_sent, alerts))
            self._trace("after-mark")
            self._sent_s.append(self._clock.monotonic())
            sent += len(alerts)
        return Delivered(sent=sent, dead=dead)

    def _may_send(self) -> bool:
        """Has the channel had neither a message just now nor as many as an hour may bring?"""
        if not self._sent_s or not self._limits.alert_pause_s:
            return True
        now_s, full = self._clock.monotonic(), len(self._sent_s) == self._sent_s.maxlen
        is_due = now_s - self._sent_s[-1] >= self._limits.alert_pause_s
        return is_due and not (full and now_s - self._sent_s[0] < _HOUR_S)

    async def _claim(self) -> Sequence[OwedAlert]:
        if self._stuck is not None and not self._stuck.done():
            return ()
        lease_s = self._limits.alert_send_s * 4
        return await self._write(
            lambda: self._outbox.claim_alerts(self._clock.now(), self._channel.name, BATCH, lease_s, owner=self._owner)
        )

    async def _send(self, alerts: Sequence[OwedAlert]) -> ChannelError | None:
        """Hand over; what goes wrong is returned. A channel that hangs keeps its thread and gets nothing more."""
        self._trace("before-send")
        name, now = self._channel.name, self._clock.now()
        hand = asyncio.get_running_loop().run_in_executor(self._hand, self._channel.send, alerts, now)
        try:
            await asyncio.wait_for(asyncio.shield(hand), self._limits.alert_send_s)
        except ChannelError as error:
            return error
        except TimeoutError:
            self._stuck = hand
            return ChannelError(name, f"no answer within {self._limits.alert_send_s:g} s")
        except Exception as error:  # a channel's bug is a channel's failure
            log.exception("channel %s failed unexpectedly", name)
            return ChannelError(name, f"{type(error).__name__}: {error}")
        self._trace("after-send")
        return None

    def _mark_sent(self, alerts: Sequence[OwedAlert]) -> None:
        self._outbox.mark_sent([alert.alert_id for alert in alerts], self._clock.now())

    def _is_too_old(self, alert: OwedAlert) -> bool:
        return self._clock.now() - alert.created_at > self._limits.alert_age_s * SECOND

    async def _bury(self, alerts: Sequence[OwedAlert]) -> int:
        """Nobody is helped by a flood of old news after a long silence: it stays as dead letters, to be seen."""
        if alerts:
            days = self._limits.alert_age_s / 86400
            log.warning("phase=alert channel=%s dead=%d older than %g days", self._channel.name, len(alerts), days)
            await self._write(
                partial(self._record, (), alerts, self._clock.now(), f"older than {days:g} days, not sent")
            )
        return len(alerts)

    async def _put_off(self, alerts: Sequence[OwedAlert], error: ChannelError) -> tuple[int, int]:
        """Record a failure: a later try for each alert, or the end of it where it was tried or waited for too long."""
        now, reason, limit = self._clock.now(), error.message[:200], self._limits.alert_attempts
        dead = [alert for alert in alerts if error.permanent and alert.attempts >= limit]
        again = [alert for alert in alerts if not error.permanent or alert.attempts < limit]
        await self._write(partial(self._record, again, dead, now, reason))
        log.warning(
            "phase=alert channel=%s error=%s later=%d dead=%d", self._channel.name, reason, len(again), len(dead)
        )
        return len(again), len(dead)

    def _record(self, again: Sequence[OwedAlert], dead: Sequence[OwedAlert], now: Micros, reason: str) -> None:
        for alert in again:
            self._outbox.mark_failed([alert.alert_id], now, reason, retry_at=now + self._pause(alert.attempts))
        if dead:
            ids = [alert.alert_id for alert in dead]
            self._outbox.mark_failed(ids, now, reason, retry_at=now, permanent=True)

    def _pause(self, attempts: int) -> Micros:
        ceiling = min(self._limits.alert_backoff_cap_s, _FIRST_RETRY_S * 2.0 ** min(attempts, 30))
        return round((ceiling / 2 + self._jitter() * ceiling / 2) * SECOND)

    async def _write(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def close(self) -> None:
        """Let the channel's thread go; a send that hangs is not waited for."""
        self._hand.shutdown(wait=False, cancel_futures=True)
