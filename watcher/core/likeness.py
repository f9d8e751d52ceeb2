"""How alike two entries are: an inverted index of the terms of one language in a window. Must not: decide what joins.

The likeness is the cosine of two bags of terms, each weighted by its rarity in the window. The cost of a question is
bounded: rare terms are looked up first, a list of postings is read from its newest end, and only the best candidates
are compared in full.
"""

from __future__ import annotations

import heapq
from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import log, sqrt
from typing import Final

from watcher.core.basics import Micros
from watcher.core.wording import MOST_COUNT, PAIR, Wording

HOUR: Final[Micros] = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Grouping:
    """The numbers of the method; `docs/reference/stories.md` says how they were found."""

    window: Micros = 72 * HOUR
    most_entries: int = 100_000
    join: float = 0.45
    join_same_source: float = 0.55
    related: float = 0.30
    title_overlap: float = 0.2
    title_overlap_same_source: float = 0.45
    story_likeness: float = 0.40
    story_members: int = 8
    postings: int = 100
    reads: int = 300
    compared: int = 12
    tried: int = 3
    background: int = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """An entry to place: who it is, when it was first seen, and how it reads."""

    entry_id: int
    at: Micros
    source: int
    wording: Wording
    link_key: bytes = b""
    content: bytes = b""
    repeats: int | None = None


_WEIGHTS: Final = tuple(0.3 if count == PAIR else 1.0 + log(count) for count in range(MOST_COUNT + 1))
Like = tuple[float, int]


@dataclass(slots=True)
class Kept:
    """An entry in the window, and its story now. Terms are numbers of its language's index."""

    item: Item
    story: int
    terms: array[int]
    counts: bytes


class LikenessIndex:
    """The terms of one language in the window."""

    def __init__(self, rules: Grouping) -> None:
        self._rules = rules
        self._numbers: dict[str, int] = {}
        self._terms: list[str] = []
        self._free: list[int] = []
        self._seen: list[int] = []
        self._postings: list[array[int]] = []
        self._kept: dict[int, Kept] = {}
        self._logs = [0.0]

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, item: Item, story: int) -> Kept:
        """Take an entry in."""
        terms = array("I", map(self._number, item.wording.terms))
        kept = Kept(item, story, terms, bytes(item.wording.terms.values()))
        self._kept[item.entry_id] = kept
        most = self._rules.postings
        for term in terms:
            self._seen[term] += 1
            postings = self._postings[term]
            postings.append(item.entry_id)
            if len(postings) > 4 * most:
                del postings[: -2 * most]  # only the newest are ever read
        return kept

    def remove(self, entry_id: int) -> None:
        """Take an entry out."""
        kept = self._kept.pop(entry_id)
        for term in kept.terms:
            self._seen[term] -= 1
            if not self._seen[term]:
                self._release(term)

    def _number(self, term: str) -> int:
        number = self._numbers.get(term)
        if number is None:
            if self._free:
                number = self._free.pop()
                self._terms[number] = term
            else:
                number = len(self._terms)
                self._terms.append(term)
                self._seen.append(0)
                self._postings.append(array("q"))
            self._numbers[term] = number
        return number

    def _release(self, number: int) -> None:
        del self._numbers[self._terms[number]]
        self._postings[number] = array("q")
        self._free.append(number)

    def _rarity(self) -> tuple[float, list[float]]:
        """The logarithm of the number of entries, and a table of logarithms of how many hold a term."""
        while len(self._logs) < len(self._kept) + 2:
            self._logs.append(log(len(self._logs) + 1.0))
        return log(len(self._kept) + self._rules.background), self._logs

    def alike(self, wording: Wording) -> list[Like]:
        """The entries most like a wording, most alike first."""
        weights, norm = self._weigh(wording)
        best = heapq.nlargest(self._rules.compared, self._candidates(weights).items(), key=_by_weight)
        found = [(self._cosine(weights, norm, self._kept[key]), key) for key, _ in best]
        return sorted(found, key=_most_alike)

    def _candidates(self, weights: dict[int, float]) -> dict[int, float]:
        """Entries that share rare terms with it, with the weight of what they share."""
        rules, kept, seen, terms = self._rules, self._kept, self._seen, self._terms
        found: dict[int, float] = defaultdict(float)
        left = rules.reads
        for term in sorted(weights, key=lambda number: (seen[number], terms[number])):
            square = weights[term] ** 2
            postings = self._postings[term][-rules.postings :]
            for entry_id in postings:
                if entry_id in kept:
                    found[entry_id] += square
            left -= len(postings)
            if left <= 0:
                break
        return found

    def _cosine(self, weights: dict[int, float], norm: float, other: Kept) -> float:
        whole, logs = self._rarity()
        seen = self._seen
        dot = square = 0.0
        for term, count in zip(other.terms, other.counts, strict=True):
            weight = _WEIGHTS[count] * (whole - logs[seen[term]])
            square += weight * weight
            mine = weights.get(term)
            if mine is not None:
                dot += weight * mine
        return dot / sqrt(norm * square) if norm and square else 0.0

    def cosines(self, wording: Wording, others: Iterable[Kept]) -> list[float]:
        """How alike a wording and each of several entries are."""
        weights, norm = self._weigh(wording)
        return [self._cosine(weights, norm, other) for other in others]

    def _weigh(self, wording: Wording) -> tuple[dict[int, float], float]:
        """The weights of the terms that the window has, and the square of the length over all terms."""
        whole, logs = self._rarity()
        weights: dict[int, float] = {}
        square = 0.0
        for term, count in wording.terms.items():
            number = self._numbers.get(term)
            weight = _WEIGHTS[count] * (whole - (logs[self._seen[number]] if number is not None else 0.0))
            square += weight * weight
            if number is not None:
                weights[number] = weight
        return weights, square


def _by_weight(pair: tuple[int, float]) -> tuple[float, int]:
    return pair[1], pair[0]


def _most_alike(like: Like) -> tuple[float, int]:
    return -like[0], like[1]
