"""Health of sources over days, and the messages about it: told once, and once that it is over."""

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.server import Server, reply
from tests.support.desk import HOUR_S, NOW, Desk, feed, item, offer
from watcher.app.vitals import Vitals
from watcher.core.limits import Limits

DAY_S = 86400.0
SECOND = 1_000_000


@pytest.fixture
def desk(tmp_path: Path):
    with Server() as server:
        made = Desk(tmp_path, server)
        made.list_sources("press")
        yield made


def said(desk):
    """The health messages in the alerts file, as (event, state)."""
    return [(line["event"], line.get("state", "")) for line in desk.sent() if line["kind"] == "health"]


def health(desk):
    return desk.one("SELECT health FROM sources WHERE name = 'press'")


def dated(number, days_ago):
    at = format_datetime(datetime.fromtimestamp(NOW / 1e6 - days_ago * DAY_S, UTC))
    return item(number, pubDate=at)


# --- alarms -------------------------------------------------------------------------------------------------------


def test_h14_a_source_that_comes_and_goes_alarms_once_and_recovers_once(desk):
    desk.publish(
        feed(item(1)), reply(status=500), reply(status=500), feed(item(1)), *[reply(status=500)] * 9, feed(item(2))
    )
    desk.poll()
    for _ in range(2):
        desk.poll(after_s=DAY_S / 24)
        desk.clock.move(DAY_S / 24 * 3)
    assert said(desk) == []
    for _ in range(14):
        desk.poll(after_s=DAY_S)
    assert said(desk) == [("failing", "unreachable"), ("recovered", "ok")]
    failing, recovered = (line for line in desk.sent() if line["kind"] == "health")
    assert failing["reason"].startswith("http: server-error: status 500")
    assert recovered["failing_since"] == failing["failing_since"]
    assert failing["more"] == "watcher sources press"
    assert desk.one("SELECT alarmed_at FROM sources") is None


def test_a36_a_week_of_failure_is_one_alarm_and_one_recovery(desk):
    desk.publish(feed(item(1)), *[reply(status=500)] * 12, feed(item(1), item(2)))
    desk.poll()
    for _ in range(14):
        desk.poll(after_s=DAY_S)
    assert [event for event, _ in said(desk)] == ["failing", "recovered"]


def test_a03_our_own_outage_alarms_nobody(desk):
    desk.list_sources("one", "two", addresses=["http://one.invalid/", "http://two.invalid/"])
    for _ in range(8):
        desk.poll(after_s=HOUR_S, everything=True)
    assert said(desk) == []


def test_h13_silence_is_told_once_and_its_end_once_through_a_restart(desk):
    desk.publish(feed(item(1)), *[reply(status=500)] * 3, feed(item(2)))
    desk.poll()

    def beat(after_s):
        """A new life of the daemon that beats once, ten minutes after its start."""

        async def life():
            async with desk.open() as duties:
                vitals = Vitals(duties.store, desk.clock, "daemon")
                vitals.begin()
                desk.clock.move(after_s)
                await duties.poller.round()
                vitals.beat()
                vitals.beat()
                vitals.end()
                for courier in duties.couriers:
                    await courier.deliver()

        asyncio.run(life())

    for _ in range(4):
        beat(1.1 * HOUR_S)
    for _ in range(4):
        beat(DAY_S / 2)
    events = [event for event, _ in said(desk)]
    assert [event for event in events if event.startswith("silence")] == ["silence", "silence-over"]
    assert desk.one("SELECT count(*) FROM daemon_spans WHERE ended_at IS NOT NULL") == 8


def test_h13_a_daemon_that_was_off_is_given_time_before_it_complains(desk):
    desk.publish(feed(item(1)))
    desk.poll()
    desk.clock.move(9 * DAY_S)

    async def life():
        async with desk.open() as duties:
            vitals = Vitals(duties.store, desk.clock, "daemon")
            vitals.begin()
            vitals.beat()

    asyncio.run(life())
    assert desk.one("SELECT count(*) FROM outbox") == 0


