"""Rungs of a ladder: which one the evidence reaches. Must not: score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

RUNG_STRENGTH: Final = 0.4


def highest(rungs: Sequence[str], reached: Iterable[tuple[str, float]]) -> str:
    """The highest rung among rules that fired strongly enough.

    Args:
        rungs: of the ladder, lowest first.
        reached: rung and strength of every rule that fired and was not suppressed.

    Returns:
        The rung, or an empty string where none is reached.
    """
    strong = {rung for rung, strength in reached if strength >= RUNG_STRENGTH}
    return next((rung for rung in reversed(rungs) if rung in strong), "")
