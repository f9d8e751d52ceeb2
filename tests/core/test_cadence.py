"""When a source is polled next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import DAY, HOUR, NOW
from watcher.core.cadence import NEVER, Setback, Wishes, after_failure, after_success, not_before
from watcher.core.limits import Limits

LIMITS = Limits()
SECOND = 1_000_000


def gap(wishes=Wishes(), jitter=0.0, interval_s=3600.0):  # noqa: B008  # frozen
    return after_success(NOW, interval_s, wishes, jitter, LIMITS).at - NOW


def setback(jitter=0.0, interval_s=3600.0, failures=1, **more):
    return after_failure(NOW, interval_s, Setback(failures, **more), jitter, LIMITS)


def test_the_interval_and_positive_jitter_up_to_a_sixth():
    assert gap() == HOUR
    assert gap(jitter=1.0) == HOUR + 600 * SECOND


@pytest.mark.parametrize("wishes", [Wishes(max_age_s=7200), Wishes(ttl_s=7200), Wishes(max_age_s=60, ttl_s=7200)])
def test_the_latest_of_all_wishes_wins(wishes):
    assert gap(wishes) == 2 * HOUR


def test_wishes_below_the_interval_change_nothing():
    assert gap(Wishes(max_age_s=60, ttl_s=0)) == HOUR


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Wishes(max_age_s=31_536_000), "max-age"),
        (Wishes(ttl_s=1e9 * 60), "ttl"),
        (Wishes(skip_hours=tuple(range(24))), "skipHours"),
        (Wishes(skip_days=tuple(range(7))), "skipDays"),
    ],
)
def test_a37_silence_is_capped_at_seven_days_with_a_warning(wishes, words):
    then = after_success(NOW, 3600, wishes, 0.0, LIMITS)
    assert then.at - NOW == 7 * DAY
    (warning,) = then.warnings
    assert warning.startswith("publisher asks for silence")
    assert words in warning


def test_skipped_hours_are_slept_through():
    # Noon plus one hour is 13:00 GMT; 13 and 14 are hours of rest.
    assert gap(Wishes(skip_hours=(13, 14))) == 3 * HOUR


def test_the_part_of_the_hour_stays_when_hours_are_skipped():
    assert gap(Wishes(skip_hours=(13,)), jitter=0.5) == 2 * HOUR + 300 * SECOND


def test_skipped_days_are_slept_through():
    # 15 December 2025 is a Monday (day 0): the next allowed moment is Tuesday's first hour.
    assert gap(Wishes(skip_days=(0,))) == 12 * HOUR


def test_hours_of_rest_that_are_over_change_nothing():
    assert gap(Wishes(skip_hours=(3,))) == HOUR


def test_a_long_interval_may_end_beyond_the_cap():
    assert gap(Wishes(skip_hours=tuple(range(24))), interval_s=8 * 86400) == 8 * DAY


def test_a35_gone_for_good_is_never_asked_again():
    then = setback(status=410)
    assert then.at == NEVER
    assert "410" in then.warnings[0]


def test_a35_missing_is_asked_for_once_a_day():
    assert setback(status=404).at - NOW == DAY
    assert setback(status=404, failures=9).at - NOW == DAY


@pytest.mark.parametrize("status", [401, 403, 451, 429, 500, 503, None])
def test_a32_other_failures_back_off_with_full_jitter(status):
    assert setback(status=status).at - NOW == HOUR
    assert setback(status=status, jitter=1.0).at - NOW == 2 * HOUR + 600 * SECOND
    assert setback(status=status, failures=3, jitter=1.0).at - NOW == 8 * HOUR + 600 * SECOND
    assert setback(status=status, failures=50, jitter=1.0).at - NOW == DAY + 600 * SECOND


def test_a32_twenty_sources_of_one_host_do_not_come_back_together():
    times = {setback(status=429, failures=3, jitter=n / 20).at // (60 * SECOND) for n in range(20)}
    assert len(times) == 20


def test_a_long_interval_is_not_shortened_by_the_cap_of_the_back_off():
    assert setback(interval_s=3 * 86400, failures=9, jitter=0.5).at - NOW >= 3 * DAY


@pytest.mark.parametrize(
    ("asked_s", "expected"), [(7200, 2 * HOUR), (60, HOUR), (1e9, 7 * DAY), (7 * 86400, 7 * DAY), (0, HOUR)]
)
def test_a31_retry_after_is_obeyed_up_to_seven_days(asked_s, expected):
    then = setback(status=429, retry_after_s=asked_s)
    assert then.at - NOW == expected
    assert bool(then.warnings) == (asked_s > 7 * 86400)


def test_retry_after_also_binds_what_is_asked_by_hand():
    assert not_before(NOW, None, LIMITS) is None
    assert not_before(NOW, 7200, LIMITS) == NOW + 2 * HOUR
    assert not_before(NOW, 1e9, LIMITS) == NOW + 7 * DAY


def test_a03_our_own_outage_costs_five_minutes_at_most():
    assert 0 < setback(outage=True, failures=9).at - NOW <= 300 * SECOND
    assert setback(outage=True, failures=9, jitter=1.0).at - NOW == 300 * SECOND


def test_b04_quarantine_makes_the_interval_four_times_as_long():
    assert setback(quarantined=True, failures=1).at - NOW == 4 * HOUR
    assert setback(quarantined=True, failures=9, interval_s=86400).at - NOW == DAY


def test_a_wait_that_the_host_asked_for_is_no_failure():
    assert setback(postponed=True, failures=0, retry_after_s=120).at - NOW == 120 * SECOND


@given(
    st.floats(60, 10 * 86400),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.floats(0, 1e12),
    st.none() | st.floats(0, 1e12),
    st.sets(st.integers(0, 23)),
    st.sets(st.integers(0, 6)),
)
def test_never_sooner_than_the_interval_and_never_later_than_the_cap(interval_s, jitter, age, ttl, hours, days):
    wishes = Wishes(age, ttl, tuple(hours), tuple(days))
    wait = (after_success(NOW, interval_s, wishes, jitter, LIMITS).at - NOW) / SECOND
    assert wait >= interval_s - 1
    longest = max(interval_s, LIMITS.publisher_hint_cap_s) + interval_s * LIMITS.jitter_share + 3600
    assert wait <= longest


@given(st.integers(0, 10_000), st.floats(60, 10 * 86400), st.floats(0, 1, exclude_max=True))
def test_back_off_stays_between_interval_and_cap(failures, interval_s, jitter):
    wait = (setback(jitter, interval_s, failures, status=500).at - NOW) / SECOND
    assert wait >= interval_s - 1
    assert wait <= max(interval_s, LIMITS.backoff_cap_s) + interval_s * LIMITS.jitter_share + 1
