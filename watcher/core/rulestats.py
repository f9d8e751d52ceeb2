"""What rules are worth by the decisions of analysts, and words that would have kept dismissed hits away. Must not: apply any.

A hit counts for every rule that fired in it and was not taken back. Duplicates say nothing about a rule and are counted
apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from watcher.core.text import fold
from watcher.core.verdict import DISMISSED, OPEN

KEPT = ("confirmed", "corroborated", "escalated")
"""States of hits that were worth it."""

MOST_REASONS = 3
LEAST_DISMISSED = 5
LEAST_KEPT = 5
LEAST_STORIES = 3
LEAST_SHARE = 0.2
MOST_WORDS = 3
_WORD = re.compile(r"[^\W\d_]{4,30}")


@dataclass(frozen=True, slots=True)
class HitUse:
    """A hit, its rules that count, and what was decided on it. ``story`` tells hits of one story."""

    hit_id: int
    signal: str
    score: float
    rules: tuple[str, ...]
    state: str
    reason: str = ""
    story: int | None = None


@dataclass(frozen=True, slots=True)
class RuleStat:
    """How often a rule fired, alone and in company, and what became of it."""

    signal: str
    rule: str
    fired: int
    alone: int
    kept: int
    dismissed: int
    duplicates: int
    undecided: int
    kept_alone: int
    dismissed_alone: int
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass
class _Count:
    numbers: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, state: str, reason: str, *, alone: bool, number: int) -> None:
        """So many hits of one state, with one reason."""
        kind = _kind(state)
        for name in ("fired", kind, *(["alone", f"{kind} alone"] if alone else [])):
            self.numbers[name] += number
        if reason and kind == "dismissed":
            self.reasons[reason] += number


def rule_stats(uses: Iterable[HitUse], rules: Sequence[tuple[str, str]] = ()) -> tuple[RuleStat, ...]:
    """Numbers per rule; ``rules`` are (signal, rule) of the watchlist, so that those that never fired are told too."""
    counts: dict[tuple[str, str], _Count] = {key: _Count() for key in rules}
    # Equal ones are counted first: there are few kinds of many hits.
    alike = Counter((use.signal, use.rules, use.state, use.reason) for use in uses)
    for (signal, fired, state, reason), number in alike.items():
        for rule in fired:
            one = counts.setdefault((signal, rule), _Count())
            one.add(state, reason, alone=len(fired) == 1, number=number)
    stats = (_stat(signal, rule, one) for (signal, rule), one in counts.items())
    return tuple(sorted(stats, key=lambda one: (one.signal, -one.fired, one.rule)))


def _kind(state: str) -> str:
    if state in KEPT:
        return "kept"
    return {DISMISSED: "dismissed", **dict.fromkeys(OPEN, "undecided")}.get(state, "duplicates")


def _stat(signal: str, rule: str, one: _Count) -> RuleStat:
    number = one.numbers
    return RuleStat(
        signal=signal,
        rule=rule,
        fired=number["fired"],
        alone=number["alone"],
        kept=number["kept"],
        dismissed=number["dismissed"],
        duplicates=number["duplicates"],
        undecided=number["undecided"],
        kept_alone=number["kept alone"],
        dismissed_alone=number["dismissed alone"],
        reasons=tuple(sorted(one.reasons.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_REASONS]),
    )


def decided(uses: Iterable[HitUse], signal: str | None = None) -> tuple[tuple[float, bool], ...]:
    """Score and "was it kept" of the hits that were kept or dismissed, for `calibrate`."""
    return tuple(
        (use.score, use.state in KEPT)
        for use in uses
        if (use.state in KEPT or use.state == DISMISSED) and signal in (None, use.signal)
    )


# --- suppressions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Suppression:
    """A word that stands in dismissed hits of a signal and in none that was kept, with what speaks for it."""

    signal: str
    word: str
    hits: tuple[int, ...]
    stories: int
    dismissed: int
    kept: int


def suppressions(uses: Sequence[HitUse], texts: Mapping[int, str]) -> tuple[Suppression, ...]:
    """Words for an ``unless``, by signal, those that take back most first; none where the evidence is thin.

    At least five dismissed and five kept hits, the word in at least five dismissed ones of three stories and a fifth of
    them all, and in no hit that was kept. Hits that nobody decided on play no part.
    """
    found: list[Suppression] = []
    for signal in sorted({use.signal for use in uses}):
        away = [use for use in uses if use.signal == signal and use.state == DISMISSED]
        kept = [use for use in uses if use.signal == signal and use.state in KEPT]
        if len(away) >= LEAST_DISMISSED and len(kept) >= LEAST_KEPT:
            found.extend(_of_signal(signal, away, kept, texts))
    return tuple(found)


def _of_signal(
    signal: str, away: Sequence[HitUse], kept: Sequence[HitUse], texts: Mapping[int, str]
) -> Iterable[Suppression]:
    holders: dict[str, list[HitUse]] = {}
    for use in away:
        for word in _words(texts.get(use.hit_id, "")):
            holders.setdefault(word, []).append(use)
    # The few that enough hits hold are looked for in the kept ones, not all words of these in the few.
    holders = {word: uses for word, uses in holders.items() if _is_enough(uses, set(), len(away))}
    for use in kept:
        for word in _held(texts.get(use.hit_id, ""), holders):
            del holders[word]
    gone: set[int] = set()
    for _ in range(MOST_WORDS):
        best = max(
            (word for word in holders if _is_enough(holders[word], gone, len(away))),
            key=lambda word: (len(_left(holders[word], gone)), len(word), word),
            default=None,
        )
        if best is None:
            return
        ids = tuple(use.hit_id for use in holders[best])
        yield Suppression(signal, best, ids, _stories(holders[best]), len(away), len(kept))
        gone.update(ids)


def _is_enough(uses: Sequence[HitUse], gone: set[int], dismissed: int) -> bool:
    left = _left(uses, gone)
    return len(left) >= max(LEAST_DISMISSED, LEAST_SHARE * dismissed) and _stories(left) >= LEAST_STORIES


def _left(uses: Sequence[HitUse], gone: set[int]) -> list[HitUse]:
    return [use for use in uses if use.hit_id not in gone]


def _stories(uses: Iterable[HitUse]) -> int:
    return len({use.story if use.story is not None else -use.hit_id for use in uses})


def _held(text: str, words: Iterable[str]) -> set[str]:
    """Those of the words that stand in a text."""
    folded = _folded(text)
    maybe = {word for word in words if word in folded}
    return maybe.intersection(_WORD.findall(folded)) if maybe else maybe


def _words(text: str) -> set[str]:
    return set(_WORD.findall(_folded(text)))


def _folded(text: str) -> str:
    """Folded as far as words go: letters that are all ASCII only differ in case, which is told in a tenth of the time."""
    return text.lower() if text.isascii() else fold(text)
