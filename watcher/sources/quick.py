"""Reads plain, well-formed feeds as feedparser would, many times as fast; in any doubt gives up. Must not: guess.

What comes out is what feedparser's dictionaries hold under the keys that `feed` reads, to the letter. feedparser stays
the judge: a shape without a rule here is a reason to give up and leave the document to it, and tests hold both to the
same results over a corpus of real feeds. Rules of feedparser that look odd (an item's second description is its content,
a title after a deeper one replaces it) are kept as they are.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from feedparser.datetimes import _parse_date
from feedparser.html import _cp1252

from watcher.sources.quicknames import Attributes, GiveUp, Place, Rule
from watcher.sources.quickpass import Pass

_PLAIN_TYPES = frozenset({"text", "plain", "html", "text/plain", "text/html"})
_MODES = frozenset({"", "escaped"})
_PAGE_TYPES = frozenset({"html", "xhtml", "text/html", "application/xhtml+xml"})
_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
_ITUNES = "http://www.itunes.com/"
_MEDIA = "http://search.yahoo.com/mrss/category_schema"
_QUERY_NAME = re.compile("&([A-Za-z0-9_]+);")
_C1 = re.compile("[\x80-\x9f]")
# Dates that `dates.read_date` reads for certain, and over which none of feedparser's readers raises.
_PLAIN_DATE = re.compile(
    r"(?:[A-Z][a-z]{2}, )?[0-9]{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4}"
    r" [0-9]{2}:[0-9]{2}:[0-9]{2} (?:[A-Z]{1,4}|[+-][0-9]{4})"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)

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


def _clean(text: str) -> str:
    """Text as feedparser stores it: UTF-8 that was taken for Latin-1 put right, and windows-1252's signs."""
    if text.isascii():
        return text
    with contextlib.suppress(ValueError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_cp1252) if _C1.search(text) else text


def _address(run: Pass, text: str) -> str:
    """An address that stands between tags."""
    return _clean(run.resolve(text)) if text else ""


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


def _begin_channel(_: Pass, given: Attributes) -> None:
    if "lastmod" in given or "href" in given:
        raise GiveUp("a channel of the CDF kind")


def _feed_title(run: Pass, text: str) -> None:
    if not -1 < run.title_depth <= run.depth():
        run.feed["title"] = _clean(text)
    _title_ends(run, text)


def _inner_title(run: Pass, text: str) -> None:
    """The title of an image or a form: only its depth matters."""
    _title_ends(run, text)


def _title_ends(run: Pass, text: str) -> None:
    if text:
        run.title_depth = run.depth()


def _feed_description(run: Pass, _: str) -> None:
    if "summary" in run.feed and not run.has_content:
        run.has_content = True


def _feed_summary(run: Pass, text: str) -> None:
    _feed_description(run, text)
    run.feed.setdefault("summary", "")


def _feed_text(key: str) -> Rule:
    """A text of the feed that is kept as it is."""

    def finish(run: Pass, text: str) -> None:
        run.feed[key] = _clean(text)

    return Rule(begin=_bare, finish=finish)


def _feed_date(_: Pass, text: str) -> None:
    _parsed(text)


def _begin_image(run: Pass, _: Attributes) -> None:
    run.title_depth = -1


def _bare(_: Pass, given: Attributes) -> None:
    if given:
        raise GiveUp("attributes")


# --- items ------------------------------------------------------------------------------------------------------------


def _begin_item(run: Pass, given: Attributes) -> None:
    _begin_channel(run, given)
    run.item_begins()
    run.context = {}
    run.depths.clear()
    run.tags.clear()
    run.entries.append(run.context)
    run.title_depth = -1
    about = given.get("rdf:about")
    if about:
        run.context["id"] = about


def _finish_item(run: Pass, _: str) -> None:
    run.item_ends()
    run.context = run.feed
    run.has_content = False


