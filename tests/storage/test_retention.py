"""Pruning by age, on both databases: what goes, what stays, and that nothing comes back as new."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.backends import Backend
from tests.support.polls import (
    HOUR,
    T0,
    assessment,
    digest,
    document,
    entry_intent,
    failed_poll,
    hit_intent,
    poll,
    source,
)
from watcher.app.retention import DAY, pages
from watcher.core.intents import EntryLookup
from watcher.core.model import FigureReading, Sighting
from watcher.storage.migrate import check
from watcher.storage.retention import SqlRetention
from watcher.storage.search import SearchIndex

LATER = T0 + 400 * DAY
BEFORE = T0 + 200 * DAY


@pytest.fixture
def filled(backend: Backend) -> Backend:
    """Entries 1 to 6 of one poll, all gone from their source an hour later; 7 is there still. 2 is a hit, 3 has a figure."""
    store = backend.store("file")
    store.save_watchlist(document(source("a")), b"", T0 - HOUR)
    (claim,) = store.claim_due("test", T0, limit=1, lease_s=9)
    reading = FigureReading("fleet", 3.0, "vessels", "", "text", 0, 1, "Three.")
    first = [
        entry_intent("plain"),
        hit_intent("hit"),
        entry_intent("figure", found=(assessment(score=1.0),), figures=(reading,)),
        entry_intent("told"),
        entry_intent("joined"),
        entry_intent("alias"),
    ]
    with store.write() as transaction:
        transaction.apply(poll(claim, *first, at=T0, body=b"first"))
    (claim,) = store.claim_due("test", T0 + HOUR, limit=1, lease_s=9)
    edited = replace(
        entry_intent("alias", entry={"title": "New"}),
        entry_id=6,
        revision_no=2,
        sighting=Sighting.UPDATED,
        content_digest=digest("edited"),
        aliases=(digest("other key"),),
    )
    with store.write() as transaction:
        left = (1, 2, 3, 4, 5)
        transaction.apply(poll(claim, edited, entry_intent("stays"), at=T0 + HOUR, body=b"second", left=left))
    (claim,) = store.claim_due("test", T0 + 2 * HOUR, limit=1, lease_s=9)
    with store.write() as transaction:
        transaction.apply(poll(claim, at=T0 + 2 * HOUR, body=b"third", left=(6,)))
    (claim,) = store.claim_due("test", T0 + 3 * HOUR, limit=1, lease_s=9)
    with store.write() as transaction:
        transaction.apply(failed_poll(claim, at=LATER))
    index = SearchIndex(backend.engine)
    index.begin_duty("me", 1, 2)
    index.fill("me")
    return backend


def story(backend: Backend, number: int, lead: int, *members: int) -> None:
    backend.run(
        "INSERT INTO stories (id, lead_id, first_at, last_at, entries, outlets, origins) VALUES (:id, :lead, 1, 1, :n, :n, 1)",
        id=number,
        lead=lead,
        n=len(members),
    )
    for entry in members:
        backend.run(
            "INSERT INTO story_members (entry_id, story_id, way, outlet, origin) VALUES (:entry, :id, 'likeness', :outlet, 'o')",
            entry=entry,
            id=number,
            outlet=f"outlet {entry}",
        )


def prune(backend: Backend, before: int = BEFORE, **options: Any) -> dict[str, int]:
    done: dict[str, int] = {}
    for stage, count in pages(SqlRetention(backend.engine, **options), before, LATER):
        done[stage] = done.get(stage, 0) + count
    return done


def ids(backend: Backend) -> list[int]:
    return [row[0] for row in backend.rows("SELECT id FROM entries ORDER BY id")]


def test_what_nothing_hangs_on_goes_and_the_rest_stays(filled: Backend) -> None:
    filled.run("INSERT INTO story_edits (edit, entry_id, analyst, note, decided_at) VALUES ('split', 4, 'me', '', 1)")
    counted = prune(filled, dry=True)
    assert ids(filled) == [1, 2, 3, 4, 5, 6, 7]

    done = prune(filled)

    assert done == counted
    assert done["entries"] == 3
    assert ids(filled) == [2, 3, 4, 7]
    assert filled.value("SELECT count(*) FROM hits") == filled.value("SELECT count(*) FROM outbox") + 1 == 1
    assert check(filled.url) == ()
    assert prune(filled) == dict.fromkeys(done, 0)


def test_a_pruned_entry_is_known_by_every_key_it_had(filled: Backend) -> None:
    prune(filled)
    store = filled.store()

    def known(**keys: tuple[bytes, ...]) -> list[tuple[bool, int]]:
        with store.write() as transaction:
            (found,) = transaction.known_many([EntryLookup(1, **keys)])
            return [(entry.is_tombstone, entry.entry_id) for entry in found]

    assert known(keys=(digest("key plain"),)) == [(True, 0)]
    assert known(keys=(digest("other key"),)) == [(True, 0)]
    assert known(links=(digest("link plain"),)) == [(True, 0)]
    assert known(contents=(digest("edited"),)) != []
    assert filled.rows("SELECT DISTINCT pruned_at, first_seen FROM tombstones") == [(LATER, T0)]


def test_the_search_index_forgets_it(filled: Backend) -> None:
    words = [(frozenset({"plain"}),)]
    index = SearchIndex(filled.engine)
    assert list(index.candidates(words)) == [1]

    prune(filled)

    assert list(index.candidates(words)) == []
    assert list(index.candidates([(frozenset({"hit"}),)])) == [2]


def test_an_index_of_another_version_is_left_to_be_made_anew(filled: Backend) -> None:
    filled.run("UPDATE meta SET value = 'old' WHERE name = 'search index version'")
    assert prune(filled)["entries"] == 4
    index = SearchIndex(filled.engine)
    index.begin_duty("me", 3, 4)
    assert index.fill("me") == 3


def test_what_shares_a_story_with_a_hit_stays_and_other_stories_shrink(filled: Backend) -> None:
    story(filled, 1, 1, 1, 2)
    story(filled, 2, 4, 4, 7)
    story(filled, 3, 5, 5)
    prune(filled)

    assert ids(filled) == [1, 2, 3, 7]
    assert filled.rows("SELECT id, lead_id, entries, outlets, origins FROM stories ORDER BY id") == [
        (1, 1, 2, 2, 1),
        (2, 7, 1, 1, 1),
    ]
    assert check(filled.url) == ()


def test_bodies_and_headers_stay_where_a_hit_rests_on_them(filled: Backend) -> None:
    bodies = "SELECT poll_id FROM bodies ORDER BY poll_id"
    assert filled.rows(bodies) == [(1,), (2,)]

    done = prune(filled)

    assert filled.rows(bodies) == [(1,), (2,)]  # entry 7 came with the second
    assert filled.rows("SELECT id FROM polls WHERE headers IS NOT NULL") == [(1,)]
    assert filled.value("SELECT count(*) FROM polls") == 4
    assert done["polls"] == 2
    assert done["items"] == 7

    filled.run("UPDATE entries SET left_at = 5 WHERE id = 7")
    store = filled.store()
    (claim,) = store.claim_due("test", LATER + HOUR, limit=1, lease_s=9, everything=True)
    with store.write() as transaction:
        transaction.apply(poll(claim, entry_intent("newest"), at=LATER + HOUR, body=b"fourth"))
    assert prune(filled)["entries"] == 1
    assert filled.rows(bodies) == [(1,)]


def test_a_body_that_came_again_with_a_wording_stays(filled: Backend) -> None:
    filled.run("UPDATE entry_revisions SET poll_id = 3 WHERE entry_id = 7")
    filled.run("UPDATE polls SET body_digest = (SELECT body_digest FROM polls WHERE id = 2) WHERE id = 3")
    prune(filled)
    assert filled.value("SELECT count(*) FROM bodies") == 2


def test_nothing_young_goes(filled: Backend) -> None:
    assert prune(filled, before=T0) == dict.fromkeys(("entries", "items", "polls", "bodies"), 0)
    assert prune(filled, before=T0 + HOUR)["entries"] == 0


def test_the_newest_number_is_never_given_again(backend: Backend) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a")), b"", T0 - HOUR)
    (claim,) = store.claim_due("test", T0, limit=1, lease_s=9)
    with store.write() as transaction:
        transaction.apply(poll(claim, entry_intent("x"), entry_intent("y"), at=T0))
    backend.run("UPDATE entries SET left_at = 1")
    prune(backend)
    assert ids(backend) == [2]


def test_pages_are_small(filled: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.storage.retention.PAGE", 2)
    steps = list(pages(SqlRetention(filled.engine), BEFORE, LATER))

    assert max(count for _, count in steps) <= 2
    assert ids(filled) == [2, 3, 7]
