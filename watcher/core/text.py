"""Text as the engine sees it: folded 1:1, cut into tokens, with spans in the text as given. Must not: know a rule.

The fast path costs one encoding, one translation and one split. Text that holds invisible characters, compatibility
letters (full width, mathematical) or loose marks takes the path with an offset map; its spans still refer to the
text as given. Words of mixed scripts get a second, flagged reading.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable
from itertools import accumulate, compress, count
from operator import add
from typing import Final

from watcher.core.alphabet import (
    APOSTROPHE,
    APOSTROPHES,
    CLASS,
    FOLD,
    OTHER_BYTE,
    OUTSIDE,
    decode,
    encode_ascii,
    encode_known,
    encode_outside,
    fold_char,
    is_cyrillic,
)

_RUN: Final = re.compile("[\\s\\S]?" + OUTSIDE.pattern + "+")
_MARKS_KEPT: Final = 8
_EXPANSION_KEPT: Final = 4
_STRESS: Final = "\u0300\u0301"
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0") | {
    chr(code) for code in range(0xFE00, 0xFE10)
}
# Folded letters that look alike in lower or upper case: one of another script, then the Latin one.
_PAIRS: Final = (
    "аa вb еe іi їi јj кk мm нh оo рp сc тt уy хx ѕs ԁd һh ӏl ьb ԛq ԝw "
    "αa βb εe ηn ιi κk μm νv οo ρp τt υy χx ωw ղn օo սu հh ɡg ɑa ıi ꮯc"
)
_TO_LATIN: Final = {pair[0]: pair[1] for pair in _PAIRS.split()}
_TO_CYRILLIC: Final = dict(zip("abcehikmnoptuxy", "авсенікмпортиху", strict=True))


class _FoldTable(dict[int, str]):
    def __missing__(self, code: int) -> str:
        return fold_char(chr(code))


_FOLD_TABLE: Final = _FoldTable((code, fold_char(chr(code))) for code in range(0x600))
_INNER_APOSTROPHE: Final = re.compile(f"(?<=[\u0400-\u052f])[{APOSTROPHES}](?=[\u0400-\u052f])")


def fold(text: str) -> str:
    """Fold a text 1:1: as many characters out as in. Case, apostrophes and ё/е are unified; the rest are spaces."""
    folded = text.translate(_FOLD_TABLE)
    for match in _INNER_APOSTROPHE.finditer(text):
        folded = f"{folded[: match.start()]}'{folded[match.end() :]}"
    return folded


def words(text: str) -> list[str]:
    """The folded tokens of a short text (a term, a form). Not for entries: see ``Reading``."""
    return fold(plain_text(text)[0]).split()


# --- the path with an offset map ----------------------------------------------------------------------------------


Offsets = tuple["array[int]", "array[int]"]


def _is_dropped(char: str) -> bool:
    return char in _INVISIBLE or unicodedata.category(char) == "Cf"


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _needs_map(char: str) -> bool:
    return _is_dropped(char) or _is_mark(char) or not unicodedata.is_normalized("NFKC", char)


def _clusters(text: str, start: int, end: int) -> Iterable[tuple[str, int, int]]:
    """Base characters with their marks, invisible ones dropped; at most a few marks each (a pile of them is linear).

    A mark after a space stands for itself: it must not pull what it begins into the field before it.
    """
    cluster, since, until = "", start, start
    for position in range(start, end):
        char = text[position]
        if _is_dropped(char):
            continue
        if cluster and not cluster.isspace() and _is_mark(char):
            if len(cluster) <= _MARKS_KEPT:
                cluster += char
        else:
            if cluster:
                yield cluster, since, until
            cluster, since = char, position
        until = position + 1
    if cluster:
        yield cluster, since, until


def _compose(cluster: str) -> str:
    if cluster in APOSTROPHES:  # the acute accent would become a space and a mark
        return "'"
    composed = unicodedata.normalize("NFKC", cluster)
    if len(composed) > _EXPANSION_KEPT + len(cluster):
        return cluster
    if is_cyrillic(composed[0]):
        return composed[0] + "".join(char for char in composed[1:] if char not in _STRESS)
    return composed


def needs_map(outside: Iterable[str]) -> bool:
    """True where one of these characters is invisible, a loose mark or a compatibility letter."""
    return any(map(_needs_map, outside))


def plain_text(text: str) -> tuple[str, Offsets | None]:
    """The text without invisible characters, composed, compatibility letters made plain; and where each came from.

    Returns:
        The plain text, and None where it is the text itself, else two arrays: start and end in ``text`` of every
        character of the plain text.
    """
    if text.isascii() or not needs_map(set(OUTSIDE.findall(text))):
        return text, None
    pieces: list[str] = []
    starts, ends = array("I"), array("I")
    done = 0
    for run in _RUN.finditer(text):
        begin, end = run.span()
        pieces.append(text[done:begin])
        starts.extend(range(done, begin))
        ends.extend(range(done + 1, begin + 1))
        for cluster, since, until in _clusters(text, begin, end):
            composed = _compose(cluster)
            pieces.append(composed)
            starts.extend([since] * len(composed))
            ends.extend([until] * len(composed))
        done = end
    pieces.append(text[done:])
    starts.extend(range(done, len(text)))
    ends.extend(range(done + 1, len(text) + 1))
    return "".join(pieces), (starts, ends)


# --- one text, read -----------------------------------------------------------------------------------------------


def _join_apostrophes(code: bytes, classes: bytes) -> bytes:
    """Put the apostrophe back where it stands between two Cyrillic letters."""
    joined = bytearray(code)
    at = classes.find(b"c'c")
    while at >= 0:
        joined[at + 1] = APOSTROPHE
        at = classes.find(b"c'c", at + 2)
    return bytes(joined)


def lookalike(token: str) -> tuple[str, ...]:
    """What a word of mixed scripts may stand for: its reading in Latin letters, and in Cyrillic ones."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", token) if not _is_mark(char)) or token
    latin = "".join(_TO_LATIN.get(char, char) for char in bare)
    cyrillic = "".join(_TO_CYRILLIC.get(char, char) for char in token)
    return tuple(dict.fromkeys(word for word in (latin, cyrillic) if word != token))