# --- states -------------------------------------------------------------------------------------------------------


def test_a_source_that_falls_silent_beyond_its_cadence_is_stale_until_it_speaks(desk):
    old = [dated(n, n) for n in range(1, 10)]
    desk.publish(feed(*old), feed(*old, etag='"1"'), reply(status=304))
    desk.poll()
    assert health(desk) == "ok"
    desk.poll(after_s=5 * DAY_S)
    assert health(desk) == "ok"
    desk.poll(after_s=3 * DAY_S)
    assert health(desk) == "stale"
    assert desk.one("SELECT health_reason FROM sources").startswith("nothing new for 9 days")
    since = desk.one("SELECT health_since FROM sources")
    desk.publish(reply(status=304), feed(*old, item("new")))
    desk.poll(after_s=DAY_S)
    assert (health(desk), desk.one("SELECT health_since FROM sources")) == ("stale", since)
    desk.poll(after_s=DAY_S)
    assert health(desk) == "ok"
    assert said(desk) == [("failing", "stale"), ("recovered", "ok")]


def test_a_source_that_fell_silent_long_before_us_is_stale_at_once(desk):
    desk.publish(feed(*[dated(n, 300 + n) for n in range(10)]))
    desk.poll()
    assert health(desk) == "stale"


def test_b16_a_feed_that_runs_dry_is_warned_of_after_three_polls(desk):
    desk.publish(feed(item(1)), feed(item(2)), feed())
    desk.poll()
    desk.poll(after_s=HOUR_S)
    warned = [bool(line.warnings) for _ in range(4) for line in desk.poll(after_s=HOUR_S).lines]
    assert warned == [False, False, True, True]
    assert health(desk) == "empty"


def test_b04_failures_of_the_network_never_quarantine(desk):
    desk.publish(*[reply(status=500)] * 6)
    for _ in range(6):
        desk.poll(after_s=DAY_S)
    assert (health(desk), desk.one("SELECT crashes FROM sources")) == ("unreachable", 0)


# --- what is remembered -------------------------------------------------------------------------------------------


def due_in_s(desk, name="press"):
    return (desk.one("SELECT next_poll_at FROM sources WHERE name = ?", name) - desk.clock.now()) / SECOND


def test_a37_what_a_feed_asks_for_holds_over_a_304_and_a_restart(desk):
    desk.publish(
        feed(item(1), etag='"1"', head="<ttl>180</ttl><skipHours><hour>18</hour></skipHours>"), reply(status=304)
    )
    desk.poll()
    assert due_in_s(desk) == 3 * HOUR_S
    desk.poll(after_s=3 * HOUR_S)  # 15:00; in three hours it is 18:00
    assert due_in_s(desk) == 4 * HOUR_S


def test_a31_a_host_is_left_alone_through_a_restart_by_all_its_sources(desk):
    desk.list_sources("other", "press")
    desk.limits = Limits(host_interval_s=0.0)
    desk.publish(feed(item(1), headers=[("Cache-Control", "max-age=36000")]))
    desk.publish(reply(status=429, headers=[("Retry-After", "18000")]), source="other")
    desk.poll(only=["press"])
    desk.poll(only=["other"])
    asked = len(desk.server.requests)
    (line,) = desk.poll(after_s=HOUR_S, everything=True, only=["press"]).lines
    assert (line.error, line.failures) == ("host-on-hold", 0)
    assert len(desk.server.requests) == asked
    assert due_in_s(desk) >= 4 * HOUR_S
    (line,) = desk.poll(after_s=4 * HOUR_S, only=["press"]).lines
    assert line.error == ""


