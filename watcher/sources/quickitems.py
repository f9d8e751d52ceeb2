"""What the quick reader does with the elements of an item, as feedparser would. Must not: guess, or know where items stand.

Rules of feedparser that look odd (an item's second description is its content, a title after a deeper one replaces it) are
kept as they are.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

from feedparser.datetimes import _parse_date
from feedparser.html import _cp1252

from watcher.sources.quicknames import Attributes, GiveUp, Place, Rule
from watcher.sources.quickpass import Pass

_PLAIN_TYPES = frozenset({"text", "plain", "html", "text/plain", "text/html"})
_MODES = frozenset({"", "escaped"})
_PAGE_TYPES = frozenset({"html", "xhtml", "text/html", "application/xhtml+xml"})
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


def clean(text: str) -> str:
    """Text as feedparser stores it: UTF-8 that was taken for Latin-1 put right, and windows-1252's signs."""
    if text.isascii():
        return text
    with contextlib.suppress(ValueError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_cp1252) if _C1.search(text) else text


def _address(run: Pass, text: str) -> str:
    """An address that stands between tags."""
    return clean(run.resolve(text)) if text else ""


# --- shared with the feed's own elements ----------------------------------------------------------------------------


def title_ends(run: Pass, text: str) -> None:
    """A title ends: one that stands deeper counts less from now on."""
    if text:
        run.title_depth = run.depth()


def bare(_: Pass, given: Attributes) -> None:
    """An element that has no attributes, or is not ours."""
    if given:
        raise GiveUp("attributes")


def begin_channel(_: Pass, given: Attributes) -> None:
    """A channel or an item, unless it is one of the old CDF format."""
    if "lastmod" in given or "href" in given:
        raise GiveUp("a channel of the CDF kind")


def begin_image(run: Pass, _: Attributes) -> None:
    """An image or a form: its title is none of the feed or the item."""
    run.title_depth = -1


def begin_markup(_: Pass, given: Attributes) -> None:
    """An element whose content is text or HTML."""
    if given and (given.get("type", "text") not in _PLAIN_TYPES or given.get("mode", "") not in _MODES):
        raise GiveUp("content that is neither text nor HTML")


# --- items ------------------------------------------------------------------------------------------------------------


def _begin_item(run: Pass, given: Attributes) -> None:
    begin_channel(run, given)
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


def _title(run: Pass, text: str) -> None:
    if not -1 < run.title_depth <= run.depth():
        run.put("title", clean(text))
        run.context["title_detail"] = {"base": run.base, "language": run.language()}
    title_ends(run, text)


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
    run.put("summary", clean(text))
    run.context["summary_detail"] = {"base": run.base}


def _content(run: Pass, text: str) -> None:
    run.has_content = True
    value = clean(text)
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
    value = _address(run, text) if run.guid_is_link else clean(text)
    run.put("id", value)
    run.context.setdefault("guidislink", run.guid_is_link and "link" not in run.context)
    if run.guid_is_link:
        run.context.setdefault("link", value)


def _date(key: str) -> Rule:
    """A date of an item, with what feedparser reads in it where our own reader might not."""

    def finish(run: Pass, text: str) -> None:
        run.put(key, clean(text))
        run.context[f"{key}_parsed"] = parsed(text)

    return Rule(finish=finish)


def parsed(text: str) -> Any:
    """What feedparser reads in a date, where our own reader might not read the same; else None."""
    if not text or _PLAIN_DATE.fullmatch(text):
        return None
    try:
        return _parse_date(clean(text))
    except Exception as error:  # whatever it raises, feedparser raises as well: its own matter
        raise GiveUp("a date over which feedparser raises") from error


def _item_text(key: str) -> Rule:
    def finish(run: Pass, text: str) -> None:
        run.put(key, clean(text))

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
    value, tags = clean(text), run.context["tags"]
    if tags and not tags[-1]["term"]:
        last = tags[-1]
        run.tags.discard((last["term"], last["scheme"], last["label"]))
        last["term"] = value
        run.tags.add((value, last["scheme"], last["label"]))
    else:
        _add_tag(run, value, None, None)


