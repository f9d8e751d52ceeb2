"""What an entry says, as the grouping of stories compares it: terms, title, editions, shingles. Must not: weigh or group.

Terms are folded words cut to six letters (so that inflected forms meet, in any language) and pairs of neighbours in
the title. Works on the title and the lead only.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from zlib import crc32

from watcher.core.common_words import COMMON
from watcher.core.text import fold, words

LEAD_CHARS: Final = 400
STEM_CHARS: Final = 6
SHINGLE: Final = 3
PAIR: Final = 0
"""The count that stands for a pair of words of the title; words have the number of their occurrences."""
MOST_COUNT: Final = 63

_EXTRA: Final = """i w z na do nie się o jest to że od za po jak co dla przez są ale czy już tylko jego jej ich być oraz tym ten ta
    te przy pod nad ze tego które który która może says said say amid video watch live here's what's it's l d qu s t"""
STOP: Final = frozenset(word for listed in COMMON.values() for word in listed) - {"war", "guerre", "pact"} | frozenset(
    _EXTRA.split()
)
_DAYS_LIST: Final = """monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag
    lundi mardi mercredi jeudi vendredi samedi dimanche понедельник вторник среда среду четверг пятница пятницу суббота
    субботу воскресенье понеділок вівторок середа середу четвер п'ятниця п'ятницю субота суботу неділя неділю
    poniedziałek wtorek środa czwartek piątek sobota niedziela"""
_MONTHS_LIST: Final = """january february march april may june july august september october november december jan feb mar apr jun jul aug
    sep sept oct nov dec januar februar märz mai juni juli oktober dezember janvier février mars avril juin juillet août
    septembre octobre novembre décembre января февраля марта апреля мая июня июля августа сентября октября ноября декабря
    січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня stycznia lutego marca kwietnia
    maja czerwca lipca sierpnia września października listopada grudnia"""
_DAYS: Final = frozenset(_DAYS_LIST.split())
_MONTHS: Final = frozenset(_MONTHS_LIST.split())
_YEAR: Final = re.compile(r"(?:19|20)\d\d\Z")
_QUOTED: Final = re.compile(r"«[^»]{0,600}»|“[^”]{0,600}”|„[^“”]{0,600}[“”]|\"[^\"]{0,600}\"")
_CYRILLIC: Final = re.compile("[\u0400-\u052f]")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]")


@dataclass(frozen=True, slots=True)
class Wording:
    """A title and a lead, read.

    Attributes:
        language: Entries of different ones are not compared.
        terms: Count of each term, in the order of the text.
        title: The words of the title.
        same_title: The folded title; empty where it is too short to stand for one event.
        editions: Numbers and weekdays of the title, which tell the issues of a series apart.
        is_dated: The title names a day or a month.
        shingles: Hashes of runs of words outside quotations: what copies have in common.
    """

    language: str
    terms: dict[str, int]
    title: frozenset[str]
    same_title: str
    editions: frozenset[str]
    is_dated: bool
    shingles: frozenset[int]


def read_wording(title: str, text: str, language: str = "") -> Wording:
    """Read an entry for comparison."""
    lead = text[:LEAD_CHARS]
    told = words(title)
    stems = [word[:STEM_CHARS] for word in told if _counts(word)]
    counts = Counter(stems)
    counts.update(word[:STEM_CHARS] for word in words(lead) if _counts(word))
    terms = {term: min(number, MOST_COUNT) for term, number in counts.items()}
    terms.update((f"{one} {two}", PAIR) for one, two in pairwise(stems))
    named = frozenset(told)
    return Wording(
        language=language_key(language, f"{title} {lead}"),
        terms=terms,
        title=frozenset(stems),
        same_title=" ".join(told) if len(set(stems)) > 4 else "",
        editions=frozenset(word for word in named if (word.isdigit() and not _YEAR.match(word)) or word in _DAYS),
        is_dated=not named.isdisjoint(_DAYS | _MONTHS),
        shingles=_shingles(title, lead),
    )


def _counts(word: str) -> bool:
    return word not in STOP and (len(word) > 1 or word.isdigit())


def _shingles(title: str, lead: str) -> frozenset[int]:
    """Of the lead without what it quotes (two reporters may quote one speech); of the title where the lead is short."""
    told = fold(_QUOTED.sub(" ", lead)).split()
    if len(told) < 8:
        told = words(title)
    runs = zip(told, told[1:], told[2:], strict=False)
    return frozenset(crc32(" ".join(run).encode("utf-8", "surrogatepass")) for run in runs)


def language_key(language: str, text: str) -> str:
    """The language to compare in: as declared; where the script contradicts it, or nothing is declared, the script."""
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    declared = re.split("[-_]", language.strip().lower(), maxsplit=1)[0]
    is_cyrillic = cyrillic > latin
    if not declared or is_cyrillic != (declared in CYRILLIC_LANGUAGES):
        return "cyrillic" if is_cyrillic else "latin"
    return declared


CYRILLIC_LANGUAGES: Final = frozenset({"ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "mn", "tg"})


def overlap(one: frozenset[str], two: frozenset[str]) -> float:
    """The share of the shorter title that both have."""
    return len(one & two) / max(1, min(len(one), len(two)))


def are_copies(one: frozenset[int], two: frozenset[int]) -> bool:
    """Do two texts share so many runs of words that one was made from the other?"""
    least = min(len(one), len(two))
    return least >= LEAST_SHINGLES and len(one & two) >= COPY * least


COPY: Final = 0.4
"""Share of the runs of three words of the shorter text: independent reports of one event share next to none."""
LEAST_SHINGLES: Final = 4


def other_edition(one: Wording, two: Wording, *, same_source: bool) -> bool:
    """Are these two issues of a series (another day, another number) rather than one event?"""
    if not one.editions or not two.editions or one.editions & two.editions:
        return False
    return same_source or one.is_dated or two.is_dated