def test_a29_frozen_validators_are_found_by_asking_in_full_once_a_week(desk):
    """A server that says "not modified" for ever; what is new is only seen by who asks in full."""
    old = [dated(n, n) for n in range(1, 10)]
    days = 0

    def answer(connection, request):
        fresh = [offer("new")] if days >= 10 else []
        whole = feed(*fresh, *old, etag='"stuck"')
        connection.sendall(reply(status=304) if request.header("if-none-match") else whole)

    desk.server.on("/press.xml", answer)
    desk.poll()
    full = []
    for days in range(1, 33):  # the server's answer depends on it
        desk.poll(after_s=DAY_S)
        if not desk.server.asked("/press.xml")[-1].header("if-none-match"):
            full.append(days)
    # A month after the newest of the first body; the new entry is found then, and is quiet for less than a month since.
    assert full == [30]
    assert desk.one("SELECT count(*) FROM hits") == 1
    assert any("validators do not change" in warning for line in desk.lines for warning in line.warnings)


def test_a33_a_permanent_redirect_is_believed_after_days_and_left_when_it_fails(desk):
    moved = [("Location", desk.server.url("/new.xml"))]
    desk.publish(reply(status=301, headers=moved))
    desk.publish(feed(offer(1)), source="new")
    told = []
    for _ in range(6):
        told += [warning for line in desk.poll(after_s=DAY_S).lines for warning in line.warnings]
    assert len(told) == 1
    assert "moved for good" in told[0]
    before = len(desk.server.asked("/press.xml"))
    desk.poll(after_s=DAY_S)
    assert len(desk.server.asked("/press.xml")) == before == 5
    assert desk.one("SELECT count(*) FROM entries") == 1
    desk.publish(reply(status=404), source="new")
    for _ in range(4):
        desk.poll(after_s=2 * DAY_S)
    assert len(desk.server.asked("/press.xml")) > before


def test_a33_a_temporary_redirect_is_never_believed(desk):
    desk.publish(reply(status=302, headers=[("Location", desk.server.url("/new.xml"))]))
    desk.publish(feed(item(1)), source="new")
    for _ in range(9):
        desk.poll(after_s=DAY_S)
    assert len(desk.server.asked("/press.xml")) == 9


# --- alerts -------------------------------------------------------------------------------------------------------


def test_h04_a_storm_is_twenty_lines_and_a_digest_and_nothing_is_dropped(desk):
    desk.publish(feed(item(1)), feed(*[offer(n) for n in range(10, 510)]))
    desk.poll()
    desk.poll(after_s=HOUR_S)
    *alone, digest = desk.sent()
    assert len(alone) == 20
    assert (digest["kind"], digest["count"], digest["signals"]) == ("digest", 480, {"offer": 480})
    assert digest["more"].startswith("watcher report --since 2025-12-15T")
    owed = {key for (key,) in desk.rows("SELECT key FROM outbox")}
    assert {line["key"] for line in alone} | set(digest["keys"]) == owed
    assert desk.one("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0


def test_h04_a_channel_gets_one_message_a_minute_and_thirty_an_hour(desk):
    desk.publish(feed(item(1)), *[feed(*[offer(n) for n in range(k + 1)]) for k in range(80)])
    desk.list_sources("press", interval="60s")
    times = []

    async def session():
        async with desk.open() as duties:
            (courier,) = duties.couriers
            for _ in range(160):
                await duties.poller.round()
                if (await courier.deliver()).sent:
                    times.append(desk.clock.now() / SECOND)
                desk.clock.move(30)

    asyncio.run(session())
    assert len(times) > 30
    assert min(b - a for a, b in pairwise(times)) >= 60
    assert all(times[n + 30] - times[n] >= HOUR_S for n in range(len(times) - 30))


def test_h07_h08_markup_mentions_and_templates_in_a_title_are_data(desk):
    title = "offers pact @everyone {{7*7}} {0.__class__} ${HOME} %(x)s [a](javascript:x) =1+1"
    desk.publish(feed(item(1)), feed(item(2, title)))
    desk.poll()
    desk.poll(after_s=HOUR_S)
    (line,) = desk.sent()
    assert line["title"] == "offers pact @everyone {{7*7}} {0.__class__} ${HOME} %(x)s [a](javascript:x) =1+1"
    raw = (desk.folder / "alerts.jsonl").read_text()
    assert raw.count("\n") == 1
    assert raw.isascii()
