"""Texts made of a rule's own words, to see whether it can fire at all. Must not: be taken for a test of a rule.

A witness takes one alternative of every choice. It is laid out twice: everything in one sentence (what ``needs`` in
the sentence wants), and every part in a sentence of its own with words that mean nothing between (what an ``unless``
with ``near`` wants). A rule that fires in none of a few dozen witnesses contradicts itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from watcher.core import query as q
from watcher.core.document import Document, Query, Rule, Signal, Term
from watcher.core.limits import Limits
from watcher.core.match import find_evidence
from watcher.core.program import CompiledWatchlist

ATTEMPTS: Final = 16
_FILLER: Final = " ".join(["qzx"] * 40)

Part = tuple[str, str]
"""(field, words); the field is ``title`` or ``text``."""


def can_fire(document: Document, watchlist: CompiledWatchlist, signal: Signal, rule: Rule) -> bool:
    """True where some witness makes the rule fire with nothing taken back."""
    return any(
        _fires(watchlist, signal.id, rule.id, title, text, language)
        for language in _languages(document)
        for title, text in _witnesses(document, signal, rule)
    )


def _languages(document: Document) -> tuple[str, ...]:
    only = {term.only for concept in document.concepts.values() for term in concept.terms if term.only}
    return (document.language, *sorted(only - {document.language}))


def _fires(watchlist: CompiledWatchlist, signal: str, rule: str, title: str, text: str, language: str) -> bool:
    evidence = find_evidence(watchlist, title, text, language, limits=Limits())
    return evidence is not None and any(
        firing.rule == rule and not firing.suppressed_by and not found.blocked_by
        for found in evidence.signals
        if found.signal == signal
        for firing in found.firings
    )


def _witnesses(document: Document, signal: Signal, rule: Rule) -> Iterator[tuple[str, str]]:
    """Titles and texts, the plainest first."""
    wanted = [_parse(document, query) for query in (rule.match, rule.needs, signal.needs) if query]
    for turn in range(ATTEMPTS):
        maker = _Maker(document, turn)
        parts = [part for node in wanted for part in maker.parts(node)]
        title = " ".join(words for name, words in parts if name == "title")
        texts = [words for name, words in parts if name == "text"]
        yield title, " ".join(texts) + "."
        yield title, "\n\n".join(f"{words} {_FILLER}." for words in texts)


def _parse(document: Document, query: Query) -> q.Node:
    return q.parse(query, document.language)


class _Maker:
    """Makes the words of a node; ``turn`` decides which alternative is taken where there is a choice."""

    def __init__(self, document: Document, turn: int) -> None:
        self.document = document
        self.turn = turn

    def parts(self, node: q.Node) -> list[Part]:
        match node:
            case q.Phrase(words):
                made = [("text", " ".join(word.text for word in words))]
            case q.ConceptRef(name):
                made = [("text", self._term(self.document.concepts[name].terms))]
            case q.AnyOf(items):
                made = self.parts(items[self.turn % len(items)])
            case q.AllOf(items):
                made = [part for item in items for part in self.parts(item)]
            case q.SameSentence(items):
                made = [("text", " ".join(map(self._joined, items)))]
            case q.Near(left, right):
                made = [("text", f"{self._joined(left)} {self._joined(right)}")]
            case q.InField(name, item):
                made = [("title" if name == "title" else "text", self._joined(item))]
            case q.CountOf(count, items):
                turned = items[self.turn % len(items) :] + items[: self.turn % len(items)]
                made = [part for item in turned[:count] for part in self.parts(item)]
            case _:  # what must be absent adds no words
                made = []
        return made

    def _joined(self, node: q.Node) -> str:
        return " ".join(words for _, words in self.parts(node))

    def _term(self, terms: tuple[Term, ...]) -> str:
        term = terms[self.turn % len(terms)]
        if term.forms:
            return term.forms[0]
        return " ".join(word.text for word in q.parse_term(term.text, term.language).words)
