"""The names that everything else is written in: the unit of time and the closed sets of words. Must not: hold a data class.

Apart from the model, so that a reading command need not make its many data classes (start-up time is a requirement).
"""

from __future__ import annotations

from enum import StrEnum

Micros = int
SECOND: Micros = 1_000_000


class SourceHealth(StrEnum):
    """State of a source, kept as intervals. The first three mean "we can see"."""

    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    STALE = "stale"
    NOT_A_FEED = "not a feed"
    BLOCKED = "blocked"
    AUTH = "auth"
    GONE = "gone"
    UNREACHABLE = "unreachable"
    PARSE_ERROR = "parse error"
    QUARANTINED = "quarantined"
    NEVER_POLLED = "never polled"
    DISABLED = "disabled"
    BLIND = "blind by construction"


class Sighting(StrEnum):
    """Class of a sighting of an entry."""

    NEW = "new"
    UPDATED = "updated"
    BACKFILLED = "back-filled"
    REPUBLISHED = "republished"


class Outcome(StrEnum):
    """How a poll ended."""

    NEW_BODY = "new body"
    SAME_BODY = "same body"
    NOT_MODIFIED = "not modified"
    FAILED = "failed"
