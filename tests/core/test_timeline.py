"""Background events and findings in one line of time."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

from tests.app.samples import at
from watcher.core.timeline import TimelineItem, join_timeline

EVENTS = (
    {"date": "2021-12-17", "title": "Texts published", "note": "two", "source": "https://a.example/"},
    {"date": "1997-05-27", "title": "Founding Act", "note": "", "source": ""},
)


def test_events_stand_at_the_beginning_of_their_day_in_the_zone():
    (old, new) = join_timeline(EVENTS, (), timezone(timedelta(hours=2)))

    assert (old.title, new.title) == ("Founding Act", "Texts published")
    assert new.at == at("2021-12-16T22:00")
    assert new.day(timezone(timedelta(hours=2))) == "2021-12-17"
    assert new.day(UTC) == "2021-12-16"


def test_findings_stand_between_them_a_rung_before_the_hit_that_made_it():
    moment = at("2021-12-17T00:00")
    hit = TimelineItem(moment, "hit", "B", key="hit 1")
    rung = TimelineItem(moment, "rung", "A", key="draft claimed")

    assert [item.kind for item in join_timeline(EVENTS, (hit, rung), UTC)] == [
        "background",
        "background",
        "rung",
        "hit",
    ]
