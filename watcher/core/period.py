"""Reads and writes moments and periods as people do. Must not: read the clock or look a time zone up (it is given).

A period is [since, until). Words that count back (``7d``, ``yesterday``) count from a reference, the newest committed
poll, never from the clock: the same database gives the same answer tomorrow.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from watcher.core.basics import SECOND, Micros
from watcher.core.errors import UsageProblem

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BACK = re.compile(r"(\d{1,6})\s*(m|h|d|w)")
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?", re.IGNORECASE
)
ACCEPTED = "2025-12-15, 2025-12-15T10:00Z, 7d, 24h, yesterday, today"
"""What a person may write for a moment; messages and helps show it."""


def to_micros(moment: datetime) -> Micros:
    """Whole microseconds since 1970 of an aware moment."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: Micros, zone: tzinfo = UTC) -> datetime:
    """The moment in a time zone; one that no calendar can hold is cut to the first or last year it can."""
    low, high = to_micros(datetime(1, 1, 2, tzinfo=UTC)), to_micros(datetime(9999, 12, 30, tzinfo=UTC))
    return (_EPOCH + timedelta(microseconds=min(max(micros, low), high))).astimezone(zone)


def parse_moment(text: str, *, reference: Micros, zone: tzinfo) -> Micros:
    """Read a moment: a date or time (in ``zone`` where it names none), or a span back from ``reference``.

    Raises:
        UsageProblem: the text is none of these; the hint says what is.
    """
    word = text.strip().lower()
    if word == "now":
        return reference
    if word in ("today", "yesterday"):
        return _day_start(reference, zone, days_back=int(word == "yesterday"))
    back = _BACK.fullmatch(word)
    if back is not None:
        return reference - int(back.group(1)) * _SECONDS[back.group(2)] * SECOND
    moment = _iso(text.strip(), zone)
    if moment is None:
        raise UsageProblem(f"cannot read {text!r} as a time", hint=f"write it like one of these: {ACCEPTED}")
    return moment


def _iso(text: str, zone: tzinfo) -> Micros | None:
    if _ISO.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" Z", "Z"))
    except ValueError:
        return None
    return to_micros(moment if moment.tzinfo is not None else moment.replace(tzinfo=zone))


def _day_start(reference: Micros, zone: tzinfo, *, days_back: int) -> Micros:
    day = from_micros(reference, zone).date() - timedelta(days=days_back)
    return to_micros(datetime(day.year, day.month, day.day, tzinfo=zone))


def show_moment(micros: Micros | None, zone: tzinfo, *, none: str = "-") -> str:
    """``2025-12-15 14:05`` in the zone."""
    return none if micros is None else from_micros(micros, zone).strftime("%Y-%m-%d %H:%M").rjust(16, "0")


def show_iso(micros: Micros | None) -> str | None:
    """``2025-12-15T13:05:00Z`` with as many digits of a second as it needs; None stays None."""
    if micros is None:
        return None
    return from_micros(micros).isoformat().replace("+00:00", "Z")


def show_span(micros: Micros) -> str:
    """``45 s``, ``12 min``, ``5 h``, ``3 days``: how long, to one figure that a person reads at once."""
    seconds = max(0, micros) // SECOND
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"
