"""Which texts an edit of a watchlist can score otherwise, in words of the search index. Must not: ask an index, or score.

What a rule makes of a text depends on the rule and on the places where its terms stand, on nothing else. So:

- a rule (or the context of its signal) that is written otherwise can only change a text in which the old or the new
  one can fire: the groups of words of both;
- rules that are written alike differ only through the terms of the concepts they name: a text changes only if it holds
  one of the terms that came or went (a negated one as well);
- facets stand at hits only; figures are read where their own words stand.

The words are over-approximated, never under: whoever asks scores every candidate anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from watcher.core import query as q
from watcher.core.compile import queries, words_needed
from watcher.core.document import Document, Facet, Figure, Rule, Signal, Term
from watcher.core.terms import Forms, TermTable, needed
from watcher.core.wanted import Groups, groups_of, words_of_slots

Owner = tuple[str, str]
Expand = Callable[[Iterable[tuple[str, str]]], Forms]
_REFERENCE = re.compile(r"@([a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class ScoredUnder:
    """A revision that some entries were scored under: its hex digest, its files, and the program ('': several)."""

    revision: str
    files: Mapping[str, str]
    made_by: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What two wordings of a watchlist can disagree about.

    ``groups``: a text that can be scored otherwise meets one of them, or is a hit where ``hits`` says so. ``whole`` is
    empty, or says why every text can be. ``what`` names the differences, for a person.
    """

    groups: tuple[Groups, ...] = ()
    hits: bool = False
    whole: str = ""
    what: tuple[str, ...] = ()


def difference(old: Document, new: Document, expand: Expand) -> Difference:
    """What an edit can change.

    Args:
        old: as the texts were scored.
        new: as they would be scored now.
        expand: turns (language, word) pairs into forms; asked for what changed only.

    Raises:
        WatchlistError: one of them does not compile.
    """
    if old.language != new.language:
        return Difference(whole="its language changed")
    owners = _changed_owners(old, new)
    terms = _changed_terms(old, new)
    groups = _groups((old, new), expand, owners)
    groups += _term_groups(terms, expand)
    facets = {_facet_key(one) for one in old.facets} ^ {_facet_key(one) for one in new.facets}
    what = (*(f"{owner}/{name}".lstrip("/") for owner, name in sorted(owners)), *sorted({term.text for term in terms}))
    return Difference(tuple(dict.fromkeys(groups)), bool(facets), "", what + (("facets",) if facets else ()))


# --- what is written otherwise --------------------------------------------------------------------------------------


def _changed_owners(old: Document, new: Document) -> set[Owner]:
    before, after = _keys(old), _keys(new)
    return {owner for owner in before.keys() | after.keys() if before.get(owner) != after.get(owner)}


def _keys(document: Document) -> dict[Owner, object]:
    """By (signal, rule), and ("", figure): everything that its result depends on but the terms of concepts."""
    found: dict[Owner, object] = {("", figure.id): _figure_key(figure) for figure in document.figures}
    for signal in document.signals:
        context = _signal_key(signal, document)
        found |= {(signal.id, rule.id): (context, _rule_key(rule)) for rule in signal.rules}
    return found


def _signal_key(signal: Signal, document: Document) -> object:
    rungs = document.ladders.get(signal.ladder, ())
    return signal.threshold, rungs, signal.needs.text, signal.unless.text, signal.scope


def _rule_key(rule: Rule) -> object:
    return rule.match.text, rule.weight, rule.rung, rule.needs.text, rule.unless.text, rule.scope


def _figure_key(figure: Figure) -> object:
    units = frozenset(map(_term_key, figure.unit_terms))
    return figure.match.text, figure.unit, units, figure.low, figure.high


def _facet_key(facet: Facet) -> object:
    return facet.kind, facet.id, facet.match.text


def _term_key(term: Term) -> tuple[str, str, tuple[str, ...], str]:
    return term.text, term.language, term.forms, term.only


# --- terms that came or went ----------------------------------------------------------------------------------------

Key = tuple[str, str, tuple[str, ...], str]


def _changed_terms(old: Document, new: Document) -> list[Term]:
    """Terms of concepts that both name: what names one anew, or no more, is written otherwise itself."""
    before, after, named = _terms(old), _terms(new), _named(old) & _named(new)
    return [term for key, term in (before | after).items() if key[0] in named and (key in before) != (key in after)]


def _named(document: Document) -> set[str]:
    """Concepts whose name stands in a query (or looks so: a term more is looked for then)."""
    return {name for query in queries(document) for name in _REFERENCE.findall(query.text)}


def _terms(document: Document) -> dict[tuple[str, Key], Term]:
    """Terms of concepts, by concept and all that they depend on."""
    return {(concept.id, _term_key(term)): term for concept in document.concepts.values() for term in concept.terms}


# --- in words of the index ------------------------------------------------------------------------------------------


def _groups(both: Iterable[Document], expand: Expand, owners: Iterable[Owner]) -> list[Groups]:
    """The groups of changed rules and figures, as they were and as they are (each needs a word: none is negative)."""
    wanted = sorted(owners)
    found = [groups_of(one, expand(words_needed(one))) for one in both] if wanted else []
    return [groups[owner] for groups in found for owner in wanted if owner in groups]


def _term_groups(terms: Iterable[Term], expand: Expand) -> list[Groups]:
    """For each term: texts that hold it."""
    listed = list(terms)
    words = {word for term in listed if not term.forms for word in needed(q.parse_term(term.text, term.language))}
    table = TermTable(expand(words))
    numbers = [number for term in listed for number in table.add_term(term, "")]
    return [(frozenset(words_of_slots(table.slots[number])),) for number in numbers]
