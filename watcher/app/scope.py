"""Which stored entries an edited watchlist can score otherwise. Must not: score them, or print.

::

    revisions that entries were scored under, each with the program that did -> what each differs in from the new one
        -> words of the search index -> candidates; and what was never scored, or is not in the index yet

In any doubt it is every entry: another program or dictionary scored them, a rule can fire on any text.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from watcher.core.changes import Difference, Expand, ScoredUnder, difference
from watcher.core.document import Document
from watcher.core.errors import WatchlistError
from watcher.core.wanted import Groups

NAMED = 6


@dataclass(frozen=True, slots=True)
class Scope:
    """``ids``: the entries that can be scored otherwise, oldest first; None: all of them. ``why``: for a person."""

    ids: tuple[int, ...] | None
    why: str


class ScopeSide(Protocol):
    """What the database tells."""

    def scored_under(self) -> Sequence[ScoredUnder]:
        """The revisions that entries of the watchlist were last scored under."""
        ...

    def unscored(self) -> Iterator[int]:
        """Entries whose current wording was never scored, by id."""
        ...

    def hit_entries(self) -> Iterator[int]:
        """Entries with a hit, by id."""
        ...


Candidates = Callable[[Sequence[Groups]], Iterator[int]]
"""Entries that meet one of the groups, by id; and those that the index does not hold yet."""


Read = Callable[[ScoredUnder], Document]
"""The document of a revision; it may raise a `WatchlistError`."""


def narrow(
    side: ScopeSide, candidates: Candidates, document: Document, read: Read, expand: Expand, program: str
) -> Scope:
    """The entries that can be scored otherwise under a document.

    Args:
        side: the stored side.
        candidates: the search index.
        document: the edited watchlist.
        read: tells what it was.
        expand: turns words into forms.
        program: what would score them now.
    """
    edits: list[Difference] = []
    for under in side.scored_under():
        if under.made_by != program:
            return Scope(None, "another program or other dictionaries scored some of them")
        if under.revision != document.revision:
            edits.append(_edit(under, document, read, expand))
    whole = next((edit.whole for edit in edits if edit.whole), "")
    if whole:
        return Scope(None, whole)
    groups = list(dict.fromkeys(group for edit in edits for group in edit.groups))
    parts = [side.unscored()]
    if groups:
        parts.append(candidates(groups))
    if any(edit.hits for edit in edits):
        parts.append(side.hit_entries())
    ids = tuple(key for key, _ in groupby(heapq.merge(*parts)))
    return Scope(ids, _told([name for edit in edits for name in edit.what]))


def _edit(under: ScoredUnder, document: Document, read: Read, expand: Expand) -> Difference:
    try:
        return difference(read(under), document, expand)
    except WatchlistError:
        return Difference(whole="the watchlist that they were scored under cannot be read any more")


def _told(names: Sequence[str]) -> str:
    different = list(dict.fromkeys(names))
    if not different:
        return "nothing that scores changed"
    rest = len(different) - NAMED
    return f"changed: {', '.join(different[:NAMED])}{f' and {rest} more' if rest > 0 else ''}"
