"""Serves the samples over HTTP on loopback, one address per source. Must not: listen anywhere else, or log a request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Self

from watcher.core.errors import UsageProblem
from watcher.demo.samples import Sample, Served, load_samples, render

PATHS = {"rss": "/feed.xml", "atom": "/atom.xml", "sitemap": "/sitemap.xml"}


class Publisher:
    """The running sample publisher: ``urls`` says where each source is. Close it, or use it as a context manager."""

    def __init__(self, samples: tuple[Sample, ...]) -> None:
        self.samples = samples
        self._servers: list[_SampleServer] = []
        self._held: list[socket.socket] = []
        urls: dict[str, str] = {}
        try:
            for number, sample in enumerate(samples):
                urls[sample.name] = self._start(sample, f"127.0.0.{number + 2}")
        except OSError as error:
            self.close()
            raise UsageProblem(
                f"cannot serve the samples on loopback: {error}", hint="is 127.0.0.1 available?"
            ) from error
        self.urls: Mapping[str, str] = urls

    def _start(self, sample: Sample, address: str) -> str:
        if sample.serve == "nothing":
            return f"{sample.site}/"
        path = PATHS.get(sample.serve, "/")
        if sample.serve == "refused":
            return f"{_origin(self._hold(address))}{path}"
        server = _listen(address, render(sample))
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return f"{_origin(server.socket)}{path}"

    def _hold(self, address: str) -> socket.socket:
        """Take a port and never listen on it: who connects is refused, and nobody else can come to answer there."""
        held = _bound(address)
        self._held.append(held)
        return held

    def close(self) -> None:
        """Stop serving and give the ports back. Harmless a second time."""
        while self._servers:
            server = self._servers.pop()
            server.shutdown()
            server.server_close()
        while self._held:
            self._held.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start_publisher(samples: tuple[Sample, ...] | None = None) -> Publisher:
    """Serve the samples (all shipped ones by default) until the publisher is closed.

    Raises:
        UsageProblem: loopback cannot be listened on.
    """
    return Publisher(load_samples() if samples is None else samples)


def _origin(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://{host}:{port}"


def _bound(address: str) -> socket.socket:
    """A socket on this address, or on 127.0.0.1 where the system has no other loopback address (macOS)."""
    for host in (address, "127.0.0.1"):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.bind((host, 0))
        except OSError:
            sock.close()
            if host == "127.0.0.1":
                raise
        else:
            return sock
    raise AssertionError("unreachable: the last address either binds or raises")


def _listen(address: str, served: Served) -> _SampleServer:
    """A server on the socket that we could get."""
    server = _SampleServer(_bound(address), served)
    server.server_activate()
    return server


class _SampleServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, bound: socket.socket, served: Served) -> None:
        TCPServer.__init__(self, bound.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = bound
        self.served = served


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sample-publisher"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Answer with the sample, or with 304 where the client has these very bytes."""
        assert isinstance(self.server, _SampleServer)  # noqa: S101 - narrows the type, cannot fail
        served = self.server.served
        if _has(self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since"), served):
            self._answer(304, served, b"")
        else:
            self._answer(200, served, served.body)

    def _answer(self, status: int, served: Served, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", served.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", served.etag)
        if served.modified:
            self.send_header("Last-Modified", served.modified)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the daemon's own lines are what a person reads here."""


def _has(etag: str | None, modified: str | None, served: Served) -> bool:
    """An entity tag decides where there is one; the date only without it (RFC 9110, 13.1.3)."""
    if etag is not None:
        return etag == served.etag
    return modified is not None and modified == served.modified
