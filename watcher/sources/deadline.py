"""Deadlines of one length for many tasks at a time, with one timer for all of them. Must not: know what is waited for.

A timer for each costs more than what most of them watch over: they are set by the thousand and hardly ever go off.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType


class Deadline:
    """``with deadline.start():`` ends what the task does inside with a `TimeoutError`, as `asyncio.timeout` would.

    Args:
        seconds: how long it may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: deque[_Running] = deque()  # in the order in which they end
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> _Running:
        """A deadline that begins when its context is entered, in the task that it ends."""
        return _Running(self)

    def begin(self, one: _Running, loop: asyncio.AbstractEventLoop) -> None:
        """Watch over one more."""
        one.when = loop.time() + self._seconds
        self._running.append(one)
        if self._timer is None:
            self._timer = loop.call_at(one.when, self._look, loop)

    def end(self) -> None:
        """One of them is over: those at the front that are need no timer any more."""
        while self._running and self._running[0].task is None:
            self._running.popleft()
        if not self._running and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Time is up for the first, or was for one that is over by now."""
        self._timer = None
        now = loop.time()
        while self._running and (self._running[0].task is None or self._running[0].when <= now):
            self._running.popleft().go_off()
        if self._running:
            self._timer = loop.call_at(self._running[0].when, self._look, loop)


class _Running:
    """One deadline under way; ``task`` is None when it is over."""

    __slots__ = ("_asked", "_is_off", "_owner", "task", "when")

    def __init__(self, owner: Deadline) -> None:
        self._owner = owner
        self._is_off = False
        self._asked = 0
        self.task: asyncio.Task[object] | None = None
        self.when = 0.0

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline needs a task that it can end")
        self.task = task
        self._asked = task.cancelling()
        self._owner.begin(self, task.get_loop())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task, self.task = self.task, None
        self._owner.end()
        # Whoever else wants the task to end is not told that its time was up.
        if (
            self._is_off
            and task is not None
            and task.uncancel() <= self._asked
            and kind is not None
            and issubclass(kind, asyncio.CancelledError)
        ):
            raise TimeoutError from error

    def go_off(self) -> None:
        """Time is up, where it is not over."""
        if self.task is not None:
            self._is_off = True
            self.task.cancel()
