"""Builds the trie of signatures from terms: what ``Lexis`` walks. Must not: read a text or know a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from watcher.core.alphabet import encode
from watcher.core.program import Gate, Lexis, TrieNode
from watcher.core.terms import Slot
from watcher.core.text import fold

_COMMON_LIST: Final = """the of and in to for on with by from at as is be are was were has have had will would not no new over out up
security council state states united president minister government country foreign defense military people world war
say said says year time also after would could more than president russia ukraine european international
в на и с по для не о об от из за при что как это все был была были будет года году совет безопасности президент
министр правительство страна россия украина сша
la le les de du des et en un une pour dans sur avec par au aux est sont der die das und in den von zu mit im für auf
та що на до у з про від за як це є"""
_COMMON: Final = frozenset(_COMMON_LIST.split())


def rarity(slot: Slot) -> float:
    """How common a slot is in running text, roughly: the lower, the better it serves as an anchor."""
    cost = sum(2.0 ** -min(len(form), 14) + (form in _COMMON) for form in slot.accepted)
    return cost * 4 if slot.kind == "prefix" else cost


class _Builder:
    """Words, signatures and the determinised trie of one watchlist."""

    def __init__(self, slots: Sequence[tuple[Slot, ...]]) -> None:
        self.words: dict[Slot, int] = {}
        self.trie: dict[str, Any] = {"out": [], "next": {}}
        for term, row in enumerate(slots):
            node = self.trie
            for slot in row:
                word = self.words.setdefault(slot, len(self.words))
                node = node["next"].setdefault(word, {"out": [], "next": {}})
            node["out"].append(term)
        self.by_form: dict[bytes, set[int]] = defaultdict(set)
        self.by_prefix: dict[bytes, set[int]] = defaultdict(set)
        for slot, word in self.words.items():
            target = self.by_prefix if slot.kind == "prefix" else self.by_form
            for form in slot.accepted:
                target[encode(fold(form))].add(word)
        self.signatures: dict[frozenset[int], int] = {}
        self.forms: dict[bytes, int] = {}
        self.prefixes: dict[bytes, int] = {}
        self._number_signatures()
        self.of_word: dict[int, list[int]] = defaultdict(list)
        for signature, number in self.signatures.items():
            for word in signature:
                self.of_word[word].append(number)
        self._built: dict[frozenset[int], TrieNode] = {}

    def _prefix_words(self, token: bytes) -> set[int]:
        found: set[int] = set()
        for length in self._lengths:
            found |= self.by_prefix.get(token[:length], set()) if length <= len(token) else set()
        return found

    def _number_signatures(self) -> None:
        self._lengths = sorted({len(prefix) for prefix in self.by_prefix})
        for form, words in self.by_form.items():
            self.forms[form] = self._signature(words | self._prefix_words(form))
        for prefix in self.by_prefix:
            self.prefixes[prefix] = self._signature(self._prefix_words(prefix))

    def _signature(self, words: Iterable[int]) -> int:
        return self.signatures.setdefault(frozenset(words), len(self.signatures) + 1)

    def _targets(self, nodes: Sequence[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
        targets: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for node in nodes:
            for word, child in node["next"].items():
                for signature in self.of_word[word]:
                    targets[signature].append(child)
        return targets

    def build(self, nodes: Sequence[dict[str, Any]]) -> TrieNode:
        """One node of the determinised trie: what several nodes of the plain one are together."""
        key = frozenset(map(id, nodes))
        found = self._built.get(key)
        if found is None:
            out = tuple(sorted({term for node in nodes for term in node["out"]}))
            kids = {signature: self.build(children) for signature, children in self._targets(nodes).items()}
            found = self._built[key] = (out, kids)
        return found

    def roots(self) -> tuple[TrieNode | None, ...]:
        """By signature, the node that it starts."""
        found: list[TrieNode | None] = [None] * (len(self.signatures) + 1)
        for signature, children in self._targets([self.trie]).items():
            found[signature] = self.build(children)
        return tuple(found)


class _Gates:
    """Gates of rules, from the sets of terms that each needs."""

    def __init__(self, slots: Sequence[tuple[Slot, ...]]) -> None:
        self.slots = slots
        self.by_form: dict[bytes, set[Gate]] = defaultdict(set)
        self.prefixes: dict[bytes, int] = {}
        self._shared: dict[frozenset[bytes], frozenset[bytes]] = {}

    def forms(self, terms: Iterable[int]) -> frozenset[bytes] | None:
        """Forms of which one must stand in a text that holds one of the terms; None where a prefix is among them."""
        found: set[bytes] = set()
        for term in terms:
            slot = min(self.slots[term], key=rarity)
            if slot.kind == "prefix":
                return None
            found.update(map(encode, map(fold, slot.accepted)))
        kept = frozenset(found)
        return self._shared.setdefault(kept, kept)

    def add(self, groups: Sequence[frozenset[int]]) -> None:
        """Add the gate of a rule: the first group is its rarest."""
        first, *others = groups
        gate = tuple(dict.fromkeys(forms for group in others if (forms := self.forms(group)) is not None))
        for term in first:
            slot = min(self.slots[term], key=rarity)
            for form in map(encode, map(fold, slot.accepted)):
                if slot.kind == "prefix":
                    self.prefixes[form] = 1
                else:
                    self.by_form[form].add(gate)


def build_lexis(slots: Sequence[tuple[Slot, ...]], needs: Iterable[Sequence[frozenset[int]]]) -> Lexis:
    """The lexis of terms.

    Args:
        slots: of every term, by its number.
        needs: of every rule and figure, groups of terms of which each must have one in a text; the rarest first.
    """
    builder, gates = _Builder(slots), _Gates(slots)
    for groups in needs:
        gates.add(groups)
    by_form = {form: tuple(sorted(found, key=len)) for form, found in gates.by_form.items()}
    return Lexis(builder.forms, builder.prefixes, builder.roots(), by_form, gates.prefixes)
