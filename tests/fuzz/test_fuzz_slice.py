"""A second of processor time for each target in the ordinary gate, with a fixed seed; `make fuzz` runs longer."""

from __future__ import annotations

import pytest

from tests.fuzz.runner import Stalled, Target, case, fuzz
from tests.fuzz.targets import targets


@pytest.mark.parametrize("name", ["feed", "watchlist", "query"])
def test_b08_damaged_input_raises_only_what_is_declared(name):
    target = next(target for target in targets() if target.name == name)
    tally = fuzz(target, 1.0, seed=20251211)
    assert tally.cases > 0
    assert tally.failures == []
    assert tally.is_good(target), tally


def test_a_case_gives_the_same_input_every_time():
    drawn = []
    target = Target("drawn", 1.0, lambda pick: drawn.append(pick.random()), ())
    assert case(target, 3, 14) == case(target, 3, 14) == "fine"
    assert drawn[0] == drawn[1]


def test_what_is_not_declared_is_a_failure_and_what_dies_is_counted():
    def run(pick):
        if pick.random() < 0.5:
            raise KeyError("undeclared")
        raise ValueError("declared")

    tally = fuzz(Target("mixed", 1.0, run, (ValueError,)), 5.0, seed=1)
    assert len(tally.failures) >= 10
    assert "undeclared" in tally.failures[0][1]
    assert tally.refused > 0
    assert not tally.is_good(Target("mixed", 1.0, run, (ValueError,)))


def test_a_stall_is_not_swallowed_by_the_code_under_test():
    def run(_pick):
        try:
            raise Stalled
        except Exception:
            return "swallowed"

    assert case(Target("slow", 1.0, run, ()), 1, 1) == "stalled"
