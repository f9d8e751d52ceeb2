"""Numbers as people write them in five languages: digits, separators, scales and words. Must not: know a figure.

What could be read in two ways is not read at all. Which numbers of a sentence count something is told by ``counting``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from watcher.core.text import fold

_SPACES: Final = " \u00a0\u202f\u2009"
_NUMBER: Final = (
    rf"\d{{1,3}}(?:[{_SPACES}'’]\d{{3}})+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?"
    r"|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?!\d)(?:,\d+)?|\d+(?:[.,:/]\d+)*"
)
TOKEN: Final = re.compile(
    rf"(?P<number>{_NUMBER})|(?P<word>[\u0400-\u04ff]+(?:['’ʼ][\u0400-\u04ff]+)*|[^\W\d_]+)|(?P<mark>\S)"
)
_GROUPED: Final = re.compile(rf"\d{{1,3}}(?:[{_SPACES}'’]\d{{3}})+(?:[.,](\d{{1,2}}))?")
_EIGHT_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a sentence: number, word or mark, folded, with its span."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number read from tokens ``first`` to ``last`` (inclusive)."""

    value: float
    first: int
    last: int
    spelled: bool
    scaled: bool


def tokens(sentence: str) -> list[Token]:
    """A sentence as numbers, words (folded) and marks."""
    return [
        Token(str(match.lastgroup), fold(match.group()) if match.lastgroup == "word" else match.group(), *match.span())
        for match in TOKEN.finditer(sentence)
    ]


# --- digits -------------------------------------------------------------------------------------------------------

_DECIMAL_COMMA: Final = frozenset({"de", "fr", "ru", "uk"})


def digits_value(text: str, language: str) -> float | None:
    """A number in digits, by the separators of the language; None where it could mean two things."""
    if len(text) > _EIGHT_DIGITS * 2:
        return None
    if text.isdigit():
        return float(text) if len(text) == 1 or text[0] != "0" else None
    grouped = _GROUPED.fullmatch(text)
    if grouped:
        whole = re.sub(rf"[{_SPACES}'’]", "", re.split("[.,]", text, maxsplit=1)[0])
        return float(f"{whole}.{grouped[1] or 0}")
    return _separated(text, comma_is_decimal=language in _DECIMAL_COMMA)


def _separated(text: str, *, comma_is_decimal: bool) -> float | None:
    thousands, decimal = (r"\.", ",") if comma_is_decimal else (",", r"\.")
    if re.fullmatch(rf"\d{{1,3}}(?:{thousands}\d{{3}})+(?:{decimal}\d+)?", text):
        return float(re.sub(decimal, ".", re.sub(thousands, "", text)))
    if re.fullmatch(rf"\d+{decimal}\d{{1,2}}", text):
        return float(re.sub(decimal, ".", text))
    other = "," if comma_is_decimal else r"\."
    if re.fullmatch(rf"\d{{1,3}}(?:{other}\d{{3}}){{2,}}", text):
        return float(re.sub(other, "", text))
    if comma_is_decimal and re.fullmatch(r"\d+\.\d{1,2}", text):
        return float(text)
    return None


# --- words --------------------------------------------------------------------------------------------------------

