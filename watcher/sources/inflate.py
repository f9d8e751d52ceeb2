"""Undoes one layer of gzip or deflate, with a cap that holds. Must not: know HTTP, or keep more than was let through.

Written over `zlib` because the cap has to hold inside one call: a few hundred bytes can stand for half a gigabyte.
"""

from __future__ import annotations

import zlib

from watcher.core.errors import SourceError

_PIECE = 256 * 1024
_GZIP = zlib.MAX_WBITS | 16
_GZIP_MAGIC = b"\x1f\x8b"


class Inflater:
    """Collects a body from chunks, decoded, never more than ``limit`` bytes of it.

    Args:
        encoding: value of ``Content-Encoding``.
        limit: the most that the decoded body may hold.

    Raises:
        SourceError: phase ``decode``: ``unsupported-encoding``, ``too-large`` or ``bad-encoding``.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        self._mode = coding(encoding)
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._started = False
        self._stream: zlib._Decompress | None = None

    @property
    def proves_end(self) -> bool:
        """True where the coding itself tells whether the body is whole."""
        return self._stream is not None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes from the wire."""
        if not self._started and chunk:
            self._start(chunk)
        if self._stream is None:
            self._keep(chunk)
        else:
            self._inflate(chunk)

    def finish(self) -> bytes:
        """The whole body.

        Raises:
            SourceError: the stream ended before its trailer (``truncated``).
        """
        if self._stream is not None and not self._stream.eof:
            raise SourceError("decode", "truncated", f"the {self._mode or 'gzip'} stream ends before its trailer")
        return self.taken()

    def taken(self) -> bytes:
        """What has come so far, whole or not."""
        return b"".join(self._parts)

    def _start(self, chunk: bytes) -> None:
        self._started = True
        if self._mode == "gzip" or (not self._mode and chunk.startswith(_GZIP_MAGIC)):
            self._stream = zlib.decompressobj(_GZIP)
        elif self._mode == "deflate":
            # "deflate" is zlib by the standard and raw deflate by the habit of some servers.
            is_zlib = chunk[0] & 0x0F == 8 and (len(chunk) < 2 or (chunk[0] * 256 + chunk[1]) % 31 == 0)
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)

    def _inflate(self, data: bytes) -> None:
        stream = self._stream
        while data and stream is not None:
            if stream.eof:
                # A gzip body may be several members in a row; anything else after the end is padding.
                if self._mode == "deflate" or not data.startswith(_GZIP_MAGIC):
                    return
                stream = self._stream = zlib.decompressobj(_GZIP)
            try:
                self._keep(stream.decompress(data, _PIECE))
            except zlib.error as error:
                raise SourceError("decode", "bad-encoding", f"the body is not {self._mode or 'gzip'} data") from error
            data = stream.unused_data if stream.eof else stream.unconsumed_tail

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise SourceError("decode", "too-large", f"more than {self._limit} bytes after decoding")
        self._parts.append(piece)


def coding(value: str) -> str:
    """The one coding of a ``Content-Encoding`` value: empty, ``gzip`` or ``deflate``.

    Raises:
        SourceError: a coding that we did not ask for, or several layers.
    """
    names = [part for part in (piece.strip().lower() for piece in value.split(",")) if part and part != "identity"]
    if not names:
        return ""
    if len(names) == 1 and names[0] in ("gzip", "x-gzip", "deflate"):
        return names[0].removeprefix("x-")
    shown = ", ".join(names)[:60]
    raise SourceError("decode", "unsupported-encoding", f"content encoding {shown!a} is not gzip or deflate alone")
