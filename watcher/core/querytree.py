"""The tree of a query, and its text again. Must not: parse, or know word forms, concepts or texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Word:
    """One item of a phrase. ``mode``: forms, exact, prefix or case; quoted text may hold several tokens."""

    text: str
    mode: str = "forms"
    language: str = ""
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row."""

    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class ConceptRef:
    """Any term of a concept."""

    id: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """``a | b``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """``a & b & !c``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``!a``, only inside ``&``."""

    item: Node


@dataclass(frozen=True, slots=True)
class SameSentence:
    """``a sentence b``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """``a near/N b``, ``a before/N b``: at most N tokens between."""

    left: Node
    right: Node
    distance: int
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class InField:
    """``title:(a)``, ``lead:(a)``."""

    field: str
    item: Node


@dataclass(frozen=True, slots=True)
class CountOf:
    """``N of (a | b | c)``: at least N different ones."""

    count: int
    items: tuple[Node, ...]


Node = Phrase | ConceptRef | AnyOf | AllOf | Not | SameSentence | Near | InField | CountOf


# --- and back -----------------------------------------------------------------------------------------------------


def _show_word(word: Word) -> str:
    match word.mode:
        case "exact":
            return f'"{word.text}"'
        case "prefix":
            return f"{word.text}*"
        case "case":
            return f'="{word.text}"'
        case _:
            return word.text


def _inner(node: Node, *kinds: type) -> str:
    return show(node) if isinstance(node, (Phrase, ConceptRef, InField, CountOf, *kinds)) else f"({show(node)})"


def _join(operator: str, items: tuple[Node, ...], *bare: type) -> str:
    return operator.join(_inner(item, *bare) for item in items)


def show(node: Node) -> str:
    """The query of a tree; parsed again it is the same tree."""
    match node:
        case Phrase(words):
            text = " ".join(map(_show_word, words))
        case ConceptRef(name):
            text = f"@{name}"
        case AnyOf(items):
            text = _join(" | ", items, AllOf, SameSentence, Near)
        case AllOf(items):
            text = _join(" & ", items, SameSentence, Near, Not)
        case SameSentence(items):
            text = _join(" sentence ", items, Near)
        case Near(left, right, distance, ordered):
            text = f"{_inner(left)} {'before' if ordered else 'near'}/{distance} {_inner(right)}"
        case Not(item):
            text = f"!{_inner(item)}"
        case InField(name, item):
            text = f"{name}:({show(item)})"
        case _:
            text = f"{node.count} of ({_join(' | ', node.items, AllOf, SameSentence, Near)})"
    return text


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    match node:
        case AnyOf(items) | AllOf(items) | SameSentence(items) | CountOf(_, items):
            for item in items:
                yield from walk(item)
        case Near(left, right):
            yield from walk(left)
            yield from walk(right)
        case Not(item) | InField(_, item):
            yield from walk(item)
        case _:
            return
