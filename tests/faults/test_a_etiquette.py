"""Forty-eight simulated hours against a publisher that counts, through ten restarts and a reload."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import pytest

from bench.onesource import Answer, Asked, OneSource
from bench.replay import SOURCE
from tests.support.corpus import ROOT
from watcher.demo.watchlist import with_sources

HOUR = 3_600_000_000
START = 1_764_547_200_000_000  # 1 December 2025, midnight
HOURS, RESTARTS = 48, 10
# For some hours it asks for two hours between polls, and once for four hours of peace; restarts fall into both.
SLOW_HOURS, SLOW_MINUTES = range(20, 27), 120
TIRED_AT, TIRED_MINUTES = 33, 240
ISSUES_AT = (0, 5, 11, 20, 31, 40)
ITEM = "<item><title>Issue {0}</title><guid>issue-{0}</guid><description>Words of issue {0}.</description></item>"


@dataclass
class Publisher:
    """Serves the issue of the hour, tempts with cookies, and remembers what it handed out."""

    source: OneSource
    now: int = START

    def at(self, path: str) -> bytes:
        """The clock of the polling process moved."""
        self.now = int(path.rpartition("/")[2])
        newest = sum(hour * HOUR <= self.now - START for hour in ISSUES_AT)
        shown = "".join(ITEM.format(number) for number in range(newest, 0, -1))
        body = f"<rss version='2.0'><channel><title>Issues</title>{shown}</channel></rss>".encode()
        # Dates as a sloppy server writes them: what is not echoed byte for byte shows.
        modified = formatdate(1_700_000_000 + newest * 86_400, localtime=False).replace("-0000", "+0300")
        headers = {"Set-Cookie": f"seen={newest}; Path=/"}
        hour = (self.now - START) // HOUR
        if hour in SLOW_HOURS:
            headers["Cache-Control"] = f"max-age={SLOW_MINUTES * 60}"
        if hour == TIRED_AT:
            headers["Retry-After"] = str(TIRED_MINUTES * 60)
        status = 429 if hour == TIRED_AT else 200
        self.source.answer = Answer(body, last_modified=modified, headers=headers, status=status)
        return b"ok"


def lives() -> list[tuple[int, int, bool]]:
    """Begin, end and manner of death of each life: every second one is killed."""
    length = HOURS * HOUR // (RESTARTS + 1)
    return [(START + n * length, START + (n + 1) * length, n % 2 == 1) for n in range(RESTARTS + 1)]


def simulate(folder: Path, source: OneSource) -> list[int]:
    """Run all lives; returns their exit codes."""
    watchlist = with_sources(folder, ROOT / "bench" / "watchlist.yaml", SOURCE.format(url=source.url))
    codes, publisher = [], Publisher(source)
    source.on_path = publisher.at
    source.now = lambda: publisher.now
    for number, (begin, end, is_killed) in enumerate(lives()):
        plan = folder / f"life-{number}.json"
        reload_at = begin + HOUR if number == 4 else 0
        told = {"database": str(folder / "watcher.sqlite3"), "watchlist": str(watchlist), "control": source.origin}
        plan.write_text(
            json.dumps({**told, "begin": begin, "end": end, "is_killed": is_killed, "reload_at": reload_at})
        )
        command = [sys.executable, "-m", "tests.faults.etiquette", str(plan)]
        codes.append(subprocess.run(command, cwd=ROOT, check=False).returncode)
    return codes


def is_conditional(asked: Asked) -> bool:
    return bool({"if-none-match", "if-modified-since"} & set(asked.headers))


def bogus(requests: list[Asked]) -> list[Asked]:
    """Conditional requests whose validators are not those of the last full answer, to the byte."""
    last, wrong = ("", ""), []
    for asked in requests:
        sent = (asked.headers.get("if-none-match", ""), asked.headers.get("if-modified-since", ""))
        if is_conditional(asked) and sent != last:
            wrong.append(asked)
        if asked.status == 200:
            last = asked.validators
    return wrong


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a39_a_counting_publisher_has_nothing_to_complain_of(tmp_path):
    with OneSource("127.0.0.78") as source:
        codes = simulate(tmp_path, source)
        requests = source.asked
    assert codes == [-signal.SIGKILL if is_killed else 0 for _, _, is_killed in lives()]
    assert sum(not is_conditional(asked) for asked in requests) == 1
    assert not is_conditional(requests[0])
    assert bogus(requests) == []
    gaps = [(later.at - earlier.at) / 60_000_000 for earlier, later in pairwise(requests)]
    assert min(gaps) >= 60
    for asked, gap in zip(requests, gaps, strict=False):
        if asked.status == 429:
            assert gap >= TIRED_MINUTES
        elif (asked.at - START) // HOUR in SLOW_HOURS:
            assert gap >= SLOW_MINUTES
    assert sum(asked.status == 429 for asked in requests) == 1
    assert 25 <= len(requests) <= HOURS + 1
    assert sum(asked.status == 200 for asked in requests) == len(ISSUES_AT)
    assert all(asked.path == "/feed.xml" for asked in requests)
    assert not any({"cookie", "referer", "authorization"} & set(asked.headers) for asked in requests)
    assert {asked.headers["user-agent"] for asked in requests} == {requests[0].headers["user-agent"]}
    assert "watcher/" in requests[0].headers["user-agent"]
    assert all(asked.headers.get("accept-encoding") == "gzip" for asked in requests)
