"""The sentences of a text in its tokens, and which groups of terms stand in each. Must not: know a rule's words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, compress, count, pairwise
from operator import add

from watcher.core.program import Stretch
from watcher.core.sentence import sentence_ends


class Layout:
    """The sentences of a text, by number: where they stand in its characters and in its tokens.

    ``chars`` and ``tokens`` tell where each begins, and at last where the text ends. No token lies in two sentences.
    """

    __slots__ = ("_begins", "_code", "chars", "tokens")

    def __init__(self, text: str, code: bytes) -> None:
        self._code = code
        self._begins: dict[int, list[int]] = {}
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

    def begin(self, token: int) -> int:
        """The character where a token begins."""
        sentence = bisect_right(self.tokens, token) - 1
        begins = self._begins.get(sentence) or self._places(sentence)
        return begins[token - self.tokens[sentence]]

    def token(self, char: int) -> int:
        """The first token that begins at a character or behind it."""
        sentence = min(bisect_right(self.chars, char), len(self.chars) - 1) - 1
        return self.tokens[sentence] + bisect_left(self._places(sentence), char)

    def _places(self, sentence: int) -> list[int]:
        start, end = self.span(sentence)
        pieces = self._code[start:end].split(b" ")
        begins = map(add, accumulate(map(len, pieces), initial=start), count())
        found = self._begins[sentence] = list(compress(begins, pieces))
        return found


class Standing:
    """Which groups of terms stand in which sentence, as bits."""

    __slots__ = ("_anchored", "_around", "_held", "_layout", "_masks")

    def __init__(self, layout: Layout, places: Iterable[tuple[Iterable[int], int]]) -> None:
        self._layout = layout
        self._masks = _masks(layout.tokens, places)
        self._held = sorted(self._masks)
        self._anchored: dict[int, list[int]] = {}
        self._around: dict[tuple[int, int], int] = {}

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


def _masks(firsts: Sequence[int], places: Iterable[tuple[Iterable[int], int]]) -> dict[int, int]:
    """By sentence, the bits of what begins there."""
    masks: dict[int, int] = {}
    for tokens, bits in places:
        for token in tokens:
            sentence = bisect_right(firsts, token) - 1
            masks[sentence] = masks.get(sentence, 0) | bits
    return masks
