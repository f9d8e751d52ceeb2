"""Pruning as a person and as the daemon do it: through the pipeline, and an old item served again is not new."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.support.desk import HOUR_S, Desk, feed, item, offer
from watcher.app.daemon import Daemon
from watcher.app.retention import DAY, LEAST_DAYS, Pruner, cutoff
from watcher.bootstrap.settings import Settings
from watcher.cli import main
from watcher.core.errors import UsageProblem
from watcher.storage.engine import open_engine
from watcher.storage.retention import SqlRetention

YEAR_S = 400 * 86_400.0


@pytest.fixture
def aged(desk: Desk) -> Desk:
    """Three items, of them one a hit; a day later another body, a year later another."""
    desk.publish(feed(item(1), offer(2), item(3)))
    desk.poll()
    desk.publish(feed(item(4)))
    desk.poll(after_s=24 * HOUR_S)
    desk.publish(feed(item(5)))
    desk.poll(after_s=YEAR_S)
    return desk


def guids(desk: Desk) -> list[str]:
    return [guid for (guid,) in desk.rows("select guid from entries order by id")]


def test_pruned_by_command_and_not_new_when_served_again(aged: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    database = str(aged.database)
    capsys.readouterr()
    assert main(["db", "prune", "--older-than", "180d", "--dry-run", "--database", database]) == 0
    assert re.search(r"^ +2  entries with their wordings would go$", capsys.readouterr().out, re.MULTILINE)
    assert main(["db", "prune", "--older-than", "180d", "--database", database]) == 0
    assert "2  entries with their wordings went" in capsys.readouterr().out
    assert guids(aged) == ["g2", "g4", "g5"]

    aged.publish(feed(item(1), offer(2), item(3), item(5), offer(6)))
    aged.poll(after_s=2 * HOUR_S)

    assert guids(aged) == ["g2", "g4", "g5", "g6"]
    assert aged.one("select count(*) from hits") == 2
    assert main(["evidence", "1", "-o", str(aged.folder / "hit.zip"), "--database", database]) == 0
    assert main(["db", "check", "--database", database]) == 0


def test_a_pruned_text_under_another_id_and_address_is_no_news(desk: Desk) -> None:
    long = "The ministry said on Thursday that the pact would be discussed for a whole week in the capital."
    desk.publish(feed(item(1, "Weather", long), item(2, "Weather", "Rain.")))
    desk.poll()
    for number, wait_s in ((3, 24 * HOUR_S), (4, YEAR_S)):
        desk.publish(feed(item(number)))
        desk.poll(after_s=wait_s)
    assert main(["db", "prune", "--older-than", "180d", "--database", str(desk.database)]) == 0

    desk.publish(feed(item(4), item(7, "Weather", long), item(8, "Weather", "Rain.")))
    desk.poll(after_s=2 * HOUR_S)

    assert desk.rows("select guid, sighting from entries where guid in ('g7', 'g8') order by guid") == [
        ("g7", "republished"),
        ("g8", "new"),
    ]


def test_stats_say_what_pruning_would_free(aged: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["db", "stats", "--database", str(aged.database)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"prune --older-than 180d would free about [\d.]+ kB of 2 entries", out)
    assert main(["db", "stats", "--older-than", "2y", "--database", str(aged.database)]) == 0
    assert "--older-than 730d would free about 0 B of 0 entries" in capsys.readouterr().out


@pytest.mark.parametrize("age", ["", "180", "d", "-1d", "1.5y", "ninety days", "9999999d"])
def test_ages_that_are_none_are_refused(age: str, capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    assert main(["db", "prune", "--older-than", age, "--database", str(tmp_path / "w")]) == 2
    assert "write it like 180d" in capsys.readouterr().err


def test_too_young_is_refused() -> None:
    with pytest.raises(UsageProblem, match="too few"):
        cutoff(0, LEAST_DAYS - 1)
    assert cutoff(100 * DAY, 30) == 70 * DAY


def test_the_daemon_prunes_where_an_age_is_set_and_only_then(aged: Desk) -> None:
    async def tick(settings: Settings) -> None:
        from watcher.bootstrap.polling import build_duties

        async with build_duties(settings, aged.hooks()) as duties:
            await Daemon(duties)._prune()
            for courier in duties.couriers:
                courier.close()

    asyncio.run(tick(aged.settings))
    assert len(guids(aged)) == 5

    from msgspec.structs import replace

    asyncio.run(tick(replace(aged.settings, keep_days=180)))
    assert guids(aged) == ["g2", "g4", "g5"]


def test_a_pass_of_the_duty_ends_and_the_next_one_begins_anew(aged: Desk) -> None:
    engine = open_engine(str(aged.database))
    pruner = Pruner(SqlRetention(engine), 180, aged.clock.now)
    counts = []
    while count := pruner():
        counts.append(count)
    assert len(counts) == 8
    assert pruner.taken["entries"] == 2
    assert pruner() == 1
    engine.dispose()


def test_a_clock_that_runs_ahead_prunes_nothing_young(aged: Desk) -> None:
    from watcher.bootstrap.retention import counted_from

    engine = open_engine(str(aged.database))
    newest = aged.one("select max(finished_at) from polls")
    assert counted_from(engine, newest + 10_000 * DAY) == newest
    assert counted_from(engine, newest - DAY) == newest - DAY
    engine.dispose()
