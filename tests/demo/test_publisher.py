"""The sample publisher over real loopback HTTP, and the watchlist that is made for it."""

from __future__ import annotations

import http.client
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pytest
import yaml

from watcher.demo import Publisher, start_publisher, write_demo_watchlist
from watcher.demo.samples import load_samples, render
from watcher.demo.watchlist import included_files

FEEDS = [sample for sample in load_samples() if sample.serve in ("rss", "atom")]


@pytest.fixture(scope="module")
def publisher() -> Iterator[Publisher]:
    with start_publisher() as running:
        yield running


def get(url: str, headers: dict[str, str] | None = None) -> tuple[http.client.HTTPResponse, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", parts.path or "/", headers=headers or {})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("sample", FEEDS, ids=lambda sample: sample.name)
def test_every_sample_feed_is_well_formed_and_whole(publisher, sample):
    answer, body = get(publisher.urls[sample.name])
    parsed = feedparser.parse(io.BytesIO(body), response_headers={"content-type": answer.headers["Content-Type"]})
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert {entry.title for entry in parsed.entries} == {item.title for item in sample.items}
    assert all(entry.get("published_parsed") for entry in parsed.entries)
    assert parsed.feed.title == sample.title


def test_the_old_encoding_is_really_served():
    vestnik = next(sample for sample in FEEDS if sample.name == "vestnik")
    assert "Москва".encode("windows-1251") in render(vestnik).body


def test_a_client_that_has_the_bytes_gets_304(publisher):
    url = publisher.urls["eastern-wire"]
    answer, body = get(url)
    etag, modified = answer.headers["ETag"], answer.headers["Last-Modified"]
    assert answer.status == 200
    assert body
    for headers in ({"If-None-Match": etag}, {"If-Modified-Since": modified}):
        again, nothing = get(url, headers)
        assert (again.status, nothing) == (304, b"")
    assert get(url, {"If-None-Match": '"other"', "If-Modified-Since": modified})[0].status == 200


def test_the_sitemap_carries_dated_addresses(publisher):
    _, body = get(publisher.urls["alliance"])
    assert b"/en/news-and-events/articles/2025/12/12/" in body
    assert body.count(b"<lastmod>") == 4


def test_one_source_answers_with_a_page_and_one_is_down(publisher):
    answer, body = get(publisher.urls["challenge"])
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"<noscript>" in body
    with pytest.raises(ConnectionRefusedError):
        get(publisher.urls["coast-radio"])


def test_every_source_has_an_address_of_its_own(publisher):
    served = [url for url in publisher.urls.values() if url.startswith("http://")]
    assert len({urlsplit(url).netloc for url in served}) == len(served)
    assert all(urlsplit(url).hostname.startswith("127.0.0.") for url in served)


def test_a_closed_publisher_gives_its_ports_back():
    running = start_publisher()
    url = running.urls["warsaw"]
    running.close()
    running.close()
    with pytest.raises(OSError, match="refused"):
        get(url)


def test_the_demo_watchlist_keeps_the_signals_and_swaps_the_sources(publisher, tmp_path):
    base = tmp_path / "base" / "watchlist.yaml"
    base.parent.mkdir()
    (base.parent / "concepts").mkdir()
    (base.parent / "concepts" / "actors.yaml").write_text("concepts: {}\n", encoding="utf-8")
    base.write_text(
        "watchlist: w\ninclude:\n  - concepts/actors.yaml\nsources:\n  # a comment\n  real:\n    kind: feed\n"
        "timeline:\n  - {date: 1997-05-27, title: t}\n",
        encoding="utf-8",
    )
    written = write_demo_watchlist(tmp_path / "demo", publisher, base)
    document = yaml.safe_load(written.read_text(encoding="utf-8"))
    assert set(document["sources"]) == {sample.name for sample in load_samples()}
    assert document["sources"]["warsaw"]["url"] == publisher.urls["warsaw"]
    assert document["timeline"]
    assert (tmp_path / "demo" / "concepts" / "actors.yaml").exists()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("include: [a.yaml, 'sub/b.yml']\nsources: {}\n", ("a.yaml", "sub/b.yml")),
        ("include:\n- a.yaml\n- b.yaml\n", ("a.yaml", "b.yaml")),
        ("sources: {}\n", ()),
    ],
)
def test_included_files_are_read_as_written(text, names):
    assert included_files(text) == names


def test_the_shipped_watchlist_can_be_the_base(publisher, tmp_path, repository: Path):
    base = repository / "config" / "watchlist.yaml"
    written = write_demo_watchlist(tmp_path, publisher, base)
    before, after = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in (base, written))
    assert after.pop("sources").keys() == publisher.urls.keys()
    before.pop("sources", None)
    assert after == before
