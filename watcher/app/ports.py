"""What use cases ask of the edges, as protocols. Must not: import an edge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from watcher.core.document import Document
from watcher.core.errors import WatcherError
from watcher.core.intents import (
    Departed,
    EntryLookup,
    HostHold,
    Notice,
    OwedAlert,
    PollIntent,
    ShownLookup,
    StoredEntry,
)
from watcher.core.model import Claim, Fetched, Micros, ParsedFeed, SourceSpec, StoredText, TextAssessed


class Clock(Protocol):
    """Wall time for storage, monotonic time for durations and deadlines."""

    def now(self) -> Micros:
        """Wall time, UTC microseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


class Fetcher(Protocol):
    """One guarded fetch for everything."""

    async def fetch(self, claim: Claim) -> Fetched:
        """Read the source of a claim, conditionally where it has validators.

        Raises:
            SourceError: nothing usable came back; the phase and kind say what.
        """
        ...

    def hold(self, host: str, seconds: float) -> None:
        """Ask this host nothing for so long, whatever source it is of."""
        ...


class Parser(Protocol):
    """The sandbox: turns untrusted bytes into plain, validated data, with evidence per watchlist."""

    async def parse(self, claim: Claim, fetched: Fetched) -> ParsedFeed:
        """Decode, parse, scrub and match in a child that can be killed.

        Raises:
            SourceError: phase ``decode``, ``parse`` or ``match``.
        """
        ...


class Transaction(Protocol):
    """One write transaction; leaving the context commits, an exception rolls back."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A nested unit: an exception inside rolls back to its start and propagates."""
        ...

    def known_entries(
        self, source_id: int, keys: Sequence[bytes], links: Sequence[bytes], contents: Sequence[bytes]
    ) -> Sequence[StoredEntry]:
        """Stored entries and tombstones of a source that share a key (or alias), link key or content digest."""
        ...

    def known_many(self, lookups: Sequence[EntryLookup]) -> Sequence[Sequence[StoredEntry]]:
        """`known_entries` of many sources at the price of one, in the order asked."""
        ...

    def left_many(self, lookups: Sequence[ShownLookup]) -> Sequence[Departed]:
        """Entries that were in the last body of a source and are not in this one, for many sources, in the order asked."""
        ...

    def apply(self, intent: PollIntent) -> Mapping[str, int]:
        """Write everything one poll did, and release its lease. Returns counts (entries, revisions, hits, alerts).

        Raises:
            LeaseLostError: the fencing token is not ours any more.
        """
        ...

    def apply_all(self, intents: Sequence[PollIntent]) -> Sequence[Mapping[str, int] | WatcherError]:
        """`apply` for many polls, their rows grouped; where the group fails, each in its own savepoint.

        The answers stand in the order of the intents; an error (a lost lease) stands for that poll alone.
        """
        ...

    def save_assessments(
        self,
        watchlist: str,
        revision: str,
        scored: Sequence[TextAssessed],
        now: Micros,
        *,
        run_id: int | None = None,
        alerts: Sequence[tuple[int, str]] = (),
    ) -> Mapping[str, int]:
        """Store what catch-up or a rescore found: hits where there was none, assessments, "scored under" marks.

        ``alerts`` (entry id, signal) is the part of new hits that is owed to channels (a rescore owes none).
        """
        ...


class Crash(Protocol):
    """A source that was being polled when its process died."""

    @property
    def source(self) -> str:
        """Its name."""
        ...

    @property
    def crashes(self) -> int:
        """Deaths in a row."""
        ...

    @property
    def quarantined(self) -> bool:
        """Is it put aside now?"""
        ...


class Store(Protocol):
    """Transactions and claims. Sync: called from the one writer thread."""

    def write(self) -> AbstractContextManager[Transaction]:
        """A write transaction (``BEGIN IMMEDIATE`` on SQLite)."""
        ...

    def claim_due(
        self,
        owner: str,
        now: Micros,
        *,
        limit: int,
        lease_s: float,
        everything: bool = False,
        only: Sequence[str] = (),
        items: bool = True,
    ) -> Sequence[Claim]:
        """Take due sources under a lease, most overdue first; never past a publisher's Retry-After.

        Without ``items`` the claims do not hold ``seen_items``.
        """
        ...

    def present_items(self, source_ids: Sequence[int]) -> Mapping[int, frozenset[bytes]]:
        """The ``seen_items`` of sources; one that has none is left out."""
        ...

    def release(self, claims: Sequence[Claim]) -> None:
        """Give leases back untouched (at stop)."""
        ...

    def sweep_leases(self, owner: str, now: Micros) -> Sequence[Crash]:
        """Take back the leases of processes that died, and suspect what they were polling."""
        ...

    def begin_span(self, owner: str, now: Micros) -> int:
        """A daemon starts; returns the number of its span."""
        ...

    def beat(self, span_id: int, now: Micros, *, ended: bool = False) -> None:
        """The daemon lives; or ends in order."""
        ...

    def host_holds(self, now: Micros) -> Sequence[HostHold]:
        """Hosts that asked to be left alone until later than now."""
        ...

    def is_silent(self, now: Micros) -> tuple[bool, Micros | None]:
        """Was no source read for twice its own interval; and when one last was."""
        ...

    def owe_notices(self, notices: Sequence[Notice], now: Micros) -> int:
        """Owe messages about ourselves to every channel; returns how many were not owed before."""
        ...

    def open_notice(self, begins: str, ends: str) -> str:
        """The rest of the key of the newest message that begins so, where none tells that it is over; else empty."""
        ...

    def save_watchlist(self, document: Document, compiled: bytes, now: Micros) -> None:
        """Store the revision whole (files and compiled form) and make the sources what it says (desired state)."""
        ...

    def unscored_entries(
        self, watchlist: str, revision: str, limit: int, *, after: int = 0, never_only: bool = True
    ) -> Sequence[StoredText]:
        """Entries of the watchlist's sources that were never scored for it, ids above ``after``, oldest first.

        With ``never_only`` False also those that were scored under another revision (rescore).
        """
        ...

    def trim_log(self) -> int:
        """Empty SQLite's write-ahead log where it is too large, without waiting; returns its bytes after."""
        ...

    def next_due(self) -> Micros | None:
        """When the next source is due, or None where none ever is."""
        ...


class Outbox(Protocol):
    """Messages owed to channels. Sync: called from the one writer thread."""

    def claim_alerts(
        self, now: Micros, channel: str, limit: int, lease_s: float, *, owner: str = ""
    ) -> Sequence[OwedAlert]:
        """Take what is owed to a channel now under a lease, oldest first; counts the attempt."""
        ...

    def mark_sent(self, alert_ids: Sequence[int], now: Micros) -> None:
        """The channel has them."""
        ...

    def mark_failed(
        self, alert_ids: Sequence[int], now: Micros, error: str, *, retry_at: Micros, permanent: bool = False
    ) -> None:
        """The channel did not take them: owed again from ``retry_at``, or dead letters where trying cannot help."""
        ...


class Channel(Protocol):
    """A way out for alerts. ``send`` is called in a thread of the channel's own."""

    @property
    def name(self) -> str:
        """Name in the outbox and in logs."""
        ...

    def send(self, alerts: Sequence[OwedAlert], now: Micros) -> None:
        """Hand alerts over, all or none; returns only when the receiver has them for good.

        Raises:
            ChannelError: it did not take them.
        """
        ...


Jitter = Callable[[], float]
SourceSpecs = Sequence[SourceSpec]
