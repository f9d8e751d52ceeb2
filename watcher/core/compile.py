"""From a document and word forms to a compiled watchlist, or all that is wrong with it. Must not: read files, match."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from watcher.core import query as q
from watcher.core.document import Concept, Document, Facet, Figure, Place, Query, Rule, Signal, Term
from watcher.core.errors import Issue, WatchlistError
from watcher.core.gates import Groups, firing
from watcher.core.patterns import build_lexis
from watcher.core.program import (
    AtLeast,
    Close,
    CompiledFacet,
    CompiledFigure,
    CompiledRule,
    CompiledSignal,
    CompiledWatchlist,
    Context,
    Every,
    Node,
    Some,
    Terms,
    Together,
    Within,
)
from watcher.core.terms import Forms, Slot, TermTable, needed, pieces
from watcher.core.text import fold

__all__ = ["CompiledWatchlist", "compile_watchlist", "queries", "words_needed"]

_NOTHING = Terms(frozenset())
_CURRENCIES = {
    "€": {("euro",), ("eur",)},
    "$": {("dollar",), ("usd",)},
    "£": {("gbp",), ("sterling",)},
    "₽": {("rub",), ("рубль",)},
    "₴": {("uah",), ("гривня",)},
}


def queries(document: Document) -> Iterator[Query]:
    """Every query of a document, empty ones left out."""
    for signal in document.signals:
        yield from filter(None, (signal.needs, signal.unless))
        for rule in signal.rules:
            yield from filter(None, (rule.match, rule.needs, rule.unless))
    for facet in document.facets:
        yield from filter(None, (facet.match,))
    for figure in document.figures:
        yield from filter(None, (figure.match,))


def _terms(document: Document) -> Iterator[Term]:
    for concept in document.concepts.values():
        yield from concept.terms
    for figure in document.figures:
        yield from figure.unit_terms


def words_needed(document: Document) -> frozenset[tuple[str, str]]:
    """(language, word) pairs whose forms must be expanded before the document can be compiled.

    What cannot be parsed is left out here; ``compile_watchlist`` reports it.
    """
    found: set[tuple[str, str]] = set()
    for query in queries(document):
        try:
            node = q.parse(query, document.language)
        except q.QueryError:
            continue
        for phrase in q.walk(node):
            if isinstance(phrase, q.Phrase):
                found.update(needed(phrase))
    for term in _terms(document):
        if not term.forms:
            try:
                found.update(needed(q.parse_term(term.text, term.language)))
            except q.QueryError:
                continue
    return frozenset(found)


@dataclass(slots=True)
class _Compiler:
    document: Document
    forms: Forms
    issues: list[Issue] = field(default_factory=list)
    concepts: dict[str, frozenset[int]] = field(default_factory=dict)
    table: TermTable = field(init=False)

    def __post_init__(self) -> None:
        self.table = TermTable(self.forms)

    def complain(self, place: Place, code: str, message: str, hint: str = "") -> None:
        self.issues.append(Issue(place.file, place.line, place.column, code, message, hint))

    # terms and queries

    def add_concept(self, concept: Concept) -> None:
        numbers: list[int] = []
        for term in concept.terms:
            try:
                numbers += self.table.add_term(term, concept.id)
            except q.QueryError as error:
                self.issues.append(error.issue())
        self.concepts[concept.id] = frozenset(numbers)

    def query(self, query: Query) -> Node:
        try:
            tree = q.parse(query, self.document.language)
        except q.QueryError as error:
            self.issues.append(error.issue())
            return _NOTHING
        return self.node(tree, query)

    def concept(self, reference: q.ConceptRef, query: Query) -> Terms:
        numbers = self.concepts.get(reference.id)
        if numbers is None:
            close = difflib.get_close_matches(reference.id, self.concepts, 1)
            hint = f"did you mean @{close[0]}?" if close else "declare it under concepts"
            self.complain(q.place_at(query, reference.at), "unknown-concept", f"no concept '{reference.id}'", hint)
        return Terms(numbers or frozenset())

    def phrase(self, phrase: q.Phrase) -> Terms:
        number = self.table.add_bare(phrase, q.show(phrase))
        return Terms(frozenset() if number is None else frozenset({number}))

    def node(self, tree: q.Node, query: Query) -> Node:
        def of(item: q.Node) -> Node:
            return self.node(item, query)

        match tree:
            case q.Phrase():
                return self.phrase(tree)
            case q.ConceptRef():
                return self.concept(tree, query)
            case q.Near(left, right, distance, ordered):
                return Close(_ids(of(left)), _ids(of(right)), distance, ordered)
            case q.InField(name, item):
                return Within(name, of(item))
            case _:
                return _group(tree, of)

    def context(self, query: Query) -> Context | None:
        return Context(self.query(query), query.text) if query else None

    # what the watchlist declares

    def rule(self, rule: Rule, signal: Signal) -> CompiledRule:
        if not (math.isfinite(rule.weight) and rule.weight > 0):
            self.complain(rule.place, "bad-weight", f"weight of '{rule.id}' is {rule.weight}", "give points above 0")
        if rule.rung and rule.rung not in self.document.ladders.get(signal.ladder, ()):
            ladder = self.document.ladders.get(signal.ladder, ())
            hint = f"rungs of '{signal.ladder}': {', '.join(ladder)}" if ladder else "give the signal a ladder"
            self.complain(rule.place, "unknown-rung", f"'{rule.rung}' is not a rung of this signal's ladder", hint)
        if not rule.match:
            self.complain(rule.place, "no-match", f"rule '{rule.id}' matches nothing", "give it a match")
            return CompiledRule(rule.id, _NOTHING, 0.0, rule.rung, None, None, rule.scope)
        match = self.query(rule.match)
        needs, unless = self.context(rule.needs), self.context(rule.unless)
        return CompiledRule(rule.id, match, float(rule.weight), rule.rung, needs, unless, rule.scope)

    def signal(self, signal: Signal) -> CompiledSignal:
        if not (math.isfinite(signal.threshold) and 0 < signal.threshold <= 100):
            message = f"threshold of '{signal.id}' is {signal.threshold}"
            self.complain(signal.place, "bad-threshold", message, "give a score above 0 and up to 100")
        if signal.ladder and signal.ladder not in self.document.ladders:
            self.complain(signal.place, "unknown-ladder", f"no ladder '{signal.ladder}'", "declare it under ladders")
        rules: dict[str, CompiledRule] = {}
        for rule in signal.rules:
            if rule.id in rules:
                self.complain(rule.place, "duplicate-rule", f"rule '{rule.id}' is there twice", "give it its own id")
            rules[rule.id] = self.rule(rule, signal)
        return CompiledSignal(
            id=signal.id,
            title=signal.title,
            threshold=float(signal.threshold),
            ladder=signal.ladder,
            rungs=tuple(self.document.ladders.get(signal.ladder, ())),
            rules=rules,
            needs=self.context(signal.needs),
            unless=self.context(signal.unless),
            scope=signal.scope,
        )

    def facet(self, facet: Facet) -> CompiledFacet:
        return CompiledFacet(facet.kind, facet.id, facet.title, self.query(facet.match) if facet.match else _NOTHING)

    def figure(self, figure: Figure) -> CompiledFigure:
        if math.isnan(figure.low) or math.isnan(figure.high) or figure.low > figure.high:
            self.complain(figure.place, "bad-range", f"range of '{figure.id}' is not one", "give [low, high]")
        match = self.query(figure.match) if figure.match else _NOTHING
        units = frozenset(unit for term in figure.unit_terms for unit in self._unit(term))
        units |= {(sign,) for sign, names in _CURRENCIES.items() if units & names}
        return CompiledFigure(figure.id, figure.title, match, figure.unit, units, figure.low, figure.high)

    def _unit(self, term: Term) -> Iterator[tuple[str, ...]]:
        """Folded forms of a unit word: one word in all its forms, or a row of words as they stand."""
        for text in term.forms or (term.text,):
            row = pieces(text) or text.split()
            if len(row) == 1 and not term.forms:
                for form in self.forms.get((term.language, row[0]), frozenset()):
                    yield (fold(form),)
            yield tuple(part if part in _CURRENCIES else fold(part) for part in row)

    def compiled(self) -> CompiledWatchlist:
        document = self.document
        for concept in document.concepts.values():
            self.add_concept(concept)
        signals = {signal.id: self.signal(signal) for signal in document.signals}
        facets = tuple(map(self.facet, document.facets))
        figures = tuple(map(self.figure, document.figures))
        if any(issue.severity == "error" for issue in self.issues):
            raise WatchlistError(tuple(sorted(self.issues)))
        lexis = build_lexis(self.table.slots)
        groups = Groups(self.table.slots, lexis)
        gates = groups.gates(signals.values(), figures)
        return CompiledWatchlist(
            id=document.id,
            revision=document.revision,
            language=document.language,
            signals=signals,
            facets=facets,
            figures=figures,
            terms=tuple(dict.fromkeys(self.table.shown)),
            infos=tuple(self.table.infos),
            lexis=lexis,
            grants=groups.grants(),
            term_grants=groups.term_grants(),
            gates=gates,
            anchors=sum(gates),
        )


def needed_slots(
    document: Document, forms: Mapping[tuple[str, str], frozenset[str]]
) -> dict[tuple[str, str], list[list[tuple[Slot, ...]]]]:
    """By (signal, rule), and ("", figure): groups of terms, as their slots, of which each must have one in a text.

    Raises:
        WatchlistError: as ``compile_watchlist``.
    """
    compiler = _Compiler(document, forms)
    made = compiler.compiled()
    slots, found = compiler.table.slots, {}
    groups = Groups(slots, made.lexis)
    for owner, name, match, needs in firing(made.signals.values(), made.figures):
        found[owner, name] = [[slots[term] for term in group] for group in groups.required(match, needs)]
    return found


def _ids(node: Node) -> frozenset[int]:
    """Term numbers of an operand of near: terms, or groups of them (the parser lets nothing else stand there)."""
    if isinstance(node, Some):  # pragma: no cover - groups of terms are one Terms already
        return frozenset().union(*map(_ids, node.items))
    return node.ids if isinstance(node, Terms) else frozenset()


def _group(tree: q.Node, of: Callable[[q.Node], Node]) -> Node:
    match tree:
        case q.AnyOf(items):
            return _some(map(of, items))
        case q.AllOf(items):
            return _every(items, of)
        case q.SameSentence(items):
            return Together(tuple(map(of, items)))
        case q.CountOf(count, items):
            return AtLeast(count, tuple(map(of, items)))
        case _:  # pragma: no cover - the parser lets a negation stand only inside AllOf
            raise AssertionError(tree)


def _some(items: Iterable[Node]) -> Node:
    made = tuple(items)
    if all(isinstance(item, Terms) for item in made):
        return Terms(frozenset().union(*(item.ids for item in made if isinstance(item, Terms))))
    return Some(made)


def _every(items: tuple[q.Node, ...], of: Callable[[q.Node], Node]) -> Node:
    wanted = tuple(of(item) for item in items if not isinstance(item, q.Not))
    absent = tuple(of(item.item) for item in items if isinstance(item, q.Not))
    return Every(wanted, absent)


def compile_watchlist(document: Document, forms: Mapping[tuple[str, str], frozenset[str]]) -> CompiledWatchlist:
    """Compile a document.

    Args:
        document: what the watchlist says.
        forms: of every word that ``words_needed`` names; a word without forms stands for itself.

    Raises:
        WatchlistError: with every problem found, each at its place.
    """
    return _Compiler(document, forms).compiled()
