"""Decisions in the database: all or none, one after the other, with their story; on SQLite beside a daemon."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, document, hit_intent, poll, source
from watcher.core.errors import UsageProblem, WatcherError
from watcher.core.verdict import Decision, Wish, standing_of
from watcher.core.views import HitFilter
from watcher.storage.engine import begin, open_engine
from watcher.storage.rulestats import decided_scores, hit_uses, wordings
from watcher.storage.verdicts import add_verdicts, companions, open_hits, standings, verdicts_of


@pytest.fixture
def desk(backend: Backend) -> Backend:
    """Hits 1 to 4; the entries of 1 to 3 are one story."""
    store = backend.store()
    store.save_watchlist(document(source("a")), b"", T0 - HOUR)
    (a,) = store.claim_due("test", T0, limit=1, lease_s=9)
    with store.write() as transaction:
        transaction.apply(poll(a, *(hit_intent(key) for key in "wxyz"), at=T0))
    backend.run(
        "INSERT INTO stories (id, lead_id, first_at, last_at, entries, outlets, origins) VALUES (1, 1, 1, 1, 3, 3, 2)"
    )
    for entry in (1, 2, 3):
        backend.run(
            "INSERT INTO story_members (entry_id, story_id, way, outlet, origin, origin_why, standing)"
            " VALUES (:entry, 1, 'first', 'o', 'o', '', '')",
            entry=entry,
        )
    return backend


def wish(decision: str = "confirm", by: str = "ann", **more) -> Wish:
    return Wish(Decision(decision), by, T0, **more)


def states(desk: Backend) -> dict[int, str]:
    with begin(desk.engine) as connection:
        return {hit: one.state for hit, one in standings(connection, [1, 2, 3, 4]).items()}


def test_what_is_written_is_read_back(desk):
    add_verdicts(desk.engine, wish("grade", reliability="B", credibility="2", note="own site"), [2, 1])
    add_verdicts(desk.engine, wish("duplicate", duplicate_of=1), [2])

    with begin(desk.engine) as connection:
        given = verdicts_of(connection, [1, 2])
    assert [(one.hit_id, one.verdict, one.from_state, one.to_state) for one in given] == [
        (1, "grade", "new", "new"),
        (2, "grade", "new", "new"),
        (2, "duplicate", "new", "duplicate"),
    ]
    assert standing_of(given[1:]).grade == "B2"
    assert (given[2].duplicate_of_hit, given[0].note, given[0].analyst, given[0].decided_at) == (
        1,
        "own site",
        "ann",
        T0,
    )


@pytest.mark.parametrize(
    ("given", "ids"), [(wish(), [1, 99]), (wish("duplicate", duplicate_of=98), [1]), (wish("undo"), [1])]
)
def test_all_or_none(desk, given, ids):
    with pytest.raises(WatcherError, match=r"no hit 9|nothing to take back"):
        add_verdicts(desk.engine, given, ids)

    assert states(desk) == {}


def test_a_story_comes_along_and_goes_back_with_one_decision(desk):
    add_verdicts(desk.engine, wish("dismiss", by="bob", note="no"), [3])
    made = add_verdicts(desk.engine, wish(), [1], story=True)

    assert states(desk) == {1: "confirmed", 2: "confirmed", 3: "dismissed"}
    assert [hit for hit, _ in made.left] == [3]
    assert desk.value("SELECT covered_by FROM verdicts WHERE hit_id = 2") == desk.value(
        "SELECT id FROM verdicts WHERE hit_id = 1"
    )
    add_verdicts(desk.engine, wish("undo"), [1], story=True)
    assert states(desk) == {1: "new", 2: "new", 3: "dismissed"}


def test_what_was_decided_apart_since_does_not_go_back_with_the_story(desk):
    add_verdicts(desk.engine, wish(), [1], story=True)
    add_verdicts(desk.engine, wish("escalate"), [2])
    add_verdicts(desk.engine, wish("undo"), [1], story=True)

    assert states(desk) == {1: "new", 2: "escalated", 3: "new"}


def test_copies_form_no_chain_whichever_comes_first(desk):
    add_verdicts(desk.engine, wish("duplicate", duplicate_of=2), [1])
    with pytest.raises(UsageProblem, match="hit 1 would be a duplicate of hit 2, and that one of hit 3"):
        add_verdicts(desk.engine, wish("duplicate", duplicate_of=3), [2])
    assert states(desk) == {1: "duplicate"}

    add_verdicts(desk.engine, wish("duplicate", duplicate_of=3), [2, 1])
    assert states(desk) == {1: "duplicate", 2: "duplicate"}
    with pytest.raises(UsageProblem, match="of hit 4"):
        add_verdicts(desk.engine, wish("duplicate", duplicate_of=4), [3])


def test_copies_form_no_circle_when_something_is_taken_back(desk):
    add_verdicts(desk.engine, wish("duplicate", duplicate_of=2), [1])
    add_verdicts(desk.engine, wish("undo"), [1])
    add_verdicts(desk.engine, wish("duplicate", duplicate_of=1), [2])
    with pytest.raises(UsageProblem, match="hits 1 and 2 would each be the duplicate of the other"):
        add_verdicts(desk.engine, wish("undo", redo=True), [1])
    assert states(desk) == {1: "new", 2: "duplicate"}


def test_a_story_that_comes_along_forms_no_chain(desk):
    add_verdicts(desk.engine, wish("duplicate", duplicate_of=3), [4])
    with pytest.raises(UsageProblem, match="hit 4 would be a duplicate of hit 3, and that one of hit 1"):
        add_verdicts(desk.engine, wish("duplicate", duplicate_of=1), [2], story=True)
    assert states(desk) == {4: "duplicate"}


def test_companions_are_of_the_same_signal_and_grouped(desk):
    desk.run("UPDATE hits SET signal = 'draft' WHERE id = 2")
    with begin(desk.engine) as connection:
        assert companions(connection, [1, 2, 4]) == {1: (3,)}


def test_of_two_at_once_the_second_is_told_what_happened(desk):
    """Both saw the hit as new; whoever comes second learns what the first did, and writes nothing."""
    ready, told = threading.Barrier(2), []

    def decide(name: str) -> None:
        engine = open_engine(desk.url)
        ready.wait()
        try:
            add_verdicts(engine, wish("dismiss" if name == "bob" else "confirm", by=name, note=name), [1])
        except WatcherError as error:
            told.append(error.message)
        finally:
            engine.dispose()

    people = [threading.Thread(target=decide, args=(name,)) for name in ("ann", "bob")]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert desk.value("SELECT count(*) FROM verdicts") == 1
    first = desk.value("SELECT analyst FROM verdicts")
    assert told == [f"nothing was written: hit 1 is {states(desk)[1]} by {first} ({first})"]


def test_decided_scores_and_uses_follow_what_stands(desk):
    add_verdicts(desk.engine, wish("dismiss", note="old"), [1, 2])
    add_verdicts(desk.engine, wish("confirm"), [3])
    add_verdicts(desk.engine, wish("undo"), [2])
    add_verdicts(desk.engine, wish("note", note="later"), [1])

    with begin(desk.engine) as connection:
        name, signal = connection.execute(text("SELECT name, signal FROM hits, watchlists LIMIT 1")).one()
        scores = decided_scores(connection, name, signal)
        uses = {use.hit_id: use for use in hit_uses(connection, name)}
        assert len(wordings(connection, [1, 2])) == 2
        assert list(hit_uses(connection, name, T0 + HOUR)) == []
    assert [kept for _, kept in scores] == [False, True]
    assert [(uses[hit].state, uses[hit].reason) for hit in (1, 2, 3, 4)] == [
        ("dismissed", "old"),
        ("new", ""),
        ("confirmed", ""),
        ("new", ""),
    ]
    assert (uses[1].story, uses[4].story) == (1, None), "of hits that nobody decided on stories are not looked up"
    assert all(use.rules for use in uses.values())


def test_what_nobody_decided_is_open_and_can_be_narrowed(desk):
    add_verdicts(desk.engine, wish("review"), [2])
    add_verdicts(desk.engine, wish("confirm"), [3])

    def open_ids(**wanted) -> list[int]:
        with begin(desk.engine) as connection:
            return sorted(one.hit_id for one in open_hits(connection, HitFilter(**wanted)))

    assert open_ids() == [1, 2, 4]
    assert open_ids(source="a", since=T0, min_score=1.0) == [1, 2, 4]
    assert open_ids(source="b") == open_ids(watchlist="no") == open_ids(signal="no") == []


def test_a_report_shows_the_grade_that_stands(desk):
    add_verdicts(desk.engine, wish("grade", reliability="B", credibility="2"), [1, 2])
    add_verdicts(desk.engine, wish("undo"), [2])

    facts = desk.queries.report_facts(HitFilter(), full=True)
    assert facts.full is not None
    assert {hit: one.grade for hit, one in facts.full.extras.items()} == {1: "B2", 2: "", 3: "", 4: ""}
