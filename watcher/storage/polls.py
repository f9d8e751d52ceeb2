"""Writes polls: everything that came of them, grouped over many, inside the caller's transaction. Must not: commit.

The rows of a group go out table by table, one statement each; that is what makes a poll cheap. Where a group cannot be
written, its caller writes each poll alone (`write_alone`), and there a row that the database refuses costs only itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Executable, Row, bindparam, case, select, update

from watcher.core.errors import LeaseLostError
from watcher.core.intents import PollIntent, SourceChange
from watcher.core.model import Outcome
from watcher.storage import holds, outbox
from watcher.storage.desired import open_states
from watcher.storage.entries import EntryWriter
from watcher.storage.names import Names
from watcher.storage.sqltools import (
    BAD_ROW,
    Listed,
    Rows,
    add,
    add_new,
    insert,
    is_bad_row,
    put,
    read_in,
    run,
    savepoint,
)
from watcher.storage.tables import bodies, entries, polls, rejected, source_items, sources

_LEVEL = 1  # zlib: a body is compressed while the transaction is open, so speed counts more than the last fifth


@dataclass(slots=True)
class Written:
    """A poll on its way into the database."""

    intent: PollIntent
    poll_id: int
    opens_state: bool
    counts: dict[str, int] = field(default_factory=lambda: {"entries": 0, "revisions": 0, "hits": 0, "alerts": 0})


class PollWriter:
    """Writes polls in one transaction."""

    def __init__(self, connection: Connection, names: Names, channels: Sequence[str]) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._entries = EntryWriter(connection, names, channels)
        self._channels = channels
        self._held: dict[int, Row[Any]] = {}

    def lost(self, intents: Sequence[PollIntent]) -> dict[int, LeaseLostError]:
        """Polls that must not be written, by source id; the sources' rows are locked until the commit.

        Somebody else has taken the source, or this very poll was written before (its commit went through although the
        connection broke before we heard of it).
        """
        self._hold([intent.claim.source_id for intent in intents])
        return {
            intent.claim.source_id: LeaseLostError(
                f"source {intent.claim.spec.id} was taken over or written already; this poll is dropped"
            )
            for intent in intents
            if not self._is_ours(intent)
        }

    def _hold(self, source_ids: Sequence[int]) -> None:
        self._held.update({row.id: row for row in read_in(self._connection, _held, sorted(set(source_ids)))})

    def _is_ours(self, intent: PollIntent) -> bool:
        row = self._held.get(intent.claim.source_id)
        return row is not None and row.lease_token == intent.claim.token and row.lease_until is not None

    def write(self, intents: Sequence[PollIntent]) -> list[Mapping[str, int]]:
        """Write polls whose leases are ours, grouped. Any bad row spoils the group."""
        written = self._begin(intents)
        self._entries.write(
            [(poll.intent, poll.poll_id, poll.counts, entry) for poll in written for entry in poll.intent.entries]
        )
        self._end(written)
        return [poll.counts for poll in written]

    def write_alone(self, intent: PollIntent) -> Mapping[str, int]:
        """Write one poll entry by entry: what the database refuses goes to `rejected`, with the reason."""
        (poll,) = self._begin([intent])
        for entry in intent.entries:
            try:
                with savepoint(self._connection):
                    counts = dict(poll.counts)
                    self._entries.write([(intent, poll.poll_id, counts, entry)])
            except BAD_ROW as error:
                if not is_bad_row(error):
                    raise
                self._reject(poll, entry.scored.entry.guid, entry.scored.entry.title, error)
            else:
                poll.counts = counts
        self._end([poll])
        return poll.counts

    def _reject(self, poll: Written, guid: str, title: str, error: BaseException) -> None:
        row = {
            "source_id": poll.intent.claim.source_id,
            "poll_id": poll.poll_id,
            "guid": guid[:200],
            "title": title[:200],
            "reason": _reason(error),
            "rejected_at": poll.intent.finished_at,
        }
        run(self._connection, add(rejected), [row])

    # --- the poll itself ----------------------------------------------------------------------------------------

    def _begin(self, intents: Sequence[PollIntent]) -> list[Written]:
        rows = [_poll_row(intent) for intent in intents]
        # Each source once: a poll is found again by its source, in whatever order a database answers.
        made = dict(insert(self._connection, polls, rows, returning=("source_id", "id")))
        return [
            Written(
                intent,
                made[intent.claim.source_id],
                _opens_state(intent, self._held[intent.claim.source_id]),
            )
            for intent in intents
        ]

    def _end(self, written: Sequence[Written]) -> None:
        self._keep_bodies(written)
        self._note_items(written)
        self._note_presence(written)
        self._count(written)
        run(self._connection, _UPDATE_SOURCE, [_source_row(poll) for poll in written])
        open_states(self._connection, [_state_row(poll.intent) for poll in written if poll.opens_state])
        holds.keep(
            self._connection, [(hold, poll.intent.finished_at) for poll in written for hold in poll.intent.holds]
        )
        for poll in written:
            notices = poll.intent.notices if self._held[poll.intent.claim.source_id].enabled else ()
            outbox.owe_notices(self._connection, notices, self._channels, poll.intent.finished_at)

    def _keep_bodies(self, written: Sequence[Written]) -> None:
        rows: Rows = []
        for poll in written:
            fetched = poll.intent.fetched
            if fetched is not None and fetched.body and poll.intent.keeps_body:
                packed = zlib.compress(fetched.body, _LEVEL)
                rows.append(
                    {"digest": fetched.digest, "size": len(fetched.body), "content": packed, "poll_id": poll.poll_id}
                )
        # Two workers that keep the same bodies must not wait for each other in a circle.
        rows.sort(key=lambda row: bytes(row["digest"]))
        run(self._connection, add_new(bodies, self._dialect), rows)

    def _note_items(self, written: Sequence[Written]) -> None:
        come: Rows = []
        gone: Rows = []
        for poll in written:
            intent = poll.intent
            digests = intent.change.item_digests
            if digests is None:
                continue
            source_id, before = intent.claim.source_id, intent.claim.seen_items
            now = dict.fromkeys(digests)
            come += [
                {"source_id": source_id, "digest": d, "first_seen": intent.finished_at, "last_seen": None}
                for d in now
                if d not in before
            ]
            last = intent.claim.last_ok_at or intent.started_at
            gone += [{"source": source_id, "item": d, "last": last} for d in before if d not in now]
        run(self._connection, put(source_items, self._dialect, ("source_id", "digest"), ("last_seen",)), come)
        run(self._connection, _ITEM_GONE, gone)

    def _note_presence(self, written: Sequence[Written]) -> None:
        seen: Rows = []
        items: Rows = []
        gone: Rows = []
        for poll in written:
            intent = poll.intent
            seen += [{"entry": entry_id, "at": intent.finished_at} for entry_id in intent.seen]
            items += [{"entry": entry_id, "item": digest} for entry_id, digest in intent.seen_items]
            last = intent.claim.last_ok_at or intent.started_at
            gone += [
                {"entry": e, "at": intent.finished_at, "withdrawn": intent.finished_at, "last": last}
                for e in intent.vanished
            ]
            gone += [{"entry": e, "at": intent.finished_at, "withdrawn": None, "last": last} for e in intent.left]
        run(self._connection, _SEEN, seen)
        run(self._connection, _SEEN_ITEM, items)
        run(self._connection, _GONE, gone)

    def _count(self, written: Sequence[Written]) -> None:
        rows = [
            {
                "poll": poll.poll_id,
                "new": poll.counts["entries"],
                "revised": poll.counts["revisions"],
                "made": poll.counts["hits"],
            }
            for poll in written
            if any(poll.counts.values())
        ]
        run(self._connection, _COUNT, rows)


def _opens_state(intent: PollIntent, before: Row[Any]) -> bool:
    """Does the poll change the state? Not that of a source which was disabled meanwhile."""
    return bool(before.enabled) and intent.change.health.value != before.health


def _reason(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    return f"{type(original).__name__}: {(str(original).splitlines() or [''])[0]}"[:500]


def _poll_row(intent: PollIntent) -> dict[str, Any]:
    fetched = intent.fetched
    tells = intent.outcome in (Outcome.NEW_BODY, Outcome.FAILED)
    return {
        "source_id": intent.claim.source_id,
        "started_at": intent.started_at,
        "finished_at": intent.finished_at,
        "outcome": intent.outcome.value,
        "status": intent.status,
        "phase": intent.phase,
        "error": intent.error,
        "detail": intent.detail,
        "warnings": list(intent.warnings) or None,
        "format": intent.format,
        "url": fetched.url if fetched and fetched.url != intent.claim.spec.url else None,
        "headers": [list(header) for header in fetched.headers] if fetched and tells else None,
        "body_digest": fetched.digest if fetched and fetched.body else None,
        "wire_bytes": fetched.wire_bytes if fetched else 0,
        "elapsed_s": fetched.elapsed_s if fetched else None,
        "entries_seen": intent.entries_seen,
    }


def _source_row(poll: Written) -> dict[str, Any]:
    intent, change = poll.intent, poll.intent.change
    return {
        "source": intent.claim.source_id,
        "due": change.next_poll_at,
        "not_before": change.retry_not_before,
        "new_health": change.health.value,
        "new_reason": change.reason,
        "at": intent.finished_at,
        "failed": change.failures,
        "new_etag": change.etag,
        "modified": change.last_modified,
        "body": change.body_digest,
        "ok_at": change.last_ok_at,
        "state": change.kind_state,
        "outcome": intent.outcome.value,
        "more": poll.counts["entries"],
        "harms": change.crashes,
        "alarmed": change.alarmed_at,
        "ttl": change.ttl_s,
        "quiet": _quiet(change),
        "came": list(change.arrivals) or None,
        "whole_at": change.body_at,
        "place": change.moved.to,
        "place_since": change.moved.since,
        "place_count": change.moved.count,
        "place_at": change.moved.at,
    }


def _quiet(change: SourceChange) -> dict[str, list[int]] | None:
    if not change.quiet_hours and not change.quiet_days:
        return None
    return {"hours": list(change.quiet_hours), "days": list(change.quiet_days)}


def _state_row(intent: PollIntent) -> dict[str, Any]:
    change = intent.change
    return {
        "source_id": intent.claim.source_id,
        "health": change.health.value,
        "since": intent.finished_at,
        "reason": change.reason,
    }


_S = sources.c


def _held(ids: Listed) -> Executable:
    columns = (_S.id, _S.lease_token, _S.lease_until, _S.health, _S.enabled)
    return select(*columns).where(_S.id.in_(ids)).order_by(_S.id).with_for_update()


_UPDATE_SOURCE = (
    update(sources)
    .where(_S.id == bindparam("source"))
    .values(
        # A source that was disabled while it was polled stays so: its schedule is null by then.
        next_poll_at=case((_S.next_poll_at.is_(None), None), else_=bindparam("due", type_=_S.next_poll_at.type)),
        health=case((_S.enabled, bindparam("new_health", type_=_S.health.type)), else_=_S.health),
        health_reason=case((_S.enabled, bindparam("new_reason", type_=_S.health.type)), else_=_S.health_reason),
        health_since=case(
            (_S.health == bindparam("new_health", type_=_S.health.type), _S.health_since),
            else_=bindparam("at", type_=_S.last_ok_at.type),
        ),
        retry_not_before=bindparam("not_before"),
        failures=bindparam("failed"),
        etag=bindparam("new_etag"),
        last_modified=bindparam("modified"),
        body_digest=bindparam("body"),
        last_ok_at=bindparam("ok_at"),
        kind_state=bindparam("state"),
        last_poll_at=bindparam("at", type_=_S.last_ok_at.type),
        last_outcome=bindparam("outcome"),
        entries=_S.entries + bindparam("more", type_=_S.entries.type),
        crashes=bindparam("harms"),
        alarmed_at=bindparam("alarmed"),
        ttl_s=bindparam("ttl"),
        quiet_hours=bindparam("quiet", type_=_S.quiet_hours.type),
        arrivals=bindparam("came", type_=_S.arrivals.type),
        body_at=bindparam("whole_at"),
        moved_to=bindparam("place"),
        moved_since=bindparam("place_since"),
        moved_count=bindparam("place_count"),
        moved_at=bindparam("place_at"),
        lease_owner=None,
        lease_until=None,
    )
)
_COUNT = (
    update(polls)
    .where(polls.c.id == bindparam("poll"))
    .values(entries_new=bindparam("new"), revisions=bindparam("revised"), hits=bindparam("made"))
)
_ITEM_GONE = (
    update(source_items)
    .where(source_items.c.source_id == bindparam("source"), source_items.c.digest == bindparam("item"))
    .values(last_seen=bindparam("last"))
)
_SEEN = (
    update(entries)
    .where(entries.c.id == bindparam("entry"))
    .values(last_seen=bindparam("at"), left_at=None, vanished_at=None)
)
_SEEN_ITEM = update(entries).where(entries.c.id == bindparam("entry")).values(item_digest=bindparam("item"))
_GONE = (
    update(entries)
    .where(entries.c.id == bindparam("entry"))
    .values(left_at=bindparam("at"), vanished_at=bindparam("withdrawn"), last_seen=bindparam("last"))
)
