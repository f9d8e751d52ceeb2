"""What a rule cannot fire without: groups of terms in a text, and stretches of it. Must not: read a text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from watcher.core.patterns import rarity
from watcher.core.program import (
    Close,
    CompiledFigure,
    CompiledSignal,
    Context,
    Every,
    Gate,
    Lexis,
    Node,
    Pair,
    Some,
    Stretch,
    Terms,
    Together,
    Within,
)
from watcher.core.terms import Slot

Group = frozenset[int]


def firing(
    signals: Iterable[CompiledSignal], figures: Iterable[CompiledFigure]
) -> Iterator[tuple[str, str, Node, Context | None]]:
    """Everything that can fire: (signal, rule) or ("", figure), what it matches and what it needs."""
    for signal in signals:
        for rule in signal.rules.values():
            yield signal.id, rule.id, rule.match, rule.needs
    for figure in figures:
        yield "", figure.id, figure.match, None


class Groups:
    """Groups of terms of which one must stand somewhere, each with its bit."""

    def __init__(self, slots: Sequence[tuple[Slot, ...]], lexis: Lexis) -> None:
        self.slots = slots
        self.lexis = lexis
        self._costs: dict[int, float] = {}
        self._bits: dict[Group, int] = {}

    def bit(self, group: Group) -> int:
        """The bit of a group, given out at the first question."""
        return self._bits.setdefault(group, 1 << len(self._bits))

    def term_grants(self) -> tuple[int, ...]:
        """By term, the bits of the groups that it belongs to."""
        found = [0] * len(self.slots)
        for group, bit in self._bits.items():
            for term in group:
                found[term] |= bit
        return tuple(found)

    def grants(self) -> tuple[int, ...]:
        """By pattern, the bits of the groups that have a term which may stand there."""
        found = [0] * len(self.lexis.patterns)
        patterns_of = self.lexis.patterns_of()
        for term, bits in enumerate(self.term_grants()):
            for pattern in patterns_of[term]:
                found[pattern] |= bits
        return tuple(found)

    def gates(
        self, signals: Iterable[CompiledSignal], figures: Iterable[CompiledFigure]
    ) -> dict[int, tuple[Gate, ...]]:
        """By the bit of the rarest group of a rule or figure, its gate."""
        found: defaultdict[int, list[Gate]] = defaultdict(list)
        for owner, name, match, needs in firing(signals, figures):
            bits = [self.bit(group) for group in self.required(match, needs)]
            stretches = self.stretches(match) if owner else self._read(match)
            found[bits[0]].append(Gate(owner, name, sum(set(bits)), tuple(stretches)))
        return {bit: tuple(gates) for bit, gates in found.items()}

    # groups in a text

    def required(self, match: Node, needs: Context | None) -> list[Group]:
        """Groups of which each must have one in a text for a rule to fire; the rarest of its match first."""
        return [*self.needed(match), *(self.needed(needs.node) if needs else [])]

    def needed(self, node: Node) -> list[Group]:
        """Groups of which each must have one in a text for the node to hold, the rarest first."""
        found: list[Group] = []
        match node:
            case Terms(ids):
                found = [ids]
            case Close(left, right):
                found = [left, right]
            case Some(items):
                found = [frozenset().union(*map(self._rarest, items))]
            case Every(items) | Together(items):
                found = [group for item in items for group in self.needed(item)]
            case Within(_, item):
                found = self.needed(item)
            case _:
                groups = sorted(map(self._rarest, node.items), key=self._weight)
                found = [frozenset().union(*groups[: len(groups) - node.count + 1])]
        return sorted(found, key=self._weight)

    def _rarest(self, node: Node) -> Group:
        return self.needed(node)[0]

    def _weight(self, terms: Group) -> float:
        return sum(map(self._cost, terms))

    def _cost(self, term: int) -> float:
        cost = self._costs.get(term)
        if cost is None:
            cost = self._costs[term] = min(map(rarity, self.slots[term]))
        return cost

    # stretches of a text

    def stretches(self, node: Node) -> list[Stretch]:
        """What must stand close together for a node to hold; nothing where that cannot be told."""
        match node:
            case Close():
                return [Stretch(0, 0, (self._pair(node),))]
            case Together(items):
                near = [item for item in items if isinstance(item, Close)]
                return [self._one([self._any(item) for item in items], near)]
            case Every(items):
                return [stretch for item in items for stretch in self.stretches(item)]
            case Within(_, item):
                return self.stretches(item)
            case _:
                return []

    def _read(self, match: Node) -> list[Stretch]:
        """The same for a figure, which is read in a sentence that meets all of its match."""
        return [self._one(self.needed(match), [match] if isinstance(match, Close) else [])]

    def _one(self, here: list[Group], near: Sequence[Close]) -> Stretch:
        """All of it in one sentence, pairs beginning there."""
        anchor = min(here, key=self._weight)
        return Stretch(self.bit(anchor), sum(set(map(self.bit, here))), tuple(map(self._pair, near)))

    def _pair(self, near: Close) -> Pair:
        longest = max((len(self.slots[term]) for term in near.left | near.right), default=0)
        return Pair(self.bit(near.left), self.bit(near.right), near.distance + longest, near.ordered)

    def _any(self, node: Node) -> Group:
        """Terms of which one begins wherever a place of the node begins."""
        match node:
            case Terms(ids):
                return ids
            case Close(left, right):
                return left | right
            case Some(items):
                return frozenset().union(*map(self._any, items))
            case _:  # pragma: no cover - the parser lets nothing else stand beside sentence
                raise AssertionError(node)
