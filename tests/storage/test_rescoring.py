"""What a rescore reads, and how its run is kept, on both databases."""

from __future__ import annotations

import pytest

from tests.core.engine import one_rule
from tests.support.backends import Backend
from tests.support.polls import HOUR, REVISION, T0, assessment, document, entry_intent, hit_intent, poll, source
from watcher.app.rescore_parts import Part, Scoring, Work, in_processes
from watcher.core.errors import StorageError
from watcher.core.model import TextAssessed
from watcher.storage.rescoring import Rescoring

OTHER = "cd" * 32


@pytest.fixture
def desk(backend: Backend) -> Backend:
    """x is a hit, plain is none; the source of y has left the watchlist since."""
    store = backend.store("file")
    store.save_watchlist(document(source("a"), source("b")), b"", T0 - HOUR)
    a, b = store.claim_due("test", T0, limit=2, lease_s=9)
    with store.write() as transaction:
        transaction.apply(poll(a, hit_intent("x"), entry_intent("plain"), at=T0))
        transaction.apply(poll(b, hit_intent("y"), at=T0 + HOUR))
    store.save_watchlist(document(source("a"), revision=OTHER), b"", T0 + HOUR)
    return backend


def rescoring(desk: Backend) -> Rescoring:
    return Rescoring(desk.engine, "pact")


def test_texts_come_by_id_of_every_source_ever_listed(desk: Backend) -> None:
    one = rescoring(desk)
    first = one.texts(None, 0, 2)
    rest = one.texts(None, first[-1].entry_id, 2)

    assert [text.title for text in (*first, *rest)] == ["Title x", "Title plain", "Title y"]
    assert (first[0].text, first[0].revision_no, first[0].first_seen) == ("note x", 1, T0)
    assert one.texts(None, rest[-1].entry_id, 2) == []
    assert [text.title for text in one.texts(T0 + 1, 0, 9)] == ["Title y"]
    assert (one.count(None), one.count(T0 + 1), one.count(None, first[-1].entry_id)) == (3, 1, 1)


def test_hits_and_what_is_told_of_entries(desk: Backend) -> None:
    ids = [text.entry_id for text in rescoring(desk).texts(None, 0, 9)]

    found = rescoring(desk).hits(ids)

    assert [(hit.signal, hit.score, hit.rung, hit.reached) for hit in found.values()] == [
        ("offer", 70.0, "claimed", True)
    ] * 2
    assert {entry_id for entry_id, _ in found} == {ids[0], ids[2]}
    told = rescoring(desk).told(ids)[ids[2]]
    assert (told.title, told.link, told.source) == ("Title y", "https://x.example/y", "b")
    assert rescoring(desk).hits([]) == {}


def test_a_run_is_taken_up_until_it_has_ended(desk: Backend) -> None:
    one, store = rescoring(desk), desk.store()
    run_id, position = one.begin_run(OTHER, {}, T0 + HOUR)
    (text, *_) = one.texts(None, 0, 1)
    scored = TextAssessed(text.entry_id, 1, (assessment(score=90.0),))
    with store.write() as transaction:
        transaction.save_assessments("pact", OTHER, [scored], T0, run_id=run_id)
        transaction.advance_run(run_id, text.entry_id)

    assert position == 0
    assert one.begin_run(OTHER, {}, T0 + HOUR) == (run_id, text.entry_id)
    one.end_run(run_id, {"gained": 1}, T0)
    assert one.begin_run(OTHER, {}, T0 + HOUR)[1] == 0
    assert desk.value("SELECT count(*) FROM runs WHERE finished_at IS NOT NULL") == 1
    assert one.hits([text.entry_id])[text.entry_id, "offer"].score == 90.0
    assert desk.value("SELECT count(*) FROM outbox") == 0


def test_a_broken_off_batch_leaves_no_trace(desk: Backend) -> None:
    one, store = rescoring(desk), desk.store()
    run_id, _ = one.begin_run(OTHER, {}, T0 + HOUR)

    def break_off() -> None:
        with store.write() as transaction:
            transaction.advance_run(run_id, 7)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert one.begin_run(OTHER, {}, T0 + HOUR) == (run_id, 0)


