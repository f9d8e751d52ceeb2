"""Checks what a parser child answers, as if an enemy had written it. Must not: mend, or read anything else.

Caps, addresses, characters, ids and spans are checked again here: a child that a feed has taken over can lie about its
own feed, and no more than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from watcher.core.limits import Limits
from watcher.core.model import Entry, ParsedEntry, ParsedFeed
from watcher.sources import frames
from watcher.sources.cutter import DIGEST_BYTES
from watcher.sources.plain import scrub

if TYPE_CHECKING:
    from watcher.core.program import CompiledWatchlist

_WARNINGS = 50
_WARNING_CHARS = 300
_DATE_CHARS = 100
_FLAGS = frozenset({"truncated", "had-controls", "unknown-zone", "loose", "no-id"})


class Verifier:
    """Turns an answer into a feed, or refuses it.

    Args:
        limits: the caps that were asked for.
        watchlists: gives the compiled watchlists, our own; asked when the first evidence comes.
    """

    def __init__(self, limits: Limits, watchlists: Callable[[], Iterable[CompiledWatchlist]]) -> None:
        self._limits = limits
        self._watchlists = watchlists
        self._loaded: dict[str, CompiledWatchlist] | None = None

    def feed(self, answer: bytes) -> ParsedFeed:
        """The feed in an answer.

        Raises:
            SourceError: the child says that the body could not be read.
            ValueError: the answer is not one that a sound child gives.
        """
        letter, payload = answer[:1], answer[1:]
        if letter == frames.ERROR:
            raise frames.unpack_error(payload)
        if letter != frames.FEED:
            raise ValueError("it is neither a feed nor an error")
        from watcher.core.wire import parsed_feed_from_json

        feed = parsed_feed_from_json(payload)
        self._check_feed(feed)
        return feed

    def _check_feed(self, feed: ParsedFeed) -> None:
        limits = self._limits
        _check(len(feed.entries) <= limits.entries_per_feed, "too many entries")
        _check(len(feed.item_digests) <= limits.entries_per_feed, "too many digests")
        _check(all(len(digest) == DIGEST_BYTES for digest in feed.item_digests), "a digest of the wrong size")
        _check(feed.skipped >= 0 and feed.dropped >= 0, "a negative count")
        _check(len(feed.warnings) <= _WARNINGS, "too many warnings")
        _check(all(len(text) <= _WARNING_CHARS and text.isprintable() for text in feed.warnings), "an unclean warning")
        _check(len(feed.format) <= 40 and feed.format.isprintable(), "an unclean format")
        _check(feed.ttl_s is None or 0 <= feed.ttl_s <= 1e9, "a ttl that is none")
        _check(all(0 <= hour <= 23 for hour in feed.skip_hours), "an hour that is none")
        _check(all(0 <= day <= 6 for day in feed.skip_days), "a day that is none")
        _check(len(feed.title) <= limits.title_chars, "feed title too long")
        _check(len(feed.language) <= 3, "feed language too long")
        texts = [feed.title, feed.language]
        for parsed in feed.entries:
            self._check_entry(parsed.entry)
            texts += _texts(parsed.entry)
        _check(not scrub("".join(texts))[1], "control characters")
        for parsed in feed.entries:
            if parsed.evidence:
                self._check_evidence(parsed)

    def _check_entry(self, entry: Entry) -> None:
        limits = self._limits
        _check(
            len(entry.guid) <= limits.guid_chars
            and len(entry.link) <= limits.link_chars
            and len(entry.outlet_url) <= limits.link_chars
            and len(entry.title) <= limits.title_chars
            and len(entry.text) <= limits.text_chars
            and len(entry.author) <= limits.author_chars
            and len(entry.outlet) <= limits.author_chars
            and len(entry.published_raw) <= _DATE_CHARS
            and len(entry.language) <= 3,
            "a field too long",
        )
        if entry.tags:
            _check(len(entry.tags) <= limits.tags, "too many tags")
            _check(max(map(len, entry.tags)) <= limits.tag_chars, "a tag too long")
        _check(_is_web(entry.link) and _is_web(entry.outlet_url), "a link that is not of the web")
        _check(not entry.flags or _FLAGS.issuperset(entry.flags), "an unknown flag")
        _check(len(entry.item_digest) in (0, DIGEST_BYTES), "a digest of the wrong size")
        _check(entry.published is None or abs(entry.published) < 2**53, "a time that is none")

    def _check_evidence(self, parsed: ParsedEntry) -> None:
        from watcher.core.score import validate_evidence

        if self._loaded is None:
            self._loaded = {watchlist.id: watchlist for watchlist in self._watchlists()}
        for name, evidence in parsed.evidence.items():
            watchlist = self._loaded.get(name)
            if watchlist is None:
                raise ValueError("evidence for a watchlist that we do not have")
            validate_evidence(watchlist, evidence, parsed.entry.title, parsed.entry.text)


def _is_web(link: str) -> bool:
    return not link or link[:8].lower().startswith(("http://", "https://"))


def _check(holds: bool, problem: str) -> None:
    if not holds:
        raise ValueError(problem)


def _texts(entry: Entry) -> tuple[str, ...]:
    """All text of an entry: looked through at once, which costs a fifth of looking field by field."""
    return (
        entry.guid,
        entry.link,
        entry.title,
        entry.text,
        entry.published_raw,
        entry.author,
        entry.outlet,
        entry.outlet_url,
        entry.language,
        *entry.tags,
    )
