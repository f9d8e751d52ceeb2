"""A database as it stands after years. WATCHER_SIZE sets how many entries (100,000 where it says nothing)."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bench.bigdb import END, SECOND, big_database
from tests.support.polls import entry_intent, poll
from watcher.app.retention import DAY, pages
from watcher.bootstrap.reading import build_queries
from watcher.core.intents import EntryLookup, ShownLookup
from watcher.core.views import HitFilter
from watcher.storage.engine import open_engine
from watcher.storage.migrate import check
from watcher.storage.retention import SqlRetention
from watcher.storage.store import SqlStore

ENTRIES = int(os.environ.get("WATCHER_SIZE", "100000"))


def shortest(work, times: int = 5) -> float:
    took = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        took.append(time.perf_counter() - began)
    return min(took)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_e20_years_of_entries_are_written_to_read_and_pruned_in_small_steps(tmp_path: Path) -> None:
    path = big_database(tmp_path, ENTRIES, ENTRIES // 20)
    engine = open_engine(str(path))
    store = SqlStore(engine)

    def write(number: int) -> None:
        at = END + (number + 1) * 2 * 3600 * SECOND
        (claim,) = store.claim_due("test", at, limit=1, lease_s=60, everything=True)
        made = [entry_intent(f"new {number} {n}", entry={"text": "note " * 80}) for n in range(5)]
        with store.write() as transaction:
            keys = tuple(one.key for one in made)
            transaction.known_many([EntryLookup(claim.source_id, keys)])
            transaction.left_many([ShownLookup(claim.source_id, keys)])
            transaction.apply(poll(claim, *made, at=at))

    def read(_: int) -> None:
        with build_queries(str(path)) as queries:
            queries.report_facts(HitFilter(since=END - 7 * DAY))

    assert shortest(write) < 0.05
    assert shortest(read, 3) < 2.0

    days = ENTRIES // 1000
    steps, began = [], time.perf_counter()
    for stage, count in pages(SqlRetention(engine), END - days // 2 * DAY, END):
        steps.append((time.perf_counter() - began, stage, count))
        began = time.perf_counter()
    pruned = sum(count for _, stage, count in steps if stage == "entries")

    assert pruned > ENTRIES // 3
    assert sorted(seconds for seconds, *_ in steps)[len(steps) * 99 // 100] < 1.0
    assert check(str(path)) == ()
    engine.dispose()
