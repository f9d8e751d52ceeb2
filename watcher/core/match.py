"""Rules over the places of terms: from a text to its evidence. Must not: score, or read anything but the text given."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from watcher.core.candidates import candidates
from watcher.core.evaluate import PLACES_CAP, Evaluator, Found, Window, merged, spread
from watcher.core.facet import mentions
from watcher.core.figure import readings
from watcher.core.limits import Limits
from watcher.core.model import Evidence, Firing, SignalEvidence
from watcher.core.program import CompiledRule, CompiledSignal, CompiledWatchlist, Context
from watcher.core.scan import JOINT, Hit, Scan, Sighting, base_language
from watcher.core.text import Reading


def digest(title: str, text: str) -> bytes:
    """What evidence is bound to: SHA-256 of title and text as given."""
    data = f"{title}\0{text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).digest()


# --- rules and signals --------------------------------------------------------------------------------------------


_by_span = itemgetter(1, 2)


@dataclass(slots=True, eq=False)
class _Fired:
    """A rule that fired: what it found, the hits that are told of it, and what takes it back."""

    rule: str
    found: Found
    told: list[Hit]
    suppressed: str


class _Matcher:
    def __init__(self, scan: Scan, limits: Limits) -> None:
        self.scan = scan
        self.limits = limits
        self.evaluator = Evaluator(scan)

    def context_met(self, context: Context, found: Found, scope: str) -> bool:
        evaluator = self.evaluator
        if scope != "sentence":
            return evaluator.holds(context.node, evaluator.everything)
        return any(evaluator.holds(context.node, window) for window in self.sentences(found))

    def sentences(self, found: Found) -> list[Window]:
        """The sentences that hold hits, in order."""
        layout = self.scan.layout
        numbers = sorted({layout.sentence(hit[1]) for hit in found.hits})
        return [Window(*layout.window(number)) for number in numbers]

    def taken_back(self, unless: Context, needs: Context | None, found: Found, scope: str) -> bool:
        """True where ``unless`` holds; with sentence scope, where it holds in every sentence that meets ``needs``."""
        if scope != "sentence":
            return self.context_met(unless, found, scope)
        holds = self.evaluator.holds
        good = [window for window in self.sentences(found) if needs is None or holds(needs.node, window)]
        return all(holds(unless.node, window) for window in good)

    def rule(self, rule: CompiledRule) -> _Fired | None:
        found = self.evaluator.find(rule.match, self.evaluator.everything)
        if found is None:
            return None
        if rule.needs and not self.context_met(rule.needs, found, rule.scope):
            return None
        suppressed = ""
        if rule.unless and self.taken_back(rule.unless, rule.needs, found, rule.scope):
            suppressed = f"unless: {rule.unless.text}"
        return _Fired(rule.id, found, self.told(found), suppressed)

    def flag(self, found: Found) -> str:
        """``look-alike`` where no place is free of hits in words that imitate others; other words there do not count."""
        flagged = self.scan.flagged
        if not flagged:
            return ""
        imitated = {token for hit in found.hits for token in range(hit[1], hit[2]) if token in flagged}
        clean = any(imitated.isdisjoint(range(begin, end)) for begin, end in found.places)
        return "" if clean else "look-alike"

    def told(self, found: Found) -> list[Hit]:
        """The hits that are told: one a span, title first, capped."""
        if len(found.hits) == 1:
            return list(found.hits)
        infos, cap = self.scan.watchlist.infos, self.limits.matches_per_signal
        spans: dict[tuple[int, ...], Hit] = {}
        for hit in sorted(found.hits, key=_by_span):
            other = spans.get(hit[1:])
            if other is None and len(spans) == cap:
                break
            if other is None or infos[hit[0]].name < infos[other[0]].name:
                spans[hit[1:]] = hit
        return list(spans.values())

    def signal(self, signal: CompiledSignal, rules: set[str]) -> tuple[SignalEvidence, list[Hit]] | None:
        fired = [done for name in sorted(rules) if (done := self.rule(signal.rules[name]))]
        if not fired:
            return None
        live = [one.found for one in fired if not one.suppressed] or [one.found for one in fired]
        blocked = self.blocked_by(signal, live) if signal.needs or signal.unless else ""
        evidence = SignalEvidence(signal.id, self.firings(fired), blocked)
        kept = [] if blocked else [hit for one in fired if not one.suppressed for hit in one.found.hits]
        return evidence, kept

    def blocked_by(self, signal: CompiledSignal, found: Sequence[Found]) -> str:
        basis = merged(found)
        if basis is None:  # pragma: no cover
            return ""
        if signal.needs and not self.context_met(signal.needs, basis, signal.scope):
            return f"needs: {signal.needs.text}"
        if signal.unless and self.taken_back(signal.unless, signal.needs, basis, signal.scope):
            return f"unless: {signal.unless.text}"
        return ""

    def firings(self, fired: Sequence[_Fired]) -> tuple[Firing, ...]:
        """At most so many matches a signal, shared out over its rules so that each keeps its first ones."""
        cap = self.limits.matches_per_signal
        share = cap if sum(len(one.told) for one in fired) <= cap else max(1, cap // len(fired))
        return tuple(self.firing(one, share) for one in fired)

    def firing(self, one: _Fired, share: int) -> Firing:
        matches = tuple(map(self.scan.match, one.told[:share]))
        return Firing(
            one.rule, matches, one.suppressed, min(spread(one.found.places), PLACES_CAP), self.flag(one.found)
        )


def find_evidence(
    watchlist: CompiledWatchlist, title: str, text: str, language: str = "", *, limits: Limits
) -> Evidence | None:
    """Everything that a watchlist finds in an entry.

    Args:
        watchlist: compiled.
        title: as it is stored; spans refer to it.
        text: as it is stored; spans refer to it.
        language: of the entry (``de``, ``de-AT``), for terms restricted to one; empty where unknown.
        limits: caps on what is kept.

    Returns:
        The evidence, or None where no rule fired and no figure was read.
    """
    reading = Reading(f"{title}{JOINT}{text}")
    sighting = Sighting(watchlist.lexis, reading)
    rules = candidates(watchlist, sighting, base_language(language))
    if not rules:
        return None
    figures = rules.pop("", ())
    scan = Scan(watchlist, sighting, title, text, language, limits.lead_chars)
    matcher = _Matcher(scan, limits)
    signals: list[SignalEvidence] = []
    hits: dict[str, list[Hit]] = {}
    for name in sorted(rules):
        done = matcher.signal(watchlist.signals[name], rules[name])
        if done:
            signals.append(done[0])
            hits[name] = done[1]
    read = readings(matcher.evaluator, [figure for figure in watchlist.figures if figure.id in figures])
    if not signals and not read:
        return None
    return Evidence(
        revision=watchlist.revision,
        text_digest=digest(title, text),
        signals=tuple(signals),
        facets=mentions(matcher.evaluator, hits),
        figures=read,
        lead_end=scan.lead,
    )
