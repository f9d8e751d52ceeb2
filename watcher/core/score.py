"""The one formula: from evidence to scores with named parts. Must not: match, or mix in what stands beside a score.

    strength = field factor · look-alike factor · saturation            in (0, 1]
    E        = Σ weight · strength  over the rules that fired and were not suppressed
    score    = 100 · (1 − 2^(−E / 50))

Documented with an example in ``docs/reference/scoring.md``. Scores and points are kept in steps of 1/64, so that the
points of the parts sum to the score exactly, in any order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from watcher.core.evaluate import PLACES_CAP
from watcher.core.ladder import highest
from watcher.core.match import digest
from watcher.core.model import Assessment, Evidence, FacetMention, FigureReading, Firing, Match, Part, SignalEvidence
from watcher.core.program import CompiledSignal, CompiledWatchlist

FIELD_FACTORS: Final = {"title": 1.0, "lead": 0.85, "body": 0.6}
LOOKALIKE_FACTOR: Final = 0.5
FIRST_PLACE: Final = 0.9
HALF: Final = 50.0
STEP: Final = 64
_EVIDENCE_CAP: Final = 10_000.0


def _field(match: Match, lead_end: int) -> str:
    if match.field == "title":
        return "title"
    return "lead" if match.start < lead_end else "body"


def saturation(places: int) -> float:
    """How far repetition carries: 0.9 for one place, halfway to 1 with each further one."""
    return 1.0 - (1.0 - FIRST_PLACE) * math.pow(2.0, 1 - places)


def strength(firing: Firing, lead_end: int) -> tuple[float, str]:
    """How fully a rule is met, and why."""
    fields = {_field(match, lead_end) for match in firing.matches}
    best = max(fields, key=FIELD_FACTORS.__getitem__)
    value = FIELD_FACTORS[best] * saturation(firing.places)
    why = f"{best} {FIELD_FACTORS[best]:g} · {firing.places} place{'s' if firing.places > 1 else ''}"
    why += f" {saturation(firing.places):.3g}"
    if firing.flag:
        return value * LOOKALIKE_FACTOR, f"{why} · {firing.flag} {LOOKALIKE_FACTOR:g}"
    return value, why


def score_of(evidence: float) -> float:
    """Points of evidence as a score: 50 make 50, and no sum makes more than 100."""
    return round(100.0 * (1.0 - math.pow(2.0, -min(evidence, _EVIDENCE_CAP) / HALF)) * STEP) / STEP


def _shares(score: float, evidence: Sequence[float]) -> list[float]:
    """The score shared out in proportion, in whole steps, largest remainder first."""
    total = sum(evidence)
    steps = round(score * STEP)
    exact = [steps * share / total for share in evidence]
    whole = [math.floor(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda at: (whole[at] - exact[at], at))
    for at in order[: steps - sum(whole)]:
        whole[at] += 1
    return [share / STEP for share in whole]


def _parts(signal: CompiledSignal, firings: Iterable[Firing], lead_end: int) -> tuple[float, list[Part]]:
    counted = [(signal.rules[firing.rule], *strength(firing, lead_end)) for firing in firings]
    counted.sort(key=lambda one: (-one[0].weight * one[1], one[0].id))
    evidence = [rule.weight * value for rule, value, _ in counted]
    score = score_of(sum(evidence))
    points = _shares(score, evidence)
    parts = [
        Part("rule", rule.id, rule.weight, value, share, why)
        for (rule, value, why), share in zip(counted, points, strict=True)
    ]
    return score, parts


def _assess(signal: CompiledSignal, found: SignalEvidence, evidence: Evidence) -> Assessment:
    live = [firing for firing in found.firings if not firing.suppressed_by]
    facets = tuple(mention for mention in evidence.facets if found.signal in mention.signals)
    if found.blocked_by or not live:
        blocked = found.blocked_by or "every rule that fired is suppressed"
        return Assessment(signal.id, 0.0, "", reached=False, parts=(), firings=found.firings, blocked_by=blocked)
    score, parts = _parts(signal, live, evidence.lead_end)
    rung = highest(signal.rungs, ((signal.rules[part.name].rung, part.strength) for part in parts))
    return Assessment(signal.id, score, rung, score >= signal.threshold, tuple(parts), found.firings, facets)


def assess(watchlist: CompiledWatchlist, evidence: Evidence) -> tuple[Assessment, ...]:
    """Score every signal that has evidence, highest first.

    ``reached`` says hit or near. A signal that is blocked (its ``needs`` or ``unless``), or whose rules are all
    suppressed, comes last with score 0 and ``blocked_by``: it is neither a hit nor near, but can be explained.
    """
    made = [_assess(watchlist.signals[found.signal], found, evidence) for found in evidence.signals]
    return tuple(sorted(made, key=lambda one: (-one.score, one.signal)))


# --- what comes back from a child -----------------------------------------------------------------------------------


def _check_match(match: Match, lengths: dict[str, int]) -> None:
    if match.field not in lengths:
        raise ValueError(f"evidence: no field {match.field!r}")
    if not 0 <= match.start < match.end <= lengths[match.field]:
        raise ValueError(f"evidence: span {match.start}-{match.end} is not inside the {match.field}")


def _check_firing(firing: Firing, signal: CompiledSignal, lengths: dict[str, int]) -> None:
    if firing.rule not in signal.rules:
        raise ValueError(f"evidence: signal {signal.id!r} has no rule {firing.rule!r}")
    if not firing.matches or not 1 <= firing.places <= PLACES_CAP:
        raise ValueError(f"evidence: rule {firing.rule!r} fired nowhere, or in {firing.places} places")
    for match in firing.matches:
        _check_match(match, lengths)


def _check_signals(watchlist: CompiledWatchlist, evidence: Evidence, lengths: dict[str, int]) -> None:
    names = [found.signal for found in evidence.signals]
    if len(set(names)) != len(names):
        raise ValueError("evidence: a signal is there twice")
    for found in evidence.signals:
        signal = watchlist.signals.get(found.signal)
        if signal is None:
            raise ValueError(f"evidence: no signal {found.signal!r}")
        rules = [firing.rule for firing in found.firings]
        if not rules or len(set(rules)) != len(rules):
            raise ValueError(f"evidence: signal {found.signal!r} has no rule, or one twice")
        for firing in found.firings:
            _check_firing(firing, signal, lengths)


def _check_facet(mention: FacetMention, known: set[tuple[str, str]], signals: set[str]) -> None:
    if (mention.kind, mention.value) not in known or not signals.issuperset(mention.signals):
        raise ValueError(f"evidence: no facet {mention.kind}/{mention.value}")


def _check_figure(reading: FigureReading, known: set[str], lengths: dict[str, int]) -> None:
    if reading.figure not in known or not math.isfinite(reading.value):
        raise ValueError(f"evidence: no figure {reading.figure!r}, or no number")
    _check_match(Match("", reading.field, reading.start, reading.end), lengths)


def validate_evidence(watchlist: CompiledWatchlist, evidence: Evidence, title: str, text: str) -> Evidence:
    """Check what a child says it found against the text and the watchlist.

    Returns:
        The evidence, when every id is known, every span lies inside its field and every number is one.

    Raises:
        ValueError: it is not evidence of this text under this watchlist.
    """
    if evidence.revision != watchlist.revision or evidence.text_digest != digest(title, text):
        raise ValueError("evidence: of another text, or another revision of the watchlist")
    lengths = {"title": len(title), "text": len(text)}
    if not 0 <= evidence.lead_end <= len(text):
        raise ValueError("evidence: the lead ends outside the text")
    _check_signals(watchlist, evidence, lengths)
    known = {(facet.kind, facet.id) for facet in watchlist.facets}
    for mention in evidence.facets:
        _check_facet(mention, known, set(watchlist.signals))
        _check_match(mention.match, lengths)
    figures = {figure.id for figure in watchlist.figures}
    for reading in evidence.figures:
        _check_figure(reading, figures, lengths)
    return replace(evidence)
