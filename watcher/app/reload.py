"""Reloads watchlists while the daemon runs: all or nothing. Must not: parse them itself, or stop the daemon.

A new generation (compiled watchlists, fresh sandbox children, stored revisions) is built whole beside the old one and
only then takes its place. What cannot be loaded is told once, and the old one stays.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from watcher.app.catchup import Matcher
from watcher.app.poll import Reading
from watcher.core.errors import WatcherError

log = logging.getLogger("watcher.daemon")

# An editor may be in the middle of saving: what does not load is looked at once more after so long.
HALF_WRITTEN_S = 2.0

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Generation:
    """What one set of watchlists runs with.

    ``revisions`` identify it; ``files`` are all it was read from; ``names`` are its sources and ``sources`` counts those
    that can be polled; ``close`` ends its sandbox.
    """

    revisions: tuple[tuple[str, str], ...]
    files: tuple[Path, ...]
    names: frozenset[str]
    sources: int
    reading: Reading
    matchers: tuple[Matcher, ...]
    close: Callable[[], Awaitable[None]]


Build = Callable[[], Awaitable[Generation]]


def stamp(files: Sequence[Path]) -> Stamp:
    """What tells that files changed: name, inode, time and size of each (zeros where one is not there)."""
    seen = []
    for path in files:
        try:
            status = path.stat()
        except OSError:
            seen.append((str(path), 0, 0, 0))
        else:
            seen.append((str(path), status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(seen)


class Reloader:
    """Holds the generation that is in use.

    Args:
        build: makes a generation from the files as they are now; the first is made before the daemon starts.
        current: that first generation.
        sleep: waits; tests pass their own.
    """

    def __init__(
        self, build: Build, current: Generation, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.current = current
        self._build = build
        self._sleep = sleep
        self._stamp = stamp(current.files)
        self._lock = asyncio.Lock()

    async def check(self, *, force: bool = False) -> Generation | None:
        """Build the next generation where files changed (or where asked to); None where the current one stays."""
        async with self._lock:
            seen = stamp(self.current.files)
            if seen == self._stamp and not force:
                return None
            self._stamp = seen
            made = await self._patiently()
            if made is None:
                return None
            if made.revisions == self.current.revisions:
                await made.close()
                log.info("watchlists loaded again: nothing changed")
                return None
            self.current, self._stamp = made, stamp(made.files)
            return made

    async def _patiently(self) -> Generation | None:
        try:
            return await self._build()
        except WatcherError:
            await self._sleep(HALF_WRITTEN_S)
        try:
            self._stamp = stamp(self.current.files)
            return await self._build()
        except WatcherError as error:
            log.log(logging.ERROR, "event=reload-failed the watchlists that were loaded before stay in use: %s", error)
        except Exception:
            log.exception("event=reload-failed the watchlists that were loaded before stay in use")
        return None
