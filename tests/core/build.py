"""Small makers of the core's data, for tests that decide."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec.structs import replace

from watcher.core.intents import StoredEntry
from watcher.core.model import Assessment, Claim, Entry, Fetched, ParsedEntry, ParsedFeed, ScoredEntry, SourceSpec
from watcher.core.resolve import name_entries

NOW = 1_765_800_000_000_000  # 15 December 2025, noon UTC
HOUR = 3_600_000_000
DAY = 24 * HOUR

LONG = "The foreign ministry said that a written draft would be handed over before the end of the year."


def spec(**changes: Any) -> SourceSpec:
    base = SourceSpec("press", "feed", "https://press.example/feed", "Press", "Press office", "press", "en")
    return replace(base, **changes)


def claim(**changes: Any) -> Claim:
    base = Claim(
        1, spec(), 7, NOW + 180_000_000, is_first=False, health="ok", last_ok_at=NOW - HOUR, body_digest=b"before"
    )
    return replace(base, **changes)


def entry(
    guid: str = "g1", link: str = "https://press.example/1", title: str = "Title", text: str = LONG, **more: Any
) -> Entry:
    return Entry(guid, link, title, text, **more)


def assessed(signal: str = "offer", score: float = 60.0, *, reached: bool = True) -> Assessment:
    return Assessment(signal, score, "claimed", reached, (), ())


def scored(item: Entry, *signals: str, watchlist: str = "pact") -> ScoredEntry:
    return ScoredEntry(item, {}, {watchlist: tuple(assessed(signal) for signal in signals)})


def body(*items: ScoredEntry) -> Any:
    return name_entries(items)


def stored(item: Entry, entry_id: int = 10, **changes: Any) -> StoredEntry:
    """What the store would say of an entry that it has."""
    (named,) = name_entries([ScoredEntry(item, {}, {})]).entries
    base = StoredEntry(entry_id, named.key, named.link, named.content, 1, item.published)
    return replace(base, **changes)


def fetched(content: bytes = b"<rss/>", status: int = 200, **changes: Any) -> Fetched:
    base = Fetched(
        status, "https://press.example/feed", (), content, hashlib.sha256(content).digest(), '"e1"', "Mon", (), 0.1, 10
    )
    return replace(base, **changes)


def feed(*items: Entry, **changes: Any) -> ParsedFeed:
    return replace(ParsedFeed("rss20", entries=tuple(ParsedEntry(item) for item in items)), **changes)
