"""Tracked quantities read from sentences: value, qualifier, span. Must not: guess; a wrong reading is worse than none.

A number is read where the figure's phrase and one of its unit words stand in the same sentence, the unit directly
behind the number (a few words may stand between), directly before it (EUR 40 billion), or named before a word such as
"total" or "number" that leads to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from watcher.core.counting import numbers
from watcher.core.evaluate import Evaluator, Window
from watcher.core.model import FigureReading
from watcher.core.numerals import Number, Token, tokens
from watcher.core.program import CompiledFigure
from watcher.core.text import fold

SENTENCE_CHARS: Final = 1000
READINGS_CAP: Final = 50
_UNIT_GAP: Final = 3
_REACH_GAP: Final = 6
_QUALIFIER_GAP: Final = 4

_QUALIFIERS: Final = {
    "added": """another|additional|further|new|extra|adds|added|adding|еще|дополнительно|дополнительных|новых|новые|
добавил|добавила|добавили|добавлены|добавлено|ще|додатково|додаткових|нових|нові|додав|додала|додали|weitere|weiteren|
weiterer|zusätzliche|zusätzlichen|neue|neuen|neuer|supplémentaires|nouveaux|nouvelles|autres|ajouté|ajoute|ajoutés""",
    "total": """total|altogether|overall|totalling|totaling|in all|всего|общее|итого|в общей сложности|в целом|загалом|усього|
всього|загальна|загальну|insgesamt|gesamtzahl|au total|total de""",
    "over": """over|more than|above|exceeding|exceeds|at least|in excess of|upwards of|свыше|более|больше|не менее|как минимум|
превышает|превысило|понад|більше|більш|щонайменше|не менше|перевищує|über|mehr als|mindestens|gut|plus de|au moins|dépasse|
dépassant""",
    "about": """about|around|roughly|nearly|almost|some|approximately|estimated|close to|около|примерно|почти|порядка|приблизительно|
близько|майже|приблизно|орієнтовно|etwa|rund|fast|circa|ca|ungefähr|beinahe|environ|près de|quelque|presque""",
    "under": """under|less than|fewer than|below|up to|at most|no more than|менее|меньше|не более|не больше|до|менш|менше|не більше|
unter|weniger als|bis zu|höchstens|knapp|moins de|jusqu'à|jusqu à|au plus|maximum""",
}
_REACH_LIST: Final = """to at is was are reached reaches hit hits stands stood now до составляет составило составил достигло достиг
достигла становить сягнула досягла досягло auf beträgt liegt erreicht à atteint atteignant est"""
_COUNT_LIST: Final = """total number count tally figure число количество общее численность кількість число загальна zahl gesamtzahl
anzahl nombre total effectif"""
_REACH: Final = frozenset(_REACH_LIST.split())
_COUNT: Final = frozenset(_COUNT_LIST.split())
_RANGE_LIST: Final = "and to or и до или і й або und bis oder et à ou"
_RANGE: Final = frozenset(_RANGE_LIST.split()) | frozenset("-–—")
_SIGNS: Final = "€$£₽₴¥"
_ROWS: Final = tuple(
    (name, tuple(phrase.split()))
    for name, phrases in _QUALIFIERS.items()
    for phrase in phrases.replace("\n", "").split("|")
)
_FILLERS: Final = frozenset(
    {
        "eur",
        "usd",
        "gbp",
        "a",
        "an",
        "the",
        "of",
        "than",
        "to",
        "de",
        "d",
        "des",
        "les",
        "чем",
        "ніж",
        "als",
        "den",
        "die",
    }
)


