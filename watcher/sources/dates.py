"""Reads the dates that feeds claim. Must not: guess a zone silently, or return a time that is none.

Strict about days and hours (30 February is no date), generous about form. What cannot be a time is None; its text is
kept by the caller.
"""

from __future__ import annotations

import re
from datetime import date as calendar_day

from msgspec import Struct

from watcher.core.model import Micros

FIRST_YEAR = 1900
LAST_YEAR = 2199

_EPOCH_DAY = calendar_day(1970, 1, 1).toordinal()

_ZONES: dict[str, float] = {
    "": 0,
    "z": 0,
    "ut": 0,
    "utc": 0,
    "gmt": 0,
    "wet": 0,
    "west": 1,
    "bst": 1,
    "cet": 1,
    "met": 1,
    "mez": 1,
    "cest": 2,
    "mest": 2,
    "mesz": 2,
    "eet": 2,
    "sast": 2,
    "eest": 3,
    "msk": 3,
    "мск": 3,
    "trt": 3,
    "msd": 4,
    "samt": 4,
    "yekt": 5,
    "pkt": 5,
    "ist": 5.5,
    "omst": 6,
    "krat": 7,
    "ict": 7,
    "irkt": 8,
    "hkt": 8,
    "sgt": 8,
    "awst": 8,
    "jst": 9,
    "kst": 9,
    "yakt": 9,
    "acst": 9.5,
    "aest": 10,
    "vlat": 10,
    "aedt": 11,
    "magt": 11,
    "nzst": 12,
    "pett": 12,
    "nzdt": 13,
    "adt": -3,
    "brt": -3,
    "ast": -4,
    "edt": -4,
    "est": -5,
    "cdt": -5,
    "cst": -6,
    "mdt": -6,
    "mst": -7,
    "pdt": -7,
    "pst": -8,
    "akst": -9,
    "hst": -10,
}

