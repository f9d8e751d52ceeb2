"""Moments as people write them, counted from the newest poll and never from the clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.errors import UsageProblem
from watcher.core.period import from_micros, parse_moment, show_iso, show_moment, show_span, to_micros

BRUSSELS = ZoneInfo("Europe/Brussels")
REFERENCE = to_micros(datetime(2025, 12, 16, 8, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-12-15", "2025-12-14T23:00:00Z"),
        ("2025-12-15T10:00Z", "2025-12-15T10:00:00Z"),
        ("2025-12-15 10:00", "2025-12-15T09:00:00Z"),
        ("2025-12-15T10:00:30.5+02:00", "2025-12-15T08:00:30.500000Z"),
        ("2025-07-01", "2025-06-30T22:00:00Z"),
        ("now", "2025-12-16T08:30:00Z"),
        ("24h", "2025-12-15T08:30:00Z"),
        ("7d", "2025-12-09T08:30:00Z"),
        ("90 m", "2025-12-16T07:00:00Z"),
        ("2w", "2025-12-02T08:30:00Z"),
        ("today", "2025-12-15T23:00:00Z"),
        (" Yesterday ", "2025-12-14T23:00:00Z"),
    ],
)
def test_moments(text, expected):
    assert show_iso(parse_moment(text, reference=REFERENCE, zone=BRUSSELS)) == expected


@pytest.mark.parametrize("text", ["", "soon", "2025-13-01", "2025-12-15T25:00", "20251215", "7x", "-7d", "2025-W50"])
def test_what_is_no_moment_is_refused_with_examples(text):
    with pytest.raises(UsageProblem) as caught:
        parse_moment(text, reference=REFERENCE, zone=UTC)

    assert "2025-12-15" in caught.value.hint


@given(st.integers())
def test_any_number_can_be_shown(micros):
    assert len(show_moment(micros, BRUSSELS)) == 16


@given(st.integers(-(10**15), 10**17))
def test_a_moment_comes_back(micros):
    assert to_micros(from_micros(micros, BRUSSELS)) == micros


def test_a_moment_that_is_not_there():
    assert show_moment(None, UTC) == "-"
    assert show_iso(None) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (45, "45 s"), (720, "12 min"), (5 * 3600, "5 h"), (3 * 86400, "3 days")],
)
def test_spans(seconds, text):
    assert show_span(seconds * 1_000_000) == text