# What may not stand between a number and its unit: what is counted is something else then.
_BREAK_LIST: Final = """and or but with for from by on at in into to than per who that which
percent percentage cent hundreds thousands lakh crore dozen dozens score scores half halves third thirds quarter quarters fifth fifths tenth tenths times
fold second seconds minute minutes hour hours day days week weeks month months year years decade decades tonne tonnes ton
tons metre metres meter meters mile miles kilometre kilometres km kilometer kilometers foot feet knots degrees points people men
и или но с со для от в во на из к за по что процент процента процентов сотен сотни сотня десяток десятка десятков десятки дюжина дюжины дюжин
треть трети раз раза тонн тонны метров метра километров км час часа часов день дня дней неделю недели недель месяц месяца
месяцев год года лет человек
і й або але з із для від у в на до за що відсоток відсотка відсотків сотень сотні сотня десяток десятки десятків третин третини разів рази тонн
метрів кілометрів години годин день дні днів тиждень тижні тижнів місяць місяці місяців рік роки років людей
und oder aber mit für von bei auf an im prozent hunderte tausende dutzend drittel viertel fünftel zehntel mal fach tonnen meter kilometer stunde
stunden tag tage tagen woche wochen monat monate monaten jahr jahre jahren menschen
et ou mais avec pour par dans sur en pourcent milliers douzaine douzaines dizaine dizaines vingtaine centaine centaines tiers quart
quarts fois tonnes mètres kilomètres heure heures jour jours semaine semaines mois an ans année années personnes"""
_BREAKS: Final = frozenset(_BREAK_LIST.split())
_QUOTES: Final = frozenset(".-‑“”«»\"„‘'’")
_SIGNS_BEFORE: Final = {"~": "about", "≈": "about", "<": "under", "≤": "under", ">": "over", "≥": "over"}


def _is_unit(row: Sequence[Token], at: int, units: frozenset[tuple[str, ...]]) -> bool:
    longest = max(map(len, units))
    texts = tuple(token.text for token in row[at : at + longest])
    return any(texts[:size] in units for size in range(1, len(texts) + 1))


def _unit_after(row: Sequence[Token], number: Number, units: frozenset[tuple[str, ...]]) -> bool:
    for at in range(number.last + 1, min(number.last + 2 + _UNIT_GAP, len(row))):
        if _is_unit(row, at, units):
            return True
        if row[at].kind == "number" or row[at].text in _BREAKS or _is_stop(row, at, number):
            return False
    return False


def _is_stop(row: Sequence[Token], at: int, number: Number) -> bool:
    """True for a mark that ends what a number counts; quotation marks do not, a possessive (companies') does."""
    if row[at].kind != "mark":
        return False
    if row[at].text in "'’" and row[at].start == row[at - 1].end:
        return not any(row[one].text in "'‘’" for one in range(number.last + 1, at))
    return row[at].text not in _QUOTES


def _unit_before(row: Sequence[Token], number: Number, units: frozenset[tuple[str, ...]]) -> bool:
    return any(
        _is_unit(row, at, units) and at + size == number.first
        for size in range(1, max(map(len, units)) + 1)
        if (at := number.first - size) >= 0
    )


def _is_reached(row: Sequence[Token], number: Number, units: frozenset[tuple[str, ...]]) -> bool:
    """True for "the number of vessels … to almost 600" and "bringing the total to 600" after the unit was named."""
    before = [token.text for token in row[max(0, number.first - _REACH_GAP) : number.first]]
    if not _REACH.intersection(before[-_QUALIFIER_GAP:]):
        return False
    named = any(_is_unit(row, at, units) for at in range(number.first))
    return named and bool(_COUNT.intersection(token.text for token in row[max(0, number.first - 12) : number.first]))


