"""Spaces requests to a host. Must not: count a wait for politeness as part of a fetch's deadline.

Requests to a host start at least an interval apart, at most ``per_host`` at a time; a host that asked to be left alone
(429 or 503 with Retry-After) is not asked by any source before that time. Nobody queues for longer than a patience:
who would have to comes back later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType

from watcher.core.errors import SourceError

Sleep = Callable[[float], Awaitable[None]]

_KEEP_HOSTS = 10_000


@dataclass(slots=True)
class _Host:
    """What is known of one host: who uses it now, when it may be asked next, until when it wants peace."""

    next_start: float = 0.0
    held_until: float = 0.0
    busy: int = 0
    waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def is_idle(self, now: float) -> bool:
        """True where forgetting this host changes nothing."""
        return not self.busy and not self.waiting and max(self.next_start, self.held_until) <= now


class HostGates:
    """The queue before every host.

    Args:
        monotonic: seconds that never go back.
        sleep: waits that many seconds.
        patience_s: the longest that a turn is waited for.
    """

    def __init__(self, monotonic: Callable[[], float], sleep: Sleep, patience_s: float = 30.0) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._patience_s = patience_s
        self._hosts: dict[str, _Host] = {}

    def turn(self, host: str, *, interval_s: float, per_host: int) -> Turn:
        """Wait for a turn at a host, and hold it while the context is open.

        Raises:
            SourceError: kind ``host-on-hold``: the host asked for peace, or too many of us want to ask it;
                ``retry_after_s`` says for how long.
        """
        return Turn(self, host, interval_s, per_host)

    async def enter(self, host: str, interval_s: float, per_host: int) -> _Host:
        """The beginning of a turn; whoever got it gives it back."""
        gate = self._gate(host)
        self._refuse_while_held(gate, host)
        await self._enter_in_time(gate, host, per_host)
        try:
            wait = self._reserve(gate, host, interval_s)
            if wait > 0:
                await self._sleep(wait)
                self._refuse_while_held(gate, host)
        except BaseException:
            self.leave(gate)
            raise
        return gate

    def hold(self, host: str, seconds: float) -> None:
        """Ask this host nothing for so long."""
        gate = self._gate(host)
        gate.held_until = max(gate.held_until, self._monotonic() + seconds)

    def _gate(self, host: str) -> _Host:
        gate = self._hosts.get(host)
        if gate is None:
            if len(self._hosts) >= _KEEP_HOSTS:
                now = self._monotonic()
                self._hosts = {name: known for name, known in self._hosts.items() if not known.is_idle(now)}
            gate = self._hosts[host] = _Host()
        return gate

    def _reserve(self, gate: _Host, host: str, interval_s: float) -> float:
        """Take the next start at a host; the seconds until then."""
        now = self._monotonic()
        start = max(now, gate.next_start)
        if start - now > self._patience_s:
            raise _busy(host, start - now)
        gate.next_start = start + interval_s
        return start - now

    async def _enter_in_time(self, gate: _Host, host: str, per_host: int) -> None:
        if gate.busy < max(1, per_host):
            gate.busy += 1
            return
        try:
            async with asyncio.timeout(self._patience_s):
                await self._enter(gate, per_host)
        except TimeoutError:
            raise _busy(host, self._patience_s) from None

    def _refuse_while_held(self, gate: _Host, host: str) -> None:
        left = gate.held_until - self._monotonic()
        if left > 0:
            raise SourceError("http", "host-on-hold", f"{host} asked to be left alone", retry_after_s=left)

    @staticmethod
    async def _enter(gate: _Host, per_host: int) -> None:
        while gate.busy >= max(1, per_host):
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            gate.waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn in gate.waiting:
                    gate.waiting.remove(turn)
                else:
                    HostGates._wake(gate)
                raise
        gate.busy += 1

    @staticmethod
    def leave(gate: _Host) -> None:
        """The end of a turn."""
        gate.busy -= 1
        HostGates._wake(gate)

    @staticmethod
    def _wake(gate: _Host) -> None:
        while gate.waiting:
            turn = gate.waiting.pop(0)
            if not turn.done():
                turn.set_result(None)
                return


class Turn:
    """A turn at a host, as a context."""

    __slots__ = ("_gate", "_gates", "_host", "_interval_s", "_per_host")

    def __init__(self, gates: HostGates, host: str, interval_s: float, per_host: int) -> None:
        self._gates = gates
        self._host = host
        self._interval_s = interval_s
        self._per_host = per_host
        self._gate: _Host | None = None

    async def __aenter__(self) -> None:
        self._gate = await self._gates.enter(self._host, self._interval_s, self._per_host)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._gate is not None:
            self._gates.leave(self._gate)


def _busy(host: str, seconds: float) -> SourceError:
    return SourceError("http", "host-on-hold", f"{host} is busy with our own requests", retry_after_s=seconds)
