"""The word diff: nothing is lost, words are not cut, long texts stay cheap."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core import worddiff
from watcher.core.worddiff import ADDED, GONE, SAME, Change, apply, diff, old_text, shortened

WORDS = st.sampled_from(
    [
        "pact",
        "pacts",
        "a",
        "the",
        " ",
        "  ",
        "\n",
        ". ",
        ", ",
        "—",
        "пакт",
        "é",
        "e\u0301",
        "\ud83d\ude00",
        "1",
        "don't",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(WORDS, max_size=40).map("".join))


def shown(changes):
    marks = {SAME: "{}", GONE: "[-{}-]", ADDED: "{{+{}+}}"}
    return "".join(marks[change.kind].format(change.text) for change in changes)


@given(TEXTS, TEXTS)
def test_a_diff_applied_to_the_old_text_gives_the_new_one(old, new):
    changes = diff(old, new)

    assert old_text(changes) == old
    assert apply(changes, old) == new
    assert all(change.text for change in changes)
    assert all(one.kind != other.kind for one, other in pairwise(changes))


@given(TEXTS)
def test_the_same_text_has_no_change(text):
    assert diff(text, text) == ((Change(SAME, text),) if text else ())


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("We offer a pact.", "We offer the pact.", "We offer [-a-]{+the+} pact."),
        ("an offer", "an offering", "an [-offer-]{+offering+}"),
        ("reoffer now", "offer now", "[-reoffer-]{+offer+} now"),
        ("one two three four", "one 2 3 four", "one [-two three-]{+2 3+} four"),
        ("one", "one two", "one{+ two+}"),
        ("a  b", "a b", "a[-  -]{+ +}b"),
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("the Minister's visit", "the Ministers' visit", "the [-Minister's-]{+Ministers'+} visit"),
        ("Договор о пакте", "Договор о гарантиях", "Договор о [-пакте-]{+гарантиях+}"),
        ("same middle end", "some middle and", "[-same-]{+some+} middle [-end-]{+and+}"),
    ],
)
def test_whole_words_are_told(old, new, wanted):
    assert shown(diff(old, new)) == wanted


def test_a_diff_fits_its_own_text_only():
    with pytest.raises(ValueError, match="not one of this text"):
        apply(diff("a", "b"), "c")


def test_long_texts_are_compared_by_sentences_then_words_then_not_at_all(monkeypatch):
    old = "".join(f"Sentence number {n} says a thing. " for n in range(30))
    new = old.replace("number 7 says", "number 7 denies").replace("number 20 says a thing. ", "")
    whole = shown(diff(old, new))
    monkeypatch.setattr(worddiff, "PAIRS_CAP", 2000)

    assert "[-says-]{+denies+}" in shown(diff(old, new))
    assert apply(diff(old, new), old) == new
    assert "[-says-]{+denies+}" in whole

    monkeypatch.setattr(worddiff, "PAIRS_CAP", 1)
    assert [change.kind for change in diff(old, new)] == [SAME, GONE, ADDED, SAME]
    assert apply(diff(old, new), old) == new


def test_a_long_sentence_among_long_texts_is_not_compared_by_words(monkeypatch):
    monkeypatch.setattr(worddiff, "PAIRS_CAP", 60)
    old = "Old " + "word " * 30 + "end. Kept sentence. X one."
    new = "New " + "term " * 30 + "end. Kept sentence. X two."

    assert shown(diff(old, new)).endswith(" end. +}Kept sentence. X [-one-]{+two+}.")
    assert apply(diff(old, new), old) == new


def test_hostile_texts_cost_little():
    many = "a " * 200_000
    assert apply(diff(many, many[2:] + "b"), many) == many[2:] + "b"
    first, second = "ab" * 200_000, "ba" * 200_000
    assert apply(diff(first, second), first) == second
    words = "".join(f"{n % 7} " for n in range(2000))
    assert apply(diff(words, words[::-1]), words) == words[::-1]


def test_far_context_is_cut_and_the_cut_is_seen():
    changes = diff("12 34 56 old 12 34 56", "12 34 56 new 12 34 56")

    assert shortened(changes, 99) == changes
    assert [change.text for change in shortened(changes, 5)] == ["", " 56 ", "old", "new", " 12 ", ""]
    assert [change.text for change in shortened(diff("a 12 34 56 b", "c 12 34 56 d"), 3)] == [
        *("a", "c", " 12", "", "56 ", "b", "d")
    ]
    assert [change.text for change in shortened(diff("x old", "x new"), 0)] == ["", "old", "new"]
