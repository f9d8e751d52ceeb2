"""Joins the watchlist's background events with what was found, in time. Must not: read, or say what led to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from msgspec import Struct

from watcher.core.basics import Micros
from watcher.core.period import from_micros, to_micros


class TimelineItem(Struct, frozen=True):
    """Something at a time. ``kind``: ``background`` (the watchlist says it), ``rung`` (a signal climbed) or ``hit``."""

    at: Micros
    kind: str
    title: str
    note: str = ""
    link: str = ""
    hit_id: int | None = None
    signal: str = ""
    key: str = ""

    def day(self, zone: tzinfo) -> str:
        """``2021-12-15``: the day in a zone."""
        return from_micros(self.at, zone).strftime("%Y-%m-%d").rjust(10, "0")


_ORDER = {"background": 0, "rung": 1, "hit": 2}


def join_timeline(
    events: Sequence[Mapping[str, Any]], found: Iterable[TimelineItem], zone: tzinfo
) -> tuple[TimelineItem, ...]:
    """Background events and findings, oldest first; an event stands at the beginning of its day."""
    background = [_background(event, zone) for event in events]
    return tuple(sorted((*background, *found), key=lambda item: (item.at, _ORDER[item.kind], item.key, item.title)))


def _background(event: Mapping[str, Any], zone: tzinfo) -> TimelineItem:
    day = date.fromisoformat(event["date"])
    at = to_micros(datetime(day.year, day.month, day.day, tzinfo=zone))
    key = f"{event['date']} {event['title']}"
    return TimelineItem(at, "background", event["title"], event["note"], event["source"], key=key)
