"""What last bodies showed is loaded for those that need it, many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from tests.core.build import claim
from tests.support.desk import HOUR_S, feed, item
from watcher.app.seen import SeenItems
from watcher.core.errors import StorageError


def test_those_who_ask_together_are_answered_together():
    loads: list[list[int]] = []

    def load(ids: Sequence[int]) -> Mapping[int, frozenset[bytes]]:
        loads.append(list(ids))
        return {1: frozenset({b"a"})}

    async def session():
        seen = SeenItems(load)
        one, two, first = await asyncio.gather(
            seen.of(claim(source_id=1)), seen.of(claim(source_id=2)), seen.of(claim(source_id=3, is_first=True))
        )
        again = await seen.of(claim(source_id=1))
        return one.seen_items, two.seen_items, first.seen_items, again.seen_items

    assert asyncio.run(session()) == ({b"a"}, frozenset(), frozenset(), {b"a"})
    assert loads == [[1, 2], [1]]


def test_an_error_reaches_all_who_wait_but_not_the_next():
    answers = [StorageError("locked"), {1: frozenset({b"a"})}]

    def load(_ids: Sequence[int]) -> Mapping[int, frozenset[bytes]]:
        answer = answers.pop(0)
        if isinstance(answer, StorageError):
            raise answer
        return answer

    async def session():
        seen = SeenItems(load)
        waits = [asyncio.ensure_future(seen.of(claim(source_id=number))) for number in (1, 2, 3)]
        await asyncio.sleep(0)
        waits[2].cancel()
        failed = await asyncio.gather(*waits, return_exceptions=True)
        return [type(one) for one in failed], (await seen.of(claim(source_id=1))).seen_items

    assert asyncio.run(session()) == ([StorageError, StorageError, asyncio.CancelledError], {b"a"})


def test_a_database_that_cannot_be_read_is_no_fault_of_the_source(desk, monkeypatch):
    def refuse(*_: object) -> Mapping[int, frozenset[bytes]]:
        raise StorageError("locked by another program")

    desk.publish(feed(item(1)), feed(item(2), item(1)), feed(item(2), item(1)))
    desk.poll()
    with monkeypatch.context() as patch:
        patch.setattr("watcher.storage.store.SqlStore.present_items", refuse)
        (line,) = desk.poll(after_s=HOUR_S).lines
        assert (line.phase, line.error, line.failures) == ("store", "StorageError", 0)
    (line,) = desk.poll(after_s=HOUR_S).lines
    assert (line.outcome, line.entries) == ("new body", 1)
