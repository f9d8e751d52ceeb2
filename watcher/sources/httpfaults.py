"""Maps every fault of the HTTP client, the operating system and TLS to a `SourceError`. Must not: fetch.

The one place that knows the client's exceptions. Details are short, one line, and never hold a query or a password.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Iterator

import aiohttp
from aiohttp import http_exceptions

from watcher.core.errors import SourceError
from watcher.sources.guard import REFUSED_MARK, escaped, show_url
from watcher.sources.resolver import DNS_TIMEOUT_MARK

DETAIL_CHARS = 200

# First match wins; subclasses stand before their bases.
_BY_TYPE: tuple[tuple[type[BaseException], str, str], ...] = (
    (aiohttp.ClientConnectorCertificateError, "tls", "bad-certificate"),
    (aiohttp.ServerFingerprintMismatch, "tls", "bad-certificate"),
    (aiohttp.ClientSSLError, "tls", "handshake"),
    (aiohttp.ClientConnectorDNSError, "dns", "not-found"),
    (aiohttp.ConnectionTimeoutError, "connect", "timeout"),
    (aiohttp.ServerTimeoutError, "http", "timeout"),
    (aiohttp.ClientProxyConnectionError, "connect", "failed"),
    (aiohttp.ClientConnectorError, "connect", "failed"),
    (aiohttp.ServerDisconnectedError, "http", "disconnected"),
    (aiohttp.ClientConnectionResetError, "http", "disconnected"),
    (aiohttp.ClientOSError, "http", "disconnected"),
    (aiohttp.ServerConnectionError, "http", "disconnected"),
    (aiohttp.ClientConnectionError, "http", "disconnected"),
    (aiohttp.ClientPayloadError, "http", "truncated"),
    (aiohttp.TooManyRedirects, "http", "redirects"),
    (aiohttp.InvalidURL, "http", "url-refused"),
    (aiohttp.ContentTypeError, "http", "protocol"),
    (aiohttp.WSServerHandshakeError, "http", "protocol"),
    (aiohttp.ClientHttpProxyError, "connect", "failed"),
    (aiohttp.ClientResponseError, "http", "protocol"),
    (http_exceptions.HttpProcessingError, "http", "protocol"),
    (aiohttp.ClientError, "http", "protocol"),
    (aiohttp.WSMessageTypeError, "http", "protocol"),
    (TimeoutError, "http", "timeout"),
    (ssl.SSLCertVerificationError, "tls", "bad-certificate"),
    (ssl.SSLError, "tls", "handshake"),
    (socket.gaierror, "dns", "not-found"),
    (ConnectionError, "connect", "failed"),
    (OSError, "connect", "failed"),
    (ValueError, "http", "protocol"),
)

MAPPED = (aiohttp.ClientError, http_exceptions.HttpProcessingError, OSError, asyncio.TimeoutError, ValueError)
"""What a request may raise; anything else is a bug of ours and goes through."""


def to_source_error(error: BaseException, url: str) -> SourceError:
    """The `SourceError` for whatever a request raised."""
    if isinstance(error, SourceError):
        return error
    chain = list(_causes(error))
    for cause in chain:
        special = _special(cause)
        if special is not None:
            return _build(*special, url)
    phase, kind = next((phase, kind) for known, phase, kind in (*_BY_TYPE, _OTHERWISE) if isinstance(error, known))
    return _build(phase, kind, _words(error, chain), url)


_OTHERWISE: tuple[type[BaseException], str, str] = (BaseException, "http", "failed")


def _special(cause: BaseException) -> tuple[str, str, str] | None:
    """What is told by the text or the number of a cause, wherever it stands in the chain."""
    text = str(cause)
    if isinstance(cause, OSError) and REFUSED_MARK in text:
        return "connect", "address-refused", text[text.index(REFUSED_MARK) + len(REFUSED_MARK) :].strip(" ]")
    if isinstance(cause, ssl.SSLCertVerificationError) and not isinstance(cause, aiohttp.ClientConnectorError):
        return "tls", "bad-certificate", _certificate_words(cause)
    for known, part, phase, kind, words in _BY_TEXT:
        if isinstance(cause, known) and part in text.lower():
            return phase, kind, words
    return None


_BY_TEXT: tuple[tuple[type[BaseException], str, str, str, str], ...] = (
    (OSError, DNS_TIMEOUT_MARK, "dns", "timeout", DNS_TIMEOUT_MARK),
    (aiohttp.ClientPayloadError, "", "http", "truncated", "the body ends before its announced end"),
    (http_exceptions.LineTooLong, "", "http", "headers-too-large", "a header line is too long"),
    (http_exceptions.BadHttpMessage, "too many headers", "http", "headers-too-large", "too many headers"),
)


def _certificate_words(error: ssl.SSLCertVerificationError) -> str:
    words = str(getattr(error, "verify_message", "") or "certificate cannot be verified")
    if "not yet valid" in words:
        return f"{words}; check the local clock"
    return words


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    stack: list[BaseException | None] = [error]
    while stack:
        current = stack.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        stack += [current.__cause__, getattr(current, "os_error", None), getattr(current, "certificate_error", None)]


def _words(error: BaseException, chain: list[BaseException]) -> str:
    """A few words of our own where there is a number, else the client's, without addresses of objects or URLs."""
    for cause in chain:
        if isinstance(cause, socket.gaierror):
            return str(cause.strerror or "name not found")
        if isinstance(cause, OSError) and isinstance(cause.errno, int):
            return os.strerror(cause.errno) if cause.errno > 0 else str(cause.strerror or "failed")
    if isinstance(error, TimeoutError):
        return "no complete answer in time"
    text = str(getattr(error, "message", "") or error) or type(error).__name__
    return re.sub(r"https?://\S+", lambda match: show_url(match.group(0)), text.replace("\n", " ").strip())


def _build(phase: str, kind: str, words: str, url: str) -> SourceError:
    shown = show_url(url, 80)
    room = DETAIL_CHARS - len(shown) - 2
    return SourceError(phase, kind, f"{escaped(words)[:room].strip()}: {shown}")
