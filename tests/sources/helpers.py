"""What tests of sources share: specs, claims, answers, a fetcher on loopback and an event loop per test."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from tests.server import Server
from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import Claim, Fetched, ParsedFeed, SourceSpec
from watcher.sources.guard import refusal
from watcher.sources.http import HttpFetcher, user_agent
from watcher.sources.registry import RawFeed, Request, kind
from watcher.sources.sandbox import Sandbox

T = TypeVar("T")

# Times in tenths (a loaded machine still answers in those), sizes in hundredths.
SMALL = replace(Limits().scaled(0.01), dns_s=0.3, connect_s=0.5, exchange_s=0.6, host_interval_s=0.0, stop_s=5.0)

PUBLIC = "127.0.0.9"
"""The loopback address that plays the public network: see `judge`."""


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def spec(url: str = "http://feeds.test/", *, kind: str = "feed", **rest: Any) -> SourceSpec:
    rest.setdefault("allow_private", True)
    rest.setdefault("language", "en")
    return SourceSpec(id="source", kind=kind, url=url, title="T", publisher="P", family="f", **rest)


def claim(url: str = "http://feeds.test/", *, etag: str = "", last_modified: str = "", **rest: Any) -> Claim:
    seen = rest.pop("seen", frozenset())
    return Claim(1, spec(url, **rest), 1, 0, etag=etag, last_modified=last_modified, seen_items=seen)


def fetched(body: bytes | str, content_type: str = "application/xml", *, complete: bool = True) -> Fetched:
    data = body.encode() if isinstance(body, str) else body
    return Fetched(
        status=200,
        url="http://feeds.test/dir/feed.xml",
        headers=(("content-type", content_type),),
        body=data,
        digest=hashlib.sha256(data).digest(),
        etag="",
        last_modified="",
        hops=(),
        elapsed_s=0.0,
        wire_bytes=len(data),
        complete=complete,
    )


def judge(text: str, *, allow_private: bool = False) -> str:
    """The real judgement, but for one loopback address that stands for the public network."""
    return "" if text == PUBLIC else refusal(text, allow_private=allow_private)


async def fetch(server: Server, path: str, *, limits: Limits = SMALL, clock: Any = None, **rest: Any) -> Fetched:
    """One fetch from a loopback server as a source that may be private."""
    async with fetcher(limits=limits, clock=clock) as http:
        return await http.fetch(claim(server.url(path), **rest))


def fetcher(*, limits: Limits = SMALL, clock: Any = None, **rest: Any) -> HttpFetcher:
    from watcher.app.clock import SystemClock

    return HttpFetcher(
        limits, user_agent=user_agent("https://watcher.example/about"), clock=clock or SystemClock(), **rest
    )


def failure(work: Coroutine[Any, Any, Any]) -> SourceError:
    """The error that a fetch or a parse must end with, with its common contract checked."""
    with pytest.raises(SourceError) as caught:
        asyncio.run(work)
    return sound(caught.value)


def sound(error: SourceError) -> SourceError:
    """What holds for every error of a source."""
    assert error.phase in {"dns", "connect", "tls", "http", "decode", "parse", "match"}
    assert len(error.detail) <= 200
    assert error.detail.isprintable()
    return error


def parse(body: bytes | str, content_type: str = "application/xml", *, name: str = "feed", **rest: Any) -> RawFeed:
    """A kind in this process: for what does not need a child."""
    data = body.encode() if isinstance(body, str) else body
    rest.setdefault("limits", Limits())
    return kind(name).parse(Request(data, content_type, "http://feeds.test/dir/feed.xml", **rest))


def refused(body: bytes | str, content_type: str = "application/xml", **rest: Any) -> SourceError:
    """The error of a kind."""
    with pytest.raises(SourceError) as caught:
        parse(body, content_type, **rest)
    return sound(caught.value)


async def sandboxed(body: bytes | str, *, limits: Limits | None = None, watchlists: Iterable[bytes] = ()) -> ParsedFeed:
    """One body through real children."""
    async with Sandbox(limits or Limits(), tuple(watchlists), 1) as sandbox:
        return await sandbox.parse(claim(), fetched(body))


def rss(*items: str, head: str = "", tail: str = "</channel></rss>") -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>{head}{"".join(items)}{tail}'


def item(number: int, *, extra: str = "") -> str:
    return (
        f"<item><guid>g{number}</guid><title>Title {number}</title><link>http://feeds.test/{number}</link>"
        f"<description>Words of item {number}.</description>{extra}</item>"
    )


def status_mb(name: str) -> float:
    """A line of /proc/self/status, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))
