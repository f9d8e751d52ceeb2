"""What the database counts for a board, and rung changes that are kept."""

from __future__ import annotations

import pytest

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, assessment, document, entry_intent, hit_intent, poll, source
from watcher.core.board import DAY, RungEvent, Tallied
from watcher.core.model import FacetMention, Match, Sighting
from watcher.core.views import BoardFacts, HitFilter


@pytest.fixture
def desk(backend: Backend) -> Backend:
    """x at T0 on "claimed" (touches the UN), y at T0 + 1 h on "text exists", from a; z (back-filled, "claimed") from b."""
    store = backend.store()
    store.save_watchlist(document(source("a"), source("b", language="ru")), b"", T0 - HOUR)
    a, b = store.claim_due("test", T0, limit=2, lease_s=9)
    match = Match("note", "text", 0, 4, form="note")
    un = assessment(facets=(FacetMention("institution", "un", match),))
    with store.write() as transaction:
        transaction.apply(poll(a, entry_intent("x", found=(un,), hit=True), at=T0))
        transaction.apply(poll(b, hit_intent("z", sighting=Sighting.BACKFILLED), at=T0 + HOUR))
    (again,) = store.claim_due("test", T0 + HOUR, limit=1, lease_s=9)
    with store.write() as transaction:
        higher = assessment(rung="text exists", score=80.0)
        transaction.apply(poll(again, entry_intent("y", found=(higher,), hit=True), at=T0 + 9 * HOUR))
    return backend


def facts(desk: Backend, **wanted) -> BoardFacts:
    return desk.queries.board_facts(HitFilter(**{"since": T0 - DAY, "until": T0 + DAY, **wanted}))


def of(found: BoardFacts, axis: str) -> dict[tuple[str, str], Tallied]:
    return {(one.key, one.rung): one for one in found.tallied if one.axis == axis}


def decide(desk: Backend, hit: int, state: str, verdict: str = "dismiss") -> None:
    desk.run(
        "INSERT INTO verdicts (hit_id, verdict, from_state, to_state, reliability, credibility, note, analyst, decided_at)"
        " VALUES (:hit, :verdict, 'new', :state, '', '', '', 'ann', 1)",
        hit=hit,
        verdict=verdict,
        state=state,
    )


def test_hits_are_counted_by_signal_institution_and_language(desk: Backend) -> None:
    found = facts(desk)

    claimed = of(found, "signal")["offer", "claimed"]
    assert (claimed.standing, claimed.first, claimed.last) == (2, T0, T0 + HOUR)
    assert of(found, "signal")["offer", "text exists"].top_score == 80.0
    assert of(found, "institution")["un", "claimed"].standing == 1
    assert {key: one.standing for key, one in of(found, "language").items()} == {
        ("en", "claimed"): 1,
        ("en", "text exists"): 1,
        ("ru", "claimed"): 1,
    }


def test_old_texts_filled_in_do_not_count_for_the_trend(desk: Backend) -> None:
    assert of(facts(desk), "signal")["offer", "claimed"].recent == 1
    assert of(facts(desk), "language")["ru", "claimed"].recent == 0


def test_the_baseline_lies_before_the_period(desk: Backend) -> None:
    claimed = of(facts(desk, since=T0 + 2 * HOUR), "signal")["offer", "claimed"]

    assert (claimed.standing, claimed.recent, claimed.before, claimed.first) == (0, 0, 1, None)


def test_dismissed_and_copies_are_counted_apart_and_what_was_confirmed_is_told(desk: Backend) -> None:
    decide(desk, 1, "dismissed")
    decide(desk, 2, "dismissed")
    decide(desk, 2, "confirmed", "confirm")
    decide(desk, 3, "duplicate", "duplicate")
    found = of(facts(desk), "signal")

    claimed = found["offer", "claimed"]
    assert (claimed.standing, claimed.away, claimed.confirmed, claimed.first) == (1, 1, 1, T0 + HOUR)
    assert (found["offer", "text exists"].standing, found["offer", "text exists"].away) == (0, 1)


@pytest.mark.parametrize(
    ("wanted", "hits"),
    [({"min_score": 75.0}, 1), ({"source": "b"}, 1), ({"signal": "other"}, 0), ({"since": None}, 3)],
)
def test_a_board_can_be_narrowed(desk: Backend, wanted, hits) -> None:
    assert sum(one.standing for one in facts(desk, **wanted).tallied if one.axis == "signal") == hits


def test_stories_say_how_many_origins_and_what_is_an_own_text(desk: Backend) -> None:
    desk.run(
        "INSERT INTO stories (id, lead_id, first_at, last_at, entries, outlets, origins) VALUES (1, 1, 1, 1, 2, 2, 2)"
    )
    desk.run(
        "INSERT INTO story_members (entry_id, story_id, way, outlet, origin, origin_why, standing)"
        " VALUES (1, 1, 'first', 'o', 'o', '', 'document')"
    )
    claimed = of(facts(desk), "signal")["offer", "claimed"]

    assert (claimed.grouped, claimed.origins, claimed.documents) == (1, 2, 1)


def test_a_rung_change_is_kept_once_with_the_hit_that_made_it(desk: Backend) -> None:
    assert facts(desk).events == (
        RungEvent("offer", "claimed", 1, T0),
        RungEvent("offer", "text exists", 3, T0 + 9 * HOUR),
    )
    assert desk.value("SELECT count(*) FROM rung_events") == 2
    assert [event.rung for event in facts(desk, until=T0 + HOUR).events] == ["claimed"]


def test_an_event_whose_hit_was_dismissed_stays_and_says_so(desk: Backend) -> None:
    decide(desk, 3, "dismissed")

    assert [(event.rung, event.stands) for event in facts(desk).events] == [("claimed", True), ("text exists", False)]


def test_the_mark_names_the_newest_rows(desk: Backend) -> None:
    before = facts(desk).mark
    decide(desk, 3, "dismissed")

    assert before == "poll 3, assessment 3, verdict 0, story edit 0"
    assert facts(desk).mark == "poll 3, assessment 3, verdict 1, story edit 0"
