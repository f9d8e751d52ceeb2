"""What the engine runs: a compiled watchlist, as plain data that can be pickled. Must not: import a parser.

Terms are numbers. A term is a row of slots, a slot a set of surface forms; equal slots are one *word*. A *signature*
is the set of words that one surface form can be; ``Lexis`` maps a token to its signature and walks a trie of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# --- nodes over term numbers --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terms:
    """Any of these terms."""

    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Some:
    """Any of the items."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """All of the items, and none of the absent."""

    items: tuple[Node, ...]
    absent: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Close:
    """A left term and a right one with at most ``distance`` tokens between."""

    left: frozenset[int]
    right: frozenset[int]
    distance: int
    ordered: bool


@dataclass(frozen=True, slots=True)
class Together:
    """All items in one sentence."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """The item, seen only in one field: ``title`` or ``lead``."""

    field: str
    item: Node


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many different items."""

    count: int
    items: tuple[Node, ...]


Node = Terms | Some | Every | Close | Together | Within | AtLeast


# --- what is compiled ---------------------------------------------------------------------------------------------

TrieNode = tuple[tuple[int, ...], Mapping[int, Any]]
"""Terms that end here, and by the signature of the next token the node after it."""


Gate = tuple[frozenset[bytes], ...]


@dataclass(frozen=True, slots=True)
class Check:
    """What a token of a hit must be exactly: its case kept (kind ``case``), or letters that the alphabet lacks."""

    slot: int
    accepted: frozenset[str]
    kind: str


@dataclass(frozen=True, slots=True)
class TermInfo:
    """A term as it is shown, its number of tokens, what is checked at a hit, and the one language it is for (or any)."""

    name: str
    size: int
    checks: tuple[Check, ...] = ()
    only: str = ""


@dataclass(frozen=True, slots=True)
class TermForms:
    """A term with the forms of each of its words: what ``check --forms`` shows. ``concept`` is empty for bare words."""

    concept: str
    term: str
    language: str
    forms: tuple[tuple[str, ...], ...]


class _Memo(dict[bytes, int]):
    """Token → number, with prefixes worked out once per token. Bounded: when full it starts again."""

    __slots__ = ("known", "lengths", "prefixes")
    CAPACITY = 50_000

    def __init__(self, known: Mapping[bytes, int], prefixes: Mapping[bytes, int]) -> None:
        super().__init__(known)
        self.known = known
        self.prefixes = prefixes
        self.lengths = sorted({len(prefix) for prefix in prefixes}, reverse=True)

    def __missing__(self, token: bytes) -> int:
        if len(self) > len(self.known) + self.CAPACITY:
            self.clear()
            self.update(self.known)
        found = 0
        for length in self.lengths:
            found = self.prefixes.get(token[:length], 0)
            if found:
                break
        self[token] = found
        return found


@dataclass(slots=True)
class Lexis:
    """Everything between a token and a term.

    ``forms`` and ``prefixes`` give the signature of a token; ``roots`` the trie node that a signature starts (by index,
    None: none). Every rule and figure has a *gate*: sets of forms of which each must have one in the text. ``gates``
    lists, by form of the rarest set, the other sets of the gates it belongs to; ``gate_prefixes`` open by themselves.
    """

    forms: dict[bytes, int]
    prefixes: dict[bytes, int]
    roots: tuple[TrieNode | None, ...]
    gates: dict[bytes, tuple[Gate, ...]]
    gate_prefixes: dict[bytes, int]
    signature: Callable[[bytes], int | None] = field(init=False, repr=False, compare=False)
    anchors: frozenset[bytes] = field(init=False, repr=False, compare=False)
    _gated: frozenset[bytes] = field(init=False, repr=False, compare=False)
    _opens: Callable[[bytes], int] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.signature = _Memo(self.forms, self.prefixes).__getitem__ if self.prefixes else self.forms.get
        self.anchors = frozenset(self.gates)
        others = (group for gates in self.gates.values() for gate in gates for group in gate)
        self._gated = self.anchors.union(*dict.fromkeys(others))
        self._opens = _Memo({}, self.gate_prefixes).__getitem__ if self.gate_prefixes else None

    def __reduce__(self) -> tuple[Any, ...]:
        return Lexis, (self.forms, self.prefixes, self.roots, self.gates, self.gate_prefixes)

    def can_fire(self, tokens: list[bytes]) -> bool:
        """False where no rule can fire: the cheap first pass."""
        if not self.anchors.isdisjoint(tokens):
            present = self._gated.intersection(tokens)
            for form in self.anchors.intersection(present):
                for gate in self.gates[form]:
                    if not any(map(present.isdisjoint, gate)):
                        return True
        return self._opens is not None and any(map(self._opens, tokens))


@dataclass(frozen=True, slots=True)
class Context:
    """A condition around a rule or a signal, and its text for the explanation."""

    node: Node
    text: str


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule: what must match, what it needs, what takes it back."""

    id: str
    match: Node
    weight: float
    rung: str
    needs: Context | None
    unless: Context | None
    scope: str
    groups: tuple[frozenset[int], ...] = ()
    """Sets of terms of which each must have one in the entry for the rule to fire."""


@dataclass(frozen=True, slots=True)
class CompiledSignal:
    """A signal with its rules by id, in the order of the watchlist; ``rungs`` of its ladder, lowest first."""

    id: str
    title: str
    threshold: float
    ladder: str
    rungs: tuple[str, ...]
    rules: Mapping[str, CompiledRule]
    needs: Context | None
    unless: Context | None
    scope: str


@dataclass(frozen=True, slots=True)
class CompiledFacet:
    """A facet and what says so."""

    kind: str
    id: str
    title: str
    match: Node


@dataclass(frozen=True, slots=True)
class CompiledFigure:
    """A tracked quantity. ``units`` are folded forms of its unit words, each a tuple of words."""

    id: str
    title: str
    match: Node
    unit: str
    units: frozenset[tuple[str, ...]]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CompiledWatchlist:
    """A watchlist ready to run. ``starts`` tells, per term, the rules and figures that cannot fire without it."""

    id: str
    revision: str
    language: str
    signals: Mapping[str, CompiledSignal]
    facets: tuple[CompiledFacet, ...]
    figures: tuple[CompiledFigure, ...]
    terms: tuple[TermForms, ...]
    infos: tuple[TermInfo, ...]
    lexis: Lexis
    starts: Mapping[int, tuple[tuple[str, str], ...]]
    """Term number → (signal, rule) pairs; a figure is ("", figure id)."""
