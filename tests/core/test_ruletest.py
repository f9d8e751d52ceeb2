"""Cases of a watchlist: what passes, and what a failure says."""

from __future__ import annotations

import pytest

from tests.core.watchlist_samples import compiled, document
from watcher.core.errors import WatchlistError
from watcher.core.model import FigureReading
from watcher.core.ruletest import ExpectedReading, check_references, compare_figure, run_case, select
from watcher.core.ruletest_yaml import read_tests

HEAD = "watchlist: w.yaml\ncases:\n"
TITLE = "title: Russia hands NATO a draft of the treaty"


def cases(text):
    return read_tests(HEAD + text, "w.test.yaml").cases


def run(text):
    (case,) = cases(text)
    return run_case(case, compiled())


def failures(text):
    return [(failure.message, failure.details) for failure in run(text).failures]


def test_a_case_passes_where_everything_expected_is_met():
    outcome = run(
        f"""\
  - name: draft
    {TITLE}
    text: Moscow wrote it. 342 vessels were listed.
    match: [draft-text, {{signal: draft-text, min_score: 50, rung: text exists, facets: [institution/nato]}}]
    not: [posture]
"""
    )

    assert outcome.failures == ()
    assert outcome.passed


def test_a_signal_that_does_not_hit_tells_what_was_missing():
    ((message, details),) = failures("  - {name: a, title: Russia and NATO meet, match: [draft-text]}\n")

    assert message == "draft-text should hit: its score is 0.0, the threshold 50"
    assert details == ("did not fire: text-of-pact, handed",)


def test_a_signal_that_comes_near_shows_its_parts_and_words():
    ((message, details),) = failures(
        "  - {name: a, text: Nothing much. Russia hand over NATO papers., match: [draft-text]}\n"
    )

    assert message.startswith("draft-text should hit: its score is 3")
    assert "handed" in details[0]
    assert details[0].strip().startswith("+")
    assert "handed fired: text “hand over”" in details
    assert details[-1] == "did not fire: text-of-pact"


def test_a_signal_whose_every_rule_fires_has_nothing_silent():
    ((_, details),) = failures("  - {name: a, title: NATO troops of Russia, not: [posture]}\n")

    assert not any(line.startswith("did not fire") for line in details)


def test_a_blocked_signal_tells_by_what():
    ((_, details),) = failures("  - {name: a, title: A draft of the treaty, match: [draft-text]}\n")

    assert any(line.startswith("blocked by ") for line in details)


def test_a_rule_taken_back_tells_by_what():
    ((_, details),) = failures("  - {name: a, title: Russia hand over NATO papers to a museum, match: [draft-text]}\n")

    assert any("taken back by" in line for line in details)


def test_score_rung_and_facets_are_compared():
    found = failures(
        f"  - {{name: a, {TITLE}, match: [{{signal: draft-text, min_score: 99, rung: handed over, facets: [institution/osce]}}]}}\n"
    )

    assert [message.split(":")[0] for message, _ in found] == [
        "draft-text should score at least 99",
        "draft-text should stand on rung 'handed over'",
        "draft-text should touch institution/osce",
    ]
    assert found[2][1] == ("it touches institution/nato",)


@pytest.mark.parametrize("expected", ["not: [draft-text]", "not: all"])
def test_a_signal_that_must_not_hit(expected):
    ((message, details),) = failures(f"  - {{name: a, {TITLE}, {expected}}}\n")

    assert message.startswith("draft-text must not hit: its score is ")
    assert any("text-of-pact" in line for line in details)


def test_nothing_found_is_no_hit():
    assert failures("  - {name: a, title: Rain in spring, not: all}\n") == []


def reading(value, qualifier):
    return FigureReading("vessels", value, "vessels", qualifier, "text", 0, 3, " It listed them. ")


