"""Reads what a response says about time: Retry-After, Cache-Control, Expires. Must not: decide the next poll.

Dates are taken relative to the server's own ``Date``, so that a server with a wrong clock still means what it says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,15})", re.IGNORECASE)
_SECONDS = re.compile(r"[+-]?\d{1,15}")
_CEILING_S = 1e9


def http_date(value: str) -> float | None:
    """Seconds since 1970 of an HTTP date, or None where it is none."""
    try:
        return parsedate_to_datetime(value[:100]).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def retry_after(headers: Mapping[str, str], now_s: float) -> float | None:
    """Seconds until the publisher wants to be asked again; None where it did not say, or not in earnest.

    Args:
        headers: lower-cased names.
        now_s: our wall time, used where the server sent no ``Date``.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        seconds = float(value)
        return min(seconds, _CEILING_S) if seconds >= 0 else None
    return _until(value, headers, now_s)


def max_age(headers: Mapping[str, str], now_s: float) -> float | None:
    """Seconds for which the answer is fresh by ``Cache-Control``, else by ``Expires``; None where neither says."""
    match = _MAX_AGE.search(headers.get("cache-control", ""))
    if match:
        return min(float(match.group(1)), _CEILING_S)
    return _until(headers.get("expires", ""), headers, now_s)


def _until(value: str, headers: Mapping[str, str], now_s: float) -> float | None:
    moment = http_date(value) if value else None
    if moment is None:
        return None
    server_now = http_date(headers.get("date", ""))
    seconds = moment - (now_s if server_now is None else server_now)
    return min(seconds, _CEILING_S) if seconds >= 0 else None
