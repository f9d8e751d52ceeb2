"""Which channels there are. Must not: send.

A channel is a class with a ``name`` and ``send(alerts, now)``; a further one is a module here and a line in `CHANNELS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from watcher.alerts.file import FileChannel
from watcher.core.errors import UsageProblem
from watcher.core.intents import OwedAlert
from watcher.core.model import Micros


class Channel(Protocol):
    """A way out for alerts."""

    @property
    def name(self) -> str:
        """Name in the outbox and in logs."""
        ...

    def send(self, alerts: Sequence[OwedAlert], now: Micros) -> None:
        """Hand alerts over, all or none; raises `ChannelError` where they were not taken."""
        ...


CHANNELS: dict[str, Callable[[str], Channel]] = {"file": lambda target: FileChannel(Path(target))}


def names() -> tuple[str, ...]:
    """Every kind of channel, sorted."""
    return tuple(sorted(CHANNELS))


def channel(kind: str, target: str) -> Channel:
    """A channel of a kind, to a target (for ``file``: its path).

    Raises:
        UsageProblem: there is no such kind.
    """
    if kind not in CHANNELS:
        raise UsageProblem(f"no channel {kind!r}", hint=f"there is {', '.join(names())}")
    return CHANNELS[kind](target)
