"""Clocks: the machine's, one that outlives jumps of it, and one that tests set. Must not: sleep."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from watcher.core.model import SECOND, Micros

# Below this, wall and monotonic time are said to agree: a call may be pre-empted, and clocks are slewed.
TOLERANCE_S = 5.0


def wall() -> Micros:
    """The machine's wall clock, UTC microseconds."""
    return time.time_ns() // 1000


class SystemClock:
    """The machine's clocks, as they are."""

    def now(self) -> Micros:
        """Wall time, UTC microseconds."""
        return wall()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class SetClock:
    """A clock that stands still until it is moved: for tests, the replay and simulations."""

    def __init__(self, now: Micros, monotonic: float = 0.0) -> None:
        self._now = now
        self._monotonic = monotonic

    def now(self) -> Micros:
        """The time that was set."""
        return self._now

    def monotonic(self) -> float:
        """Seconds moved on so far."""
        return self._monotonic

    def set(self, now: Micros) -> None:
        """Set the wall time; monotonic time moves on by as much, never back."""
        self._monotonic += max(0.0, (now - self._now) / SECOND)
        self._now = now

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.set(self._now + round(seconds * SECOND))


@dataclass(frozen=True, slots=True)
class Jump:
    """The wall clock did not move as monotonic time did. Positive: forward (set, or the machine slept)."""

    seconds: float
    at: Micros

    def __str__(self) -> str:
        way = "forward" if self.seconds > 0 else "back"
        return f"the wall clock went {way} by {abs(self.seconds):.0f} s"


class SteadyClock:
    """Wall time that never goes back within a process (D-04).

    Within a tolerance it follows the wall clock. A jump forward is taken as it is: the machine slept, or was wrong
    before. After a jump back it goes on as monotonic time does, so that no poll is missed for the hour that the wall
    clock repeats; a later jump forward first pays that back. Every jump is told once to ``on_jump``.
    """

    def __init__(
        self,
        on_jump: Callable[[Jump], None],
        *,
        wall_clock: Callable[[], Micros] = wall,
        monotonic_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_jump = on_jump
        self._wall = wall_clock
        self._monotonic = monotonic_clock
        self._ahead: Micros = 0  # how much later than the wall clock we say it is
        self._last = self._anchor = wall_clock()
        self._anchor_s = monotonic_clock()
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._monotonic()

    def now(self) -> Micros:
        """Wall time, UTC microseconds, without steps back."""
        with self._lock:
            return self._steady()

    def _steady(self) -> Micros:
        seconds, said = self._monotonic(), self._wall() + self._ahead
        expected = self._anchor + round((seconds - self._anchor_s) * SECOND)
        off = said - expected
        if abs(off) > TOLERANCE_S * SECOND:
            said = self._jumped(said, off)
        self._anchor, self._anchor_s = said, seconds
        self._last = max(self._last, said)
        return self._last

    def _jumped(self, said: Micros, off: Micros) -> Micros:
        self._on_jump(Jump(off / SECOND, said - self._ahead))
        if off < 0:
            self._ahead -= off
            return said - off
        paid = min(off, self._ahead)
        self._ahead -= paid
        return said - paid
