"""Hands tasks to parser children and brings their answers back. Must not: look into a task or an answer.

Small tasks that wait together travel together, there and back, which saves most of the switches between processes. Where
a child dies over several tasks, nobody knows over which: each is tried once more by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.sources.nursery import Nursery, ServerLostError, Worker

ANSWER_BYTES = 64 * 1024 * 1024
_TOGETHER = 8
_TOGETHER_BYTES = 128 * 1024  # that much fits into a socket's buffer: handing it over never waits for an answer
_SIGNALS: dict[int, tuple[str, str]] = {
    signal.SIGXCPU: ("cpu-limit", "the parser used too much CPU time"),
    signal.SIGPROF: ("cpu-limit", "the parser used too much CPU time"),
    signal.SIGKILL: ("killed", "the parser was killed, perhaps for want of memory"),
}

Answered = tuple[Worker, bytes]


@dataclass(slots=True)
class _Task:
    """A task on its way.

    ``was_lost``: it was once with a fork server that ended. ``is_alone``: it was in a batch that killed its child, and
    travels by itself from now on.
    """

    data: bytes
    answer: asyncio.Future[Answered]
    was_lost: bool = False
    is_alone: bool = False


class Crew:
    """A queue of tasks and the children that work it off.

    Args:
        limits: wall time of a task, tasks per child, time to stop.
        watchlists: pickled compiled watchlists for the fork server.
        workers: most children at a time.
    """

    def __init__(self, limits: Limits, watchlists: Sequence[bytes], workers: int) -> None:
        self._limits = limits
        self._watchlists = tuple(watchlists)
        self._workers = workers
        self._queue: deque[_Task] = deque()
        self._busy: set[asyncio.Task[None]] = set()
        self._free: list[Worker] = []
        self._nursery: Nursery | None = None
        self._is_closing = False

    def nursery(self) -> Nursery:
        """The running fork server; a new one where there is none or it was lost."""
        if self._nursery is None or self._nursery.is_lost:
            for worker in self._free:
                worker.close()
            self._free.clear()
            self._nursery = Nursery(self._limits, self._watchlists)
        return self._nursery

    async def do(self, data: bytes) -> Answered:
        """The answer to a task, and the child that gave it.

        Raises:
            SourceError: phase ``parse``: the child crashed, took too long, or none can be started.
        """
        if self._is_closing:
            raise SourceError("parse", "no-child", "the sandbox is closed")
        task = _Task(data, asyncio.get_running_loop().create_future())
        self._queue.append(task)
        self._call()
        return await task.answer

    async def close(self) -> None:
        """Let tasks end that were handed in before, but not for ever; then end children and server."""
        self._is_closing = True
        if self._busy:
            await asyncio.wait(self._busy, timeout=self._limits.stop_s)
        for labour in list(self._busy):
            labour.cancel()
        _fail(self._queue, "the sandbox is closed")
        for worker in self._free:
            worker.close()
        if self._nursery is not None:
            await self._nursery.close()

    def _call(self) -> None:
        """See to it that somebody works."""
        if self._queue and len(self._busy) < self._workers:
            self._busy.add(asyncio.get_running_loop().create_task(self._labour()))

    async def _labour(self) -> None:
        """One child's worth of work, until the queue is empty."""
        batch: deque[_Task] = deque()
        try:
            while batch or self._take(batch):
                try:
                    await self._work_off(batch)
                except SourceError as error:
                    self._after_failure(batch, error)
                except ServerLostError as error:
                    self._after_loss(batch, error)
        finally:
            # At once, not in a callback: a task handed in from now on must find that somebody has to be called.
            current = asyncio.current_task()
            self._busy = {labour for labour in self._busy if labour is not current}
            # Reached with tasks only when cancelled, or through a fault of ours: nobody may wait for ever.
            _fail(batch, "the sandbox was stopped")

    def _take(self, batch: deque[_Task]) -> bool:
        """Move the next tasks into a batch: one, or several small ones, a fair share of those that wait."""
        share = min(_TOGETHER, max(1, -(-len(self._queue) // self._workers)))
        size = 0
        while self._queue and len(batch) < share:
            task = self._queue[0]
            if not task.answer.done():
                size += len(task.data)
                if batch and (size > _TOGETHER_BYTES or task.is_alone):
                    break
                batch.append(task)
                share = 1 if task.is_alone else share
            self._queue.popleft()
        return bool(batch)

    async def _work_off(self, batch: deque[_Task]) -> None:
        """Hand a batch to a child and take the answers; at an error, what is left in it has none."""
        nursery = self.nursery()
        worker = self._free.pop() if self._free else await nursery.hire()
        is_sound = False
        try:
            answer: bytes | None = b""
            async with asyncio.timeout(self._limits.parse_wall_s):
                await worker.send(b"".join(task.data for task in batch))
            while batch and answer is not None:
                answer = worker.received(ANSWER_BYTES)
                if answer is None:
                    async with asyncio.timeout(self._limits.parse_wall_s):
                        answer = await worker.receive(ANSWER_BYTES)
                if answer is not None:
                    _finish(batch.popleft(), (worker, answer))
                    worker.tasks += 1
            is_sound = answer is not None
        except TimeoutError:
            raise SourceError("parse", "timeout", f"the parser took over {self._limits.parse_wall_s:g} s") from None
        except ValueError as problem:
            raise SourceError("parse", "bad-answer", str(problem)) from problem
        except OSError:
            is_sound = False
        finally:
            if not is_sound:
                nursery.kill(worker)
        if not is_sound:
            raise _death(await nursery.how_it_ended(worker))
        if worker.is_suspect or worker.tasks >= self._limits.parse_tasks_per_child:
            worker.close()
        else:
            self._free.append(worker)

    def _after_failure(self, batch: deque[_Task], error: SourceError) -> None:
        """The error of a task by itself; several are tried once more, each by itself."""
        if len(batch) == 1:
            _finish(batch.popleft(), error)
            return
        while batch:
            task = batch.pop()
            task.is_alone = True
            self._queue.appendleft(task)

    def _after_loss(self, batch: deque[_Task], error: ServerLostError) -> None:
        """The loss of the fork server is nobody's fault: each task once more with a new one."""
        for task in list(batch):
            if task.was_lost:
                batch.remove(task)
                _finish(task, SourceError("parse", "no-child", f"parser processes cannot start: {error}"[:200]))
            task.was_lost = True


def _finish(task: _Task, result: Answered | SourceError) -> None:
    if task.answer.done():
        return
    if isinstance(result, SourceError):
        task.answer.set_exception(result)
    else:
        task.answer.set_result(result)


def _fail(tasks: deque[_Task], why: str) -> None:
    while tasks:
        with contextlib.suppress(RuntimeError):  # the loop may be closed already
            _finish(tasks.popleft(), SourceError("parse", "no-child", why))


def _death(code: int) -> SourceError:
    """What the end of a child means for the source whose body it was reading."""
    if code >= 0:
        return SourceError("parse", "crashed", f"parser ended (exit {code})")
    kind, words = _SIGNALS.get(-code, ("crashed", "parser crashed"))
    return SourceError("parse", kind, f"{words} (signal {-code})")
