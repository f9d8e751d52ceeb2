"""A clock that stands until a test moves it. Must not: read the machine's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = datetime(2025, 12, 15, 12, 0, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Whole microseconds since the epoch."""
    return (moment - EPOCH) // timedelta(microseconds=1)


@dataclass(slots=True)
class ManualClock:
    """Wall and monotonic time, both moved by hand. ``jump`` moves the wall alone, as a corrected clock does."""

    wall: int = micros(START)
    ticks: float = 1000.0

    def now(self) -> int:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def advance(self, seconds: float) -> None:
        self.wall += round(seconds * 1_000_000)
        self.ticks += seconds

    def jump(self, seconds: float) -> None:
        self.wall += round(seconds * 1_000_000)

    def set(self, moment: datetime) -> None:
        """Go to a moment; time that passes is felt by both clocks, going back only by the wall."""
        step = micros(moment) - self.wall
        self.wall += step
        self.ticks += max(0.0, step / 1_000_000)
