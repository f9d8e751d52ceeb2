"""What storing costs: polls with entries, hits and alerts, against raw ``sqlite3`` inserting the very same rows.

    python -m bench.storage [--entries 8000] [--rounds 5]

Our side goes the whole way (leases checked, source rows updated, conflicts looked for, texts checked); the raw side only
inserts, prepared rows into the same tables in the same transactions: a floor, not a peer.
"""

from __future__ import annotations

import argparse
import pickle
import sqlite3
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from bench import harness
from tests.support.polls import HOUR, T0, assessment, digest, document, entry_intent, poll, source
from watcher.core.intents import EntryLookup, PollIntent, ShownLookup
from watcher.core.model import Claim
from watcher.storage.engine import CHECKPOINT_PAGES, open_engine
from watcher.storage.migrate import upgrade
from watcher.storage.store import SqlStore

ENTRIES = 20  # of each poll
ROUNDS = 4  # polls of each source
HIT_EVERY = 10
GROUP = 100  # polls in one transaction: the daemon's own
TEXT = "The ministry said on Thursday that a note had been handed over and that talks would go on. " * 4
# Table, and what is new in it since the last transaction: the raw side inserts these rows, in this order.
TABLES = {
    "polls": "id > :poll",
    "entries": "id > :entry",
    "entry_revisions": "entry_id > :entry",
    "source_items": "source_id IN (SELECT source_id FROM polls WHERE id > :poll) AND first_seen = :at",
    "entry_scores": "entry_id > :entry",
    "bodies": "rowid > :body",
    "hits": "id > :hit",
    "assessments": "id > :assessment",
    "hit_facets": "hit_id > :hit",
    "outbox": "id > :alert",
}
LAST = (
    "SELECT coalesce(max(id), 0) AS poll, (SELECT coalesce(max(id), 0) FROM entries) AS entry,"
    " (SELECT coalesce(max(rowid), 0) FROM bodies) AS body, (SELECT coalesce(max(id), 0) FROM hits) AS hit,"
    " (SELECT coalesce(max(id), 0) FROM assessments) AS assessment, (SELECT coalesce(max(id), 0) FROM outbox) AS alert,"
    " coalesce(max(finished_at), 0) AS at FROM polls"
)


def open_store(path: Path, sources: int) -> SqlStore:
    """A store on a new database with so many sources listed."""
    upgrade(str(path))
    store = SqlStore(open_engine(str(path)), channels=("file",))
    store.save_watchlist(document(*(source(f"s{number:05}") for number in range(sources))), b"", T0)
    return store


def intents(claims: list[Claim], entries: int, at: int) -> list[PollIntent]:
    """A poll per claim with so many new entries, each tenth of them a hit."""
    found = []
    for claim in claims:
        made = []
        for number in range(entries):
            name = f"{claim.spec.id} {at} {number}"
            hit = number % HIT_EVERY == 0
            made.append(
                entry_intent(
                    name,
                    found=(assessment(),) if hit else (),
                    hit=hit,
                    alert=hit,
                    entry={"title": f"Title of {name}", "text": TEXT, "published": at},
                )
            )
        items = tuple(sorted(claim.seen_items)) + tuple(entry.scored.entry.item_digest for entry in made)
        body = b"<item>%s</item>" % name.encode() * 50
        found.append(poll(claim, *made, at=at, body=body, change={"item_digests": items}))
    return found


def groups(store: SqlStore, entries: int, rounds: int) -> Iterator[list[PollIntent]]:
    """Claimed polls in groups, round after round."""
    for number in range(rounds):
        at = T0 + number * HOUR
        while claims := store.claim_due("bench", at, limit=GROUP, lease_s=60):
            yield intents(list(claims), entries, at)


def side_ours(folder: Path, sources: int) -> None:
    """Store all polls; only the transactions count."""
    store = open_store(folder / "ours.sqlite3", sources)
    spent: dict[str, float] = defaultdict(float)
    for group in groups(store, ENTRIES, ROUNDS):
        with harness.measured() as result, store.write() as transaction:
            transaction.apply_all(group)
        for name, value in result.items():
            spent[name] += value
    store.close()
    harness.report_side(spent, **counts(folder / "ours.sqlite3"))


def side_raw(folder: Path, sources: int, rows: Path) -> None:
    """Insert the prepared rows; only the transactions count."""
    path = folder / "raw.sqlite3"
    open_store(path, sources).close()
    spent: dict[str, float] = defaultdict(float)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in (
            "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"wal_autocheckpoint={CHECKPOINT_PAGES}",
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")
        for transaction in _unpickled(rows):
            with harness.measured() as result:
                connection.execute("BEGIN IMMEDIATE")
                for statement, values in transaction:
                    connection.executemany(statement, values)
                connection.execute("COMMIT")
            for name, value in result.items():
                spent[name] += value
    harness.report_side(spent, **counts(path))


def _unpickled(rows: Path) -> Iterator[list[tuple[str, list[Any]]]]:
    with rows.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)


