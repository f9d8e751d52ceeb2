"""Stories in the database: what faces read of them, on both databases."""

from __future__ import annotations

import pytest

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, document, entry_intent, poll, source
from watcher.core.story import StoryRow
from watcher.storage.engine import begin
from watcher.storage.stories import story_members, story_rows


@pytest.fixture
def stored(backend: Backend) -> Backend:
    store = backend.store()
    store.save_watchlist(document(source("a")), b"", T0 - HOUR)
    (claim,) = store.claim_due("test", T0, limit=1, lease_s=9)
    with store.write() as transaction:
        transaction.apply(poll(claim, *[entry_intent(name) for name in ("x", "y", "z")], at=T0))
    backend.run(
        "INSERT INTO stories (id, lead_id, first_at, last_at, entries, outlets, origins) VALUES (7, 2, 5, 9, 2, 2, 1)"
    )
    member = (
        "INSERT INTO story_members (entry_id, story_id, way, origin, standing) VALUES (:key, 7, :way, 'o', 'report')"
    )
    backend.run(member, key=1, way="first")
    backend.run(member, key=2, way="link")
    return backend


def test_the_story_of_an_entry(stored: Backend) -> None:
    with begin(stored.engine) as connection:
        rows = story_rows(connection, [1, 2, 3])
        assert rows == {
            1: StoryRow(7, 2, 2, 2, 1, "first", None, "", "o", "", "report", 5, 9),
            2: StoryRow(7, 2, 2, 2, 1, "link", None, "", "o", "", "report", 5, 9),
        }
        assert not rows[1].is_corroborated
        assert story_rows(connection, []) == {}


def test_the_lead_stands_first(stored: Backend) -> None:
    with begin(stored.engine) as connection:
        assert story_members(connection, [7, 8]) == {7: (2, 1)}