def _qualifier(row: Sequence[Token], number: Number) -> str:
    """What stands around the number and says how it is meant; added and total before over, about and under."""
    stop = number.first
    stop -= stop > 0 and row[stop - 1].text in _SIGNS
    if stop and row[stop - 1].text in _SIGNS_BEFORE:
        return _SIGNS_BEFORE[row[stop - 1].text]
    since = max(0, stop - _QUALIFIER_GAP)
    marks = [at for at in range(since, stop) if row[at].kind != "word"]
    since = max(marks, default=since - 1) + 1
    before = tuple(token.text for token in row[since:stop])
    if since == stop and stop > 1 and row[stop - 1].text == ",":
        lead = tuple(token.text for token in row[max(0, stop - 1 - _QUALIFIER_GAP) : stop - 1])
        return "total" if any(lead[-len(phrase) :] == phrase for name, phrase in _ROWS if name == "total") else ""
    after = row[number.last + 1].text if number.last + 1 < len(row) else ""
    for name, phrase in _ROWS:
        found = [at for at in range(len(before)) if before[at : at + len(phrase)] == phrase]
        if any(_leads(before[at + len(phrase) :], name) for at in found):
            return name
    if after in ("more", "additional", "further", "weitere", "supplémentaires", "new", "новых", "нових", "neue"):
        return "added"
    return ""


def _leads(between: Sequence[str], name: str) -> bool:
    """True where nothing but small words and other qualifiers stands between a qualifier and its number."""
    if name in ("added", "total"):
        return len(between) <= _QUALIFIER_GAP
    return all(word in _FILLERS for word in between)


@cache
def _unit_names(units: frozenset[tuple[str, ...]]) -> re.Pattern[str]:
    """What begins a unit; a name in Latin letters (euro) is none inside of another word (European)."""
    names = sorted({unit[0] for unit in units})
    return re.compile("|".join(map(_unit_name, names)))


def _unit_name(name: str) -> str:
    is_latin = name.isascii() and name.isalpha()
    return rf"(?<![a-z]){name}(?![a-z])" if is_latin else re.escape(name)


def _names_unit(sentence: str, units: frozenset[tuple[str, ...]]) -> bool:
    """False where no unit word stands in a sentence: no reading then, and no need to take it apart."""
    search = _unit_names(units).search
    return search(fold(sentence)) is not None or search(sentence) is not None


def _read(figure: CompiledFigure, sentence: str, language: str) -> list[tuple[Number, str, int, int]]:
    if not _names_unit(sentence, figure.units):
        return []
    row = tokens(sentence)
    found = []
    for number in numbers(row, language):
        if not figure.low <= number.value <= figure.high:
            continue
        direct = _is_counted(row, number, figure.units)
        if not (direct or _is_reached(row, number, figure.units)):
            continue
        qualifier = _qualifier(row, number) or ("" if direct else "total")
        found.append((number, qualifier, row[number.first].start, row[number.last].end))
    return found


def _is_counted(row: Sequence[Token], number: Number, units: frozenset[tuple[str, ...]]) -> bool:
    """True where the unit stands at the number; what has a sign of money before it counts nothing else."""
    if _unit_before(row, number, units):
        return True
    is_money = number.first > 0 and row[number.first - 1].text in _SIGNS
    return not is_money and _unit_after(row, number, units)


def readings(evaluator: Evaluator, figures: Sequence[CompiledFigure]) -> tuple[FigureReading, ...]:
    """Readings of the figures whose phrase stands in the entry, in order of the text."""
    scan = evaluator.scan
    made: list[FigureReading] = []
    for figure in figures:
        found = evaluator.find(figure.match, evaluator.everything) if figure.units else None
        if found is None:
            continue
        layout = scan.layout
        for number in sorted({layout.sentence(hit[1]) for hit in found.hits}):
            if not evaluator.holds(figure.match, Window(*layout.window(number))):
                continue
            begin, end = layout.span(number)
            end = min(end, begin + SENTENCE_CHARS)
            sentence = scan.reading.text[begin:end]
            for one, qualifier, start, stop in _read(figure, sentence, scan.base_language):
                field, since, until = scan.span(begin + start, begin + stop)
                made.append(
                    FigureReading(
                        figure.id, one.value, figure.unit, qualifier, field, since, until, " ".join(sentence.split())
                    )
                )
    made.sort(key=lambda one: (one.field != "title", one.start, one.figure))
    return tuple(made[:READINGS_CAP])
