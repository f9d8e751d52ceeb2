"""Group A, as far as it is about when a source is asked again, and with what."""

import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.server import Server, reply
from tests.support.desk import HOUR_S, NOW, Desk, feed, item, offer
from watcher.app.clock import SetClock

DAY_S = 86400.0
SECOND = 1_000_000


@pytest.fixture
def desk(tmp_path: Path):
    with Server() as server:
        made = Desk(tmp_path, server)
        made.list_sources("press")
        yield made


def due_in_s(desk, name="press"):
    return (desk.one("SELECT next_poll_at FROM sources WHERE name = ?", name) - desk.clock.now()) / SECOND


def test_a27_not_modified_parses_nothing_and_moves_the_next_poll(desk):
    headers = [("Last-Modified", "Mon, 15 Dec 2025 10:00:00 GMT")]
    desk.publish(feed(item(1), etag='W/"odd, one"', headers=headers), reply(status=304))
    desk.poll()
    desk.points.clear()
    (line,) = desk.poll(after_s=HOUR_S).lines
    assert (line.outcome, line.status) == ("not modified", 304)
    assert "after-parse" not in desk.points
    asked = desk.server.asked("/press.xml")[1]
    assert asked.header("if-none-match") == 'W/"odd, one"'
    assert asked.header("if-modified-since") == "Mon, 15 Dec 2025 10:00:00 GMT"
    assert due_in_s(desk) == HOUR_S
    assert desk.one("SELECT last_ok_at FROM sources") == desk.clock.now()
    desk.poll(after_s=HOUR_S)
    assert desk.server.asked("/press.xml")[2].header("if-none-match") == 'W/"odd, one"'


def test_a28_not_modified_that_nobody_asked_for(desk):
    desk.publish(reply(status=304), feed(item(1)))
    (line,) = desk.poll().lines
    assert (line.phase, line.error, line.failures) == ("http", "unasked-304", 1)
    assert desk.poll(after_s=2 * HOUR_S).lines[0].outcome == "new body"


