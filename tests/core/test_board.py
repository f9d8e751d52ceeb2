"""The board from counts: which rung, on whose word, quiet or blind, and what a dismissed hit does (nothing)."""

from __future__ import annotations

from tests.app.samples import at, source, state
from watcher.core import coverage
from watcher.core.board import (
    DAY,
    Axis,
    Ground,
    RungEvent,
    Tallied,
    make_board,
    seen_time,
    spans_of,
)

UNTIL = at("2025-12-16T00:00")
SINCE = at("2025-12-09T00:00")
LADDER = ("claimed", "text exists", "handed over")
SOURCES = (source(),)
WHOLE = state(since="2025-10-01T00:00")


def tallied(rung="claimed", standing=1, axis="signal", key="offer", **more):
    values = {"signal": "offer", "first": at("2025-12-12T00:00"), "last": at("2025-12-12T00:00"), "top_score": 60.0}
    return Tallied(axis, key, **{**values, "rung": rung, "standing": standing, **more})


def board(*counted, sources=SOURCES, states=(WHOLE,), events=(), since=SINCE, axes=None):
    spans = spans_of(since, UNTIL)
    ground = Ground(
        ladders={"offer": LADDER},
        window=coverage.measure(sources, states, since=since, until=UNTIL),
        past=coverage.measure(sources, states, since=spans.before_since, until=UNTIL),
        spans=spans,
    )
    return make_board(axes or (Axis("signal", (("offer", "Offer"),)),), counted, events, ground)


def row(*counted, **more):
    (only,) = board(*counted, **more).of("signal")
    return only


def test_the_highest_rung_with_standing_hits_counts_and_since_when():
    shown = row(
        tallied("claimed", 5),
        tallied("text exists", 2, first=at("2025-12-13T00:00"), origins=1, grouped=2),
        tallied("handed over", 0, away=1, first=None, last=None, top_score=None),
    )

    assert (shown.best.rung, shown.best.step, shown.best.steps) == ("text exists", 2, 3)
    assert shown.best.since == at("2025-12-13T00:00")
    assert (shown.standing, shown.away, shown.state) == (7, 1, "seen")


def test_dismissed_hits_alone_leave_a_signal_quiet():
    shown = row(tallied("handed over", 0, away=3, first=None, last=None, top_score=None))

    assert shown.best is None
    assert (shown.state, shown.away) == ("quiet", 3)
    assert shown.cells[0].word == ""


def test_the_word_counts_the_origins_of_the_highest_rung_only():
    assert row(tallied(origins=3, grouped=1), tallied("text exists", origins=1)).best.word == "single origin"
    assert row(tallied(origins=2, confirmed=1)).best.word == "corroborated"
    assert row(tallied()).best.word == "not yet grouped"
    assert row(tallied(origins=2, confirmed=1, documents=1)).best.confirmed_here == 1


def test_a_signal_without_ladder_is_seen_without_a_rung():
    shown = row(tallied("", key="offer", signal="other"))

    assert (shown.best.rung, shown.best.step, shown.best.steps) == ("", 0, 0)
    assert shown.state == "seen"


def test_quiet_needs_sight():
    assert row().state == "quiet"
    gone = state(since="2025-10-01T00:00", until="2025-12-12T00:00")
    down = state(health="blocked", since="2025-12-12T00:00", reason="http: status 403")

    part = row(states=(gone, down))
    assert part.state == "part"
    assert (part.sight.word, part.sight.blind_since) == ("part", at("2025-12-12T00:00"))
    assert part.sight.why == "blocked: http: status 403"

    blind = row(states=(state(health="blocked", since="2025-11-01T00:00"),))
    assert (blind.state, blind.sight.blind_since) == ("blind", at("2025-11-01T00:00"))


def test_one_source_that_can_be_read_is_enough_not_to_be_blind():
    shown = row(sources=(source(), source("dead")), states=(WHOLE, state("dead", "gone", "2025-10-01T00:00")))

    assert shown.sight.blind_since is None
    assert shown.sight.share == 0.5


def test_a_row_whose_sources_nobody_polls_is_blind():
    off = source("n", health="blind by construction", kind="none", reason="no feed")
    axis = Axis("language", (("fr", "fr"), ("de", "de")), {"fr": frozenset({"n"}), "de": frozenset()}, is_touched=False)
    french, german = board(sources=(source(), off), axes=(axis,)).of("language")

    assert (french.state, french.sight.why) == ("none", "blind by construction: no feed")
    assert (german.state, german.sight.why) == ("none", "no source is listed")
    assert french.trend.word == "no sight"


def test_an_institution_without_a_source_of_its_own_is_seen_through_all():
    axis = Axis("institution", (("nrc", "Council"), ("un", "UN")), {"un": frozenset({"example-news"})})
    council, un = board(axes=(axis,)).of("institution")

    assert (council.sight.of_others, council.state) == (True, "quiet")
    assert un.sight.of_others is False


def test_the_trend_uses_days_of_sight():
    shown = row(tallied(recent=9, before=4))
    assert (shown.trend.word, round(shown.trend.recent_days), round(shown.trend.before_days)) == ("up", 7, 28)

    half = state(since="2025-12-02T00:00")
    assert row(tallied(recent=9, before=4), states=(half,)).trend.before_days == 7


def test_a_shorter_period_is_the_recent_one():
    assert spans_of(UNTIL - DAY, UNTIL).recent_since == UNTIL - DAY
    assert spans_of(None, UNTIL).recent_since == UNTIL - 7 * DAY
    assert spans_of(UNTIL - 90 * DAY, UNTIL).recent_since == UNTIL - 7 * DAY
    assert spans_of(UNTIL, UNTIL).recent_since == UNTIL - 7 * DAY


def test_a_higher_rung_before_the_period_is_named_unless_it_was_taken_back():
    before = RungEvent("offer", "handed over", 3, at("2025-11-01T00:00"))
    assert row(tallied(), events=(before,)).earlier == before
    assert row(tallied("handed over"), events=(before,)).earlier is None
    assert row(events=(RungEvent("offer", "handed over", 3, before.reached_at, stands=False),)).earlier is None
    assert row(events=(RungEvent("offer", "no such rung", 3, before.reached_at),)).earlier is None
    assert row(events=(RungEvent("draft", "claimed", 3, before.reached_at),)).changed is None


def test_the_last_change_is_the_newest_event():
    first, second = RungEvent("offer", "claimed", 1, SINCE), RungEvent("offer", "text exists", 2, SINCE + DAY)
    shown = board(tallied(), events=(first, second))

    assert shown.of("signal")[0].changed == second
    assert shown.events == (first, second)


def test_seen_time_is_what_gaps_leave():
    states = (
        state(until="2025-12-10T00:00"),
        state(health="gone", since="2025-12-10T00:00", until="2025-12-11T00:00"),
        state(since="2025-12-11T00:00"),
    )
    (measured,) = coverage.measure((source(),), states, since=SINCE, until=UNTIL).sources

    assert seen_time(measured, SINCE, UNTIL) == 5 * DAY
    assert seen_time(measured, at("2025-12-10T12:00"), at("2025-12-11T12:00")) == DAY // 2


def test_one_reason_of_many_sources_reads_as_one():
    sources = (source("a"), source("b"))
    down = [
        state(one.name, "unreachable", "2025-10-01T00:00", reason=f"http: status 503: https://{one.name}.example/feed")
        for one in sources
    ]
    assert row(sources=sources, states=down).sight.why == "unreachable: http: status 503"
