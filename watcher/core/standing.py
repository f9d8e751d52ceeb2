"""Which groups of terms stand where in a text: in a sentence, beside another. Must not: verify a place."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

from watcher.core.program import Gate, Pair, Stretch
from watcher.core.scan import Sighting


def _bits(mask: int) -> Iterator[int]:
    """Each bit of a mask."""
    while mask:
        bit = mask & -mask
        mask ^= bit
        yield bit


class Standing:
    """Where groups stand in one text, worked out where it is asked for.

    Args:
        sighting: of the text.
        granted: by term, the bits of its groups.
    """

    def __init__(self, sighting: Sighting, granted: Mapping[int, int]) -> None:
        self._sighting = sighting
        self._granted = granted
        self._tokens: Mapping[int, list[int]] = {}
        self._masks: Mapping[int, int] = {}
        self._begins: dict[Pair, list[int]] = {}
        self._sentences: dict[Pair | int, set[int]] = {}

    def met(self, gates: Sequence[Gate]) -> Sequence[Gate]:
        """Those of the gates whose stretches are met: pairs are looked at first, for they need no sentences."""
        pairs = [pair for gate in gates for stretch in gate.stretches for pair in stretch.pairs]
        if pairs:
            self._tokens = self._by_bit(reduce(or_, (pair.left | pair.right for pair in pairs)))
            gates = [gate for gate in gates if all(map(self._may_hold, gate.stretches))]
        here = reduce(or_, (stretch.here for gate in gates for stretch in gate.stretches), 0)
        if here:
            self._masks = self._by_sentence(here)
            gates = [gate for gate in gates if all(map(self._holds, gate.stretches))]
        return gates

    def _by_bit(self, wanted: int) -> dict[int, list[int]]:
        """By group, the tokens where its terms begin, in order."""
        places = self._sighting.places
        found: defaultdict[int, list[int]] = defaultdict(list)
        for term, bits in self._granted.items():
            if bits & wanted:
                tokens = places[term]
                for bit in _bits(bits & wanted):
                    found[bit] += tokens
        for tokens in found.values():
            tokens.sort()
        return found

    def _pairs(self, pair: Pair) -> list[int]:
        """The tokens where such a pair may begin."""
        begins = self._begins.get(pair)
        if begins is None:
            left, right = self._tokens.get(pair.left, []), self._tokens.get(pair.right, [])
            begins = _followed(left, right, pair.reach)
            if not pair.ordered:
                begins += _followed(right, left, pair.reach)
            self._begins[pair] = begins
        return begins

    def _may_hold(self, stretch: Stretch) -> bool:
        """False where a pair of a stretch stands nowhere; sentences are not looked for."""
        return all(map(self._pairs, stretch.pairs))

    def _holds(self, stretch: Stretch) -> bool:
        """True where some sentence meets a stretch, or where it needs none."""
        here = stretch.here
        if not here:
            return True
        masks = self._masks
        for sentence in self._anchored(stretch.anchor).intersection(*map(self._paired, stretch.pairs)):
            if masks[sentence] & here == here:
                return True
        return False

    def _by_sentence(self, here: int) -> dict[int, int]:
        """By sentence, the bits of what begins there."""
        firsts, places = self._sighting.layout.tokens, self._sighting.places
        masks: dict[int, int] = {}
        for term, bits in self._granted.items():
            if bits & here:
                for token in places[term]:
                    sentence = bisect_right(firsts, token) - 1
                    masks[sentence] = masks.get(sentence, 0) | bits
        return masks

    def _anchored(self, bit: int) -> set[int]:
        """The sentences where a group stands."""
        found = self._sentences.get(bit)
        if found is None:
            found = self._sentences[bit] = {sentence for sentence, mask in self._masks.items() if mask & bit}
        return found

    def _paired(self, pair: Pair) -> set[int]:
        """The sentences where a pair begins."""
        found = self._sentences.get(pair)
        if found is None:
            firsts = self._sighting.layout.tokens
            found = self._sentences[pair] = {bisect_right(firsts, token) - 1 for token in self._pairs(pair)}
        return found


def _followed(first: Sequence[int], second: Sequence[int], reach: int) -> list[int]:
    """Those of the first tokens behind which one of the second stands within reach."""
    if len(first) <= len(second):
        ahead = [*second, second[-1] if second else 0]
        return [one for one in first if 0 < ahead[bisect_right(second, one)] - one <= reach]
    found: list[int] = []
    done = 0
    for other in second:
        high = bisect_left(first, other)
        found += first[max(done, bisect_left(first, other - reach)) : high]
        done = max(done, high)
    return found