class Reading:
    """One text folded and cut into tokens (bytes of the alphabet). Spans are worked out only where they are asked for.

    ``text`` is the plain text, ``code`` its folded bytes (one a character), ``is_suspect`` True where some word mixes
    scripts or holds letters that imitate others.
    """

    __slots__ = ("_classes", "_outside", "begins", "code", "is_suspect", "offsets", "text", "tokens")
    begins: list[int]
    """Where every token begins in the plain text; worked out at the first look."""

    def __init__(self, text: str) -> None:
        self.offsets: Offsets | None = None
        self._outside: frozenset[str] = frozenset()
        self.is_suspect = False
        self.text = text
        if text.isascii():
            self._classes = b""
            self.code = encode_ascii(text)
        else:
            self._read(text)
        self.tokens: list[bytes] = self.code.split()

    def _read(self, text: str) -> None:
        raw = encode_known(text)
        if raw is None:
            outside = set(OUTSIDE.findall(text))
            if needs_map(outside):
                self.text, self.offsets = plain_text(text)
                outside = set(OUTSIDE.findall(self.text))
            raw = encode_outside(self.text, outside)
            self._outside = frozenset(char for char in map(fold_char, outside) if char in _TO_LATIN or _is_mark(char))
        self._classes = classes = raw.translate(CLASS)
        self.is_suspect = b"lc" in classes or b"cl" in classes or bool(self._outside)
        code = raw.translate(FOLD)
        self.code = _join_apostrophes(code, classes) if b"c'c" in classes else code

    def suspects(self) -> list[tuple[int, tuple[str, ...]]]:
        """The look-alike readings of every suspect word: token index and what it may stand for."""
        classes, imitators = self._classes, self._outside
        found = []
        for index, (start, token) in enumerate(zip(self.begins, self.tokens, strict=True)):
            end = start + len(token)
            kinds = classes[start:end]
            if b"l" in kinds and b"c" in kinds:
                found.append((index, lookalike(fold(self.text[start:end]))))
            elif imitators and b"o" in kinds:
                word = fold(self.text[start:end])
                if not imitators.isdisjoint(word):
                    found.append((index, lookalike(word)))
        return [(index, readings) for index, readings in found if readings]

    def __getattr__(self, name: str) -> list[int]:
        """The one attribute that is not there from the start: a slot is cheaper to read again than a property."""
        if name != "begins":
            raise AttributeError(name)
        parts = self.code.split(b" ")
        starts = map(add, accumulate(map(len, parts), initial=0), count())
        self.begins = found = list(compress(starts, parts))
        return found

    def given(self, start: int, end: int) -> tuple[int, int]:
        """A span of the plain text as a span of the text as given."""
        if self.offsets is None or start >= end:
            return start, end
        return self.offsets[0][start], self.offsets[1][end - 1]

    def spelling(self, index: int, start: int) -> str:
        """A token, which begins at a place, in its own letters and case, as it stands in the plain text."""
        return self.text[start : start + len(self.tokens[index])]

    def form(self, index: int, start: int) -> str:
        """A token, which begins at a place, folded."""
        token = self.tokens[index]
        return fold(self.spelling(index, start)) if OTHER_BYTE in token else decode(token)
