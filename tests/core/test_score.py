"""The one formula, and what the parent checks before it uses it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.core.engine import assessed, compiled, evidence
from watcher.core.ladder import highest
from watcher.core.limits import Limits
from watcher.core.model import Evidence, FacetMention, FigureReading, Match
from watcher.core.program import CompiledWatchlist
from watcher.core.score import saturation, score_of, validate_evidence

BODY = """facets:
  institution: {council: council}
figures:
  vessels: {title: Vessels, match: listed, unit: vessels, units: {en: [vessel]}, range: [1, 900]}
signals:
  s:
    title: S
    ladder: steps
    threshold: 40
    rules:
      - {id: first, match: pact, weight: 60, rung: claimed}
      - {id: second, match: text, weight: 30, rung: text exists, unless: rumour}
"""
TEXT = "The pact has a text and 40 vessels are listed by the council."


@pytest.fixture(scope="module")
def watchlist() -> CompiledWatchlist:
    return compiled(BODY)


@pytest.fixture
def sound(watchlist: CompiledWatchlist) -> Evidence:
    result = evidence(watchlist, TEXT)
    assert result is not None
    return result


def test_fifty_points_of_evidence_make_a_score_of_fifty() -> None:
    assert tuple(map(score_of, (0.0, 50.0, 100.0, 1e300))) == (0.0, 50.0, 75.0, 100.0)


def test_repetition_carries_less_and_less() -> None:
    assert 0.9 == saturation(1) < saturation(2) < saturation(9) <= 1.0


def test_the_parts_sum_to_the_score_and_a_title_counts_more(watchlist: CompiledWatchlist) -> None:
    (in_text,), (in_title,) = assessed(watchlist, TEXT), assessed(watchlist, TEXT, "A pact and a text")

    assert in_text.score == sum(part.points for part in in_text.parts)
    assert in_text.score < in_title.score
    assert (in_text.rung, in_text.reached) == ("text exists", True)


def test_what_stands_late_counts_least(watchlist: CompiledWatchlist) -> None:
    (late,) = assessed(watchlist, "One thing. Two things. Three things. Then a pact came.")

    assert ("body 0.6", late.score < 40) == (late.parts[0].why.split(" ·")[0], not late.reached)


def test_a_suppressed_rule_gives_nothing_and_is_told(watchlist: CompiledWatchlist) -> None:
    (one,) = assessed(watchlist, "The pact has a text, says a rumour.")
    (none,) = assessed(watchlist, "A text, says a rumour.")

    assert [part.name for part in one.parts] == ["first"]
    assert (none.score, none.blocked_by) == (0.0, "every rule that fired is suppressed")


def test_c12_an_imitated_word_counts_half(watchlist: CompiledWatchlist) -> None:
    (plain,), (imitated,) = assessed(watchlist, "The pact."), assessed(watchlist, "The p\u0430ct.")

    assert imitated.parts[0].strength == plain.parts[0].strength / 2
    assert "look-alike" in imitated.parts[0].why


def test_a_rung_needs_a_rule_of_some_strength() -> None:
    assert highest(("low", "high"), [("low", 0.4), ("high", 0.39)]) == "low"
    assert highest(("low",), []) == ""


@given(st.integers(1, 40), st.integers(0, 40))
def test_scores_stay_in_bounds_and_sum(pacts: int, texts: int) -> None:
    (one,) = assessed(compiled(BODY), "pact. " * pacts + "text. " * texts)

    assert 0 <= one.score <= 100
    assert one.score == sum(part.points for part in one.parts)


# --- what the parent checks -------------------------------------------------------------------------------------------


def test_sound_evidence_passes(watchlist: CompiledWatchlist, sound: Evidence) -> None:
    assert sound.facets
    assert sound.figures
    assert sound == validate_evidence(watchlist, sound, "", TEXT)


def _broken(sound: Evidence) -> list[tuple[str, Evidence]]:
    signal = sound.signals[0]
    firing = signal.firings[0]

    def fired(**changes: object) -> Evidence:
        return replace(sound, signals=(replace(signal, firings=(replace(firing, **changes),)),))  # type: ignore[arg-type]

    def mention(**changes: object) -> Evidence:
        return replace(sound, facets=(replace(sound.facets[0], **changes),))  # type: ignore[arg-type]

    def reading(**changes: object) -> Evidence:
        return replace(sound, figures=(replace(sound.figures[0], **changes),))  # type: ignore[arg-type]

    return [
        ("another text", replace(sound, revision="other")),
        ("another text", replace(sound, text_digest=b"")),
        ("outside the text", replace(sound, lead_end=10_000)),
        ("twice", replace(sound, signals=(signal, signal))),
        ("no signal 'x'", replace(sound, signals=(replace(signal, signal="x"),))),
        ("no rule, or one twice", replace(sound, signals=(replace(signal, firings=()),))),
        ("no rule, or one twice", replace(sound, signals=(replace(signal, firings=(firing, firing)),))),
        ("no rule 'x'", fired(rule="x")),
        ("fired nowhere", fired(matches=())),
        ("fired nowhere", fired(places=0)),
        ("no field", fired(matches=(Match("t", "body", 0, 1),))),
        ("not inside", fired(matches=(Match("t", "text", 5, 5),))),
        ("not inside", fired(matches=(Match("t", "title", 0, 1),))),
        ("no facet", mention(value="x")),
        ("no facet", mention(signals=("x",))),
        ("no figure", reading(figure="x")),
        ("no figure", reading(value=float("nan"))),
        ("not inside", reading(end=9999)),
    ]


@pytest.mark.parametrize("number", range(18))
def test_unsound_evidence_is_refused(watchlist: CompiledWatchlist, sound: Evidence, number: int) -> None:
    message, bad = _broken(sound)[number]

    with pytest.raises(ValueError, match=message):
        validate_evidence(watchlist, bad, "", TEXT)


def test_the_table_of_unsound_evidence_is_whole(sound: Evidence) -> None:
    assert len(_broken(sound)) == 18
    assert isinstance(sound.facets[0], FacetMention)
    assert isinstance(sound.figures[0], FigureReading)


def test_scaled_limits_keep_counts_and_memory() -> None:
    small = Limits().scaled(0.01)

    assert (small.exchange_s, small.header_bytes, small.entries_per_feed) == (0.3, 4096, 5000)
    assert (Limits().parse_memory_bytes, Limits().validator_bytes) == (small.parse_memory_bytes, small.validator_bytes)
