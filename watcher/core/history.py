"""What is kept of an entry over time, as the database tells it. Raw texts: every sink cleans its own. Must not: judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watcher.core.basics import Micros


@dataclass(frozen=True, slots=True)
class Wording:
    """One revision of an entry. ``last_seen`` is the last body known to hold it; ``sighting`` the class of its first.

    ``poll_id``, ``fetched_at`` and ``body_digest`` are of the poll that brought it; ``body_kept``: are its bytes here.
    """

    number: int
    digest: bytes
    title: str
    text: str
    first_seen: Micros
    last_seen: Micros
    sighting: str
    poll_id: int
    fetched_at: Micros
    body_digest: bytes
    body_kept: bool


@dataclass(frozen=True, slots=True)
class History:
    """An entry with all its wordings, oldest first.

    ``left_at``: the first body without it (None: still in the newest); ``vanished_at``: it was withdrawn, it left while
    older entries stayed. ``aliases`` counts further ids that its publisher gave it. ``hits`` are (hit, signal).
    """

    entry_id: int
    title: str
    link: str
    guid: str
    source: str
    source_title: str
    publisher: str
    published: Micros | None
    published_raw: str
    sighting: str
    duplicate_of: int | None
    first_seen: Micros
    last_seen: Micros
    left_at: Micros | None
    vanished_at: Micros | None
    aliases: int
    wordings: tuple[Wording, ...]
    hits: tuple[tuple[int, str], ...]


Record = Mapping[str, Any]
"""A row of a table as it is stored: column to value."""


@dataclass(frozen=True, slots=True)
class HitEvidence:
    """All that the database keeps about one hit, as rows of its tables.

    ``polls`` are those that brought a wording, ``bodies`` their bytes by hex digest (where they were kept),
    ``revisions`` the watchlist revisions that it was scored under, whole. ``left_out`` says in sentences what is not
    here, and why. ``story`` are the entries of its story as they stand in it, its own too; empty: not yet grouped.
    """

    hit: Record
    watchlist: str
    entry: Record
    source: Record
    link: Record
    history: History
    polls: tuple[Record, ...]
    bodies: Mapping[str, bytes]
    assessments: tuple[Record, ...]
    revisions: tuple[Record, ...]
    verdicts: tuple[Record, ...]
    schema: str
    story: tuple[Record, ...] = ()
    left_out: tuple[str, ...] = ()
