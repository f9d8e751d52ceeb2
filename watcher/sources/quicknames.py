"""Names of elements as feedparser makes them, and rules by the place of an element. Must not: read a feed, or guess.

An element has the name that feedparser gives it: the usual prefix of its namespace, then its local name. What has no rule
and no handler in feedparser may be passed over: feedparser keeps it under a key that nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from feedparser.api import StrictFeedParser
from feedparser.util import FeedParserDict

if TYPE_CHECKING:
    from watcher.sources.quickpass import Pass

Attributes = Mapping[str, str]


class GiveUp(Exception):
    """The document is one for feedparser; the message says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do where an element begins and ends.

    ``inside`` is the place that its children stand in. ``is_ignored``: nothing of it is kept, so that it may have any
    attribute. ``is_item``: it is an item of the feed.
    """

    inside: str = "text"
    begin: Callable[[Pass, Attributes], None] | None = None
    finish: Callable[[Pass, str], None] | None = None
    is_ignored: bool = False
    is_item: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """The rules for the children of one kind of element, and for others that may be passed over there."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    other: Rule | None = None


_NAMESPACES: Final = {uri.lower(): prefix for uri, prefix in StrictFeedParser.namespaces.items()}
_USERLAND: Final = "backend.userland.com/rss"

STANDARD: Final = frozenset(prefix.lower() for prefix in _NAMESPACES.values() if prefix)
"""Prefixes that feedparser knows, whatever a document means by them."""

_READ: Final = frozenset(
    {
        "id", "link", "links", "guidislink", "title", "title_detail", "summary", "summary_detail", "content", "tags",
        "author", "authors", "author_detail", "contributors", "source", "language", "published", "published_parsed",
        "updated", "updated_parsed", "created", "created_parsed", "image", "textinput", "where", "license", "name",
        "publisher", "publisher_detail", "publishers", "category", "ttl", "sy_updateperiod", "sy_updatefrequency",
        "media_content", "media_thumbnail", "media_credit", "media_rating", "media_restriction", "media_license",
        "media_player", "psc_chapters", "generator_detail", "content_detail", "enclosures", "subtitle", "cloud", "href",
    }
)  # fmt: skip
"""Keys that feedparser or we read again: no element of these names may be passed over."""


def prefix_of(uri: str) -> str | None:
    """The prefix that feedparser has for a namespace; None where it knows none."""
    lower = uri.lower()
    return "" if _USERLAND in lower else _NAMESPACES.get(lower)


@lru_cache(maxsize=4096)
def may_pass(key: str) -> bool:
    """Whether an element without a rule may be passed over: feedparser does nothing of its own with it."""
    if hasattr(StrictFeedParser, f"_start_{key}") or hasattr(StrictFeedParser, f"_end_{key}"):
        return False
    target = FeedParserDict.keymap.get(key, key)
    return _READ.isdisjoint((key, *target) if isinstance(target, list) else (key, target))


class Meanings:
    """What the prefixes of a document mean.

    feedparser names an element by the usual prefix of its namespace, and that once more by what the document says of a
    prefix of this name. Where the two could differ, there is no telling without its own code.
    """

    def __init__(self) -> None:
        self._prefixes: dict[str | None, str] = {}
        self._unknown: dict[str, str | None] = {}
        self._usual = {"rdf"}
        self._twisted: set[str | None] = set()

    def declare(self, prefix: str | None, uri: str) -> None:
        """Note a declaration.

        Raises:
            GiveUp: a prefix that the document uses in two ways, or in another than is usual.
        """
        if self._prefixes.setdefault(prefix, uri) != uri and prefix is not None:
            raise GiveUp("a prefix with two meanings")
        usual = prefix_of(uri)
        if usual is None:
            if self._unknown.setdefault(uri, prefix) != prefix:
                raise GiveUp("an unknown namespace with two prefixes")
        else:
            self._usual |= {usual.lower()} if usual else set()
            self._twisted |= {prefix} if prefix in STANDARD and prefix != usual.lower() else set()
        unknown = {name.lower() for name in self._unknown.values() if name}
        if self._twisted & self._usual or unknown & (self._usual | self._twisted) or self._mixed_case():
            raise GiveUp("a prefix with an unusual meaning")

    def _mixed_case(self) -> bool:
        names = [prefix for prefix in self._prefixes if prefix]
        return len({name.lower() for name in names}) < len(names)

    def key(self, name: str) -> str:
        """The name that feedparser has for an element, from the one that expat has."""
        uri, _, local = name.rpartition(" ")
        prefix = prefix_of(uri)
        if prefix is None:
            prefix = self._unknown.get(uri)
        return f"{prefix.lower()}_{local.lower()}" if prefix else local.lower()
