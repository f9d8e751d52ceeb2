"""A recorded score against the text it rests on."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from watcher.core.model import Assessment, FacetMention, Firing, Match, Part
from watcher.core.recheck import check_spans, check_sum, compare

TITLE, TEXT = "Russia's non-aggression pact", "The Ukrainian “зобов'язання” stand. NATO answers."


def found(*matches: Match, points: float = 60.0) -> Assessment:
    part = Part("rule", "given", 60.0, 1.0, points)
    return Assessment("offer", 60.0, "claimed", True, (part,), (Firing("given", matches or (match(),)),))


def match(field: str = "title", start: int = 9, end: int = 23, form: str = "non aggression", **more: str) -> Match:
    return Match("term", field, start, end, form, **more)


def spans(*matches: Match) -> list[str]:
    return [f"{one.where}: {one.what}" for one in check_spans(found(*matches), TITLE, TEXT)]


@pytest.mark.parametrize(
    "one",
    [
        match(),
        match(start=24, end=28, form="pact the"),  # a term that reaches into the text
        match("text", 15, 27, "зобов'язання"),
        match("text", 36, 40, "nato"),
        match("text", 36, 40, "anything", flag="look-alike"),
        match("text", 36, 40, ""),
    ],
)
def test_words_that_stand_where_they_are_said_to(one):
    assert spans(one) == []


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (match(form="aggression"), "the text has 'non-aggression' there, the rule matched 'aggression'"),
        (match(start=23, end=24, form="pact"), "the text has ' ' there"),
        (match("text", 36, 40, "nato and"), "the text has 'NATO' there"),
        (match("title", 20, 99), "is no place in the text"),
        (match("title", 5, 5), "is no place in the text"),
        (match("title", -3, 5), "is no place in the text"),
        (match("link"), "is no place in the text"),
    ],
)
def test_words_that_do_not(one, why):
    (told,) = spans(one)

    assert why in told
    assert told.startswith(f"rule given, {one.field} {one.start}-{one.end}: ")


def test_points_are_the_score():
    assert list(check_sum(found())) == []
    (told,) = check_sum(found(points=59.5))
    assert (told.where, told.what) == ("score", "is 60, its parts add up to 59.5")


def test_scored_again_it_is_the_same_or_the_difference_is_told():
    mention = FacetMention("institution", "nato", match())
    recorded = replace(found(), facets=(mention,))

    assert list(compare(recorded, recorded)) == []
    assert [one.where for one in compare(recorded, None)] == ["score"]
    again = replace(found(points=50.0), score=50.0, rung="", firings=(), parts=())
    told = {one.where: one.what for one in compare(recorded, again)}
    assert told == {
        "score": "was 60.0; scored again it is 50.0",
        "rung": "was 'claimed'; scored again it is ''",
        "parts": "scored again they are others: none, were given +60",
        "firings": "scored again they are others: none, were given (1 spans)",
        "facets": "scored again they are others: none, were institution nato",
    }
