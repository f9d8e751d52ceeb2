"""The language of rules: what is read, what is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core import query as q
from watcher.core.document import Place, Query
from watcher.core.query import MAX_CHARS, MAX_DEPTH, MAX_WORDS, QueryError, parse, parse_term, show, walk


def read(text: str) -> q.Node:
    return parse(Query(text, Place("w.yaml", 4, 10)), "en")


@pytest.mark.parametrize(
    "text",
    [
        "word",
        "two words",
        "non-use of force",
        '"exact words"',
        "pre*",
        '="UN"',
        '="No Deal"',
        "@concept",
        "a | b | c",
        "a & b & !c",
        "a sentence b",
        "a near/5 b",
        "@one before/0 (a | b)",
        "title:(a | b)",
        "lead:(a & b)",
        "2 of (a | @b | c d)",
        "(a | b) & c sentence (d near/2 e)".replace("(d near/2 e)", "d near/2 e"),
        "a & b | c sentence d",
        "2 of (a & b | c sentence d | e near/1 f)",
        "(a & b) sentence c".replace("(a & b)", "(a | b)"),
        "!(a | b) & c",
        "!title:(a) & 1 of (b)",
    ],
)
def test_a_query_shown_and_read_again_is_the_same(text: str) -> None:
    assert read(text) == read(show(read(text)))


def test_case_may_be_kept_without_quotes() -> None:
    assert q.Phrase((q.Word("UN", "case"), q.Word("envoy", "forms", "en"))) == read("=UN envoy")


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 10, "empty"),
        ("x" * (MAX_CHARS + 1), 10 + MAX_CHARS, "longer than"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), 10 + MAX_DEPTH, "nested deeper"),
        ("a &", 13, "ends too early"),
        ("(a", 12, "ends too early"),
        ("a )", 12, "closing parenthesis"),
        ('a "b', 12, "never closed"),
        ('="b', 10, "never closed"),
        ("a near b", 12, "'near' alone cannot stand here"),
        ("near/3 b", 10, "an operand is missing on one side"),
        ("sentence b", 10, "'sentence' alone cannot stand here"),
        ("a sentence sentence b", 21, "alone cannot stand here"),
        ("title:a", 10, "parentheses"),
        ("body:(a)", 10, "no such field"),
        ("a * b", 12, "a star stands only"),
        ("a*b*", 10, "a star"),
        ("| a", 10, "operand is missing beside '|'"),
        ("a ! b", 12, "'!' must stand"),
        ("“a”", 10, "curly"),
        ("a, b", 11, "comma"),
        ("@", 10, "a concept has a name"),
        ("@Big", 10, "is not the name of a concept"),
        ("= a", 10, "'=' stands directly"),
        ("a @b", 12, "an operator is missing before '@b'"),
        ("a # b", 12, "cannot stand here"),
        ("!a & !b", 10, "everything here is negated"),
        ("!a", 10, "only inside &"),
        ("!a | b", 10, "only inside &"),
        ("(a & b) near/3 c", 10, "an operand of near"),
        ("(a near/3 b) before/3 c", 10, "an operand of before"),
        ("(a & b) sentence c", 10, "an operand of sentence"),
        ("(a | b & c) near/1 d", 10, "an operand of near"),
        ("a near/1 b near/1 c", 21, "cannot be chained"),
        ("a near/101 b", 12, "at most 100"),
        ("3 of (a | b)", 10, "3 of 2 cannot be"),
        ("0 of (a)", 10, "0 of 1 cannot be"),
        ("1 of (!a | b)", 16, "only inside &"),
        (" ".join("abcdefghijklmnopqrstuvwxy"), 10 + 2 * MAX_WORDS, "at most 24 words"),
        ("a OR b", 12, "not an operator here"),
        ("a*", 10, "nearly everything"),
        ('"…"', 10, "no word between"),
        ('=" "', 10, "no word between"),
        ("title:(!a)", 17, "only inside &"),
    ],
)
def test_what_is_refused_and_at_which_column(text: str, column: int, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        read(text)

    issue = caught.value.issue()
    assert message in issue.message
    assert (4, column) == (issue.line, issue.column)
    assert issue.hint


def test_a_place_on_a_later_line_of_a_query() -> None:
    with pytest.raises(QueryError) as caught:
        read("a |\n  b &")

    assert (caught.value.place.line, caught.value.place.column) == (5, 6)


def test_terms_are_words_and_phrases_only() -> None:
    assert parse_term("security guarantee", "en") == parse_term("security guarantee", "en", Place())
    assert q.Phrase((q.Word("guarant", "prefix"),)) == parse_term("guarant*", "en")
    with pytest.raises(QueryError, match="not a term"):
        parse_term("a | b", "en")
    with pytest.raises(QueryError, match="24 words"):
        parse_term(" ".join(["word"] * 30), "en")


def test_walking_visits_every_node() -> None:
    kinds = [
        type(node).__name__ for node in walk(read("title:(a) & !(b near/1 c) & 1 of (d | @e) & (f sentence g | h)"))
    ]

    assert {"InField", "Not", "Near", "CountOf", "ConceptRef", "SameSentence", "AnyOf", "AllOf", "Phrase"} == set(kinds)


_ATOMS = st.sampled_from(["word", "two words", '"exact"', "pre*", '="UN"', "@concept"])


def _deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) | ({two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) & !({two[1]})"),
        inner.map(lambda one: f"title:({one})"),
        st.tuples(_ATOMS, _ATOMS).map(lambda two: f"{two[0]} near/4 {two[1]}"),
        st.tuples(_ATOMS, _ATOMS).map(lambda two: f"({two[0]} | {two[1]}) sentence {two[0]}"),
        inner.map(lambda one: f"1 of ({one})"),
    )


@given(st.recursive(_ATOMS, _deeper, max_leaves=8))
def test_any_query_shown_and_read_again_is_the_same(text: str) -> None:
    assert read(text) == read(show(read(text)))


@given(st.text(alphabet='ab @&|!()"*=/:5nearsentenceof,“', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    refused = None
    try:
        read(text)
    except QueryError as error:
        refused = error

    assert refused is None or refused.hint
