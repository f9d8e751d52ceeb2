"""Tests of a watchlist: cases from YAML, what came of each, and the difference in words. Must not: read files or print."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from watcher.core.document import Place
from watcher.core.errors import Issue
from watcher.core.limits import Limits
from watcher.core.match import find_evidence
from watcher.core.model import Assessment, Evidence, FigureReading, Firing
from watcher.core.program import CompiledWatchlist
from watcher.core.score import assess

if TYPE_CHECKING:
    from watcher.core.document import Document


@dataclass(frozen=True, slots=True)
class ExpectedHit:
    """A signal that must hit; ``min_score`` and ``rung`` only where they are given."""

    signal: str
    min_score: float | None = None
    rung: str = ""
    facets: tuple[str, ...] = ()
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class ExpectedReading:
    """A figure that must be read."""

    figure: str
    value: float
    qualifier: str | None = None
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class Case:
    """One text and what must (not) come of it. ``forbids_all`` means that no signal may hit."""

    name: str
    title: str
    text: str
    language: str
    hits: tuple[ExpectedHit, ...] = ()
    forbidden: tuple[tuple[str, Place], ...] = ()
    forbids_all: bool = False
    figures: tuple[ExpectedReading, ...] = ()
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class TestFile:
    """The cases of one file. ``watchlist`` is the path as written, relative to the file."""

    __test__ = False

    file: str
    watchlist: str
    cases: tuple[Case, ...]
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that was not met, and lines that show why."""

    message: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case; no failures means that it passed."""

    case: Case
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """True where everything expected was met."""
        return not self.failures


def select(cases: Iterable[Case], patterns: Sequence[str]) -> tuple[Case, ...]:
    """The cases whose name matches one of the patterns (``*`` and ``?``); all of them where there is none."""
    return tuple(case for case in cases if not patterns or any(fnmatch.fnmatchcase(case.name, p) for p in patterns))


def run_case(case: Case, watchlist: CompiledWatchlist, limits: Limits | None = None) -> Outcome:
    """Match and score the text of a case and compare."""
    evidence = find_evidence(watchlist, case.title, case.text, case.language, limits=limits or Limits())
    found = {a.signal: a for a in assess(watchlist, evidence)} if evidence else {}
    readings = evidence.figures if evidence else ()
    seen = _Seen(watchlist, case, evidence, found)
    failures = [
        *(failure for expected in case.hits for failure in _check_hit(expected, seen)),
        *_check_forbidden(case, seen),
        *(failure for expected in case.figures for failure in compare_figure(expected, readings)),
    ]
    return Outcome(case, tuple(failures))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the engine found in a case."""

    watchlist: CompiledWatchlist
    case: Case
    evidence: Evidence | None
    found: dict[str, Assessment]

    def explain(self, signal: str) -> tuple[str, ...]:
        """What fired, the parts of the score, what took it back, and what did not fire."""
        lines = list(self._parts(signal))
        evidence = next((s for s in self.evidence.signals if s.signal == signal), None) if self.evidence else None
        if evidence is not None:
            lines += [line for firing in evidence.firings for line in self._firing(firing)]
        if evidence is not None and evidence.blocked_by:
            lines.append(f"blocked by {evidence.blocked_by}")
        fired = {firing.rule for firing in evidence.firings} if evidence else set()
        silent = [rule for rule in self.watchlist.signals[signal].rules if rule not in fired]
        if silent:
            lines.append("did not fire: " + ", ".join(silent))
        return tuple(lines)

    def _parts(self, signal: str) -> Iterator[str]:
        assessment = self.found.get(signal)
        for part in assessment.parts if assessment else ():
            yield f"{part.points:+6.1f}  {part.name}" + (f": {part.why}" if part.why else "")

    def _firing(self, firing: Firing) -> Iterator[str]:
        words = ", ".join(
            f"{match.field} {self._words(match.field, match.start, match.end)}" for match in firing.matches
        )
        taken = f" (taken back by {firing.suppressed_by})" if firing.suppressed_by else ""
        yield f"{firing.rule} fired{taken}: {words}"

    def _words(self, name: str, start: int, end: int) -> str:
        text = self.case.title if name == "title" else self.case.text
        return f"\u201c{text[start:end]}\u201d"