def _begin_markup(_: Pass, given: Attributes) -> None:
    if given and (given.get("type", "text") not in _PLAIN_TYPES or given.get("mode", "") not in _MODES):
        raise GiveUp("content that is neither text nor HTML")


def _title(run: Pass, text: str) -> None:
    if not -1 < run.title_depth <= run.depth():
        run.put("title", _clean(text))
        run.context["title_detail"] = {"base": run.base, "language": run.language()}
    _title_ends(run, text)


def _media_title(run: Pass, text: str) -> None:
    before = run.title_depth
    _title(run, text)
    run.title_depth = before


def _summary(run: Pass, text: str) -> None:
    """A description; the second one of an item is its content, unless it has some already."""
    if "summary" in run.context and not run.has_content:
        _content(run, text)
    else:
        _abstract(run, text)


def _abstract(run: Pass, text: str) -> None:
    run.put("summary", _clean(text))
    run.context["summary_detail"] = {"base": run.base}


def _content(run: Pass, text: str) -> None:
    run.has_content = True
    value = _clean(text)
    run.context.setdefault("content", []).append({"value": value})
    run.context.setdefault("summary", value)


def _begin_link(run: Pass, given: Attributes) -> None:
    if "url" in given or "uri" in given:
        raise GiveUp("a link by another name")
    href = given.get("href")
    run.link_is_text = href is None
    if href is not None and given.get("rel", "alternate") == "alternate":
        kind = given.get("type") or ("text/html" if "type" not in given else "")
        if kind in _PAGE_TYPES:
            run.context["link"] = run.resolve(href)


def _link(run: Pass, text: str) -> None:
    if run.link_is_text:
        address = _address(run, text).replace("&amp;", "&")
        run.context["link"] = _QUERY_NAME.sub(r"&\g<1>", address)


def _begin_guid(run: Pass, given: Attributes) -> None:
    run.guid_is_link = given.get("ispermalink", "true") == "true"


def _guid(run: Pass, text: str) -> None:
    value = _address(run, text) if run.guid_is_link else _clean(text)
    run.put("id", value)
    run.context.setdefault("guidislink", run.guid_is_link and "link" not in run.context)
    if run.guid_is_link:
        run.context.setdefault("link", value)


def _date(key: str) -> Rule:
    """A date of an item, with what feedparser reads in it where our own reader might not."""

    def finish(run: Pass, text: str) -> None:
        run.put(key, _clean(text))
        run.context[f"{key}_parsed"] = _parsed(text)

    return Rule(finish=finish)


def _parsed(text: str) -> Any:
    if not text or _PLAIN_DATE.fullmatch(text):
        return None
    try:
        return _parse_date(_clean(text))
    except Exception as error:  # whatever it raises, feedparser raises as well: its own matter
        raise GiveUp("a date over which feedparser raises") from error


def _item_text(key: str) -> Rule:
    def finish(run: Pass, text: str) -> None:
        run.put(key, _clean(text))

    return Rule(finish=finish)


# --- categories -------------------------------------------------------------------------------------------------------


def _begin_category(run: Pass, given: Attributes) -> None:
    _add_tag(run, given.get("term"), given.get("scheme", given.get("domain")), given.get("label"))


def _begin_media_category(run: Pass, given: Attributes) -> None:
    _add_tag(run, given.get("term"), given.get("scheme", _MEDIA), given.get("label"))


def _begin_itunes_category(run: Pass, given: Attributes) -> None:
    _add_tag(run, given.get("text"), _ITUNES, None)


def _category(run: Pass, text: str) -> None:
    if not text:
        return
    value, tags = _clean(text), run.context["tags"]
    if tags and not tags[-1]["term"]:
        last = tags[-1]
        run.tags.discard((last["term"], last["scheme"], last["label"]))
        last["term"] = value
        run.tags.add((value, last["scheme"], last["label"]))
    else:
        _add_tag(run, value, None, None)