@pytest.mark.parametrize(
    ("value", "qualifier", "readings", "expected"),
    [
        (342, None, [reading(342, "total")], []),
        (342, "total", [reading(5, "added"), reading(342, "total")], []),
        (
            342,
            "over",
            [reading(342, "")],
            [("vessels should read 342 (over)", ("read 342 (no qualifier) in: It listed them.",))],
        ),
        (342, None, [], [("vessels should read 342", ("it read nothing",))]),
    ],
)
def test_figures_are_compared_by_value_and_qualifier(value, qualifier, readings, expected):
    found = compare_figure(ExpectedReading("vessels", value, qualifier), readings)

    assert [(failure.message, failure.details) for failure in found] == expected


def test_a_figure_that_is_not_read_fails_the_case():
    ((message, _),) = failures("  - {name: a, text: Rain, figures: [{figure: vessels, value: 12}]}\n")

    assert message == "vessels should read 12"


def test_cases_are_selected_by_name():
    chosen = cases("  - {name: offer-one, title: x, not: all}\n  - {name: draft-one, title: x, not: all}\n")

    assert [case.name for case in select(chosen, ())] == ["offer-one", "draft-one"]
    assert [case.name for case in select(chosen, ("offer-*",))] == ["offer-one"]
    assert [case.name for case in select(chosen, ("*-one", "x"))] == ["offer-one", "draft-one"]
    assert select(chosen, ("OFFER-*",)) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("missing-key", 1)]),
        ("cases: []", [("bad-value", 2)]),
        ("cases: {a: b}", [("wrong-type", 2)]),
        ("- a", [("wrong-type", 1)]),
        ("cases: [a]", [("wrong-type", 2)]),
        ("cases: [{name: a, title: x}]", [("empty-case", 2)]),
        ("cases: [{name: a, not: all}]", [("empty-case", 2)]),
        ("cases: [{title: x, not: all}]", [("missing-key", 2)]),
        ("cases: [{name: a, title: x, not: all}, {name: a, title: x, not: all}]", [("duplicate-id", 2)]),
        ("cases: [{name: a, title: x, match: [{signal: s, min_score: 100}]}]", [("bad-value", 2)]),
        ("cases: [{name: a, title: x, match: [{sginal: s}]}]", [("missing-key", 2), ("unknown-key", 2)]),
        ("cases: [", [("yaml-syntax", 2)]),
    ],
)
def test_bad_test_files_are_refused_with_every_problem(text, expected):
    content = text if text.startswith("-") else f"watchlist: w.yaml\n{text}"
    with pytest.raises(WatchlistError) as caught:
        read_tests(content, "w.test.yaml")

    assert set(expected) <= {(issue.code, issue.line) for issue in caught.value.issues}
    assert {issue.file for issue in caught.value.issues} == {"w.test.yaml"}


def test_unknown_names_point_at_their_place():
    tests = read_tests(
        HEAD
        + """\
  - name: a
    title: x
    match: [drft-text, {signal: draft-text, rung: handed, facets: [institution/nat]}, {signal: posture, rung: claimed}]
    not: [postur]
    figures: [{figure: vessel, value: 1}]
""",
        "w.test.yaml",
    )

    found = [(issue.code, issue.line, issue.hint) for issue in check_references(tests, document())]

    assert found == [
        ("unknown-signal", 5, "did you mean 'draft-text'?"),
        ("unknown-signal", 6, "did you mean 'posture'?"),
        ("unknown-rung", 5, "did you mean 'handed over'?"),
        ("unknown-facet", 5, "did you mean 'institution/nato'?"),
        ("unknown-rung", 5, ""),
        ("unknown-figure", 7, "did you mean 'vessels'?"),
    ]


def test_rungs_of_unknown_signals_are_not_told_twice():
    tests = read_tests(HEAD + "  - {name: a, title: x, match: [{signal: nothing, rung: x}]}\n", "w.test.yaml")

    assert [issue.code for issue in check_references(tests, document())] == ["unknown-signal"]
