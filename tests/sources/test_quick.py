"""The quick reader reads what feedparser reads, to the letter, or gives up."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.robustness import ARCHIVES, compare_readers
from tests.sources.helpers import item, parse, rss
from watcher.core.limits import Limits
from watcher.sources import cutter, feed, quick
from watcher.sources.fields import FieldCleaner

NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:thr="http://purl.org/syndication/thread/1.0" '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="http://x.test/ns" '
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
)
MEDIA = '<media:group><media:content url="m"/></media:group>'
KEYS = ("id", "link", "title", "summary", "author", "language", "published", "updated", "created")


def told(raw: Mapping[str, Any]) -> dict[str, object]:
    """What `feed` may ask of an item."""
    found: dict[str, object] = {key: dict.get(raw, key) for key in KEYS}
    detail = raw.get("title_detail")
    source = raw.get("source") or {}
    found["parts"] = [part["value"] for part in raw.get("content") or ()]
    found["tags"] = [(tag["term"], tag["scheme"], tag["label"]) for tag in raw.get("tags") or ()]
    found["moment"] = feed._published(raw, FieldCleaner(Limits()))
    found["guidislink"] = bool(raw.get("guidislink"))
    found["detail"] = detail and (detail.get("language") or "", detail.get("base"))
    found["base"] = (raw.get("summary_detail") or {}).get("base")
    found["source"] = {key: dict.get(source, key) for key in ("title", "href", "link", "url", "value")}
    return found


def both(body: str) -> bool:
    """Read a document both ways and compare; False where the quick reader gives up."""
    document = body if body.startswith("<?xml") else f'<?xml version="1.0" encoding="utf-8"?>\n{body}'
    data = document.encode("utf-8", "replace")
    try:
        ours = quick.read(data)
    except quick.GiveUp:
        return False
    theirs = feed._run(data)
    assert not theirs.is_loose
    assert ours.version == theirs.version
    for key in ("title", "language", "ttl", "sy_updateperiod", "sy_updatefrequency"):
        assert dict.get(ours.feed, key) == dict.get(theirs.feed, key), key
    assert [told(entry) for entry in ours.entries] == [told(entry) for entry in theirs.entries]
    same_cut(data, ours)
    return True


def same_cut(data: bytes, read: quick.QuickFeed) -> None:
    """Read and cut in one pass, a document is what it is cut first and then read; or the reader gives up."""
    with suppress(quick.GiveUp):
        ours = quick.read(data, with_digests=True)
        layout = cutter.scan(data)
        assert ours.entries == read.entries
        assert ours.digests == [one.digest for one in layout.items]
        assert layout.is_certain or not ours.entries


# --- the corpus -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("archive", "every", "least"), [(ARCHIVES[0], 45, 0.75), (ARCHIVES[1], 60, 0.5)])
def test_b08_real_feeds_are_read_as_feedparser_reads_them(corpus: Path, archive: str, every: int, least: float) -> None:
    found = compare_readers(corpus / "data", archive, every)
    assert not found.differing
    assert found.taken >= least * found.certain > 0


@pytest.mark.slow
@pytest.mark.parametrize(("archive", "least"), [(ARCHIVES[0], 0.9), (ARCHIVES[1], 0.75)])
def test_b08_all_real_feeds_are_read_as_feedparser_reads_them(corpus: Path, archive: str, least: float) -> None:
    found = compare_readers(corpus / "data", archive, 1)
    assert not found.differing
    assert found.taken >= least * found.certain


# --- made-up feeds ----------------------------------------------------------------------------------------------------

TEXT = st.sampled_from(
    ["", " ", "One word", "  two\n words ", "R&amp;D", "&lt;p&gt;para &amp;amp; graph&lt;/p&gt;", "<![CDATA[<b>b</b> & c]]>",
     "a<![CDATA[b]]>c", "\u00e9t\u00e9", "\u00c3\u00a9t\u00c3\u00a9", "\u0093quoted\u0094", "договір", "&#8217;s", "<!-- gone -->kept", "a, b,, c ",
     "http://x.test/?a=1&amp;b=2", "http:///x.test//y", "/relative", "?a&amp;amp;b;c", "https://x.test/\u043f", "someone@x.test (Ann)"]
)  # fmt: skip
DATE = st.sampled_from(
    ["Mon, 15 Dec 2025 12:00:00 GMT", "15 Dec 2025 12:00:00 +0200", "2025-12-15T10:00:00Z", "2025-12-15T10:00:00.5+02:00",
     "2025-12-15", "Dec 15, 2025", "31 Feb 2025 12:00:00 GMT", "Fri, 2006/13/15 08:19:53 EDT", "yesterday", "", "20251215"]
)  # fmt: skip
TYPE = st.sampled_from(["", "", ' type="html"', ' type="text"', ' type="text/plain"', ' type="TEXT/HTML"', ' xml:lang="de_AT"',
                        ' xml:base="http://b.test/x/"', ' lang="fr"', ' type="xhtml"', ' type="image/png"', ' mode="base64"'])  # fmt: skip


def element(names: str, content: st.SearchStrategy[str], attributes: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, inner, given: f"<{name}{given}>{inner}</{name}>",
        st.sampled_from(names.split()),
        content,
        attributes,
    )


NOTHING = st.just("")
PERSON = st.lists(element("name email uri name email", TEXT, NOTHING), max_size=3).map("".join)
LINK = st.sampled_from(["", ' href="http://x.test/1"', ' href="/2" rel="alternate" type="text/html"', ' rel="self" href="http://x.test/s"',
                        ' href="" rel="ALTERNATE"', ' rel="enclosure" type="audio/mpeg" href="http://x.test/3"', ' url="http://x.test/4"',
                        ' href="http:///5" thr:count="3"'])  # fmt: skip
CATEGORY = st.sampled_from(["", ' term="t"', ' term="" label="L"', ' domain="d"', ' scheme="s" term="t"', ' label="L"'])
FIELDS = st.one_of(
    element("title title description summary content content:encoded media:title media:description dc:title dc:description "
            "itunes:summary itunes:subtitle abstract rights", TEXT, TYPE),
    element("link atom:link", TEXT, LINK),
    element("guid id atom:id", TEXT, st.sampled_from(["", ' isPermaLink="false"', ' isPermaLink="true"', ' ispermalink="TRUE"'])),
    element("pubDate published updated dc:date dcterms:created dcterms:modified issued", DATE, NOTHING),
    element("author dc:creator itunes:author", TEXT | PERSON, NOTHING),
    element("contributor itunes:owner", PERSON, NOTHING),
    element("category dc:subject media:category keywords", TEXT, CATEGORY),
    element("media:keywords itunes:keywords", TEXT, st.sampled_from(["", "", ' a="b"'])),
    element("language dc:language ttl sy:updatePeriod sy:updateFrequency", st.sampled_from(["en", "de-DE", "hourly", "2"]), NOTHING),
    element("source", TEXT, st.sampled_from(["", ' url="http://s.test/"'])),
    element("media:group media:content", element("media:title media:description media:thumbnail media:text title", TEXT, TYPE),
            st.sampled_from(["", ' url="http://x.test/i" type="image/png"'])),
    element("comments slash:comments x:anything anything date image url x:y enclosure itunes:image generator", TEXT,
            st.sampled_from(["", "", ' a="b"', ' href="c"', ' x:lang="d"'])),
    element("x:outer anything", FIELDS_INSIDE := element("x:inner inner title", TEXT, NOTHING), NOTHING),
)  # fmt: skip
ITEMS = st.lists(st.lists(FIELDS, max_size=9).map("".join), max_size=3)
HEAD = st.lists(
    FIELDS | element("image textInput", element("title link url description", TEXT, NOTHING), NOTHING), max_size=5
)
ROOT = st.sampled_from(["", "", ' xml:lang="en-US"', ' xml:base="http://b.test/a/b"', ' xml:base="rel/"'])


def document(kind: str, root: str, head: list[str], items: list[str]) -> str:
    """A feed of a kind, with what is said at its top and in its items."""
    top = "".join(head)
    if kind == "atom":
        entries = "".join(f"<entry>{inner}</entry>" for inner in items)
        return f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACES}{root}>{top}{entries}</feed>'
    if kind == "rdf":
        entries = "".join(f'<item rdf:about="http://x.test/{at}">{inner}</item>' for at, inner in enumerate(items))
        return (
            f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" {NAMESPACES}{root}><channel>{top}</channel>{entries}</rdf:RDF>'
        )
    entries = "".join(f"<item>{inner}</item>" for inner in items)
    return f'<rss version="{kind}" {NAMESPACES}{root}><channel>{top}{entries}</channel></rss>'


@given(st.sampled_from(["2.0", "0.92", "atom", "rdf"]), ROOT, HEAD, ITEMS)
@settings(max_examples=150, deadline=None)
def test_made_up_feeds_are_read_as_feedparser_reads_them(
    kind: str, root: str, head: list[str], items: list[str]
) -> None:
    both(document(kind, root, head, items))


@pytest.mark.slow
@given(st.sampled_from(["2.0", "0.92", "atom", "rdf"]), ROOT, HEAD, ITEMS)
@settings(max_examples=20_000, deadline=None)
def test_very_many_made_up_feeds(kind: str, root: str, head: list[str], items: list[str]) -> None:
    both(document(kind, root, head, items))


ATOM = (
    f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACES} xml:lang="uk" xml:base="http://base.test/a/"><title>T</title>'
    '<entry xml:base="b/"><id>i</id><link rel="edit" href="x"/><link href="y"/><author><name>A</name><uri>u</uri></author>'
    '<content type="html" xml:base="http://c.test/">&lt;p&gt;t</content><category term="c"/></entry></feed>'
)


# --- what must be taken, and what must not ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        rss(item(1), item(2)),
        rss(item(1, extra="<author>a@b.test (Bob)</author><source url='http://s.test/'>S</source><enclosure url='e'/>")),
        ATOM,
        f'<rss version="2.0" {NAMESPACES}><channel>{item(1, extra=MEDIA)}</channel></rss>',
        '<rss version="2.0" xmlns:openSearch="http://a9.test/"><channel><openSearch:n>3</openSearch:n></channel></rss>',
        '<rss version="2.0" xmlns:cc="http://cyber.law.harvard.edu/rss/creativeCommonsRssModule.html"><channel/></rss>',
    ],
)  # fmt: skip
def test_plain_shapes_are_taken(body: str) -> None:
    assert both(body)


@pytest.mark.parametrize(
    "inner",
    [
        "<title><b>t</b></title>", '<content type="image/png">aGk=</content>', '<description mode="base64">aGk=</description>',
        "<image><url>u</url></image>", "<tags>a,b</tags>", "<item/>", "<date>x</date>", "<authors>x</authors>",
        "<x:y xmlns:x='u'><title>t</title></x:y>", "<x:y xmlns:x='u'/><z:y xmlns:z='u'/>", "<x:y xmlns:x='u'/><x:y xmlns:x='v'/>",
        "<title xmlns:m='u' m:type='xhtml'>t</title>", "<title Type='a' type='b'>t</title>", "<author>x<name>n</name></author>",
        "<pubDate>Fri, 2006/13/15 08:19:53 EDT</pubDate>", "<link url='u'/>", "<title>&undefined;</title>",
        "<dc:title xmlns:dc='http://search.yahoo.com/mrss/' xmlns:q='http://purl.org/dc/elements/1.1/'>t</dc:title>",
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_left_to_feedparser(inner: str) -> None:
    assert not both(rss(f"<item><guid>g</guid>{inner}</item>"))


@pytest.mark.parametrize("body", ["<rss><channel>", "<x/>", "<!DOCTYPE rss [<!ENTITY e 'x'>]><rss/>", "<rss:rss/>", ""])
def test_what_is_no_plain_feed_is_left_to_feedparser(body: str) -> None:
    assert not both(body)


def test_the_quick_reader_is_used_and_feedparser_where_it_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    run = feed._run
    monkeypatch.setattr(feed, "_run", lambda data: asked.append(data) or run(data))
    assert parse(rss(item(1))).entries
    assert not asked
    assert parse(rss(item(1, extra="<tags>a</tags>"))).entries[0].tags == ("a",)
    assert asked


def test_an_encoding_of_several_bytes_is_left_to_feedparser() -> None:
    with pytest.raises(quick.GiveUp, match="encoding"):
        quick.read(b'<?xml version="1.0" encoding="big5"?><rss version="2.0"><channel/></rss>')


# --- cut in the same pass ---------------------------------------------------------------------------------------------

CUT_APART = {
    "an item of another kind inside an item": rss("<item><title>t</title><x:item xmlns:x='u'>1</x:item></item>"),
    "an item that is none for the cutter": rss("<Item><title>t</title></Item>"),
    "an entry of another kind in the feed": rss("<x:entry xmlns:x='u'>1</x:entry>", item(1)),
    "items in two places": (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        "<channel><title>t</title><item><title>a</title></item></channel><item><title>b</title></item></rdf:RDF>"
    ),
}


@pytest.mark.parametrize("name", CUT_APART)
def test_where_the_cutter_would_not_trust_its_cut_the_one_pass_gives_up(name: str) -> None:
    with pytest.raises(quick.GiveUp):
        quick.read(CUT_APART[name].encode(), with_digests=True)


def test_a_feed_of_which_nothing_was_seen_is_what_it_is_when_something_was() -> None:
    body = rss(*map(item, range(5)))
    fresh = parse(body)

    assert fresh == parse(body, seen=frozenset({b"another"}))
    assert len(set(fresh.item_digests)) == 5
    assert parse(body, seen=frozenset(fresh.item_digests)).skipped == 5
