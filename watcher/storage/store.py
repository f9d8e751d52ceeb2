"""The store: transactions, claims, watchlists, the outbox. Must not: hold a rule of what is new, a hit or due.

Everything that one transaction does is a method of `SqlTransaction`; it never commits, the context of `SqlStore.write`
does. Sync: called from the one writer thread.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, or_, select, update

from watcher.core.document import Document
from watcher.core.errors import DatabaseBusyError, StorageError, WatcherError
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
from watcher.core.limits import Limits
from watcher.core.model import Claim, Micros, Sighting, StoredText, TextAssessed
from watcher.storage import claims as leases
from watcher.storage import desired, holds, known, life, outbox
from watcher.storage.engine import WAL_LIMIT_BYTES, begin, trim_log, writer
from watcher.storage.faults import ConnectionLostError
from watcher.storage.names import Names
from watcher.storage.polls import PollWriter
from watcher.storage.scoring import ScoredText, ScoreWriter, mark_row
from watcher.storage.sqltools import BAD_ROW, chunks, is_bad_row, savepoint
from watcher.storage.tables import (
    entries,
    entry_revisions,
    entry_scores,
    runs,
    sources,
    watchlist_revisions,
    watchlist_sources,
    watchlists,
)

T = TypeVar("T")
TRIES = 3


@dataclass(frozen=True, slots=True)
class StoredWatchlist:
    """A revision as it was loaded."""

    watchlist: str
    revision: str
    files: Mapping[str, str]
    compiled: bytes
    loaded_at: Micros


class SqlTransaction:
    """One open write transaction."""

    def __init__(self, connection: Connection, channels: Sequence[str]) -> None:
        self._connection = connection
        self._channels = channels
        self._names = Names(connection)

    def savepoint(self) -> AbstractContextManager[None]:
        """A nested unit: an exception inside rolls back to its start and propagates."""
        return savepoint(self._connection)

    def known_entries(
        self, source_id: int, keys: Sequence[bytes], links: Sequence[bytes], contents: Sequence[bytes]
    ) -> Sequence[StoredEntry]:
        """Stored entries and tombstones of a source that share a key (or alias), link key or content digest."""
        lookup = EntryLookup(source_id, tuple(keys), tuple(links), tuple(contents))
        return known.known_many(self._connection, [lookup])[0]

    def known_many(self, lookups: Sequence[EntryLookup]) -> Sequence[Sequence[StoredEntry]]:
        """`known_entries` of many sources at the price of one, in the order asked."""
        return known.known_many(self._connection, lookups)

    def left_many(self, lookups: Sequence[ShownLookup]) -> Sequence[Departed]:
        """Entries of the last bodies of sources that are not in these, in the order asked."""
        return known.left_many(self._connection, lookups)

    def apply(self, intent: PollIntent) -> Mapping[str, int]:
        """Write everything one poll did, and release its lease; an entry that the database refuses is put aside.

        Raises:
            LeaseLostError: the fencing token is not ours any more.
        """
        (answer,) = self.apply_all([intent])
        if isinstance(answer, WatcherError):
            raise answer
        return answer

    def apply_all(self, intents: Sequence[PollIntent]) -> Sequence[Mapping[str, int] | WatcherError]:
        """`apply` for many polls, their rows grouped; where the group fails, each alone, entry by entry."""
        polls = PollWriter(self._connection, self._names, self._channels)
        lost = polls.lost(intents)
        ours = [intent for intent in intents if intent.claim.source_id not in lost]
        try:
            with savepoint(self._connection):
                done: list[Mapping[str, int] | WatcherError] = list(polls.write(ours)) if ours else []
        except BAD_ROW as error:
            if not is_bad_row(error):
                raise
            done = [self._apply_alone(polls, intent) for intent in ours]
        answers = dict(zip((intent.claim.source_id for intent in ours), done, strict=True))
        return [lost.get(i.claim.source_id) or answers[i.claim.source_id] for i in intents]

    def _apply_alone(self, polls: PollWriter, intent: PollIntent) -> Mapping[str, int] | WatcherError:
        try:
            with savepoint(self._connection):
                return polls.write_alone(intent)
        except BAD_ROW as error:
            if not is_bad_row(error):
                raise
            return StorageError(f"the poll of {intent.claim.spec.id} cannot be stored: {error}")

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
        """Store what catch-up or a rescore found. Signals that are reached become hits where there was none."""
        owed = set(alerts)
        revision_id = self._names.revision(watchlist, revision)
        told = self._told([text.entry_id for text in scored])
        texts = [
            ScoredText(
                entry_id=text.entry_id,
                entry_revision=text.revision_no,
                watchlist=watchlist,
                revision_id=revision_id,
                assessments=text.assessments,
                figures=text.evidence.figures if text.evidence else (),
                wanted=frozenset(found.signal for found in text.assessments if found.reached),
                alerted=frozenset(signal for entry_id, signal in owed if entry_id == text.entry_id),
                is_known=True,
                run_id=run_id,
                replaces=run_id is not None,
                **told[text.entry_id],
            )
            for text in scored
            if text.entry_id in told
        ]
        watchlist_id = self._names.watchlist(watchlist)
        marks = [mark_row(text.entry_id, text.entry_revision, watchlist_id, revision_id) for text in texts]
        made = ScoreWriter(self._connection, self._names, self._channels, now).write(texts, marks)
        return {"entries": len(texts), "hits": len(made)}

    def advance_run(self, run_id: int, position: int) -> None:
        """A run is done with entries up to this id: it goes on after them, whatever happens."""
        self._connection.execute(update(runs).where(runs.c.id == run_id).values(position=position))

    def _told(self, entry_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """What an alert tells of entries, as arguments of `ScoredText`."""
        e, s = entries.c, sources.c
        statement = select(
            e.id,
            e.source_id,
            e.key,
            e.first_seen,
            e.title,
            e.link,
            e.published,
            s.name,
            s.title.label("source_title"),
            s.publisher,
            s.address_key,
        ).join_from(entries, sources)
        found: dict[int, dict[str, Any]] = {}
        for part in chunks(entry_ids):
            for row in self._connection.execute(statement.where(e.id.in_(part))).all():
                told = {
                    "title": row.title,
                    "link": row.link,
                    "source": row.name,
                    "source_title": row.source_title,
                    "publisher": row.publisher,
                    "published": row.published,
                }
                found[row.id] = {
                    "source_id": row.source_id,
                    "address_key": row.address_key,
                    "entry_key": row.key,
                    "first_seen": row.first_seen,
                    "sighting": Sighting.BACKFILLED.value,
                    "told": told,
                }
        return found


class SqlStore:
    """The store on SQLite or PostgreSQL.

    Args:
        engine: from `open_engine`.
        limits: waits and leases.
        channels: names of the channels that alerts are owed to.
    """

    def __init__(
        self, engine: Engine, limits: Limits | None = None, *, channels: Sequence[str] = (), made_by: str = ""
    ) -> None:
        self._made_by = made_by
        self._engine = engine
        self._writer = writer(engine)
        self._limits = limits or Limits()
        self._channels = tuple(channels)
        self._swept_by = ""

    @contextmanager
    def write(self) -> Iterator[SqlTransaction]:
        """A write transaction (``BEGIN IMMEDIATE`` on SQLite); leaving the context commits."""
        with begin(self._writer) as connection:
            yield SqlTransaction(connection, self._channels)

    def transact(self, work: Callable[[SqlTransaction], T]) -> T:
        """Run work in a write transaction, the whole of it again where the server was lost or rows were held."""
        for left in reversed(range(TRIES)):
            try:
                with self.write() as transaction:
                    return work(transaction)
            except (ConnectionLostError, DatabaseBusyError):
                if not left:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def trim_log(self, above_bytes: int = WAL_LIMIT_BYTES) -> int:
        """Empty SQLite's write-ahead log where it is too large, without waiting; returns its bytes after."""
        return trim_log(self._engine, above_bytes)

    # --- sources ------------------------------------------------------------------------------------------------

    def claim_due(
        self,
        owner: str,
        now: Micros,
        *,
        limit: int,
        lease_s: float | None = None,
        everything: bool = False,
        only: Sequence[str] = (),
        items: bool = True,
    ) -> Sequence[Claim]:
        """Take due sources under a lease, most overdue first; never past a publisher's Retry-After."""
        lease = self._limits.lease_s if lease_s is None else lease_s
        with begin(self._writer) as connection:
            return leases.claim_due(
                connection, owner, now, limit=limit, lease_s=lease, everything=everything, only=only, items=items
            )

    def present_items(self, source_ids: Sequence[int]) -> Mapping[int, frozenset[bytes]]:
        """Digests of the items in the last bodies of sources, which a claim without ``items`` does not hold."""
        with begin(self._engine) as connection:
            return leases.present_items(connection, source_ids)

    def release(self, claims: Sequence[Claim]) -> None:
        """Give leases back untouched (at stop)."""
        with begin(self._writer) as connection:
            leases.release(connection, claims)

    def next_due(self) -> Micros | None:
        """When the next source is due, or None where none ever is."""
        with begin(self._engine) as connection:
            return leases.next_due(connection)

    def sweep_leases(self, owner: str, now: Micros) -> Sequence[life.Crashed]:
        """Take back the leases of processes that died, and suspect what they were polling.

        The first time also leases that still run, where the writer's lock proves that nobody else can be alive; and where
        it does, nobody leaves any behind after that.
        """
        is_alone = self._engine.dialect.name == "sqlite"
        if is_alone and self._swept_by == owner:
            return ()
        with begin(self._writer) as connection:
            crashed = life.sweep_leases(connection, owner, now, alone=is_alone and not self._swept_by)
        self._swept_by = owner
        return crashed

    def begin_span(self, owner: str, now: Micros) -> int:
        """A daemon starts; returns the number of its span."""
        with begin(self._writer) as connection:
            return life.begin_span(connection, owner, now)

    def beat(self, span_id: int, now: Micros, *, ended: bool = False) -> None:
        """The daemon lives; or ends in order."""
        with begin(self._writer) as connection:
            life.beat(connection, span_id, now, ended=ended)

    def host_holds(self, now: Micros) -> Sequence[HostHold]:
        """Hosts that asked to be left alone until later than now."""
        with begin(self._engine) as connection:
            return holds.held(connection, now)

    def is_silent(self, now: Micros) -> tuple[bool, Micros | None]:
        """Was no source read for twice its own interval; and when one last was."""
        with begin(self._engine) as connection:
            return life.is_silent(connection, now)

    # --- watchlists ---------------------------------------------------------------------------------------------

    def save_watchlist(self, document: Document, compiled: bytes, now: Micros) -> None:
        """Store the revision whole and make the sources what it says (desired state)."""
        with begin(self._writer) as connection:
            desired.save_watchlist(connection, document, compiled, now, made_by=self._made_by)

    @property
    def engine(self) -> Engine:
        """What it works on."""
        return self._engine

    def documents(self) -> tuple[StoredWatchlist, ...]:
        """The revision of every watchlist that is loaded now, whole, by name."""
        w, r = watchlists.c, watchlist_revisions.c
        statement = (
            select(w.name, r.digest, r.files, r.compiled, r.loaded_at)
            .join_from(watchlists, watchlist_revisions, r.id == w.revision_id)
            .order_by(w.name)
        )
        with begin(self._engine) as connection:
            rows = connection.execute(statement).all()
        return tuple(
            StoredWatchlist(row.name, row.digest.hex(), row.files, zlib.decompress(row.compiled), row.loaded_at)
            for row in rows
        )

    def unscored_entries(
        self, watchlist: str, revision: str, limit: int, *, after: int = 0, never_only: bool = True
    ) -> Sequence[StoredText]:
        """Entries of the watchlist's sources that were never scored for it, ids above ``after``, oldest first.

        An entry whose current wording was not scored counts as never scored. With ``never_only`` False also those that
        were scored under another revision (rescore).
        """
        with begin(self._engine) as connection:
            names = Names(connection)
            watchlist_id = names.watchlist(watchlist)
            e, r, sc = entries.c, entry_revisions.c, entry_scores.c
            score = (sc.entry_id == e.id) & (sc.watchlist_id == watchlist_id)
            text = (r.entry_id == e.id) & (r.revision_no == e.revision_no)
            stale = [sc.entry_id.is_(None), sc.entry_revision != e.revision_no]
            if not never_only:
                stale.append(sc.revision_id != names.revision(watchlist, revision))
            link = watchlist_sources.c
            listed = select(link.source_id).where(link.watchlist_id == watchlist_id, link.removed_at.is_(None))
            statement = (
                select(e.id, e.revision_no, r.title, r.text, e.language, e.published, e.first_seen)
                .select_from(entries.outerjoin(entry_scores, score).join(entry_revisions, text))
                .where(e.id > after, e.source_id.in_(listed), or_(*stale))
                .order_by(e.id)
                .limit(limit)
            )
            return [StoredText(*row) for row in connection.execute(statement)]

    # --- the outbox ---------------------------------------------------------------------------------------------

    def claim_alerts(
        self, now: Micros, channel: str, limit: int, lease_s: float, *, owner: str = ""
    ) -> Sequence[OwedAlert]:
        """Take what is owed to a channel now, oldest first, under a lease; counts the attempt."""
        with begin(self._writer) as connection:
            return outbox.claim_alerts(connection, owner, now, channel=channel, limit=limit, lease_s=lease_s)

    def mark_sent(self, alert_ids: Sequence[int], now: Micros) -> None:
        """The channel took them."""
        with begin(self._writer) as connection:
            outbox.mark_sent(connection, alert_ids, now)

    def mark_failed(
        self, alert_ids: Sequence[int], now: Micros, error: str, *, retry_at: Micros, permanent: bool = False
    ) -> None:
        """The channel did not: owed again from ``retry_at``, or a dead letter where trying again cannot help."""
        with begin(self._writer) as connection:
            outbox.mark_failed(connection, alert_ids, now, error, retry_at=retry_at, permanent=permanent)

    def release_alerts(self, alert_ids: Sequence[int]) -> None:
        """Give claimed alerts back untried (at stop)."""
        with begin(self._writer) as connection:
            outbox.release_alerts(connection, alert_ids)

    def suppress_alerts(self, before: Micros, now: Micros) -> int:
        """Take back what is owed since before a time, unsent; returns how many."""
        with begin(self._writer) as connection:
            return outbox.suppress_older(connection, before, now)

    def owe(self, messages: Sequence[dict[str, Any]], now: Micros) -> int:
        """Owe messages that are no hits (``channel, key, kind, payload``); returns how many were not owed before."""
        with begin(self._writer) as connection:
            return outbox.owe(connection, messages, now)

    def owe_notices(self, notices: Sequence[Notice], now: Micros) -> int:
        """Owe messages about ourselves to every channel; returns how many were not owed before."""
        with begin(self._writer) as connection:
            return outbox.owe_notices(connection, notices, self._channels, now)

    def open_notice(self, begins: str, ends: str) -> str:
        """The rest of the key of the newest message that begins with ``begins``, where none tells that it is over."""
        with begin(self._engine) as connection:
            return outbox.open_notice(connection, begins, ends)

    def revive_alerts(self, alert_ids: Sequence[int], now: Micros) -> None:
        """Owe dead letters again."""
        with begin(self._writer) as connection:
            outbox.revive(connection, alert_ids, now)

    def next_alert_at(self, channel: str) -> Micros | None:
        """When the next message of a channel is to be tried, or None."""
        with begin(self._engine) as connection:
            return outbox.next_alert_at(connection, channel)
