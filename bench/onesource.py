"""A source whose answer is set from outside: serves one body at a time over loopback HTTP, with validators, and counts.

Used by the replay (one state after the other) and by the simulated days of the etiquette test.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Self


@dataclass(slots=True)
class Asked:
    """One request as it came, with the moment that the test's clock showed."""

    path: str
    headers: dict[str, str]
    at: float
    status: int = 0
    validators: tuple[str, str] = ("", "")


@dataclass(slots=True)
class Answer:
    """What is served now. ``status`` other than 200 is given without a body."""

    body: bytes = b""
    content_type: str = "application/rss+xml; charset=UTF-8"
    last_modified: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return f'W/"{hashlib.sha256(self.body).hexdigest()[:24]}"'


class OneSource(ThreadingHTTPServer):
    """The server. Set ``answer``; read ``asked``. ``on_path`` takes requests for other paths (a control channel)."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: str = "127.0.0.1", *, now: Callable[[], float] = lambda: 0.0) -> None:
        TCPServer.__init__(self, (address, 0), _Handler)
        self.answer = Answer()
        self.asked: list[Asked] = []
        self.now = now
        self.on_path: Callable[[str], bytes] | None = None
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def origin(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host}:{port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/feed.xml"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: OneSource
    timeout = 20

    def do_GET(self) -> None:
        if self.path.startswith("/control/") and self.server.on_path is not None:
            self._send(200, {"Content-Type": "text/plain"}, self.server.on_path(self.path))
            return
        answer = self.server.answer
        asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, self.server.now())
        known = asked.headers.get("if-none-match") == answer.etag
        asked.status = 304 if known and answer.status == 200 else answer.status
        asked.validators = (answer.etag, answer.last_modified)
        with self.server.lock:
            self.server.asked.append(asked)
        validators = {"ETag": answer.etag, "Last-Modified": answer.last_modified} if answer.status == 200 else {}
        headers = {"Content-Type": answer.content_type, **validators, **answer.headers}
        self._send(asked.status, headers, answer.body if asked.status == 200 else b"")

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
