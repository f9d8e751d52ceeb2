"""What a poll asks of the store, and what it writes there in one transaction; what is owed to channels. Must not: decide.

Stored state, a parsed feed and the time make intents (see `decide`). Times and digests are those of `model`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from watcher.core.basics import Micros, Outcome, Sighting, SourceHealth
from watcher.core.model import Claim, Fetched, ScoredEntry
from watcher.core.moved import NOWHERE, Moved

# --- what is looked up ------------------------------------------------------------------------------------------


class StoredEntry(Struct, frozen=True, gc=False):
    """What decide needs of an entry that the store has (``is_tombstone``: pruned, only its keys are known).

    One that is known by an alias comes under that alias as its key, beside its own.
    """

    entry_id: int
    key: bytes
    link_key: bytes
    content_digest: bytes
    revision_no: int
    published: Micros | None
    hits: frozenset[tuple[str, str]] = frozenset()
    is_vanished: bool = False
    is_tombstone: bool = False
    is_loose: bool = False


class EntryLookup(Struct, frozen=True):
    """What to look up for one source: keys (aliases count), link keys and content digests of the entries in a body."""

    source_id: int
    keys: tuple[bytes, ...] = ()
    links: tuple[bytes, ...] = ()
    contents: tuple[bytes, ...] = ()


class ShownLookup(Struct, frozen=True):
    """What a body of a source shows: the keys of the entries that were parsed, and the digests of all its items.

    So that items which were skipped because their bytes are known count as shown.
    """

    source_id: int
    keys: tuple[bytes, ...] = ()
    items: tuple[bytes, ...] = ()


class Departed(Struct, frozen=True):
    """Ids of entries of the body before that are not in this one: taken back by their publisher, or rolled off its end."""

    withdrawn: tuple[int, ...] = ()
    rolled: tuple[int, ...] = ()


# --- what is written --------------------------------------------------------------------------------------------


class EntryIntent(Struct, frozen=True, gc=False):
    """What shall be written for one entry.

    ``entry_id`` None makes a new entry; else a revision ``revision_no`` is added where ``new_revision``. ``aliases`` are
    further keys under which this entry is known from now on. ``hits`` are those to insert (watchlist id, signal):
    at most one ever per signal. ``alerts`` is the part of them that is owed to channels. ``duplicate_of`` is the id of
    the entry that this one repeats.
    """

    scored: ScoredEntry
    entry_id: int | None
    key: bytes
    link_key: bytes
    content_digest: bytes
    sighting: Sighting
    revision_no: int = 1
    new_revision: bool = True
    aliases: tuple[bytes, ...] = ()
    hits: tuple[tuple[str, str], ...] = ()
    alerts: tuple[tuple[str, str], ...] = ()
    duplicate_of: int | None = None


class SourceChange(Struct, frozen=True):
    """The source's row after the poll. ``health`` starts a new interval where it differs from the stored one.

    ``retry_not_before`` is a publisher's Retry-After: not even ``poll --all`` goes past it.
    """

    next_poll_at: Micros
    health: SourceHealth
    reason: str
    failures: int
    etag: str
    last_modified: str
    body_digest: bytes
    item_digests: tuple[bytes, ...] | None
    last_ok_at: Micros | None
    kind_state: str = ""
    retry_not_before: Micros | None = None
    crashes: int = 0
    alarmed_at: Micros | None = None
    ttl_s: float | None = None
    quiet_hours: tuple[int, ...] = ()
    quiet_days: tuple[int, ...] = ()
    arrivals: tuple[int, ...] = ()
    body_at: Micros | None = None
    moved: Moved = NOWHERE


class Notice(Struct, frozen=True):
    """A message about ourselves that is owed to every channel: its idempotency key and what it says."""

    key: str
    payload: Mapping[str, object]


class HostHold(Struct, frozen=True):
    """A host that asked to be left alone, by any of its sources, until a time."""

    host: str
    until: Micros
    reason: str


class PollIntent(Struct, frozen=True):
    """Everything one poll writes, in one transaction.

    ``revisions`` names the watchlists (id → revision, hex) that this poll was scored under, also where nothing matched;
    left empty, the store takes the current revision of every watchlist that lists the source. ``seen`` are known
    entries that came again unchanged, ``seen_items`` the item digest of each of those whose bytes changed all the same.
    ``vanished`` are entries withdrawn at the source, ``left`` those that merely rolled off the end of the body.
    """

    claim: Claim
    started_at: Micros
    finished_at: Micros
    outcome: Outcome
    status: int | None
    phase: str
    error: str
    detail: str
    warnings: tuple[str, ...]
    fetched: Fetched | None
    format: str
    entries_seen: int
    change: SourceChange
    entries: tuple[EntryIntent, ...] = ()
    seen: tuple[int, ...] = ()
    vanished: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    seen_items: tuple[tuple[int, bytes], ...] = ()
    revisions: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    holds: tuple[HostHold, ...] = ()

    @property
    def keeps_body(self) -> bool:
        """Bytes are kept where they made a hit or a revision of a known entry."""
        return any(e.hits or (e.entry_id is not None and e.new_revision) for e in self.entries)


# --- what is sent -----------------------------------------------------------------------------------------------


class OwedAlert(Struct, frozen=True):
    """A message that is owed to a channel, claimed for sending. ``attempts`` counts this one too.

    ``key`` stays the same through any crash: a receiver that knows it drops the second copy. ``payload`` is what is
    said, as JSON values: for a hit its watchlist, signal, score, rung, reason, source, title, link and times.
    """

    alert_id: int
    channel: str
    key: str
    kind: str
    payload: Mapping[str, object]
    created_at: Micros
    attempts: int