def counts(path: Path) -> dict[str, int]:
    """Rows of each table: the work done."""
    with closing(sqlite3.connect(path)) as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}


def prepare(folder: Path, sources: int) -> Path:
    """The rows that our side makes, by transaction and table, for the raw side."""
    path, target = folder / "model.sqlite3", folder / "rows.pickle"
    store = open_store(path, sources)
    with closing(sqlite3.connect(path)) as connection, target.open("wb") as file:
        connection.row_factory = sqlite3.Row
        for group in groups(store, ENTRIES, ROUNDS):
            before = dict(connection.execute(LAST).fetchone())
            with store.write() as transaction:
                transaction.apply_all(group)
            before["at"] = connection.execute(LAST).fetchone()["at"]
            pickle.dump([part for table in TABLES if (part := _made(connection, table, before))[1]], file)
    store.close()
    for left in folder.glob("model.sqlite3*"):
        left.unlink()
    return target


def _made(connection: sqlite3.Connection, table: str, before: dict[str, int]) -> tuple[str, list[tuple[Any, ...]]]:
    """What the last transaction put into a table, and the statement that puts it into another."""
    rows = [tuple(row) for row in connection.execute(f"SELECT * FROM {table} WHERE {TABLES[table]}", before)]
    return f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})" if rows else "", rows


def per_poll(folder: Path) -> dict[str, float]:
    """Processor milliseconds of one poll with one new entry, from its claim to its commit, look-ups included."""
    store = open_store(folder / "polls.sqlite3", 1000)
    for group in groups(store, 30, 1):  # what a feed holds before the poll that counts
        with store.write() as transaction:
            transaction.apply_all(group)
    at, polled, spent = T0 + 2 * HOUR, 0, defaultdict(float)
    while True:
        with harness.measured() as claiming:
            claims = list(store.claim_due("bench", at, limit=GROUP, lease_s=60))
        if not claims:
            break
        group = intents(claims, 1, at)
        with harness.measured() as writing, store.write() as transaction:
            transaction.known_many([_lookup(intent) for intent in group])
            transaction.left_many([_shown(intent) for intent in group])
            transaction.apply_all(group)
        polled += len(group)
        spent["claim"] += claiming["cpu_s"]
        spent["write"] += writing["cpu_s"]
    store.close()
    return {name: 1000 * value / polled for name, value in spent.items()}


def _lookup(intent: PollIntent) -> EntryLookup:
    entry = intent.entries[0]
    return EntryLookup(intent.claim.source_id, (entry.key, digest("twin")), (entry.link_key,), (entry.content_digest,))


def _shown(intent: PollIntent) -> ShownLookup:
    return ShownLookup(intent.claim.source_id, (intent.entries[0].key,), intent.change.item_digests or ())


def main() -> int:
    """Both sides in turn, then the cost of a poll."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", choices=("ours", "raw", "polls"))
    parser.add_argument("--rows", type=Path)
    parser.add_argument(
        "--entries", type=int, default=8000, help="entries to store (they take 3 kB each on disk, thrice)"
    )
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    sources = max(1, options.entries // (ENTRIES * ROUNDS))
    with tempfile.TemporaryDirectory(prefix="bench-storage-") as name:
        folder = Path(name)
        if options.side == "ours":
            side_ours(folder, sources)
        elif options.side == "raw":
            side_raw(folder, sources, options.rows)
        elif options.side == "polls":
            print({name: round(value, 3) for name, value in per_poll(folder).items()})
        else:
            _compare(folder, sources, options.rounds)
    return 0


def _compare(folder: Path, sources: int, rounds: int) -> None:
    rows = prepare(folder, sources)
    entries = sources * ROUNDS * ENTRIES
    side = ("-m", "bench.storage", "--entries", str(entries), "--side")
    ours = harness.Side("watcher", harness.python(*side, "ours"))
    raw = harness.Side("raw sqlite3", harness.python(*side, "raw", "--rows", str(rows)))
    samples = harness.compare(ours, raw, rounds=rounds)
    what = f"store {entries:,} entries of {sources * ROUNDS:,} polls, every tenth a hit"
    line = harness.row("storage", what, ours, raw, samples, expected=">= 0.35")
    polls = per_poll(folder)
    harness.save("storage", [line], per_poll_cpu_ms=polls)
    print(harness.table([line]))
    print("one poll with one new entry, processor ms: " + ", ".join(f"{k} {v:.2f}" for k, v in polls.items()))


if __name__ == "__main__":
    sys.exit(main())
