"""Looks names up under a deadline, in threads of its own. Must not: judge addresses (`guard` does, at connect).

A hanging lookup cannot be stopped; it may only be left behind. So the threads are daemons of this module, not those of
the event loop's pool, which everything else needs and which the interpreter waits for at its end.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence

from aiohttp.abc import AbstractResolver, ResolveResult

Resolve = Callable[[str, int], Sequence[tuple[int, str]]]
"""Blocking: host and port to pairs of address family and address."""

_IDLE_S = 30.0

DNS_TIMEOUT_MARK = "name lookup timed out"


def system_resolve(host: str, port: int) -> Sequence[tuple[int, str]]:
    """The operating system's answer, with the scope of a link-local address left in place."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [(family, str(where[0])) for family, _, _, _, where in found]


class DeadlineResolver(AbstractResolver):
    """A resolver for the HTTP client that gives up after ``deadline_s``.

    Args:
        deadline_s: the most that a lookup may take.
        threads: the most lookups at a time, hanging ones included.
        resolve: the lookup itself.
    """

    def __init__(self, deadline_s: float, *, threads: int, resolve: Resolve = system_resolve) -> None:
        self._deadline_s = deadline_s
        self._resolve = resolve
        self._limit = threads
        self._jobs: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._threads = 0
        self._wanted = 0  # lookups queued or running: each must have a thread
        self._is_closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of a host, or ``OSError``."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[tuple[int, str]]] = loop.create_future()
        self._submit(lambda: self._look_up(host, port, loop, answer))
        try:
            async with asyncio.timeout(self._deadline_s):
                found = await answer
        except TimeoutError:
            raise OSError(errno.ETIMEDOUT, DNS_TIMEOUT_MARK) from None
        wanted = [pair for pair in found if family in (socket.AF_UNSPEC, pair[0])]
        if not wanted:
            raise OSError(errno.ENOENT, "no address")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=number, proto=0, flags=socket.AI_NUMERICHOST)
            for number, address in wanted
        ]

    async def close(self) -> None:
        """Let idle threads end; a hanging one ends with its lookup."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _submit(self, job: Callable[[], None]) -> None:
        with self._changed:
            self._jobs.append(job)
            self._wanted += 1
            if self._threads < min(self._wanted, self._limit):
                self._threads += 1
                threading.Thread(target=self._work, name="name-lookup", daemon=True).start()
            self._changed.notify()

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            job()
            with self._changed:
                self._wanted -= 1

    def _next_job(self) -> Callable[[], None] | None:
        """The next lookup; None where there is none for so long that this thread is not needed any more."""
        with self._changed:
            while not self._jobs:
                if self._is_closed or (not self._changed.wait(_IDLE_S) and not self._jobs):
                    self._threads -= 1
                    return None
            return self._jobs.popleft()

    def _look_up(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop,
        answer: asyncio.Future[Sequence[tuple[int, str]]],
    ) -> None:
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            problem = error if isinstance(error, OSError) else OSError(errno.EINVAL, "not a host name")
            _deliver(loop, answer, lambda: answer.set_exception(problem))
        else:
            _deliver(loop, answer, lambda: answer.set_result(found))


def _deliver(
    loop: asyncio.AbstractEventLoop, answer: asyncio.Future[Sequence[tuple[int, str]]], give: Callable[[], None]
) -> None:
    """Hand an answer to the loop, unless nobody waits for it any more."""

    def on_loop() -> None:
        if not answer.done():
            give()

    try:
        loop.call_soon_threadsafe(on_loop)
    except RuntimeError:
        return  # the loop is closed: the daemon has ended while this lookup hung
