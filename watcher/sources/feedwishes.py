"""Reads how often a feed wants to be polled: ttl, sy:updatePeriod, skipHours, skipDays. Must not: decide anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PERIODS_S = {"hourly": 3600.0, "daily": 86400.0, "weekly": 604800.0, "monthly": 2592000.0, "yearly": 31536000.0}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SKIP_HOURS = re.compile(r"<skipHours>(.{0,4000}?)</skipHours>", re.IGNORECASE | re.DOTALL)
_SKIP_DAYS = re.compile(r"<skipDays>(.{0,4000}?)</skipDays>", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(r"<hour>\s{0,20}(\d{1,2})\s{0,20}</hour>", re.IGNORECASE)
_DAY = re.compile(r"<day>\s{0,20}([A-Za-z]{6,9})\s{0,20}</day>", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,12}")
_HEAD_CHARS = 65536
_CEILING_S = 1e9


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the publisher asks for; hours are GMT, 0 is Monday."""

    ttl_s: float | None = None
    hours: tuple[int, ...] = ()
    days: tuple[int, ...] = ()


def read(feed: Mapping[str, Any], text: str) -> Wishes:
    """Wishes from feedparser's feed fields and, for what it does not keep, from the head of the document."""
    head = text[:_HEAD_CHARS]
    hours = {int(hour) % 24 for block in _SKIP_HOURS.findall(head) for hour in _HOUR.findall(block) if int(hour) <= 24}
    days = {day.lower() for block in _SKIP_DAYS.findall(head) for day in _DAY.findall(block)}
    found = [seconds for seconds in (_ttl(feed), _update_period(feed)) if seconds is not None]
    return Wishes(
        ttl_s=max(found, default=None),
        hours=tuple(sorted(hours)),
        days=tuple(number for number, day in enumerate(_DAYS) if day in days),
    )


def _ttl(feed: Mapping[str, Any]) -> float | None:
    """RSS ``ttl``, which is in minutes."""
    match = _NUMBER.fullmatch(str(feed.get("ttl") or "").strip())
    return min(float(match.group(0)) * 60, _CEILING_S) if match and int(match.group(0)) else None


def _update_period(feed: Mapping[str, Any]) -> float | None:
    period = _PERIODS_S.get(str(feed.get("sy_updateperiod") or "").strip().lower())
    if period is None:
        return None
    match = _NUMBER.fullmatch(str(feed.get("sy_updatefrequency") or "1").strip())
    return period / max(1, int(match.group(0)) if match else 1)
