"""watcher as a side of bench.poll: its real pipeline, on the shipped watchlist's signals.

python -m bench.side_watcher CONTROL_JSON --workers N --phase new|one|same
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.harness import ROOT
from bench.pollwork import poll_options, run_phase

SOURCE = """\
  s{number}:
    kind: feed
    url: '{url}'
    title: Source {number}
    publisher: Publisher {number}
    family: f{number}
    language: en
    role: secondary
    reliability: C
    rationale: made up
    checked_on: 2025-12-01
    recorded: ok
    allow_private: true
"""
BASE = ROOT / "config" / "watchlist.yaml"


def write_watchlist(folder: Path, urls: list[str]) -> Path:
    """The shipped watchlist with these sources."""
    from watcher.demo.watchlist import with_sources

    base = BASE if "signals:" in BASE.read_text(encoding="utf-8") else ROOT / "bench" / "watchlist.yaml"
    block = "".join(SOURCE.format(number=number, url=url) for number, url in enumerate(urls))
    return with_sources(folder, base, f"sources:\n{block}")


def stored(database: Path) -> list[tuple[str, str]]:
    """Which entries there are."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute("select s.url, e.guid from entries e join sources s on s.id = e.source_id").fetchall()
    finally:
        connection.close()


async def work(folder: Path, place: dict[str, Any], workers: int, drive: Callable[..., None]) -> None:
    """Build the pipeline and have the phases driven from a thread, since `run_phase` is plain code."""
    from watcher.app.clock import SetClock
    from watcher.bootstrap.polling import Hooks, build_duties
    from watcher.bootstrap.settings import Settings

    database = folder / "watcher.sqlite3"
    settings = Settings.read(
        database=str(database), watchlists=[write_watchlist(folder, place["urls"])], workers=workers
    )
    clock = SetClock(int(datetime(2025, 12, 2, tzinfo=UTC).timestamp()) * 1_000_000)
    async with build_duties(settings, Hooks(clock=clock)) as duties:
        loop = asyncio.get_running_loop()
        await duties.poller.reading.parser.has_no_network()  # the children's server has started, as all else has

        def update() -> None:
            clock.move(7200)
            done = asyncio.run_coroutine_threadsafe(duties.poller.round(everything=True), loop).result()
            failed = [line for line in done.lines if line.is_failure]
            if failed or len(done.lines) != len(place["urls"]):
                raise RuntimeError(f"{len(done.lines)} polls, {len(failed)} failed: {failed[:1]}")

        await asyncio.to_thread(drive, update, lambda: stored(database))


def main() -> None:
    options = poll_options(2)
    place = json.loads(options.place)
    from watcher.bootstrap.loop import run

    with tempfile.TemporaryDirectory() as folder:
        run(
            work(
                Path(folder),
                place,
                options.workers,
                lambda update, entries: run_phase(place["control"], options, update, entries),
            )
        )


if __name__ == "__main__":
    main()
