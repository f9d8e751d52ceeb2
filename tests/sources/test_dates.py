"""Claimed dates: read strictly, never with a silent zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.helpers import parse, rss
from watcher.sources import dates
from watcher.sources.dates import month_number, read_date


def shown(text: str) -> str | None:
    moment = read_date(text)
    if moment is None or moment.when is None:
        return None
    when = datetime.fromtimestamp(moment.when / 1e6, UTC).isoformat().replace("+00:00", "Z")
    return when if moment.is_zone_known else f"{when}?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 15 Dec 2025 12:00:00 GMT", "2025-12-15T12:00:00Z"),
        ("15 Dec 2025 12:00 +0300", "2025-12-15T09:00:00Z"),
        ("Mon, 15 Dec 25 12:00:00 Z", "2025-12-15T12:00:00Z"),
        ("Mon, 15 Dec 2025 12:00:00 MSK", "2025-12-15T09:00:00Z"),
        ("Mon, 15 Dec 2025 12:00:00 EST", "2025-12-15T17:00:00Z"),
        ("Thu, 01 Jan 2004 19:48:21 GMT+1", "2004-01-01T18:48:21Z"),
        ("2025-12-15T12:00:00Z", "2025-12-15T12:00:00Z"),
        ("2025-12-15T12:00:00.25+02:00", "2025-12-15T10:00:00.250000Z"),
        ("2025-12-15 12:00:00 UTC", "2025-12-15T12:00:00Z"),
        ("2025-12-15", "2025-12-15T00:00:00Z"),
        ("2025-12", "2025-12-01T00:00:00Z"),
        ("December 15, 2025 3:04 PM EST", "2025-12-15T20:04:00Z"),
        ("Monday, December 15, 2025 - 12:00 UTC", "2025-12-15T12:00:00Z"),
        ("15 декабря 2025 г., 12:30 МСК", "2025-12-15T09:30:00Z"),
        ("Пн, 15 дек 2025 12:00:00 +0300", "2025-12-15T09:00:00Z"),
        ("15 грудня 2025", "2025-12-15T00:00:00Z"),
        ("lun., 15 déc. 2025 12:00:00 +0100", "2025-12-15T11:00:00Z"),
        ("Mo, 15 Dez 2025 12:00:00 MEZ", "2025-12-15T11:00:00Z"),
        ("2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z"),
    ],
)
def test_forms(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    "text",
    ["Mon, 15 Dec 2025 12:00:00", "Mon, 15 Dec 2025 12:00:00 XYZ", "2025-12-15T12:00:00", "15 декабря 2025, 12:00"],
)
def test_d03_an_unknown_zone_is_told(text: str) -> None:
    assert shown(text) == "2025-12-15T12:00:00Z?"


@pytest.mark.parametrize(
    "text",
    ["0000-00-00", "0000-01-01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "10000-01-01", "2026-02-30", "2025-13-01",
     "30 Feb 2026 12:00:00 GMT", "2025-12-15T25:61:61Z", "2025-12-15T12:00:00+99:99", "2025-12-15T12:00:00+10:75", "-0001-01-01",
     "1700000000", "", "yesterday", "15 Foo 2025 12:00:00 GMT", "Foo 15, 2025", "December 15"],
)  # fmt: skip
def test_d01_what_cannot_be_a_time_is_none(text: str) -> None:
    assert shown(text) is None
    feed = parse(rss(f"<item><guid>g</guid><pubDate>{text}</pubDate></item>"))
    assert feed.entries[0].published is None
    assert feed.entries[0].published_raw == text


def test_d02_a_future_date_is_kept() -> None:
    feed = parse(rss("<item><guid>g</guid><pubDate>Mon, 01 Jan 2085 00:00:00 GMT</pubDate></item>"))
    assert feed.entries[0].published == int(datetime(2085, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize("text", ["2025-12-15T23:59:60Z", "2025-12-15T24:00:00Z"])
def test_d07_the_end_of_a_day_is_the_next_second(text: str) -> None:
    assert shown(text) == "2025-12-16T00:00:00Z"


def test_forms_that_only_feedparser_knows() -> None:
    feed = parse(rss("<item><guid>g</guid><pubDate>2003-335T10:00:00Z</pubDate></item>"))
    assert feed.entries[0].published is not None


def test_d03_an_unknown_zone_is_a_flag_of_the_entry() -> None:
    feed = parse(rss("<item><guid>g</guid><pubDate>Mon, 15 Dec 2025 12:00:00 XYZ</pubDate></item>"))
    assert "unknown-zone" in feed.entries[0].flags


def test_months() -> None:
    assert [month_number(name) for name in ("January", "juillet", "Juin", "März", "мая", "листопада", "foo")] == [
        1,
        7,
        6,
        3,
        5,
        11,
        0,
    ]


@given(st.text(max_size=40))
def test_d01_any_text_is_read_without_an_exception(text: str) -> None:
    read_date(text)


@given(st.integers(min_value=-2_000_000_000, max_value=7_000_000_000))
def test_what_is_written_is_read_back(second: int) -> None:
    read = read_date((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).isoformat())
    assert read is not None
    assert read.when == second * 1_000_000


@given(
    st.sampled_from(["", "Mon, ", "Xyz, "]), st.integers(0, 32), st.sampled_from(["Jan", "Feb", "Sep", "Dec"]), st.sampled_from([1899, 1900, 2024, 2199]),
    st.integers(0, 25), st.integers(0, 60), st.integers(0, 61), st.sampled_from(["GMT", "UTC", "Z", "+0000", "-0330", "+0545", "+1459", "+0020"]),
)  # fmt: skip
def test_the_usual_form_is_read_as_the_general_one_reads_it(
    name: str, day: int, month: str, year: int, hour: int, minute: int, second: int, zone: str
) -> None:
    text = f"{name}{day} {month} {year} {hour:02}:{minute:02}:{second:02} {zone}"
    general = dates._RFC.fullmatch(text)
    assert dates._USUAL.fullmatch(text)
    assert general
    assert read_date(text) == dates._from_rfc(general)
