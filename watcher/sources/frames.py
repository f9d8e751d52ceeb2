"""The bytes between the daemon and a parser child. Must not: pickle anything that comes back.

A frame is a length and that many bytes. A task is a header (JSON), the digests of seen items and the body; an answer is
one letter, then JSON: ``F`` a feed (see `watcher.core.wire`), ``E`` an error.
"""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import dataclass

from msgspec.structs import asdict

from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import Claim, Fetched
from watcher.sources.cutter import DIGEST_BYTES
from watcher.sources.registry import Request

LENGTH = struct.Struct(">I")
FEED = b"F"
ERROR = b"E"

_SIZES = struct.Struct(">III")
_READ_BYTES = 256 * 1024
_PHASES = frozenset({"decode", "parse", "match"})


def pack_task(claim: Claim, fetched: Fetched) -> bytes:
    """A task for a child, with the length in front."""
    spec = claim.spec
    header = json.dumps(
        {
            "kind": spec.kind,
            "url": fetched.url,
            "content_type": fetched.header("content-type"),
            "language": spec.language,
            "select": spec.select,
        }
    ).encode()
    seen = b"".join(digest for digest in claim.seen_items if len(digest) == DIGEST_BYTES)
    sizes = _SIZES.pack(len(header), len(seen), len(fetched.body))
    length = LENGTH.pack(len(sizes) + len(header) + len(seen) + len(fetched.body))
    return b"".join((length, sizes, header, seen, fetched.body))


def unpack_task(frame: bytes, limits: Limits) -> tuple[str, Request]:
    """The kind and the request of a task."""
    header_size, seen_size, body_size = _SIZES.unpack_from(frame)
    at = _SIZES.size
    header = json.loads(frame[at : at + header_size])
    at += header_size
    seen = frozenset(frame[index : index + DIGEST_BYTES] for index in range(at, at + seen_size, DIGEST_BYTES))
    at += seen_size
    kind = header.pop("kind")
    return kind, Request(body=frame[at : at + body_size], seen=seen, limits=limits, **header)


def pack_error(error: SourceError) -> bytes:
    """An error as an answer."""
    return ERROR + json.dumps([error.phase, error.kind, error.detail]).encode()


def unpack_error(payload: bytes) -> SourceError:
    """The error of an answer, not trusted.

    Raises:
        ValueError: it is none.
    """
    parts = json.loads(payload)
    if not (isinstance(parts, list) and len(parts) == 3 and all(isinstance(part, str) for part in parts)):
        raise ValueError("an error is three texts")
    phase, kind, detail = parts
    if phase not in _PHASES or not kind.replace("-", "").isalnum() or len(kind) > 40:
        raise ValueError("an error names its phase and kind")
    shown = "".join(c if c.isprintable() else "�" for c in detail[:200])
    return SourceError(phase, kind, shown)


class Reader:
    """Frames from a blocking socket, read ahead as far as they are here."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()

    def has_frame(self) -> bool:
        """Whether a whole frame has been read ahead."""
        return len(self._buffer) >= LENGTH.size and len(self._buffer) >= self._need()

    def frame(self) -> bytes | None:
        """The next frame, or None where the other side closed before its end."""
        while not self.has_frame():
            piece = self._sock.recv(_READ_BYTES)
            if not piece:
                return None
            self._buffer += piece
        need = self._need()
        frame = bytes(self._buffer[LENGTH.size : need])
        del self._buffer[:need]
        return frame

    def _need(self) -> int:
        return LENGTH.size + int(LENGTH.unpack_from(self._buffer)[0])


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What a fork server is told at its start; the compiled watchlists are pickles of our own making."""

    limits: Limits
    watchlists: tuple[bytes, ...]

    def pack(self) -> bytes:
        """As bytes for the server."""
        limits = json.dumps(asdict(self.limits)).encode()
        parts = [LENGTH.pack(len(limits)), limits]
        for compiled in self.watchlists:
            parts += [LENGTH.pack(len(compiled)), compiled]
        return b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> ServerConfig:
        """From those bytes."""
        parts: list[bytes] = []
        at = 0
        while at < len(data):
            size = LENGTH.unpack_from(data, at)[0]
            at += LENGTH.size
            parts.append(data[at : at + size])
            at += size
        return cls(Limits(**json.loads(parts[0])), tuple(parts[1:]))