def _keywords(scheme: str | None) -> Rule:
    def finish(run: Pass, text: str) -> None:
        for word in _clean(text).split(","):
            if word.strip():
                _add_tag(run, word.strip(), scheme, None)

    return Rule(begin=_bare, finish=finish)


def _add_tag(run: Pass, term: str | None, scheme: str | None, label: str | None) -> None:
    tags = run.context.setdefault("tags", [])
    tag = (term, scheme, label)
    if (term or scheme or label) and tag not in run.tags:
        run.tags.add(tag)
        tags.append({"term": term, "scheme": scheme, "label": label})


# --- people and sources -----------------------------------------------------------------------------------------------


def _begin_author(run: Pass, _: Attributes) -> None:
    run.has_parts = False
    run.context.setdefault("authors", []).append({})


def _author(run: Pass, text: str) -> None:
    if run.has_parts and text:
        raise GiveUp("an author of text and elements")
    run.put("author", _clean(text))
    _sync_author(run)


def _begin_part(run: Pass, _: Attributes) -> None:
    if "".join(run.pieces).strip():
        raise GiveUp("an author of text and elements")
    run.has_parts = True


def _part(key: str) -> Rule:
    """A part of an author; its name is stored as it is."""

    def finish(run: Pass, text: str) -> None:
        _sync_author(run)
        run.context["authors"][-1][key] = _address(run, text) if key == "href" else text

    return Rule(begin=_begin_part, finish=finish)


def _finish_oddity(_: Pass, text: str) -> None:
    if text:
        raise GiveUp("text in an element that an author has no use for")


def _sync_author(run: Pass) -> None:
    """What feedparser does after each part of an author."""
    detail = run.context["authors"][-1]
    name, email = detail.get("name"), detail.get("email")
    if name or email:
        run.context["author"] = f"{name} ({email})" if name and email else name or email
    elif not detail and run.has_parts:
        before = run.context.get("author")
        if before and "@" in before:
            raise GiveUp("an author after one with an address")
        if before:
            detail["name"] = before


def _begin_source(run: Pass, given: Attributes) -> None:
    run.title_depth = -1
    run.context["source"] = {"href": given["url"]} if "url" in given else {}


def _source(run: Pass, text: str) -> None:
    if text:
        run.context["source"]["title"] = _clean(text)


# --- which element stands where ---------------------------------------------------------------------------------------

_IGNORED = Rule("ignored", is_ignored=True)
_ASIDE = Rule("aside", is_ignored=True)
_LEAF = Rule("text", is_ignored=True)
_MARKUP_ASIDE = Rule(begin=_begin_markup)
_SUMMARY = Rule(begin=_begin_markup, finish=_summary)
_FEED_SUMMARY = Rule(begin=_begin_markup, finish=_feed_summary)
_AUTHOR = Rule("author", begin=_begin_author, finish=_author)


