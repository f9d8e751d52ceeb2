"""Compares how often something was seen lately with how often before, fairly at few counts. Must not: read, or call a change likely.

Two counts are taken as drawn from two rates. Under "the rate is the same", the newer count of the sum of both follows a
binomial distribution whose share is the newer exposure over both: the exact conditional test of Przyborowski and
Wilenski, "Homogeneity of results in testing samples from Poisson series", Biometrika 31 (1940) 313-323. It needs no
large counts, and errs on the side of calling nothing a change. Exposure is the time for which sources could be read, not
the time that went by: a day on which all were blind adds nothing, not a zero.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

CHANGE_BELOW: Final = 0.01
"""Chance below which a difference is shown as one: boards are read every day, and have many rows."""

_NEGLIGIBLE: Final = 1e-18


class Trend(Struct, frozen=True):
    """Two counts with the days for which there was sight, what the test says, and the word for it.

    ``word``: ``up``, ``down``, ``as before``, ``too few`` (no split of so few could show a change), ``none`` (nothing in
    either) or ``no sight`` (one of the two was not seen at all). ``chance`` is that of a split at least as uneven if
    nothing had changed, both sides counted; it says nothing about what a hit means.
    """

    recent: int
    recent_days: float
    before: int
    before_days: float
    word: str
    chance: float = 1.0

    @property
    def recent_rate(self) -> float:
        """Hits per day of sight, lately."""
        return self.recent / self.recent_days if self.recent_days > 0 else 0.0

    @property
    def before_rate(self) -> float:
        """Hits per day of sight, before."""
        return self.before / self.before_days if self.before_days > 0 else 0.0


def trend_of(recent: int, recent_days: float, before: int, before_days: float) -> Trend:
    """The trend of ``recent`` hits in ``recent_days`` days of sight against ``before`` in ``before_days``."""
    if recent_days <= 0 or before_days <= 0:
        return Trend(recent, recent_days, before, before_days, "no sight")
    total, share = recent + before, recent_days / (recent_days + before_days)
    if not total:
        return Trend(recent, recent_days, before, before_days, "none")
    upper, lower = _tail(recent, total, share), _tail(before, total, 1 - share)
    chance = min(1.0, 2 * min(upper, lower))
    return Trend(recent, recent_days, before, before_days, _word(recent, total, share, chance), chance)


def _word(recent: int, total: int, share: float, chance: float) -> str:
    more = recent > total * share
    if chance < CHANGE_BELOW:
        return "up" if more else "down"
    # The most uneven split there could be: where even that is no change, so few hits cannot tell.
    best = 2 * (share if more else 1 - share) ** total
    return "too few" if best >= CHANGE_BELOW else "as before"


def _tail(count: int, total: int, share: float) -> float:
    """Chance of ``count`` or more of ``total`` at a share: summed from the smaller side, until terms count for nothing."""
    if count == 0:
        return 1.0
    if count <= total * share:
        return 1.0 - _sum_from(total - count + 1, total, 1 - share)
    return _sum_from(count, total, share)


def _sum_from(count: int, total: int, share: float) -> float:
    logs = math.lgamma(total + 1) - math.lgamma(count + 1) - math.lgamma(total - count + 1)
    term = math.exp(logs + count * math.log(share) + (total - count) * math.log1p(-share))
    found, odds = 0.0, share / (1 - share)
    for number in range(count, total + 1):
        found += term
        term *= (total - number) / (number + 1) * odds
        if term < found * _NEGLIGIBLE:
            break
    return min(found, 1.0)
