"""From a claim to a committed poll: the real fetch, store and rules, on loopback."""

import asyncio
import sqlite3

import pytest
from msgspec.structs import replace

from tests.server import reply, silence
from tests.support.desk import HOUR_S, NOW, feed, item, offer
from watcher.app.poll import Reading
from watcher.core.errors import AlreadyRunningError, SourceError
from watcher.core.model import ParsedFeed


def test_c09_the_first_poll_makes_hits_and_no_alerts(desk):
    desk.publish(feed(offer(1), item(2)))
    (line,) = desk.poll().lines
    assert (line.outcome, line.status, line.seen, line.entries, line.hits, line.alerts) == ("new body", 200, 2, 2, 1, 0)
    assert desk.rows("SELECT signal, sighting FROM hits") == [("offer", "back-filled")]
    assert desk.sent() == []
    assert desk.points == ["after-fetch", "after-parse", "in-transaction", "before-commit", "after-commit"]


def test_a_new_entry_is_a_hit_and_one_alert(desk):
    desk.publish(feed(item(1)), feed(offer(2), item(1)))
    desk.poll()
    (line,) = desk.poll(after_s=HOUR_S).lines
    assert (line.entries, line.hits, line.alerts) == (1, 1, 1)
    (alert,) = desk.sent()
    assert alert["kind"] == "hit"
    assert alert["signal"] == "offer"
    assert alert["title"] == "Ministry offers pact number 2"
    assert desk.poll(after_s=HOUR_S).lines[0].outcome == "same body"
    assert len(desk.sent()) == 1


def test_what_is_not_due_is_not_polled(desk):
    desk.publish(feed(item(1)))
    desk.poll()
    assert desk.poll(after_s=HOUR_S - 1).lines == []
    assert len(desk.poll(after_s=1).lines) == 1


def test_everything_polls_each_source_once(desk):
    desk.list_sources("press", "other")
    desk.publish(feed(item(1)))
    desk.publish(feed(item(2)), source="other")
    desk.poll()
    assert sorted(line.source for line in desk.poll(everything=True).lines) == ["other", "press"]


def test_only_the_named_sources(desk):
    desk.list_sources("press", "other")
    desk.publish(feed(item(1)))
    assert [line.source for line in desk.poll(only=["press"]).lines] == ["press"]


def test_the_same_bytes_are_not_parsed_again(desk):
    desk.publish(feed(item(1)))
    desk.poll()
    desk.points.clear()
    (line,) = desk.poll(after_s=HOUR_S).lines
    assert line.outcome == "same body"
    assert "after-parse" not in desk.points


def test_a_failure_is_one_canonical_line_and_costs_the_others_nothing(desk):
    desk.list_sources("bad", "press")
    desk.publish(reply(b"<html><body>no feed</body></html>"), source="bad")
    desk.publish(feed(item(1)))
    done = desk.poll()
    (bad,) = done.failed
    text = str(bad)
    assert text.startswith("feed=bad outcome=failed phase=")
    assert " error=not-a-feed failures=1 next=2025-12-15T13:00:00Z detail=" in text
    assert "\n" not in text
    assert desk.one("SELECT count(*) FROM entries") == 1
    assert not done.reached_nothing


def test_nothing_reached(desk):
    desk.list_sources("gone", addresses=["http://127.0.0.1:9/feed.xml"])
    done = desk.poll()
    assert done.reached_nothing
    assert done.lines[0].phase == "connect"


def test_f03_a_poll_that_hangs_is_cut_at_its_deadline(desk):
    desk.limits = replace(desk.limits, poll_s=0.2)
    desk.publish(silence)
    (line,) = desk.poll().lines
    assert (line.outcome, line.error) == ("failed", "timeout")
    assert "0.2 s" in line.detail


class _Parser:
    """A parser of a test's own."""

    def __init__(self, answer):
        self._answer = answer

    async def parse(self, claim, fetched):
        return self._answer(claim, fetched)


def _poll_with(desk, answer):
    async def session():
        async with desk.open() as duties:
            duties.poller.reading = Reading(_Parser(answer), duties.poller.reading.scorers)
            return await duties.poller.round()

    return asyncio.run(session())


def _raise(error):
    def answer(_claim, _fetched):
        raise error

    return answer


def test_a_bug_in_one_poll_is_a_failed_poll(desk, caplog):
    desk.publish(feed(item(1)))
    (line,) = _poll_with(desk, _raise(ZeroDivisionError("oops"))).lines
    assert (line.phase, line.error, line.detail) == ("parse", "internal", "ZeroDivisionError: oops")
    assert "unexpected error" in caplog.text


def test_a_source_error_of_the_sandbox_is_told_as_it_is(desk):
    desk.publish(feed(item(1)))
    (line,) = _poll_with(desk, _raise(SourceError("parse", "crashed", "signal 11"))).lines
    assert (line.phase, line.error, line.detail) == ("parse", "crashed", "signal 11")


