"""One life of a polling process in simulated time: `python -m tests.faults.etiquette PLAN.json`. Must not: hold tests.

The plan names database, watchlist, publisher, begin and end of this life, and how it ends: in order, or by `kill -9`
right after the first commit past its middle. At ``reload_at`` it edits the watchlist and has it loaded again.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import urllib.request
from pathlib import Path
from typing import Any

from watcher.app.clock import SetClock
from watcher.app.daemon import Duties
from watcher.bootstrap.polling import Hooks, build_duties
from watcher.bootstrap.settings import Settings

MINUTE = 60_000_000


def tell(control: str, now: int) -> None:
    """Let the publisher know what time it is."""
    urllib.request.urlopen(f"{control}/control/{now}").read()


async def reload(duties: Duties, watchlist: Path) -> None:
    """What the daemon does when a file changed."""
    with watchlist.open("a", encoding="utf-8") as file:
        file.write("\n# edited while the daemon ran\n")
    old = duties.reloader.current
    made = await duties.reloader.check()
    if made is None:
        raise RuntimeError("the edited watchlist was not taken")
    duties.poller.reading = made.reading
    await old.close()


async def live(plan: dict[str, Any]) -> None:
    """Look once a simulated minute for what is due."""
    clock = SetClock(plan["begin"])
    middle = (plan["begin"] + plan["end"]) // 2

    def trace(point: str) -> None:
        if plan["is_killed"] and point == "after-commit" and clock.now() > middle:
            os.kill(os.getpid(), signal.SIGKILL)

    watchlist = Path(plan["watchlist"])
    settings = Settings.read(database=plan["database"], watchlists=[watchlist], workers=1)
    async with build_duties(settings, Hooks(clock=clock, trace=trace)) as duties:
        while clock.now() < plan["end"]:
            await asyncio.to_thread(tell, plan["control"], clock.now())
            await duties.poller.round()
            if plan["reload_at"] and clock.now() >= plan["reload_at"]:
                plan["reload_at"] = 0
                await reload(duties, watchlist)
            clock.move(60)


if __name__ == "__main__":
    asyncio.run(live(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
