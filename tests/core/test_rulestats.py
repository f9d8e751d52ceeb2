"""What rules are worth, which words would suppress, and how decisions lie beside scores."""

from __future__ import annotations

import pytest

from watcher.core.calibrate import Bin, bin_of, bins_of, wilson, words_of
from watcher.core.rulestats import HitUse, decided, rule_stats, suppressions


def use(number: int, *rules: str, state: str = "new", score: float = 70.0, **more) -> HitUse:
    return HitUse(number, more.pop("signal", "offer"), score, rules or ("a",), state, **more)


def test_a_rule_counts_alone_and_in_company_by_what_was_decided():
    found = rule_stats(
        [
            use(1, "a", state="confirmed"),
            use(2, "a", "b", state="dismissed", reason="old"),
            use(3, "a", state="dismissed", reason="old"),
            use(4, "b", state="duplicate"),
            use(5, "b", state="under review"),
            use(6, "b", state="escalated"),
        ],
        [("offer", "a"), ("offer", "silent")],
    )

    a, b, silent = {one.rule: one for one in found}["a"], *(one for one in found if one.rule != "a")
    assert (a.fired, a.alone, a.kept, a.dismissed, a.kept_alone, a.dismissed_alone) == (3, 2, 1, 2, 1, 1)
    assert a.reasons == (("old", 2),)
    assert (b.fired, b.duplicates, b.undecided, b.kept, b.dismissed) == (4, 1, 1, 1, 1)
    assert (silent.rule, silent.fired) == ("silent", 0)


def test_decided_hits_are_those_kept_or_dismissed():
    uses = [use(1, state="confirmed"), use(2, state="dismissed", score=5.0), use(3), use(4, state="duplicate")]

    assert decided(uses) == ((70.0, True), (5.0, False))
    assert decided(uses, "other") == ()


# --- suppressions -------------------------------------------------------------------------------------------------


def corpus(away: int, kept: int, *, stories: bool = False) -> tuple[list[HitUse], dict[int, str]]:
    uses = [use(n, state="dismissed", story=1 if stories else None) for n in range(away)]
    uses += [use(100 + n, state="confirmed") for n in range(kept)]
    texts = {one.hit_id: "Ministry offers pact, " + ("FOOTBALL" if one.hit_id < 100 else "treaty") for one in uses}
    return uses, texts


def test_a_word_of_dismissed_hits_only_is_suggested_with_its_evidence():
    (found,) = suppressions(*corpus(6, 5))

    assert (found.signal, found.word, found.hits, found.stories) == ("offer", "football", (0, 1, 2, 3, 4, 5), 6)
    assert (found.dismissed, found.kept) == (6, 5)


@pytest.mark.parametrize(("away", "kept", "stories"), [(4, 9, False), (9, 4, False), (9, 9, True)])
def test_thin_evidence_suggests_nothing(away, kept, stories):
    assert suppressions(*corpus(away, kept, stories=stories)) == ()


def test_a_word_that_was_kept_once_or_is_rare_is_not_suggested():
    uses, texts = corpus(40, 5)
    for number in range(40):
        texts[number] = "Ministry offers pact" + (" banknote" if number < 6 else "")
    assert suppressions(uses, texts) == ()
    uses, texts = corpus(6, 5)
    texts[100] += " football"
    assert suppressions(uses, texts) == ()


def test_a_word_that_only_stands_inside_a_longer_one_was_not_kept():
    uses, texts = corpus(6, 5)
    texts[100] += " footballers"

    assert [one.word for one in suppressions(uses, texts)] == ["football"]


@pytest.mark.parametrize("tail", ["", " \N{BULLET}"], ids=["plain", "other letters"])
def test_words_are_the_same_whatever_stands_between_them(tail):
    uses, texts = corpus(6, 5)
    between = [chr(code) for code in range(128) if not chr(code).isalpha()]
    for number in range(6):
        texts[number] = "".join(f"pact{one}FootBall{one}" for one in between) + tail

    assert [one.word for one in suppressions(uses, texts)] == ["football"]


def test_a_second_word_is_only_suggested_for_what_the_first_leaves():
    uses, texts = corpus(12, 5)
    for number in range(12):
        texts[number] = "pact football stadium" if number < 6 else "pact cinema"

    assert [(one.word, len(one.hits)) for one in suppressions(uses, texts)] == [("football", 6), ("cinema", 6)]


def test_no_more_than_three_words_are_suggested():
    uses, texts = corpus(20, 5)
    for number in range(20):
        texts[number] = ("alpha", "bravo", "charlie", "delta")[number % 4]

    assert len(suppressions(uses, texts)) == 3


# --- calibration --------------------------------------------------------------------------------------------------


def test_bins_are_joined_downwards_until_they_hold_enough():
    scored = [(95.0, True)] * 9 + [(85.0, True)] * 3 + [(45.0, False)] * 10 + [(15.0, False)]
    found = bins_of(scored)

    assert found == (Bin(80.0, 100.0, 12, 12), Bin(40.0, 80.0, 10, 0), Bin(0.0, 40.0, 1, 0))
    assert bins_of([]) == ()
    assert bin_of(found, 100.0) == found[0]
    assert bin_of(found, 80.0) == found[0]
    assert bin_of(found, 79.9) == found[1]
    assert bin_of(found, 15.0) is None
    assert bin_of((), 15.0) is None


def test_what_is_decided_can_be_all():
    assert bins_of([(100.0, True)] * 10) == (Bin(90.0, 100.0, 10, 10),)


def test_the_interval_is_wilsons():
    low, high = wilson(9, 12)
    assert (round(low, 3), round(high, 3)) == (0.468, 0.911)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == pytest.approx(1.0)


def test_it_is_said_in_counts():
    assert words_of(Bin(70.0, 80.0, 12, 9)) == "of 12 decided hits that scored 70-80, 9 were kept (95 %: 47-91 %)"
    assert words_of(None) == "too few decisions near this score to say (at least 10)"
