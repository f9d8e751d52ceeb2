"""What is odd about a watchlist that compiles: warnings with places. Must not: refuse anything or change the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from watcher.core import query as q
from watcher.core.common_words import common, in_a_third
from watcher.core.document import Document, Place, Query
from watcher.core.errors import Issue
from watcher.core.program import CompiledWatchlist, TermForms
from watcher.core.ruletest import TestFile
from watcher.core.score import score_of
from watcher.core.watchlist_checks import address, concept_references, issue
from watcher.core.witness import can_fire


def lint(document: Document, watchlist: CompiledWatchlist, tests: Iterable[TestFile] = ()) -> tuple[Issue, ...]:
    """Every warning, in file order.

    Args:
        document: what the files say.
        watchlist: the same, compiled.
        tests: the test files beside the watchlist.
    """
    found = [
        *_never_fires(document, watchlist),
        *_cannot_reach(document),
        *_common_terms(document, watchlist),
        *_unused(document),
        *_untested(document, tuple(tests)),
        *_same_address(document),
    ]
    return tuple(sorted(set(found), key=lambda warning: (warning.file, warning.line, warning.column, warning.code)))


def _warn(place: Place, code: str, message: str, hint: str = "") -> Issue:
    return issue(place, code, message, hint, "warning")


def _never_fires(document: Document, watchlist: CompiledWatchlist) -> Iterator[Issue]:
    """Rules that no text could be made for, made of their own words."""
    for signal in document.signals:
        for rule in signal.rules:
            if not can_fire(document, watchlist, signal, rule):
                message = f"rule {rule.id!r} can never fire: a text made of its own words does not satisfy it"
                hint = "look for a needs: that its words exclude, or an unless: that they always meet"
                yield _warn(rule.place, "never-fires", message, hint)


def _cannot_reach(document: Document) -> Iterator[Issue]:
    """Signals whose rules together, each at full strength, stay below the threshold."""
    for signal in document.signals:
        best = score_of(sum(rule.weight for rule in signal.rules))
        if best < signal.threshold:
            message = f"signal {signal.id!r} can never hit: all its rules give {best:.1f}, the threshold is {signal.threshold:g}"
            yield _warn(signal.place, "cannot-reach", message, "raise weights or lower the threshold")


def _common_terms(document: Document, watchlist: CompiledWatchlist) -> Iterator[Issue]:
    """Single words that stand in a third of all texts, or that are common words of another language we read."""
    languages = _languages(document)
    places = _term_places(document)
    for term in watchlist.terms:
        place = places.get((term.concept, term.term))
        if place is not None and len(term.forms) == 1 and not term.term.startswith("="):
            yield from _common_term(term, languages, place)


def _common_term(term: TermForms, languages: frozenset[str], place: Place) -> Iterator[Issue]:
    forms = {form.lower() for form in term.forms[0]}
    everywhere = sorted(forms & in_a_third(term.language))
    if everywhere:
        message = f"{term.term!r} matches about every third text ({', '.join(everywhere)})"
        yield _warn(place, "common-term", message, "make it part of a phrase, or give its forms: yourself")
    for language in sorted(languages - {term.language}):
        words = sorted(forms & common(language))
        if words:
            message = (
                f"{term.term!r} ({term.language}) has a form that is a common word in {language}: {', '.join(words)}"
            )
            yield _warn(
                place, "common-form", message, f"restrict it with only: {term.language}, or give its forms: yourself"
            )


def _languages(document: Document) -> frozenset[str]:
    terms = (term.language for concept in document.concepts.values() for term in concept.terms)
    return frozenset({document.language, *terms, *(source.language for source in document.sources)})


def _term_places(document: Document) -> dict[tuple[str, str], Place]:
    """Where every term stands first; terms that are for one language only are left out (they cannot collide)."""
    places: dict[tuple[str, str], Place] = {}
    for concept in document.concepts.values():
        for term in concept.terms:
            if not term.only:
                places.setdefault((concept.id, term.text), term.place)
    for query in queries(document):
        for node in q.walk(q.parse(query, document.language)):
            if isinstance(node, q.Phrase):
                places.setdefault(("", q.show(node)), query.at(node.words[0].at))
    return places


def queries(document: Document) -> Iterator[Query]:
    """Every query of a document."""
    for signal in document.signals:
        yield from filter(None, (signal.needs, signal.unless))
        for rule in signal.rules:
            yield from filter(None, (rule.match, rule.needs, rule.unless))
    yield from (facet.match for facet in document.facets)
    yield from (figure.match for figure in document.figures)


def _unused(document: Document) -> Iterator[Issue]:
    """Concepts that no query names, and ladders that no signal climbs."""
    used = {name for query in queries(document) for name, _ in concept_references(query)}
    for concept in document.concepts.values():
        if concept.id not in used and concept.place.file == document.main:
            yield _warn(concept.place, "unused-concept", f"no query names concept @{concept.id}", "use it or remove it")
    for name, rungs in document.ladders.items():
        climbing = [signal for signal in document.signals if signal.ladder == name]
        if not climbing:
            yield _warn(
                Place(document.main, 0, 0), "unused-ladder", f"no signal has ladder {name!r}", "use it or remove it"
            )
        reached = {rule.rung for signal in climbing for rule in signal.rules}
        for rung in (rung for rung in rungs if climbing and rung not in reached):
            message = f"no rule of any signal stands for rung {rung!r} of ladder {name!r}"
            yield _warn(climbing[0].place, "unreached-rung", message, "give one of the rules this rung")


def _untested(document: Document, tests: tuple[TestFile, ...]) -> Iterator[Issue]:
    """Signals without a text that must hit and one that must not."""
    cases = [case for file in tests for case in file.cases]
    positive = {hit.signal for case in cases for hit in case.hits}
    negative = {name for case in cases for name, _ in case.forbidden}
    forbids_all = any(case.forbids_all for case in cases)
    for signal in document.signals:
        missing = [] if signal.id in positive else ["that must match"]
        if signal.id not in negative and not forbids_all:
            missing.append("that must not match")
        if missing:
            message = f"signal {signal.id!r} has no test case {' and none '.join(missing)}"
            yield _warn(signal.place, "untested-signal", message, "write one into the .test.yaml beside the watchlist")


def _same_address(document: Document) -> Iterator[Issue]:
    """Sources whose addresses differ by scheme or a slash at the end alone."""
    addresses = Counter(_loose(source.url) for source in document.sources if source.url)
    for loose, count in addresses.items():
        if count > 1:
            same = [source.id for source in document.sources if source.url and _loose(source.url) == loose]
            message = f"sources {', '.join(same)} have nearly the same address"
            yield _warn(Place(document.main, 0, 0), "duplicate-source", message, "one poll would do; remove the others")


def _loose(url: str) -> tuple[str, str, str]:
    host, path, query = address(url)
    return host.partition("://")[2], path.rstrip("/"), query
