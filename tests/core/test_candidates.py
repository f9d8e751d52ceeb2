"""Rules refused before they are looked at: only those that cannot fire."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.engine import compiled, evidence
from watcher.core import match
from watcher.core.candidates import candidates
from watcher.core.program import CompiledWatchlist
from watcher.core.scan import JOINT, Sighting
from watcher.core.text import Reading

QUERIES = (
    "alpha near/2 beta",
    "beta before/1 (alpha | gamma delta)",
    "alpha sentence beta",
    "(alpha near/3 gamma) sentence (delta | beta gamma)",
    "(alpha near/1 delta | gamma) sentence beta",
    "title:(alpha near/4 beta) & gamma",
    "2 of (alpha | beta | delta near/1 gamma)",
    "(alpha | beta & gamma) & !delta",
    "gamma & (alpha sentence delta)",
    "(alpha near/3 gamma) sentence delta",
)
CONTEXTS = (
    "needs: 'delta | gamma before/2 beta'",
    "unless: 'alpha & !(beta near/1 gamma)'",
    "needs: {sentence: '(beta near/2 gamma) & alpha'}",
    "needs: {sentence: 'beta'}, unless: 'delta near/1 beta'",
)
FIGURES = """figures:
  boats: {title: Boats, match: alpha & beta, unit: vessels, units: {en: [vessel]}, range: [1, 9000]}
"""


def many_rules() -> CompiledWatchlist:
    rules = "".join(f"      - {{id: r{at}, match: '{query}', weight: 10}}\n" for at, query in enumerate(QUERIES))
    rules += "".join(
        f"      - {{id: c{at}, match: alpha | beta, weight: 10, {text}}}\n" for at, text in enumerate(CONTEXTS)
    )
    return compiled(f"{FIGURES}signals:\n  s:\n    title: S\n    rules:\n{rules}")


WATCHLIST = many_rules()


def candidate_rules(text: str) -> dict[str, set[str]]:
    return candidates(WATCHLIST, Sighting(WATCHLIST.lexis, Reading(f"{JOINT}{text}")), "en")


words = st.sampled_from(["alpha", "beta", "gamma", "delta", "and", "40 vessels"])
gaps = st.sampled_from([" ", " ", ", ", ". And ", "! ", "\n\n", "; ", ". ", " and so on and so on "])
texts = st.lists(st.tuples(words, gaps), max_size=14).map(lambda row: "".join(map("".join, row)))


@settings(max_examples=60, deadline=None)
@given(title=texts, text=texts)
def test_what_is_refused_could_not_have_fired(title: str, text: str) -> None:
    told = evidence(WATCHLIST, text, title)
    everything = {"s": set(WATCHLIST.signals["s"].rules), "": {"boats"}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(match, "candidates", lambda *_: {name: set(rules) for name, rules in everything.items()})

        assert told == evidence(WATCHLIST, text, title)


FAR = "Alpha came. " + "Nobody said anything about it. " * 3 + "Beta went."


@pytest.mark.parametrize(
    ("text", "refused", "kept"),
    [
        (FAR, {"r0", "r2"}, {"r6", "r7"}),
        ("Alpha came. Beta went.", {"r2"}, {"r0"}),
        ("Gamma beside delta. Alpha came. Beta went.", {"r2", "r4", "r8"}, {"r0", "r3"}),
        ("Alpha came with delta. Gamma went.", {"r0"}, {"r8"}),
    ],
)
def test_rules_are_refused_by_sentence_and_distance(text: str, refused: set[str], kept: set[str]) -> None:
    found = candidate_rules(text)["s"]

    assert kept <= found
    assert not refused & found


def test_a_figure_is_read_only_where_all_of_its_match_is_in_a_sentence() -> None:
    assert "boats" in candidate_rules("Alpha has beta: 40 vessels.").get("", set())
    assert "" not in candidate_rules("Alpha has it. Beta has 40 vessels.")


def test_nothing_opens_where_nothing_stands() -> None:
    assert candidate_rules("Nothing came.") == {}
