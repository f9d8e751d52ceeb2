"""What an edit can change: everything that scores otherwise is a candidate, whatever was edited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watcher.core.changes import Difference, difference
from watcher.core.compile import compile_watchlist, words_needed
from watcher.core.document import Document
from watcher.core.errors import WatchlistError
from watcher.core.limits import Limits
from watcher.core.match import find_evidence
from watcher.core.score import assess
from watcher.core.wanted import WHOLE, Groups, index_words
from watcher.core.watchlist import read_document, read_stored

TERMS = ["pact", "treaty", "envoy", "draft text", "non-aggression pact", "trea*", "'=UN'", "'\"draft\"'"]
QUERIES = [
    "pact",
    "@one",
    "@two & pact",
    "draft near/2 @one",
    "@one before/3 (envoy | @two)",
    "pact & !@two",
    "@one sentence envoy",
    "2 of (pact | envoy | @two)",
    "title:(@one)",
    "lead:(envoy)",
    "trea* | =UN",
]
CONTEXTS = ["", "@two", "envoy", "draft & !@one"]
WORDS = [
    "pact",
    "pacts",
    "treaty",
    "treaties",
    "envoy",
    "draft",
    "text",
    "UN",
    "un",
    "non-aggression",
    "The",
    "and",
    ".",
]
WORDS += ["ра\u0441t", "dr\u200baft", "envoys"]


def forms_of(document: Document) -> dict[tuple[str, str], frozenset[str]]:
    return {(language, word): frozenset({word, f"{word}s"}) for language, word in words_needed(document)}


def watchlist(one: Iterable[str], two: Iterable[str], rules: Iterable[dict[str, Any]], **rest: str) -> Document:
    def concept(name: str, terms: Iterable[str]) -> str:
        return f"  {name}: {{en: [{', '.join(sorted(set(terms)))}]}}\n"

    def line(number: int, rule: dict[str, Any]) -> str:
        context = "".join(f", {key}: '{rule[key]}'" for key in ("needs", "unless") if rule.get(key))
        return f"      - {{id: r{number}, match: '{rule['match']}', weight: {rule['weight']}{context}}}\n"

    body = "".join(line(number, rule) for number, rule in enumerate(rules))
    text = (
        f"watchlist: small\nquestion: Q\nlanguage: {rest.get('language', 'en')}\ntimezone: UTC\nconcepts:\n"
        f"{concept('one', one)}{concept('two', two)}{rest.get('facets', '')}"
        f"signals:\n  s:\n    title: S\n    threshold: {rest.get('threshold', '40')}\n{rest.get('signal', '')}    rules:\n{body}"
    )
    return read_document({"w.yaml": text}, "w.yaml")


CONCEPT = st.lists(st.sampled_from(TERMS), min_size=1, max_size=4)
RULE = st.fixed_dictionaries(
    {
        "match": st.sampled_from(QUERIES),
        "weight": st.sampled_from([30, 60]),
        "needs": st.sampled_from(CONTEXTS),
        "unless": st.sampled_from(CONTEXTS),
    }
)
PARTS = st.fixed_dictionaries({"one": CONCEPT, "two": CONCEPT, "rules": st.lists(RULE, min_size=1, max_size=3)})
TEXT = st.tuples(*[st.lists(st.sampled_from(WORDS), max_size=size).map(" ".join) for size in (4, 12)])


def edited(before: dict[str, Any], after: dict[str, Any], parts: set[str]) -> dict[str, Any]:
    return before | {part: after[part] for part in parts}


def scored(document: Document, title: str, text: str) -> Any:
    compiled = compile_watchlist(document, forms_of(document))
    evidence = find_evidence(compiled, title, text, limits=Limits())
    return (
        tuple((one.signal, one.score, one.reached, one.rung) for one in assess(compiled, evidence)) if evidence else ()
    )


def meets(groups: Iterable[Groups], title: str, text: str) -> bool:
    """What an index does: a word of each set."""
    words = index_words(title, text)

    def holds(word: str) -> bool:
        return any(one.startswith(word[:-1]) for one in words) if word.endswith("*") else word in words

    return WHOLE in words or any(all(any(map(holds, group)) for group in needs) for needs in groups)


def changed(old: Document, new: Document) -> Difference:
    return difference(old, new, lambda words: {one: frozenset({one[1], f"{one[1]}s"}) for one in words})


@settings(max_examples=300, deadline=None)
@given(PARTS, PARTS, st.sets(st.sampled_from(["one", "two", "rules"])), st.lists(TEXT, min_size=1, max_size=6))
@example(
    {"one": ["pact"], "two": ["envoy"], "rules": [{"match": "pact & !@two", "weight": 60}]},
    {"one": ["pact"], "two": ["envoy", "trea*"], "rules": []},
    {"two"},
    [("", "a pact and a treaty")],
)
def test_what_scores_otherwise_is_a_candidate(
    before: dict[str, Any], after: dict[str, Any], parts: set[str], texts: list[tuple[str, str]]
) -> None:
    old, new = watchlist(**before), watchlist(**edited(before, after, parts))
    found = changed(old, new)

    for title, text in texts:
        if scored(old, title, text) != scored(new, title, text):
            assert found.whole or meets(found.groups, title, text), (title, text)


BASE = {"one": ["pact"], "two": ["envoy"], "rules": [{"match": "@one", "weight": 60}, {"match": "draft", "weight": 30}]}


def test_nothing_changed_has_no_candidates() -> None:
    assert changed(watchlist(**BASE), watchlist(**BASE)) == Difference()


def test_a_term_that_came_is_all_that_is_looked_for() -> None:
    found = changed(watchlist(**BASE), watchlist(**BASE | {"one": ["pact", "treaty"]}))

    assert found == Difference(((frozenset({"treaty", "treatys"}),),), what=("treaty",))


def test_a_concept_that_nothing_names_changes_nothing() -> None:
    assert changed(watchlist(**BASE), watchlist(**BASE | {"two": ["treaty"]})) == Difference()


def test_a_rule_is_looked_for_as_it_was_and_as_it_is() -> None:
    rules = [BASE["rules"][0], {"match": "treaty & envoy", "weight": 30}]
    found = changed(watchlist(**BASE), watchlist(**BASE | {"rules": rules}))

    assert found.what == ("s/r1",)
    assert (frozenset({"draft", "drafts"}),) in found.groups
    assert {frozenset({"treaty", "treatys"}), frozenset({"envoy", "envoys"})} in map(set, found.groups)
    assert len(found.groups) == 2


@pytest.mark.parametrize(
    "rest", [{"threshold": "20"}, {"signal": "    needs: '@two'\n"}, {"signal": "    unless: 'text'\n"}]
)
def test_what_holds_for_a_signal_holds_for_all_its_rules(rest: dict[str, str]) -> None:
    found = changed(watchlist(**BASE), watchlist(**BASE, **rest))

    assert found.what == ("s/r0", "s/r1")


def test_facets_stand_at_hits() -> None:
    facets = "facets:\n  actor:\n    envoy: {title: E, match: '@two'}\n"
    found = changed(watchlist(**BASE), watchlist(**BASE, facets=facets))

    assert (found.hits, found.what) == (True, ("facets",))


def test_figures_are_looked_for_by_their_words() -> None:
    figure = "figures:\n  ships: {title: S, match: draft, unit: vessels, units: {en: [vessel]}, range: [1, %d]}\n"
    found = changed(watchlist(**BASE, facets=figure % 9), watchlist(**BASE, facets=figure % 99))

    assert found == Difference(((frozenset({"draft", "drafts"}),),), what=("ships",))


def test_another_language_changes_everything() -> None:
    assert changed(watchlist(**BASE), watchlist(**BASE, language="fr")).whole == "its language changed"


def test_the_stored_files_say_which_one_is_the_main_one() -> None:
    main = "watchlist: w\nquestion: Q\nlanguage: en\ntimezone: UTC\ninclude: [a.yaml]\nsignals:\n  s:\n    title: S\n"
    main += "    rules:\n      - {id: r, match: '@c', weight: 60}\n"

    assert read_stored({"a.yaml": "concepts:\n  c: {en: [pact]}\n", "w.yaml": main}).main == "w.yaml"


@pytest.mark.parametrize(
    "text", ["nothing: more", "watchlist: w\nsignals: 3\n", "watchlist: [\n", "watchlist: w\nconcepts: {c: 1}\n"]
)
def test_stored_files_that_cannot_be_read_any_more_are_told_like_any_others(text: str) -> None:
    with pytest.raises(WatchlistError):
        read_stored({"w.yaml": text})
