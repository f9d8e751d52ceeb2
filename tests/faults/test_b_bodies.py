"""Rows B of the fault matrix: bodies that crash, stall, bloat, lie about their encoding or are no feed at all."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.faults.stalls import described
from tests.sources.helpers import claim, failure, fetched, item, parse, refused, rss, run, sandboxed
from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import ParsedFeed
from watcher.sources import nursery
from watcher.sources.registry import RawFeed
from watcher.sources.sandbox import Sandbox

TWO = rss(item(1), item(2))


def entity_chain(length: int) -> str:
    """Entities that each name the one before: what has crashed an XML parser's stack."""
    links = "".join(f'<!ENTITY e{n} "&e{n - 1};">' for n in range(1, length))
    return f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY e0 "x">{links}]>{rss(item(1))[21:]}'


# --- what harms the parser --------------------------------------------------------------------------------------


def test_b01_entity_chain_is_one_failed_poll() -> None:
    async def work() -> tuple[SourceError, ParsedFeed]:
        async with Sandbox(Limits(), (), 1) as sandbox:
            with pytest.raises(SourceError) as caught:
                await sandbox.parse(claim(), fetched(entity_chain(60_000)))
            return caught.value, await sandbox.parse(claim(), fetched(TWO))

    error, after = run(work())
    assert error.kind == "dtd-refused"
    assert len(after.entries) == 2


def children_of(sandbox: Sandbox) -> list[int]:
    pid = sandbox.server_pid()
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(number) for number in text.split()]


async def busy_children(sandbox: Sandbox, count: int) -> list[int]:
    """The children once there are so many and each has begun to work."""
    async with asyncio.timeout(20):
        while True:
            found = children_of(sandbox)
            if len(found) >= count and all(_is_running(pid) for pid in found):
                return found
            await asyncio.sleep(0.005)


def _is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "R"


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [(signal.SIGSEGV, "crashed", "parser crashed (signal 11)"), (signal.SIGKILL, "killed", "signal 9")],
)
def test_b01_a_crash_is_named_and_harms_only_its_own_source(number: int, kind: str, words: str) -> None:
    big = rss(*(item(n) for n in range(4000)))

    async def work() -> tuple[list[object], ParsedFeed]:
        async with Sandbox(Limits(), (), 2) as sandbox:
            await asyncio.gather(*(sandbox.parse(claim(), fetched(TWO)) for _ in range(2)))
            both = [asyncio.ensure_future(sandbox.parse(claim(), fetched(big))) for _ in range(2)]
            os.kill((await busy_children(sandbox, 2))[0], number)
            ended = await asyncio.gather(*both, return_exceptions=True)
            return ended, await sandbox.parse(claim(), fetched(TWO))

    ended, after = run(work())
    errors = [one for one in ended if isinstance(one, SourceError)]
    feeds = [one for one in ended if isinstance(one, ParsedFeed)]
    assert len(errors) == len(feeds) == 1
    assert (errors[0].phase, errors[0].kind) == ("parse", kind)
    assert words in errors[0].detail
    assert len(feeds[0].entries) == 4000
    assert len(after.entries) == 2


