"""The history of an entry, on both databases."""

from __future__ import annotations

from dataclasses import replace

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, digest, document, entry_intent, hit_intent, poll, source
from watcher.core.model import Sighting
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
