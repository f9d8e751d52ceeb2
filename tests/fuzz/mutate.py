"""Makes damaged inputs from good ones, the same for the same random state. Must not: read files."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

MARKUP = (
    b"<item>", b"</item>", b"<entry>", b"</entry>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<!DOCTYPE x>", b"&amp;", b"&#0;",
    b"&#xD800;", b"&#1114112;", b"&nope;", b"<?xml version='1.0' encoding='utf-16'?>", b"<?xml version='1.1'?>", b"\x00", b"\xff\xfe",
    b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xe2\x80\xae", b"<guid/>", b"<title/>", b"<link href='javascript:1'/>", b"<a href='", b"xmlns:x='y'",
    b"<pubDate>99 Foo 0000 99:99:99 +9999</pubDate>", b"<updated>-0001-13-40T25:61:61Z</updated>", b"<content type='xhtml'><div>",
    b"<content type='application/xml'>", b"<enclosure length='-1'/>", b"<source url='x'>", b"encoding='windows-1251'", b"<rdf:RDF>", b"{", b"}",
)  # fmt: skip
YAML = (
    b": ", b"- ", b"{", b"}", b"[", b"]", b"'", b'"', b"|", b">", b"&a", b"*a", b"!!python/object:x", b"? ", b"#", b"\t", b"\n\n", b"---\n",
    b"...\n", b"<<: *a", b"%YAML 1.1\n", b"no", b"null", b"~", b"1e999", b"0x10", b"2025-13-45", b"\x00", b"\xff", b"\xe2\x80\xa8", b"${X}",
    b"@concept", b"near/4", b"near/99999999999", b"include: [../x.yaml]\n", b"watchlist: x\n", b"signals:\n", b"weight: -1", b"weight: .nan",
)  # fmt: skip
QUERY = (
    "|", "&", "!", "(", ")", "near/3", "near/0", "near/999999", "before/2", "sentence", "title:(", "lead:(", "2 of (", "0 of (", '"', '""', "*", "pre*",
    "=NATO", "=", "@russia", "@", "@no_such", "word", "Договор", "проєкт", "l'OTAN", "зобов'язання", "non-use", "\u202e", "\x00", "\ud800", "ß", "İ",
    "'", "\\", "/", "3", "of", ",", "  ", "\n", "\t", "ﬁ", "e\u0301",
)  # fmt: skip


def damaged(seed: bytes, other: bytes, tokens: Sequence[bytes], pick: random.Random) -> bytes:
    """A copy of ``seed`` with one to eight kinds of damage; ``other`` is spliced in at times."""
    data = bytearray(seed)
    for _ in range(pick.choice((1, 1, 2, 3, 8))):
        pick.choice(_DAMAGE)(data, other, tokens, pick)
    return bytes(data)


def _flip(data: bytearray, _other: bytes, _tokens: Sequence[bytes], pick: random.Random) -> None:
    for _ in range(pick.randint(1, 12)):
        if data:
            data[pick.randrange(len(data))] ^= 1 << pick.randrange(8)


def _cut(data: bytearray, _other: bytes, _tokens: Sequence[bytes], pick: random.Random) -> None:
    start, end = _slice(data, pick)
    del data[start:end]


def _truncate(data: bytearray, _other: bytes, _tokens: Sequence[bytes], pick: random.Random) -> None:
    del data[pick.randrange(len(data) + 1) :]


def _repeat(data: bytearray, _other: bytes, _tokens: Sequence[bytes], pick: random.Random) -> None:
    start, end = _slice(data, pick)
    data[start:start] = data[start:end] * pick.choice((1, 2, 2, 50))


def _insert(data: bytearray, _other: bytes, tokens: Sequence[bytes], pick: random.Random) -> None:
    for _ in range(pick.randint(1, 6)):
        place = pick.randrange(len(data) + 1)
        data[place:place] = pick.choice(tokens) * pick.choice((1, 1, 1, 2, 300))


def _splice(data: bytearray, other: bytes, _tokens: Sequence[bytes], pick: random.Random) -> None:
    start, end = _slice(other, pick)
    place = pick.randrange(len(data) + 1)
    data[place : place + pick.choice((0, end - start))] = other[start:end]


def _slice(data: bytes | bytearray, pick: random.Random) -> tuple[int, int]:
    start = pick.randrange(len(data) + 1)
    return start, min(len(data), start + pick.choice((1, 4, 40, 400)))


_DAMAGE: tuple[Callable[[bytearray, bytes, Sequence[bytes], random.Random], None], ...] = (
    _flip,
    _cut,
    _truncate,
    _repeat,
    _insert,
    _insert,
    _splice,
)


def query_text(pick: random.Random) -> str:
    """A row of words and operators that may or may not be a query."""
    return pick.choice(("", " ")).join(pick.choice(QUERY) for _ in range(pick.choice((1, 2, 3, 5, 8, 13, 60))))