# The first letters of a month's name, in the languages of the sources; longer ones first where they differ late.
_MONTHS: tuple[tuple[str, int], ...] = (
    ("jan", 1),
    ("feb", 2),
    ("fév", 2),
    ("mar", 3),
    ("mär", 3),
    ("apr", 4),
    ("avr", 4),
    ("may", 5),
    ("mai", 5),
    ("jun", 6),
    ("juin", 6),
    ("juil", 7),
    ("jul", 7),
    ("aug", 8),
    ("aoû", 8),
    ("sep", 9),
    ("oct", 10),
    ("okt", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
    ("déc", 12),
    ("янв", 1),
    ("фев", 2),
    ("мар", 3),
    ("апр", 4),
    ("мая", 5),
    ("май", 5),
    ("июн", 6),
    ("июл", 7),
    ("авг", 8),
    ("сен", 9),
    ("окт", 10),
    ("ноя", 11),
    ("дек", 12),
    ("січ", 1),
    ("лют", 2),
    ("бер", 3),
    ("кві", 4),
    ("тра", 5),
    ("чер", 6),
    ("лип", 7),
    ("сер", 8),
    ("вер", 9),
    ("жов", 10),
    ("лис", 11),
    ("гру", 12),
)

_ENGLISH = {name.capitalize(): number for name, number in _MONTHS if name.isascii()}

_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
_ISO = re.compile(
    r"(\d{4})-?(\d{2})(?:-?(\d{2}))?(?:(?:[T ]|\s+)" + _CLOCK + r"\s*([A-Za-zА-я]{1,5}|[+-]\d{2}:?\d{2}|[+-]\d{1,2})?)?"
)
_RFC = re.compile(
    r"(?:[^\W\d_]{2,12}\.?,?\s+)?(\d{1,2})(?:st|nd|rd|th|\.)?[\s-]+([^\W\d_]{3,12})\.?,?[\s-]+(\d{4}|\d{2})(?:\s+г\.?)?"
    r"(?:,?\s+(?:-\s+)?"
    + _CLOCK
    + r"\s*([AaPp][Mm]\b)?\s*(?:\(?([A-Za-zА-я]{1,5})\)?)?\s*([+-]\d{2}:?\d{2}|[+-]\d{1,2})?.{0,20})?"
)
_AMERICAN = re.compile(
    r"(?:[^\W\d_]{2,12}\.?,?\s+)?([^\W\d_]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(?:(\d{4}),?)?"
    r"(?:\s*(?:-\s+|at\s+)?" + _CLOCK + r"\s*([AaPp][Mm]\b)?\s*([A-Za-z]{1,5})?\s*([+-]\d{2}:?\d{2})?)?(?:\s+(\d{4}))?"
)
# What nine of ten feeds write, and three times as fast to read.
_USUAL = re.compile(
    r"(?:[A-Z][a-z]{2}, )?([0-9]{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([0-9]{4}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) (?:(GMT|UTC|Z)|([+-])([0-9]{2})([0-5][0-9]))"
)


class Moment(Struct, frozen=True, gc=False):
    """A date that was read. ``when`` is None where it cannot be a time; ``is_zone_known`` False where UTC was assumed."""

    when: Micros | None
    is_zone_known: bool = True


def read_date(text: str) -> Moment | None:
    """A claimed date, or None where its form is not one we know."""
    text = " ".join(text[:100].split())
    usual = _USUAL.fullmatch(text)
    if usual:
        return _from_usual(usual)
    for pattern, pick in ((_ISO, _from_iso), (_RFC, _from_rfc), (_AMERICAN, _from_american)):
        match = pattern.fullmatch(text)
        if match:
            return pick(match)
    return None


def moment(
    date: tuple[int, int, int],
    clock: tuple[int, int, int] = (0, 0, 0),
    micros: int = 0,
    offset_h: float | None = 0,
) -> Moment:
    """A time from its parts; an unknown offset is taken as UTC and told. 24:00:00 and :60 are the next second."""
    hour, minute, second = clock
    is_known = offset_h is not None
    offset = offset_h or 0
    is_clock = (hour < 24 and minute < 60 and second <= 60) or clock == (24, 0, 0)
    if not (FIRST_YEAR <= date[0] <= LAST_YEAR and is_clock and abs(offset) <= 14):
        return Moment(None, is_known)
    try:
        days = calendar_day(*date).toordinal() - _EPOCH_DAY
    except ValueError:
        return Moment(None, is_known)
    seconds = (days * 24 + hour) * 3600 + minute * 60 + second
    return Moment(seconds * 1_000_000 - round(offset * 3_600_000_000) + micros, is_known)


def month_number(name: str) -> int:
    """1–12 for a month's name in English, French, German, Russian or Ukrainian, else 0."""
    lower = name.lower()
    return next((number for start, number in _MONTHS if lower.startswith(start)), 0)


def _from_usual(match: re.Match[str]) -> Moment:
    day, name, year, hour, minute, second, _, sign, hours, minutes = match.groups()
    offset = (int(hours) + int(minutes) / 60) * (-1 if sign == "-" else 1) if sign else 0
    return moment((int(year), _ENGLISH[name], int(day)), (int(hour), int(minute), int(second)), 0, offset)


def _from_iso(match: re.Match[str]) -> Moment:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    date = (int(year), int(month), int(day or 1))
    return moment(date, _clock(hour, minute, second), _micros(fraction), _offset(zone, has_time=hour is not None))


def _from_rfc(match: re.Match[str]) -> Moment | None:
    day, name, year, hour, minute, second, fraction, half, zone, offset = match.groups()
    month = month_number(name)
    if not month:
        return None
    date = (_year(year), month, int(day))
    return moment(
        date, _clock(hour, minute, second, half), _micros(fraction), _offset(offset or zone, has_time=hour is not None)
    )


def _from_american(match: re.Match[str]) -> Moment | None:
    name, day, year, hour, minute, second, fraction, half, zone, offset, late_year = match.groups()
    month = month_number(name)
    if not month or not (year or late_year):
        return None
    date = (int(year or late_year), month, int(day))
    return moment(
        date, _clock(hour, minute, second, half), _micros(fraction), _offset(offset or zone, has_time=hour is not None)
    )


def _year(text: str) -> int:
    number = int(text)
    return number if len(text) == 4 else number + (2000 if number < 69 else 1900)


def _clock(hour: str | None, minute: str | None, second: str | None, half: str | None = None) -> tuple[int, int, int]:
    number = int(hour or 0)
    if half and 1 <= number <= 12:
        number = number % 12 + (12 if half[0] in "Pp" else 0)
    return number, int(minute or 0), int(second or 0)


def _micros(fraction: str | None) -> int:
    return int((fraction or "0")[:6].ljust(6, "0"))


def _offset(text: str | None, *, has_time: bool) -> float | None:
    """Hours east of UTC; None where the zone is not named or not known. A bare day needs no zone."""
    if not text:
        return None if has_time else 0
    if text[0] in "+-":
        digits = text[1:].replace(":", "")
        hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
        if minutes >= 60:
            return 99
        return (hours + minutes / 60) * (-1 if text[0] == "-" else 1)
    return _ZONES.get(text.lower())
