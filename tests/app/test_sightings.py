"""Classes of sightings, from the feed to every face: an archive, a new id for everything, and a copy page nobody."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.support.desk import HOUR_S, Desk, feed, item
from watcher.cli import main

LONG = "The ministry said on Thursday that the pact would be discussed for a whole week in the capital."


def offer(number: int | str, **tags: str) -> str:
    """An offer that says enough to be known again by what it says."""
    return item(number, f"Ministry offers pact number {number}", LONG, **tags)


OLD = "Mon, 01 Jan 2024 10:00:00 GMT"


@pytest.fixture
def seen(desk: Desk) -> Desk:
    """An archive at the first poll; then one new, one edited, one dated long ago, and one under another id."""
    desk.publish(feed(offer(1), item(2), item(3)))
    desk.poll()
    desk.publish(feed(offer(4), item(3, "Ministry offers a pact after all"), offer(5, pubDate=OLD)))
    desk.poll(after_s=2 * HOUR_S)
    copy = offer(4, guid="another").replace("https://press.example/4", "https://press.example/elsewhere")
    desk.publish(feed(offer(4), copy))
    desk.poll(after_s=2 * HOUR_S)
    return desk


def test_each_class_and_only_what_is_news_is_told(seen: Desk) -> None:
    made = "select e.guid, h.sighting from hits h join entries e on e.id = h.entry_id"
    assert dict(seen.rows(made)) == {
        "g1": "back-filled",
        "g3": "updated",
        "g4": "new",
        "g5": "back-filled",
        "another": "republished",
    }
    assert seen.one("select duplicate_of is not null from entries where guid = 'another'") == 1
    assert {(line["title"][:20], line["sighting"]) for line in seen.sent()} == {
        ("Ministry offers pact", "new"),
        ("Ministry offers a pa", "updated"),
    }
    assert len(seen.sent()) == 2


def test_every_face_shows_the_class(
    seen: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHER_DATABASE", str(seen.database))

    def told(*arguments: str) -> str:
        capsys.readouterr()
        assert main(list(arguments)) == 0
        return capsys.readouterr().out

    hit_of = dict(seen.rows("select e.guid, h.id from hits h join entries e on e.id = h.entry_id"))
    rows = {int(row["hit"]): row["sighting"] for row in csv.DictReader(io.StringIO(told("report", "--format", "csv")))}
    assert {rows[hit_of[guid]] for guid in ("g1", "g5")} == {"back-filled"}
    assert (rows[hit_of["g3"]], rows[hit_of["g4"]]) == ("updated", "new")
    assert "back-filled" in told("report")
    assert "back-filled" in told("explain", str(hit_of["g5"]))
    found = [json.loads(line) for line in told("search", "offers", "--format", "jsonl").splitlines()]
    assert {one["sighting"] for one in found} >= {"new", "back-filled", "updated"}
    assert ", back-filled" in told("search", "offers")
    assert "updated" in told("diff", str(seen.one("select id from entries where guid = 'g3'")))


def test_new_ids_for_everything_make_no_second_hit_and_no_alert(desk: Desk) -> None:
    desk.publish(feed(item(1)))
    desk.poll()
    desk.publish(feed(*map(offer, range(10, 25))))
    desk.poll(after_s=2 * HOUR_S)
    assert len(desk.sent()) == 15

    desk.publish(feed(*(offer(number, guid=f"https://press.example/?p={number}") for number in range(10, 25))))
    desk.poll(after_s=2 * HOUR_S)

    assert desk.one("select count(*) from hits") == 15
    assert len(desk.sent()) == 15
    assert desk.one("select count(*) from entry_aliases") == 15


def test_a_whole_archive_with_new_addresses_pages_nobody(desk: Desk) -> None:
    desk.publish(feed(*map(offer, range(10, 25))))
    desk.poll()
    moved = (offer(number, guid=f"n{number}", link=f"https://new.example/{number}") for number in range(10, 25))
    desk.publish(feed(*moved, offer(99, pubDate=OLD)))
    desk.poll(after_s=2 * HOUR_S)

    assert desk.sent() == []
    assert set(desk.rows("select sighting from entries where guid like 'n%'")) == {("republished",)}
