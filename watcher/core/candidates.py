"""Rules that may fire in a text, told from the places of terms alone. Must not: refuse one that could fire."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import itemgetter, or_

from watcher.core.program import CompiledWatchlist, Gate
from watcher.core.scan import Sighting
from watcher.core.standing import Standing

_pattern = itemgetter(0)


def _opened(watchlist: CompiledWatchlist, granted: int) -> list[Gate]:
    """Gates that open where groups have a term somewhere."""
    found: list[Gate] = []
    opened = granted & watchlist.anchors
    while opened:
        bit = opened & -opened
        opened ^= bit
        for gate in watchlist.gates[bit]:
            needed = gate.needed
            if needed & granted == needed:
                found.append(gate)
    return found


def _granted(watchlist: CompiledWatchlist, terms: Iterable[int], language: str) -> dict[int, int]:
    """By term, its groups; terms that count in another language only are left out."""
    grants, infos = watchlist.term_grants, watchlist.infos
    return {term: grants[term] for term in terms if not infos[term].only or infos[term].only == language}


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
    gates = _opened(watchlist, reduce(or_, granted.values(), 0))
    for gate in Standing(sighting, granted).met(gates):
        found.setdefault(gate.signal, set()).add(gate.name)
    return found
