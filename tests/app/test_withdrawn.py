"""An entry that its publisher takes back is kept and marked; one that rolls off the end is not."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from tests.support.desk import HOUR_S, Desk, feed, item, offer
from watcher.cli import main


def dated(make, number: int) -> str:
    return make(number, pubDate=format_datetime(datetime(2025, 12, 1 + number, tzinfo=UTC)))


def test_withdrawn_rolled_off_and_back_again(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    items = [dated(offer if number == 6 else item, number) for number in range(8, 0, -1)]
    marks = "select guid, left_at is not null, vanished_at is not null from entries where guid in ('g1', 'g6') order by guid"
    desk.publish(feed(*items))
    desk.poll()
    assert desk.rows(marks) == [("g1", 0, 0), ("g6", 0, 0)]

    desk.publish(feed(*(one for one in items[:-1] if "g6" not in one)))
    desk.poll(after_s=2 * HOUR_S)
    assert desk.rows(marks) == [("g1", 1, 0), ("g6", 1, 1)]
    assert desk.one("select count(*) from hits") == 1
    entry = str(desk.one("select id from entries where guid = 'g6'"))
    capsys.readouterr()
    assert main(["diff", entry, "--database", str(desk.database)]) == 0
    assert "Withdrawn at the source: gone since 2025-12-15 14:00" in " ".join(capsys.readouterr().out.split())

    desk.publish(feed(*items[:-1]))
    desk.poll(after_s=2 * HOUR_S)
    assert desk.rows(marks) == [("g1", 1, 0), ("g6", 0, 0)]
