"""The queries that run all day long use the indexes that are there for them (SQLite's own word for it)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.support.polls import T0, digest, document, entry_intent, hit_intent, poll, source
from watcher.core.intents import EntryLookup, ShownLookup
from watcher.core.views import HitFilter
from watcher.storage.engine import open_engine
from watcher.storage.migrate import upgrade
from watcher.storage.queries import Queries
from watcher.storage.store import SqlStore

# Tables that stay small: a scan of them is fine.
SMALL = {"alembic_version", "verdicts", "watchlists", "watchlist_revisions", "watchlist_sources", "sources", "hits"}


def test_no_statement_scans_a_table_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    upgrade(str(path))
    engine = open_engine(str(path))
    statements: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append(statement)

    _a_day(SqlStore(engine, channels=("file",)), Queries(engine))
    engine.dispose()
    with sqlite3.connect(path) as connection:
        scans = {f"{step}  ({statement[:200]})" for statement in statements for step in _scans(connection, statement)}
    connection.close()
    assert not scans


def _a_day(store: SqlStore, queries: Queries) -> None:
    store.save_watchlist(document(source("a"), source("b")), b"", T0)
    a, b = store.claim_due("x", T0, limit=9, lease_s=9)
    with store.write() as transaction:
        keys = (digest("key x"),)
        transaction.known_many([EntryLookup(1, keys, keys, keys), EntryLookup(2, keys, keys, keys)])
        transaction.left_many([ShownLookup(1, keys)])
        one = poll(a, hit_intent("x", alerts=(("pact", "offer"),)), entry_intent("y", aliases=keys))
        transaction.apply_all([one, poll(b, seen=(1,), vanished=(2,), left=(3,))])
    store.claim_alerts(T0, "file", 9, 9.0)
    store.mark_sent([1], T0)
    store.next_alert_at("file")
    store.release([a])
    queries.hits(HitFilter(watchlist="pact", since=T0, limit=50))
    queries.hits(HitFilter(watchlist="pact", signal="offer", limit=50, order="score"))
    queries.hit(1)
    queries.newest_poll_at()
    queries.report_facts(HitFilter(watchlist="pact", since=T0))


def _scans(connection: sqlite3.Connection, statement: str) -> list[str]:
    if not statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
        return []
    plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", [None] * statement.count("?")).fetchall()
    steps = [row[3] for row in plan]
    tables = [step.split()[1] for step in steps if step.startswith("SCAN") and "USING" not in step]
    return [
        table
        for table in tables
        if table not in SMALL and table.isidentifier() and not table.startswith(("CONSTANT", "anon_"))
    ]


@pytest.mark.parametrize("index", ["ix_hits_watchlist_id_first_seen_score"])
def test_top_hits_are_picked_from_the_index_alone(tmp_path: Path, index: str) -> None:
    path = tmp_path / "x.sqlite3"
    upgrade(str(path))
    query = "SELECT id FROM hits WHERE watchlist_id = 1 AND first_seen >= 5 ORDER BY first_seen DESC LIMIT 50"
    connection = sqlite3.connect(path)
    (step,) = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    connection.close()
    assert index in step
