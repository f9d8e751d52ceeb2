"""Rules that may fire in a text, told from the patterns in it alone. Must not: refuse one that could fire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_

from watcher.core.layout import Standing
from watcher.core.program import CompiledWatchlist, Gate
from watcher.core.scan import Sighting


def _bits(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        mask ^= bit
        yield bit


def _open(watchlist: CompiledWatchlist, patterns: Iterable[int]) -> list[Gate]:
    """Gates that these patterns open, wherever they stand."""
    granted = reduce(or_, map(watchlist.grants.__getitem__, patterns), 0)
    opened, gates = granted & watchlist.anchors, watchlist.gates
    return [gate for bit in _bits(opened) for gate in gates[bit] if gate.needed & granted == gate.needed]


def _standing(watchlist: CompiledWatchlist, sighting: Sighting, patterns: Iterable[int], gates: list[Gate]) -> Standing:
    relevant = reduce(or_, (stretch.here | stretch.around for gate in gates for stretch in gate.stretches))
    grants = watchlist.grants
    bits = {pattern: bits for pattern in patterns if (bits := grants[pattern] & relevant)}
    return Standing(sighting.layout, sighting.tokens, sighting.spotted, bits)


def candidates(watchlist: CompiledWatchlist, sighting: Sighting) -> dict[str, set[str]]:
    """By signal, the rules that may fire in a text; by the empty name, the figures that may be read."""
    patterns = {spot[0] for spot in sighting.spotted}
    gates = _open(watchlist, patterns)
    parted = [gate for gate in gates if gate.stretches]
    if parted:
        holds = _standing(watchlist, sighting, patterns, parted).holds
        gates = [gate for gate in gates if all(map(holds, gate.stretches))]
    found: dict[str, set[str]] = {}
    for gate in gates:
        found.setdefault(gate.signal, set()).add(gate.name)
    return found
