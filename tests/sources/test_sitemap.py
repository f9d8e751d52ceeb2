"""Sitemaps as sources."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.sources.helpers import parse, refused
from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import Entry
from watcher.sources.registry import kind, names


def sitemap(*urls: str, tail: str = "</urlset>") -> str:
    head = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
    return head + "".join(urls) + tail


def url(address: str, lastmod: str = "", extra: str = "") -> str:
    modified = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    return f"<url><loc>{address}</loc>{modified}{extra}</url>"


BODY = sitemap(
    url("https://x.test/en/news/2025/11/02/older-thing"),
    url("https://x.test/en/news/2025/12/15/allies-discuss-draft-treaty.html"),
    url("https://x.test/en/about", "2025-12-01T10:00:00Z"),
    url("https://x.test/en/static"),
    url("https://x.test/fr/news/2025/12/14/autre"),
)


def titles(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.title for entry in entries]


def test_dated_addresses_newest_first() -> None:
    feed = parse(BODY, name="sitemap")
    assert titles(feed.entries) == ["Allies discuss draft treaty", "Autre", "About", "Older thing"]
    first = feed.entries[0]
    assert first.guid == first.link == "https://x.test/en/news/2025/12/15/allies-discuss-draft-treaty.html"
    assert first.published == int(datetime(2025, 12, 15, tzinfo=UTC).timestamp()) * 1_000_000
    assert feed.dropped == 1
    assert feed.warnings == ("1 addresses without a date left out",)


def test_select_keeps_only_such_paths() -> None:
    feed = parse(BODY, name="sitemap", select="/en/news/")
    assert titles(feed.entries) == ["Allies discuss draft treaty", "Older thing"]


def test_known_addresses_are_skipped_until_their_date_changes() -> None:
    first = parse(BODY, name="sitemap")
    again = parse(BODY, name="sitemap", seen=frozenset(first.item_digests))
    assert (again.entries, again.skipped) == ((), 4)
    changed = parse(BODY.replace("12-01T10", "12-02T10"), name="sitemap", seen=frozenset(first.item_digests))
    assert titles(changed.entries) == ["About"]


def test_news_titles_and_dates() -> None:
    news = "<news:news><news:publication><news:language>uk</news:language></news:publication><news:publication_date>2025-12-15T09:00:00+02:00</news:publication_date><news:title>A &lt;b&gt;title&lt;/b&gt;</news:title></news:news>"
    (entry,) = parse(sitemap(url("https://x.test/a", "2026-01-01", news)), name="sitemap").entries
    assert (entry.title, entry.language, entry.published_raw) == ("A title", "uk", "2025-12-15T09:00:00+02:00")


def test_the_newest_are_kept_under_the_cap() -> None:
    body = sitemap(*(url(f"https://x.test/2025/12/{day:02d}/d{day}") for day in range(1, 31)))
    feed = parse(body, name="sitemap", limits=Limits(entries_per_feed=3))
    assert titles(feed.entries) == ["D30", "D29", "D28"]
    assert feed.dropped == 27
    assert "kept 3 of 30 addresses, the newest" in feed.warnings


@pytest.mark.parametrize(
    "address",
    [
        "https://x.test/2025/13/45/x",
        "https://x.test/0000/00/00/x",
        "https://x.test/x",
        "http://[/2025/01/01/x",
        "https://x.test/2025/02/30/x",
    ],
)
def test_d01_dates_in_paths_that_are_none(address: str) -> None:
    assert parse(sitemap(url(address)), name="sitemap").entries == ()


def test_only_web_addresses_become_links() -> None:
    (entry,) = parse(sitemap(url("javascript:alert(1)", "2025-12-01")), name="sitemap").entries
    assert (entry.link, entry.guid) == ("", "")


def test_an_index_names_its_parts() -> None:
    body = "<sitemapindex><sitemap><loc>https://x.test/one.xml</loc></sitemap><sitemap><loc>https://x.test/two.xml</loc></sitemap></sitemapindex>"
    error = refused(body, name="sitemap")
    assert error.kind == "sitemap-index"
    assert "https://x.test/one.xml" in error.detail


@pytest.mark.parametrize(
    ("body", "kind_name"),
    [("<html><title>x</title></html>", "not-a-feed"), ("<rss/>", "not-a-feed"), ("hello", "not-a-feed"), ("", "empty-body"),
     ("<urlset><url></urlset>", "not-well-formed"), ("<!DOCTYPE x [<!ENTITY a 'b'>]><urlset/>", "dtd-refused"),
     ("<html><title>Just a moment...</title></html>", "blocked")],
)  # fmt: skip
def test_b15_something_else(body: str, kind_name: str) -> None:
    assert refused(body, name="sitemap").kind == kind_name


def test_b17_a_cut_sitemap_is_partial() -> None:
    feed = parse(BODY[: BODY.index("/fr/")], name="sitemap")
    assert feed.partial
    assert len(feed.entries) == 3


def test_the_registry_is_proved_by_two_kinds() -> None:
    assert names() == ("feed", "sitemap")
    with pytest.raises(SourceError) as caught:
        kind("none")
    assert caught.value.kind == "unknown-kind"
