"""Stories as faces read them: what an entry's story is, and why it stands there. Must not: read a database or group.

How entries are grouped stands in `core/grouping`; who they come from in `core/origin`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from watcher.core.basics import Micros

Standing = Literal["document", "primary", "report"]
"""An institution's own text, an institution's own word, or a report about either."""

STANDINGS: tuple[Standing, ...] = ("document", "primary", "report")
"""In the order in which they stand in a story."""


class StoryRow(Struct, frozen=True):
    """The story of an entry, and how the entry stands in it.

    ``way`` is how it came there (first, link, title, text, likeness, join, split), ``likeness`` how like it is to
    ``nearest_id``; ``related_id`` is an entry of another story that it is somewhat like. ``outlets`` and ``origins``
    count those of the whole story, ``outlet`` and ``origin`` are the entry's own, ``origin_why`` says why.
    """

    story_id: int
    lead_id: int
    entries: int
    outlets: int
    origins: int
    way: str
    likeness: float | None
    outlet: str
    origin: str
    origin_why: str
    standing: str
    first_at: Micros = 0
    last_at: Micros = 0
    nearest_id: int | None = None
    related_id: int | None = None

    @property
    def is_corroborated(self) -> bool:
        """Does it come from at least two independent origins?"""
        return self.origins > 1


def rank(standing: str) -> int:
    """Where a standing comes in a story: the document first."""
    return next((place for place, one in enumerate(STANDINGS) if one == standing), len(STANDINGS))
