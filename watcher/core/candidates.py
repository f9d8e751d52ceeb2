"""Rules that may fire in a text, told from the places of terms alone. Must not: refuse one that could fire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import itemgetter, or_

from watcher.core.layout import Standing
from watcher.core.program import CompiledWatchlist, Gate
from watcher.core.scan import Sighting

_pattern = itemgetter(0)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        mask ^= bit
        yield bit


def _opened(watchlist: CompiledWatchlist, granted: int) -> list[Gate]:
    """Gates that open where groups have a term somewhere."""
    gates = watchlist.gates
    return [
        gate
        for bit in _bits(granted & watchlist.anchors)
        for gate in gates[bit]
        if gate.needed & granted == gate.needed
    ]


def _granted(watchlist: CompiledWatchlist, terms: Iterable[int], language: str) -> dict[int, int]:
    """By term, its groups; terms that count in another language only are left out."""
    grants, infos = watchlist.term_grants, watchlist.infos
    return {term: grants[term] for term in terms if not infos[term].only or infos[term].only == language}


def _met(sighting: Sighting, granted: Mapping[int, int], gates: Sequence[Gate]) -> list[Gate]:
    """Those of the gates whose stretches are met."""
    relevant = reduce(or_, (stretch.here | stretch.around for gate in gates for stretch in gate.stretches), 0)
    if not relevant:
        return list(gates)
    places = sighting.places
    standing = Standing(
        sighting.layout, ((places[term], bits & relevant) for term, bits in granted.items() if bits & relevant)
    )
    return [gate for gate in gates if all(map(standing.holds, gate.stretches))]


def candidates(watchlist: CompiledWatchlist, sighting: Sighting, language: str) -> dict[str, set[str]]:
    """By signal, the rules that may fire in a text; by the empty name, the figures that may be read.

    Patterns tell first, where no place is known yet: most texts end here. Then the terms that do stand there, and last
    what stands close together.
    """
    patterns = set(map(_pattern, sighting.spotted))
    if not _opened(watchlist, reduce(or_, map(watchlist.grants.__getitem__, patterns), 0)):
        return {}
    granted = _granted(watchlist, sighting.places, language)
    found: dict[str, set[str]] = {}
    for gate in _met(sighting, granted, _opened(watchlist, reduce(or_, granted.values(), 0))):
        found.setdefault(gate.signal, set()).add(gate.name)
    return found
