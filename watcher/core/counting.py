"""Which numbers of a sentence count something, and how much. Must not: know a figure.

A label, a year, a part of a range or half of a number that could not be read counts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from watcher.core.numerals import ONES, SCALES, Number, Token, digits_value, scale_of, small_value, spelled

# --- what a number may not be -------------------------------------------------------------------------------------

_LABEL_LIST: Final = """article articles art resolution package packages protocol version paragraph para clause chapter section annex
page pages group no nr n № number phase stage class type mark round day point item rule flight route room channel
статья статьи статье статью статьей ст стр резолюция резолюции пункт пункта пункте пакет пакета пакете глава главы
группа группы группе номер этап этапа раздел рейс
стаття статті пункт резолюція резолюції пакету пакеті розділ
artikel absatz abs resolution paket pakets sanktionspaket kapitel seite nummer
paquet paragraphe chapitre page numéro annexe"""
_LABELS: Final = frozenset(_LABEL_LIST.split())
_MONTH_LIST: Final = """january february march april may june july august september october november december jan feb mar apr jun
jul aug sep sept oct nov dec
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
januar februar märz mai juni juli oktober dezember
janvier février mars avril juin juillet août septembre octobre novembre décembre"""
MONTHS: Final = frozenset(_MONTH_LIST.split())
_BEFORE_YEAR_LIST: Final = """in since by of from until till during year early late mid end before after for
в во с к до на по за год года году начале конце середине после
у з від рік року році
im seit jahr ab bis ende anfang mitte jahre
en depuis année dès fin début janvier"""
_BEFORE_YEAR: Final = frozenset(_BEFORE_YEAR_LIST.split()) | MONTHS
_AFTER_YEAR: Final = frozenset({"г", "гг", "год", "года", "году", "годах", "р", "рр", "рік", "року", "році", "годы"})
_GLUE: Final = frozenset("-‑–—/:.+−№#")
_CURRENCY: Final = frozenset("€$£₽₴¥")


def _glued_before(row: Sequence[Token], at: int) -> str:
    return row[at - 1].text if at and row[at - 1].end == row[at].start else ""


def _is_label(row: Sequence[Token], at: int) -> bool:
    """True for Article 5, F-16, No. 7, a range or a sign: a number that counts nothing, or not alone."""
    before = _glued_before(row, at)
    if before and (before in _GLUE or row[at - 1].kind == "word"):
        return True
    if at > 1 and row[at - 1].text == "of" and row[at - 2].text in ("group", "gang"):
        return True
    if at and row[at - 1].text in MONTHS:
        return True
    named = at - 2 if at and row[at - 1].text == "." else at - 1
    return named >= 0 and (row[named].text in _LABELS or row[named].text in ("№", "#"))


def _is_year(row: Sequence[Token], at: int) -> bool:
    text = row[at].text
    if not (text.isdigit() and len(text) == 4 and 1900 <= int(text) <= 2100):
        return False
    before = row[at - 1].text if at else ""
    after = row[at + 1].text if at + 1 < len(row) else ""
    return not before or before in _BEFORE_YEAR or after in _AFTER_YEAR or before in (",", "(") or before.isdigit()


def _is_continued(row: Sequence[Token], last: int, language: str) -> bool:
    """True where something glued to the end makes it an ordinal, a name or a range: 17th, 9M729, 3-2, 50 %."""
    if last + 1 == len(row):
        return False
    after = row[last + 1]
    if after.text in ("%", "‰") or after.text in MONTHS:
        return True
    if after.start != row[last].end:
        return after.text in ("-", "–", "—") and last + 2 < len(row) and row[last + 2].kind == "number"
    if after.kind == "word":
        return True
    if after.text == "." and language == "de" and last + 2 < len(row):
        return row[last + 2].text in MONTHS
    follows = row[last + 2] if last + 2 < len(row) else None
    return after.text in _GLUE and after.text != "." and follows is not None and follows.start == after.end


def _scaled(row: Sequence[Token], value: float, at: int, language: str) -> tuple[float, int, bool]:
    """A number in digits with the scale words behind it: ``40 bn``, ``5 млн 300 тыс.``."""
    total, last, smallest = 0.0, at, 1e18
    while True:
        step = _past(row, last + 1, ("-", "‑")) if last == at else last + 1
        factor = _factor(row, step, at, language)
        if factor is None or factor >= smallest:
            return total or value, last, total > 0
        total, last, smallest = total + value * factor, step, factor
        more = _past(row, step + 1, (".",))
        following = digits_value(row[more].text, language) if more < len(row) and row[more].kind == "number" else None
        nested = _factor(row, more + 1, more, language) if following is not None else None
        if nested is None or nested >= smallest or following is None:
            return total, last, True
        total, last, smallest = total + following * nested, more + 1, nested


def _past(row: Sequence[Token], at: int, marks: tuple[str, ...]) -> int:
    """The place after a mark that is glued to what stands before it, else the place itself."""
    glued = 0 < at < len(row) and row[at].text in marks and row[at].start == row[at - 1].end
    return at + 1 if glued else at


def _factor(row: Sequence[Token], step: int, number: int, language: str) -> float | None:
    if step >= len(row) or row[step].kind != "word":
        return None
    word = row[step].text
    if row[step].start == row[number].end:
        money = _glued_before(row, number) in _CURRENCY
        short = {"k": 1e3, "bn": 1e9, "tn": 1e12} | ({"m": 1e6, "b": 1e9} if money else {})
        return short.get(word, SCALES.get(word))
    return scale_of(word, language)


def _in_digits(row: Sequence[Token], at: int, language: str) -> Number | None:
    value = digits_value(row[at].text, language)
    if value is None or _is_label(row, at):
        return None
    value, last, scaled = _scaled(row, value, at, language)
    if (not scaled and _is_year(row, at)) or _is_continued(row, last, language):
        return None
    return Number(value, at, last, spelled=False, scaled=scaled)


# --- what makes a number unclear ----------------------------------------------------------------------------------

_LINK_LIST: Final = """and to or of in out from and/or than и или до из от чем й і або з із від und bis oder von als aus et à ou sur
parmi der x х × * - ‑ – —"""
_LINKS: Final = frozenset(_LINK_LIST.split())
_NOT_LIST: Final = "not never hardly не ні nicht kein keine keinen pas non"
_NOT: Final = frozenset(_NOT_LIST.split())
_PART_LIST: Final = """half twice double triple thrice third quarter none neither nobody each every any one either
половина половину треть четверть вдвое ни один одна одно одного одной каждый каждое каждая
половини третина третину чверть жоден жодне одне одну
hälfte doppelt drittel viertel keines keiner eines einer jedes jeder
moitié tiers quart aucun aucune chaque un une"""
_PARTS: Final = frozenset(_PART_LIST.split())
_OF_LIST: Final = "of из з із von der des de d'entre sur in out"
_OF: Final = frozenset(_OF_LIST.split())
_ARTICLES: Final = frozenset({"the", "all", "these", "those", "den", "les", "ces", "всех", "этих", "усіх", "цих"})


def _counts(row: Sequence[Token], at: int, language: str, *, one: bool = False) -> bool:
    """True where a token is a number or a part of one; a bare "one" only where it is asked for, a year never."""
    if not 0 <= at < len(row):
        return False
    token = row[at]
    if token.kind == "number":
        return not _is_year(row, at)
    if token.text in ONES:
        return one
    return small_value(token) is not None or scale_of(token.text, language) is not None


def _is_compound(row: Sequence[Token], number: Number) -> bool:
    """True for "five-year": a word is glued on by a hyphen."""
    at = number.last + 1
    return (
        at + 1 < len(row)
        and row[at].text in "-‑"
        and row[at].start == row[number.last].end
        and row[at + 1].start == row[at].end
        and row[at + 1].kind == "word"
    )


def _is_linked(row: Sequence[Token], number: Number, language: str) -> bool:
    """True where another number is tied to it: ten to twenty, two or three, one in five, two (ships) out of five."""
    before, after = number.first - 1, number.last + 1
    before -= before > 0 and row[before].text in _ARTICLES
    behind = [
        row[at].text in _LINKS and _counts(row, at + 1, language) for at in range(after, min(after + 2, len(row)))
    ]
    ahead = [row[at].text in _LINKS and _counts(row, at - 1, language, one=True) for at in (before,) if at > 0]
    two_words = before > 1 and row[before].text in _OF and _counts(row, before - 2, language, one=True)
    return (
        any(ahead)
        or _is_of_the(row, after, language)
        or bool(behind[:1] and behind[0])
        or _shared(row, after, language)
        or two_words
    )


def _is_of_the(row: Sequence[Token], at: int, language: str) -> bool:
    """True for "40 of the 50"."""
    texts = [token.text for token in row[at : at + 2]]
    return len(texts) > 1 and texts[0] in _LINKS and texts[1] in _ARTICLES and _counts(row, at + 2, language)


def _shared(row: Sequence[Token], after: int, language: str) -> bool:
    """True for "two ships out of five": the part of a number that is told behind the noun."""
    texts = [token.text for token in row[after : after + 4]]
    return any(
        texts[at : at + 2] == ["out", "of"] or texts[at] == "sur"
        for at in range(min(2, len(texts)))
        if _counts(row, after + at + (2 if texts[at] == "out" else 1), language)
    )


def _is_part(row: Sequence[Token], number: Number) -> bool:
    """True for "not 40", "twice 40", "none of 40": what is counted is something else."""
    before = row[number.first - 1].text if number.first else ""
    earlier = row[number.first - 2].text if number.first > 1 else ""
    return before in _NOT or before in _PARTS - ONES or (before in _OF and earlier in _PARTS)


def _is_clear(row: Sequence[Token], number: Number, language: str) -> bool:
    """False where what stands around a number makes it a part, a range, or half of a number that could not be read."""
    return not (
        _counts(row, number.last + 1, language)
        or _counts(row, number.first - 1, language)
        or _is_compound(row, number)
        or _is_linked(row, number, language)
        or _is_part(row, number)
    )


def _append(found: list[Number], number: Number, row: Sequence[Token]) -> None:
    """Add a number; one in smaller scale directly behind another (five trillion 651 billion) belongs to it."""
    last = found[-1] if found else None
    between = row[last.last + 1 : number.first] if last else ()
    if last and last.scaled and number.scaled and number.value < last.value and all(one.text == "." for one in between):
        found[-1] = Number(last.value + number.value, last.first, number.last, last.spelled, scaled=True)
    else:
        found.append(number)


def numbers(row: Sequence[Token], language: str) -> list[Number]:
    """The numbers of a sentence that count something, in order."""
    found: list[Number] = []
    at = 0
    while at < len(row):
        token = row[at]
        number = None
        if token.kind == "number":
            number = _in_digits(row, at, language)
        elif token.kind == "word":
            number = spelled(row, at, language)
            if number and _is_label(row, at):
                at, number = number.last, None
        if number:
            _append(found, number, row)
            at = number.last
        at += 1
    return [number for number in found if _is_clear(row, number, language)]
