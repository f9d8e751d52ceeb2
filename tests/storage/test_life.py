"""Signs of life, leases of the dead, holds, notices and silence, on both databases."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.storage.test_claims import listed, names
from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, failed_poll, poll
from watcher.core.intents import HostHold, Notice
from watcher.core.model import SECOND
from watcher.core.moved import Moved

LEASE = 180 * SECOND


def claimed(backend: Backend, owner: str, now: int, limit: int = 99):
    return backend.store().claim_due(owner, now, limit=limit, lease_s=180)


def die_and_restart(backend: Backend, number: int, now: int):
    """A process takes all it can get and dies; the next one comes when the leases are over."""
    store = backend.store()
    store.sweep_leases(f"process {number}", now)
    return names(claimed(backend, f"process {number}", now))


def test_f10_what_was_in_flight_at_a_death_is_suspected_one_by_one(backend: Backend) -> None:
    listed(backend, "a", "b", "c")
    assert die_and_restart(backend, 1, T0) == ["a", "b", "c"]
    store, now = backend.store(), T0 + LEASE
    crashed = store.sweep_leases("process 2", now)
    assert [(one.source, one.crashes, one.quarantined) for one in crashed] == [
        ("a", 1, False), ("b", 1, False), ("c", 1, False),
    ]  # fmt: skip
    (first,) = claimed(backend, "process 2", now)
    assert claimed(backend, "process 2", now) == []
    with store.write() as transaction:
        transaction.apply(poll(first, at=now))
    (second,) = claimed(backend, "process 2", now)
    assert (first.spec.id, first.crashes, second.spec.id) == ("a", 1, "b")


def test_f10_a_source_in_flight_at_two_deaths_is_put_aside_and_named(backend: Backend) -> None:
    listed(backend, "bad", "good")
    assert die_and_restart(backend, 1, T0) == ["bad", "good"]
    assert die_and_restart(backend, 2, T0 + LEASE) == ["bad"]
    now = T0 + 2 * LEASE
    (crash,) = backend.store().sweep_leases("process 3", now)
    assert (crash.source, crash.crashes, crash.quarantined) == ("bad", 2, True)
    assert names(claimed(backend, "process 3", now)) == ["good"]
    health, reason, due = backend.rows("SELECT health, health_reason, next_poll_at FROM sources WHERE name = 'bad'")[0]
    assert (health, due) == ("quarantined", now + 4 * HOUR)
    assert reason == "the process died 2 times in a row while this source was read"
    assert backend.value("SELECT count(*) FROM source_states WHERE until IS NULL AND health = 'quarantined'") == 1


def test_f10_it_is_tried_again_alone_and_is_well_after_one_good_poll(backend: Backend) -> None:
    listed(backend, "bad")
    for number in range(2):
        die_and_restart(backend, number, T0 + number * LEASE)
    store, now = backend.store(), T0 + 2 * LEASE
    store.sweep_leases("x", now)
    later = now + 4 * HOUR
    (claim,) = claimed(backend, "x", later)
    with store.write() as transaction:
        transaction.apply(poll(claim, at=later))
    assert backend.rows("SELECT crashes, health FROM sources") == [(0, "ok")]


def test_a_process_that_lost_the_database_and_lived_on_did_not_crash(backend: Backend) -> None:
    listed(backend, "a", "b")
    store = backend.store()
    span = store.begin_span("lives", T0)
    claimed(backend, "lives", T0, 1)
    store.beat(span, T0 + LEASE)
    store.sweep_leases("lives", T0)  # the first sweep is over
    assert store.sweep_leases("other", T0 + LEASE) == []
    assert backend.value("SELECT count(*) FROM sources WHERE crashes > 0 OR lease_owner IS NOT NULL") == 0


def test_an_orderly_end_is_no_crash(backend: Backend) -> None:
    listed(backend, "a")
    store = backend.store()
    span = store.begin_span("ends", T0)
    claimed(backend, "ends", T0)
    store.beat(span, T0 + SECOND, ended=True)
    assert store.sweep_leases("other", T0 + LEASE) == []


def test_a_daemon_that_died_after_its_last_beat_crashed(backend: Backend) -> None:
    listed(backend, "a")
    store = backend.store()
    store.begin_span("dies", T0)
    claimed(backend, "dies", T0)
    assert len(store.sweep_leases("other", T0 + LEASE)) == 1


def test_on_sqlite_the_lock_proves_a_death_at_once_and_on_postgres_the_lease_must_end(backend: Backend) -> None:
    listed(backend, "a")
    claimed(backend, "dead", T0)
    assert len(backend.store().sweep_leases("new", T0 + SECOND)) == (1 if backend.is_sqlite else 0)


def test_a31_a_host_that_asked_for_peace_is_remembered_until_it_is_over(backend: Backend) -> None:
    listed(backend, "a")
    store = backend.store()
    (claim,) = claimed(backend, "x", T0)
    held = (HostHold("slow.example", T0 + HOUR, "429"), HostHold("slow.example", T0 + 2 * HOUR, "503"))
    with store.write() as transaction:
        transaction.apply(failed_poll(claim, holds=held))
    assert backend.store().host_holds(T0 + HOUR) == [held[1]]
    assert backend.store().host_holds(T0 + 2 * HOUR) == []
    backend.run("UPDATE sources SET next_poll_at = :t", t=T0)
    (claim,) = claimed(backend, "x", T0 + 3 * HOUR)
    with store.write() as transaction:
        transaction.apply(failed_poll(claim, at=T0 + 3 * HOUR, holds=(HostHold("b", T0 + 9 * HOUR, ""),)))
    assert backend.rows("SELECT host FROM host_holds") == [("b",)]


def test_h14_a_notice_is_owed_to_every_channel_once(backend: Backend) -> None:
    listed(backend, "a")
    store = backend.store("file", "other")
    (claim,) = claimed(backend, "x", T0)
    notice = Notice("health:1:5:failing", {"event": "failing"})
    with store.write() as transaction:
        transaction.apply(failed_poll(claim, notices=(notice,), change={"alarmed_at": T0}))
    assert backend.rows("SELECT channel, key, kind FROM outbox ORDER BY id") == [
        ("file", notice.key, "health"),
        ("other", notice.key, "health"),
    ]
    assert store.owe_notices([notice], T0) == 0
    assert backend.store().owe_notices([notice], T0) == 0
    backend.run("UPDATE sources SET next_poll_at = :t", t=T0)
    (claim,) = claimed(backend, "x", T0 + HOUR)
    assert claim.alarmed_at == T0


def test_h13_an_open_notice_is_found_again_after_a_restart(backend: Backend) -> None:
    store = backend.store("file")
    assert store.open_notice("silence:", "silence-over:") == ""
    store.owe_notices([Notice("silence:5", {})], T0)
    assert store.open_notice("silence:", "silence-over:") == "5"
    store.owe_notices([Notice("silence-over:5", {})], T0)
    assert store.open_notice("silence:", "silence-over:") == ""


def test_h13_silence_is_when_no_source_was_read_for_twice_its_interval(backend: Backend) -> None:
    listed(backend, "a", "b")
    store = backend.store()
    assert store.is_silent(T0 + 99 * HOUR) == (False, None)
    for claim in claimed(backend, "x", T0):
        with store.write() as transaction:
            transaction.apply(poll(claim, at=T0))
    assert store.is_silent(T0 + 2 * HOUR) == (False, T0)
    assert store.is_silent(T0 + 2 * HOUR + 1) == (True, T0)
    backend.run("UPDATE sources SET interval_s = 86400 WHERE name = 'b'")
    assert store.is_silent(T0 + 3 * HOUR) == (False, T0)


def test_what_a_poll_remembers_of_a_source_comes_back_with_its_next_claim(backend: Backend) -> None:
    listed(backend, "a")
    store = backend.store()
    (claim,) = claimed(backend, "x", T0)
    kept = {
        "ttl_s": 7200.0, "quiet_hours": (1, 2), "quiet_days": (6,), "arrivals": (5, 6), "body_at": T0,
        "moved": Moved("https://new.example/", T0, 5, T0), "crashes": 0, "next_poll_at": T0,
    }  # fmt: skip
    with store.write() as transaction:
        transaction.apply(poll(claim, at=T0, change=kept))
    (again,) = claimed(backend, "x", T0 + HOUR)
    for name, value in kept.items():
        if name != "next_poll_at":
            assert getattr(again, name) == value
    assert again.health_since == T0
    assert backend.queries.sources()[0].moved_to == "https://new.example/"


@pytest.mark.parametrize("by_hand", [False, True])
def test_when_somebody_looked(backend: Backend, by_hand: bool) -> None:
    listed(backend, "a")
    store = backend.store()
    (claim,) = claimed(backend, "x", T0)
    with store.write() as transaction:
        transaction.apply(poll(claim, at=T0, change={"next_poll_at": T0}))
    assert backend.queries.report_facts(_filter()).watch is None
    first = store.begin_span("one", T0)
    store.beat(first, T0 + HOUR, ended=True)
    second = store.begin_span("two", T0 + 50 * HOUR)
    store.beat(second, T0 + 51 * HOUR)
    if by_hand:
        (claim,) = claimed(backend, "x", T0 + 20 * HOUR)
        with store.write() as transaction:
            transaction.apply(poll(claim, at=T0 + 20 * HOUR))
    watch = backend.queries.report_facts(replace(_filter(), until=T0 + 52 * HOUR)).watch
    assert watch is not None
    assert (watch.first, watch.spans) == (
        T0, ((T0, T0 + HOUR), (T0 + 50 * HOUR, T0 + 51 * HOUR + 90 * SECOND)),
    )  # fmt: skip
    assert watch.by_hand == ({"a": (T0 + 20 * HOUR,)} if by_hand else {})
    lately = backend.queries.report_facts(replace(_filter(), since=T0 + 10 * HOUR, until=T0 + 40 * HOUR)).watch
    assert lately is not None
    assert lately.spans == ((T0, T0 + HOUR),)


def _filter():
    from watcher.core.views import HitFilter

    return HitFilter(watchlist="pact", since=T0 - HOUR)
