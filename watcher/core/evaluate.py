"""Nodes over a scanned entry: which hits meet them, and where. Must not: know rules, signals or scores."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Final

from watcher.core.program import AtLeast, Close, Every, Node, Some, Terms, Together
from watcher.core.scan import Hit, Scan

PLACES_CAP: Final = 1000
_span = itemgetter(1, 2)


@dataclass(slots=True, eq=False)
class Found:
    """What a node found: the hits that met it, and its places (first token, token after) that count for strength.

    Made for every node of every rule, so it is not frozen: that would cost more than what it holds.
    """

    hits: tuple[Hit, ...]
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Window:
    """The tokens that count: the whole entry, a field, or a sentence."""

    begin: int
    end: int


def spread(places: Sequence[tuple[int, int]]) -> int:
    """Number of places that do not overlap."""
    count, until = 0, -1
    if len(places) == 1:
        return 1
    for begin, end in sorted(places):
        if begin >= until:
            count += 1
            until = end
        else:
            until = max(until, end)
    return count


class Evaluator:
    """Nodes over one scanned entry."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan

    @cached_property
    def everything(self) -> Window:
        """All tokens of the entry."""
        return Window(0, len(self.scan.reading.tokens))

    def find(self, node: Node, window: Window) -> Found | None:
        """What meets a node inside a window, or None."""
        found: Found | None
        match node:
            case Terms(ids):
                found = self._terms(ids, window)
            case Close():
                found = self._close(node, window)
            case Some(items):
                found = merged([one for item in items if (one := self.find(item, window))])
            case Every():
                found = self._every(node, window)
            case AtLeast(count, items):
                found = self._at_least(count, items, window)
            case Together(items):
                found = self._together(items, window)
            case _:
                found = self._within(node.field, node.item, window)
        return found

    def holds(self, node: Node, window: Window) -> bool:
        """True where a node is met inside a window; stops as soon as that is known."""
        match node:
            case Terms(ids):
                return self._stands(ids, window)
            case Some(items):
                return any(self.holds(item, window) for item in items)
            case Every(items, absent):
                return all(self.holds(item, window) for item in items) and not any(
                    self.holds(item, window) for item in absent
                )
            case _:
                return self.find(node, window) is not None

    def _stands(self, ids: frozenset[int], window: Window) -> bool:
        if window is self.everything:
            return self.scan.stands(ids)
        return any(window.begin <= hit[1] and hit[2] <= window.end for hit in self.scan.places(ids))

    def _terms(self, ids: frozenset[int], window: Window) -> Found | None:
        hits = self._inside(ids, window)
        return Found(tuple(hits), tuple(map(_span, hits))) if hits else None

    def _inside(self, ids: frozenset[int], window: Window) -> list[Hit]:
        hits = self.scan.places(ids)
        if window is self.everything:
            return hits
        return [hit for hit in hits if window.begin <= hit[1] and hit[2] <= window.end]

    def _close(self, node: Close, window: Window) -> Found | None:
        left = self._inside(node.left, window)
        right = self._inside(node.right, window) if left else []
        if not right:
            return None
        pairs = _pairs(left, right, node.distance, self.scan.title_tokens)
        if not node.ordered:
            pairs += [(a, b) for b, a in _pairs(right, left, node.distance, self.scan.title_tokens)]
        if not pairs:
            return None
        hits = dict.fromkeys(hit for pair in pairs for hit in pair)
        places = tuple((min(a[1], b[1]), max(a[2], b[2])) for a, b in pairs)
        return Found(tuple(hits), places)

    def _every(self, node: Every, window: Window) -> Found | None:
        found = []
        for item in node.items:
            one = self.find(item, window)
            if one is None:
                return None
            found.append(one)
        if any(self.holds(item, window) for item in node.absent):
            return None
        return _joint(found)

    def _at_least(self, count: int, items: Sequence[Node], window: Window) -> Found | None:
        found = [one for item in items if (one := self.find(item, window))]
        return _joint(found) if len(found) >= count else None

    def _together(self, items: Sequence[Node], window: Window) -> Found | None:
        """Terms are looked at first: they are cheap, and where they share no sentence nothing else is looked at."""
        terms = [at for at, item in enumerate(items) if isinstance(item, Terms)]
        others = [at for at, item in enumerate(items) if not isinstance(item, Terms)]
        found: dict[int, Found] = {}
        windows: list[tuple[int, int]] = []
        for rows in (terms, others):
            for at in rows:
                one = self.find(items[at], window)
                if one is None:
                    return None
                found[at] = one
            if windows:
                windows = _shared(windows, [found[at] for at in rows])
            elif len(found) > 1:
                windows = self._shared_sentences(list(found.values()))
            if len(found) > 1 and not windows:
                return None
        begins, ends = [low for low, _ in windows], [0, *(high for _, high in windows)]
        hits = dict.fromkeys(
            hit for at in range(len(items)) for hit in found[at].hits if hit[1] < ends[bisect_right(begins, hit[1])]
        )
        return Found(tuple(hits), tuple(windows))

    def _shared_sentences(self, found: Sequence[Found]) -> list[tuple[int, int]]:
        """Sentences, as tokens, where each has a place that begins; looked for around the scarcest only."""
        scarcest, *others = sorted(found, key=lambda one: len(one.places))
        windows: list[tuple[int, int]] = []
        layout = self.scan.layout
        for begin in sorted(begin for begin, _ in scarcest.places):
            if windows and begin < windows[-1][1]:
                continue
            windows.append(layout.window(layout.sentence(begin)))
        return _shared(windows, others)

    def _within(self, name: str, item: Node, window: Window) -> Found | None:
        scan = self.scan
        if name == "title":
            begin, end = 0, scan.title_tokens
        else:
            begin, end = scan.title_tokens, scan.lead_token
        return self.find(item, Window(max(begin, window.begin), min(end, window.end)))


