"""Numbers and figures in five languages. A wrong reading is worse than none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.engine import compiled, evidence
from watcher.core.counting import numbers
from watcher.core.errors import WatchlistError
from watcher.core.numerals import Number, digits_value, german_value, tokens

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
        ("en", "The European aid is 40 million euros a year.", 40e6),
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


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "thirteen hundred vessels listed."),
        ("en", "Five thousand million vessels listed."),
        ("en", "twenty fifty vessels listed."),
        ("en", "They listed not 40 vessels."),
        ("en", "Three dozen vessels were listed."),
        ("en", "Dozens of vessels were listed."),
        ("en", "A 40-odd vessels fleet."),
        ("en", "The fleet has ten to twenty vessels."),
        ("en", "Between ten and twenty vessels are listed."),
        ("en", "Ten or twelve vessels are listed."),
        ("en", "The fleet has from 10 to 20 vessels."),
        ("en", "One in five vessels is listed."),
        ("en", "Three out of five vessels are listed."),
        ("en", "4 of 5 vessels are listed."),
        ("en", "Two thirds of vessels are listed."),
        ("en", "40 percent of vessels are listed."),
        ("en", "40 per cent of vessels are listed."),
        ("en", "Half of 40 percent vessels listed."),
        ("en", "March 12 vessels were listed."),
        ("en", "Five times more vessels are listed."),
        ("en", "The listed firm phoned +44 20 7946 0958 about vessels."),
        ("en", "Call 020 7946 0958 about vessels listed."),
        ("en", "In 2024-25 vessels were listed."),
        ("en", "The 12th of 40th vessels listed."),
        ("en", "Two-thirds of vessels listed."),
        ("en", "At 10:30 vessels left the fleet."),
        ("en", "At 10 a.m. vessels left the fleet."),
        ("en", "At 10am vessels left the fleet."),
        ("en", "The 3,500-tonne vessel joined the fleet."),
        ("en", "A 40-metre vessel is listed."),
        ("en", "40 metre vessels are listed."),
        ("en", "Five-year old vessels are listed."),
        ("en", "15-year-old vessels are listed."),
        ("en", "15 year old vessels are listed."),
        ("en", "The 2nd and 3rd vessels listed."),
        ("en", "Version 2 vessels listed."),
        ("en", "Channel 4 vessels listed."),
        ("en", "Group of 7 vessels listed."),
        ("en", "The G7 vessels listed."),
        ("en", "20s vessels fleet."),
        ("en", "None of 40 vessels was listed."),
        ("en", "No 40 vessels were listed."),
        ("en", "Vessels listed: 3."),
        ("en", "40+ vessels listed."),
        ("en", "40?? vessels listed."),
        ("en", "$40 vessels fleet."),
        ("en", "two or three vessels listed."),
        ("en", "40/50 vessels listed."),
        ("en", "40 to 50 vessels listed."),
        ("en", "40 or so vessels listed."),
        ("en", "twice 40 vessels listed."),
        ("en", "40 million tonnes of vessels listed"),
        ("en", "40 companies' vessels listed."),
        ("en", "40 days later vessels were listed."),
        ("en", "40 years of vessels listed."),
        ("ru", "В список внесли каждое пятое судно."),
        ("ru", "В списке пять-шесть судов."),
        ("ru", "В списке 2 из 5 судов."),
        ("ru", "В списке десятки судов."),
        ("ru", "В списке три десятка судов."),
        ("ru", "В списке полторы тысячи судов."),
        ("ru", "В списке 1,5 тыс. судов."),
        ("ru", "В списке треть из 40 судов."),
        ("ru", "В списке 40 процентов судов."),
        ("ru", "В списке в 40 раз больше судов."),
        ("ru", "В списке от пяти до шести судов."),
        ("ru", "12 марта судно в списке."),
        ("ru", "В 2025-м судно в списке."),
        ("ru", "В списке 1-е судно и 2-е судно."),
        ("ru", "В списке более чем 40 судов."),
        ("ru", "В списке два-три судна."),
        ("ru", "В списке 40-50 судов."),
        ("ru", "В списке 40-тонное судно."),
        ("de", "Die Flotte hat ein Dutzend Schiffe."),
        ("de", "Die Flotte hat drei Dutzend Schiffe."),
        ("de", "Die Flotte hat nicht 40 Schiffe."),
        ("de", "Die Flotte hat zwei von fünf Schiffen."),
        ("de", "Die Flotte hat zehn bis zwanzig Schiffe."),
        ("de", "Die Flotte hat 40 Prozent der Schiffe."),
        ("de", "Die Flotte hat fünfmal mehr Schiffe."),
        ("de", "Die Flotte hat fünf mal mehr Schiffe."),
        ("de", "Die Flotte hat zwei Drittel der Schiffe."),
        ("de", "Die Flotte hat jedes fünfte Schiff."),
        ("fr", "La flotte compte trois douzaines de navires."),
        ("fr", "La flotte compte 40 pour cent des navires."),
        ("fr", "La flotte ne compte pas 40 navires."),
        ("fr", "La flotte compte deux navires sur cinq navires."),
        ("fr", "La flotte compte entre dix et vingt navires."),
        ("fr", "La flotte compte une dizaine de navires."),
        ("fr", "La flotte compte deux tiers des navires."),
        ("fr", "La flotte compte trois fois plus de navires."),
        ("fr", "La flotte compte 2 ou 3 navires."),
        ("uk", "Флот має 40 відсотків суден."),
        ("en", "The fleet lost 40 of the 50 vessels."),
        ("en", "The fleet has 3 x 40 vessels."),
        ("en", "The fleet has 40 hundreds of vessels."),
        ("ru", "В список внесли 5 из этих 50 судов."),
        ("ru", "В список внесли тринадцать сотен судов."),
        ("uk", "Флот має три сотні суден."),
        ("de", "Die Flotte verlor 5 der 50 Schiffe."),
        ("de", "Die Flotte verlor 5 von den 50 Schiffen."),
        ("fr", "La flotte a perdu 5 sur les 50 navires."),
        ("fr", "La flotte compte 3 milliers de navires."),
        ("uk", "Флот має не 40 суден."),
        ("uk", "Флот має два десятки суден."),
        ("uk", "Флот має від п'яти до шести суден."),
        ("uk", "Флот має утричі більше суден."),
        ("uk", "Флот має одне з п'яти суден."),
    ],
)
def test_numbers_that_count_something_else(language: str, text: str) -> None:
    """Parts, ranges, negations, other units, dates, labels: none of them is a reading."""
    assert [one for one in read(text, language) if one[0] == "ships"] == []


@pytest.mark.parametrize(
    ("language", "text", "value", "qualifier"),
    [
        ("en", "~40 vessels are listed.", 40, "about"),
        ("en", "The fleet has >40 vessels.", 40, "over"),
        ("en", "As many as 40 vessels are listed.", 40, ""),
        ("en", "Not 40 but 50 vessels are listed.", 50, ""),
        ("en", "All the 50 vessels are listed.", 50, ""),
        ("en", "The fleet has 40 'shadow' vessels.", 40, ""),
        ("en", "In 2024 300 vessels were listed.", 300, ""),
        ("ru", "В список внесли полторы тысячи судов.", 1500, ""),
        ("ru", "В список внесли 1,5 тыс. судов.", 1500, ""),
        ("ru", "В список внесли более чем 40 судов.", 40, "over"),
        ("ru", "В список внесли не 40, а 50 судов.", 50, ""),
        ("de", "Die Flotte hat anderthalb tausend Schiffe.", 1500, ""),
    ],
)
def test_what_is_read_beside_the_traps(language: str, text: str, value: float, qualifier: str) -> None:
    assert [one for one in read(text, language) if one[0] == "ships"] == [("ships", value, qualifier)]


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
        ("twenty fifty", "en", []),
        ("thirteen hundred", "en", []),
        ("three hundred thousand", "en", [300_000]),
        ("five thousand million", "en", []),
        ("quatre-vingt-dix-sept", "fr", [97]),
        ("soixante-douze", "fr", [72]),
        ("mille", "fr", [1000]),
        ("2 billions", "fr", [2e12]),
        ("5 trillion 651 billion", "en", [5.651e12]),
        ("5 млн. 300 тыс.", "ru", [5_300_000]),
        ("5 thousand 7 million", "en", []),
        ("in 2024 300 men", "en", [300]),
        ("in 2024 and 300 men", "en", [300]),
        ("forty per cent", "en", [40]),
        ("quarante pour cent", "fr", [40]),
        ("полторы тысячи", "ru", [1500]),
        ("anderthalb tausend", "de", [1500]),
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