def _keywords(scheme: str | None) -> Rule:
    def finish(run: Pass, text: str) -> None:
        for word in clean(text).split(","):
            if word.strip():
                _add_tag(run, word.strip(), scheme, None)

    return Rule(begin=bare, finish=finish)


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
    run.put("author", clean(text))
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
        run.context["source"]["title"] = clean(text)


# --- which element stands where ---------------------------------------------------------------------------------------

IGNORED = Rule("ignored", is_ignored=True)
ASIDE = Rule("aside", is_ignored=True)
LEAF = Rule("text", is_ignored=True)
MARKUP_ASIDE = Rule(begin=begin_markup)
_SUMMARY = Rule(begin=begin_markup, finish=_summary)
_AUTHOR = Rule("author", begin=_begin_author, finish=_author)


def all_of(rule: Rule, names: str) -> dict[str, Rule]:
    """One rule for several elements."""
    return dict.fromkeys(names.split(), rule)


DATES = {
    **all_of(_date("published"), "published pubdate issued dcterms_issued"),
    **all_of(_date("updated"), "updated modified lastbuilddate dc_date dcterms_modified"),
    **all_of(_date("created"), "created dcterms_created"),
}
BOTH = {
    **all_of(
        IGNORED, "itunes_image itunes_block itunes_explicit media_thumbnail media_credit media_rating media_license"
    ),
    **all_of(
        IGNORED, "media_restriction media_player enclosure cc_license creativecommons_license georss_point generator"
    ),
    **all_of(IGNORED, "admin_generatoragent admin_errorreportsto cloud webmaster dc_publisher dc_contributor"),
    **all_of(
        MARKUP_ASIDE, "rights copyright dc_rights subtitle tagline itunes_subtitle info feedburner_browserfriendly"
    ),
    "contributor": ASIDE,
}
MEDIA = {
    **all_of(IGNORED, "media_thumbnail media_credit media_rating media_restriction media_license media_player"),
    **all_of(Rule("media", is_ignored=True), "media_group media_content"),
    "media_title": Rule(begin=begin_markup, finish=_media_title),
    "media_description": _SUMMARY,
    "media_category": Rule(begin=_begin_media_category, finish=_category),
    "media_keywords": _keywords(None),
}
ITEM = {
    **BOTH,
    **DATES,
    **MEDIA,
    **all_of(Rule(begin=begin_markup, finish=_title), "title dc_title"),
    **all_of(Rule(begin=_begin_guid, finish=_guid), "guid id"),
    **all_of(_SUMMARY, "description summary dc_description itunes_summary"),
    **all_of(Rule(begin=begin_markup, finish=_content), "content content_encoded fullitem"),
    **all_of(_AUTHOR, "author managingeditor dc_author dc_creator itunes_author"),
    **all_of(Rule(begin=_begin_category, finish=_category), "category keywords dc_subject"),
    **all_of(_item_text("language"), "language dc_language"),
    "abstract": Rule(begin=begin_markup, finish=_abstract),
    "link": Rule(begin=_begin_link, finish=_link),
    "itunes_category": Rule(begin=_begin_itunes_category, finish=_category),
    "itunes_keywords": _keywords(_ITUNES),
    "source": Rule(begin=_begin_source, finish=_source),
    "image": Rule(begin=begin_image),
}
ENTRY = Rule("item", begin=_begin_item, finish=_finish_item, is_item=True)
AUTHOR_PARTS = Place(
    {
        **all_of(_part("name"), "name itunes_name"),
        **all_of(_part("email"), "email itunes_email"),
        **all_of(_part("href"), "uri url homepage"),
    },
    Rule(begin=_begin_part, finish=_finish_oddity),
)
"""What may stand in an author."""
