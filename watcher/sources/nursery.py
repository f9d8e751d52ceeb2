"""The daemon's handle on the fork server and its children. Must not: know what a task is.

The server is a program of its own (`forkserver`); this module starts it, asks it for children, learns how they end, and
sees when the server itself is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.sources import frames
from watcher.sources.child import READY
from watcher.sources.forkserver import MESSAGE

START_S = 60.0
"""The most that a server may need to load parsers and watchlists, on a machine that does other things too."""

CHILD_S = 10.0
"""The most that a fork may take, and the news of a child's end."""

_BUFFER_BYTES = 1024 * 1024
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from watcher.sources.forkserver import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)
_KEPT_ENVIRONMENT = (
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "COVERAGE_PROCESS_START",
    "COVERAGE_PROCESS_CONFIG",
)


class ServerLostError(Exception):
    """The fork server ended or hangs; nothing is wrong with the task."""


@dataclass(slots=True)
class Worker:
    """A child: its number, our end of its socket, how many tasks it had, and how it ended."""

    number: int
    sock: socket.socket
    ended: asyncio.Future[int]
    tasks: int = 0
    is_suspect: bool = False
    buffer: bytearray = field(default_factory=bytearray)

    def close(self) -> None:
        """Our end only; a child that waits for a task ends by it."""
        self.sock.close()

    async def send(self, data: bytes) -> None:
        """Hand bytes to the child."""
        await asyncio.get_running_loop().sock_sendall(self.sock, data)

    def received(self, most: int) -> bytes | None:
        """The next frame, if it is here already.

        Raises:
            ValueError: a frame longer than ``most``.
        """
        head = frames.LENGTH.size
        if len(self.buffer) < head:
            return None
        size = frames.LENGTH.unpack_from(self.buffer)[0]
        if size > most:
            raise ValueError("an answer is too long")
        if len(self.buffer) < head + size:
            return None
        frame = bytes(self.buffer[head : head + size])
        del self.buffer[: head + size]
        return frame

    async def receive(self, most: int) -> bytes | None:
        """The next frame of the child, or None at its end.

        Raises:
            ValueError: a frame longer than ``most``.
        """
        loop = asyncio.get_running_loop()
        while (frame := self.received(most)) is None:
            piece = await loop.sock_recv(self.sock, 256 * 1024)
            if not piece:
                return None
            self.buffer += piece
        return frame


