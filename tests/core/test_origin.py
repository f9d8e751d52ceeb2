"""Origins: syndicated copies and rewrites of one wire story are one, independent reports are two. All texts are our own."""

from __future__ import annotations

import pytest

from watcher.core.origin import (
    Member,
    Owner,
    Published,
    host_of,
    origins_of,
    owner_of,
    suggested_credibility,
    trace,
)
from watcher.core.wording import are_copies, read_wording

OWNERS = {
    "mid.ru": Owner("russian-state", "Foreign Ministry", is_primary=True),
    "daily.example": Owner("daily-house", "The Daily"),
    "tass.com": Owner("russian-state", "TASS"),
}
WIRE = "The ministry handed over a draft accord on the lake on Friday and asked for an answer within ten days."


def said(text: str, title: str = "A draft accord on the lake", **more) -> Published:
    base = {"link": "https://daily.example/1", "family": "house", "publisher": "House"}
    return Published(title=title, text=text, **(base | more))


CREDITS = {
    "russian-state": [
        "{} That is according to TASS.", "{} TASS reported.", "MOSCOW, December 15 /TASS/. {}", "{} Об этом сообщает ТАСС.",
        "{} Об этом сообщило агентство, передает ТАСС.", "МОСКВА, 15 дек — РИА Новости. {}", "По сообщению РИА Новости, {}",
        "Со ссылкой на ТАСС: {}", "{} ТАСС сообщил об этом вечером.", "За повідомленням ТАСС, {}", "З посиланням на РИА Новости {}",
        "Selon l'agence TASS, {}", "D'après RIA Novosti, {}", "{} TASS rapporte.", "Laut TASS {}", "{} Das meldet TASS.",
        "{} Das berichtet die Nachrichtenagentur TASS.", "Citing state news agency TASS: {}", "{} — TASS", "ТАСС, 15 декабря. {}",
    ],
    "reuters": [
        "MOSCOW (Reuters) - {}", "{} — Reuters", "{} Reuters reported on Friday.", "An official told Reuters: {}",
        "{} Об этом сообщает Рейтер.", "Selon Reuters, {}", "Laut Reuters {}", "{} [Reuters]", "{} (Reporting by Reuters)",
        "According to the Reuters news agency, {}", "{} передает Reuters.", "{} Reuters.", "Як повідомляє Reuters, {}",
    ],
    "afp": ["PARIS (AFP) - {}", "{} — AFP", "Selon l'AFP, {}", "{} AFP reported.", "Laut AFP {}"],
    "dpa": ["Berlin (dpa) - {}", "{} Das meldete die dpa.", "Laut dpa {}", "Nach Informationen der Deutschen Presse-Agentur {}"],
    "ukrainian-state": ["{} повідомляє Укрінформ.", "According to Ukrinform, {}", "{} Ukrinform reports."],
    "interfax": ["{} сообщает Интерфакс.", "Interfax quoted him: {}", "по данным Интерфакса, {}"],
}  # fmt: skip
CASES = [(family, form.format(WIRE)) for family, forms in CREDITS.items() for form in forms]


@pytest.mark.parametrize(("family", "text"), CASES)
def test_a_credit_is_read_in_five_languages(family, text):
    ((found, why),) = trace(said(text), OWNERS).claims
    assert found == family
    assert why.startswith("credits ")


def count(texts) -> int:
    """Origins of a story of these texts, each of an outlet of its own."""
    wordings = [read_wording("A draft accord", text) for text in texts]
    members = []
    for number, text in enumerate(texts):
        shingles = wordings[number].shingles
        copied = next((i for i in range(number) if are_copies(shingles, wordings[i].shingles)), None)
        traced = trace(said(text, family=f"house {number}", publisher=f"House {number}"), OWNERS)
        members.append(Member(number, traced.claims, copied))
    return len({name for name, _ in origins_of(members).values()})


@pytest.mark.parametrize(("family", "text"), CASES)
def test_a_copy_with_a_credit_and_one_without_are_one_origin(family, text):
    assert count([WIRE, text]) == count([text, WIRE]) == 1, family


REWRITES = [form.format(text) for form in CREDITS["russian-state"] for text in (
    "Moscow gave its neighbours the text of a lake accord and waits for their word.",
    "A paper about the lake went to the capitals on Friday evening.",
)]  # fmt: skip


def test_forty_rewrites_that_credit_one_agency_are_one_origin():
    assert len(REWRITES) == 40
    assert count(REWRITES) == 1


PLACES = [
    "Arvel",
    "Belmont",
    "Corvo",
    "Dunmere",
    "Estra",
    "Falken",
    "Garda",
    "Hollin",
    "Istria",
    "Jarrow",
    "Kelso",
    "Lorne",
    "Mirov",
    "Norden",
    "Orsha",
    "Pavia",
    "Quorn",
    "Rilla",
    "Sorel",
    "Tarn",
]


