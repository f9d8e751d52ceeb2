"""The whole set of hostile answers at once over the real pipeline: each harms one poll of its own source and nobody else's.

One round polls every hostile source and three healthy ones, with the real children, SQLite and HTTP on loopback. Times are
hundredths of the shipped ones where a publisher could use them up.
"""

from __future__ import annotations

import gzip
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.faults.soak import descendants_or_none, rss_of
from tests.faults.stalls import described
from tests.faults.test_b_bodies import entity_chain
from tests.server import Answer, Server, chunked, compressed, drip, endless, redirect, reply, reset, silence
from tests.support.canary import TEXTS
from tests.support.corpus import corpus_root
from tests.support.desk import Desk, feed, item, offer, rss
from watcher.app.pollline import PollLine
from watcher.core.limits import Limits

MB = 1024 * 1024
HEALTHY = ("well-a", "well-b", "well-c")
SMALL = replace(
    Limits(), host_interval_s=0.0, per_host=200, exchange_s=2.0, connect_s=2.0, parse_cpu_s=1.0, parse_wall_s=4.0
)
PAGE = rss(item(1))
BIG = "w " * 500_000


def failing(server: Server) -> dict[str, Answer]:
    """Answers that can only be a failed poll."""
    head = b"HTTP/1.1 200 OK\r\n"
    return {
        "drips-body": drip(reply(PAGE), 0.05, first=120),
        "drips-head": drip(reply(PAGE), 0.05),
        "says-nothing": silence,
        "resets": reset,
        "closes": b"",
        "one-byte-chunks": chunked([b" "] * 200_000 + [b"<"], end=False),
        "never-ends": endless(),
        "endless-head": lambda connection, _: [connection.sendall(b"X-A: b\r\n" * 1000) for _ in range(5000)] and None,
        "many-heads": head + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\n" + PAGE,
        "huge-head": head + b"X: " + b"y" * 5 * MB + b"\r\n\r\n" + PAGE,
        "bomb": compressed(b"\0" * (200 * MB)),
        "bomb-twice": compressed(gzip.compress(b"\0" * (50 * MB)), encoding="gzip, gzip"),
        "brotli": reply(PAGE, headers=[("Content-Encoding", "br")]),
        "cut-gzip": compressed(PAGE, cut=9),
        "short": reply(PAGE, length=len(PAGE) + 10),
        "huge-claim": reply(PAGE, length=10**15),
        "two-lengths": reply(PAGE, headers=[("Content-Length", "5")]),
        "minus-length": reply(PAGE, length=-7),
        "circle": redirect(server.url("/circle.xml")),
        "to-a-file": redirect("file:///etc/passwd"),
        "to-a-script": redirect("javascript:alert(1)"),
        "no-http": b"\x16\x03\x01\x02\x00" * 100,
        "old-http": PAGE,
        "empty": reply(b""),
        "blank": reply(b" \n" * 1000),
        "page": reply(b"<!doctype html><title>Log in</title>", content_type="text/html"),
        "picture": reply(b"\x89PNG\r\n\x1a\n" + os.urandom(2000)),
        "crash": reply(entity_chain(30_000)),
        "laughs": reply('<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><rss>&b;</rss>'),
        "odd-codec": reply(b'<?xml version="1.0" encoding="zlib"?>\xff\xfe\x00\xd8' * 9),
    }


