"""Warnings about a watchlist that compiles."""

from __future__ import annotations

import pytest

from tests.core.watchlist_samples import compiled, document, expand
from watcher.core.common_words import COMMON, THIRD, common, in_a_third
from watcher.core.compile import compile_watchlist, words_needed
from watcher.core.lint import lint
from watcher.core.ruletest_yaml import read_tests
from watcher.core.watchlist import read_document

TESTS = """\
watchlist: w.yaml
cases:
  - {name: draft, title: x, match: [draft-text], not: [posture]}
  - {name: posture, title: x, match: [posture], not: [draft-text]}
"""
ALWAYS = {"unreached-rung"}


def warnings(old="", new="", *, tests=TESTS):
    found = lint(document(old, new), compiled(old, new), [read_tests(tests, "w.test.yaml")])
    return [(warning.code, warning.message) for warning in found if warning.code not in ALWAYS]


def codes(old="", new="", **options):
    return [code for code, _ in warnings(old, new, **options)]


def watchlist(signals, concepts="{}"):
    text = f"watchlist: w\nquestion: q\nlanguage: en\nconcepts: {concepts}\nsignals: {signals}\n"
    read = read_document({"w.yaml": text}, "w.yaml")
    return lint(read, compile_watchlist(read, expand(words_needed(read))))


def test_the_sample_is_clean():
    assert warnings() == []


def test_warnings_are_warnings_with_places():
    (warning,) = [w for w in lint(document(), compiled(), [read_tests(TESTS, "t")]) if w.code == "unreached-rung"]

    assert (warning.severity, warning.file, warning.line, warning.column) == ("warning", "w.yaml", 17, 3)
    assert "'claimed'" in warning.message


@pytest.mark.parametrize(
    "rule",
    [
        "match: 'alpha & !alpha'",
        "match: 'alpha', unless: 'alpha'",
        "match: 'alpha beta', unless: 'alpha'",
        "match: 'alpha | beta', unless: 'alpha | beta | gamma'",
        "match: 'alpha & beta', needs: 'gamma & !beta'",
        "match: '@greek', unless: 'alpha | beta'",
        "match: 'title:(alpha)', unless: 'alpha'",
        "match: 'alpha near/2 beta', unless: 'alpha sentence beta'",
        "match: '2 of (alpha | beta | gamma)', unless: '1 of (alpha | beta | gamma)'",
    ],
)
def test_g08_a_rule_that_can_never_fire(rule):
    found = watchlist(
        f"{{s: {{title: t, rules: [{{id: dead, {rule}, weight: 60}}]}}}}",
        "{greek: {en: [alpha, {term: x, forms: [beta]}]}}",
    )

    assert ("never-fires", 5) in {(warning.code, warning.line) for warning in found}


@pytest.mark.parametrize(
    "rule",
    [
        "match: 'alpha & !beta'",
        "match: 'alpha | beta', unless: 'alpha'",
        "match: 'alpha & beta', unless: 'alpha near/3 beta'",
        "match: 'alpha & beta', unless: 'alpha sentence beta'",
        "match: 'alpha', needs: {sentence: 'beta & @greek'}",
        "match: '\"Alpha beta\" | gam*'",
        "match: '=ALPHA near/3 (beta | gamma)'",
        "match: 'alpha before/3 beta'",
        "match: 'alpha sentence beta'",
        "match: 'lead:(alpha) & title:(beta)'",
        "match: '2 of (alpha | beta | gamma)', unless: 'alpha'",
        "match: '@greek', unless: 'beta'",
        "match: '@german'",
    ],
)
def test_a_rule_that_can_fire(rule):
    found = watchlist(
        f"{{s: {{title: t, needs: 'delta', rules: [{{id: live, {rule}, weight: 60}}]}}}}",
        "{greek: {en: [alpha, {term: x, forms: [beta]}]}, german: {de: [{term: Wort, only: de}]}}",
    )

    assert "never-fires" not in {warning.code for warning in found}


def test_needs_and_unless_of_the_signal_count_too():
    assert [
        w.code
        for w in watchlist("{s: {title: t, needs: alpha, unless: alpha, rules: [{id: r, match: beta, weight: 60}]}}")
    ] == [
        "untested-signal",
        "never-fires",
    ]


def test_a_signal_that_can_never_reach_its_threshold():
    assert warnings("threshold: 30", "threshold: 60") == [
        ("cannot-reach", "signal 'posture' can never hit: all its rules give 42.6, the threshold is 60")
    ]


@pytest.mark.parametrize(
    ("old", "new"), [("[Russia, Moscow]", "[Russia, the]"), ("'troops | battalion'", "'troops | with'")]
)
def test_g08_a_term_that_matches_a_third_of_all_texts(old, new):
    assert codes(old, new) == ["common-term"]


def test_a_form_that_is_a_common_word_of_another_language_we_read():
    found = warnings("[Russia, Moscow]", "[Russia, 'war']")
    assert found == []

    found = warnings("ru: [Россия", "de: [Art]\n    ru: [Россия")
    assert found == []

    ((code, message),) = warnings("[Russia, Moscow]", "[Russia, 'main']")
    assert code == "common-form"
    assert message == "'main' (en) has a form that is a common word in fr: main"


@pytest.mark.parametrize("term", ["'=main'", "{term: main, only: en}", "{term: x, forms: [y]}", "main road"])
def test_terms_that_cannot_collide(term):
    assert "common-form" not in codes("[Russia, Moscow]", f"[Russia, {term}]")


def test_an_unused_concept_and_ladder():
    assert warnings("concepts:\n", "concepts:\n  spare: {en: [spare]}\n") == [
        ("unused-concept", "no query names concept @spare")
    ]
    assert warnings("ladders:\n", "ladders:\n  spare: [a, b]\n") == [("unused-ladder", "no signal has ladder 'spare'")]


def test_an_included_concept_may_be_unused():
    text = "watchlist: w\nquestion: q\nlanguage: en\ninclude: [a.yaml]\nsignals: {s: {title: t, rules: [{id: r, match: x, weight: 60}]}}\n"
    read = read_document({"w.yaml": text, "a.yaml": "concepts: {spare: {en: [spare]}}"}, "w.yaml")

    assert [w.code for w in lint(read, compile_watchlist(read, {}))] == ["untested-signal"]


def test_signals_need_a_positive_and_a_negative_case():
    only_positive = TESTS.replace(", not: [posture]", "")
    only_negative = TESTS.replace("match: [posture], ", "")
    for_all = "watchlist: w\ncases: [{name: a, title: x, match: [posture], not: all}]"

    assert warnings(tests=only_positive) == [
        ("untested-signal", "signal 'posture' has no test case that must not match")
    ]
    assert warnings(tests=only_negative) == [("untested-signal", "signal 'posture' has no test case that must match")]
    assert warnings(tests=for_all) == [("untested-signal", "signal 'draft-text' has no test case that must match")]


def test_g10_one_feed_under_two_addresses():
    second = """\
  second:
    {title: t, kind: feed, url: 'http://Example.org:80/feed/?key=${FEED_KEY}', publisher: p, family: f, language: en}
"""

    assert warnings("sources:\n", f"sources:\n{second}") == [
        ("duplicate-source", "sources second, un-press have nearly the same address")
    ]


def test_common_words_are_few_and_distinct():
    assert set(COMMON) == {"en", "ru", "uk", "fr", "de"}
    assert all(len(words) >= 80 for words in COMMON.values())
    assert in_a_third("en") < common("en")
    assert len(in_a_third("de")) == THIRD
    assert common("xx") == in_a_third("xx") == frozenset()
