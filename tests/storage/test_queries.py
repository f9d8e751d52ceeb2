"""Read models: what a report, explain and sources are made of."""

from __future__ import annotations

import pytest

from tests.support.backends import Backend
from tests.support.polls import (
    HOUR,
    REVISION,
    T0,
    assessment,
    document,
    entry_intent,
    failed_poll,
    hit_intent,
    poll,
    source,
)
from watcher.core.errors import UsageProblem
from watcher.core.model import Sighting
from watcher.core.views import HitFilter, Interval
from watcher.storage.schema import HEAD


@pytest.fixture
def desk(backend: Backend) -> Backend:
    """Two sources, three hits, one entry without: x (70) and y (90) from a at T0, z (55) from b an hour later."""
    store = backend.store()
    store.save_watchlist(
        document(source("a"), source("b", reliability="D", role="secondary"), source("n", kind="none")), b"", T0 - HOUR
    )
    a, b = store.claim_due("test", T0, limit=2, lease_s=9)
    with store.write() as transaction:
        transaction.apply(
            poll(a, hit_intent("x"), hit_intent("y", score=90.0), entry_intent("plain"), at=T0, body=b"bytes")
        )
        transaction.apply(poll(b, hit_intent("z", score=55.0, entry={"author": "An author"}), at=T0 + HOUR))
    return backend


def titles(hits) -> str:
    return " ".join(hit.title.removeprefix("Title ") for hit in hits)


def test_hits_come_newest_or_best_first(desk: Backend) -> None:
    assert titles(desk.queries.hits(HitFilter())) == "z y x"
    assert titles(desk.queries.hits(HitFilter(order="score"))) == "y x z"
    assert titles(desk.queries.hits(HitFilter(order="score", limit=1))) == "y"
    assert titles(desk.queries.hits(HitFilter(limit=2))) == "z y"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (HitFilter(since=T0 + 1), "z"),
        (HitFilter(until=T0 + HOUR), "y x"),
        (HitFilter(since=T0, until=T0 + HOUR), "y x"),
        (HitFilter(since=T0 + HOUR, until=T0 + HOUR), ""),
        (HitFilter(source="b"), "z"),
        (HitFilter(signal="offer", min_score=70.0), "y x"),
        (HitFilter(signal="other"), ""),
        (HitFilter(watchlist="pact", source="a", limit=1), "y"),
        (HitFilter(watchlist="other"), ""),
    ],
)
def test_filters(desk: Backend, wanted: HitFilter, found: str) -> None:
    assert titles(desk.queries.hits(wanted)) == found


def test_a_line_of_a_report(desk: Backend) -> None:
    row = desk.queries.hits(HitFilter())[0]
    assert (row.watchlist, row.signal, row.score, row.rung, row.reason) == (
        "pact",
        "offer",
        55.0,
        "claimed",
        "given +55 (note)",
    )
    assert (row.source, row.publisher, row.family, row.role, row.reliability) == (
        "b",
        "Publisher of b",
        "family-b",
        "secondary",
        "D",
    )
    assert (row.link, row.sighting, row.first_seen, row.duplicate_of) == ("https://x.example/z", "new", T0 + HOUR, None)


def test_all_about_a_hit(desk: Backend) -> None:
    detail = desk.queries.hit(1)
    assert detail is not None
    assert (detail.text, detail.entry_revision, detail.revisions, detail.fetched_at, detail.body_kept) == (
        "note x",
        1,
        1,
        T0,
        True,
    )
    assert (detail.signal_title, detail.threshold, detail.ladder) == (
        "An offer is made",
        50.0,
        ("claimed", "text exists"),
    )
    assert detail.rule_rungs == (("given", "claimed"),)
    assert detail.rationale == "why a"
    (scored,) = detail.assessments
    assert (scored.revision, scored.assessed_at, scored.score) == (REVISION, T0, 70.0)
    whole = assessment()
    assert (scored.parts, scored.firings, scored.facets) == (whole.parts, whole.firings, whole.facets)
    assert desk.queries.hit(99) is None