class Nursery:
    """A running fork server. Made in the event loop that uses it.

    Args:
        limits: passed on to every child.
        watchlists: pickled compiled watchlists, loaded once by the server.
    """

    def __init__(self, limits: Limits, watchlists: Sequence[bytes]) -> None:
        loop = asyncio.get_running_loop()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = _start(theirs, frames.ServerConfig(limits, tuple(watchlists)))
        self._ready: asyncio.Future[bool] = loop.create_future()
        self._workers: dict[int, Worker] = {}
        self._next = 0
        self._control.settimeout(0)
        loop.add_reader(self._control.fileno(), self._on_message)

    @property
    def is_lost(self) -> bool:
        """True once the server is gone."""
        return self._ready.done() and (self._ready.cancelled() or self._ready.exception() is not None)

    @property
    def pid(self) -> int:
        """The server's process id, for diagnostics and tests."""
        return self._process.pid

    async def has_no_network(self) -> bool:
        """Whether the children have no network."""
        return await self._wait_ready()

    async def hire(self) -> Worker:
        """A new child, ready for its first task.

        Raises:
            ServerLostError: the server is gone or hangs.
            SourceError: the system refuses another process.
        """
        await self._wait_ready()
        self._next += 1
        ours, theirs = socket.socketpair()
        for sock in (ours, theirs):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        ours.settimeout(0)
        worker = Worker(self._next, ours, asyncio.get_running_loop().create_future())
        self._workers[worker.number] = worker
        try:
            with theirs:
                self._send(b"S", worker.number, theirs)
            async with asyncio.timeout(CHILD_S):
                greeting = await worker.receive(len(READY))
            if greeting != READY:
                await self._explain_stillbirth(worker)
        except (TimeoutError, OSError, ValueError):
            worker.close()
            self.lose("the fork server does not answer")
            raise ServerLostError("the fork server does not answer") from None
        except BaseException:
            worker.close()
            raise
        return worker

    def kill(self, worker: Worker) -> None:
        """End a child, whatever it does."""
        with contextlib.suppress(OSError, ServerLostError):
            self._send(b"K", worker.number, None)
        worker.close()

    async def how_it_ended(self, worker: Worker) -> int:
        """The exit code of a child that is gone, negative for a signal.

        Raises:
            ServerLostError: nobody is left to tell.
        """
        try:
            async with asyncio.timeout(CHILD_S):
                return await asyncio.shield(worker.ended)
        except TimeoutError:
            self.lose("the fork server does not tell how a child ended")
            raise ServerLostError from None

    def lose(self, why: str) -> None:
        """Give the server up; its children end with it."""
        if self.is_lost:
            return
        asyncio.get_running_loop().remove_reader(self._control.fileno())
        self._control.close()
        with contextlib.suppress(OSError):
            self._process.kill()
        threading.Thread(target=self._process.wait, name="reap-fork-server", daemon=True).start()
        if self._ready.done():
            self._ready = asyncio.get_running_loop().create_future()
        self._ready.set_exception(ServerLostError(why))
        self._ready.exception()  # looked at, so that nobody is told of a future that was never awaited
        for worker in self._workers.values():
            _fail(worker.ended, why)
        self._workers.clear()

    async def close(self) -> None:
        """End the server and its children, and wait for it."""
        for worker in self._workers.values():
            worker.close()
        self.lose("the sandbox is closed")
        await asyncio.to_thread(self._process.wait)

    async def _wait_ready(self) -> bool:
        try:
            async with asyncio.timeout(START_S):
                return await asyncio.shield(self._ready)
        except TimeoutError:
            self.lose("the fork server does not start")
            raise ServerLostError from None

    async def _explain_stillbirth(self, worker: Worker) -> None:
        code = await self.how_it_ended(worker)
        raise SourceError("parse", "no-child", f"a parser process cannot start ({code})")

    def _send(self, letter: bytes, number: int, passed: socket.socket | None) -> None:
        message = MESSAGE.pack(letter, number, 0)
        if self.is_lost:
            raise ServerLostError
        if passed is None:
            self._control.send(message)
        else:
            socket.send_fds(self._control, [message], [passed.fileno()])

    def _on_message(self) -> None:
        try:
            data = self._control.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if len(data) < MESSAGE.size:
            self.lose("the fork server ended")
            return
        letter, number, value = MESSAGE.unpack_from(data)
        if letter == b"R":
            self._ready.set_result(bool(value))
        elif letter == b"!":
            self.lose(f"the fork server cannot start: {data[MESSAGE.size :].decode('utf-8', 'replace')[:200]}")
        elif (worker := self._workers.pop(number, None)) is not None and not worker.ended.done():
            worker.ended.set_result(value)


def _fail(future: asyncio.Future[int], why: str) -> None:
    if not future.done():
        future.set_exception(ServerLostError(why))
        future.exception()


def _start(control: socket.socket, config: frames.ServerConfig) -> subprocess.Popen[bytes]:
    """Start the server with two files and next to no environment; the configuration goes through memory, not disk."""
    with control, os.fdopen(os.memfd_create("watcher-sandbox"), "wb") as file:
        file.write(config.pack())
        file.flush()
        files = (control.fileno(), file.fileno())
        return subprocess.Popen(  # noqa: S603 - our own interpreter on our own module
            [sys.executable, "-I", "-c", _START, json.dumps(sys.path), str(files[0]), str(files[1])],
            pass_fds=files,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
        )
