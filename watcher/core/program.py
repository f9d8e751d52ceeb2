"""What the engine runs: a compiled watchlist, as plain data that can be pickled. Must not: import a parser.

Terms are numbers. A term is a row of slots, a slot a set of surface forms. ``Lexis`` finds them: terms are spelled out
as patterns of whole tokens, and an automaton finds all patterns in one native pass over the tokens of a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ahocorasick_rs import BytesAhoCorasick
from msgspec import Struct

# --- nodes over term numbers --------------------------------------------------------------------------------------


class Terms(Struct, frozen=True):
    """Any of these terms."""

    ids: frozenset[int]


class Some(Struct, frozen=True):
    """Any of the items."""

    items: tuple[Node, ...]


class Every(Struct, frozen=True):
    """All of the items, and none of the absent."""

    items: tuple[Node, ...]
    absent: tuple[Node, ...] = ()


class Close(Struct, frozen=True):
    """A left term and a right one with at most ``distance`` tokens between."""

    left: frozenset[int]
    right: frozenset[int]
    distance: int
    ordered: bool


class Together(Struct, frozen=True):
    """All items in one sentence."""

    items: tuple[Node, ...]


class Within(Struct, frozen=True):
    """The item, seen only in one field: ``title`` or ``lead``."""

    field: str
    item: Node


class AtLeast(Struct, frozen=True):
    """So many different items."""

    count: int
    items: tuple[Node, ...]


Node = Terms | Some | Every | Close | Together | Within | AtLeast


# --- what is compiled ---------------------------------------------------------------------------------------------


class Check(Struct, frozen=True):
    """What a token of a hit must be exactly: its case kept (kind ``case``), or letters that the alphabet lacks."""

    slot: int
    accepted: frozenset[str]
    kind: str


class TermInfo(Struct, frozen=True):
    """A term as it is shown, its number of tokens, what is checked at a hit, and the one language it is for (or any)."""

    name: str
    size: int
    checks: tuple[Check, ...] = ()
    only: str = ""


class TermForms(Struct, frozen=True):
    """A term with the forms of each of its words: what ``check --forms`` shows. ``concept`` is empty for bare words."""

    concept: str
    term: str
    language: str
    forms: tuple[tuple[str, ...], ...]


class Part(Struct, frozen=True):
    """A term that is found by some of its words: where these begin in it, its tokens, and what must stand around.

    ``rest`` names, by offset in the term, the forms and the prefixes that its other tokens may have.
    """

    term: int
    back: int
    size: int
    rest: tuple[tuple[int, frozenset[bytes], tuple[bytes, ...]], ...]

    def holds(self, tokens: Sequence[bytes], begin: int) -> bool:
        """True where the rest of the term stands around, the term beginning at a token."""
        if begin < 0 or begin + self.size > len(tokens):
            return False
        for at, forms, prefixes in self.rest:
            token = tokens[begin + at]
            if token not in forms and not (prefixes and token.startswith(prefixes)):
                return False
        return True


Spotted = Sequence[tuple[int, int, int]]
"""(pattern, first byte, byte after the last), in order of where they end."""


@dataclass(slots=True)
class Lexis:
    """Everything between tokens and terms: an automaton over patterns, bytes of one or more tokens.

    ``whole`` names, by pattern, the terms that it spells out; ``parts`` those of which it is a part. ``forms`` and
    ``prefixes`` are the words that any term knows.
    """

    patterns: tuple[bytes, ...]
    whole: tuple[tuple[int, ...], ...]
    parts: Mapping[int, tuple[Part, ...]]
    forms: frozenset[bytes]
    prefixes: tuple[bytes, ...]
    _automaton: BytesAhoCorasick = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._automaton = BytesAhoCorasick(self.patterns)

    def __reduce__(self) -> tuple[Any, ...]:
        return Lexis, (self.patterns, self.whole, self.parts, self.forms, self.prefixes)

    def spot(self, joined: bytes) -> Spotted:
        """Every place of every pattern in tokens joined by single spaces, with a space at either end."""
        return self._automaton.find_matches_as_indexes(joined, overlapping=True)

    def patterns_of(self) -> dict[int, list[int]]:
        """By term, the patterns of which one stands wherever it does."""
        found: dict[int, list[int]] = {}
        for pattern, terms in enumerate(self.whole):
            for term in terms:
                found.setdefault(term, []).append(pattern)
        for pattern, parts in self.parts.items():
            for part in parts:
                found.setdefault(part.term, []).append(pattern)
        return found

    def knows(self, token: bytes) -> bool:
        """True where a word of some term has this form."""
        return token in self.forms or token.startswith(self.prefixes)


class Context(Struct, frozen=True):
    """A condition around a rule or a signal, and its text for the explanation."""

    node: Node
    text: str


class Pair(Struct, frozen=True):
    """Terms of two groups, by their bits, that begin at most ``reach`` tokens from each other, in order or in any."""

    left: int
    right: int
    reach: int
    ordered: bool


class Stretch(Struct, frozen=True):
    """What must stand close together: terms of groups, by their bits, in one sentence, and pairs that begin there.

    ``anchor`` is the rarest of the groups. Where there are none, a pair may stand anywhere.
    """

    anchor: int
    here: int
    pairs: tuple[Pair, ...] = ()


class Gate(Struct, frozen=True):
    """What a rule (of a signal) or a figure (signal empty) cannot fire without.

    ``needed`` has a bit for each group of terms of which one must stand in the text; each of the stretches must be met
    somewhere.
    """

    signal: str
    name: str
    needed: int
    stretches: tuple[Stretch, ...] = ()


class CompiledRule(Struct, frozen=True):
    """A rule: what must match, what it needs, what takes it back."""

    id: str
    match: Node
    weight: float
    rung: str
    needs: Context | None
    unless: Context | None
    scope: str


class CompiledSignal(Struct, frozen=True):
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


class CompiledFacet(Struct, frozen=True):
    """A facet and what says so."""

    kind: str
    id: str
    title: str
    match: Node


class CompiledFigure(Struct, frozen=True):
    """A tracked quantity. ``units`` are folded forms of its unit words, each a tuple of words."""

    id: str
    title: str
    match: Node
    unit: str
    units: frozenset[tuple[str, ...]]
    low: float
    high: float


class CompiledWatchlist(Struct, frozen=True):
    """A watchlist ready to run."""

    id: str
    revision: str
    language: str
    signals: Mapping[str, CompiledSignal]
    facets: tuple[CompiledFacet, ...]
    figures: tuple[CompiledFigure, ...]
    terms: tuple[TermForms, ...]
    infos: tuple[TermInfo, ...]
    lexis: Lexis
    grants: tuple[int, ...]
    """By pattern, a bit for each group that has a term which may stand there."""
    term_grants: tuple[int, ...]
    """By term, a bit for each group that it belongs to."""
    gates: Mapping[int, tuple[Gate, ...]]
    """By the bit of a group, the gates of the rules and figures whose rarest group it is."""
    anchors: int
    """The bits of all these groups."""