def test_explain_shows_the_wording_that_was_scored_last(desk: Backend) -> None:
    store = desk.store()
    (claim,) = store.claim_due("test", T0 + HOUR, limit=1, lease_s=9, only=["a"])
    edited = entry_intent(
        "x",
        found=(assessment(score=60.0),),
        entry={"text": "note two"},
        entry_id=1,
        revision_no=2,
        sighting=Sighting.UPDATED,
    )
    with store.write() as transaction:
        transaction.apply(poll(claim, edited, at=T0 + HOUR))
    detail = desk.queries.hit(1)
    assert detail is not None
    assert (detail.text, detail.entry_revision, detail.revisions) == ("note two", 2, 2)
    assert [row.score for row in detail.assessments] == [60.0, 70.0]
    assert detail.row.score == 70.0


def test_a_signal_that_the_watchlist_dropped_is_still_explained(desk: Backend) -> None:
    desk.store().save_watchlist(document(source("a"), revision="cd" * 32, signals=()), b"", T0)
    detail = desk.queries.hit(1)
    assert detail is not None
    assert (detail.signal_title, detail.threshold, detail.ladder) == ("", None, ())


def test_state_of_sources(desk: Backend) -> None:
    a, b, n = desk.queries.sources("pact")
    assert (a.name, a.health, a.health_since, a.last_poll_at, a.last_outcome, a.next_poll_at) == (
        "a",
        "ok",
        T0,
        T0,
        "new body",
        T0 + HOUR,
    )
    assert (a.entries, a.hits, a.failures, a.reliability, a.institution) == (3, 2, 0, "B", "UN")
    assert (b.entries, b.hits, b.role) == (1, 1, "secondary")
    assert (n.health, n.next_poll_at, n.enabled) == ("blind by construction", None, False)
    assert desk.queries.sources("other") == ()


def test_coverage_touches_the_period(desk: Backend) -> None:
    store = desk.store()
    (claim,) = store.claim_due("test", T0 + HOUR, limit=1, lease_s=9, only=["a"])
    with store.write() as transaction:
        transaction.apply(failed_poll(claim, at=T0 + HOUR))
    mine = [found for found in desk.queries.coverage(T0, T0 + 2 * HOUR, "pact") if found.source == "a"]
    assert mine == [Interval("a", "ok", T0, T0 + HOUR, ""), Interval("a", "unreachable", T0 + HOUR, None, "timeout")]
    assert [found.health for found in desk.queries.coverage(None, T0) if found.source == "a"] == ["never polled"]
    assert [found.health for found in desk.queries.coverage(T0 + HOUR, None) if found.source == "a"] == ["unreachable"]


def test_a_report_is_one_snapshot_of_everything(desk: Backend) -> None:
    facts = desk.queries.report_facts(HitFilter(limit=1))
    assert (facts.watchlist, facts.question, facts.revision, facts.timezone) == (
        "pact",
        "Does it move?",
        REVISION,
        "Europe/Brussels",
    )
    assert facts.until == T0 + HOUR + 1
    assert facts.newest_poll_at == desk.queries.newest_poll_at() == T0 + HOUR
    assert (titles(facts.hits), facts.hits_total, facts.polls, facts.entries) == ("z", 3, 2, 4)
    assert facts.signals == (("offer", "An offer is made"),)
    assert facts.ladders == (("offer", ("claimed", "text exists")),)
    assert len(facts.sources) == 3
    assert {found.source for found in facts.intervals} == {"a", "b", "n"}
    assert facts.schema == HEAD


def test_a_report_of_a_period_counts_only_that(desk: Backend) -> None:
    facts = desk.queries.report_facts(HitFilter(watchlist="pact", since=T0 - HOUR, until=T0 + HOUR))
    assert (facts.hits_total, facts.polls, facts.entries) == (2, 1, 3)


def test_a_report_before_the_first_poll(backend: Backend) -> None:
    with pytest.raises(UsageProblem, match="no watchlist"):
        backend.queries.report_facts(HitFilter())
    backend.store().save_watchlist(document(source("a")), b"", T0)
    facts = backend.queries.report_facts(HitFilter())
    assert (facts.hits, facts.polls, facts.newest_poll_at) == ((), 0, None)
    with pytest.raises(UsageProblem, match="watchlist other"):
        backend.queries.report_facts(HitFilter(watchlist="other"))


def test_the_newest_loaded_watchlist_is_reported_where_none_is_named(desk: Backend) -> None:
    store = desk.store()
    store.save_watchlist(document(source("a"), name="second"), b"", T0 + HOUR)
    assert [row.id for row in desk.queries.watchlists()] == ["second", "pact"]
    assert desk.queries.report_facts(HitFilter()).watchlist == "second"
