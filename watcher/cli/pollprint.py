"""What ``run`` and ``poll`` write to standard error while they work. Must not: poll, or write data.

One line per poll, canonical. On a terminal the first round also has a progress line, which is rewritten in place.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from watcher.app.pollline import PollLine


class Printer:
    """Writes poll lines; a stream that is closed or whose reader is gone ends the writing, never the daemon."""

    def __init__(self, stream: TextIO | None, *, sources: int = 0) -> None:
        self._stream = stream
        self._is_terminal = stream is not None and stream.isatty()
        self._total = sources
        self._polled: set[str] = set()
        self.answered = 0
        self.failures: dict[str, PollLine] = {}
        self.entries = 0
        self.hits = 0
        self.is_first_round = True

    def expect(self, sources: int) -> None:
        """How many sources the first round has."""
        self._total = sources

    def poll(self, line: PollLine) -> None:
        """A poll ended."""
        if line.is_failure:
            self.failures[line.source] = line
        else:
            self.failures.pop(line.source, None)
        self.answered += line.status is not None or not line.is_failure
        self.entries += line.entries
        self.hits += line.hits
        self.write(str(line))
        if self.is_first_round:
            self._polled.add(line.source)
            self._progress()

    def write(self, text: str) -> None:
        """A line, above the progress line if there is one."""
        self._put(f"\r\x1b[K{text}\n" if self._is_terminal else f"{text}\n")

    def end_first_round(self) -> None:
        """Every source that was due was polled once."""
        self.is_first_round = False
        if self._is_terminal:
            self._put("\r\x1b[K")

    def summary(self) -> str:
        """What the round came to, in one line."""
        polled, failed = len(self._polled), len(self.failures)
        if not polled:
            return "no source is due yet; `watcher sources` says when each one is"
        what = f"{polled} source{'s' if polled != 1 else ''} polled"
        bad = f", {failed} could not be read (`watcher sources --health`)" if failed else ""
        return f"{what}{bad}: {self.entries} new entries, {self.hits} hits (`watcher report`)"

    @property
    def reached_nothing(self) -> bool:
        """True where sources were polled and not one answered at all."""
        return bool(self._polled or self.failures) and not self.answered

    def _progress(self) -> None:
        if self._is_terminal and self._total:
            done = min(len(self._polled), self._total)
            self._put(f"\r\x1b[Kfirst round: {done} of {self._total} sources, {self.hits} hits")

    def _put(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = None


_NUMBER = re.compile(r"\d+")


class Rarely(logging.Filter):
    """Lets the same complaint through once, then the 2nd, 4th, 8th … time; after an hour of peace it counts anew.

    What is the same is told by the words without their numbers, so that a counter in them makes no flood.
    """

    PEACE_S = 3600.0
    KEPT = 1000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[tuple[str, int, str], tuple[int, float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Is it to be told?"""
        if record.levelno < logging.WARNING:
            return True
        key, now = (record.name, record.levelno, _NUMBER.sub("#", record.getMessage())), self._clock()
        count, last = self._seen.get(key, (0, now))
        count = 1 if now - last > self.PEACE_S else count + 1
        if len(self._seen) >= self.KEPT and key not in self._seen:
            self._seen.clear()
        self._seen[key] = (count, now)
        if count > 2:
            record.msg = f"{record.msg} (time {count})"
        return count & (count - 1) == 0


class _LineFormatter(logging.Formatter):
    """One record is one line: control characters are shown, a traceback is joined."""

    def format(self, record: logging.LogRecord) -> str:
        """The record, cleaned."""
        from watcher.core.clean import log

        return log(super().format(record))


def set_up_logging(*, verbose: bool) -> None:
    """Warnings (with ``verbose`` more) of our own modules to standard error; libraries only in trouble."""
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stderr)
    formatter = _LineFormatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(Rarely())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.ERROR)
    logging.getLogger("watcher").setLevel(logging.INFO if verbose else logging.WARNING)
    with contextlib.suppress(AttributeError):
        logging.captureWarnings(capture=True)
