"""Reads RSS, Atom and RDF feeds, only the items that are new. Must not: fetch, match, or trust a field.

Plain shapes are read by `quick`, all others by feedparser, to the same result. feedparser gets a stream (never bytes or text: it would open a file or a URL of that name), a document whose prologue is
ours, and neither sanitises nor resolves addresses; what leaves here is plain text.
"""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from xml.sax import SAXException

import feedparser
import feedparser.api

from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import Entry, Micros
from watcher.sources import cutter, feedwishes, quick
from watcher.sources.dates import FIRST_YEAR, LAST_YEAR, read_date
from watcher.sources.decode import clean_prologue, decode
from watcher.sources.fields import FieldCleaner, primary_language
from watcher.sources.mend import mend, mend_references
from watcher.sources.registry import RawFeed, Request
from watcher.sources.sniff import challenge_name, is_html, not_a_feed

# feedparser asks for a parser that nobody has, with a search of all import paths per body (8 % of a small feed's time);
# without it, it takes expat at once, as it does in the end anyway.
feedparser.api.PREFERRED_XML_PARSERS = []

_HEADERS = {"content-type": "application/xml; charset=utf-8"}
_FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel", "redirect"})
_ROOT = re.compile(r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_FEED_INSIDE = re.compile(r"<(?:rss|feed|rdf:RDF)[\s>]")
_ITEM_END = re.compile(r"</(?:[A-Za-z_][\w.-]{0,20}:)?(?:item|entry)\s*>", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:19|20|21)\d\d(?!\d)")
_DATE_KEYS = ("published", "updated", "created")
_SUMMARY_PROBE = 160
_MENDINGS = 3


def parse(request: Request) -> RawFeed:
    """Read a feed.

    Raises:
        SourceError: phase ``decode`` or ``parse``; see the kinds in ``docs/explanation/fetching.md``.
    """
    decoded = decode(request.body, request.content_type)
    document = clean_prologue(decoded.text)
    root = _check_root(document, decoded.text)
    notes: list[str] = []
    reading = _read_all(document, request.limits) if not request.seen else None
    if reading is None:
        document, data, layout, notes = _scan_mended(document)
        reading = _read_new(data, layout, request) if layout.is_certain else None
        if reading is None:
            reading = _read_whole(document, root, request.limits, is_truncated=layout.is_truncated)
    feed = _build(reading, request, decoded.text)
    return replace(feed, warnings=(*decoded.warnings, *notes, *feed.warnings))


def _scan_mended(document: str) -> tuple[str, bytes, cutter.Layout, list[str]]:
    """The document with its plain faults mended, one after the other, as text and bytes, and its layout."""
    notes: list[str] = []
    for _ in range(_MENDINGS):
        data = document.encode("utf-8", "replace")
        layout = cutter.scan(data)
        mended, note = mend(document, layout.fault, layout.fault_at)
        if mended == document:
            return document, data, layout, notes
        document = mended
        notes += [note] if note else []
    data = document.encode("utf-8", "replace")
    return document, data, cutter.scan(data), notes


@dataclass(frozen=True, slots=True)
class _Reading:
    """What feedparser, or the quick reader in its stead, made of the part it was given."""

    version: str
    feed: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    is_loose: bool
    digests: Sequence[bytes] = ()
    item_digests: tuple[bytes, ...] = ()
    skipped: int = 0
    dropped: int = 0
    total: int = 0
    is_partial: bool = False
    failed: int = 0
    failure: str = ""


class _ParserRaised(Exception):
    """feedparser raised; ``cause_name`` is the class."""

    def __init__(self, cause_name: str) -> None:
        super().__init__(cause_name)
        self.cause_name = cause_name


def _check_root(document: str, text: str) -> str:
    """The name of the root element of what may be a feed.

    Raises:
        SourceError: ``blocked`` for the page of a bot filter, ``not-a-feed`` for anything else.
    """
    head = document[:65536]
    match = _ROOT.search(head, head.index("?>"))
    root = match.group(2) if match else ""
    if root.lower() in _FEED_ROOTS:
        return match.group(0)[1:] if match else root
    if is_html(text) and not _FEED_INSIDE.search(head):
        filter_name = challenge_name(text)
        if filter_name:
            raise SourceError("parse", "blocked", f"a challenge page came instead of the feed ({filter_name})")
        raise SourceError("parse", "not-a-feed", not_a_feed(text)[:200])
    if not root or not document.split("?>", 1)[1].lstrip().startswith("<"):
        raise SourceError("parse", "not-a-feed", not_a_feed(text)[:200])
    return match.group(0)[1:] if match else root


def _read_all(document: str, limits: Limits) -> _Reading | None:
    """A plain feed of which nothing was seen, read and cut in one pass; None where that is not certain."""
    try:
        found = quick.read(document.encode("utf-8", "replace"), with_digests=True)
    except quick.GiveUp:
        return None
    count = len(found.entries)
    if not 0 < count <= limits.entries_per_feed:
        return None
    return _Reading(
        found.version, found.feed, found.entries, is_loose=False, digests=found.digests,
        item_digests=tuple(found.digests), total=count,
    )  # fmt: skip


def _read_new(data: bytes, layout: cutter.Layout, request: Request) -> _Reading | None:
    """Parse only unseen items; None where feedparser does not see the items that the cutter saw."""
    most = request.limits.entries_per_feed
    small, wanted = cutter.cut(data, layout, request.seen, most)
    known = layout.items[:most]
    base = _Reading(
        version="",
        feed={},
        entries=(),
        is_loose=False,
        digests=tuple(item.digest for item in wanted),
        item_digests=tuple(item.digest for item in known),
        skipped=len(known) - len(wanted),
        dropped=len(layout.items) - len(known),
        total=len(layout.items),
        is_partial=layout.is_truncated,
    )
    try:
        parsed = _run_quickly(small)
    except _ParserRaised:
        return _read_in_parts(data, layout, wanted, base)
    if len(parsed.entries) != len(wanted):
        return None
    return replace(base, version=parsed.version, feed=parsed.feed, entries=parsed.entries, is_loose=parsed.is_loose)


def _read_in_parts(
    data: bytes, layout: cutter.Layout, wanted: Sequence[cutter.Item], base: _Reading
) -> _Reading | None:
    """Halve until the items that make feedparser raise stand alone, and leave those out."""
    good: list[Mapping[str, Any]] = []
    digests: list[bytes] = []
    failures: list[str] = []
    last: _Reading | None = None
    everything = frozenset(item.digest for item in layout.items)
    stack = [tuple(wanted)]
    while stack:
        part = stack.pop()
        keep = frozenset(item.digest for item in part)
        try:
            last = _run(cutter.cut(data, layout, everything - keep, len(layout.items))[0])
        except _ParserRaised as error:
            if len(part) <= 1:
                failures.append(error.cause_name)
            else:
                middle = len(part) // 2
                stack += [part[middle:], part[:middle]]
            continue
        if len(last.entries) == len(part):
            good += last.entries
            digests += [item.digest for item in part]
    if last is None or not good:
        return None
    return replace(
        last, entries=good, digests=digests, item_digests=base.item_digests, skipped=base.skipped, dropped=base.dropped,
        total=base.total, is_partial=base.is_partial, failed=len(failures), failure=failures[0] if failures else "",
    )  # fmt: skip


def _read_whole(document: str, root: str, limits: Limits, *, is_truncated: bool) -> _Reading:
    """Parse everything, by the tolerant parser if need be."""
    ends = [match.end() for match in _ITEM_END.finditer(document)]
    is_cut_short = is_truncated or f"</{root}".lower() not in document[ends[-1] if ends else 0 :].lower()
    if is_truncated and not ends:
        raise SourceError("parse", "truncated", "the body ends before its first item does")
    most = limits.entries_per_feed
    if len(ends) > most or (is_cut_short and ends):
        document = f"{document[: ends[min(len(ends), most) - 1]]}</{root}>"
    try:
        reading = _run_mended(document)
    except _ParserRaised as error:
        raise SourceError("parse", "parser-raised", f"feedparser raised {error.cause_name}") from error
    total = max(len(ends), len(reading.entries))
    kept = reading.entries[:most]
    return replace(
        reading, entries=kept, total=total, dropped=max(0, total - most), is_partial=is_cut_short and bool(ends)
    )


def _run_mended(document: str) -> _Reading:
    try:
        return _run(document.encode("utf-8", "replace"))
    except _ParserRaised:
        mended = mend_references(document)
        if mended == document:
            raise
        return _run(mended.encode("utf-8", "replace"))


def _run_quickly(data: bytes) -> _Reading:
    """Read a well-formed document of ours by the quick reader; where that gives up, by feedparser."""
    try:
        found = quick.read(data)
    except quick.GiveUp:
        return _run(data)
    return _Reading(found.version, found.feed, found.entries, is_loose=False)


def _run(data: bytes) -> _Reading:
    """Run feedparser on a document of ours."""
    try:
        parsed = feedparser.parse(
            io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False, response_headers=_HEADERS
        )
    except MemoryError:
        raise
    except Exception as error:  # it raises almost anything, at sixteen known places
        raise _ParserRaised(type(error).__name__) from error
    is_loose = isinstance(parsed.get("bozo_exception"), SAXException)
    return _Reading(parsed.get("version") or "", parsed["feed"], parsed["entries"], is_loose)


def _build(reading: _Reading, request: Request, text: str) -> RawFeed:
    if not reading.version and not reading.entries and not reading.skipped:
        raise SourceError("parse", "not-a-feed", not_a_feed(text)[:200])
    cleaner = FieldCleaner(request.limits)
    own_language = _text(reading.feed, "language")
    digests = reading.digests or [b""] * len(reading.entries)
    entries = [
        _entry(raw, digest, reading, request, own_language)
        for raw, digest in zip(reading.entries, digests, strict=True)
    ]
    wishes = feedwishes.read(reading.feed, text)
    return RawFeed(
        format=cleaner.raw(reading.version, 40) or "unknown",
        title=cleaner.line(_text(reading.feed, "title"), request.limits.title_chars),
        language=primary_language(own_language),
        entries=tuple(entries),
        item_digests=reading.item_digests,
        skipped=reading.skipped,
        dropped=reading.dropped + reading.failed,
        warnings=tuple(_warnings(reading, request.limits)),
        partial=reading.is_partial,
        ttl_s=wishes.ttl_s,
        skip_hours=wishes.hours,
        skip_days=wishes.days,
    )


def _warnings(reading: _Reading, limits: Limits) -> Iterator[str]:
    if reading.is_loose:
        yield "not well-formed XML, read by the tolerant parser"
    if reading.is_partial:
        yield "the body ends early: whole items kept, the last one not"
    if reading.dropped:
        yield f"kept {limits.entries_per_feed} of {reading.total} entries"
    if reading.failed:
        yield f"{reading.failed} items made feedparser fail ({reading.failure}) and were left out"


def _entry(raw: Mapping[str, Any], digest: bytes, reading: _Reading, request: Request, own_language: str) -> Entry:
    limits = request.limits
    cleaner = FieldCleaner(limits)
    if reading.is_loose:
        cleaner.flag("loose")
    base = _base(raw, request.url)
    published, published_raw = _published(raw, cleaner)
    outlet, outlet_url = _outlet(raw, cleaner, base)
    language = _text(raw, "language") or request.language or _detail_language(raw) or own_language
    return cleaner.entry(
        guid=cleaner.guid(_text(raw, "id")),
        link=cleaner.link(_link(raw), base),
        title=cleaner.line(_text(raw, "title"), limits.title_chars),
        text=_body(raw, cleaner),
        published=published,
        published_raw=published_raw,
        author=cleaner.line(_text(raw, "author"), limits.author_chars),
        outlet=outlet,
        outlet_url=outlet_url,
        tags=_tags(raw, cleaner),
        language=primary_language(language),
        item_digest=digest,
    )


def _text(mapping: Any, key: str) -> str:
    """A value if it is text; feedparser's fields, and what they stand in, may be anything in a broken feed."""
    # The plain `get`: feedparser's own answers for one name with another, and warns that it does.
    value = dict.get(mapping, key) if isinstance(mapping, dict) else None
    return value if isinstance(value, str) else ""


def _link(raw: Mapping[str, Any]) -> str:
    """The link; an id that feedparser offers for want of one only where it is an address."""
    link = _text(raw, "link")
    is_id = link == _text(raw, "id") and bool(raw.get("guidislink"))
    return "" if is_id and not link.lower().startswith(("http://", "https://")) else link


def _base(raw: Mapping[str, Any], url: str) -> str:
    """What relative links of an entry hang on: ``xml:base`` where the feed has one, else the address it came from."""
    for key in ("title_detail", "summary_detail"):
        base = _text(raw.get(key), "base")
        if base.lower().startswith(("http://", "https://")):
            return base
    return url


def _outlet(raw: Mapping[str, Any], cleaner: FieldCleaner, base: str) -> tuple[str, str]:
    """Who an aggregator says it has an entry from, and where they are."""
    source = raw.get("source")
    if not source:
        return "", ""
    name = cleaner.line(_text(source, "title") or _text(source, "value"), cleaner.limits.author_chars)
    return name, cleaner.link(_text(source, "href") or _text(source, "link") or _text(source, "url"), base)


def _detail_language(raw: Mapping[str, Any]) -> str:
    return _text(raw.get("title_detail"), "language")


def _body(raw: Mapping[str, Any], cleaner: FieldCleaner) -> str:
    """The content, after the summary where that says something of its own."""
    contents = [_text(part, "value") for part in raw.get("content") or ()]
    content = cleaner.body(max(contents, key=len)) if contents else ""
    markup = _text(raw, "summary")
    if not content:
        return cleaner.body(markup)
    if not markup or markup in contents:
        return content
    summary = cleaner.body(markup)
    probe = summary[:_SUMMARY_PROBE].rstrip(" .…[]")
    if not probe or " ".join(probe.split()) in " ".join(content.split()):
        return content
    return cleaner.body_cut(f"{summary}\n{content}")


def _tags(raw: Mapping[str, Any], cleaner: FieldCleaner) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for tag in raw.get("tags") or ():
        if len(found) >= cleaner.limits.tags:
            cleaner.flag("truncated")
            break
        term = _text(tag, "term") or _text(tag, "label")
        name = cleaner.line(term, cleaner.limits.tag_chars)
        if name:
            found[name] = None
    return tuple(found)


def _published(raw: Mapping[str, Any], cleaner: FieldCleaner) -> tuple[Micros | None, str]:
    """The claimed date as time and as sent."""
    for key in _DATE_KEYS:
        if text := _text(raw, key):
            break
    else:
        return None, ""
    text = cleaner.raw(text, 100)
    moment = read_date(text)
    if moment is None:
        return _by_feedparser(raw, key, text), text
    if not moment.is_zone_known:
        cleaner.flag("unknown-zone")
    return moment.when, text


def _by_feedparser(raw: Mapping[str, Any], key: str, text: str) -> Micros | None:
    """Take what feedparser knows: more forms than we do, as far as it can be a time."""
    parsed = raw.get(f"{key}_parsed")
    if not parsed or not _YEAR.search(text) or text.startswith("-") or not FIRST_YEAR <= parsed[0] <= LAST_YEAR:
        return None
    try:
        return calendar.timegm(parsed) * 1_000_000
    except (ValueError, OverflowError, TypeError):
        return None
