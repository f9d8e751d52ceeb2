"""Entries that a watchlist never saw are scored; older ones only by rescore."""

import asyncio

from tests.support.desk import HOUR_S, feed, item, offer
from watcher.app.catchup import CaughtUp, catch_up

OTHER = """\
watchlist: second
question: What else?
language: en
timezone: UTC
signals:
  rain:
    title: Rain
    threshold: 40
    rules:
      - {{id: rains, match: '"rain"', weight: 60}}
sources:
"""


def caught(desk):
    async def session():
        async with desk.open() as duties:
            done = []
            for matcher in duties.reloader.current.matchers:
                done.append(await catch_up(duties.store, matcher, desk.clock, duties.writer))
            return done

    return asyncio.run(session())


def test_there_is_nothing_to_catch_up_after_ordinary_polls(desk):
    desk.publish(feed(item(1), offer(2)))
    desk.poll()
    assert caught(desk) == [CaughtUp()]


def test_a_new_watchlist_scores_what_is_stored_without_alerts(desk):
    desk.publish(feed(*[item(n) for n in range(250)]))
    desk.poll()
    text = desk.watchlist.read_text()
    desk.watchlist.write_text(OTHER.format() + text.split("sources:\n")[1])
    assert caught(desk) == [CaughtUp(250, 250)]
    assert caught(desk) == [CaughtUp()]
    assert desk.rows("SELECT DISTINCT signal, sighting FROM hits") == [("rain", "back-filled")]
    assert desk.one("SELECT count(*) FROM outbox") == 0


def test_a_changed_rule_does_not_touch_what_was_scored(desk):
    desk.publish(feed(item(1), offer(2)))
    desk.poll()
    desk.watchlist.write_text(desk.watchlist.read_text().replace('"offers" near/4 "pact"', '"rain"'))
    assert caught(desk) == [CaughtUp()]
    desk.publish(feed(item(3), item(1), offer(2)))
    (line,) = desk.poll(after_s=HOUR_S).lines
    assert (line.entries, line.hits) == (1, 1)