def _all(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


_DATES = {
    **_all(_date("published"), "published pubdate issued dcterms_issued"),
    **_all(_date("updated"), "updated modified lastbuilddate dc_date dcterms_modified"),
    **_all(_date("created"), "created dcterms_created"),
}
_BOTH = {
    **_all(
        _IGNORED, "itunes_image itunes_block itunes_explicit media_thumbnail media_credit media_rating media_license"
    ),
    **_all(
        _IGNORED, "media_restriction media_player enclosure cc_license creativecommons_license georss_point generator"
    ),
    **_all(_IGNORED, "admin_generatoragent admin_errorreportsto cloud webmaster dc_publisher dc_contributor"),
    **_all(
        _MARKUP_ASIDE, "rights copyright dc_rights subtitle tagline itunes_subtitle info feedburner_browserfriendly"
    ),
    "contributor": _ASIDE,
}
_MEDIA_RULES = {
    **_all(_IGNORED, "media_thumbnail media_credit media_rating media_restriction media_license media_player"),
    **_all(Rule("media", is_ignored=True), "media_group media_content"),
    "media_title": Rule(begin=_begin_markup, finish=_media_title),
    "media_description": _SUMMARY,
    "media_category": Rule(begin=_begin_media_category, finish=_category),
    "media_keywords": _keywords(None),
}
_ITEM = {
    **_BOTH,
    **_DATES,
    **_MEDIA_RULES,
    **_all(Rule(begin=_begin_markup, finish=_title), "title dc_title"),
    **_all(Rule(begin=_begin_guid, finish=_guid), "guid id"),
    **_all(_SUMMARY, "description summary dc_description itunes_summary"),
    **_all(Rule(begin=_begin_markup, finish=_content), "content content_encoded fullitem"),
    **_all(_AUTHOR, "author managingeditor dc_author dc_creator itunes_author"),
    **_all(Rule(begin=_begin_category, finish=_category), "category keywords dc_subject"),
    **_all(_item_text("language"), "language dc_language"),
    "abstract": Rule(begin=_begin_markup, finish=_abstract),
    "link": Rule(begin=_begin_link, finish=_link),
    "itunes_category": Rule(begin=_begin_itunes_category, finish=_category),
    "itunes_keywords": _keywords(_ITUNES),
    "source": Rule(begin=_begin_source, finish=_source),
    "image": Rule(begin=_begin_image),
}
_ENTRY = Rule("item", begin=_begin_item, finish=_finish_item, is_item=True)
_FEED = {
    **_BOTH,
    **_all(Rule(finish=_feed_date), " ".join(_DATES)),
    **_all(Rule(begin=_begin_markup, finish=_feed_title), "title dc_title"),
    **_all(Rule(begin=_begin_markup, finish=_feed_description), "description dc_description"),
    **_all(_FEED_SUMMARY, "summary itunes_summary"),
    **_all(_feed_text("language"), "language dc_language"),
    **{name: _feed_text(name) for name in ("ttl", "sy_updateperiod", "sy_updatefrequency")},
    **_all(_ASIDE, "author managingeditor dc_author dc_creator itunes_author itunes_owner"),
    **_all(_LEAF, "link id guid category keywords dc_subject media_category itunes_keywords media_keywords"),
    "itunes_category": Rule("categories", is_ignored=True),
    "image": Rule("image", begin=_begin_image),
    "textinput": Rule("textinput", begin=_begin_image),
    **_all(_ENTRY, "item entry"),
}
_INNER_TITLE = Rule(begin=_begin_markup, finish=_inner_title)
_PLACES: Mapping[str, Place] = {
    "document": Place(
        {
            "rss": Rule("rss", begin=_begin_rss),
            "feed": Rule("feed", begin=_begin_atom),
            "rdf_rdf": Rule("rdf", begin=_begin_rdf),
        }
    ),
    "rss": Place({"channel": Rule("feed", begin=_begin_channel)}, _IGNORED),
    "rdf": Place(
        {
            "channel": Rule("feed", begin=_begin_channel),
            "item": _ENTRY,
            "image": _FEED["image"],
            "textinput": _FEED["textinput"],
        }
    ),
    "feed": Place(_FEED, _IGNORED),
    "item": Place(_ITEM, _IGNORED),
    "media": Place(_MEDIA_RULES, _IGNORED),
    "author": Place(
        {
            **_all(_part("name"), "name itunes_name"),
            **_all(_part("email"), "email itunes_email"),
            **_all(_part("href"), "uri url homepage"),
        },
        Rule(begin=_begin_part, finish=_finish_oddity),
    ),
    "aside": Place(_all(_LEAF, "name email uri url homepage itunes_name itunes_email"), _IGNORED),
    "categories": Place({"itunes_category": Rule("categories", is_ignored=True)}),
    "image": Place({**_all(_LEAF, "link url width height"), "title": _INNER_TITLE, "description": _MARKUP_ASIDE}),
    "textinput": Place({**_all(_LEAF, "link name"), "title": _INNER_TITLE, "description": _MARKUP_ASIDE}),
    "ignored": Place(other=_IGNORED),
    "text": Place(),
}
