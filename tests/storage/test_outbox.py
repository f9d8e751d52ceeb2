"""Messages are owed until a channel took them: at least once, with a key that never changes."""

from __future__ import annotations

import pytest

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, document, hit_intent, poll, source
from watcher.core.model import SECOND
from watcher.storage.store import SqlStore


@pytest.fixture
def store(backend: Backend) -> SqlStore:
    """A store that owes three alerts to each of two channels."""
    store = backend.store("file", "mail")
    store.save_watchlist(document(source("a")), b"", T0)
    (claim,) = store.claim_due("test", T0, limit=1, lease_s=9)
    entries = [hit_intent(name, alerts=(("pact", "offer"),)) for name in ("x", "y", "z")]
    with store.write() as transaction:
        assert transaction.apply(poll(claim, *entries, at=T0))["alerts"] == 6
    return store


def claim(store: SqlStore, now: int = T0, limit: int = 9, channel: str = "file"):
    return store.claim_alerts(now, channel, limit, 60.0, owner="test")


def test_alerts_say_what_was_found(store: SqlStore) -> None:
    first = claim(store)[0]
    assert first.payload == {
        "hit": 1,
        "watchlist": "pact",
        "signal": "offer",
        "score": 70.0,
        "rung": "claimed",
        "reason": "given +70 (note)",
        "sighting": "new",
        "first_seen": T0,
        "title": "Title x",
        "link": "https://x.example/x",
        "source": "a",
        "source_title": "The a",
        "publisher": "Publisher of a",
        "published": None,
    }
    assert (first.channel, first.kind, first.created_at, first.attempts) == ("file", "hit", T0, 1)
    assert len(first.key) == 64


def test_claimed_alerts_are_nobody_elses_until_the_lease_ends(store: SqlStore) -> None:
    assert [alert.payload["title"] for alert in claim(store, limit=2)] == ["Title x", "Title y"]
    assert [alert.payload["title"] for alert in claim(store)] == ["Title z"]
    assert claim(store, T0 + 59 * SECOND) == []
    again = claim(store, T0 + 60 * SECOND)
    assert [alert.attempts for alert in again] == [2, 2, 2]


def test_each_channel_is_owed_on_its_own_and_keys_are_the_same(store: SqlStore) -> None:
    by_file, by_mail = claim(store), claim(store, channel="mail")
    assert [alert.key for alert in by_file] == [alert.key for alert in by_mail]
    assert len({alert.key for alert in by_file}) == 3


def test_sent_alerts_are_never_owed_again(backend: Backend, store: SqlStore) -> None:
    store.mark_sent([alert.alert_id for alert in claim(store)], T0 + 1)
    assert claim(store, T0 + 99 * HOUR) == []
    assert store.next_alert_at("file") is None
    assert backend.rows("SELECT DISTINCT sent_at, lease_until FROM outbox WHERE channel = 'file'") == [(T0 + 1, None)]


def test_failed_alerts_wait_and_keep_what_the_channel_said(backend: Backend, store: SqlStore) -> None:
    first = claim(store, limit=1)[0]
    store.mark_failed([first.alert_id], T0, "mailbox full", retry_at=T0 + HOUR)
    store.mark_sent([alert.alert_id for alert in claim(store)], T0)
    assert claim(store, T0 + HOUR - 1) == []
    assert store.next_alert_at("file") == T0 + HOUR
    (again,) = claim(store, T0 + HOUR)
    assert (again.alert_id, again.key, again.attempts) == (first.alert_id, first.key, 2)
    assert backend.value("SELECT last_error FROM outbox WHERE id = :id", id=first.alert_id) == "mailbox full"


def test_dead_letters_stay_visible_and_can_be_revived(backend: Backend, store: SqlStore) -> None:
    first = claim(store, limit=1)[0]
    store.mark_failed([first.alert_id], T0 + 5, "no such receiver", retry_at=T0, permanent=True)
    assert first.alert_id not in [alert.alert_id for alert in claim(store, T0 + HOUR)]
    assert backend.rows("SELECT key, dead_at FROM outbox WHERE dead_at IS NOT NULL") == [(first.key, T0 + 5)]
    store.revive_alerts([first.alert_id], T0 + 2 * HOUR)
    assert [alert.attempts for alert in claim(store, T0 + 2 * HOUR) if alert.alert_id == first.alert_id] == [1]


def test_given_back_alerts_were_not_tried(store: SqlStore) -> None:
    store.release_alerts([alert.alert_id for alert in claim(store)])
    assert [alert.attempts for alert in claim(store)] == [1, 1, 1]


def test_a_late_failure_does_not_take_back_what_was_sent(store: SqlStore) -> None:
    ids = [alert.alert_id for alert in claim(store)]
    store.mark_sent(ids, T0)
    store.mark_failed(ids, T0, "late", retry_at=T0)
    assert claim(store, T0 + HOUR) == []


def test_other_messages_are_owed_once_per_key(store: SqlStore) -> None:
    notice = {"channel": "file", "key": "health:a:1", "kind": "health", "payload": {"source": "a"}}
    assert store.owe([notice, {**notice, "channel": "mail"}], T0) == 2
    assert store.owe([notice], T0) == 0
    assert [alert.payload for alert in claim(store) if alert.kind == "health"] == [{"source": "a"}]


def test_nothing_is_owed_where_there_is_no_channel(backend: Backend) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a")), b"", T0)
    (one,) = store.claim_due("test", T0, limit=1, lease_s=9)
    with store.write() as transaction:
        assert transaction.apply(poll(one, hit_intent("x", alerts=(("pact", "offer"),))))["alerts"] == 0
    assert backend.value("SELECT count(*) FROM outbox") == 0


def test_old_alerts_can_be_suppressed_and_stay_on_record(backend: Backend, store: SqlStore) -> None:
    store.mark_sent([claim(store, limit=1)[0].alert_id], T0)
    assert store.suppress_alerts(T0, T0 + HOUR) == 0
    assert store.suppress_alerts(T0 + 1, T0 + HOUR) == 5
    assert claim(store, T0 + 2 * HOUR) == []
    assert backend.value("SELECT count(*) FROM outbox WHERE suppressed_at = :t", t=T0 + HOUR) == 5
