"""Where sentences end, and what parts a phrase, in five languages. Must not: know a token or a rule.

Marks are found by one expression; a full stop is looked at once more, for it may belong to an abbreviation, an initial
or a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain, islice
from typing import Final

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
HARD_STOPS: Final = "!?;…"
may_stop: Final = re.compile(f"[{HARD_STOPS}.\n]").search


@lru_cache(4096)
def _kind(before: str) -> str:
    """What a full stop behind these few characters may be: ``inner``, ``day`` (of a month, if one follows) or an end."""
    found = _WORD_BEFORE.search(before)
    word = found.group().lower() if found else ""
    if word.isdigit():
        return "day" if len(word) <= 2 else "end"
    return "inner" if len(word) == 1 or word in _ABBREVIATIONS else "end"


def _is_inner_dot(text: str, dot: int) -> bool:
    """True where a full stop belongs to an abbreviation, an initial or a number, and ends nothing."""
    kind = _kind(text[max(0, dot - _LONGEST) : dot])
    if kind != "day":
        return kind == "inner"
    after = _WORD_AFTER.match(text, dot + 1)
    return after is not None and after.group(1).lower() in _MONTHS_DE


def _ends(text: str, since: int, until: int) -> Iterator[int]:
    """Where sentences end (exclusive) between two places, lazily."""
    for match in _end().finditer(text, since, until):
        dot, end = match.span()
        before = text[dot - _LONGEST : dot] if dot > _LONGEST else text[:dot]
        if text[dot] == "." and _kind(before) != "end" and text[dot + 1] != "." and _is_inner_dot(text, dot):
            continue
        yield end


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
