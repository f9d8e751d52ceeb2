"""The daemon in this process: ticks, jumps of the clock, reload, a dead scheduler, an orderly end."""

import asyncio
import contextlib
import logging
import os
import signal
import time

import pytest
import time_machine

from tests.support.desk import feed, item, offer
from watcher.app.clock import SteadyClock, wall
from watcher.app.daemon import EXIT_DEAD, Daemon

CEILING_S = 20.0
# Time runs so much faster than the machine's, jumps included.
PACE = 20


class Watch:
    """Counts polls, and lets a test wait for them."""

    def __init__(self):
        self.lines = []
        self._changed = asyncio.Condition()

    def __call__(self, line):
        self.lines.append(line)
        asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self):
        async with self._changed:
            self._changed.notify_all()

    async def polls(self, count):
        async with asyncio.timeout(CEILING_S), self._changed:
            await self._changed.wait_for(lambda: len(self.lines) >= count)


def run(desk, script, **options):
    """Run a daemon, and a script beside it that ends with a stop; returns the exit code."""

    async def session():
        watch = Watch()
        daemons = []
        began, began_s = wall(), time.monotonic()
        clock = SteadyClock(
            lambda jump: daemons[0].jumped(jump) if daemons else None,
            wall_clock=lambda: began + PACE * (wall() - began),
            monotonic_clock=lambda: began_s + PACE * (time.monotonic() - began_s),
        )
        async with desk.open(clock=clock, on_poll=watch) as duties:
            daemon = Daemon(duties, tick_s=0.05, pulse_s=0.02, **options)
            daemons.append(daemon)
            work = asyncio.create_task(script(daemon, watch, duties))
            code = await daemon.run()
            await work
            return code

    return asyncio.run(session())


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.INFO, "watcher")
    return caplog


def test_it_polls_delivers_and_ends_when_told(desk, logged):
    desk.list_sources("press", interval="1s")
    desk.publish(feed(item(1)), feed(offer(2), item(1)))
    rounds = []

    async def script(daemon, watch, duties):
        duties.on_first_round = lambda: rounds.append(len(watch.lines))
        await watch.polls(2)
        async with asyncio.timeout(CEILING_S):
            while not duties.progress.alerts:  # noqa: ASYNC110  # the file is what counts, and nobody tells of it
                await asyncio.sleep(0.02)
        daemon.stop()

    assert run(desk, script) == 0
    assert [alert["signal"] for alert in desk.sent()] == ["offer"]
    assert len(rounds) == 1
    assert desk.one("SELECT count(*) FROM sources WHERE lease_owner IS NOT NULL") == 0


def test_d04_the_clock_goes_back_an_hour_and_polls_go_on(desk, logged):
    desk.list_sources("press", interval="1s")
    desk.publish(feed(item(1)))

    with time_machine.travel("2025-12-15T12:00:00Z", tick=True) as traveller:

        async def script(daemon, watch, duties):
            await watch.polls(2)
            traveller.shift(-3600)
            seen = len(watch.lines)
            await watch.polls(seen + 3)
            daemon.stop()

        assert run(desk, script) == 0
    assert logged.text.count("event=clock-jump the wall clock went back by 72000 s") == 1


def test_d06_after_eight_hours_of_sleep_what_is_overdue_is_polled_and_spread(desk, logged):
    names = [f"s{n}" for n in range(8)]
    desk.list_sources(*names, interval="1h")
    for name in names:
        desk.publish(feed(item(name)), source=name)
    desk.limits = desk.limits.__class__(host_interval_s=0.0, start_spread_s=200.0)

    with time_machine.travel("2025-12-15T12:00:00Z", tick=True) as traveller:
        started = []

        async def script(daemon, watch, duties):
            await watch.polls(8)
            fill = duties.poller.fill

            async def counted(most=None):
                started.append((most, await fill(most)))
                return started[-1][1]

            # Until no tick is under way: it would not know of the jump.
            while daemon._next_look <= duties.clock.now():  # noqa: ASYNC110 - the daemon has no event for it
                await asyncio.sleep(0)
            duties.poller.fill = counted
            traveller.shift(8 * 3600 / PACE)
            await watch.polls(16)
            daemon.stop()

        assert run(desk, script) == 0
    assert "went forward by 28800 s" in logged.text
    assert "event=long-gap" in logged.text
    assert [most for most, count in started if count] == [1] * 8


def test_f04_a_dead_scheduler_ends_the_process_with_70(desk, logged):
    desk.publish(feed(item(1)))

    async def script(daemon, watch, duties):
        await watch.polls(1)
        daemon._scheduler.shutdown(wait=False)

    assert run(desk, script, dead_after_s=10.0) == EXIT_DEAD
    assert "event=scheduler-dead" in logged.text


def test_f02_sighup_loads_the_watchlists_again(desk, logged):
    desk.publish(feed(item(1)))
    desk.publish(feed(offer(1)), source="late")

    async def script(daemon, watch, duties):
        await watch.polls(1)
        desk.list_sources("press", "late")
        os.kill(os.getpid(), signal.SIGHUP)
        await watch.polls(2)
        daemon.stop()

    assert run(desk, script) == 0
    assert logged.text.count("event=reloaded") == 1
    assert sorted(name for (name,) in desk.rows("SELECT name FROM sources")) == ["late", "press"]


