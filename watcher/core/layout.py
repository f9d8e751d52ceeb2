"""The sentences of a text in its tokens, and which groups of patterns stand in each. Must not: know a rule's words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from watcher.core.program import Spotted, Stretch
from watcher.core.sentence import sentence_ends


class Layout:
    """The sentences of a text, by number: where they stand in its characters and in its tokens.

    ``chars`` and ``tokens`` tell where each begins, and at last where the text ends. No token lies in two sentences.
    """

    __slots__ = ("chars", "tokens")

    def __init__(self, text: str, code: bytes) -> None:
        self.chars = chars = [0, *sentence_ends(text)]
        counts = [len(code[start:end].split()) for start, end in pairwise(chars)]
        self.tokens = list(accumulate(counts, initial=0))

    def sentence(self, token: int) -> int:
        """The sentence of a token."""
        return bisect_right(self.tokens, token) - 1

    def window(self, sentence: int) -> tuple[int, int]:
        """The tokens of a sentence: first, and the one after the last."""
        return self.tokens[sentence], self.tokens[sentence + 1]

    def span(self, sentence: int) -> tuple[int, int]:
        """The characters of a sentence: first, and the one after the last."""
        return self.chars[sentence], self.chars[sentence + 1]


class Standing:
    """Which groups of patterns stand in which sentence, as bits."""

    __slots__ = ("_anchored", "_around", "_held", "_layout", "_masks")

    def __init__(self, layout: Layout, tokens: Sequence[bytes], spotted: Spotted, bits: dict[int, int]) -> None:
        self._layout = layout
        self._masks: dict[int, int] = {}
        self._anchored: dict[int, list[int]] = {}
        self._around: dict[tuple[int, int], int] = {}
        self._read(tokens, spotted, bits)
        self._held = sorted(self._masks)

    def _read(self, tokens: Sequence[bytes], spotted: Spotted, bits: dict[int, int]) -> None:
        firsts = self._layout.tokens
        sizes = [
            len(b" ".join(tokens[first:after])) + (after > first)
            for first, after in pairwise(firsts)
        ]
        begins = list(accumulate(sizes, initial=0))  # of each sentence in the joined tokens, the space before it first
        masks = self._masks
        for pattern, start, _ in spotted:
            if pattern in bits:
                sentence = bisect_right(begins, start) - 1
                masks[sentence] = masks.get(sentence, 0) | bits[pattern]

    def holds(self, stretch: Stretch) -> bool:
        """True where some sentence meets a stretch."""
        here, around, masks = stretch.here, stretch.around, self._masks
        for sentence in self._anchors(stretch.anchor):
            if masks[sentence] & here == here and (
                not around or self._neighbours(sentence, stretch.reach) & around == around
            ):
                return True
        return False

    def _anchors(self, bit: int) -> list[int]:
        found = self._anchored.get(bit)
        if found is None:
            found = self._anchored[bit] = [sentence for sentence, mask in self._masks.items() if mask & bit]
        return found

    def _neighbours(self, sentence: int, reach: int) -> int:
        """What stands in a sentence or at most so many tokens from it."""
        found = self._around.get((sentence, reach))
        if found is None:
            firsts, held, masks = self._layout.tokens, self._held, self._masks
            low, high = bisect_right(firsts, firsts[sentence] - reach) - 1, firsts[sentence + 1] + reach
            found = 0
            for near in held[bisect_left(held, low) :]:
                if firsts[near] >= high:
                    break
                found |= masks[near]
            self._around[sentence, reach] = found
        return found
