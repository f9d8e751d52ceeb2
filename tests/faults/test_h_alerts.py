"""Group H, as far as the outbox and the file channel go. (H-03 with kills: test_e_kills.)"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.server import Server
from tests.support.desk import HOUR_S, Desk, feed, item, offer
from watcher.app.deliver import Courier, Delivered
from watcher.core.errors import ChannelError

DAY_S = 86400.0


@pytest.fixture
def desk(tmp_path: Path):
    with Server() as server:
        made = Desk(tmp_path, server)
        made.list_sources("press")
        yield made


class Channel:
    """Takes alerts, or does what it is told instead."""

    name = "file"

    def __init__(self, act=lambda: None):
        self.taken = []
        self.tries = 0
        self.act = act

    def send(self, alerts, now):
        del now
        self.tries += 1
        self.act()
        self.taken += [alert.key for alert in alerts]


def owe(desk, count=1):
    """A desk that owes so many alerts."""
    desk.publish(feed(item("start")), feed(item("start"), *[offer(n) for n in range(count)]))
    desk.poll(deliver=False)
    desk.poll(after_s=HOUR_S, deliver=False)


def deliver(desk, channel, **limits):
    """One delivery through a channel."""
    bounds = replace(desk.limits, **limits)

    async def session():
        async with desk.open() as duties:
            with ThreadPoolExecutor(1) as writer:
                courier = Courier(
                    duties.store, channel, desk.clock, bounds, jitter=lambda: 0.0, owner="test", writer=writer
                )
                done = await courier.deliver()
                courier.close()
                return done

    return asyncio.run(session())


def _down():
    raise ChannelError("file", "no room")


def test_h01_a_receiver_that_is_down_for_a_day_gets_everything_later(desk):
    owe(desk, 3)
    channel = Channel(_down)

    async def session():
        async with desk.open() as duties:
            with ThreadPoolExecutor(1) as writer:
                courier = Courier(
                    duties.store, channel, desk.clock, desk.limits, jitter=lambda: 0.5, owner="test", writer=writer
                )
                for _ in range(144):
                    await courier.deliver()
                    desk.clock.move(600)
                channel.act = lambda: None
                desk.clock.move(HOUR_S)
                done = await courier.deliver()
                courier.close()
                return done

    assert asyncio.run(session()) == Delivered(sent=3)
    assert len(set(channel.taken)) == len(channel.taken) == 3
    # Back-off to an hour: a day of trying is some thirty tries, not hundreds.
    assert 24 <= channel.tries <= 48


def test_h01_what_waited_for_days_becomes_a_dead_letter_that_is_kept(desk):
    owe(desk)
    deliver(desk, Channel(_down))
    desk.clock.move(3.1 * DAY_S)
    assert deliver(desk, Channel()) == Delivered(dead=1)
    assert desk.one("SELECT last_error FROM outbox WHERE dead_at IS NOT NULL") == "older than 3 days, not sent"
    assert deliver(desk, Channel()) == Delivered()


def test_h02_what_was_taken_and_answered_with_an_error_comes_again_under_the_same_key(desk):
    owe(desk)
    first, second = Channel(), Channel()
    send = first.send

    def send_then_fail(alerts, now):
        send(alerts, now)
        raise ChannelError("file", "timeout after taking it")

    first.send = send_then_fail
    deliver(desk, first)
    desk.clock.move(HOUR_S)
    deliver(desk, second)
    assert first.taken == second.taken
    assert len(first.taken) == 1


def test_h03_a_crash_between_send_and_mark_sends_again_under_the_same_key(desk):
    owe(desk)

    class Crash(BaseException):
        pass

    async def session():
        async with desk.open() as duties:
            (courier,) = duties.couriers

            def crash(point):
                if point == "after-send":
                    raise Crash

            courier._trace = crash
            await courier.deliver()

    with pytest.raises(Crash):
        asyncio.run(session())
    assert len(desk.sent()) == 1
    desk.clock.move(120)
    desk.poll()
    first, second = desk.sent()
    assert first["key"] == second["key"]
    assert desk.one("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0


def test_h05_a_channel_that_hangs_is_let_go_and_polling_goes_on(desk):
    owe(desk)
    release = threading.Event()
    stuck = Channel(release.wait)
    try:
        assert deliver(desk, stuck, alert_send_s=0.05) == Delivered(failed=1)
        assert "no answer within" in desk.one("SELECT last_error FROM outbox")
        assert desk.poll(everything=True).lines[0].outcome == "same body"
    finally:
        release.set()


def test_h05_a_channel_that_hangs_gets_nothing_more_until_it_is_back(desk):
    owe(desk)
    release = threading.Event()
    stuck = Channel(release.wait)

    async def session():
        async with desk.open() as duties:
            with ThreadPoolExecutor(1) as writer:
                limits = replace(desk.limits, alert_send_s=0.05)
                courier = Courier(
                    duties.store, stuck, desk.clock, limits, jitter=lambda: 0.0, owner="test", writer=writer
                )
                first = await courier.deliver()
                desk.clock.move(HOUR_S)
                second = await courier.deliver()
                release.set()
                courier._hand.shutdown(wait=True)
                return first, second

    assert asyncio.run(session()) == (Delivered(failed=1), Delivered())
    assert stuck.tries == 1


def test_h05_a_channel_with_a_bug_is_a_channel_that_failed(desk, caplog):
    owe(desk)
    assert deliver(desk, Channel(lambda: 1 / 0)) == Delivered(failed=1)
    assert "failed unexpectedly" in caplog.text


def test_h06_after_five_permanent_failures_a_message_is_a_dead_letter(desk):
    owe(desk)

    def refuse():
        raise ChannelError("file", "we do not take this", permanent=True)

    for _ in range(4):
        assert deliver(desk, Channel(refuse)) == Delivered(failed=1)
        desk.clock.move(HOUR_S)
    assert deliver(desk, Channel(refuse)) == Delivered(dead=1)


def test_h06_a_hostile_title_is_one_line_in_the_file(desk):
    title = "Ministry offers pact &#10;{&quot;key&quot;: &quot;forged&quot;} \x85 {0.__class__} {{7*7}}"
    desk.publish(feed(item("start")), feed(item("start"), item(1, title)))
    desk.poll()
    desk.poll(after_s=HOUR_S)
    (alert,) = desk.sent()
    assert alert["key"] != "forged"
    assert "{0.__class__} {{7*7}}" in alert["title"]


def test_h15_a_restart_with_an_old_backlog_sends_nothing_that_is_too_old(desk):
    owe(desk, 20)
    desk.clock.move(10 * DAY_S)
    desk.publish(feed(item("start")))
    desk.poll()
    assert desk.sent() == []
    assert desk.one("SELECT count(*) FROM outbox WHERE next_attempt_at IS NULL AND sent_at IS NULL") == 20
