"""Parses and matches untrusted bodies in children that can be killed. Must not: parse in the daemon's own process.

A child is kept from task to task, replaced after some number of them, and killed when a task takes too long. Whatever
happens to it is one failed poll of one source. What it answers is bytes of JSON, checked again here.
"""

from __future__ import annotations

import asyncio
import os
import pickle
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import Claim, Fetched, ParsedFeed
from watcher.sources import frames
from watcher.sources.crew import Crew
from watcher.sources.verify import Verifier

if TYPE_CHECKING:
    from watcher.core.program import CompiledWatchlist

_INLINE_BYTES = 256 * 1024  # checked within half a millisecond; a thread would cost a third of that
_NO_MEMORY = b'E["parse", "memory"'


class Sandbox:
    """The parser of the daemon: an async context manager.

    Args:
        limits: time, memory and caps per task.
        watchlists: pickled compiled watchlists, from our own process; other watchlists need a new sandbox.
        workers: most children at a time; one per processor by default.
        loaded: gives the same watchlists where this process has them loaded; without it they are unpickled when the
            first evidence has to be checked.
    """

    def __init__(
        self,
        limits: Limits,
        watchlists: Sequence[bytes] = (),
        workers: int = 0,
        loaded: Callable[[], Iterable[CompiledWatchlist]] | None = None,
    ) -> None:
        self._crew = Crew(limits, watchlists, workers or os.cpu_count() or 1)
        self._verifier = Verifier(limits, loaded or partial(map, pickle.loads, watchlists))

    async def __aenter__(self) -> Self:
        self._crew.nursery()  # it loads what it needs while the first fetch is under way
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._crew.close()

    async def parse(self, claim: Claim, fetched: Fetched) -> ParsedFeed:
        """Decode, parse, scrub and match in a child.

        Raises:
            SourceError: phase ``decode``, ``parse`` or ``match``.
        """
        worker, answer = await self._crew.do(frames.pack_task(claim, fetched))
        if answer.startswith(_NO_MEMORY):
            worker.is_suspect = True
        try:
            if len(answer) <= _INLINE_BYTES:
                return self._verifier.feed(answer)
            return await asyncio.to_thread(self._verifier.feed, answer)
        except ValueError as problem:
            worker.is_suspect = True
            raise SourceError("parse", "bad-answer", f"a parser's answer was refused: {problem}"[:200]) from problem

    def server_pid(self) -> int:
        """The fork server's process id, for diagnostics and tests."""
        return self._crew.nursery().pid

    async def has_no_network(self) -> bool:
        """Whether this system lets us take the network from the children."""
        return await self._crew.nursery().has_no_network()
