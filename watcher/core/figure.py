"""Tracked quantities read from sentences. Must not: guess; a wrong reading is worse than none."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.core.evaluate import Evaluator
from watcher.core.model import FigureReading
from watcher.core.program import CompiledFigure


def readings(evaluator: Evaluator, figures: Sequence[CompiledFigure]) -> tuple[FigureReading, ...]:
    """Readings of the figures whose phrase stands in the entry."""
    del evaluator, figures
    return ()
