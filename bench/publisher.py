"""A cheap publisher of many feeds for benchmarks: a process of its own, one loopback address per source.

Every feed shows the same number of items; each *tick* puts one new item on top and drops the oldest. Answers carry ETag
and Last-Modified, and 304 goes to whoever echoes them. ``GET /tick`` and ``GET /reset`` on the control address move it.

    python -m bench.publisher --sources 1000 --items 30      prints {"control": …, "urls": [...]} and serves until its input ends
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import resource
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

START = datetime(2025, 12, 1, tzinfo=UTC)
VOCABULARY = [
    "council",
    "harbour",
    "treaty",
    "minister",
    "bridge",
    "weather",
    "market",
    "signal",
    "archive",
    "river",
    "ballot",
    "tariff",
    "orchard",
    "parliament",
    "rail",
    "winter",
    "budget",
    "envoy",
    "paper",
    "grain",
    "tunnel",
    "museum",
    "border",
    "school",
    "engine",
    "festival",
    "court",
    "insurer",
    "mountain",
    "signal",
    "office",
    "reported",
    "agreed",
    "opened",
    "delayed",
    "measured",
    "praised",
    "counted",
    "printed",
    "moved",
    "closed",
    "revised",
    "asked",
    "answered",
    "drafted",
    "signed",
    "the",
    "a",
    "of",
    "in",
    "on",
    "after",
    "before",
    "with",
    "without",
    "under",
    "near",
    "for",
    "and",
    "while",
    "because",
    "although",
]
TOPICAL = "Russia is ready to give NATO members written guarantees of non-aggression, the foreign minister said."


def paragraph(source: int, item: int) -> str:
    """About 1.2 kB of made-up prose; one item in forty is about the topic."""
    pick = random.Random(source * 100_003 + item)
    sentences = [" ".join(pick.choices(VOCABULARY, k=pick.randint(9, 18))).capitalize() + "." for _ in range(12)]
    if pick.random() < 0.025:
        sentences.insert(2, TOPICAL)
    return "".join(f"<p>{' '.join(sentences[place : place + 4])}</p>" for place in range(0, len(sentences), 4))


def item_xml(source: int, number: int) -> bytes:
    """One item, always the same bytes."""
    date = format_datetime(START + timedelta(minutes=number * 7 + source % 7), usegmt=True)
    title = f"Source {source}: report number {number} of the {VOCABULARY[(source * 7 + number) % 30]}"
    return (
        f"<item><title>{title}</title><link>https://s{source}.example/items/{number}</link>"
        f'<guid isPermaLink="false">s{source}-{number}</guid><pubDate>{date}</pubDate>'
        f"<description>{escape(paragraph(source, number))}</description></item>\n"
    ).encode()


@dataclass(slots=True)
class Feed:
    """One source at its present tick."""

    number: int
    items: int
    tick: int = -1
    body: bytes = b""
    etag: str = ""
    modified: str = ""

    def at(self, tick: int) -> Feed:
        """Itself, with the body of this tick."""
        if self.tick != tick:
            newest = self.items + tick
            shown = b"".join(item_xml(self.number, number) for number in range(newest, newest - self.items, -1))
            head = f"<title>Source {self.number}</title><link>https://s{self.number}.example/</link><description>made up</description>"
            self.body = f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>{head}\n'.encode() + shown
            self.body += b"</channel></rss>\n"
            self.etag = f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'
            self.modified = format_datetime(START + timedelta(minutes=newest * 7), usegmt=True)
            self.tick = tick
        return self


class State:
    """What all connections share."""

    def __init__(self, sources: int, items: int) -> None:
        self.tick = 0
        self.feeds = [Feed(number, items) for number in range(sources)]
        self.counts: dict[str, int] = {"200": 0, "304": 0}

    def control(self, path: str) -> bytes:
        """Move on, or back to the start; answer with what was served since the last move."""
        served = json.dumps(self.counts).encode()
        self.counts = {"200": 0, "304": 0}
        if path == "/tick":
            self.tick += 1
        elif path == "/reset":
            self.tick = 0
        for feed in self.feeds:  # rendered now, so that no client waits for it
            feed.at(self.tick)
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(served), served)

    def answer(self, feed: Feed | None, head: str) -> bytes:
        """The whole answer to a request's head."""
        if feed is None:
            return self.control(head.split(" ", 2)[1])
        feed.at(self.tick)
        lower = head.lower()
        known = f"if-none-match: {feed.etag.lower()}\r\n" in lower
        self.counts["304" if known else "200"] += 1
        status, body = ("304 Not Modified", b"") if known else ("200 OK", feed.body)
        return (
            f"HTTP/1.1 {status}\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n"
            f"ETag: {feed.etag}\r\nLast-Modified: {feed.modified}\r\n\r\n"
        ).encode() + body


class Connection(asyncio.Protocol):
    """Just enough HTTP/1.1: GET without a body, connections kept open unless asked otherwise."""

    def __init__(self, state: State, feed: Feed | None) -> None:
        self.state, self.feed, self.buffer = state, feed, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            text = head.decode("latin-1") + "\r\n"
            self.transport.write(self.state.answer(self.feed, text))
            if "connection: close" in text.lower():
                self.transport.close()


def addresses(count: int) -> Iterator[str]:
    """127.1.0.1, 127.1.0.2 …"""
    for number in range(count):
        yield f"127.1.{number // 250}.{number % 250 + 1}"


async def serve(sources: int, items: int) -> None:
    """Listen, say where, and go on until the input ends."""
    loop = asyncio.get_running_loop()
    state = State(sources, items)
    urls = []
    for feed, address in zip(state.feeds, addresses(sources), strict=True):
        server = await loop.create_server(lambda feed=feed: Connection(state, feed), address, 0, backlog=64)
        urls.append(f"http://{address}:{server.sockets[0].getsockname()[1]}/feed.xml")
    control = await loop.create_server(lambda: Connection(state, None), "127.0.0.1", 0)
    state.control("/reset")
    place = f"http://127.0.0.1:{control.sockets[0].getsockname()[1]}"
    print(json.dumps({"control": place, "urls": urls}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextlib.contextmanager
def publisher(sources: int, items: int) -> Iterator[dict[str, object]]:
    """Start it as a process; yields what it printed."""
    command = [sys.executable, "-m", "bench.publisher", "--sources", str(sources), "--items", str(items)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(10)


def move(control: str, step: str) -> dict[str, int]:
    """``tick`` or ``reset``; returns the answers given since the last move."""
    with urllib.request.urlopen(f"{control}/{step}") as answer:
        return json.load(answer)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--items", type=int, default=30)
    options = parser.parse_args(arguments)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(serve(options.sources, options.items))


if __name__ == "__main__":
    main()
