"""What one poll writes: entries, revisions, hits, alerts, source state, all or nothing."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import pytest

from tests.support.backends import Backend
from tests.support.polls import (
    HOUR,
    REVISION,
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
from watcher.core.errors import LeaseLostError
from watcher.core.intents import EntryIntent, EntryLookup, PollIntent, ShownLookup
from watcher.core.model import SECOND, Claim, FigureReading, Outcome, Sighting, SourceHealth
from watcher.core.views import HitFilter
from watcher.storage.store import SqlStore


@pytest.fixture
def store(backend: Backend) -> SqlStore:
    """A store with the watchlist ``pact`` and its sources a, b and c, all polled for the first time."""
    store = backend.store("file")
    store.save_watchlist(document(source("a"), source("b"), source("c")), b"compiled", T0 - HOUR)
    return store


def claim(store: SqlStore, name: str = "a", at: int = T0) -> Claim:
    (one,) = store.claim_due("test", at, limit=1, lease_s=60, everything=True, only=[name])
    return one


def apply(store: SqlStore, *intents: PollIntent):
    with store.write() as transaction:
        return transaction.apply_all(intents)


def revised(stored, name: str, *, text: str, **changes) -> EntryIntent:
    return entry_intent(
        name,
        entry={"text": text, "title": f"New title of {name}"},
        entry_id=stored.entry_id,
        key=stored.key,
        revision_no=stored.revision_no + 1,
        sighting=Sighting.UPDATED,
        **changes,
    )


def look_up(store: SqlStore, source_id: int, *names: str, links: Sequence[str] = (), contents: Sequence[bytes] = ()):
    with store.write() as transaction:
        keys = [digest(f"key {name}") for name in names]
        return transaction.known_entries(source_id, keys, [digest(f"link {name}") for name in links], contents)


def test_a_poll_is_stored_whole(backend: Backend, store: SqlStore) -> None:
    one = claim(store)
    counts = apply(store, poll(one, entry_intent("x"), hit_intent("y", alerts=(("pact", "offer"),)), at=T0))
    assert counts == [{"entries": 2, "revisions": 0, "hits": 1, "alerts": 1}]
    assert backend.rows("SELECT outcome, status, entries_seen, entries_new, hits FROM polls") == [
        ("new body", 200, 2, 2, 1)
    ]
    assert backend.rows("SELECT title, sighting, revision_no, first_seen FROM entries ORDER BY id") == [
        ("Title x", "new", 1, T0),
        ("Title y", "new", 1, T0),
    ]
    assert backend.rows("SELECT entry_id, revision_no, text FROM entry_revisions ORDER BY 1") == [
        (1, 1, "note x"),
        (2, 1, "note y"),
    ]
    assert backend.value("SELECT count(*) FROM entry_scores") == 2
    assert backend.rows("SELECT kind, value FROM hit_facets") == [("institution", "nato")]
    assert backend.rows(
        "SELECT next_poll_at, health, entries, lease_until, last_ok_at FROM sources WHERE name = 'a'"
    ) == [(T0 + HOUR, "ok", 2, None, T0)]


def test_bytes_are_kept_once_and_only_where_they_made_a_hit_or_a_revision(backend: Backend, store: SqlStore) -> None:
    apply(store, poll(claim(store, "a"), entry_intent("x"), body=b"plain"))
    assert backend.value("SELECT count(*) FROM bodies") == 0
    apply(
        store,
        poll(claim(store, "b"), hit_intent("y"), body=b"hit"),
        poll(claim(store, "c"), hit_intent("z"), body=b"hit"),
    )
    ((size, content),) = backend.rows("SELECT size, content FROM bodies")
    assert (size, zlib.decompress(content)) == (3, b"hit")
    (known,) = look_up(store, 1, "x")
    apply(
        store, poll(claim(store, "a", T0 + HOUR), revised(known, "x", text="changed"), body=b"revision", at=T0 + HOUR)
    )
    assert backend.value("SELECT count(*) FROM bodies") == 2


def test_a_revision_keeps_both_wordings(backend: Backend, store: SqlStore) -> None:
    apply(store, poll(claim(store), entry_intent("x"), at=T0))
    (known,) = look_up(store, 1, "x")
    counts = apply(store, poll(claim(store, at=T0 + HOUR), revised(known, "x", text="other"), at=T0 + HOUR))
    assert counts[0]["revisions"] == 1
    assert backend.rows(
        "SELECT revision_no, text, sighting, first_seen, last_seen FROM entry_revisions ORDER BY 1"
    ) == [
        (1, "note x", "new", T0, T0),
        (2, "other", "updated", T0 + HOUR, None),
    ]
    assert backend.rows("SELECT title, revision_no, first_seen, last_seen FROM entries") == [
        ("New title of x", 2, T0, T0 + HOUR)
    ]
    (again,) = look_up(store, 1, "x")
    assert (again.revision_no, again.content_digest) == (2, digest("content New title of x other"))


def test_an_edit_makes_at_most_one_hit_and_only_raises_its_score(backend: Backend, store: SqlStore) -> None:
    apply(store, poll(claim(store), hit_intent("x", score=70.0), at=T0))
    (known,) = look_up(store, 1, "x")
    assert known.hits == {("pact", "offer")}
    lower = revised(known, "x", text="less", found=(assessment(score=20.0, reached=False),))
    apply(store, poll(claim(store, at=T0 + HOUR), lower, at=T0 + HOUR))
    assert backend.rows("SELECT score, reached, entry_revision FROM hits") == [(70.0, True, 1)]
    (known,) = look_up(store, 1, "x")
    higher = revised(known, "x", text="more", found=(assessment(score=90.0),))
    apply(store, poll(claim(store, at=T0 + 2 * HOUR), higher, at=T0 + 2 * HOUR))
    assert backend.rows("SELECT score, reached, entry_revision FROM hits") == [(90.0, True, 3)]
    assert backend.rows("SELECT entry_revision, score FROM assessments ORDER BY id") == [
        (1, 70.0),
        (2, 20.0),
        (3, 90.0),
    ]


def test_an_edit_that_takes_the_words_away_is_assessed_as_zero(backend: Backend, store: SqlStore) -> None:
    apply(store, poll(claim(store), hit_intent("x"), at=T0))
    (known,) = look_up(store, 1, "x")
    apply(store, poll(claim(store, at=T0 + HOUR), revised(known, "x", text="nothing of it"), at=T0 + HOUR))
    assert backend.rows("SELECT score, reached FROM hits") == [(70.0, True)]
    assert backend.rows("SELECT score, reached FROM assessments ORDER BY id") == [(70.0, True), (0.0, False)]


def test_a_hit_is_made_once_whatever_is_asked(backend: Backend, store: SqlStore) -> None:
    apply(store, poll(claim(store), hit_intent("x", alerts=(("pact", "offer"),)), at=T0))
    (known,) = look_up(store, 1, "x")
    again = revised(known, "x", text="n", found=(assessment(),), hit=True, alert=True)
    counts = apply(store, poll(claim(store, at=T0 + HOUR), again, at=T0 + HOUR))
    assert counts[0]["hits"] == 0
    assert backend.value("SELECT count(*) FROM hits") == 1
    assert backend.value("SELECT count(*) FROM outbox") == 1


def test_of_two_entries_with_one_key_the_first_wins(backend: Backend, store: SqlStore) -> None:
    twin = entry_intent("y", key=digest("key x"))
    counts = apply(store, poll(claim(store), entry_intent("x"), twin))
    assert counts[0]["entries"] == 1
    assert backend.rows("SELECT title FROM entries") == [("Title x",)]


def test_an_entry_that_is_there_already_is_not_made_twice(backend: Backend, store: SqlStore) -> None:
    apply(store, poll(claim(store), entry_intent("x"), at=T0))
    counts = apply(store, poll(claim(store, at=T0 + HOUR), entry_intent("x"), entry_intent("y"), at=T0 + HOUR))
    assert counts[0]["entries"] == 1
    assert backend.value("SELECT count(*) FROM entry_revisions") == 2


def test_look_up_by_key_link_content_and_alias(store: SqlStore) -> None:
    apply(store, poll(claim(store), entry_intent("x"), entry_intent("y"), at=T0))
    assert [e.entry_id for e in look_up(store, 1, "x", "nobody")] == [1]
    assert [e.entry_id for e in look_up(store, 1, links=["y"])] == [2]
    assert [e.entry_id for e in look_up(store, 1, contents=[digest("content Title x note x"), b""])] == [1]
    assert look_up(store, 2, "x", links=["x"]) == []
    (known,) = look_up(store, 1, "x")
    alias = entry_intent(
        "x",
        entry_id=1,
        key=known.key,
        new_revision=False,
        aliases=(digest("key new id"),),
        sighting=Sighting.REPUBLISHED,
    )
    apply(store, poll(claim(store, at=T0 + HOUR), alias, at=T0 + HOUR))
    (by_alias,) = look_up(store, 1, "new id")
    assert (by_alias.entry_id, by_alias.key) == (1, digest("key new id"))


def test_look_ups_of_many_sources_come_in_order(store: SqlStore) -> None:
    apply(
        store, poll(claim(store, "a"), entry_intent("x")), poll(claim(store, "b"), entry_intent("x"), entry_intent("y"))
    )
    keys = (digest("key x"), digest("key y"))
    with store.write() as transaction:
        found = transaction.known_many(
            [EntryLookup(2, keys), EntryLookup(3, keys), EntryLookup(1, keys), EntryLookup(1)]
        )
    assert [[entry.entry_id for entry in part] for part in found] == [[2, 3], [], [1], []]


def test_a_big_look_up_goes_in_parts(store: SqlStore) -> None:
    apply(store, poll(claim(store), entry_intent("x")))
    many = tuple(digest(str(number)) for number in range(9_000))
    with store.write() as transaction:
        found = transaction.known_many([EntryLookup(1, many, many, many), EntryLookup(1, (digest("key x"),))])
    assert [len(part) for part in found] == [0, 1]


def test_tombstones_are_known(backend: Backend, store: SqlStore) -> None:
    backend.run("UPDATE sources SET entries = 1 WHERE id = 1")
    backend.run(
        "INSERT INTO tombstones (key, source_id, link_key, content_digest, first_seen, pruned_at) VALUES (:k, 1, :l, :c, 1, 2)",
        k=digest("key old"), l=digest("link old"), c=digest("content old"),
    )  # fmt: skip
    (by_key,) = look_up(store, 1, "old")
    assert by_key.is_tombstone
    assert by_key.entry_id == 0
    assert [e.is_tombstone for e in look_up(store, 1, links=["old"])] == [True]


def left(transaction, keys: Sequence[bytes], items: Sequence[bytes] = ()) -> list[int]:
    (found,) = transaction.left_many([ShownLookup(1, tuple(keys), tuple(items))])
    return sorted(found.rolled + found.withdrawn)


def test_what_left_the_body_is_found_once(backend: Backend, store: SqlStore) -> None:
    apply(store, poll(claim(store), entry_intent("x"), entry_intent("y"), entry_intent("z"), at=T0))
    with store.write() as transaction:
        assert left(transaction, [digest("key x")]) == [2, 3]
        assert left(transaction, [digest("key x")], [digest("item y"), b""]) == [3]
        assert left(transaction, [digest(f"key {n}") for n in "xyz"]) == []
    apply(store, poll(claim(store, at=T0 + HOUR), at=T0 + HOUR, seen=(1,), vanished=(2,), left=(3,)))
    with store.write() as transaction:
        assert left(transaction, []) == [1]
    assert backend.rows("SELECT id, last_seen, left_at, vanished_at FROM entries ORDER BY id") == [
        (1, T0 + HOUR, None, None),
        (2, T0, T0 + HOUR, T0 + HOUR),
        (3, T0, T0 + HOUR, None),
    ]
    (vanished,) = look_up(store, 1, "y")
    assert vanished.is_vanished
    apply(
        store,
        poll(claim(store, at=T0 + 2 * HOUR), at=T0 + 2 * HOUR, seen=(2,), seen_items=((2, digest("other bytes")),)),
    )
    (back,) = look_up(store, 1, "y")
    assert not back.is_vanished
    with store.write() as transaction:
        assert left(transaction, [], [digest("other bytes")]) == [1]


def test_items_are_kept_as_they_come_and_go(backend: Backend, store: SqlStore) -> None:
    apply(store, poll(claim(store), entry_intent("x"), entry_intent("y"), at=T0))
    second = poll(
        claim(store, at=T0 + HOUR),
        entry_intent("z"),
        at=T0 + HOUR,
        change={"item_digests": (digest("item y"), digest("item z"))},
    )
    apply(store, second)
    assert claim(store, at=T0 + 2 * HOUR).seen_items == {digest("item y"), digest("item z")}
    assert backend.rows("SELECT first_seen, last_seen FROM source_items WHERE digest = :d", d=digest("item x")) == [
        (T0, T0)
    ]
    store.release([claim(store, at=T0 + 3 * HOUR)])
    third = poll(claim(store, at=T0 + 4 * HOUR), at=T0 + 4 * HOUR, change={"item_digests": (digest("item x"),)})
    apply(store, third)
    assert backend.rows("SELECT first_seen, last_seen FROM source_items WHERE digest = :d", d=digest("item x")) == [
        (T0, None)
    ]
    fourth = poll(claim(store, at=T0 + 5 * HOUR), at=T0 + 5 * HOUR, change={"item_digests": None})
    apply(store, fourth)
    assert claim(store, at=T0 + 6 * HOUR).seen_items == {digest("item x")}


def test_a_failed_poll_changes_only_the_state_of_its_source(backend: Backend, store: SqlStore) -> None:
    apply(store, poll(claim(store), entry_intent("x"), at=T0))
    before = claim(store, at=T0 + HOUR)
    apply(store, failed_poll(before, at=T0 + HOUR))
    after = claim(store, at=T0 + 2 * HOUR)
    assert (after.etag, after.body_digest, after.seen_items) == (before.etag, before.body_digest, before.seen_items)
    assert (after.failures, after.health, after.last_ok_at) == (1, "unreachable", T0)
    states = backend.rows("SELECT health, since, until FROM source_states WHERE source_id = 1 ORDER BY id")
    assert states == [("never polled", T0 - HOUR, T0), ("ok", T0, T0 + HOUR), ("unreachable", T0 + HOUR, None)]
    assert backend.rows("SELECT phase, error, status, body_digest FROM polls ORDER BY id DESC LIMIT 1") == [
        ("connect", "timeout", None, None)
    ]


def test_the_same_state_does_not_begin_a_new_interval(backend: Backend, store: SqlStore) -> None:
    apply(store, poll(claim(store), at=T0))
    apply(store, poll(claim(store, at=T0 + HOUR), at=T0 + HOUR))
    assert backend.value("SELECT count(*) FROM source_states WHERE source_id = 1") == 2
    assert backend.value("SELECT health_since FROM sources WHERE id = 1") == T0


def test_a_source_disabled_while_it_is_polled_stays_disabled(backend: Backend, store: SqlStore) -> None:
    one = claim(store)
    store.save_watchlist(document(source("b")), b"compiled", T0)
    apply(store, poll(one, entry_intent("x"), at=T0 + SECOND))
    assert backend.rows("SELECT enabled, next_poll_at, health FROM sources WHERE name = 'a'") == [
        (False, None, "disabled")
    ]
    assert backend.value("SELECT count(*) FROM entries") == 1
    assert backend.rows("SELECT health, until FROM source_states WHERE source_id = 1 ORDER BY id DESC LIMIT 1") == [
        ("disabled", None)
    ]


def test_a_lost_lease_costs_only_its_own_poll(backend: Backend, store: SqlStore) -> None:
    stale, other = claim(store, "a"), claim(store, "b")
    claim(store, "a", T0 + HOUR)
    answers = apply(store, poll(stale, entry_intent("x")), poll(other, entry_intent("y")))
    assert isinstance(answers[0], LeaseLostError)
    assert answers[1] == {"entries": 1, "revisions": 0, "hits": 0, "alerts": 0}
    assert backend.rows("SELECT title FROM entries") == [("Title y",)]


def test_a_poll_that_was_written_is_not_written_again(backend: Backend, store: SqlStore) -> None:
    intent = poll(claim(store), hit_intent("x"))
    apply(store, intent)
    assert isinstance(apply(store, intent)[0], LeaseLostError)
    assert backend.value("SELECT count(*) FROM polls") == 1


def test_nothing_of_a_transaction_stays_after_an_exception(backend: Backend, store: SqlStore) -> None:
    one = claim(store)

    def crash_before_the_commit() -> None:
        with store.write() as transaction:
            transaction.apply(poll(one, hit_intent("x")))
            raise KeyError

    with pytest.raises(KeyError):
        crash_before_the_commit()
    assert backend.value("SELECT count(*) FROM entries") == 0
    assert backend.value("SELECT lease_token FROM sources WHERE id = 1") == 1
    apply(store, poll(one, hit_intent("x")))
    assert backend.value("SELECT count(*) FROM hits") == 1


def test_a_savepoint_takes_back_only_its_own(backend: Backend, store: SqlStore) -> None:
    a, b = claim(store, "a"), claim(store, "b")

    def fail_in_the_savepoint(transaction) -> None:
        with transaction.savepoint():
            transaction.apply(poll(b, entry_intent("y")))
            raise KeyError

    with store.write() as transaction:
        transaction.apply(poll(a, entry_intent("x")))
        with pytest.raises(KeyError):
            fail_in_the_savepoint(transaction)
    assert backend.rows("SELECT title FROM entries") == [("Title x",)]


def test_scored_under_says_the_poll_or_else_the_current_revision(backend: Backend, store: SqlStore) -> None:
    other = "cd" * 32
    store.save_watchlist(document(source("a"), revision=other), b"compiled", T0)
    apply(store, poll(claim(store), entry_intent("x"), at=T0))
    apply(store, poll(claim(store, at=T0 + HOUR), entry_intent("y"), at=T0 + HOUR, revisions={"pact": REVISION}))
    found = backend.rows(
        "SELECT s.entry_id, r.digest FROM entry_scores s JOIN watchlist_revisions r ON r.id = s.revision_id ORDER BY 1"
    )
    assert found == [(1, bytes.fromhex(other)), (2, bytes.fromhex(REVISION))]


def test_one_poll_serves_several_watchlists(backend: Backend, store: SqlStore) -> None:
    store.save_watchlist(document(source("also-a", url="https://a.example/feed"), name="second"), b"compiled", T0)
    assert backend.value("SELECT count(*) FROM sources") == 3
    both = entry_intent("x", found=(assessment(),))
    scored = both.scored.__class__(
        both.scored.entry, both.scored.evidence, {"pact": (assessment(),), "second": (assessment(score=55.0),)}
    )
    one = entry_intent("x", scored=scored, hits=(("pact", "offer"), ("second", "offer")))
    apply(store, poll(claim(store, "also-a"), one, at=T0))
    assert [(h.watchlist, h.score, h.source) for h in backend.queries.hits(HitFilter())] == [
        ("second", 55.0, "also-a"),
        ("pact", 70.0, "a"),
    ]


def test_figures_are_stored_with_their_sentence(backend: Backend, store: SqlStore) -> None:
    reading = FigureReading("vessels", 342.0, "vessels", "total", "text", 5, 16, "The list holds 342 vessels.")
    apply(store, poll(claim(store), entry_intent("x", found=(assessment(),), figures=(reading,)), at=T0))
    assert backend.rows(
        "SELECT figure, value, qualifier, span_start, span_end, sentence, read_at FROM figure_readings"
    ) == [("vessels", 342.0, "total", 5, 16, "The list holds 342 vessels.", T0)]


def test_headers_are_kept_of_new_bodies_only(backend: Backend, store: SqlStore) -> None:
    apply(store, poll(claim(store), at=T0))
    same = poll(
        claim(store, at=T0 + HOUR), at=T0 + HOUR, outcome=Outcome.SAME_BODY, change={"health": SourceHealth.UNCHANGED}
    )
    apply(store, same)
    kept = backend.rows("SELECT headers FROM polls ORDER BY id")
    assert kept == [('[["content-type","application/rss+xml"],["etag","\\"1\\""]]',), (None,)]


def test_known_entries_tell_their_flags(store: SqlStore) -> None:
    apply(store, poll(claim(store), entry_intent("x", entry={"flags": ("truncated", "loose"), "published": T0 - HOUR})))
    (known,) = look_up(store, 1, "x")
    assert known.is_loose
    assert known.published == T0 - HOUR