def _shared(windows: Sequence[tuple[int, int]], found: Sequence[Found]) -> list[tuple[int, int]]:
    """Those of the windows where each has a place that begins."""
    begins = [sorted(begin for begin, _ in one.places) for one in found]
    return [
        (low, high) for low, high in windows if all(bisect_left(row, low) < bisect_left(row, high) for row in begins)
    ]


def _pairs(first: Sequence[Hit], second: Sequence[Hit], distance: int, title: int) -> list[tuple[Hit, Hit]]:
    """Pairs where ``second`` begins after ``first`` ends, with few tokens between, in the same field."""
    begins = [hit[1] for hit in second]
    pairs: list[tuple[Hit, Hit]] = []
    for hit in _within_reach(first, second, distance) if len(first) > len(second) else first:
        low = bisect_left(begins, hit[2])
        high = bisect_right(begins, hit[2] + distance)
        pairs += [(hit, other) for other in second[low:high] if (hit[1] < title) == (other[1] < title)]
        if len(pairs) > PLACES_CAP:
            break
    return pairs


def _within_reach(first: Sequence[Hit], second: Sequence[Hit], distance: int) -> Iterator[Hit]:
    """Those of many hits that may end shortly before one of a few, in order."""
    begins = [hit[1] for hit in first]
    reach = distance + max(hit[2] - hit[1] for hit in first)
    done = 0
    for other in second:
        high = bisect_left(begins, other[1])
        yield from first[max(done, bisect_left(begins, other[1] - reach)) : high]
        done = max(done, high)


def merged(found: Sequence[Found]) -> Found | None:
    """Any of them is met: the hits and places of all that are."""
    if not found:
        return None
    hits = dict.fromkeys(hit for one in found for hit in one.hits)
    return Found(tuple(hits), tuple(place for one in found for place in one.places))


def _joint(found: Sequence[Found]) -> Found:
    """All of them are met: as many places as the scarcest has."""
    hits = dict.fromkeys(hit for one in found for hit in one.hits)
    return Found(tuple(hits), min((one.places for one in found), key=spread))