_EN: Final = """two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 ten 10 eleven 11 twelve 12 thirteen 13
fourteen 14 fifteen 15 sixteen 16 seventeen 17 eighteen 18 nineteen 19 twenty 20 thirty 30 forty 40 fifty 50 sixty 60
seventy 70 eighty 80 ninety 90"""
_FR: Final = """deux 2 trois 3 quatre 4 cinq 5 sept 7 huit 8 neuf 9 dix 10 onze 11 douze 12 treize 13 quatorze 14
quinze 15 seize 16 vingt 20 vingts 20 trente 30 quarante 40 cinquante 50 soixante 60"""
_RU: Final = """два 2 две 2 двух 2 двум 2 двумя 2 три 3 трех 3 трем 3 тремя 3 четыре 4 четырех 4 четырем 4 пять 5 пяти 5
пятью 5 шесть 6 шести 6 семь 7 семи 7 восемь 8 восьми 8 девять 9 девяти 9 десять 10 десяти 10 одиннадцать 11
одиннадцати 11 двенадцать 12 двенадцати 12 тринадцать 13 тринадцати 13 четырнадцать 14 четырнадцати 14 пятнадцать 15
пятнадцати 15 шестнадцать 16 шестнадцати 16 семнадцать 17 семнадцати 17 восемнадцать 18 восемнадцати 18
девятнадцать 19 девятнадцати 19 двадцать 20 двадцати 20 тридцать 30 тридцати 30 сорок 40 сорока 40 пятьдесят 50
пятидесяти 50 шестьдесят 60 шестидесяти 60 семьдесят 70 семидесяти 70 восемьдесят 80 восьмидесяти 80 девяносто 90
девяноста 90 сто 100 ста 100 двести 200 двухсот 200 триста 300 трехсот 300 четыреста 400 четырехсот 400 пятьсот 500
пятисот 500 шестьсот 600 шестисот 600 семьсот 700 семисот 700 восемьсот 800 восьмисот 800 девятьсот 900 девятисот 900"""
_UK: Final = """дві 2 двох 2 двом 2 трьох 3 трьом 3 чотири 4 чотирьох 4 п'ять 5 п'яти 5 п'ятьох 5 шість 6 шести 6
шістьох 6 сім 7 семи 7 сімох 7 вісім 8 восьми 8 дев'ять 9 дев'яти 9 десять 10 одинадцять 11 одинадцяти 11 дванадцять 12
дванадцяти 12 тринадцять 13 чотирнадцять 14 п'ятнадцять 15 шістнадцять 16 сімнадцять 17 вісімнадцять 18 дев'ятнадцять 19
двадцять 20 двадцяти 20 тридцять 30 тридцяти 30 п'ятдесят 50 п'ятдесяти 50 шістдесят 60 шістдесяти 60 сімдесят 70
вісімдесят 80 дев'яносто 90 двісті 200 двохсот 200 трьохсот 300 чотириста 400 чотирьохсот 400 п'ятсот 500 п'ятисот 500
шістсот 600 шестисот 600 сімсот 700 вісімсот 800 дев'ятсот 900"""
_HALVES: Final = "полтора 1.5 полторы 1.5 полутора 1.5 півтора 1.5 півтори 1.5 anderthalb 1.5 eineinhalb 1.5"
_ONES: Final = "one 1 un 1 une 1 один 1 одна 1 одного 1 одно 1 одну 1 одной 1 одне 1 однієї 1"
_SCALE: Final = """hundred 100 thousand 1e3 million 1e6 millions 1e6 billion 1e9 billions 1e9 bn 1e9 trillion 1e12 tn 1e12
cent 100 cents 100 mille 1e3 milliard 1e9 milliards 1e9
тыс 1e3 тысяча 1e3 тысячи 1e3 тысяч 1e3 тысячам 1e3 тысячами 1e3 тысячах 1e3 тысячу 1e3 млн 1e6 миллион 1e6
миллиона 1e6 миллионов 1e6 миллионам 1e6 миллионами 1e6 млрд 1e9 миллиард 1e9 миллиарда 1e9 миллиардов 1e9
миллиардами 1e9 трлн 1e12 триллион 1e12 триллиона 1e12 триллионов 1e12
тис 1e3 тисяча 1e3 тисячі 1e3 тисяч 1e3 тисячам 1e3 тисячами 1e3 мільйон 1e6 мільйона 1e6 мільйони 1e6 мільйонів 1e6
мільярд 1e9 мільярда 1e9 мільярди 1e9 мільярдів 1e9 трильйон 1e12 трильйони 1e12 трильйонів 1e12
tsd 1e3 tausend 1e3 mio 1e6 millionen 1e6 mrd 1e9 milliarde 1e9 milliarden 1e9 hundert 100"""
_LONG_SCALE: Final = {"billion": 1e12, "billions": 1e12, "billionen": 1e12, "trillion": 1e18, "trillionen": 1e18}
_DE_UNITS: Final = "ein 1 zwei 2 drei 3 vier 4 fünf 5 sechs 6 sieben 7 acht 8 neun 9"
_DE_WHOLE: Final = """zehn 10 elf 11 zwölf 12 sechzehn 16 siebzehn 17 zwanzig 20 dreißig 30 dreissig 30 vierzig 40 fünfzig 50
sechzig 60 siebzig 70 achtzig 80 neunzig 90 dreizehn 13 vierzehn 14 fünfzehn 15 achtzehn 18 neunzehn 19"""


