"""Runs what polls in an event loop: uvloop's where there is one for the system, else Python's own. Must not: need it.

Polling is many short connections, and a tenth of what they cost is the loop itself.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def loop_factory() -> LoopFactory | None:
    """What makes a loop; None stands for Python's own way."""
    try:
        return importlib.import_module("uvloop").new_event_loop  # type: ignore[no-any-return]
    except ImportError:
        return None


def run(work: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` with the best loop there is."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(work)
