"""A failure is told once, and its end once."""

import pytest

from tests.core.build import HOUR, NOW, claim
from watcher.core import health
from watcher.core.alarm import Alarm, after_poll
from watcher.core.health import Verdict
from watcher.core.model import SourceHealth


def fail(before, **kwargs):
    return after_poll(before, health.after_failure(before, "connect", "failed", "no", None, NOW), NOW, **kwargs)


def test_h14_the_third_failure_is_told_and_the_fourth_is_not():
    assert fail(claim(failures=1)).notice is None
    third = fail(claim(failures=2))
    assert (third.at, third.notice.payload["event"], third.notice.payload["failures"]) == (NOW, "failing", 3)
    assert fail(claim(failures=3, alarmed_at=NOW - HOUR)) == Alarm(NOW - HOUR)


def test_h14_six_hours_and_two_failures_are_told():
    assert fail(claim(failures=1, last_ok_at=NOW - 6 * HOUR)).notice
    assert fail(claim(failures=0, last_ok_at=NOW - 24 * HOUR)).notice is None


def test_a_source_that_was_never_read_counts_from_when_its_state_began():
    before = claim(health="unreachable", last_ok_at=None, failures=1)
    assert fail(before).notice is None
    assert fail(claim(health="unreachable", last_ok_at=None, health_since=NOW - 7 * HOUR, failures=1)).notice


def test_h14_one_notice_tells_that_it_is_over():
    ok = Verdict(SourceHealth.OK, "", 0)
    over = after_poll(claim(alarmed_at=NOW - HOUR), ok, NOW)
    assert (over.at, over.notice.key) == (None, f"health:1:{NOW - HOUR}:recovered")
    assert after_poll(claim(), ok, NOW) == Alarm(None)


def test_what_holds_on_to_its_state_is_not_over():
    holding = Verdict(SourceHealth.OK, "", 1)
    assert after_poll(claim(alarmed_at=NOW - HOUR), holding, NOW) == Alarm(NOW - HOUR)


@pytest.mark.parametrize("state", [SourceHealth.GONE, SourceHealth.QUARANTINED, SourceHealth.STALE])
def test_what_waiting_cannot_mend_is_told_at_once(state):
    assert after_poll(claim(), Verdict(state, "why", 0), NOW).notice.payload["state"] == state.value


def test_a03_our_own_fault_alarms_nobody():
    assert fail(claim(failures=9), is_ours=True) == Alarm(None)
