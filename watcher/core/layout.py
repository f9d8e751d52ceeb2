"""The sentences of a text, in its characters and in its tokens. Must not: know a term or a rule."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate, compress, count, pairwise
from operator import add

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
