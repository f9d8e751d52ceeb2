"""Runs the real daemon on sample sources until each was polled. Must not: print a report, or touch a database it did not make.

::

    publisher (threads here) <─HTTP on loopback─ `watcher run` (a child) ─writes→ database ─read→ "all polled?"
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from watcher.core.errors import UsageProblem, WatcherError
from watcher.core.model import SourceHealth
from watcher.core.views import SourceRow

WAIT_S = 60.0
LOOK_S = 0.2
STOP_S = 12.0
DATABASE_NAME = "watcher.sqlite3"


class DemoQueries(Protocol):
    """What the demo asks of the read models."""

    def sources(self, watchlist: str | None = None, /) -> Sequence[SourceRow]:
        """The sources with their state."""
        ...


OpenQueries = Callable[[str], AbstractContextManager[DemoQueries]]


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo keeps its things."""

    folder: Path
    database: Path
    watchlist: Path


def run_demo(folder: Path, base_watchlist: Path, open_queries: OpenQueries, *, wait_s: float = WAIT_S) -> Demo:
    """Serve the samples, let a daemon poll each of them once, stop it.

    Raises:
        UsageProblem: the folder holds a database already.
        WatcherError: the daemon ended by itself, or not every source was polled in time.
    """
    from watcher.demo import start_publisher, write_demo_watchlist

    database = folder / DATABASE_NAME
    if database.exists():
        raise UsageProblem(f"{database} is there already", hint="name an empty folder, or remove that one")
    folder.mkdir(parents=True, exist_ok=True)
    with start_publisher() as publisher:
        demo = Demo(folder, database, write_demo_watchlist(folder, publisher, base_watchlist))
        with _daemon(demo) as daemon:
            _wait_for_polls(demo, daemon, open_queries, wait_s)
    return demo


@contextmanager
def _daemon(demo: Demo) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon as a child; leaving the context stops it as Ctrl-C does."""
    command = [
        sys.executable,
        "-m",
        "watcher",
        "run",
        "--database",
        str(demo.database),
        "--watchlist",
        str(demo.watchlist),
    ]
    environ = {
        name: value for name, value in os.environ.items() if name not in ("WATCHER_DATABASE", "WATCHER_WATCHLIST")
    }
    daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environ)  # noqa: S603  # ourselves
    try:
        yield daemon
    finally:
        _stop(daemon)


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    if daemon.poll() is not None:
        return
    daemon.send_signal(signal.SIGINT)
    try:
        daemon.wait(STOP_S)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _wait_for_polls(demo: Demo, daemon: subprocess.Popen[bytes], open_queries: OpenQueries, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    missing = "all"
    while time.monotonic() < deadline:
        if daemon.poll() is not None:
            raise WatcherError(
                f"the daemon ended by itself with code {daemon.returncode}", hint="its words stand above"
            )
        missing = _not_polled(demo, open_queries)
        if not missing:
            return
        time.sleep(LOOK_S)
    raise WatcherError(f"not polled within {wait_s:.0f} s: {missing}", hint="`watcher doctor` tests this machine")


def _not_polled(demo: Demo, open_queries: OpenQueries) -> str:
    if not demo.database.exists():
        return "all"
    try:
        with open_queries(str(demo.database)) as queries:
            rows = queries.sources()
    except WatcherError:
        return "all"  # the daemon is still making the database
    waiting = [r.name for r in rows if r.last_poll_at is None and r.health != SourceHealth.BLIND.value]
    return ", ".join(waiting) if rows else "all"
