"""The history of an entry, on both databases."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, digest, document, entry_intent, hit_intent, poll, source
from watcher.core.model import Sighting
from watcher.storage import evidence
from watcher.storage.evidence import EvidenceQueries


def test_a_history_tells_every_wording_with_its_poll(backend: Backend) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a")), b"", T0 - HOUR)
    (claim,) = store.claim_due("test", T0, limit=1, lease_s=9)
    with store.write() as transaction:
        transaction.apply(poll(claim, entry_intent("plain"), at=T0, body=b"first"))
    (claim,) = store.claim_due("test", T0 + HOUR, limit=1, lease_s=9)
    edited = replace(
        hit_intent("plain", entry={"title": "New title"}),
        entry_id=1,
        revision_no=2,
        sighting=Sighting.UPDATED,
        content_digest=digest("edited"),
        aliases=(digest("other"),),
    )
    with store.write() as transaction:
        transaction.apply(poll(claim, edited, at=T0 + HOUR, body=b"second"))

    history = EvidenceQueries(backend.engine).history(1)

    assert history is not None
    assert [(w.number, w.title, w.sighting, w.body_kept) for w in history.wordings] == [
        (1, "Title plain", "new", False),
        (2, "New title", "updated", True),
    ]
    first, second = history.wordings
    assert (first.first_seen, first.last_seen, second.last_seen) == (T0, T0, T0 + HOUR)
    assert second.body_digest.hex() == "16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4"
    assert (history.title, history.source, history.aliases, history.hits) == ("New title", "a", 1, ((1, "offer"),))
    assert EvidenceQueries(backend.engine).entry_of(1) == 1
    assert EvidenceQueries(backend.engine).entry_of(9) is None
    assert EvidenceQueries(backend.engine).history(9) is None


def edited_often(backend: Backend, wordings: int) -> EvidenceQueries:
    """A hit whose entry got so many wordings, each from another body."""
    store = backend.store()
    store.save_watchlist(document(source("a")), b"", T0 - HOUR)
    for number in range(1, wordings + 1):
        at = T0 + number * HOUR
        (claim,) = store.claim_due("test", at, limit=1, lease_s=9)
        intent = hit_intent("x", entry={"text": f"note {number}"}, content_digest=digest(f"text {number}"))
        if number > 1:
            intent = replace(intent, entry_id=1, revision_no=number, sighting=Sighting.UPDATED, hits=())
        with store.write() as transaction:
            transaction.apply(poll(claim, intent, at=at, body=b"body %d" % number))
    return EvidenceQueries(backend.engine)


def test_a_hit_comes_with_its_rows_and_bytes(backend: Backend) -> None:
    queries = edited_often(backend, 2)

    found = queries.hit(1)

    assert queries.hit(9) is None
    assert found is not None
    assert (found.watchlist, found.hit["signal"], found.entry["id"], found.source["name"]) == ("pact", "offer", 1, "a")
    assert found.link["rationale"] == "why a"
    assert [row["entry_revision"] for row in found.assessments] == [1, 2]
    assert [row["files"] for row in found.revisions] == [{"watchlist.yaml": "watchlist: pact\n"}]
    assert sorted(found.bodies.values()) == [b"body 1", b"body 2"]
    assert [row["status"] for row in found.polls] == [200, 200]
    assert (found.verdicts, found.left_out, found.story) == ((), (), ())
    backend.run("INSERT INTO stories (id, lead_id, first_at, last_at) VALUES (1, 1, 1, 1)")
    backend.run("INSERT INTO story_members (entry_id, story_id, way, origin) VALUES (1, 1, 'first', 'wire')")
    again = queries.hit(1)
    assert again is not None
    assert [(row["entry_id"], row["origin"], row["source"]) for row in again.story] == [(1, "wire", "a")]


def test_of_very_many_wordings_some_go_in_and_it_is_said(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    queries = edited_often(backend, 5)
    backend.run("DELETE FROM assessments WHERE entry_revision > 2")
    monkeypatch.setattr(evidence, "MOST_WORDINGS", 2)
    monkeypatch.setattr(evidence, "MOST_BODY_BYTES", 13)

    found = queries.hit(1)

    assert found is not None
    assert [wording.number for wording in found.history.wordings] == [1, 2, 5]
    assert sorted(found.bodies.values()) == [b"body 1", b"body 2"]
    assert found.left_out == (
        "2 of 5 wordings: too many for one bundle",
        "the bytes that brought wording 5: too large for one bundle",
    )
