"""Quiet is told from blind: shares and gaps of a period from the kept states."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.samples import at, source, state
from watcher.core.coverage import measure
from watcher.core.views import Interval, Watch

HOUR = 3_600_000_000
SINCE, UNTIL = at("2025-12-11T00:00"), at("2025-12-15T00:00")


def one(*intervals, row=None, since=SINCE, until=UNTIL):
    (found,) = measure([row or source()], intervals, since=since, until=until).sources
    return found


def test_readable_throughout():
    found = one(state())

    assert (found.kind, found.share, found.gaps) == ("whole", 1.0, ())


def test_a_gap_in_the_middle():
    found = one(
        state(until="2025-12-12T00:00"),
        state(health="blocked", since="2025-12-12T00:00", until="2025-12-13T00:00", reason="403"),
        state(since="2025-12-13T00:00"),
    )

    assert (found.kind, found.share) == ("part", 0.75)
    assert [(g.since, g.until, g.health, g.open) for g in found.gaps] == [
        (at("2025-12-12T00:00"), at("2025-12-13T00:00"), "blocked", False)
    ]


def test_a_gap_that_began_before_the_period_tells_when():
    found = one(state(health="unreachable", since="2025-12-01T00:00", reason="dns"))

    assert found.kind == "none"
    assert (found.gaps[0].began, found.gaps[0].since, found.gaps[0].open) == (at("2025-12-01T00:00"), SINCE, True)


def test_before_the_first_state_nothing_was_seen():
    found = one(state(since="2025-12-14T00:00"))

    assert found.share == 0.25
    assert found.gaps[0].health == "never polled"


def test_no_state_at_all_is_blind():
    assert one().kind == "none"


def test_after_the_last_state_nothing_was_seen():
    found = one(state(until="2025-12-12T00:00"))

    assert found.gaps[-1].open
    assert found.share == 0.25


def test_neighbouring_gaps_of_one_state_are_one():
    found = one(
        state(health="blocked", since="2025-12-10T00:00", until="2025-12-12T00:00", reason="403"),
        state(health="blocked", since="2025-12-12T00:00", until="2025-12-13T00:00", reason="403"),
        state(health="blocked", since="2025-12-13T00:00", until="2025-12-14T00:00", reason="429"),
        state(since="2025-12-14T00:00"),
    )

    assert [g.reason for g in found.gaps] == ["403", "429"]


def test_states_outside_the_period_do_not_count():
    found = one(
        state(health="blocked", since="2025-12-01T00:00", until="2025-12-11T00:00"), state(since="2025-12-11T00:00")
    )

    assert found.kind == "whole"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"health": "blind by construction", "note": "no feed"}, "blind"),
        ({"health": "disabled"}, "off"),
        ({"enabled": False}, "off"),
    ],
)
def test_sources_that_are_not_polled(changes, kind):
    found = one(state(), row=source(**changes))

    assert (found.kind, found.share) == (kind, 0.0)


def test_an_open_start_begins_with_the_first_state():
    coverage = measure([source()], [state(since="2025-12-12T00:00")], since=None, until=UNTIL)

    assert coverage.since == at("2025-12-12T00:00")
    assert coverage.sources[0].kind == "whole"


def test_with_an_open_start_the_wait_for_the_first_poll_is_no_gap():
    waiting = state(health="never polled", since="2025-12-12T00:00", until="2025-12-13T00:00")
    rows, until = [source(), source("b")], UNTIL
    states = [waiting, state(since="2025-12-13T00:00"), state("b", "never polled", since="2025-12-12T00:00")]

    coverage = measure(rows, states, since=None, until=until)

    assert [s.kind for s in coverage.sources] == ["whole", "none"]
    assert one(*states[:2]).kind == "part"


def test_an_open_start_without_states_is_an_empty_period():
    coverage = measure([source()], [], since=None, until=UNTIL)

    assert coverage.since == UNTIL
    assert coverage.is_blind


def test_an_empty_period_takes_the_state_at_that_moment():
    assert one(state(), since=UNTIL).kind == "whole"
    assert one(state(health="blocked"), since=UNTIL).kind == "none"


def test_blind_since_the_last_source_went():
    rows = [source("a"), source("b")]
    intervals = [
        state("a", until="2025-12-12T00:00"),
        state("a", "blocked", "2025-12-12T00:00"),
        state("b", until="2025-12-13T00:00"),
        state("b", "unreachable", "2025-12-13T00:00"),
    ]

    coverage = measure(rows, intervals, since=SINCE, until=UNTIL)

    assert not coverage.is_blind
    assert coverage.blind_since == at("2025-12-13T00:00")
    assert measure(rows, [state("a"), *intervals[2:]], since=SINCE, until=UNTIL).blind_since is None


def test_a_source_that_recovered_ends_blindness():
    intervals = [state(health="blocked", until="2025-12-12T00:00"), state(since="2025-12-12T00:00")]

    assert measure([source()], intervals, since=SINCE, until=UNTIL).blind_since is None


def test_groups_by_institution_and_language():
    rows = [source("a"), source("b", institution="NATO", language="fr"), source("c", institution="")]
    coverage = measure(rows, [state("a")], since=SINCE, until=UNTIL)

    assert [(g.name, g.sources, g.readable, g.share) for g in coverage.by_institution()] == [
        ("press", 1, 1, 1.0),
        ("NATO", 1, 0, 0.0),
    ]
    assert [g.name for g in coverage.by_language()] == ["en", "fr"]


@given(
    st.lists(
        st.tuples(st.integers(0, 100), st.integers(0, 100), st.sampled_from(["ok", "blocked", "empty"])), max_size=8
    ),
    st.integers(0, 50),
    st.integers(51, 100),
)
def test_shares_and_gaps_stay_inside_the_period(spans, low, high):
    intervals = [Interval("example-news", health, min(a, b), max(a, b), "") for a, b, health in spans]

    found = one(*intervals, since=low, until=high)

    assert 0 <= found.share <= 1
    assert all(low <= g.since < g.until <= high for g in found.gaps)
    assert all(a.until <= b.since for a, b in zip(found.gaps, found.gaps[1:], strict=False))


# --- when somebody looked --------------------------------------------------------------------------------------


DAY_1, DAY_2, DAY_3 = at("2025-12-11T12:00"), at("2025-12-12T12:00"), at("2025-12-13T12:00")


def watched(*spans, by_hand=(), first=None, states=None):
    watch = Watch(spans[0][0] if first is None else first, spans, {"example-news": tuple(by_hand)})
    (found,) = measure([source()], states or [state()], since=SINCE, until=UNTIL, watch=watch).sources
    return found


def test_time_when_no_daemon_was_at_work_is_not_seen():
    found = watched((SINCE, DAY_1), (DAY_3, UNTIL))

    assert [(g.since, g.until, g.health, g.open) for g in found.gaps] == [(DAY_1, DAY_3, "not watched", False)]
    assert found.share == 0.5


def test_a_restart_costs_nothing():
    assert watched((SINCE, DAY_1), (DAY_1 + HOUR, UNTIL)).kind == "whole"


def test_a_daemon_that_ended_leaves_an_open_gap():
    assert watched((SINCE, DAY_3)).gaps[0].open


def test_before_the_first_daemon_states_are_believed():
    assert watched((DAY_2, UNTIL)).kind == "whole"


def test_a_poll_by_hand_covers_until_the_next_is_due():
    found = watched((SINCE, DAY_1), (DAY_3, UNTIL), by_hand=[DAY_2])

    assert [(g.since, g.until) for g in found.gaps] == [(DAY_1, DAY_2), (DAY_2 + HOUR, DAY_3)]


def test_a_state_that_is_known_not_to_see_keeps_its_name():
    blocked = [
        state(until="2025-12-12T00:00"),
        state(health="blocked", since="2025-12-12T00:00", until="2025-12-12T12:00"),
        state(since="2025-12-12T12:00"),
    ]
    found = watched((SINCE, DAY_1), (DAY_3, UNTIL), states=blocked)

    assert [g.health for g in found.gaps] == ["not watched", "blocked", "not watched"]
    assert found.share == 0.5


def test_a_state_that_lasts_as_long_as_nobody_looked_leaves_nothing_over():
    blocked = [state(health="blocked")]
    assert [g.health for g in watched((SINCE, DAY_1), (DAY_3, UNTIL), states=blocked).gaps] == ["blocked"]