def _check_hit(expected: ExpectedHit, seen: _Seen) -> Iterator[Failure]:
    assessment = seen.found.get(expected.signal)
    threshold = seen.watchlist.signals[expected.signal].threshold
    score = assessment.score if assessment else 0.0
    if assessment is None or not assessment.reached:
        message = f"{expected.signal} should hit: its score is {score:.1f}, the threshold {threshold:g}"
        yield Failure(message, seen.explain(expected.signal))
        return
    if expected.min_score is not None and score < expected.min_score:
        message = f"{expected.signal} should score at least {expected.min_score:g}: it has {score:.1f}"
        yield Failure(message, seen.explain(expected.signal))
    if expected.rung and assessment.rung != expected.rung:
        message = f"{expected.signal} should stand on rung {expected.rung!r}: it is {assessment.rung or 'none'!r}"
        yield Failure(message, seen.explain(expected.signal))
    touched = {f"{mention.kind}/{mention.value}" for mention in assessment.facets}
    missing = [facet for facet in expected.facets if facet not in touched]
    if missing:
        message = f"{expected.signal} should touch {', '.join(missing)}"
        yield Failure(message, ("it touches " + (", ".join(sorted(touched)) or "nothing"),))


def _check_forbidden(case: Case, seen: _Seen) -> Iterator[Failure]:
    names = tuple(seen.watchlist.signals) if case.forbids_all else tuple(name for name, _ in case.forbidden)
    for name in names:
        assessment = seen.found.get(name)
        if assessment is not None and assessment.reached:
            yield Failure(f"{name} must not hit: its score is {assessment.score:.1f}", seen.explain(name))


def compare_figure(expected: ExpectedReading, readings: Sequence[FigureReading]) -> Iterator[Failure]:
    """The failure where none of the readings is the expected one."""
    same = [reading for reading in readings if reading.figure == expected.figure]
    for reading in same:
        if reading.value == expected.value and expected.qualifier in (None, reading.qualifier):
            return
    wanted = f"{expected.value:g}" + (f" ({expected.qualifier})" if expected.qualifier else "")
    read = [f"read {r.value:g} ({r.qualifier or 'no qualifier'}) in: {r.sentence.strip()}" for r in same]
    yield Failure(f"{expected.figure} should read {wanted}", tuple(read) or ("it read nothing",))


def check_references(tests: TestFile, document: Document) -> tuple[Issue, ...]:
    """Cases that name signals, rungs, facets or figures that the watchlist does not have."""
    known = _Known(document)
    return tuple(issue for case in tests.cases for issue in known.problems(case))


class _Known:
    """What a case may name."""

    def __init__(self, document: Document) -> None:
        self.rungs = {signal.id: document.ladders.get(signal.ladder, ()) for signal in document.signals}
        self.facets = tuple(f"{facet.kind}/{facet.id}" for facet in document.facets)
        self.figures = tuple(figure.id for figure in document.figures)

    def problems(self, case: Case) -> Iterator[Issue]:
        for name, place in [*((hit.signal, hit.place) for hit in case.hits), *case.forbidden]:
            yield from _unknown("signal", name, tuple(self.rungs), place)
        for hit in case.hits:
            if hit.rung:
                yield from _unknown("rung", hit.rung, self.rungs.get(hit.signal, (hit.rung,)), hit.place)
            for facet in hit.facets:
                yield from _unknown("facet", facet, self.facets, hit.place)
        for reading in case.figures:
            yield from _unknown("figure", reading.figure, self.figures, reading.place)


def _unknown(what: str, name: str, known: tuple[str, ...], place: Place) -> Iterator[Issue]:
    from watcher.core.watchlist_checks import closest, issue

    if name not in known:
        yield issue(place, f"unknown-{what}", f"the watchlist has no {what} {name!r}", closest(name, known))
