"""What the daemon says of its own life: its span in the database, the alarm that nothing can be read. Must not: tick.

Silence is a failure. Where no source at all was read for twice its own interval, be it our network or theirs, one message
says so and one says that it is over; no source is blamed for it. Everything here runs in the writer thread.
"""

from __future__ import annotations

import logging

from watcher.app.ports import Clock, Store
from watcher.core.intents import Notice
from watcher.core.model import SECOND, Micros
from watcher.core.period import show_span

log = logging.getLogger("watcher.daemon")

BEGINS, ENDS = "silence:", "silence-over:"


class Vitals:
    """One life of a daemon.

    Args:
        store: where its span stands, and what was last read.
        clock: wall time.
        owner: which process this is.
    """

    def __init__(self, store: Store, clock: Clock, owner: str) -> None:
        self._store = store
        self._clock = clock
        self._owner = owner
        self._span: int | None = None
        self._began: Micros = clock.now()
        self._silent_since: str | None = None

    def begin(self) -> None:
        """It starts."""
        self._began = self._clock.now()
        self._span = self._store.begin_span(self._owner, self._began)
        self._silent_since = self._store.open_notice(BEGINS, ENDS)

    def beat(self) -> None:
        """It lives."""
        now = self._clock.now()
        if self._span is not None:
            self._store.beat(self._span, now)
        self._listen(now)

    def end(self) -> None:
        """It ends in order."""
        if self._span is not None:
            self._store.beat(self._span, self._clock.now(), ended=True)

    def _listen(self, now: Micros) -> None:
        is_silent, last_read = self._store.is_silent(now)
        since = str(last_read or 0)
        if is_silent and not self._silent_since and self._had_a_chance(now):
            log.error("event=silence no source was read for twice its interval: look at this machine's network")
            self._store.owe_notices([_notice(BEGINS, since, now, last_read)], now)
            self._silent_since = since
        elif not is_silent and self._silent_since:
            log.warning("event=silence-over sources are read again")
            self._store.owe_notices([_notice(ENDS, self._silent_since, now, last_read)], now)
            self._silent_since = ""

    def _had_a_chance(self, now: Micros) -> bool:
        """A daemon that was off for long first polls what is overdue; only then silence means something."""
        return now - self._began > 600 * SECOND


def _notice(kind: str, since: str, now: Micros, last_read: Micros | None) -> Notice:
    is_over = kind == ENDS
    said = "sources are read again" if is_over else "no source was read for twice its own interval"
    waited = f", for {show_span(now - last_read)}" if last_read and not is_over else ""
    payload = {
        "event": "silence-over" if is_over else "silence",
        "reason": said + waited,
        "last_read": last_read,
        "more": "watcher sources --health",
    }
    return Notice(f"{kind}{since}", payload)