@pytest.mark.slow
def test_other_processes_read_and_compare_the_same(desk: Backend) -> None:
    stored = Rescoring(desk.engine, "pact", "", desk.url)
    watchlist = one_rule('"note"')
    work = Work(stored, Scoring(watchlist), keep=True)
    here = [work(Part(None, after, 3)) for after in range(3)]

    parts = (Part(None, number % 3, 3) for number in range(1_500))
    found = list(in_processes(parts, watchlist, stored.elsewhere(), work, 2))

    assert found == here * 500
    assert here[0].kinds == {"lost": 2}


def test_what_was_never_loaded_is_said(desk: Backend) -> None:
    with pytest.raises(StorageError, match="never loaded"):
        Rescoring(desk.engine, "nothing").count(None)
    with pytest.raises(StorageError, match="never loaded"):
        rescoring(desk).begin_run("ef" * 32, {}, T0 + HOUR)


def test_what_entries_were_scored_under_and_that_it_is_settled(desk: Backend) -> None:
    one = Rescoring(desk.engine, "pact", "program")

    assert [(under.revision, under.made_by) for under in one.scored_under()] == [(REVISION, "")]
    one.settle(OTHER)
    assert [(under.revision, under.made_by) for under in one.scored_under()] == [(OTHER, "program")]


def test_a_revision_between_two_entries_of_another_is_seen(desk: Backend) -> None:
    one = rescoring(desk)
    ids = "SELECT id FROM watchlist_revisions WHERE digest <> (SELECT digest FROM watchlist_revisions ORDER BY id LIMIT 1)"
    desk.run(f"UPDATE entry_scores SET revision_id = ({ids}) WHERE entry_id = 2")
    assert {under.revision for under in one.scored_under()} == {REVISION, OTHER}

    desk.run(f"UPDATE entry_scores SET revision_id = ({ids}) WHERE entry_id = 3")
    assert {under.revision for under in one.scored_under()} == {REVISION, OTHER}

    desk.run("DELETE FROM entry_scores")
    assert list(one.scored_under()) == []


def test_what_was_never_scored_and_what_is_a_hit(desk: Backend) -> None:
    one = rescoring(desk)
    assert (list(one.unscored()), list(one.hit_entries())) == ([], [1, 3])

    desk.run("DELETE FROM entry_scores WHERE entry_id = 2")
    desk.run("UPDATE entries SET revision_no = 2 WHERE id = 3")

    assert list(one.unscored()) == [2, 3]


def test_chosen_texts_come_by_id(desk: Backend) -> None:
    one = rescoring(desk)

    assert [text.entry_id for text in one.texts_of([3, 1], None)] == [1, 3]
    assert [text.entry_id for text in one.texts_of([3, 1], T0 + 1)] == [3]
    assert [text.entry_id for text in one.texts(None, 1, None, 2)] == [2]
    assert one.texts(T0 + 1, 0, 9, 2) == []
    assert one.texts_of([], None) == []
    assert one.last() == 3


def test_hits_of_entries_far_apart_are_asked_one_by_one(desk: Backend) -> None:
    assert {entry_id for entry_id, _ in rescoring(desk).hits([1, 3, 4_000])} == {1, 3}
    assert list(rescoring(desk).told([1, 4_000])) == [1]


def test_a_run_starts_again_where_something_came_between(desk: Backend) -> None:
    one = rescoring(desk)
    whole = {"candidates": 3, "since": None, "signal": ""}
    first, _ = one.begin_run(OTHER, whole, T0 + HOUR)

    assert one.begin_run(OTHER, whole | {"candidates": None}, T0 + HOUR)[0] == first
    assert one.begin_run(OTHER, whole | {"signal": "offer"}, T0 + HOUR)[0] != first
    second, _ = one.begin_run(OTHER, whole, T0 + HOUR)
    assert one.begin_run(REVISION, whole, T0 + HOUR)[0] > second
    third, _ = one.begin_run(OTHER, whole, T0 + HOUR)
    assert third > second

    desk.run(f"UPDATE polls SET finished_at = {T0 + 2 * HOUR}")
    assert one.begin_run(OTHER, whole, T0 + HOUR)[0] > third