BOMB_DTDS = {
    "laughs on one line": '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    "laughs on many lines": '<!DOCTYPE rss [\n<!ENTITY a "ha">\n<!ENTITY b "&a;&a;&a;&a;">\n]>',
    "quadratic": f'<!DOCTYPE rss [<!ENTITY a "{"x" * 5000}">]>',
    "external file": '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "external address": '<!DOCTYPE rss [<!ENTITY a SYSTEM "http://127.0.0.1:1/">]>',
    "parameter entity": '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:1/">%p;]>',
    "public and subset": '<!DOCTYPE rss PUBLIC "x" "http://127.0.0.1:1/x.dtd" [<!ELEMENT rss ANY>]>',
    "bracket after a quoted one": "<!DOCTYPE rss SYSTEM '>' [<!ENTITY a 'b'>]>",
    "small letters": '<!doctype rss [<!ENTITY a "b">]>',
    "after a comment": '<!-- x --><?pi?><!DOCTYPE rss [<!ENTITY a "b">]>',
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", sorted(BOMB_DTDS))
def test_b02_internal_subsets_are_refused_in_any_encoding(name: str, encoding: str) -> None:
    body = f"<?xml version='1.0'?>{BOMB_DTDS[name]}{rss(item(1))[21:]}"
    error = refused(body.encode(encoding))
    assert (error.phase, error.kind) == ("decode", "dtd-refused")


def test_b02_a_subset_in_utf7_is_never_markup() -> None:
    body = f"<?xml version='1.0' encoding='utf-7'?>{BOMB_DTDS['external file']}<rss>&a;</rss>".encode("utf-7")
    assert refused(body).kind in {"not-a-feed", "dtd-refused"}


def test_b02_a_document_type_without_a_subset_is_dropped() -> None:
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://127.0.0.1:1/rss-0.91.dtd">'
    feed = parse(f'<?xml version="1.0"?>\n{doctype}\n{rss(item(1))[21:]}')
    assert [entry.title for entry in feed.entries] == ["Title 1"]


PROBE = """
import sys
opened = []
def hook(event, args):
    if event in ("open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"):
        opened.append((event, str(args[0])[:200]))
from watcher.sources.feed import parse
from watcher.sources.registry import Request
from watcher.core.limits import Limits
from watcher.core.errors import SourceError
body = sys.stdin.buffer.read()
for more in (b"", b" lastmod='1'"):  # one for the quick reader, one for feedparser
    warm = b"<rss version='2.0'><channel" + more + b"><item><title>warm</title></item></channel></rss>"
    parse(Request(warm, "", "http://x.test/", Limits()))
sys.addaudithook(hook)
try:
    parse(Request(body, "", "http://x.test/", Limits()))
except SourceError as error:
    print(error.kind)
print(opened)
"""


@pytest.mark.parametrize(
    "body",
    [
        "<?xml version='1.0'?><!DOCTYPE rss SYSTEM 'file:///etc/passwd'><rss version='2.0'><channel><item><title>&a;</title></item></channel></rss>",
        "<?xml-stylesheet href='http://127.0.0.1:1/x.xsl' type='text/xsl'?><rss version='2.0'><channel/></rss>",
        "<rss version='2.0' xmlns:xi='http://www.w3.org/2001/XInclude'><channel><item><title><xi:include href='file:///etc/passwd' parse='text'/></title></item></channel></rss>",
        *(f"<?xml version='1.0'?>{BOMB_DTDS[name]}<rss>&a;</rss>" for name in ("external file", "external address", "parameter entity")),
        "/dev/zero", "file:///etc/passwd", "http://127.0.0.1:1/feed", "/etc/passwd",
    ],
)  # fmt: skip
def test_b03_b09_nothing_is_opened(body: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], input=body.encode(), capture_output=True, timeout=60, check=True
    )
    assert done.stdout.decode().strip().splitlines()[-1] == "[]"
    assert b"root:" not in done.stdout


def test_b04_cpu_time_is_bounded_and_others_go_on() -> None:
    slow = rss(*(item(n) for n in range(5000)))

    async def work() -> tuple[SourceError, ParsedFeed]:
        async with Sandbox(replace(Limits(), parse_cpu_s=0.1), (), 1) as sandbox:
            with pytest.raises(SourceError) as caught:
                await sandbox.parse(claim(), fetched(slow))
            return caught.value, await sandbox.parse(claim(), fetched(TWO))

    error, after = run(work())
    assert (error.phase, error.kind) == ("parse", "cpu-limit")
    assert len(after.entries) == 2


