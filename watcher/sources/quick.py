"""Reads plain, well-formed feeds as feedparser would, many times as fast; in any doubt gives up. Must not: guess.

What comes out is what feedparser's dictionaries hold under the keys that `feed` reads, to the letter. feedparser stays
the judge: a shape without a rule here is a reason to give up and leave the document to it, and tests hold both to the
same results over a corpus of real feeds. Here stand the document and the feed; `quickitems` has the items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watcher.sources.quickitems import (
    ASIDE,
    AUTHOR_PARTS,
    BOTH,
    DATES,
    ENTRY,
    IGNORED,
    ITEM,
    LEAF,
    MARKUP_ASIDE,
    MEDIA,
    all_of,
    bare,
    begin_channel,
    begin_image,
    begin_markup,
    clean,
    parsed,
    title_ends,
)
from watcher.sources.quicknames import Attributes, GiveUp, Place, Rule
from watcher.sources.quickpass import Pass

_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}

__all__ = ["GiveUp", "QuickFeed", "read"]


@dataclass(frozen=True, slots=True)
class QuickFeed:
    """What feedparser would have made of a document, as far as anybody asks."""

    version: str
    feed: Mapping[str, Any]
    entries: list[dict[str, Any]]
    digests: list[bytes]


def read(data: bytes, *, with_digests: bool = False) -> QuickFeed:
    """Read a whole document in UTF-8, if asked with the digests of its items that `cutter` would find.

    Raises:
        GiveUp: it has a shape that is not ours, or is not well-formed.
    """
    run = Pass(_PLACES, data, with_digests=with_digests)
    run.run()
    return QuickFeed(run.version, run.feed, run.entries, run.digests)


# --- the document and the feed ----------------------------------------------------------------------------------------


def _begin_rss(run: Pass, given: Attributes) -> None:
    _take_language(run)
    if not run.version.startswith("rss"):
        version = given.get("version", "")
        run.version = _RSS_VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")


def _begin_atom(run: Pass, given: Attributes) -> None:
    _take_language(run)
    run.version = run.version or _ATOM_VERSIONS.get(given.get("version", ""), "atom")


def _begin_rdf(run: Pass, _: Attributes) -> None:
    if not run.version:
        raise GiveUp("RDF of no known version")


def _take_language(run: Pass) -> None:
    if run.language():
        run.feed["language"] = run.language()


def _feed_title(run: Pass, text: str) -> None:
    if not -1 < run.title_depth <= run.depth():
        run.feed["title"] = clean(text)
    title_ends(run, text)


def _inner_title(run: Pass, text: str) -> None:
    """The title of an image or a form: only its depth matters."""
    title_ends(run, text)


def _feed_description(run: Pass, _: str) -> None:
    if "summary" in run.feed and not run.has_content:
        run.has_content = True


def _feed_summary(run: Pass, text: str) -> None:
    _feed_description(run, text)
    run.feed.setdefault("summary", "")


def _feed_text(key: str) -> Rule:
    """A text of the feed that is kept as it is."""

    def finish(run: Pass, text: str) -> None:
        run.feed[key] = clean(text)

    return Rule(begin=bare, finish=finish)


def _feed_date(_: Pass, text: str) -> None:
    parsed(text)


# --- which element stands where ---------------------------------------------------------------------------------------

_FEED_SUMMARY = Rule(begin=begin_markup, finish=_feed_summary)
_FEED = {
    **BOTH,
    **all_of(Rule(finish=_feed_date), " ".join(DATES)),
    **all_of(Rule(begin=begin_markup, finish=_feed_title), "title dc_title"),
    **all_of(Rule(begin=begin_markup, finish=_feed_description), "description dc_description"),
    **all_of(_FEED_SUMMARY, "summary itunes_summary"),
    **all_of(_feed_text("language"), "language dc_language"),
    **{name: _feed_text(name) for name in ("ttl", "sy_updateperiod", "sy_updatefrequency")},
    **all_of(ASIDE, "author managingeditor dc_author dc_creator itunes_author itunes_owner"),
    **all_of(LEAF, "link id guid category keywords dc_subject media_category itunes_keywords media_keywords"),
    "itunes_category": Rule("categories", is_ignored=True),
    "image": Rule("image", begin=begin_image),
    "textinput": Rule("textinput", begin=begin_image),
    **all_of(ENTRY, "item entry"),
}
_INNER_TITLE = Rule(begin=begin_markup, finish=_inner_title)
_PLACES: Mapping[str, Place] = {
    "document": Place(
        {
            "rss": Rule("rss", begin=_begin_rss),
            "feed": Rule("feed", begin=_begin_atom),
            "rdf_rdf": Rule("rdf", begin=_begin_rdf),
        }
    ),
    "rss": Place({"channel": Rule("feed", begin=begin_channel)}, IGNORED),
    "rdf": Place(
        {
            "channel": Rule("feed", begin=begin_channel),
            "item": ENTRY,
            "image": _FEED["image"],
            "textinput": _FEED["textinput"],
        }
    ),
    "feed": Place(_FEED, IGNORED),
    "item": Place(ITEM, IGNORED),
    "media": Place(MEDIA, IGNORED),
    "author": AUTHOR_PARTS,
    "aside": Place(all_of(LEAF, "name email uri url homepage itunes_name itunes_email"), IGNORED),
    "categories": Place({"itunes_category": Rule("categories", is_ignored=True)}),
    "image": Place({**all_of(LEAF, "link url width height"), "title": _INNER_TITLE, "description": MARKUP_ASIDE}),
    "textinput": Place({**all_of(LEAF, "link name"), "title": _INNER_TITLE, "description": MARKUP_ASIDE}),
    "ignored": Place(other=IGNORED),
    "text": Place(),
}