def read_or_failing() -> dict[str, Answer]:
    """Answers of which something may be read; what matters is that they stay bounded and harm nobody."""
    every = "".join(offer(n, guid="same") for n in range(300))
    stalls = described(root) if (root := corpus_root()) else []
    return {
        "public-stall": reply(rss(f"<item><author>a@{'a.' * 60_000}!</author></item>")),
        "deep": reply(rss("<item>" + "<a>" * 50_000 + "</item>")),
        "many-attributes": reply(rss("<item " + " ".join(f'a{n}="x"' for n in range(20_000)) + "></item>")),
        "many-items": reply(rss(*(f"<item><guid>{n}</guid><title>offers</title></item>" for n in range(100_000)))),
        "long-title": reply(rss(item(1, title=BIG), item(2, title=f"Ministry offers pact {BIG}"))),
        "matches-everything": reply(rss(*(offer(n, description="offers pact " * 500) for n in range(300)))),
        "same-guid": reply(rss(every)),
        "odd-dates": reply(rss(*(item(n, pubDate=date) for n, date in enumerate(DATES)))),
        "canaries": reply(rss(*(item(n, title=f"<![CDATA[{t}]]>") for n, t in enumerate(SENT)))),
        "charset-lie": reply(rss(item(1, title="Договор")), content_type="text/xml; charset=utf-16"),
        "odd-validators": reply(PAGE, headers=[("ETag", '"' + "e" * 50_000 + '"'), ("Last-Modified", "\x01never")]),
        "silent-for-ever": reply(PAGE, headers=[("Cache-Control", "max-age=99999999999999999999")]),
        "garbage": reply(os.urandom(300_000)),
        **{f"described-{n}": reply(body) for n, body in enumerate(stalls)},
    }


DATES = (
    "9999-12-31T23:59:59-14:00",
    "0000-00-00",
    "-0001-01-01",
    "+99:99",
    "1e400",
    "2026-02-30",
    "٢٠٢٦-٠١-٠١",
    "9" * 5000,
)
SENT = [text.encode("utf-8", "replace").decode().replace("]]>", "]] >") for text in TEXTS.values()]


@dataclass
class Watch:
    """What came when, and the most memory that was seen."""

    started: float = field(default_factory=time.monotonic)
    after: dict[str, float] = field(default_factory=dict)
    lines: dict[str, list[PollLine]] = field(default_factory=dict)
    most: float = 0.0
    most_below: float = 0.0

    def note(self, line: PollLine) -> None:
        self.after[line.source] = time.monotonic() - self.started
        self.lines.setdefault(line.source, []).append(line)
        self.most = max(self.most, rss_of(os.getpid()))
        self.most_below = max([self.most_below, *map(rss_of, descendants_or_none(os.getpid()))])


@pytest.mark.slow
def test_j05_b04_g_the_whole_hostile_set_at_once_harms_nobody_else(tmp_path: Path) -> None:
    with Server() as server:
        desk = Desk(tmp_path, server, limits=SMALL, sandbox=None)
        bad, odd = failing(server), read_or_failing()
        desk.list_sources(*HEALTHY, *bad, *odd)
        for name in HEALTHY:
            desk.publish(feed(offer(name)), source=name)
        for name, answer in {**bad, **odd}.items():
            desk.publish(answer, source=name)
        idle, watch = rss_of(os.getpid()), Watch()
        desk.lines = type("Lines", (), {"append": staticmethod(watch.note)})()  # type: ignore[assignment]
        desk.poll()

        assert {name: len(lines) for name, lines in watch.lines.items()} == dict.fromkeys([*HEALTHY, *bad, *odd], 1)
        lines = {name: line for name, (line,) in watch.lines.items()}
        assert [name for name in HEALTHY if lines[name].is_failure] == []
        assert [name for name in bad if not lines[name].is_failure] == []
        for name, line in lines.items():
            told = str(line)
            assert "\n" not in told, name
            assert told.isprintable(), name
            if line.is_failure:
                assert line.phase, name
                assert line.error, name
                assert 0 < len(line.detail) <= 200, name
        late = max(watch.after[name] for name in HEALTHY)
        print(
            f"{len(lines)} sources, healthy after {late:.1f} s, all after {max(watch.after.values()):.1f} s, "
            f"memory {idle:.0f} to {watch.most:.0f} MB, largest child {watch.most_below:.0f} MB"
        )
        assert late <= 60
        assert watch.most <= idle + 150
        assert watch.most_below <= 512
        for name in HEALTHY:
            assert desk.one(
                "SELECT count(*) FROM hits h JOIN entries e ON e.id = h.entry_id WHERE e.link LIKE ?", f"%/{name}"
            )
