"""Tells how far long work is, on standard error, where somebody watches it. Must not: write where nobody looks, or slow the work."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_AFTER_S = 0.7
"""Work that ends before is not worth a word."""
_EVERY_S = 0.2
_COLUMNS = 24


@contextmanager
def progress(
    label: str, total: int | None = None, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], None]]:
    """Hands out a function that takes how much is done; the line is wiped at the end. Quiet where nobody watches.

    ``total`` None: how much there is is not known, and a count is shown.
    """
    stream = sys.stderr
    if stream is None or not stream.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        yield lambda _done: None
        return
    start = clock()
    said = [start + _AFTER_S - _EVERY_S, 0.0]

    def tell(done: int) -> None:
        now = clock()
        if now >= said[0] + _EVERY_S:
            said[:] = [now, 1.0]
            stream.write(f"\r{_line(label, done, total, now - start)}\x1b[K")
            stream.flush()

    try:
        yield tell
    finally:
        if said[1]:
            stream.write("\r\x1b[K")
            stream.flush()


def _line(label: str, done: int, total: int | None, seconds: float) -> str:
    """``scoring [#####-----] 50 %, 12 s left``: the figures say it, the bar only shows it."""
    if not total:
        return f"{label}: {done:,}, {seconds:.0f} s"
    share = min(1.0, done / total)
    bar = "#" * round(share * _COLUMNS)
    left = f", {seconds * (1 - share) / share:.0f} s left" if share > 0.02 else ""
    return f"{label} [{bar:-<{_COLUMNS}}] {share * 100:.0f} %{left}"
