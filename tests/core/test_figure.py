"""Numbers and figures in five languages. A wrong reading is worse than none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.engine import compiled, evidence
from watcher.core.errors import WatchlistError
from watcher.core.numerals import Number, digits_value, german_value, numbers, tokens

FIGURES = """concepts:
  fleet: {en: [listed, fleet, aid], ru: [флот, список], uk: [флот], fr: [flotte, aide], de: [Flotte, Hilfe]}
figures:
  ships:
    title: Ships
    match: '@fleet'
    unit: vessels
    units:
      en: [vessel, oil tanker]
      ru: [судно]
      uk: [{term: судно, forms: [судно, суден]}]
      fr: [{term: navire, forms: [navire, navires]}]
      de: [{term: Schiff, forms: [Schiff, Schiffe, Schiffen]}]
    range: [2, 100000]
  money:
    title: Money
    match: '@fleet'
    unit: euro
    units: {en: [EUR, euro, euros], de: [Euro]}
    range: [1000, 1000000000000]
signals:
  s: {title: S, rules: [{id: r, match: nothingatall, weight: 60}]}
"""


def read(text: str, language: str = "en") -> list[tuple[str, float, str]]:
    found = evidence(compiled(FIGURES), text, language=language)
    return [(one.figure, one.value, one.qualifier) for one in found.figures] if found else []


@pytest.mark.parametrize(
    ("text", "value", "qualifier"),
    [
        ("The EU listed 189 vessels.", 189, ""),
        ("The EU listed another 189 vessels.", 189, "added"),
        ("They listed 189 more vessels.", 189, "added"),
        ("It listed 342 vessels in total, a fleet.", 342, ""),
        ("In total, 342 vessels are listed.", 342, "total"),
        ("Meanwhile, 342 vessels are listed.", 342, ""),
        ("A total of 342 vessels are listed.", 342, "total"),
        ("Over 300 vessels are listed.", 300, "over"),
        ("More than 300 vessels are listed.", 300, "over"),
        ("About 300 vessels are listed.", 300, "about"),
        ("Up to 300 vessels are listed.", 300, "under"),
        ("The number of vessels listed rose to 600.", 600, "total"),
        ("The fleet has 1,342 vessels.", 1342, ""),
        ("The fleet has twenty-one vessels.", 21, ""),
        ("The fleet has three hundred and forty-two vessels.", 342, ""),
        ("The fleet has two thousand vessels.", 2000, ""),
        ("The fleet has 40 “shadow” vessels.", 40, ""),
        ("The fleet has 12 oil tankers and 12 oil tanker crews.", 12, ""),
        ("The fleet has 1.5 thousand vessels.", 1500, ""),
    ],
)
def test_figures_in_english(text: str, value: float, qualifier: str) -> None:
    assert ("ships", value, qualifier) in read(text)


@pytest.mark.parametrize(
    ("language", "text", "value", "qualifier"),
    [
        ("ru", "В список внесли 189 судов.", 189, ""),
        ("ru", "В список внесли ещё 40 тыс. судов.", 40_000, "added"),
        ("ru", "В список внесли более 5 тысяч судов.", 5000, "over"),
        ("ru", "В список внесли триста сорок два судна, всего 342 судов.", 342, "total"),
        ("uk", "Флот має близько 500 суден.", 500, "about"),
        ("uk", "Флот має п'ятсот суден.", 500, ""),
        ("fr", "La flotte compte 1 342 navires.", 1342, ""),
        ("fr", "La flotte compte quatre-vingt-dix navires.", 90, ""),
        ("fr", "La flotte compte plus de cent navires.", 100, "over"),
        ("de", "Die Flotte hat 1.342 Schiffe.", 1342, ""),
        ("de", "Die Flotte hat dreihundertzweiundvierzig Schiffe.", 342, ""),
        ("de", "Die Flotte hat rund 50 Schiffe.", 50, "about"),
    ],
)
def test_figures_in_four_more_languages(language: str, text: str, value: float, qualifier: str) -> None:
    assert ("ships", value, qualifier) in read(text, language)


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "The aid is EUR 40 billion a year.", 40e9),
        ("en", "The aid is €40bn a year.", 40e9),
        ("en", "The aid is €40m a year.", 40e6),
        ("de", "Die Hilfe beträgt 1,5 Mio. Euro.", 1.5e6),
        ("en", "The aid is 5 billion 300 million euros.", 5.3e9),
        ("en", "The aid is five million 651 thousand euros.", 5_651_000),
    ],
)
def test_sums_of_money(language: str, text: str, value: float) -> None:
    assert ("money", value, "") in read(text, language)


@pytest.mark.parametrize(
    "text",
    [
        "The fleet was listed under Article 5 for vessels.",
        "In 2025 vessels were listed.",
        "The F-16 and vessels were listed.",
        "The 17th package listed vessels.",
        "No. 7 vessels were listed.",
        "50 % of vessels were listed.",
        "3-2 vessels listed.",
        "10 – 20 vessels listed.",
        "Between 300 and 400 vessels are listed.",
        "On 15 May vessels were listed.",
        "189 people, then vessels, were listed.",
        "189 people saw 7 men, and vessels listed.",
        "The fleet sails. It has 189 vessels.",
        "The fleet has one vessel.",
        "007 vessels listed.",
        "1.2.3 vessels listed.",
        "12345678901234567890123456789 vessels listed.",
        "9M729 vessels listed.",
        "№ 12 vessels listed.",
        "chapter forty vessels listed.",
        "900000 vessels listed.",
        "1,23 vessels listed.",
        "The listed ones rose to 600.",
        "The count of flags listed rose to 600.",
    ],
)
def test_what_is_not_read(text: str) -> None:
    assert [one for one in read(text) if one[0] == "ships"] == []


def test_german_ordinals_are_no_counts() -> None:
    assert read("Am 15. Mai hat die Flotte Schiffe.", "de") == []


def test_a_reading_names_its_sentence_and_span() -> None:
    text = "Before. The EU listed 189 vessels. After."
    found = evidence(compiled(FIGURES), text)

    assert found is not None
    (one,) = found.figures
    assert (text[one.start : one.end], one.sentence) == ("189", "The EU listed 189 vessels.")


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("7", "en", 7),
        ("0", "en", 0),
        ("05", "en", None),
        ("1,234.5", "en", 1234.5),
        ("1.234,5", "de", 1234.5),
        ("1.234", "en", None),
        ("1.5", "en", 1.5),
        ("1,5", "de", 1.5),
        ("1,5", "en", None),
        ("1.5", "de", 1.5),
        ("1.234.567", "en", 1234567),
        ("1,234,567", "de", 1234567),
        ("1 234", "fr", 1234),
        ("1 234,5", "fr", 1234.5),
        ("1:30", "en", None),
    ],
)
def test_digits_by_the_separators_of_a_language(text: str, language: str, value: float | None) -> None:
    assert value == digits_value(text, language)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("zweiundvierzig", 42),
        ("hundert", 100),
        ("tausendzwei", 1002),
        ("zweitausenddreihundert", 2300),
        ("hundertundeins", None),
        ("xhundert", None),
        ("haus", None),
        ("zehntausend", 10000),
    ],
)
def test_german_words(word: str, value: float | None) -> None:
    assert value == german_value(word)


def _values(text: str, language: str = "en") -> list[float]:
    return [number.value for number in numbers(tokens(text), language)]


@pytest.mark.parametrize(
    ("text", "language", "values"),
    [
        ("twenty fifty", "en", [20, 50]),
        ("thirteen hundred", "en", [13]),
        ("three hundred thousand", "en", [300_000]),
        ("five thousand million", "en", [5000]),
        ("quatre-vingt-dix-sept", "fr", [97]),
        ("soixante-douze", "fr", [72]),
        ("mille", "fr", [1000]),
        ("2 billions", "fr", [2e12]),
        ("5 trillion 651 billion", "en", [5.651e12]),
        ("5 млн. 300 тыс.", "ru", [5_300_000]),
        ("5 thousand 7 million", "en", [5000, 7_000_000]),
        ("40k", "en", [40_000]),
        ("forty and", "en", [40]),
        ("a 40-billion plan", "en", [40e9]),
        ("in the year 1999 there", "en", []),
        ("1999 г. и 2001 год", "ru", []),
        ("there were 1999 men", "en", [1999]),
        ("(2021) and", "en", []),
        ("15. März", "de", []),
        ("50.", "de", [50]),
        ("50/60", "en", []),
        ("5. Then", "en", [5]),
        ("five.", "en", [5]),
    ],
)
def test_numbers_of_a_sentence(text: str, language: str, values: list[float]) -> None:
    assert values == _values(text, language)


@given(
    st.text(alphabet="0123456789 .,-–%€kbn№млн five hundred twenty und tausend", max_size=50),
    st.sampled_from(["en", "de", "fr", "ru"]),
)
def test_any_text_is_read_without_harm(text: str, language: str) -> None:
    for number in numbers(tokens(text), language):
        assert isinstance(number, Number)
        assert number.first <= number.last


def test_a_range_that_is_none_is_refused() -> None:
    with pytest.raises(WatchlistError):
        compiled(FIGURES.replace("range: [2, 100000]", "range: [9, 3]"))


@pytest.mark.parametrize(
    "text", ["A fleet, not so very big, has 5 vessels.", "The fleet came. A big one has 5 vessels."]
)
def test_the_whole_phrase_stands_in_the_sentence(text: str) -> None:
    near = FIGURES.replace("match: '@fleet'", "match: fleet near/1 big" if "," in text else "match: fleet & big", 1)

    assert evidence(compiled(near), text) is None