def test_b04_wall_time_is_bounded_even_for_a_child_that_sleeps() -> None:
    async def work() -> tuple[SourceError, ParsedFeed, float]:
        async with Sandbox(replace(Limits(), parse_wall_s=0.5), (), 1) as sandbox:
            await sandbox.parse(claim(), fetched(TWO))
            (child,) = children_of(sandbox)
            os.kill(child, signal.SIGSTOP)
            started = time.monotonic()
            with pytest.raises(SourceError) as caught:
                await sandbox.parse(claim(), fetched(TWO))
            took = time.monotonic() - started
            return caught.value, await sandbox.parse(claim(), fetched(TWO)), took

    error, after, took = run(work())
    assert (error.phase, error.kind) == ("parse", "timeout")
    assert took < 5
    assert len(after.entries) == 2


def test_b04_memory_is_bounded() -> None:
    limits = replace(Limits(), parse_memory_bytes=220 * 2**20, body_bytes=10**8)
    error = failure(
        sandboxed(
            rss("<item><title>x</title><description>" + "y " * 20_000_000 + "</description></item>"), limits=limits
        )
    )
    assert error.phase == "parse"
    assert error.kind in {"memory", "crashed", "killed"}


@pytest.mark.slow
@pytest.mark.parametrize("row", range(7))
def test_b04_described_stalls_end_in_time(row: int, corpus: Path) -> None:
    """The inputs are made from the corpus's own description; without it there is nothing to make them from."""
    bodies = described(corpus)
    if row >= len(bodies):
        pytest.skip("the corpus shows no such sample")
    started = time.monotonic()
    kind = run(outcome(bodies[row]))
    assert kind in {"read", "cpu-limit", "timeout", "memory", "crashed", "parser-raised", "not-a-feed"}
    assert time.monotonic() - started < 30


def test_b04_the_public_stall_of_a_name_with_many_dots() -> None:
    """kurtmckee/feedparser#562."""
    author = "a@" + "a." * 60_000 + "!"
    limits = replace(Limits(), parse_cpu_s=0.5)
    assert run(outcome(rss(f"<item><author>{author}</author></item>"), limits)) in {"cpu-limit", "read"}


async def outcome(body: bytes | str, limits: Limits | None = None) -> str:
    """How a body ends in a child: ``read``, or the kind of its error."""
    try:
        await sandboxed(body, limits=limits)
    except SourceError as error:
        return error.kind
    return "read"


def test_b05_deep_nesting_is_bounded() -> None:
    limits = replace(Limits(), entries_per_feed=100)
    deep = {
        "unknown elements": rss("<item><guid>g</guid>" + "<a>" * 50_000 + "</a>" * 50_000 + "</item>"),
        "escaped html": rss("<item><guid>g</guid><description>" + "&lt;div&gt;" * 50_000 + "x</description></item>"),
        "items": rss("<item>" * 20_000 + "</item>" * 20_000),
        "html without ends": rss(
            "<item><guid>g</guid><description><![CDATA[" + "<b><p>" * 50_000 + "]]></description></item>"
        ),
    }
    for name, body in deep.items():
        feed = run(sandboxed(body, limits=limits))
        assert len(feed.entries) <= 100, name
        assert (feed.dropped > 0) == (name == "items"), name


def test_b06_huge_texts_are_cut_and_marked() -> None:
    limits = replace(Limits(), text_chars=50_000)
    categories = "".join(f"<category>{n}{'c' * 300}</category>" for n in range(70))
    feed = run(
        sandboxed(
            rss(
                f"<item><guid>{'g' * 9000}</guid><title>{'t' * 1_000_000}</title><author>{'a' * 5000} b</author>"
                f"{categories}"
                f"<description>{'word ' * 400_000}</description></item>",
                f"<item><guid>{'g' * 9001}</guid><link>http://x.test/{'l' * 5000}</link></item>",
            ),
            limits=limits,
        )
    )
    first, second = (parsed.entry for parsed in feed.entries)
    assert len(first.title) == limits.title_chars
    assert len(first.text) <= limits.text_chars
    assert len(first.author) <= limits.author_chars
    assert len(first.tags) == limits.tags
    assert max(map(len, first.tags)) == limits.tag_chars
    assert "truncated" in first.flags
    assert len(first.guid) <= limits.guid_chars
    assert first.guid != second.guid
    assert second.link == ""


