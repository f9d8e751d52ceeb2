"""Feeds to plain entries: fields, caps, what is new, what the publisher wishes."""

from __future__ import annotations

from urllib.parse import urljoin

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.helpers import item, parse, refused, rss
from watcher.core.limits import Limits
from watcher.core.model import Entry
from watcher.core.space import fold_lines
from watcher.sources import cutter, fields, plain
from watcher.sources.fields import FieldCleaner, primary_language
from watcher.sources.plain import plain_text, scrub

ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="uk" xml:base="http://base.test/a/">
<title type="html">News &amp;amp; more</title><id>urn:feed</id>
<entry><id>urn:1</id><title type="html">One &lt;b&gt;bold&lt;/b&gt; word</title><link href="one"/>
<published>2025-12-15T10:00:00+02:00</published><updated>2025-12-16T10:00:00Z</updated>
<author><name>Ann Author</name></author><category term="treaty"/><category term="treaty"/><category term="NATO"/>
<summary>Short.</summary><content type="html">&lt;p&gt;Long text.&lt;/p&gt;&lt;p&gt;Second.&lt;/p&gt;</content></entry>
</feed>"""


def only(body: str, **rest: object) -> Entry:
    (entry,) = parse(body, **rest).entries
    return entry


def test_an_atom_entry() -> None:
    feed = parse(ATOM)
    (entry,) = feed.entries
    assert (feed.format, feed.title, feed.language) == ("atom10", "News & more", "uk")
    assert (entry.guid, entry.link, entry.title) == ("urn:1", "http://base.test/a/one", "One bold word")
    assert entry.text == "Short.\nLong text.\nSecond."
    assert entry.published == 1765785600 * 1_000_000
    assert entry.published_raw == "2025-12-15T10:00:00+02:00"
    assert (entry.author, entry.tags, entry.language) == ("Ann Author", ("treaty", "NATO"), "uk")
    assert entry.flags == ()
    assert len(entry.item_digest) == cutter.DIGEST_BYTES


def test_an_rss_entry_of_an_aggregator() -> None:
    entry = only(
        rss(
            '<item><title>T</title><link>/x</link><source url="http://paper.test/">The Paper</source><author>a@b.test (Bob)</author></item>'
        )
    )
    assert (entry.outlet, entry.outlet_url) == ("The Paper", "http://paper.test/")
    assert entry.link == "http://feeds.test/x"
    assert entry.guid == ""
    assert "no-id" in entry.flags


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://x.test/",
        "mailto:x@y.test",
        "http://[",
        " JaVa\tScRiPt:1",
    ],
)
def test_only_web_links_are_kept(link: str) -> None:
    assert only(rss(f"<item><guid>g</guid><link>{link}</link></item>")).link in {
        "",
        "http://feeds.test/dir/JaVa ScRiPt:1"[:0],
    }


def test_an_id_is_a_link_only_where_it_is_an_address() -> None:
    assert only(rss("<item><guid>g1</guid></item>")).link == ""
    assert only(rss("<item><guid>http://x.test/1</guid></item>")).link == "http://x.test/1"


def test_the_language_of_the_watchlist_goes_before_the_feeds() -> None:
    head = "<language>en-us</language>"
    assert only(rss(item(1), head=head), language="ru").language == "ru"
    assert only(rss(item(1), head=head)).language == "en"
    assert only(rss(item(1))).language == ""
    assert [primary_language(text) for text in ("en-US", "RU", "", "x", "english", "zh_CN")] == [
        "en",
        "ru",
        "",
        "",
        "",
        "zh",
    ]


def test_a_summary_that_the_content_repeats_is_not_doubled() -> None:
    content = "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'><![CDATA[<p>It was said today in full.</p><p>More.</p>]]></content:encoded>"
    assert (
        only(rss(f"<item><guid>g</guid><description>It was said today…</description>{content}</item>")).text
        == "It was said today in full.\nMore."
    )
    assert only(rss(f"<item><guid>g</guid><description>Another thing</description>{content}</item>")).text.startswith(
        "Another thing\nIt was"
    )


# --- what is new ------------------------------------------------------------------------------------------------


def test_only_unseen_items_are_parsed() -> None:
    first = parse(rss(item(1), item(2), item(3)))
    assert (len(first.entries), first.skipped, len(first.item_digests)) == (3, 0, 3)
    again = parse(rss(item(1), item(2), item(3)), seen=frozenset(first.item_digests))
    assert (again.entries, again.skipped, again.item_digests) == ((), 3, first.item_digests)
    more = parse(
        rss(item(4), item(1), item(2, extra="<category>changed</category>")), seen=frozenset(first.item_digests)
    )
    assert [entry.guid for entry in more.entries] == ["g4", "g2"]
    assert (more.skipped, more.format, more.title) == (1, "rss20", "Feed")


def test_in_doubt_the_whole_body_is_parsed() -> None:
    body = rss(item(1), "<item><guid>g2</guid><title><b></title></item>")
    feed = parse(body, seen=frozenset(parse(rss(item(1))).item_digests))
    assert len(feed.entries) == 2
    assert feed.item_digests == ()
    assert all("loose" in entry.flags for entry in feed.entries)
    assert "not well-formed XML, read by the tolerant parser" in feed.warnings


@pytest.mark.parametrize(
    ("title", "text"),
    [("A &nbsp; B", "A B"), ("AT&T & co", "AT&T & co"), ("caf&eacute; &amp; x", "café & x"), ("&foo; &#1055;", "&foo; П"),
     ("<![CDATA[R&D &nbsp;]]> & x", "R&D & x"), ("&LT;b>", ""), ("a&b=c;", "a&b=c;")],
)  # fmt: skip
def test_plain_faults_are_mended_and_the_feed_stays_well_formed(title: str, text: str) -> None:
    feed = parse(rss(item(1), f"<item><guid>g2</guid><title>{title}</title></item>"))
    assert (len(feed.entries), feed.entries[1].title) == (2, text)
    assert len(feed.item_digests) == 2
    assert not any("loose" in entry.flags for entry in feed.entries)


def test_what_follows_the_feed_is_left_out_unless_it_holds_items() -> None:
    junk = parse(rss(item(1)) + "\n<script>track()</script> & more")
    assert (len(junk.entries), len(junk.item_digests)) == (1, 1)
    assert "what follows the end of the feed was left out" in junk.warnings
    more = parse(rss(item(1)) + rss(item(2)))
    assert [entry.guid for entry in more.entries] == ["g1", "g2"]


@pytest.mark.parametrize(
    "body",
    ["<item/>", "<feed><entry><entry/></entry></feed>", "<rss><channel><item/></channel><item/></rss>", "<rss></rss>", "<a><item></a>",
     "<r><x><item/></x><y><item/></y></r>"],
)  # fmt: skip
def test_the_cut_is_not_certain(body: str) -> None:
    assert not cutter.scan(body.encode()).is_certain


ITEMS = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from(["", "<b/>", "x &amp; y", "<![CDATA[</item>]]>", "<!-- <item> -->", "é日"])
    ),
    max_size=8,
)


@given(ITEMS, st.sets(st.integers(0, 7)))
@settings(max_examples=60, deadline=None)
def test_a_cut_feed_gives_the_same_entries_as_the_whole_one(items: list[tuple[int, str]], hidden: set[int]) -> None:
    body = rss(
        *(f"<item><guid>g{n}</guid><title>{text}</title><x:y xmlns:x='u'>{text}</x:y></item>" for n, text in items)
    )
    whole = parse(body)
    seen = frozenset(digest for at, digest in enumerate(whole.item_digests) if at in hidden)
    part = parse(body, seen=seen)
    assert part.entries == tuple(entry for entry in whole.entries if entry.item_digest not in seen)
    assert part.item_digests == whole.item_digests
    assert len(part.entries) + part.skipped == len(whole.entries)


# --- wishes -----------------------------------------------------------------------------------------------------


def test_wishes_of_the_publisher() -> None:
    head = (
        "<ttl>90</ttl><skipHours><hour>0</hour><hour>24</hour><hour>7</hour><hour>99</hour></skipHours>"
        "<skipDays><day>Sunday</day><day>monday</day><day>Someday</day></skipDays>"
    )
    feed = parse(rss(item(1), head=head))
    assert (feed.ttl_s, feed.skip_hours, feed.skip_days) == (5400, (0, 7), (0, 6))


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        ("<ttl>1000000000</ttl>", 1e9), ("<ttl>soon</ttl>", None), ("<ttl>0</ttl>", None), ("<ttl>-5</ttl>", None),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 21600),
        ("<sy:updatePeriod>weekly</sy:updatePeriod>", 604800), ("<sy:updatePeriod>never</sy:updatePeriod>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency><ttl>240</ttl>", 14400),
    ],
)  # fmt: skip
def test_a37_the_longer_wish_counts(head: str, seconds: float | None) -> None:
    body = rss(item(1), head=head).replace("<rss ", '<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" ')
    assert parse(body).ttl_s == seconds


# --- plain text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a < b & c", "a < b & c"), ("<p>One</p><p>two<br>three</p>", "One\ntwo\nthree"), ("AT&amp;T", "AT&T"),
        ("x<script>bad()</script>y", "xy"), ("a<!-- c -->b", "ab"), ("<ul><li>1<li>2</ul>", "1\n2"), ("<td>a</td><td>b</td>", "a\nb"),
        ("one\u00a0 two\t\tthree", "one two three"), ("a\u2028b\r\nc\rd", "a\nb\nc\nd"), ("<a href='javascript:x'>t</a>", "t"),
        ("<img src=x onerror=y>", ""), ("H<sub>2</sub>O <del>x</del>", "H2O x"), ("<title>t</title>", ""), ("&#1055;", "П"),
        ("<style>p{}</style>x<noscript>n</noscript>", "x"), ("1 &lt; 2", "1 < 2"), ("", ""), ("<", "<"), ("<p", ""),
    ],
)  # fmt: skip
def test_html_to_text(markup: str, text: str) -> None:
    assert fold_lines(plain_text(scrub(markup)[0], 10_000)) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("non-<b>aggr</b>ession", "non-aggression"), ("pa<span></span>ct", "pact"), ("pa<!-- x -->ct", "pact"),
        ("p&#97;ct", "pact"), ("p&amp;#97;ct", "pact"), ("&lt;b&gt;pa&lt;/b&gt;ct", "pact"), ("<![CDATA[pa<i>ct</i>]]>", "pact"),
        ("tr&eacute;at&amp;eacute;", "tréaté"), ("пакт&amp;nbsp;о", "пакт о"),
    ],
)  # fmt: skip
def test_c11_words_split_by_markup_are_whole(markup: str, text: str) -> None:
    entry = only(rss(f"<item><guid>g</guid><title>{markup}</title><description>{markup}</description></item>"))
    assert (entry.title, entry.text) == (text, text)


def test_many_tags_are_stripped_in_linear_time() -> None:
    assert fold_lines(plain_text("<div>" * 50_000 + "x", 10**6)) == "x"


@given(st.text(st.characters(), max_size=200))
def test_b13_scrubbed_text_can_be_stored(text: str) -> None:
    clean, had_controls = scrub(text)
    clean.encode("utf-8")
    assert "\0" not in clean
    assert scrub(clean) == (clean, False)
    assert had_controls or len(clean) <= len(text)


TAGS = st.builds(
    lambda end, name, given: f"<{end}{name}{given}>",
    st.sampled_from(["", "/"]),
    st.sampled_from(["a", "p", "b", "br", "I", "span", "div", "li", "h2", "img", "em", "Quote", "pre", "table", "td", "svg", "nobr"]),
    st.sampled_from(["", "", "/", " /", ' href="?a=1&amp;b=2"', " title='x>y'", ' alt="a<b"', " w=1", " w=1/", " checked", ' "', " =x"]),
)  # fmt: skip
PIECES = st.sampled_from(
    ["word", " ", "\n", "&amp;", "&amp;amp;", "&lt;b&gt;", "&nbsp;", "&#8217;", "&#39;", "&#x27;", "&#150;", "&#0;", "&notit;", "&am",
     "p;lt;", "&", "<", ">", "a < b", "é", "&eacute;", "<!-- c -->", "<![CDATA[x]]>", "</", "&#64976;", "&foo;", "&ampx;"]
)  # fmt: skip


@given(st.lists(TAGS | PIECES, max_size=12).map("".join))
@settings(max_examples=400, deadline=None)
def test_plain_markup_is_stripped_as_a_tree_of_it_would_be(markup: str) -> None:
    quick = plain._strip_plain(plain._BLOCK.sub("\n<", markup))
    if quick is not None:
        tree = plain._strip_tree(plain._BLOCK.sub("\n<", markup))
        assert quick.lstrip() == tree.lstrip()


def test_plain_markup_needs_no_tree() -> None:
    assert plain._strip_plain("<p>One &amp; <a href='x'>two</a></p>\n<br/>three") == "One & two\nthree"
    assert plain._strip_plain("<table><tr><td>x</table>") is None
    assert plain._strip_plain("a &am<b>p;</b>") is None


@given(st.text("htps:/.?#;=&x\u00e9%@[]1 ", max_size=30), st.sampled_from(["http://x.test/", "https://x.test/?a"]))
@settings(max_examples=300, deadline=None)
def test_a_plain_link_is_what_joining_makes_of_it(tail: str, start: str) -> None:
    link = start + tail
    if fields._PLAIN_LINK.fullmatch(link):
        assert urljoin("http://base.test/a/b", link) == urljoin("https://base.test/a/b?c", link) == link


def test_cut_fields_stay_within_their_caps() -> None:
    cleaner = FieldCleaner(Limits())
    assert len(cleaner.line("x" * 5000, 100)) == 100
    assert cleaner.link("http://x.test/" + "y" * 5000, "") == ""
    assert "truncated" in cleaner.flags


# --- against feedparser -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [ATOM, rss(item(1), item(2)), rss()])
def test_entry_counts_equal_feedparsers(body: str) -> None:
    assert len(parse(body).entries) == len(feedparser.parse(body.encode()).entries)


def test_b19_json_feed_is_named() -> None:
    assert "JSON Feed" in refused('{"version": "https:\\/\\/jsonfeed.org\\/version\\/1"}').detail