@pytest.mark.parametrize(
    ("value", "expected_s"),
    [("7200", 7200), ("-5", HOUR_S), ("1000000000", 7 * DAY_S), ("soon", HOUR_S), ("0", HOUR_S)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a31_retry_after_in_all_its_forms(desk, status, value, expected_s):
    desk.publish(reply(status=status, headers=[("Retry-After", value)]))
    (line,) = desk.poll().lines
    assert line.status == status
    assert due_in_s(desk) == expected_s
    assert bool(line.warnings) == (expected_s > DAY_S)


def test_a31_d08_retry_after_as_a_date_is_relative_to_the_servers_clock(desk):
    headers = [("Date", "Sat, 01 Jan 2000 00:00:00 GMT"), ("Retry-After", "Sat, 01 Jan 2000 03:00:00 GMT")]
    desk.publish(reply(status=503, headers=headers))
    desk.poll()
    assert due_in_s(desk) == 3 * HOUR_S


def test_a31_not_even_everything_goes_past_a_retry_after(desk):
    desk.publish(reply(status=429, headers=[("Retry-After", "7200")]), feed(item(1)))
    desk.poll()
    assert desk.poll(everything=True, after_s=7000).lines == []
    assert desk.poll(everything=True, after_s=200).lines[0].outcome == "new body"


def test_a31_a_host_that_wants_peace_gets_it_from_all_its_sources(desk):
    desk.list_sources("press", "other")
    desk.limits = desk.limits.__class__(host_interval_s=0.0, per_host=1)
    desk.publish(reply(status=429, headers=[("Retry-After", "7200")]))
    desk.publish(feed(item(1)), source="other")
    held = [line for line in desk.poll().lines if line.error == "host-on-hold"]
    asked = len(desk.server.requests)
    assert len(held) + asked == 2
    for line in held:
        assert line.failures == 0
        assert due_in_s(desk, line.source) >= 7000


def test_a34_a_captive_portal_is_no_feed_and_stores_nothing(desk):
    desk.publish(reply(b"<!DOCTYPE html><html><title>Hotel</title></html>", content_type="text/html"))
    (line,) = desk.poll().lines
    assert line.error == "not-a-feed"
    assert desk.one("SELECT count(*) FROM entries") == 0
    assert desk.one("SELECT etag || last_modified FROM sources") == ""


@pytest.mark.parametrize(
    ("status", "health", "wait_s"),
    [
        (404, "unreachable", DAY_S),
        (401, "auth", HOUR_S),
        (403, "blocked", HOUR_S),
        (451, "blocked", HOUR_S),
        (500, "unreachable", HOUR_S),
    ],
)
def test_a35_each_refusal_has_its_own_rule(desk, status, health, wait_s):
    desk.publish(reply(status=status))
    desk.poll()
    assert desk.one("SELECT health FROM sources") == health
    assert due_in_s(desk) == wait_s


def test_a35_gone_stops(desk):
    desk.publish(feed(item(1)), reply(status=410))
    desk.poll()
    (line,) = desk.poll(after_s=HOUR_S).lines
    assert str(line).endswith('next=never detail="status 410 Whatever: ' + desk.server.url("/press.xml") + '"')
    assert "410" in line.warnings[0]
    assert desk.poll(after_s=365 * DAY_S).lines == []


def test_a36_a_week_of_failure_then_well(desk):
    desk.publish(feed(offer(1)), *[reply(status=500)] * 20, feed(offer(1), offer(2)))
    desk.poll()
    failures = []
    for _ in range(20):
        failures += [line.failures for line in desk.poll(after_s=DAY_S).lines]
    (line,) = desk.poll(after_s=2 * DAY_S).lines
    assert failures == list(range(1, 21))
    assert (line.outcome, line.entries, line.hits) == ("new body", 1, 1)
    states = [health for (health,) in desk.rows("SELECT health FROM source_states ORDER BY id")]
    assert states == ["never polled", "ok", "unreachable", "ok"]


def test_a37_a_publisher_that_asks_for_silence_is_polled_after_seven_days(desk):
    desk.publish(feed(item(1), headers=[("Cache-Control", "max-age=31536000")]))
    (line,) = desk.poll().lines
    assert due_in_s(desk) == 7 * DAY_S
    assert "publisher asks for silence" in line.warnings[0]


@pytest.mark.parametrize(
    "head",
    ["<ttl>999999999</ttl>", f"<skipHours>{''.join(f'<hour>{h}</hour>' for h in range(24))}</skipHours>"],
)
def test_a37_nor_by_what_the_feed_says(desk, head):
    desk.publish(feed(item(1), head=head))
    desk.poll()
    assert due_in_s(desk) == 7 * DAY_S


def test_a37_a_sensible_wish_is_obeyed(desk):
    desk.publish(feed(item(1), head="<ttl>180</ttl>"))
    desk.poll()
    assert due_in_s(desk) == 3 * HOUR_S
    assert desk.clock.now() == NOW


@pytest.mark.parametrize("midnight", ["2026-03-29", "2026-10-25"])
def test_d05_an_hour_that_is_left_out_or_comes_twice_changes_no_poll(desk, monkeypatch, midnight):
    """Both changes of summer time in Brussels, on a machine that lives there: storage and schedule know UTC alone."""
    monkeypatch.setenv("TZ", "Europe/Brussels")
    time.tzset()
    try:
        desk.watchlist.write_text(desk.watchlist.read_text().replace("timezone: UTC", "timezone: Europe/Brussels"))
        start = int(datetime.fromisoformat(f"{midnight}T00:00:00+00:00").timestamp()) * SECOND
        desk.clock = SetClock(start - 3600 * SECOND)
        desk.publish(*[feed(item(number)) for number in range(30)])
        for _ in range(25):
            assert len(desk.poll().lines) == 1
            desk.clock.move(HOUR_S)
    finally:
        monkeypatch.undo()
        time.tzset()
    times = [at for (at,) in desk.rows("SELECT finished_at FROM polls ORDER BY id")]
    assert times[:25] == [start + (hour - 1) * 3600 * SECOND for hour in range(25)]
