"""A source's own cadence, and silence beyond it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import DAY, HOUR, NOW
from watcher.core import pace

DAY_S = 86_400
NOW_S = NOW // 1_000_000


def every(days, count=8, last=0):
    """Arrivals so many days apart, the newest ``last`` days ago."""
    return tuple(NOW_S - int((last + days * n) * DAY_S) for n in reversed(range(count)))


def test_arrivals_of_one_day_are_one():
    once = pace.arrived((), NOW)
    assert once == (NOW_S,)
    assert pace.arrived(once, NOW + 3 * HOUR) == once
    assert pace.arrived(once, NOW + DAY) == (NOW_S, NOW_S + DAY_S)


def test_the_oldest_arrivals_are_forgotten():
    arrivals = ()
    for day in range(50):
        arrivals = pace.arrived(arrivals, NOW + day * DAY)
    assert len(arrivals) == pace.KEPT
    assert arrivals[-1] == NOW_S + 49 * DAY_S


def test_claimed_dates_stand_for_the_time_before_us():
    claimed = [NOW - DAY, None, NOW - DAY - HOUR, NOW + DAY, NOW - 4 * 365 * DAY, NOW - 9 * DAY]
    assert pace.from_claims(claimed, NOW) == ((NOW - 9 * DAY) // 1_000_000, (NOW - DAY - HOUR) // 1_000_000)


def test_too_little_is_known_of_a_new_source():
    assert pace.silence_limit_s(every(1, pace.LEAST_GAPS)) is None
    assert pace.silence(every(1, pace.LEAST_GAPS, last=900), NOW) == ""
    assert pace.silence((), NOW) == ""


def test_a_daily_source_is_silent_after_a_week():
    assert pace.silence(every(1, last=7), NOW) == ""
    assert pace.silence(every(1, last=8), NOW) == ("nothing new for 8 days; it used to bring something every 1.0 days")


def test_a_monthly_source_may_be_silent_for_three_months():
    assert pace.silence(every(30, last=89), NOW) == ""
    assert pace.silence(every(30, last=91), NOW)


def test_a_long_silence_that_ended_makes_the_next_one_harder_to_reach():
    arrivals = (*every(1, 10, last=60), NOW_S)
    assert pace.silence_limit_s(arrivals) == 1.5 * 60 * DAY_S


@given(st.lists(st.integers(0, 2**40), max_size=40))
def test_the_limit_is_never_shorter_than_a_week_or_the_longest_gap(times):
    arrivals = tuple(sorted(times))
    limit = pace.silence_limit_s(arrivals)
    if limit is not None:
        assert limit >= max(7 * DAY_S, *(b - a for a, b in pairwise(arrivals)))