def test_b06_a_huge_attribute() -> None:
    feed = run(sandboxed(rss(f'<item><guid>g</guid><enclosure url="{"u" * 4_000_000}"/></item>')))
    assert [parsed.entry.guid for parsed in feed.entries] == ["g"]


def test_b07_entries_beyond_the_cap_are_counted() -> None:
    limits = replace(Limits(), entries_per_feed=50)
    feed = run(sandboxed(rss(*(item(n) for n in range(3000))), limits=limits))
    assert [parsed.entry.guid for parsed in feed.entries] == [f"g{n}" for n in range(50)]
    assert feed.dropped == 2950
    assert "kept 50 of 3000 entries" in feed.warnings
    assert len(feed.item_digests) == 50


def test_b07_also_where_the_body_cannot_be_cut() -> None:
    limits = replace(Limits(), entries_per_feed=50)
    feed = parse(rss(*(item(n) for n in range(3000)), "<item><b></item>"), limits=limits)
    assert len(feed.entries) == 50
    assert feed.dropped == 2951
    assert all("loose" in entry.flags for entry in feed.entries)


# --- what makes the parser raise --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reference", ["&#xD800;", "&#x110000;", "&#99999999999;", "&#0;", "&#27;", "&#xFFFE;", "&#x1F;"]
)
def test_b08_bad_references_cost_one_character(reference: str) -> None:
    feed = parse(rss(item(1), f"<item><guid>g2</guid><title>A{reference}B</title></item>"))
    assert [entry.title for entry in feed.entries] == ["Title 1", "AB"]
    assert "had-controls" in feed.entries[1].flags
    assert "had-controls" not in feed.entries[0].flags
    assert not any("loose" in entry.flags for entry in feed.entries)


def test_b08_an_item_that_makes_feedparser_raise_is_left_out_alone() -> None:
    bad = '<item><guid>bad</guid><gml:pos xmlns:gml="http://www.opengis.net/gml">a b</gml:pos></item>'
    feed = parse(rss(*(item(n) for n in range(20)), bad, item(20)))
    assert [entry.guid for entry in feed.entries] == [f"g{n}" for n in range(21)]
    assert feed.dropped == 1
    assert any(re.search(r"made feedparser fail \(\w+Error\)", warning) for warning in feed.warnings)


def test_b08_a_feed_that_makes_feedparser_raise_is_an_error_with_the_class() -> None:
    bad = '<item><guid>bad</guid><gml:pos xmlns:gml="http://www.opengis.net/gml">a b</gml:pos></item>'
    error = refused(rss(bad))
    assert (error.phase, error.kind) == ("parse", "parser-raised")
    assert re.search(r"raised \w+Error", error.detail)


# --- bytes ------------------------------------------------------------------------------------------------------


def encoded(text: str, encoding: str, declared: str | None = None) -> bytes:
    named = f' encoding="{declared}"' if declared else ""
    return text.replace('<?xml version="1.0"?>', f'<?xml version="1.0"{named}?>').encode(encoding)


RUSSIAN = rss("<item><guid>g</guid><title>Привет, договор</title></item>")


def test_b10_broken_utf8_is_marked_and_never_read_as_windows_1252() -> None:
    body = encoded(RUSSIAN, "utf-8", "utf-8").replace("Привет".encode(), "При".encode() + b"\xff" + "вет".encode())
    feed = parse(body)
    assert feed.entries[0].title == "При\ufffdвет, договор"
    assert any(re.search(r"not utf-8, first at \d+", warning) for warning in feed.warnings)


def test_b10_cyrillic_in_a_body_that_claims_utf8_is_not_mojibake() -> None:
    title = parse(encoded(RUSSIAN, "cp1251", "utf-8")).entries[0].title
    assert "\ufffd" in title
    assert "Ïð" not in title


