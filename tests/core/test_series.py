"""Scales and ticks of dated series."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.period import from_micros, to_micros
from watcher.core.series import (
    DAY,
    HOUR,
    WINDOW,
    FigurePoint,
    Point,
    Scale,
    Series,
    agree,
    bounds,
    conflicts,
    scales_of,
    show_value,
    time_scale,
    time_ticks,
    value_scale,
    value_ticks,
)

BRUSSELS = ZoneInfo("Europe/Brussels")


def micros(*date: int) -> int:
    return to_micros(datetime(*date, tzinfo=UTC))


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([], 0, 1),
        ([500, 600], 500, 600),
        ([100, 600], 0, 600),
        ([0], -1, 1),
        ([200], 180, 220),
        ([-5, 5], -5, 5),
        ([3, 1_000_000], 0, 1_000_000),
    ],
)
def test_a_scale_begins_and_ends_at_round_values(values, low, high):
    scale = value_scale(values)

    assert (scale.low, scale.high) == (low, high)
    assert value_ticks(scale)[0] == low
    assert value_ticks(scale)[-1] == pytest.approx(high)


@given(st.lists(st.floats(-1e12, 1e12), min_size=1))
def test_every_value_stands_on_its_scale(values):
    scale = value_scale(values)

    assert all(-1e-6 <= scale(value) <= 1 + 1e-6 for value in values)
    assert 2 <= len(value_ticks(scale)) <= 8


@pytest.mark.parametrize(
    ("value", "shown"),
    [(600, "600"), (1234567.0, "1,234,567"), (0.5, "0.5"), (40.25, "40.25"), (1e16, "1e+16"), (-3, "-3")],
)
def test_values_as_people_write_them(value, shown):
    assert show_value(value) == shown


@given(st.lists(st.integers(micros(1, 1, 3), micros(9999, 12, 28)), min_size=1, max_size=3), st.integers(2, 12))
def test_few_ticks_each_inside(moments, most):
    scale = time_scale(moments)
    ticks = time_ticks(scale, most, BRUSSELS)

    assert len(ticks) <= most
    assert all(scale.low <= at <= scale.high for at, _ in ticks)
    assert [at for at, _ in ticks] == sorted(at for at, _ in ticks)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (
            micros(2025, 12, 15, 10),
            micros(2025, 12, 15, 13),
            ["12-15 11:00", "12-15 12:00", "12-15 13:00", "12-15 14:00"],
        ),
        (micros(2025, 12, 15), micros(2025, 12, 18), ["2025-12-16", "2025-12-17", "2025-12-18"]),
        (micros(2025, 1, 15), micros(2025, 5, 2), ["2025-02", "2025-03", "2025-04", "2025-05"]),
        (micros(2007, 5, 1), micros(2025, 1, 2), ["2010", "2015", "2020", "2025"]),
    ],
)
def test_ticks_are_beginnings_in_the_calendar_of_the_zone(low, high, labels):
    assert [label for _, label in time_ticks(Scale(low, high), 4, BRUSSELS)] == labels


def test_days_across_a_change_of_the_clock_begin_at_midnight():
    ticks = time_ticks(Scale(micros(2025, 10, 24), micros(2025, 10, 30)), 8, BRUSSELS)

    assert {from_micros(at, BRUSSELS).hour for at, _ in ticks} == {0}


def test_the_calendar_has_two_ends():
    assert time_ticks(Scale(micros(1, 1, 2), micros(1, 1, 3)), 9, UTC)
    assert len(time_ticks(Scale(micros(9990, 1, 1), micros(9999, 12, 31) + 9 * DAY), 12, UTC)) == 10
    assert len(time_ticks(Scale(micros(9999, 12, 31), micros(9999, 12, 31, 20) + 9 * HOUR), 40, UTC)) > 10


def test_a_point_alone_has_room_around_it():
    scale = time_scale([5 * DAY])

    assert scale(5 * DAY) == 0.5
    assert math.isclose(scale.high - scale.low, 2 * HOUR)


def test_several_series_share_their_scales():
    one, other = Series("a", (Point(DAY, 3.0),)), Series("b", (Point(3 * DAY, 9.0),))

    assert scales_of([one, other]) == (time_scale([DAY, 3 * DAY]), value_scale([3.0, 9.0]))


def test_a_point_knows_whether_its_source_speaks_for_itself():
    point = FigurePoint("fleet", 600, "vessels", "", "s", 1, 1, 1, 1, "a", "A", "A", "primary", "B", "t", "")

    assert point.is_primary


# --- conflicts --------------------------------------------------------------------------------------------------------


def said(value: float, qualifier: str = "", source: str = "a", at: int = 0, entry: int = 1, figure: str = "fleet"):
    return FigurePoint(figure, value, "vessels", qualifier, "s", at, at, entry, 1, source, source, "", "", "B", "t", "")


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (said(300), said(300), True),
        (said(300), said(342), False),
        (said(300, "over"), said(342), True),
        (said(342, "over"), said(300), False),
        (said(300, "over"), said(342, "total"), True),
        (said(300, "about"), said(325), True),
        (said(300, "about"), said(342), False),
        (said(300, "about"), said(350, "about"), True),
        (said(400, "under"), said(342), True),
        (said(300, "under"), said(342, "over"), False),
    ],
)
def test_what_can_be_so_together(one, other, together):
    assert agree(one, other) is agree(other, one) is together
    assert bounds(one)[0] <= one.value <= bounds(one)[1]


def test_sources_that_contradict_each_other_are_shown_together():
    points = [
        said(342, entry=1),
        said(600, source="b", entry=2, at=DAY),
        said(601, source="c", entry=3, at=2 * DAY),
        said(342, source="d", entry=4, at=2 * DAY),
        said(5, source="e", entry=5, at=40 * DAY),
    ]

    (found,) = conflicts(points)

    assert [point.entry_id for point in found.points] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "points",
    [
        [said(342), said(600, entry=2)],  # one source: it corrected itself
        [said(342), said(600, source="b", entry=2, at=WINDOW + 1)],  # a development
        [said(342), said(600, "added", source="b", entry=2)],  # another kind
        [said(342), said(600, source="b", entry=2, figure="tanks")],
        [said(17), said(58), said(75, source="b", entry=2), said(58, source="b", entry=2)],  # they share a value
        [],
    ],
)
def test_no_conflict(points):
    assert conflicts(points) == ()


def test_conflicts_of_several_figures_and_times_stand_by_figure_and_date():
    later = 9 * DAY
    points = [
        *(said(1, at=later), said(2, source="b", entry=2, at=later)),
        *(said(1, entry=3), said(2, source="b", entry=4)),
        *(said(1, entry=5, figure="aid"), said(2, source="b", entry=6, figure="aid")),
    ]

    assert [found.points[0].entry_id for found in conflicts(points)] == [5, 3, 1]


@given(
    st.lists(
        st.builds(
            said,
            st.sampled_from([1, 2, 3]),
            st.sampled_from(["", "over", "added"]),
            st.sampled_from("ab"),
            st.integers(0, 9).map(lambda n: n * DAY),
            st.integers(1, 6),
        ),
        max_size=12,
    )
)
def test_a_reading_stands_in_one_conflict_at_most_and_every_conflict_has_two_sources(points):
    found = conflicts(points)
    shown = [id(point) for conflict in found for point in conflict.points]

    assert len(shown) == len(set(shown))
    assert all(len({point.entry_id for point in conflict.points}) > 1 for conflict in found)
