"""Text as the engine sees it: folded 1:1, cut into tokens, with spans in the text as given. Must not: know a rule.

The fast path costs one encoding, one translation and one split. Text that holds invisible characters, compatibility
letters (full width, mathematical) or loose marks takes the path with an offset map; its spans still refer to the
text as given. Words of mixed scripts get a second, flagged reading.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate, chain, compress, count, islice
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

    def spelling(self, index: int) -> str:
        """A token in its own letters and case, as it stands in the plain text."""
        start = self.begins[index]
        return self.text[start : start + len(self.tokens[index])]

    def form(self, index: int) -> str:
        """A token, folded."""
        token = self.tokens[index]
        return fold(self.spelling(index)) if OTHER_BYTE in token else decode(token)


# --- sentences ----------------------------------------------------------------------------------------------------

_ABBREVIATION_LIST: Final = """jan feb mar apr jun jul aug sep sept oct nov dec mr mrs ms dr prof st gen col maj lt sgt capt cmdr adm gov sen rep
    hon rev no nos art vs approx inc ltd co corp jr sr al fig pp vol ed cf eg ie mt ft amb min pres sec
    гг ст ул им тыс млн млрд трлн руб долл др пр проф см акад ген янв фев апр авг сен сент окт ноя нояб дек стр рис пос
    кв обл гор грн вул ім див проф напр
    bzw ca nr abs mio mrd evtl ggf usw vgl str bspw inkl
    mme mlle mgr env av bd janv févr avr juil"""
_MONTH_LIST: Final = "januar februar märz april mai juni juli august september oktober november dezember jahrhundert jh"
_ABBREVIATIONS: Final = frozenset(_ABBREVIATION_LIST.split())
_MONTHS_DE: Final = frozenset(_MONTH_LIST.split())
_CLOSERS: Final = "\"'”»’)\\]"
_OPENERS: Final = "\\s\"'“«„‘(\\["
_SCRIPTS: Final = (range(0x61, 0x2E00), range(0xA640, 0xABC0), range(0xFB00, 0xFB18), range(0xFF41, 0xFF5B))


@cache
def _end() -> re.Pattern[str]:
    """Marks that may end a sentence: what follows does not begin with a small letter. Made at the first sentence.

    A row of marks is tried at its first one only and nothing is given back, so that a text of nothing but marks costs
    no more than another.
    """
    small = "".join(char for char in map(chr, chain(*_SCRIPTS)) if char.islower() and char.isalnum())
    marks = rf"(?<!\n)(?<![.!?…]{{2}})[.!?…]*+[{_CLOSERS}]*+(?=\s+\S)(?![{_OPENERS}]*+[{small}])"
    return re.compile(rf"[.!?…\n](?:(?<=\n)[ \t\r\xa0]*+\n|{marks})")


_WORD_BEFORE: Final = re.compile(r"[^\W_]+\Z")
_WORD_AFTER: Final = re.compile(r"[\s\"'“«„‘(\[]*(\w*)")
_LONGEST: Final = 1 + max(map(len, _ABBREVIATIONS))
_LOOK_BACK: Final = 20
_STRETCH: Final = 300
HARD_STOPS: Final = "!?;…"
STOPS: Final = HARD_STOPS + ".\n"
_BREAK: Final = re.compile(r"\s(?=\w)")


def _is_inner_dot(text: str, dot: int) -> bool:
    """True where a full stop belongs to an abbreviation, an initial or a number, and ends nothing."""
    before = _WORD_BEFORE.search(text, max(0, dot - _LOOK_BACK), dot)
    if before is None:
        return False
    word = before.group().lower()
    after = _WORD_AFTER.match(text, dot + 1)
    following = after.group(1) if after else ""
    if word.isdigit():
        return len(word) <= 2 and following.lower() in _MONTHS_DE
    return len(word) == 1 or word in _ABBREVIATIONS


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    dot = match.start()
    if text[dot] != "." or text[dot + 1 : dot + 2] == ".":
        return True
    is_long = dot >= _LONGEST and text[dot - _LONGEST : dot].isalnum()
    return is_long or not _is_inner_dot(text, dot)


def _ends(text: str, since: int, until: int) -> Iterator[int]:
    """Where sentences end (exclusive) between two places, lazily."""
    for match in _end().finditer(text, since, until):
        if _ends_sentence(text, match):
            yield match.end()


def sentence_ends(text: str) -> list[int]:
    """Where the sentences of a text end (exclusive), the last one at the end of the text. Blank lines end one too."""
    ends = list(_ends(text, 0, len(text)))
    if not ends or ends[-1] != len(text):
        ends.append(len(text))
    return ends


def lead_end(text: str, limit: int, sentences: int = 3) -> int:
    """Where the lead of a text ends: its first sentences, and at most ``limit`` characters."""
    length = min(limit, len(text))
    return next(islice(_ends(text, 0, length), sentences - 1, None), length)


class Sentences:
    """The sentences of a text, found only around the places that are asked for, each once."""

    __slots__ = ("_ends", "_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: list[int] = []
        self._ends: list[int] = []

    def around(self, offset: int) -> tuple[int, int]:
        """Start and end of the sentence that holds an offset."""
        at = bisect_right(self._starts, offset) - 1
        if at >= 0 and offset < self._ends[at]:
            return self._starts[at], self._ends[at]
        start = self._start(offset)
        end = next((end for end in _ends(self.text, start, len(self.text)) if end > offset), len(self.text))
        self._starts.insert(at + 1, start)
        self._ends.insert(at + 1, end)
        return start, end

    def _start(self, offset: int) -> int:
        """The last end of a sentence at or before an offset, looked for in ever longer stretches before it."""
        stretch = _STRETCH
        while stretch < offset:
            begin = _BREAK.search(self.text, offset - stretch, offset)
            ends = [end for end in _ends(self.text, begin.end(), offset + 1) if end <= offset] if begin else []
            if ends:
                return ends[-1]
            stretch *= 4
        return max((end for end in _ends(self.text, 0, min(offset + 1, len(self.text))) if end <= offset), default=0)


def crosses_stop(text: str, start: int, end: int) -> bool:
    """True where the gap between two neighbouring words holds ``. ! ? ;`` or a blank line that parts them.

    A full stop inside an abbreviation, after an initial or glued between characters (U.S., tass.com) parts nothing.
    """
    gap = text[start:end]
    if any(mark in gap for mark in HARD_STOPS) or gap.count("\n") > 1:
        return True
    dot = gap.find(".")
    if dot < 0 or gap == ".":
        return False
    return "." in gap[dot + 1 :] or not _is_inner_dot(text, start + dot)