@pytest.mark.parametrize(
    "name", ["windows-1251", "koi8-r", "koi8-u", "utf-16", "utf-16-le", "utf-32-be", "iso-8859-5", "cp866"]
)
@pytest.mark.parametrize("where", ["header", "declaration"])
def test_b11_encodings_are_believed(name: str, where: str) -> None:
    body = encoded(RUSSIAN, name, name if where == "declaration" else None)
    header = f"text/xml; charset={name}" if where == "header" else "text/xml"
    assert parse(body, header).entries[0].title == "Привет, договор"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gb18030", "条约草案"),
        ("gb2312", "条约草案"),
        ("shift_jis", "条約草案"),
        ("euc-kr", "조약 초안"),
        ("big5", "條約草案"),
        ("windows-1252", "Traité – projet"),
        ("iso-8859-1", "Traité"),
    ],
)
def test_b11_other_scripts(name: str, text: str) -> None:
    body = encoded(rss(f"<item><guid>g</guid><title>{text}</title></item>"), name, name)
    assert parse(body).entries[0].title == text


def test_b11_order_of_belief() -> None:
    marked = codecs.BOM_UTF8 + encoded(RUSSIAN, "utf-8", "koi8-r")
    assert parse(marked, "text/xml; charset=windows-1251").entries[0].title == "Привет, договор"
    both = encoded(RUSSIAN, "koi8-r", "windows-1251")
    assert parse(both, "text/xml; charset=koi8-r").entries[0].title == "Привет, договор"
    wrong_header = encoded(RUSSIAN, "utf-8", "windows-1251")
    assert parse(wrong_header, "text/xml; charset=us-ascii").warnings


@pytest.mark.parametrize("name", ["iso-8859-1", "windows-1251", "us-ascii", "koi8-r"])
def test_b11_utf8_is_known_under_a_servers_default(name: str) -> None:
    feed = parse(encoded(RUSSIAN, "utf-8"), f"text/xml; charset={name}")
    assert feed.entries[0].title == "Привет, договор"
    assert any("but is utf-8" in warning for warning in feed.warnings)


@pytest.mark.parametrize(
    "declaration",
    [
        '<?xml version="1.0">',
        '<?xml version="1.0"?>\n<?xml-stylesheet href="a>b"?>',
        "<?xml?>",
        "\n\n <?XML version='1.0'>",
    ],
)
def test_b11_a_broken_declaration_does_not_swallow_the_feed(declaration: str) -> None:
    body = rss("<item><guid>g</guid><description><![CDATA[<?php x ?>]]></description></item>").partition("?>")[2]
    assert len(parse(declaration + body).entries) == 1


def test_b11_a_header_that_cannot_be_is_passed_over() -> None:
    body = encoded(rss("<item><guid>g</guid><title>Ünïcode – x\x81</title></item>"), "utf-8", "utf-8")
    assert parse(body, "text/xml; charset=big5").entries[0].title == "Ünïcode – x"


@pytest.mark.parametrize(
    "name",
    [
        "punycode",
        "zlib",
        "idna",
        "unicode_escape",
        "raw_unicode_escape",
        "utf-7",
        "rot13",
        "base64",
        "hex",
        "bz2",
        "no-such",
        "mbcs",
        "undefined",
    ],
)
@pytest.mark.parametrize("where", ["header", "declaration"])
def test_b12_codecs_that_are_not_text_are_never_used(name: str, where: str) -> None:
    text = rss("<item><guid>g</guid><title>plain \\u0041</title></item>")
    body = encoded(text, "utf-8", name if where == "declaration" else None)
    feed = parse(body, f"text/xml; charset={name}" if where == "header" else "text/xml")
    assert feed.entries[0].title == "plain \\u0041"
    assert any("is not used" in warning for warning in feed.warnings)


def test_b12_what_only_such_a_codec_could_read_is_refused() -> None:
    error = refused(encoded(RUSSIAN, "cp1251", "x-mac-klingon"))
    assert (error.phase, error.kind) == ("decode", "unknown-encoding")


