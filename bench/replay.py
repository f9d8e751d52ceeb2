"""Replays the 2,256 states of one real feed through the real pipeline, once in peace and once with `kill -9`.

Each state is served over loopback HTTP with validators and polled under a settable clock that shows the time of its
capture. At the end the store must hold exactly 2,031 entries and no hit twice; entries that were revised and revisions in
all must equal what `replay_count.py`, which shares no code with watcher, counts from the same files; and a run in which
the process was killed every few hundred polls, each time at another point, must leave the same tables but for times,
row numbers and leases.

    python -m bench.replay [--every N] [--first N] [--kill-every N] [--database URL] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.dump import Dump, differences
from bench.harness import OUT, ROOT, measured, versions
from bench.onesource import Answer, OneSource
from bench.replay_count import DEFAULT, count, states

POINTS = ("after-fetch", "after-parse", "in-transaction", "before-commit", "after-commit")
SOURCE = """\
sources:
  replayed:
    kind: feed
    url: '{url}'
    title: Replayed press releases
    publisher: Replayed
    family: replayed
    language: en
    role: primary
    reliability: B
    rationale: a recorded feed
    checked_on: 2022-08-03
    recorded: ok
    allow_private: true
"""
State = tuple[str, bytes]


def captured_at(name: str) -> int:
    """The time of capture in microseconds, from a state's name."""
    moment = datetime.strptime(re.match(r"\d{8}T\d{6}Z", name).group(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000


# --- the process that polls (and is killed) ----------------------------------------------------------------------


def committed(database: Path) -> bytes:
    """Digest of the body of the newest poll in the database; empty where there is none."""
    if not database.exists():
        return b""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        row = connection.execute("select body_digest from polls order by id desc limit 1").fetchone()
    except sqlite3.OperationalError:
        return b""
    finally:
        connection.close()
    return bytes(row[0]) if row and row[0] else b""


@dataclass(slots=True)
class Crash:
    """Dies at a named point while a certain state is polled."""

    point: str = ""
    state: int = -1
    now: int = -1

    def __call__(self, point: str) -> None:
        if point == self.point and self.now >= self.state >= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def serve_state(control: str, number: int) -> None:
    """Have the publisher show a state from now on."""
    urllib.request.urlopen(f"{control}/control/{number}").read()


async def poll_states(options: argparse.Namespace, plan: dict[str, Any]) -> None:
    """Poll from the first state that the database does not have yet to the last one."""
    from watcher.app.clock import SetClock
    from watcher.bootstrap.polling import Hooks, build_duties
    from watcher.bootstrap.settings import Settings

    newest = committed(Path(options.database)).hex()
    first = plan["digests"].index(newest, options.start) + 1 if newest else 0
    # After a crash the lease of the dead process has to run out first.
    clock = SetClock(plan["times"][min(first, len(plan["times"]) - 1)] + 200_000_000 * bool(newest))
    crash = Crash(options.crash_point, options.crash_state)
    settings = Settings.read(
        database=options.database, watchlists=[options.watchlist], alerts=options.alerts, workers=1
    )
    async with build_duties(settings, Hooks(clock=clock, jitter=lambda: 0.5, trace=crash)) as duties:
        for number in range(first, len(plan["times"])):
            crash.now = number
            await asyncio.to_thread(serve_state, plan["control"], number)
            clock.set(max(plan["times"][number], clock.now() + 2_000_000))
            done = await duties.poller.round(everything=True)
            problems = [line for line in done.lines if line.is_failure]
            if len(done.lines) != 1 or problems:
                raise RuntimeError(f"state {number}: {done.lines}")
            print(number, flush=True)


# --- the process that serves, kills and counts -------------------------------------------------------------------


@dataclass(slots=True)
class Replay:
    """One run over some states, in a folder of its own. All runs share the server: the address is part of the data."""

    folder: Path
    states: Sequence[State]
    source: OneSource
    kill_every: int = 0
    kills: int = 0
    points: Counter[str] = field(default_factory=Counter)

    @property
    def database(self) -> Path:
        return self.folder / "watcher.sqlite3"

    def run(self) -> None:
        """Serve and poll all states, killing on the way where that was asked for."""
        from watcher.demo.watchlist import with_sources

        watchlist = with_sources(self.folder, ROOT / "bench" / "watchlist.yaml", SOURCE.format(url=self.source.url))
        plan = {
            "control": self.source.origin,
            "times": [captured_at(name) for name, _ in self.states],
            "digests": [hashlib.sha256(body).hexdigest() for _, body in self.states],
        }
        (self.folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        polled = -1
        while polled < len(self.states) - 1:
            polled = self._poll_from(max(polled, 0), watchlist, polled)

    def _poll_from(self, start: int, watchlist: Path, polled: int) -> int:
        """One life of the polling process; returns the last state that it told of."""
        command = [
            *(sys.executable, "-m", "bench.replay", "--worker", "--start", str(start)),
            *("--plan", str(self.folder / "plan.json"), "--database", str(self.database)),
            *("--watchlist", str(watchlist), "--alerts", str(self.folder / "alerts.jsonl")),
        ]
        if self.kill_every and start + self.kill_every < len(self.states):
            point = POINTS[self.kills % len(POINTS)]
            command += ["--crash-point", point, "--crash-state", str(start + self.kill_every)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            for line in process.stdout:
                polled = int(line)
        if process.returncode == -signal.SIGKILL:
            self.kills += 1
            self.points[point] += 1
        elif process.returncode != 0:
            raise RuntimeError(f"the polling process ended with {process.returncode} after state {polled}")
        return polled

    def counts(self) -> dict[str, int]:
        """What the database says."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        one = lambda statement: connection.execute(statement).fetchone()[0]  # noqa: E731
        try:
            return {
                "entries": one("select count(*) from entries"),
                "revised": one("select count(*) from entries where revision_no > 1"),
                "revisions": one("select count(*) from entry_revisions"),
                "hits": one("select count(*) from hits"),
                "hits_twice": one(
                    "select count(*) - count(distinct entry_id || '/' || signal || '/' || watchlist_id) from hits"
                ),
                "outbox_twice": one("select count(*) - count(distinct channel || '/' || key) from outbox"),
                "polls": one("select count(*) from polls"),
            }
        finally:
            connection.close()


@contextmanager
def served(chosen: Sequence[State]) -> Iterator[OneSource]:
    """The publisher of the states, on an address of its own."""
    with OneSource("127.0.0.77") as source:

        def step(path: str) -> bytes:
            name, body = chosen[int(path.rpartition("/")[2])]
            source.answer = Answer(body, last_modified=f"state of {name[:16]}")
            return b"ok"

        source.on_path = step
        yield source


def check(replay: Replay, expected: dict[str, int]) -> list[str]:
    """What is wrong with the counts of a run."""
    found = replay.counts()
    wrong = [
        f"{name}: {found[name]}, counted from the files: {value}"
        for name, value in expected.items()
        if found[name] != value
    ]
    wrong += [f"{name}: {found[name]}" for name in ("hits_twice", "outbox_twice") if found[name]]
    if found["polls"] != len(replay.states):
        wrong.append(f"polls: {found['polls']} of {len(replay.states)} states")
    return wrong + diffs_wrong(replay.database)


def diffs_wrong(database: Path) -> list[str]:
    """Edits whose word diff, applied to the wording before, does not give the one after, or whose digest is not its own."""
    from watcher.core.identity import content_digest
    from watcher.core.worddiff import apply, diff

    statement = (
        "select b.entry_id, b.revision_no, a.title, a.text, b.title, b.text, b.content_digest from entry_revisions a "
        "join entry_revisions b on b.entry_id = a.entry_id and b.revision_no = a.revision_no + 1"
    )
    wrong = []
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for entry, number, old_title, old_text, title, text, digest in connection.execute(statement):
            made = apply(diff(old_title, title), old_title), apply(diff(old_text, text), old_text)
            if made != (title, text) or content_digest(title, text) != digest:
                wrong.append(f"entry {entry}: the diff to revision {number} is wrong")
    return wrong


def chosen_states(archive: Path, every: int, first: int | None) -> list[State]:
    return states(archive)[::every][:first]


def timed(replay: Replay) -> dict[str, Any]:
    """Run it; what it came to and what it cost."""
    replay.folder.mkdir(parents=True)
    with measured() as spent:
        replay.run()
    cost = {name: round(value, 1) for name, value in spent.items()}
    return {**replay.counts(), "kills": replay.kills, "points": dict(replay.points), **cost}


def run_both(folder: Path, chosen: Sequence[State], kill_every: int) -> dict[str, Any]:
    """In peace, then with kills, then compared. ``wrong`` lists what must not be."""
    expected = count(body for _, body in chosen)
    result: dict[str, Any] = {"states": len(chosen), "counted from the files": expected, "wrong": []}
    with served(chosen) as source:
        runs = [Replay(folder / "peace", chosen, source), Replay(folder / "kills", chosen, source, kill_every)]
        for name, replay in zip(("in peace", "with kills"), runs, strict=True):
            result[name] = timed(replay)
            result["wrong"] += [f"{name}: {text}" for text in check(replay, expected)]
    result["wrong"] += differences(*(replay.database for replay in runs))
    result["tables"] = Dump(runs[0].database).digests()
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--every", type=int, default=1, help="every Nth state")
    parser.add_argument("--first", type=int, default=None, help="only the first N of them")
    parser.add_argument("--kill-every", type=int, default=200, help="polls between two kills")
    parser.add_argument("--keep", type=Path, default=None, help="keep both databases in this folder")
    for name in ("plan", "database", "watchlist", "alerts", "crash-point"):
        parser.add_argument(f"--{name}", default="", help=argparse.SUPPRESS)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--start", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--crash-state", type=int, default=-1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        asyncio.run(poll_states(options, json.loads(Path(options.plan).read_text(encoding="utf-8"))))
        return 0
    if not options.archive.exists():
        print(f"left out: no {options.archive}")
        return 0
    chosen = chosen_states(options.archive, options.every, options.first)
    with tempfile.TemporaryDirectory() as temporary:
        result = run_both(options.keep or Path(temporary), chosen, options.kill_every)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "replay.json").write_text(json.dumps({**result, "versions": versions()}, indent=2), encoding="utf-8")
    print(json.dumps(result, indent=2))
    return 1 if result["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