def test_what_ended_early_is_asked_for_again_in_full(desk):
    desk.publish(feed(item(1), etag='"a"'))
    _poll_with(desk, lambda _claim, _fetched: ParsedFeed("rss20", partial=True))
    desk.poll(after_s=2 * HOUR_S)
    first, second = desk.server.asked("/press.xml")
    assert first.header("if-none-match") == second.header("if-none-match") == ""


def test_polls_that_finish_together_are_committed_together(desk):
    names = [f"s{n}" for n in range(30)]
    desk.list_sources(*names)
    for name in names:
        desk.publish(feed(offer(name)), source=name)
    assert len(desk.poll().lines) == 30
    assert desk.points.count("before-commit") < 30
    assert desk.one("SELECT count(*) FROM hits") == 30


def test_e03_a_database_that_stays_locked_loses_nothing(desk):
    desk.limits = replace(desk.limits, busy_s=0.02)
    desk.publish(feed(offer(1), etag='"a"'))
    blocker = None

    def trace(point):
        nonlocal blocker
        if point == "after-parse" and blocker is None:
            blocker = sqlite3.connect(desk.database, check_same_thread=False)
            blocker.execute("BEGIN IMMEDIATE")

    async def session():
        async with desk.open(trace=trace) as duties:
            done = await duties.poller.round()
            paused = await duties.poller.fill()
            return done, paused

    done, started = asyncio.run(session())
    blocker.close()
    (line,) = done.lines
    assert (line.phase, line.error) == ("store", "DatabaseBusyError")
    assert started == 0
    assert desk.one("SELECT count(*) FROM polls") == 0
    # The lease runs out, and the poll is made again in full.
    desk.limits = replace(desk.limits, busy_s=5.0)
    (again,) = desk.poll(after_s=200).lines
    assert (again.outcome, again.hits) == ("new body", 1)
    assert desk.server.asked("/press.xml")[-1].header("if-none-match") == ""


def test_e03_a_database_that_is_locked_for_a_moment_is_waited_for(desk):
    desk.limits = replace(desk.limits, busy_s=5.0)
    desk.publish(feed(offer(1)))

    async def session():
        async with desk.open(trace=trace) as duties:
            return await duties.poller.round()

    def trace(point):
        if point == "after-parse":
            blocker = sqlite3.connect(desk.database, check_same_thread=False)
            blocker.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(0.2, blocker.close)

    (line,) = asyncio.run(session()).lines
    assert (line.outcome, line.hits) == ("new body", 1)


def test_a_lease_that_somebody_else_took_throws_the_poll_away(desk):
    desk.publish(feed(offer(1)))

    def steal(point):
        if point == "after-parse":
            with sqlite3.connect(desk.database) as thief:
                thief.execute("UPDATE sources SET lease_token = lease_token + 1, lease_owner = 'thief'")
            thief.close()

    async def session():
        async with desk.open(trace=steal) as duties:
            return await duties.poller.round()

    (line,) = asyncio.run(session()).lines
    assert (line.phase, line.error) == ("store", "lease-lost")
    assert desk.one("SELECT count(*) FROM entries") == 0


def test_e05_a_second_daemon_on_the_same_database_is_refused(desk):
    async def session():
        async with desk.open(), desk.open():
            pass

    with pytest.raises(AlreadyRunningError, match="already running"):
        asyncio.run(session())


def test_stop_finishes_what_it_can_and_gives_the_rest_back(desk):
    desk.list_sources("press", "slow")
    desk.publish(feed(offer(1)))
    desk.publish(silence, source="slow")

    async def session():
        done = asyncio.Event()

        def on_poll(line):
            desk.lines.append(line)
            done.set()

        async with desk.open(on_poll=on_poll) as duties:
            assert await duties.poller.fill() == 2
            await asyncio.wait_for(done.wait(), 10)
            await duties.poller.stop(0.1)
            assert await duties.poller.fill() == 0
            return duties.poller.in_flight

    assert asyncio.run(session()) == 0
    assert [line.source for line in desk.lines] == ["press"]
    assert desk.rows("SELECT name FROM sources WHERE lease_owner IS NULL") == [("press",), ("slow",)]
    assert desk.one("SELECT count(*) FROM polls") == 1


def test_no_more_of_a_host_than_get_their_turn_in_time(desk):
    desk.limits = replace(desk.limits, host_interval_s=20.0, poll_s=60.0)
    desk.list_sources(*"abcde")

    async def session():
        async with desk.open() as duties:
            started = await duties.poller.fill()
            await duties.poller.stop(0.0)
            return started

    assert asyncio.run(session()) == 2
    assert desk.one("SELECT count(*) FROM sources WHERE lease_owner IS NOT NULL") == 0


def test_at_most_so_many_are_started(desk):
    desk.list_sources(*"abcde")

    async def session():
        async with desk.open() as duties:
            started = await duties.poller.fill(3)
            await duties.poller.stop(0.0)
            return started

    assert asyncio.run(session()) == 3


def test_times_are_those_of_the_clock_that_was_set(desk):
    desk.publish(feed(item(1)))
    desk.poll()
    assert desk.rows("SELECT first_seen FROM entries") == [(NOW,)]
    assert desk.rows("SELECT finished_at FROM polls") == [(NOW,)]