@pytest.mark.parametrize(
    "bad", ["\0", "\x1b[31m", "\x07", "\x81", "\x7f", "\ufffe", "\uffff", "\ufdd0", "\U0001ffff", "\x0b"]
)
def test_b13_what_must_not_be_stored_is_removed_and_flagged(bad: str) -> None:
    feed = run(
        sandboxed(
            rss(item(1), f"<item><guid>g{bad}2</guid><title>A{bad}B</title><description>C{bad}D</description></item>")
        )
    )
    first, second = (parsed.entry for parsed in feed.entries)
    shown = "".join(c for c in bad if c.isprintable())
    assert (second.guid, second.title, second.text) == (f"g{shown}2", f"A{shown}B", f"C{shown}D")
    assert "had-controls" in second.flags
    assert not first.flags


def test_b13_surrogates_from_a_broken_utf16_body() -> None:
    body = encoded(rss("<item><guid>g</guid><title>AxB</title></item>"), "utf-16-le", "utf-16").replace(
        b"x\0", b"\x00\xd8"
    )
    title = parse(codecs.BOM_UTF16_LE + body).entries[0].title
    title.encode("utf-8")
    assert title.startswith("A")
    assert title.endswith("B")


# --- what is no feed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b" ", b"\r\n\t \n", b"\0\0\0"])
def test_b14_an_empty_body_is_an_error(body: bytes) -> None:
    error = refused(body)
    assert (error.phase, error.kind) == ("decode", "empty-body")


def test_b14_an_empty_feed_is_none() -> None:
    assert parse(rss()).entries == ()
    assert parse('<feed xmlns="http://www.w3.org/2005/Atom"/>').entries == ()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!DOCTYPE html><html><head><title>A page</title></head>", "HTML page titled 'A page'"),
        (b"<html><body>no title", "HTML page without a title"),
        (b"<script>location='/'</script>", "HTML page"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "JSON Feed"),
        (b'[{"a": 1}]', "JSON"), (b"Service unavailable", "plain text"), (b"User-agent: *\nDisallow: /", "plain text"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "PNG"), (b"GIF89a....", "GIF"), (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08\0", "gzip"), (b"PK\x03\x04", "zip"), (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"<?xml version='1.0'?><urlset><url/></urlset>", "root <urlset>"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "root <Error>"),
        (b"<!-- only a comment -->", "markup"),
    ],
)  # fmt: skip
def test_b15_something_else_is_named(body: bytes, words: str) -> None:
    error = refused(body, "application/rss+xml")
    assert error.kind == "not-a-feed"
    assert words in error.detail


def test_b15_a_bot_filter_with_status_200_is_blocked() -> None:
    page = "<!DOCTYPE html><title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x></script>"
    error = refused(page, "text/html")
    assert (error.phase, error.kind) == ("parse", "blocked")
    assert "Cloudflare" in error.detail


# --- what ends early --------------------------------------------------------------------------------------------

WHOLE = rss(
    item(1),
    item(2),
    "<item><guid>g3</guid><title><![CDATA[Third title]]></title><description>Third</description></item>",
)


@pytest.mark.parametrize(
    "at",
    ["Third title", "]]></title", "</title><description>Third", "guid>g3", "description>Third</des", "tem><guid>g3"],
)
def test_b17_of_a_cut_body_whole_entries_are_kept(at: str) -> None:
    feed = parse(WHOLE[: WHOLE.index(at) + 2])
    assert feed.partial
    assert [entry.guid for entry in feed.entries] == ["g1", "g2"]
    assert not any("loose" in entry.flags for entry in feed.entries)


def test_b17_also_where_it_is_not_well_formed() -> None:
    body = rss(
        item(1), "<item><guid>g2</guid><title>A <b> B</title></item>", "<item><guid>g3</guid><title>cut", tail=""
    )
    feed = parse(body)
    assert feed.partial
    assert [entry.guid for entry in feed.entries] == ["g1", "g2"]


