"""Puts decisions of analysts beside scores: of those that scored like this, how many were kept. Must not: change a score.

Bins of ten points are joined with their lower neighbour until each holds at least `LEAST` decisions; the share that was
kept stands with its Wilson interval (95 %), which is honest at few counts. There is no fitted curve: with a handful of
decisions one would claim more than they hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BIN = 10.0
LEAST = 10
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Bin:
    """Decided hits that score from ``low`` up to ``high`` (100 included), and how many of them were kept."""

    low: float
    high: float
    decided: int
    kept: int

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson interval of the share kept."""
        return wilson(self.kept, self.decided)

    def holds(self, score: float) -> bool:
        """Is the score in it?"""
        return self.low <= score < self.high or (score >= self.high >= 100)


def wilson(kept: int, decided: int) -> tuple[float, float]:
    """The 95 % interval of a share (E. B. Wilson, 1927); 0 to 1 where nothing was decided."""
    if not decided:
        return 0.0, 1.0
    share, z2 = kept / decided, _Z * _Z
    middle = (share + z2 / (2 * decided)) / (1 + z2 / decided)
    reach = _Z / (1 + z2 / decided) * math.sqrt(share * (1 - share) / decided + z2 / (4 * decided * decided))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def bins_of(decided: Iterable[tuple[float, bool]], *, least: int = LEAST) -> tuple[Bin, ...]:
    """Bins of (score, was it kept), the highest first; what is left over at the bottom may hold fewer than ``least``."""
    counts: dict[int, list[int]] = {}
    for score, kept in decided:
        cell = counts.setdefault(min(int(score // BIN), int(100 / BIN) - 1), [0, 0])
        cell[0] += 1
        cell[1] += kept
    made: list[Bin] = []
    high, held, kept_here = 100.0, 0, 0
    for step in range(int(100 / BIN) - 1, -1, -1):
        number, good = counts.get(step, (0, 0))
        held, kept_here = held + number, kept_here + good
        if held >= least:
            made.append(Bin(step * BIN, high, held, kept_here))
            high, held, kept_here = step * BIN, 0, 0
    if held:
        made.append(Bin(0.0, high, held, kept_here))
    return tuple(made)


def bin_of(bins: Sequence[Bin], score: float, *, least: int = LEAST) -> Bin | None:
    """The bin of a score; None where too little was decided to say anything."""
    found = next((one for one in bins if one.holds(score)), None)
    return found if found is not None and found.decided >= least else None


def words_of(found: Bin | None) -> str:
    """``of 12 decided hits that scored 70-80, 9 were kept (95 %: 47-91 %)``, or that too little was decided."""
    if found is None:
        return f"too few decisions near this score to say (at least {LEAST})"
    low, high = found.interval
    return (
        f"of {found.decided} decided hits that scored {found.low:g}-{found.high:g}, {found.kept} were kept "
        f"(95 %: {low * 100:.0f}-{high * 100:.0f} %)"
    )
