"""Counts against a baseline: the exact test, its words, and its caution with few."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.trend import CHANGE_BELOW, Trend, trend_of


def exact(recent: int, before: int, share: float) -> float:
    """The two-sided chance by adding up every term."""
    total = recent + before
    terms = [math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(total + 1)]
    return min(1.0, 2 * min(sum(terms[recent:]), sum(terms[: recent + 1])))


@pytest.mark.parametrize(
    ("recent", "days", "before", "days_before", "word"),
    [
        (0, 7, 0, 28, "none"),
        (1, 7, 0, 28, "too few"),
        (3, 7, 0, 28, "too few"),
        (4, 7, 0, 28, "up"),
        (9, 7, 4, 28, "up"),
        (5, 7, 8, 28, "as before"),
        (0, 7, 30, 28, "down"),
        (0, 7, 10, 28, "too few"),
        (40, 7, 160, 28, "as before"),
        (3, 0, 9, 28, "no sight"),
        (3, 7, 9, 0, "no sight"),
    ],
)
def test_the_word_follows_the_counts_and_the_sight(recent, days, before, days_before, word):
    assert trend_of(recent, days, before, days_before).word == word


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.01, 60), st.floats(0.01, 60))
def test_the_chance_is_that_of_the_exact_test(recent, before, days, days_before):
    trend = trend_of(recent, days, before, days_before)

    assert trend.chance == pytest.approx(exact(recent, before, days / (days + days_before)), rel=1e-6, abs=1e-9)
    assert 0 <= trend.chance <= 1


def test_a_blind_week_is_no_drop():
    seen = trend_of(0, 7.0, 28, 28.0)
    blind = trend_of(0, 0.5, 28, 28.0)

    assert seen.word == "down"
    assert blind.word == "too few"
    assert blind.chance > CHANGE_BELOW


def test_many_hits_are_summed_in_time():
    assert trend_of(50_000, 7, 200_000, 28).word == "as before"
    assert trend_of(60_000, 7, 200_000, 28).word == "up"
    assert trend_of(40_000, 7, 200_000, 28).word == "down"


def test_rates_are_per_day_of_sight():
    trend = Trend(6, 3.0, 14, 28.0, "up")

    assert (trend.recent_rate, trend.before_rate) == (2.0, 0.5)
    assert (Trend(1, 0, 1, 0, "no sight").recent_rate, Trend(1, 0, 1, 0, "no sight").before_rate) == (0.0, 0.0)
