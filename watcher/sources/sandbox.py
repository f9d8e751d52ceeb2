"""Parses and matches untrusted bodies in children that can be killed. Must not: parse in the daemon's own process.

A child is kept from task to task, replaced after some number of them, and killed when a task takes too long. Whatever
happens to it is one failed poll of one source. What it answers is bytes of JSON, checked again here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import Claim, Fetched, ParsedFeed
from watcher.sources import frames
from watcher.sources.nursery import Nursery, ServerLostError, Worker
from watcher.sources.verify import Verifier

ANSWER_BYTES = 64 * 1024 * 1024
_INLINE_BYTES = 32 * 1024
_SIGNALS: dict[int, tuple[str, str]] = {
    signal.SIGXCPU: ("cpu-limit", "the parser used too much CPU time"),
    signal.SIGPROF: ("cpu-limit", "the parser used too much CPU time"),
    signal.SIGKILL: ("killed", "the parser was killed, perhaps for want of memory"),
}


class Sandbox:
    """The parser of the daemon: an async context manager.

    Args:
        limits: time, memory and caps per task.
        watchlists: pickled compiled watchlists, from our own process; other watchlists need a new sandbox.
        workers: most children at a time; one per processor by default.
    """

    def __init__(self, limits: Limits, watchlists: Sequence[bytes] = (), workers: int = 0) -> None:
        self._limits = limits
        self._watchlists = tuple(watchlists)
        self._workers = workers or os.cpu_count() or 1
        self._turns = asyncio.Semaphore(self._workers)
        self._free: list[Worker] = []
        self._nursery: Nursery | None = None
        self._verifier = Verifier(limits, self._watchlists)
        self._is_closed = False

    async def __aenter__(self) -> Self:
        self._nursery = Nursery(self._limits, self._watchlists)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._drain()
        self._is_closed = True
        for worker in self._free:
            worker.close()
        if self._nursery is not None:
            await self._nursery.close()

    async def _drain(self) -> None:
        """Let tasks end that were handed in before, but not for ever: a reload must not fail the polls under way."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.stop_s):
                for _ in range(self._workers):
                    await self._turns.acquire()

    async def parse(self, claim: Claim, fetched: Fetched) -> ParsedFeed:
        """Decode, parse, scrub and match in a child.

        Raises:
            SourceError: phase ``decode``, ``parse`` or ``match``.
        """
        task = frames.pack_task(claim, fetched)
        async with self._turns:
            worker, answer = await self._try_twice(task)
        try:
            if len(answer) <= _INLINE_BYTES:
                return self._verifier.feed(answer)
            return await asyncio.to_thread(self._verifier.feed, answer)
        except ValueError as problem:
            worker.is_suspect = True
            raise SourceError("parse", "bad-answer", f"a parser's answer was refused: {problem}"[:200]) from problem

    def server_pid(self) -> int:
        """The fork server's process id, for diagnostics and tests."""
        return self._server().pid

    async def has_no_network(self) -> bool:
        """Whether this system lets us take the network from the children."""
        return await self._server().has_no_network()

    def _server(self) -> Nursery:
        if self._is_closed:
            raise SourceError("parse", "no-child", "the sandbox is closed")
        if self._nursery is None or self._nursery.is_lost:
            self._free.clear()
            self._nursery = Nursery(self._limits, self._watchlists)
        return self._nursery

    async def _try_twice(self, task: bytes) -> tuple[Worker, bytes]:
        """The loss of the fork server is nobody's fault: once more with a new one."""
        try:
            return await self._run(task)
        except ServerLostError:
            pass
        try:
            return await self._run(task)
        except ServerLostError as error:
            raise SourceError("parse", "no-child", f"parser processes cannot start: {error}"[:200]) from error

    async def _run(self, task: bytes) -> tuple[Worker, bytes]:
        nursery = self._server()
        worker = self._free.pop() if self._free else await nursery.hire()
        is_done = False
        try:
            async with asyncio.timeout(self._limits.parse_wall_s):
                await worker.send(task)
                answer = await worker.receive(ANSWER_BYTES)
            is_done = answer is not None
        except TimeoutError:
            raise SourceError("parse", "timeout", f"the parser took over {self._limits.parse_wall_s:g} s") from None
        except ValueError as problem:
            raise SourceError("parse", "bad-answer", str(problem)) from problem
        except OSError:
            answer = None
        finally:
            if not is_done:
                nursery.kill(worker)
        if answer is None:
            raise _death(await nursery.how_it_ended(worker))
        self._put_back(worker, answer)
        return worker, answer

    def _put_back(self, worker: Worker, answer: bytes) -> None:
        worker.tasks += 1
        is_spent = worker.tasks >= self._limits.parse_tasks_per_child or worker.is_suspect
        if is_spent or (answer.startswith(frames.ERROR) and b'"memory"' in answer[:40]):
            worker.close()
        else:
            self._free.append(worker)


def _death(code: int) -> SourceError:
    """What the end of a child means for the source whose body it was reading."""
    if code >= 0:
        return SourceError("parse", "crashed", f"parser ended (exit {code})")
    kind, words = _SIGNALS.get(-code, ("crashed", "parser crashed"))
    return SourceError("parse", kind, f"{words} (signal {-code})")
