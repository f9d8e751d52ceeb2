"""Has Python look for circular garbage seldom while a daemon works. Must not: switch the collector off.

The compiled watchlists and the libraries are hundreds of thousands of objects that live as long as the process, and a
poll makes thousands that end by themselves. Looking through all of them over and over costs a sixth of the polls of new
sources and finds nothing; so what is there at the start is set aside, and the rest is looked through at longer steps.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Objects made beyond those that ended before the youngest are looked through, and how many of these make the next step.
THRESHOLDS = (50_000, 10, 20)


def set_aside() -> None:
    """After a reload: free what the old watchlists left behind, and look through the new ones no more."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collect seldom inside, and not at all what was there before; as ever outside."""
    before = gc.get_threshold()
    gc.collect(1)
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
