"""A scripted HTTP server on loopback, over raw sockets, that can do what no decent server does.

One port, any number of 127.x.y.z addresses (so that each source has a host of its own). A route is a list of answers,
given one after the other; the last one is repeated. An answer is bytes, or a callable that gets the connection and the
request. Every request is recorded.
"""

from __future__ import annotations

import contextlib
import gzip
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    address: str
    at: float = field(default_factory=time.monotonic)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


Act = Callable[[socket.socket, Request], None]
Answer = bytes | Act


def reply(
    body: bytes | str = b"",
    *,
    status: int = 200,
    headers: Iterable[tuple[str, str]] = (),
    content_type: str = "application/rss+xml",
    length: int | None = -1,
) -> bytes:
    """A whole response. ``length``: -1 for the true one, None for no header at all, else what is claimed."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", "Connection: close"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    if length is not None and status != 304:
        lines.append(f"Content-Length: {len(data) if length == -1 else length}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + data


def redirect(location: str, status: int = 302) -> bytes:
    return reply(status=status, headers=[("Location", location)], content_type="")


def compressed(body: bytes, *, encoding: str = "gzip", cut: int = 0) -> bytes:
    data = gzip.compress(body, 9, mtime=0)
    return reply(data[: len(data) - cut] if cut else data, headers=[("Content-Encoding", encoding)])


def chunked(pieces: Sequence[bytes], *, end: bool = True) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nContent-Type: text/xml\r\n\r\n"
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head + body + (b"0\r\n\r\n" if end else b"")


def drip(data: bytes, every_s: float, *, first: int = 0) -> Act:
    """Send ``first`` bytes at once, then one byte at a time until the client has had enough."""

    def act(connection: socket.socket, request: Request) -> None:
        del request
        connection.sendall(data[:first])
        for at in range(first, len(data)):
            if _left(connection, every_s):
                return
            connection.sendall(data[at : at + 1])

    return act


def silence(connection: socket.socket, request: Request) -> None:
    """Say nothing until the client goes."""
    del request
    _left(connection, 60)


def reset(connection: socket.socket, request: Request) -> None:
    """Break the connection with a reset."""
    del request
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def endless(piece: bytes = b"x" * 65536) -> Act:
    """A chunked body without an end."""

    def act(connection: socket.socket, request: Request) -> None:
        del request
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/xml\r\n\r\n")
        frame = b"%x\r\n%s\r\n" % (len(piece), piece)
        while True:
            connection.sendall(frame)

    return act


def _left(connection: socket.socket, wait_s: float) -> bool:
    """Wait, but no longer than the client stays."""
    readable, _, _ = select.select([connection], [], [], wait_s)
    return bool(readable) and not connection.recv(1, socket.MSG_PEEK)


class Server:
    """The server: a context manager.

    Args:
        addresses: loopback addresses to listen on, all on one port.
        tls: serve TLS with this context.
    """

    def __init__(self, addresses: Sequence[str] = ("127.0.0.1",), *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.arrived = threading.Condition()
        self._routes: dict[str, list[Answer]] = {}
        self._tls = tls
        self._listeners = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in addresses]
        self.port = 0
        for listener, address in zip(self._listeners, addresses, strict=True):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, self.port))
            self.port = listener.getsockname()[1]
            listener.listen(1024)
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        for listener in self._listeners:
            self._start(self._accept, listener)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def url(self, path: str = "/", address: str = "127.0.0.1") -> str:
        return f"http{'s' if self._tls else ''}://{address}:{self.port}{path}"

    def on(self, path: str, *answers: Answer) -> None:
        """What a path answers from now on."""
        self._routes[path] = list(answers)

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def wait_for(self, count: int, ceiling_s: float = 10.0) -> None:
        """Wait until so many requests have come."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, ceiling_s), "requests did not come"

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        if len(self._threads) > 500:
            self._threads = [one for one in self._threads if one.is_alive()]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.add(connection)
            self._talk(connection)
        except (OSError, ValueError):
            pass
        finally:
            self._open.discard(connection)
            connection.close()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(60)
        request = _read_request(connection)
        if request is None:
            return
        with self.arrived:
            self.requests.append(request)
            answers = self._routes.get(request.path.split("?", 1)[0], [reply(b"no such path", status=404)])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            self.arrived.notify_all()
        if isinstance(answer, bytes):
            connection.sendall(answer)
        else:
            answer(connection, request)


def _read_request(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    lines = data.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:]))
    return Request(method, path, headers, connection.getsockname()[0])
