"""One round of polling that dies at one source: `python -m tests.faults.crashes FOLDER NOW NAME`. Must not: hold tests."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from msgspec.structs import replace

from tests.support.inline import InlineParser
from watcher.app.clock import SetClock
from watcher.bootstrap.polling import Hooks, build_duties
from watcher.bootstrap.settings import Settings
from watcher.core.limits import Limits
from watcher.core.model import Claim, Fetched, ParsedFeed


class Fatal(InlineParser):
    """Ends the whole process where the source of that name is parsed."""

    name = ""

    async def parse(self, claim: Claim, fetched: Fetched) -> ParsedFeed:
        if claim.spec.id == self.name:
            # The others of the round are under way, and are lost with it.
            await asyncio.sleep(0)
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().parse(claim, fetched)


async def live(folder: Path, now: int, name: str) -> None:
    """Poll what is due, and tell its lines."""
    Fatal.name = name
    settings = Settings(
        database=str(folder / "desk.sqlite3"),
        watchlists=(folder / "desk.yaml",),
        cache_dir=folder / "cache",
        limits=replace(Limits(), host_interval_s=0.0),
    )
    hooks = Hooks(clock=SetClock(now), jitter=lambda: 0.0, on_poll=print, sandbox=Fatal)
    async with build_duties(settings, hooks) as duties:
        await duties.poller.round()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(live(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
