"""Tells our own outage from the faults of publishers. Must not: decide what follows from it.

A name that does not resolve is held back until something answers (then the fault is the publisher's) or nothing else is
under way (then, where several names failed and none resolved, the network is ours to mend).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from functools import lru_cache
from urllib.parse import urlsplit

from watcher.app.ports import Clock
from watcher.core.decide import Fault
from watcher.core.limits import Limits

log = logging.getLogger("watcher.poll")

# With fewer names than this failing, it may well be them.
NAMES_TO_DOUBT = 2
# An answer this recent proves that our network works.
PROOF_S = 60.0
# The same addresses come back at every poll.
REMEMBERED = 16_384


@lru_cache(maxsize=REMEMBERED)
def has_name(url: str) -> bool:
    """True where an address has to be looked up: a host name, not a literal address."""
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host not in ("", "localhost")
    return False


class OutageWatch:
    """Judges failed look-ups together."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._under_way = 0
        self._proof_at: float | None = None
        self._held: dict[asyncio.Future[bool], str] = {}
        self._is_down = False

    def started(self, polls: int) -> None:
        """So many polls begin."""
        self._under_way += polls

    def ended(self) -> None:
        """A poll was read, or failed and was judged."""
        self._under_way -= 1
        self._judge_if_alone()

    def answered(self, url: str) -> None:
        """Somebody with a name answered, with whatever: names resolve."""
        if not has_name(url):
            return
        self._proof_at = self._clock.monotonic()
        if self._is_down:
            self._is_down = False
            log.warning("the network is back")
        self._release(is_ours=False)

    async def is_ours(self, url: str, fault: Fault) -> bool:
        """Whether this fault is our own outage. May wait for what the other polls find."""
        if fault.phase != "dns":
            if fault.phase in ("tls", "http") and fault.kind not in ("host-on-hold", "timeout"):
                self.answered(url)
            return False
        if self._proof_at is not None and self._clock.monotonic() - self._proof_at < PROOF_S:
            return False
        verdict: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._held[verdict] = urlsplit(url).hostname or url
        self._judge_if_alone()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.poll_s):
                return await asyncio.shield(verdict)
        self._held.pop(verdict, None)
        return False

    def _judge_if_alone(self) -> None:
        """All that is under way is held: nobody is left who could prove that names resolve."""
        if not self._held or self._under_way > len(self._held):
            return
        is_down = len(set(self._held.values())) >= NAMES_TO_DOUBT
        if is_down and not self._is_down:
            log.warning(
                "network down: none of %d names resolves; polling goes on, no source is blamed", len(self._held)
            )
        self._is_down = is_down
        self._release(is_ours=is_down)

    def _release(self, *, is_ours: bool) -> None:
        held, self._held = self._held, {}
        for verdict in held:
            if not verdict.done():
                verdict.set_result(is_ours)