def test_g02_a_watchlist_that_breaks_while_we_run_changes_nothing(desk, logged):
    desk.list_sources("press", interval="1s")
    desk.publish(feed(item(1)))
    good = desk.watchlist.read_text()

    async def script(daemon, watch, duties):
        naps = []

        async def nap(seconds):
            naps.append(seconds)

        duties.reloader._sleep = nap
        before = duties.reloader.current
        desk.watchlist.write_text(good + "  - broken: [\n")
        assert await duties.reloader.check() is None
        assert duties.reloader.current is before
        # Told once: the same broken file is not complained about again.
        assert await duties.reloader.check() is None
        assert naps == [2.0]
        seen = len(watch.lines)
        await watch.polls(seen + 2)
        daemon.stop()

    assert run(desk, script) == 0
    assert logged.text.count("event=reload-failed") == 1
    assert desk.one("SELECT count(*) FROM watchlist_revisions") == 1


def test_g05_a_file_that_is_saved_in_two_steps_is_read_when_it_is_whole(desk, logged):
    desk.publish(feed(item(1)))
    good = desk.watchlist.read_text()

    async def script(daemon, watch, duties):
        async def nap(_seconds):
            desk.watchlist.write_text(good.replace("title: Offer", "title: Any offer"))

        duties.reloader._sleep = nap
        desk.watchlist.write_text(good[: len(good) // 2] + "\n  half: [")
        assert await duties.reloader.check() is not None
        daemon.stop()

    assert run(desk, script) == 0
    assert "event=reload-failed" not in logged.text


def test_g06_a_file_that_is_gone_changes_nothing(desk, logged):
    desk.publish(feed(item(1)))

    async def script(daemon, watch, duties):
        async def nap(_seconds):
            return None

        duties.reloader._sleep = nap
        desk.watchlist.unlink()
        assert await duties.reloader.check() is None
        daemon.stop()

    assert run(desk, script) == 0
    assert logged.text.count("event=reload-failed") == 1


def test_a_reload_without_a_change_starts_nothing(desk, logged):
    desk.publish(feed(item(1)))

    async def script(daemon, watch, duties):
        assert await duties.reloader.check() is None
        assert await duties.reloader.check(force=True) is None
        daemon.stop()

    assert run(desk, script) == 0
    assert "nothing changed" in logged.text


def test_polls_under_way_end_with_the_rules_they_began_with(desk, logged):
    desk.list_sources("press", interval="1s")
    desk.publish(feed(item(1)))
    closed = []

    async def script(daemon, watch, duties):
        await watch.polls(1)
        old = duties.reloader.current.reading
        desk.watchlist.write_text(desk.watchlist.read_text().replace("title: Offer", "title: Any offer"))
        await daemon._reload()
        assert duties.poller.reading is not old
        closed.append(True)
        daemon.stop()

    assert run(desk, script) == 0
    assert closed


def test_f01_a_signal_finishes_what_is_under_way(desk, logged):
    desk.publish(feed(offer(1)))

    async def script(daemon, watch, duties):
        desk.server.wait_for(0)
        await duties.poller.fill()
        os.kill(os.getpid(), signal.SIGTERM)

    assert run(desk, script) == 0
    assert desk.one("SELECT count(*) FROM hits") == 1
    assert "stopping" in logged.text


def test_a_bug_in_a_tick_is_told_and_the_ticks_go_on(desk, logged):
    desk.list_sources("press", interval="1s")
    desk.publish(feed(item(1)))

    async def script(daemon, watch, duties):
        await watch.polls(1)
        fill = duties.poller.fill

        async def once(most=None):
            duties.poller.fill = fill
            raise ZeroDivisionError

        duties.poller.fill = once
        await watch.polls(len(watch.lines) + 2)
        daemon.stop()

    assert run(desk, script) == 0
    assert "event=tick-failed tick=poll" in logged.text


def test_once_polls_a_round_and_delivers(desk):
    desk.publish(feed(item(1)), feed(offer(2), item(1)))

    async def session():
        async with desk.open() as duties:
            return await Daemon(duties).run(once=True)

    assert asyncio.run(session()) == 0
    desk.clock.move(3600)
    assert asyncio.run(session()) == 0
    assert len(desk.sent()) == 1


def test_a_damaged_database_ends_the_daemon_with_4(desk, logged):
    from watcher.core.errors import DatabaseUnusableError

    desk.publish(feed(item(1)))

    async def script(daemon, watch, duties):
        await watch.polls(1)

        async def refuse(_most=None):
            raise DatabaseUnusableError("damaged")

        duties.poller.fill = refuse
        daemon._next_look = 0
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(daemon._stop.wait(), CEILING_S)

    assert run(desk, script) == 4


@pytest.mark.parametrize(("size", "told"), [(0, False), (300 * 1024**2, True)])
def test_e11_a_log_that_a_reader_holds_open_is_told(desk, logged, size, told):
    desk.publish(feed(item(1)))

    async def script(daemon, watch, duties):
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()

        def trim_log():
            loop.call_soon_threadsafe(asked.set)
            return size

        duties.store.trim_log = trim_log
        await watch.polls(1)
        await daemon._heartbeat()
        await asyncio.wait_for(asked.wait(), CEILING_S)
        daemon.stop()

    assert run(desk, script) == 0
    assert ("event=log-large the write-ahead log has 300 MiB" in logged.text) is told