@pytest.mark.parametrize("place", PLACES)
def test_independent_reports_are_two_origins(place):
    one = f"Our correspondent in {place} saw the envoys leave the hall with a signed paper shortly before noon."
    two = f"Three officials who attended the {place} talks confirmed to this newspaper that delegations agreed on borders."
    assert count([one, two]) == 2
    assert count([f"{one} — Reuters", f"{two} (AFP)"]) == 2


def test_a_mention_is_no_credit():
    for text in (
        "See [the note]. Site of NATO.",
        "The TASS building stands in the centre.",
        "APEC leaders met.",
        "A pap smear.",
        "RTL and ANSAR.",
    ):
        assert trace(said(text), OWNERS).claims[0][0] == "house"


def test_the_author_field_is_a_credit():
    assert trace(said(WIRE, author="Reuters"), OWNERS).claims == (("reuters", "credits Reuters as its author"),)


def test_a_document_that_is_referred_to_ties_its_readers():
    by_host, by_name = (
        trace(said(text), OWNERS).claims
        for text in (
            "The draft is on mid.ru since noon.",
            "The Russian Foreign Ministry said in a statement on its website.",
        )
    )
    assert by_host[0] == ("russian-state", "refers to mid.ru")
    assert by_name[0][0] == "russian-state"
    assert (
        trace(said("See daily.example for more. NATO spoke. NATO closed its website."), OWNERS).claims[0][0] == "house"
    )


def test_an_institution_is_its_own_origin():
    traced = trace(said("TASS reported.", is_primary=True, family="nato", publisher="NATO"), OWNERS)
    assert [family for family, _ in traced.claims] == ["nato"]


@pytest.mark.parametrize(
    ("more", "outlet", "family"),
    [
        ({"outlet": "Daily", "outlet_url": "https://www.daily.example"}, "The Daily", "daily-house"),
        ({"outlet": "The Daily", "family": "google"}, "The Daily", "daily-house"),
        ({"outlet": "Reuters", "family": "google"}, "Reuters", "reuters"),
        ({"outlet": "Elsewhere", "outlet_url": "https://else.example/x"}, "Elsewhere", "else.example"),
        ({"outlet": "Elsewhere", "family": "google"}, "Elsewhere", "elsewhere"),
        ({"outlet": "Nobody"}, "House", "house"),
        ({"publisher": "", "family": "", "link": ""}, "unknown", "unknown"),
    ],
)
def test_an_aggregator_is_traced_to_the_outlet(more, outlet, family):
    traced = trace(said("Nothing.", **more), OWNERS)
    assert (traced.outlet, traced.claims[0][0]) == (outlet, family)


@pytest.mark.parametrize(
    ("title", "text", "link", "standing"),
    [
        ("Treaty between the lake states", "", "https://a.example/1", "document"),
        ("Draft agreement on measures", "", "", "document"),
        ("Проект договора о гарантиях", "", "", "document"),
        ("Minister meets envoys", "", "https://a.example/note.PDF?x=1", "document"),
        ("On the lake", "Article 1. No fish. Article 2. No nets.", "", "document"),
        ("Minister comments on the draft treaty", "He was glad.", "", "primary"),
    ],
)
def test_a_document_is_told_from_an_institutions_word_and_a_report(title, text, link, standing):
    assert trace(said(text, title=title, link=link, is_primary=True), OWNERS).standing == standing
    assert trace(said(text, title=title, link=link), OWNERS).standing == "report"


def test_a_long_text_is_read_at_both_ends():
    assert trace(said("word " * 1000 + "— Reuters"), OWNERS).claims[0][0] == "reuters"


def test_a_reason_is_kept_for_every_entry():
    own = (("a", "published by A, owner a"),)
    credit = (("reuters", "credits Reuters: “(Reuters)”"),)
    found = origins_of(
        [Member(1, own), Member(2, credit, copy_of=1), Member(3, own, copy_of=2), Member(4, own, copy_of=99)]
    )
    assert found[1] == ("reuters", "published by A, owner a")
    assert found[2] == ("reuters", "credits Reuters: “(Reuters)”; same text as entry 1")
    assert found[3] == ("reuters", "same text as entry 2")
    assert found[4][1] == "published by A, owner a"


def test_hosts():
    assert host_of("https://[bad") == host_of("") == ""
    assert owner_of("deep.mid.ru", OWNERS) == OWNERS["mid.ru"]
    assert owner_of("else.example", OWNERS) is None


def test_credibility_is_only_suggested():
    assert suggested_credibility(0) == ""
    assert "single" in suggested_credibility(1)
    assert suggested_credibility(2).startswith("suggests 1-3")
