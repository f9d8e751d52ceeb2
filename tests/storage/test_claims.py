"""Leases: who gets a source, when, and who may write what came of it."""

from __future__ import annotations

import threading

import pytest

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, digest, document, failed_poll, hit_intent, poll, source
from watcher.core.errors import LeaseLostError
from watcher.core.model import SECOND

COMPILED = b"compiled"


def listed(backend: Backend, *names: str) -> None:
    backend.store().save_watchlist(document(*(source(name) for name in names)), COMPILED, T0)


def names(claims) -> list[str]:
    return [claim.spec.id for claim in claims]


def test_new_sources_are_due_at_once_and_claimed_once(backend: Backend) -> None:
    listed(backend, "a", "b", "c")
    store = backend.store()
    first = store.claim_due("one", T0, limit=2, lease_s=180)
    second = store.claim_due("two", T0, limit=2, lease_s=180)
    assert names(first) == ["a", "b"]
    assert names(second) == ["c"]
    assert all(claim.is_first and claim.token == 1 and claim.lease_until == T0 + 180 * SECOND for claim in first)
    assert store.claim_due("three", T0, limit=9, lease_s=180) == []


def test_the_most_overdue_comes_first(backend: Backend) -> None:
    listed(backend, "a", "b", "c")
    backend.run("UPDATE sources SET next_poll_at = :t WHERE name = 'c'", t=T0 - HOUR)
    assert names(backend.store().claim_due("one", T0, limit=1, lease_s=1)) == ["c"]


def test_a_lease_that_ended_is_taken_over_with_a_higher_token(backend: Backend) -> None:
    listed(backend, "a")
    store = backend.store()
    (old,) = store.claim_due("one", T0, limit=1, lease_s=10)
    assert store.claim_due("two", T0 + 9 * SECOND, limit=1, lease_s=10) == []
    (new,) = store.claim_due("two", T0 + 10 * SECOND, limit=1, lease_s=10)
    assert new.token == old.token + 1
    with pytest.raises(LeaseLostError), store.write() as transaction:
        transaction.apply(poll(old))
    with store.write() as transaction:
        transaction.apply(poll(new))
    assert backend.value("SELECT count(*) FROM polls") == 1


def test_a_lease_that_ended_but_was_not_taken_may_still_write(backend: Backend) -> None:
    listed(backend, "a")
    store = backend.store()
    (claim,) = store.claim_due("one", T0, limit=1, lease_s=10)
    with store.write() as transaction:
        transaction.apply(poll(claim, at=T0 + HOUR))
    assert backend.value("SELECT lease_until FROM sources") is None


def test_given_back_leases_are_free_at_once(backend: Backend) -> None:
    listed(backend, "a", "b")
    store = backend.store()
    claims = store.claim_due("one", T0, limit=2, lease_s=10)
    store.release(claims[:1])
    assert names(store.claim_due("two", T0, limit=2, lease_s=10)) == ["a"]
    store.release(claims)  # the token of "a" is not theirs any more: it stays taken
    assert names(store.claim_due("three", T0, limit=2, lease_s=10)) == ["b"]


def test_everything_ignores_the_schedule_but_never_a_retry_after(backend: Backend) -> None:
    listed(backend, "a", "b")
    store = backend.store()
    a, b = store.claim_due("one", T0, limit=2, lease_s=10)
    with store.write() as transaction:
        transaction.apply(poll(a, at=T0))
        transaction.apply(failed_poll(b, change={"retry_not_before": T0 + HOUR, "next_poll_at": T0 + HOUR}))
    assert store.claim_due("two", T0 + SECOND, limit=9, lease_s=10) == []
    assert names(store.claim_due("two", T0 + SECOND, limit=9, lease_s=10, everything=True)) == ["a"]
    assert names(store.claim_due("two", T0 + 2 * HOUR, limit=9, lease_s=10, only=["b"])) == ["b"]


def test_only_the_named_sources(backend: Backend) -> None:
    listed(backend, "a", "b", "c")
    claims = backend.store().claim_due("one", T0, limit=9, lease_s=10, only=["c", "a", "nobody"])
    assert names(claims) == ["a", "c"]


def test_sources_that_cannot_be_polled_are_never_claimed(backend: Backend) -> None:
    sources = (
        source("none", kind="none"),
        source("dead", recorded="dead"),
        source("blocked", recorded="blocked"),
        source("off", enabled=False),
    )
    store = backend.store()
    store.save_watchlist(document(*sources), COMPILED, T0)
    assert store.claim_due("one", T0 + HOUR, limit=9, lease_s=10, everything=True) == []
    assert store.next_due() is None
    health = {row.name: row.health for row in backend.queries.sources()}
    assert health == dict.fromkeys(("none", "dead", "blocked"), "blind by construction") | {"off": "disabled"}


def test_next_due_waits_for_leases_and_retry_after(backend: Backend) -> None:
    listed(backend, "a", "b")
    store = backend.store()
    assert store.next_due() == T0
    a, _ = store.claim_due("one", T0, limit=2, lease_s=180)
    assert store.next_due() == T0 + 180 * SECOND
    with store.write() as transaction:
        transaction.apply(
            poll(a, at=T0 + 5 * SECOND, change={"next_poll_at": T0 + 60 * SECOND, "retry_not_before": T0 + 90 * SECOND})
        )
    assert store.next_due() == T0 + 90 * SECOND


def test_a_claim_carries_what_the_last_poll_left(backend: Backend) -> None:
    listed(backend, "a")
    store = backend.store()
    (claim,) = store.claim_due("one", T0, limit=1, lease_s=10)
    with store.write() as transaction:
        intent = poll(
            claim, hit_intent("x"), hit_intent("y"), at=T0, change={"kind_state": "{}", "last_modified": "Mon"}
        )
        transaction.apply(intent)
    (again,) = store.claim_due("one", T0 + HOUR, limit=1, lease_s=10)
    assert again.etag == '"1"'
    assert again.last_modified == "Mon"
    assert again.body_digest == intent.change.body_digest
    assert again.seen_items == {digest("item x"), digest("item y")}
    assert (again.health, again.last_ok_at, again.kind_state, again.is_first) == ("ok", T0, "{}", False)
    assert again.due_at == T0 + HOUR


def test_two_workers_never_get_the_same_source(backend: Backend) -> None:
    listed(backend, *(f"s{number:03}" for number in range(60)))
    got: list[list[str]] = [[], []]

    def work(number: int) -> None:
        store = backend.store()
        while claims := store.claim_due(f"worker {number}", T0, limit=7, lease_s=60):
            got[number] += names(claims)

    workers = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sorted(got[0] + got[1]) == [f"s{number:03}" for number in range(60)]
