"""What a watchlist says, as frozen data: made by the loader, read by the compiler. Must not: parse, check or match.

A ``Query`` keeps the place where its text stands, so that an error inside it can point at its own column.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from watcher.core.model import SourceSpec


class Place(Struct, frozen=True):
    """Where something stands: file name as given, line and column from 1 (column of the first character itself)."""

    file: str = "<text>"
    line: int = 1
    column: int = 1


class Query(Struct, frozen=True):
    """A query as written, with its place. Empty text means "none".

    ``turns`` are (offset, line, column) wherever a character does not stand one column after the one before it:
    doubled quotes and folded lines of the file.
    """

    text: str = ""
    place: Place = field(default_factory=Place)
    turns: tuple[tuple[int, int, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text)

    def at(self, offset: int) -> Place:
        """Where the character at an offset of ``text`` stands in the file."""
        start, line, column = 0, self.place.line, self.place.column
        for turn in self.turns:
            if turn[0] > offset:
                break
            start, line, column = turn
        return Place(self.place.file, line, column + offset - start)


class Term(Struct, frozen=True):
    """One term of a concept: a word, a phrase, ``"exact"``, ``pre*`` or ``=Case``, in the language it is listed under.

    ``forms`` are given by the author and replace expansion; ``only`` restricts the term to entries of that language.
    """

    text: str
    language: str
    place: Place = field(default_factory=Place)
    forms: tuple[str, ...] = ()
    only: str = ""


class Concept(Struct, frozen=True):
    """A named set of terms in several languages; ``@id`` in a query means any of them."""

    id: str
    terms: tuple[Term, ...]
    place: Place = field(default_factory=Place)


class Rule(Struct, frozen=True):
    """One weighted condition of a signal.

    ``weight`` is the points at full strength. ``needs`` and ``unless`` are context of this rule alone.
    ``scope`` says where ``needs`` must stand: ``entry`` or ``sentence`` (one of the sentences that match).
    """

    id: str
    match: Query
    weight: float
    rung: str = ""
    needs: Query = field(default_factory=Query)
    unless: Query = field(default_factory=Query)
    scope: str = "entry"
    note: str = ""
    place: Place = field(default_factory=Place)


class Signal(Struct, frozen=True):
    """An indicator: its rules, the context it needs, what suppresses it, its ladder and its threshold (score 0-100)."""

    id: str
    title: str
    rules: tuple[Rule, ...]
    threshold: float = 50.0
    ladder: str = ""
    needs: Query = field(default_factory=Query)
    unless: Query = field(default_factory=Query)
    scope: str = "entry"
    note: str = ""
    place: Place = field(default_factory=Place)


class Facet(Struct, frozen=True):
    """What a hit can touch: ``kind`` (institution, actor, provision, condition, …), its id, and the query that says so."""

    kind: str
    id: str
    match: Query
    title: str = ""
    place: Place = field(default_factory=Place)


class BaselineFigure(Struct, frozen=True):
    """A dated, sourced value that later readings stand beside."""

    date: str
    value: float
    qualifier: str
    note: str
    source: str


class Figure(Struct, frozen=True):
    """A tracked quantity: the phrase it stands with, its unit words, the plausible range, and its baseline."""

    id: str
    title: str
    match: Query
    unit: str
    unit_terms: tuple[Term, ...] = ()
    low: float = 0.0
    high: float = float("inf")
    baseline: tuple[BaselineFigure, ...] = ()
    place: Place = field(default_factory=Place)


class TimelineEvent(Struct, frozen=True):
    """A dated background event."""

    date: str
    title: str
    note: str
    source: str


class Position(Struct, frozen=True):
    """A party's baseline position, in our own words, with its source."""

    party: str
    date: str
    position: str
    source: str


class Document(Struct, frozen=True):
    """A whole watchlist. ``revision`` is the hex SHA-256 over all files, names sorted; ``files`` holds their texts.

    ``main`` is the name in ``files`` of the file that includes the others; names are relative to its folder.
    """

    id: str
    question: str
    language: str
    timezone: str
    revision: str
    files: Mapping[str, str]
    ladders: Mapping[str, tuple[str, ...]]
    concepts: Mapping[str, Concept]
    facets: tuple[Facet, ...]
    signals: tuple[Signal, ...]
    figures: tuple[Figure, ...]
    sources: tuple[SourceSpec, ...]
    timeline: tuple[TimelineEvent, ...]
    positions: tuple[Position, ...]
    retired: tuple[str, ...]
    main: str = "watchlist.yaml"
