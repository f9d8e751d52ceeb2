"""A source's own cadence, and whether it has been silent beyond it. Must not: read a clock, or know a state.

An arrival is a poll that brought something new; arrivals of one day count as one, so that a burst is no cadence. The first
body stands for what was before us: its claimed dates are taken as arrivals. A source is silent beyond its cadence after the
longest of a week, three times the gap that nine in ten of its gaps do not exceed, and one and a half times its longest gap.
So a long silence that ended makes the next one harder to reach, and nothing flutters at the edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from watcher.core.basics import SECOND, Micros

KEPT = 21
LEAST_GAPS = 5
DAY_S = 86_400
# Arrivals that are closer than this are one.
TOGETHER_S = 20 * 3600
LEAST_SILENCE_S = 7 * DAY_S
# Older claimed dates say little about what to expect.
OLDEST_CLAIM_S = 3 * 365 * DAY_S


def arrived(arrivals: Sequence[int], now: Micros) -> tuple[int, ...]:
    """Arrivals (seconds, oldest first) with one that is now."""
    second = now // SECOND
    if arrivals and second - arrivals[-1] < TOGETHER_S:
        # The first of a day stands for it: a later one in its place could be put off for ever.
        return tuple(arrivals)
    return (*arrivals, second)[-KEPT:]


def from_claims(published: Iterable[Micros | None], now: Micros) -> tuple[int, ...]:
    """Arrivals of a time when we did not watch, from the dates that entries claim; those in the future are left out."""
    second = now // SECOND
    claimed = sorted(at // SECOND for at in published if at is not None)
    kept: list[int] = []
    for at in claimed:
        if second - OLDEST_CLAIM_S <= at <= second and (not kept or at - kept[-1] >= TOGETHER_S):
            kept.append(at)
    return tuple(kept[-KEPT:])


def silence_limit_s(arrivals: Sequence[int]) -> float | None:
    """After how many seconds without anything new it is silent beyond its cadence; None: too little is known."""
    gaps = sorted(later - earlier for earlier, later in pairwise(arrivals))
    if len(gaps) < LEAST_GAPS:
        return None
    usual = gaps[math.ceil(0.9 * len(gaps)) - 1]
    return max(LEAST_SILENCE_S, 3.0 * usual, 1.5 * gaps[-1])


def silence(arrivals: Sequence[int], now: Micros) -> str:
    """Why the source counts as silent beyond its cadence, in words; empty where it does not."""
    quiet = now // SECOND - arrivals[-1] if arrivals else 0
    if quiet <= LEAST_SILENCE_S:
        return ""
    limit = silence_limit_s(arrivals)
    if limit is None or quiet <= limit:
        return ""
    usual = (arrivals[-1] - arrivals[0]) / (len(arrivals) - 1)
    return f"nothing new for {quiet // DAY_S} days; it used to bring something every {usual / DAY_S:.1f} days"
