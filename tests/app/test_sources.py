"""The list of sources: state, reason and next step of each, and blindness never hidden."""

import csv
import io
import json

import pytest

from tests.app.samples import at, source
from tests.core.test_clean import CANARIES, is_harmless
from watcher.app.sources import (
    NEXT_STEPS,
    SourceList,
    csv_lines,
    detail_lines,
    find_source,
    health_lines,
    json_lines,
    jsonl_lines,
    read_sources,
    source_lines,
)
from watcher.core.errors import UsageProblem
from watcher.core.model import SourceHealth
from watcher.core.render import Style, width
from watcher.core.views import WatchlistRow

ROW = WatchlistRow("pact", "?", "3f2a9c1b7d20aa", "Europe/Brussels", at("2025-12-10T00:00"))
ROWS = (
    source(),
    source(
        "demo-feed",
        allow_private=True,
        last_poll_at=None,
        last_ok_at=None,
        next_poll_at=None,
        health="never polled",
        health_since=None,
    ),
    source(
        "osce-press",
        health="unreachable",
        health_since=at("2025-12-09T04:00"),
        reason="dns: no such host",
        failures=9,
        last_ok_at=at("2024-11-30T10:00"),
        last_poll_at=at("2024-11-30T10:00"),
    ),
    source(
        "nato-news",
        health="blind by construction",
        kind="none",
        institution="NATO",
        note="NATO ended its feeds",
        checked_on="2025-12-01",
    ),
)


class Queries:
    def __init__(self, rows=ROWS):
        self.rows = rows

    def watchlists(self):
        return [ROW]

    def newest_poll_at(self):
        return at("2025-12-16T07:59")

    def sources(self, watchlist=None):
        assert watchlist == "pact"
        return self.rows


def listed(rows=ROWS):
    return read_sources(Queries(rows), None)


def text_of(lines):
    return "\n".join(lines)


def test_every_state_has_a_next_step():
    assert set(NEXT_STEPS) == {health.value for health in SourceHealth}


def test_the_list_counts_what_can_be_read():
    text = text_of(source_lines(listed(), Style(120)))

    assert "1 of 3 polled can be read; 1 blind by construction" in text
    assert "2025-12-16 08:59, times in Europe/Brussels" in text
    assert "Blind by construction: 1 source" in text
    assert "nato-news (NATO): NATO ended its feeds (checked 2025-12-01)" in text


def test_private_addresses_are_shown():
    text = text_of(source_lines(listed(), Style(140)))

    assert "demo-feed*" in text
    assert "* may have a private address" in text
    assert "*" not in text_of(source_lines(listed(ROWS[:1]), Style(140)))
    assert "may be private (allow_private: true)" in text_of(detail_lines(listed(), ROWS[1], Style()))


def test_times_are_as_short_as_they_stay_clear():
    text = text_of(source_lines(listed(), Style(140)))

    assert "08:59 not modified" in text
    assert "12-09 05:00" in text
    assert "2024-11-30 not modified" in text


@pytest.mark.parametrize("columns", [80, 140])
def test_the_list_fits(columns):
    for lines in (source_lines, health_lines):
        assert all(width(line) <= columns for line in lines(listed(), Style(columns)))


def test_the_list_says_why_a_source_cannot_be_read():
    text = " ".join(text_of(source_lines(listed(), Style())).split())

    assert "Cannot be read: 2 sources" in text
    assert "osce-press: unreachable since 2025-12-09 05:00 (7 days); dns: no such host" in text
    assert "Cannot be read" not in text_of(source_lines(listed(ROWS[:1]), Style()))


def test_health_says_since_when_why_and_what_to_do():
    text = " ".join(text_of(health_lines(listed(), Style())).split())

    assert "Unreachable: 1 source" in text
    assert (
        "osce-press: since 2025-12-09 05:00 (7 days); dns: no such host; 9 failures in a row; last read 2024-11-30 11:00"
        in text
    )
    assert f"what to do: {NEXT_STEPS['unreachable']}" in text
    assert "example-news" not in text


def test_a21_health_names_the_sources_that_may_have_a_private_address():
    rows = (source(), source("inner", allow_private=True))
    assert "May have a private address (allow_private): inner" in text_of(health_lines(listed(rows), Style()))
    assert "private" not in text_of(health_lines(listed((source(),)), Style()))


def test_health_names_the_sources_that_moved():
    row = source("old", moved_to="https://new.example/feed")
    text = text_of(health_lines(listed((row,)), Style()))
    assert "Moved for good: 1 source" in text
    assert "old: https://new.example/feed" in text
    assert "moved to   https://new.example/feed" in text_of(detail_lines(listed((row,)), row, Style()))


def test_all_sources_as_one_json_array():
    (line,) = json_lines(ROWS)
    assert [record["source"] for record in json.loads(line)] == [row.name for row in ROWS]


def test_health_of_a_healthy_list():
    assert "Every source can be read." in text_of(health_lines(listed((source(),)), Style()))


def test_a_list_with_blind_sources_only():
    text = text_of(source_lines(listed(ROWS[3:]), Style()))

    assert "0 of 0 polled" in text
    assert "last poll" not in text


def test_a_list_before_the_first_poll():
    early = SourceList(ROW, ROWS[2:3], listed().zone, "UTC", None)

    assert "no poll yet" in text_of(source_lines(early, Style()))
    assert "since 2025-12-09 05:00;" in text_of(health_lines(early, Style()))


def test_one_source_in_detail():
    text = " ".join(text_of(detail_lines(listed(), ROWS[2], Style(140))).split())

    for wanted in (
        "Osce Press",
        "secondary, reliability B",
        "9 in a row",
        "12 entries, 2 hits",
        "public ones only",
        "address https://osce-press.example/feed",
    ):
        assert wanted in text
    assert "last poll never" in " ".join(text_of(detail_lines(listed(), ROWS[1], Style())).split())


def test_a_name_that_is_not_there():
    assert find_source(listed(), "nato-news") is ROWS[3]
    with pytest.raises(UsageProblem) as near:
        find_source(listed(), "osce")
    with pytest.raises(UsageProblem) as far:
        find_source(listed(), "zzz")

    assert near.value.hint == "perhaps osce-press"
    assert "watcher sources" in far.value.hint


def test_as_data():
    (record, *_) = [json.loads(line) for line in jsonl_lines(ROWS)]
    rows = list(csv.DictReader(io.StringIO("\n".join(csv_lines(ROWS)))))

    assert record["next_poll"] == "2025-12-16T08:59:00Z"
    assert rows[3]["health"] == "blind by construction"
    assert rows[1]["allow_private"] == "True"


@pytest.mark.parametrize("canary", CANARIES)
def test_i11_no_field_of_a_source_breaks_the_list(canary):
    fields = dict.fromkeys(
        (
            "name",
            "kind",
            "url",
            "title",
            "publisher",
            "institution",
            "language",
            "role",
            "reliability",
            "reason",
            "last_outcome",
            "note",
            "checked_on",
        ),
        canary,
    )
    rows = (source(**fields), source(**fields, health="blocked"), source(**fields, health="blind by construction"))

    for lines in (
        source_lines(listed(rows), Style()),
        health_lines(listed(rows), Style()),
        detail_lines(listed(rows), rows[0], Style()),
        csv_lines(rows),
        jsonl_lines(rows),
    ):
        assert all(is_harmless(line) for line in lines)
