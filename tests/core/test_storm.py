"""Which alerts of many are told one by one."""

from watcher.core.intents import OwedAlert
from watcher.core.storm import message


def owed(number, signal="offer", source="press", score=50.0, kind="hit"):
    payload = {"signal": signal, "source": source, "score": score} if kind == "hit" else {"source": source}
    return OwedAlert(number, "file", f"key-{number}", kind, payload, 1_765_800_000_000_000 + number, 1)


def test_what_a_person_can_read_goes_as_it_is():
    few = [owed(n) for n in range(3)]
    assert message(few, 3) == tuple(few)


def test_h04_the_rest_is_counted_and_named_in_a_digest():
    *alone, digest = message([owed(n) for n in range(1000)], 20)
    assert len(alone) == 20
    assert [alert.alert_id for alert in alone] == sorted(alert.alert_id for alert in alone)
    assert (digest.kind, digest.payload["count"], digest.payload["signals"]) == ("digest", 980, {"offer": 980})
    assert {alert.key for alert in alone} | set(digest.payload["keys"]) == {f"key-{n}" for n in range(1000)}


def test_h04_the_key_of_a_digest_is_that_of_what_it_holds():
    many = [owed(n) for n in range(50)]
    assert message(many, 5)[-1].key == message(many, 5)[-1].key
    assert message(many, 5)[-1].key != message(many[:-1], 5)[-1].key


def test_j04_a_flood_of_one_source_buries_neither_a_rare_signal_nor_another_source():
    flood = [owed(n, score=99.0) for n in range(500)]
    rare, quiet = owed(501, signal="draft", score=41.0), owed(502, source="ministry", score=41.0)
    alone = message([*flood, rare, quiet], 5)[:-1]
    assert {501, 502} <= {alert.alert_id for alert in alone}


def test_the_highest_scores_of_a_source_come_first():
    many = [owed(n, score=float(n)) for n in range(50)]
    assert [alert.alert_id for alert in message(many, 3)[:-1]] == [47, 48, 49]


def test_messages_about_ourselves_are_counted_by_kind_and_long_lists_are_cut():
    many = [owed(n, kind="health", source=f"s{n}", score=0.0) for n in range(40)]
    digest = message(many, 10)[-1]
    assert digest.payload["signals"] == {"health": 30}
    assert len(digest.payload["sources"]) == 11
    assert digest.payload["sources"]["others"] == 20


def test_a_payload_of_another_shape_does_not_stop_it():
    odd = OwedAlert(9, "file", "key-9", "hit", {"signal": 5, "score": "high"}, 0, 1)
    assert message([odd, owed(1)], 1)[0].alert_id in (1, 9)
