"""Words of the index, and the words that rules cannot do without."""

from __future__ import annotations

from watcher.core.document import Document, Query, Rule, Signal
from watcher.core.wanted import WHOLE, WORD_CHARS, groups_of, index_words


def groups(match: str, needs: str = ""):
    rule = Rule("r", Query(match), 50.0, needs=Query(needs))
    one = Document("d", "", "en", "UTC", "", {}, {}, {}, (), (Signal("s", "s", (rule,)),), (), (), (), (), ())
    return groups_of(one, {("en", "pact"): frozenset({"pact", "Pacts"})})["s", "r"]


def test_words_are_the_folded_tokens_each_once() -> None:
    assert index_words("Pact, PACT!", "Зобов'язання l'OTAN") == ["l", "otan", "pact", "зобов'язання"]


def test_look_alikes_are_there_in_every_reading() -> None:
    assert {"pact", "раст"} & set(index_words("", "рact"))
    assert "pact" in index_words("", "рact")


def test_letters_the_alphabet_lacks_are_one_sign() -> None:
    assert index_words("łódź", "łódż")[0] == index_words("łódż", "")[0]


def test_a_text_of_too_many_words_is_a_candidate_for_all() -> None:
    assert index_words("", " ".join(f"w{number:09}" for number in range(30_000))) == [WHOLE]


def test_groups_are_what_a_rule_needs() -> None:
    assert set(groups('pact near/3 "draft" | dra*')) == {frozenset({"pact", "pacts", "dra*"})} or set(
        groups('pact near/3 "draft" | dra*')
    ) == {frozenset({"draft", "dra*"})}
    assert set(groups('pact & "draft" & !"old"', "=EU")) == {
        frozenset({"pact", "pacts"}),
        frozenset({"draft"}),
        frozenset({"eu"}),
    }


def test_a_very_long_word_is_cut_on_both_sides() -> None:
    long = "x" * (WORD_CHARS + 5)
    assert groups(f'"{long}"') == (frozenset({"x" * WORD_CHARS + "*"}),)
    assert index_words(long, "") == ["x" * WORD_CHARS]
