"""From outcomes to the health of a source, with hysteresis."""

import pytest

from tests.core.build import HOUR, NOW, claim
from watcher.core.health import after_body, after_failure, after_same, can_see, is_quarantined, ran_dry
from watcher.core.model import SourceHealth


def fail(before, phase="connect", kind="refused", detail="no", status=None):
    return after_failure(before, phase, kind, detail, status, NOW)


def test_what_can_be_seen():
    assert can_see("ok")
    assert can_see(SourceHealth.UNCHANGED)
    assert can_see(SourceHealth.EMPTY)
    assert not can_see("blocked")


def test_a_body_with_entries_is_ok():
    assert after_body(3).health is SourceHealth.OK
    assert after_body(3, ("title cut",)).reason == "title cut"
    assert after_body(3).failures == 0


def test_a_body_without_entries_is_empty():
    assert after_body(0).health is SourceHealth.EMPTY


@pytest.mark.parametrize("before", ["ok", "empty", "unchanged"])
def test_a27_nothing_new_keeps_a_state_that_sees(before):
    assert after_same(claim(health=before, failures=2)).health == before
    assert after_same(claim(health=before, failures=2)).failures == 0


def test_nothing_new_after_trouble_is_unchanged():
    assert after_same(claim(health="unreachable")).health is SourceHealth.UNCHANGED


def test_a36_one_bad_answer_does_not_turn_a_source():
    first = fail(claim())
    assert (first.health, first.failures, first.reason) == (SourceHealth.OK, 1, "")
    assert fail(claim(failures=1)).health is SourceHealth.OK
    third = fail(claim(failures=2))
    assert (third.health, third.failures) == (SourceHealth.UNREACHABLE, 3)
    assert third.reason == "connect: refused: no"


def test_six_hours_without_an_answer_turn_a_source_too():
    assert fail(claim(last_ok_at=NOW - 6 * HOUR)).health is SourceHealth.UNREACHABLE
    assert fail(claim(last_ok_at=None)).health is SourceHealth.UNREACHABLE


def test_a_source_that_was_never_read_turns_at_once():
    assert fail(claim(health="never polled", last_ok_at=None)).health is SourceHealth.UNREACHABLE


@pytest.mark.parametrize(
    ("phase", "kind", "status", "health"),
    [
        ("http", "not-found", 404, SourceHealth.UNREACHABLE),
        ("http", "gone", 410, SourceHealth.GONE),
        ("http", "auth", 401, SourceHealth.AUTH),
        ("http", "forbidden", 403, SourceHealth.BLOCKED),
        ("http", "forbidden", 451, SourceHealth.BLOCKED),
        ("http", "rate-limited", 429, SourceHealth.BLOCKED),
        ("http", "blocked", 200, SourceHealth.BLOCKED),
        ("parse", "not-a-feed", 200, SourceHealth.NOT_A_FEED),
        ("http", "empty-body", 200, SourceHealth.NOT_A_FEED),
        ("parse", "not-well-formed", 200, SourceHealth.PARSE_ERROR),
        ("dns", "no-such-name", None, SourceHealth.UNREACHABLE),
        ("tls", "certificate", None, SourceHealth.UNREACHABLE),
    ],
)
def test_each_fault_has_its_state(phase, kind, status, health):
    assert fail(claim(health="never polled", last_ok_at=None), phase, kind, "", status).health is health


def test_gone_is_final_at_once():
    assert fail(claim(), "http", "gone", "", 410).health is SourceHealth.GONE


def test_a_reason_without_detail():
    assert fail(claim(failures=5), detail="").reason == "connect: refused"


def test_b04_three_kills_in_a_row_are_quarantine():
    assert not is_quarantined(claim(crashes=1), "parse", "cpu-limit")
    assert is_quarantined(claim(crashes=2), "parse", "cpu-limit")
    assert is_quarantined(claim(health="quarantined", crashes=0), "parse", "crashed")
    assert not is_quarantined(claim(crashes=9), "http", "timeout")
    assert not is_quarantined(claim(crashes=9), "parse", "not-a-feed")
    assert fail(claim(crashes=2), "parse", "crashed", "signal 11").health is SourceHealth.QUARANTINED


def test_b04_failures_of_the_network_are_no_harm():
    assert not is_quarantined(claim(failures=9), "parse", "crashed")


def test_silence_beyond_its_cadence_is_stale():
    assert after_body(3, silence="nothing new").health is SourceHealth.STALE
    assert after_body(0, silence="nothing new").health is SourceHealth.EMPTY
    assert after_same(claim(), "nothing new").health is SourceHealth.STALE
    assert after_same(claim(health="empty"), "nothing new").health is SourceHealth.EMPTY
    assert after_same(claim(health="stale")).health is SourceHealth.UNCHANGED


def test_a36_one_bad_answer_does_not_turn_a_stale_source():
    assert fail(claim(health="stale")).health is SourceHealth.STALE


@pytest.mark.parametrize(
    ("health", "since", "arrivals", "warns"),
    [
        ("empty", NOW - 2 * HOUR, (1,), True),
        ("empty", NOW - HOUR, (1,), False),
        ("empty", None, (1,), False),
        ("empty", NOW - 9 * HOUR, (), False),
        ("ok", NOW - 9 * HOUR, (1,), False),
    ],
)
def test_b16_a_feed_that_runs_dry_is_warned_of_at_the_third_poll(health, since, arrivals, warns):
    before = claim(health=health, health_since=since, arrivals=arrivals)
    assert bool(ran_dry(before, after_body(0), NOW)) == warns


def test_b16_a_feed_that_is_filled_again_is_not_warned_of():
    assert ran_dry(claim(health="empty", health_since=0, arrivals=(1,)), after_body(3), NOW) == ()