def test_b17_every_cut_of_a_feed_ends_as_whole_entries_or_an_error() -> None:
    body = WHOLE.encode()
    for end in range(len(body)):
        problem, feed = attempt(body[:end])
        if feed is None:
            assert problem in {"empty-body", "not-a-feed", "truncated"}, body[:end]
            continue
        guids = [entry.guid for entry in feed.entries]
        assert guids == [f"g{n + 1}" for n in range(body[:end].count(b"</item>"))], body[:end]
        assert feed.partial, body[:end]


def attempt(body: bytes) -> tuple[str, RawFeed | None]:
    """The kind of the error, or the feed."""
    try:
        return "", parse(body)
    except SourceError as error:
        return error.kind, None


# --- the sandbox itself -----------------------------------------------------------------------------------------


REFUSING_SERVER = """
import socket, struct, sys
control = socket.socket(fileno=int(sys.argv[2]))
message = struct.Struct(">cQi")
control.send(message.pack(b"R", 0, 0))
while True:
    data = control.recv(100)
    if not data:
        break
    control.send(message.pack(b"F", message.unpack(data)[1], 11))
"""


def test_b21_a_system_that_refuses_processes_postpones_the_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nursery, "_START", REFUSING_SERVER)
    error = failure(sandboxed(TWO))
    assert (error.phase, error.kind) == ("parse", "no-child")


def test_b21_a_server_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    error = failure(sandboxed(TWO, watchlists=[b"no pickle at all"]))
    assert (error.phase, error.kind) == ("parse", "no-child")
    assert "cannot start" in error.detail


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_b22_a_dead_server_is_replaced_and_the_task_retried(number: int) -> None:
    big = rss(*(item(n) for n in range(4000)))

    async def work() -> tuple[ParsedFeed, ParsedFeed, int, int, float]:
        async with Sandbox(Limits(), (), 1) as sandbox:
            await sandbox.parse(claim(), fetched(TWO))
            first = sandbox.server_pid()
            task = asyncio.ensure_future(sandbox.parse(claim(), fetched(big)))
            await busy_children(sandbox, 1)
            os.kill(first, number)
            started = time.monotonic()
            got = await task
            took = time.monotonic() - started
            return got, await sandbox.parse(claim(), fetched(TWO)), first, sandbox.server_pid(), took

    got, after, first, second, took = run(work())
    assert len(got.entries) == 4000
    assert len(after.entries) == 2
    assert first != second
    assert took < 10
    assert not Path(f"/proc/{first}/exe").exists()


# --- odd but not malicious --------------------------------------------------------------------------------------


ODD = {
    "many attributes": "<item " + " ".join(f'a{n}="x"' for n in range(5000)) + ">",
    "many namespaces": "<item " + " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(2000)) + ">",
    "a base of another scheme": '<item xml:base="javascript:alert(1)">',
    "a base that is no address": '<item xml:base="http://[::1/">',
    "a base without end": f'<item xml:base="http://h/{"a/" * 50_000}">',
}


@pytest.mark.parametrize("start", ODD.values(), ids=list(ODD))
def test_b18_odd_attributes_namespaces_and_bases_do_no_harm(start: str) -> None:
    body = rss(f"{start}<title>Odd</title><guid>o</guid><link>a/b</link></item>", item(1))
    error, feed = attempt(body.encode())
    assert error in ("", "too-deep", "parser-raised")
    if feed is not None:
        assert "Title 1" in [entry.title for entry in feed.entries]


@pytest.mark.parametrize(
    "link", ["http://[::1", "http://[v1.x]/", "http://h:99999999/", "//[", "http://\u2100/", "http:///"]
)
def test_b18_addresses_that_cannot_be_cost_no_entry(link: str) -> None:
    odd = item(1).replace("http://feeds.test/1", link)
    error, feed = attempt(rss(odd, item(2)).encode())
    assert error == ""
    assert feed is not None
    assert [entry.title for entry in feed.entries] == ["Title 1", "Title 2"]
