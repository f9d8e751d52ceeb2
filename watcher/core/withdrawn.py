"""Tells what a publisher took back from what merely rolled off the end of its feed. Must not: be sure; it marks, nothing more.

A feed shows its newest entries: what leaves is older than what stays. An entry that leaves while a good part of what
stays is older than it was taken back. A few old entries may stay for other reasons (pinned ones), and a feed that
leaves its dates out of account (the most read) says nothing by dropping one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from watcher.core.basics import Micros

LEAST_OLDER: Final = 3
SHARE_OLDER: Final = 0.2
"""So many, and such a share, of the entries that stay must be older than one that was withdrawn."""
MOST_AT_ONCE: Final = 0.1
"""Where more of a body's entries than this (and more than two) leave out of order, its order means nothing."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry of the body before: its date by its publisher, else when it was first seen."""

    entry_id: int
    at: Micros


def withdrawn(left: Sequence[Shown], stay: Sequence[Shown]) -> tuple[int, ...]:
    """Those that left while older entries stayed."""
    ages = sorted(one.at for one in stay)
    needed = max(LEAST_OLDER, len(stay) * SHARE_OLDER)
    gone = tuple(one.entry_id for one in left if bisect_left(ages, one.at) >= needed)
    most = max(2, (len(left) + len(stay)) * MOST_AT_ONCE)
    return gone if len(gone) <= most else ()