def _table(text: str) -> dict[str, float]:
    items = text.split()
    return {word: float(value) for word, value in zip(items[::2], items[1::2], strict=True)}


ONES: Final = frozenset(_ONES.split()[::2])
SMALL: Final = _table(f"{_EN} {_FR} {_RU} {_UK} {_HALVES} {_ONES}")
SCALES: Final = _table(_SCALE)
_UNITS_DE: Final = _table(_DE_UNITS)
_SMALL_DE: Final = _UNITS_DE | _table(_DE_WHOLE)
_JOINERS: Final = frozenset({"and", "et", "und", "-", "‑", "de"})


def german_value(word: str) -> float | None:
    """A German number written as one word (``dreihundertzweiundvierzig``)."""
    total = 0.0
    for link, factor in (("tausend", 1000.0), ("hundert", 100.0)):
        head, found, tail = word.partition(link)
        if found:
            before = german_value(head) if head else 1.0
            if before is None:
                return None
            total += before * factor
            word = tail.removeprefix("und") if tail else ""
            if not word:
                return total
    ones, joined, tens = word.partition("und")
    if joined and ones in _UNITS_DE and tens in _SMALL_DE:
        return total + _UNITS_DE[ones] + _SMALL_DE[tens]
    return total + _SMALL_DE[word] if word in _SMALL_DE else None


def scale_of(word: str, language: str) -> float | None:
    """What a scale word multiplies by; French and German billions are long."""
    if language in ("de", "fr") and word in _LONG_SCALE:
        return _LONG_SCALE[word]
    return SCALES.get(word)


def small_value(token: Token) -> float | None:
    """What a word adds to a number: a small number in words, or a German one written together."""
    if token.kind != "word":
        return None
    value = SMALL.get(token.text)
    return value if value is not None else german_value(token.text)


@dataclass(slots=True)
class _Sum:
    """Adds up a number in words: 3 hundred 42 thousand."""

    done: float = 0.0
    open: float = 0.0
    smallest: float = 1e18

    def add(self, value: float) -> bool:
        """Take a small number; False where it cannot follow what is there (``twenty fifty``)."""
        tail = self.open % 100
        if self.open == 4 and value == 20:
            self.open = 80
            return True
        teens = 20 if tail in (60, 80) else 10
        if self.open and not (value < 100 and (tail == 0 or (tail % 10 == 0 and value < teens))):
            return False
        self.open += value
        return True

    def scale(self, factor: float) -> bool:
        if factor == 100:
            if not 1 <= (self.open or 1) <= 9:
                return False
            self.open = (self.open or 1) * 100
            return True
        if factor >= self.smallest:
            return False
        self.done += (self.open or 1) * factor
        self.open, self.smallest = 0.0, factor
        return True


def spelled(row: Sequence[Token], first: int, language: str) -> Number | None:
    """A number in words that begins at a token, the longest one; a bare "one" is none."""
    total, at, last = _Sum(), first, first - 1
    if small_value(row[first]) is None and row[first].text not in ("hundert", "cent", "mille", "tausend"):
        return None
    if row[first].text == "cent" and first and row[first - 1].text in ("per", "pour"):
        return None
    scaled = False
    while at < len(row):
        token = row[at]
        value, factor = small_value(token), scale_of(token.text, language)
        if factor is not None and total.open:
            value = None  # "tausend" is a number of its own, and behind another one a scale
        if value is None and factor is None:
            if token.text in _JOINERS and last >= first:
                at += 1
                continue
            break
        if not (total.add(value) if value is not None else total.scale(factor or 1.0)):
            break
        scaled |= factor is not None
        last = at
        at += 1
    value = total.done + total.open
    return Number(value, first, last, spelled=True, scaled=scaled) if value > 1 else None
