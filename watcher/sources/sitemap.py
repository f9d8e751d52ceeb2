"""Reads a sitemap as a source of dated addresses, newest first. Must not: follow a sitemap to another.

For institutions that ended their feeds: an address says what it is about in its last part, and when it was put there by
a dated path, a news date or a ``lastmod``. Addresses without any date are left out and counted; ``select`` keeps only
those whose path holds it. An index of sitemaps is an error that names its parts: one of them has to be configured.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

from watcher.core.errors import SourceError
from watcher.core.model import Entry, Micros
from watcher.sources import cutter
from watcher.sources.dates import moment, read_date
from watcher.sources.decode import clean_prologue, decode
from watcher.sources.fields import FieldCleaner, primary_language
from watcher.sources.mend import mend_references
from watcher.sources.registry import RawFeed, Request
from watcher.sources.sniff import challenge_name, not_a_feed

_FIELDS = frozenset({"loc", "lastmod", "title", "publication_date", "language"})
_PATH_DATE = re.compile(r"/((?:19|20)\d\d)[/-](\d{1,2})(?:[/-](\d{1,2}))?(?=[/-]|$)")
_EXTENSION = re.compile(r"\.(?:html?|php|aspx?|jsp|shtml)$", re.IGNORECASE)
_FIELD_CHARS = 4000
_SHOWN_PARTS = 3


@dataclass(frozen=True, slots=True)
class _Address:
    """One address of the sitemap with its claimed date."""

    fields: dict[str, str]
    when: Micros | None
    when_raw: str

    @property
    def digest(self) -> bytes:
        """Identity of what the sitemap says about this address."""
        said = "\0".join(f"{name}={self.fields[name]}" for name in sorted(self.fields))
        return hashlib.sha256(said.encode("utf-8", "replace")).digest()[: cutter.DIGEST_BYTES]


class _Scan:
    """One pass over the document: a record of fields per ``url`` (or per ``sitemap`` of an index)."""

    def __init__(self) -> None:
        self.root = ""
        self.records: list[dict[str, str]] = []
        self._record: dict[str, str] | None = None
        self._field = ""

    def on_start(self, name: str, attributes: object) -> None:
        del attributes
        local = name.rpartition(":")[2]
        if not self.root:
            self.root = local
        elif local in ("url", "sitemap"):
            self._record = {}
        elif self._record is not None and local in _FIELDS and local not in self._record:
            self._field = local
            self._record[local] = ""

    def on_end(self, name: str) -> None:
        self._field = ""
        if name.rpartition(":")[2] in ("url", "sitemap") and self._record is not None:
            self.records.append(self._record)
            self._record = None

    def on_text(self, text: str) -> None:
        if self._field and self._record is not None and len(self._record[self._field]) < _FIELD_CHARS:
            self._record[self._field] += text


def parse(request: Request) -> RawFeed:
    """Read a sitemap.

    Raises:
        SourceError: phase ``decode`` or ``parse``: ``not-a-feed``, ``blocked``, ``sitemap-index``, ``truncated``…
    """
    decoded = decode(request.body, request.content_type)
    scan, is_truncated = _scan(mend_references(clean_prologue(decoded.text)), decoded.text)
    selected = [record for record in scan.records if request.select in urlsplit_path(record.get("loc", ""))]
    dated = sorted(_dated(selected), key=lambda address: -(address.when or 0))
    kept = dated[: request.limits.entries_per_feed]
    undated = len(selected) - len(dated)
    return RawFeed(
        format="sitemap",
        entries=tuple(_entry(address, request) for address in kept if address.digest not in request.seen),
        item_digests=tuple(address.digest for address in kept),
        skipped=sum(address.digest in request.seen for address in kept),
        dropped=len(dated) - len(kept) + undated,
        warnings=(*decoded.warnings, *_warnings(len(kept), len(dated), undated, is_truncated=is_truncated)),
        partial=is_truncated,
    )


def urlsplit_path(address: str) -> str:
    """The path of an address, or an empty string where it is none."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _scan(document: str, text: str) -> tuple[_Scan, bool]:
    scan = _Scan()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = scan.on_start
    parser.EndElementHandler = scan.on_end
    parser.CharacterDataHandler = scan.on_text
    try:
        parser.Parse(document.encode("utf-8", "replace"), True)  # noqa: FBT003 - the C function takes no keyword
    except expat.ExpatError as error:
        _check_root(scan, text)
        if error.code not in cutter.TRUNCATED or not scan.records:
            raise SourceError("parse", "not-well-formed", f"the sitemap is broken: {error}"[:200]) from error
        return scan, True
    _check_root(scan, text)
    return scan, False


def _check_root(scan: _Scan, text: str) -> None:
    if scan.root == "sitemapindex":
        parts = ", ".join(record.get("loc", "").strip()[:100] for record in scan.records[:_SHOWN_PARTS])
        shown = "".join(c for c in parts if c.isprintable())
        count = len(scan.records)
        raise SourceError("parse", "sitemap-index", f"an index of {count} sitemaps; configure one: {shown}"[:200])
    if scan.root != "urlset":
        name = challenge_name(text)
        if name:
            raise SourceError("parse", "blocked", f"a challenge page came instead of the sitemap ({name})")
        raise SourceError("parse", "not-a-feed", not_a_feed(text)[:200])


def _dated(records: list[dict[str, str]]) -> Iterator[_Address]:
    """Addresses with a date, each once."""
    seen: set[str] = set()
    for record in records:
        address = record.get("loc", "").strip()
        if not address or address in seen:
            continue
        seen.add(address)
        for raw in (record.get("publication_date", ""), _path_date(address), record.get("lastmod", "")):
            read = read_date(raw.strip()) if raw else None
            if read is not None and read.when is not None:
                yield _Address(record, read.when, raw.strip())
                break


def _path_date(address: str) -> str:
    """The date in a path such as ``/2025/12/15/title`` or ``/2025/12/title``, in ISO form, or an empty string."""
    match = _PATH_DATE.search(urlsplit_path(address))
    if match is None:
        return ""
    year, month, day = (int(part or 1) for part in match.groups())
    return date(year, month, day).isoformat() if moment((year, month, day)).when is not None else ""


def _warnings(kept: int, dated: int, undated: int, *, is_truncated: bool) -> Iterator[str]:
    if is_truncated:
        yield "the body ends early: whole addresses kept, the last one not"
    if dated > kept:
        yield f"kept {kept} of {dated} addresses, the newest"
    if undated:
        yield f"{undated} addresses without a date left out"


def _entry(address: _Address, request: Request) -> Entry:
    limits = request.limits
    cleaner = FieldCleaner(limits)
    link = cleaner.link(address.fields.get("loc", ""), request.url)
    title = cleaner.line(address.fields.get("title", "") or _slug_words(link), limits.title_chars)
    return cleaner.entry(
        guid=cleaner.guid(link),
        link=link,
        title=title,
        text="",
        published=address.when,
        published_raw=cleaner.raw(address.when_raw, 100),
        language=primary_language(address.fields.get("language", "") or request.language),
        item_digest=address.digest,
    )


def _slug_words(link: str) -> str:
    """The last part of a path that holds letters, as words."""
    parts = [part for part in urlsplit_path(link).split("/") if any(c.isalpha() for c in part)]
    slug = _EXTENSION.sub("", unquote(parts[-1])) if parts else ""
    words = re.sub(r"[-_+]+", " ", slug).strip()
    return words[:1].upper() + words[1:]
