"""The samples as data: reads the TOML files beside it and renders what is served. Must not: open a socket or a clock."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from importlib import resources
from xml.sax.saxutils import escape

CHALLENGE = (
    b"<!doctype html><html><head><title>One moment</title></head>"
    b"<body><noscript>Enable JavaScript to continue.</noscript><script>check()</script></body></html>"
)


@dataclass(frozen=True, slots=True)
class SampleItem:
    """One item of a sample source; ``text`` is HTML."""

    id: str
    date: datetime
    title: str
    text: str = ""
    link: str = ""
    author: str = ""
    outlet: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample source: its part of the watchlist, and how it is served (see data/README.md)."""

    name: str
    title: str
    publisher: str
    family: str
    language: str
    kind: str
    serve: str
    role: str
    reliability: str
    rationale: str
    institution: str = ""
    encoding: str = "utf-8"
    select: str = ""
    note: str = ""
    items: tuple[SampleItem, ...] = ()

    @property
    def site(self) -> str:
        """Where its links point: a name that is reserved for examples."""
        return f"https://{self.name}.example"

    def link(self, item: SampleItem, place: int) -> str:
        """The address of an item."""
        return item.link or (f"{self.site}{item.id}" if item.id.startswith("/") else f"{self.site}/items/{place}")


@dataclass(frozen=True, slots=True)
class Served:
    """The one answer of a source, with the validators of its bytes."""

    body: bytes
    content_type: str
    modified: str

    @property
    def etag(self) -> str:
        """Made of the bytes, quotes included."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


def load_samples() -> tuple[Sample, ...]:
    """All sample sources, by name."""
    folder = resources.files("watcher.demo") / "data"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(_sample(file.name.removesuffix(".toml"), file.read_text(encoding="utf-8")) for file in files)


def _sample(name: str, text: str) -> Sample:
    raw = tomllib.loads(text)
    items = tuple(SampleItem(**{**item, "tags": tuple(item.get("tags", ()))}) for item in raw.pop("items", ()))
    return Sample(name=name, items=items, **raw)


def render(sample: Sample) -> Served:
    """What the source answers to a plain request."""
    if sample.serve == "page":
        return Served(CHALLENGE, "text/html; charset=utf-8", "")
    draw, content_type = _FORMATS[sample.serve]
    text = f'<?xml version="1.0" encoding="{sample.encoding}"?>\n{draw(sample)}'
    body = text.encode(sample.encoding, errors="xmlcharrefreplace")
    modified = format_datetime(max(item.date for item in sample.items), usegmt=True)
    return Served(body, content_type, modified)


def _newest_first(sample: Sample) -> list[tuple[int, SampleItem]]:
    return sorted(enumerate(sample.items, start=1), key=lambda pair: pair[1].date, reverse=True)


def _rss(sample: Sample) -> str:
    items = "".join(_rss_item(sample, item, place) for place, item in _newest_first(sample))
    return (
        f'<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>\n'
        f"{_tag('title', sample.title)}{_tag('link', sample.site)}{_tag('description', sample.rationale)}"
        f"{_tag('language', sample.language)}{items}</channel></rss>\n"
    )


def _rss_item(sample: Sample, item: SampleItem, place: int) -> str:
    guid = f'<guid isPermaLink="false">{escape(item.id)}</guid>\n' if item.id else ""
    outlet = f'<source url="{sample.site}">{escape(item.outlet)}</source>\n' if item.outlet else ""
    author = _tag("dc:creator", item.author) if item.author else ""
    tags = "".join(_tag("category", tag) for tag in item.tags)
    return (
        f"<item>\n{_tag('title', item.title)}{_tag('link', sample.link(item, place))}{guid}"
        f"{_tag('pubDate', format_datetime(item.date, usegmt=True))}{author}{outlet}{tags}"
        f"{_tag('description', item.text.strip())}</item>\n"
    )


def _atom(sample: Sample) -> str:
    entries = "".join(_atom_entry(sample, item, place) for place, item in _newest_first(sample))
    newest = max(item.date for item in sample.items)
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{sample.language}">\n{_tag("title", sample.title)}'
        f'{_tag("id", sample.site)}{_tag("updated", newest.isoformat())}<link href="{sample.site}"/>\n{entries}</feed>\n'
    )


def _atom_entry(sample: Sample, item: SampleItem, place: int) -> str:
    author = f"<author>{_tag('name', item.author or sample.publisher)}</author>\n"
    return (
        f"<entry>\n{_tag('title', item.title)}{_tag('id', item.id)}"
        f'<link href="{escape(sample.link(item, place))}"/>\n{_tag("published", item.date.isoformat())}'
        f'{_tag("updated", item.date.isoformat())}{author}<content type="html">{escape(item.text.strip())}</content>\n'
        "</entry>\n"
    )


def _sitemap(sample: Sample) -> str:
    urls = "".join(
        f"<url>{_tag('loc', sample.link(item, place))}{_tag('lastmod', item.date.isoformat())}"
        f"<news:news>{_tag('news:title', item.title)}"
        f"{_tag('news:publication_date', item.date.isoformat())}</news:news></url>\n"
        for place, item in _newest_first(sample)
    )
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n{urls}</urlset>\n'
    )


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>\n"


_FORMATS = {
    "rss": (_rss, "application/rss+xml"),
    "atom": (_atom, "application/atom+xml; charset=utf-8"),
    "sitemap": (_sitemap, "application/xml"),
}
