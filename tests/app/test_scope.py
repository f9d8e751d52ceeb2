"""Which entries an edit can score otherwise: found by the index, all of them in any doubt; the same changes as a scan."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from tests.support.desk import Desk, feed, item, offer
from watcher.app import scope
from watcher.app.derive import derive
from watcher.app.rescore import Question, Summary, apply, diff
from watcher.bootstrap.reading import derivation, load_watchlists
from watcher.bootstrap.rescore import build_rescore
from watcher.storage.engine import open_engine

TITLES = ("Minister holds draft pact", "Rain in the north", "A pact and a treaty", "The treaty of rain", "Envoy came")


@pytest.fixture
def polled(desk: Desk) -> Desk:
    """Three offers and five others are stored, scored and indexed."""
    text = desk.watchlist.read_text().replace("signals:", "concepts:\n  deal: {en: [pact]}\nsignals:", 1)
    desk.watchlist.write_text(text.replace('"draft" near/4 "pact"', '"treaty" near/4 @deal'))
    others = [item(number, title) for number, title in enumerate(TITLES, 5)]
    desk.publish(feed(item(1, "Rain")), feed(*[offer(n) for n in range(2, 5)], *others, item(1, "Rain")))
    desk.poll()
    desk.poll(after_s=7200)
    index(desk)
    return desk


def index(desk: Desk) -> None:
    engine = open_engine(str(desk.database))
    whole = derivation(engine, lambda: 1, "test")
    assert derive(whole.derived, "test", lambda: 1) > 0
    engine.dispose()


def edit(desk: Desk, old: str, new: str) -> None:
    text = desk.watchlist.read_text()
    assert old in text
    desk.watchlist.write_text(text.replace(old, new))


def narrowed(desk: Desk) -> scope.Scope:
    (loaded,) = load_watchlists(desk.settings)
    with build_rescore(desk.settings, loaded, writes=False) as rescore:
        return rescore.narrow()


EDITS = {
    "a term came": ("en: [pact]", "en: [pact, of]"),
    "a term went": ("en: [pact]", "en: [snow]"),
    "a weight": ("weight: 60", "weight: 90"),
    "a rule": ('"offers" near/4 "pact"', '"envoy" & "came"'),
    "a context": ('match: \'"offers" near/4 "pact"\'', "match: pact, unless: '\"3\"'"),
    "a threshold": ("threshold: 40", "threshold: 99"),
    "nothing": ("question: Does", "question: Did"),
}


@pytest.mark.parametrize("name", EDITS)
def test_candidates_tell_the_changes_of_a_scan(polled: Desk, name: str) -> None:
    edit(polled, *EDITS[name])
    (loaded,) = load_watchlists(polled.settings)
    with build_rescore(polled.settings, loaded, writes=False) as rescore:
        found = rescore.narrow()
        scanned = list(diff(rescore.stored, loaded.compiled, Question(), Summary()))
        chosen = list(diff(rescore.stored, loaded.compiled, Question(ids=found.ids), Summary()))

    assert chosen == scanned
    assert bool(scanned) == (name != "nothing")
    assert found.ids is not None
    assert len(found.ids) < 9
    assert (found.ids == ()) == (name == "nothing")


def test_what_is_not_indexed_yet_is_a_candidate(polled: Desk) -> None:
    polled.publish(feed(item(90, "Snow"), item(1, "Rain")))
    polled.poll(after_s=7200)
    edit(polled, "en: [pact]", "en: [pact, treaty]")
    before = narrowed(polled).ids
    index(polled)

    assert set(before or ()) - set(narrowed(polled).ids or ()) == {10}


def test_another_program_means_all(polled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.app.watchlist_cache.program", lambda: "another")

    found = narrowed(polled)

    assert found == scope.Scope(None, "another program or other dictionaries scored some of them")


def test_two_programs_under_one_revision_are_not_trusted(polled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (loaded,) = load_watchlists(polled.settings)
    monkeypatch.setattr("watcher.app.watchlist_cache.program", lambda: "another")
    with build_rescore(polled.settings, loaded, writes=True) as rescore:
        assert rescore.narrow().ids is None
        assert rescore.write is not None
        list(apply(rescore.stored, rescore.write, loaded.compiled, Question(), Summary(), rescore.now))
        assert rescore.narrow().ids == ()
    monkeypatch.undo()

    assert narrowed(polled).ids is None


def test_after_it_is_applied_all_entries_are_of_the_new_revision(polled: Desk) -> None:
    edit(polled, "en: [pact]", "en: [pact, of]")
    (loaded,) = load_watchlists(polled.settings)
    with build_rescore(polled.settings, loaded, writes=True) as rescore:
        assert rescore.write is not None
        question = Question(ids=rescore.narrow().ids)
        told = list(apply(rescore.stored, rescore.write, loaded.compiled, question, Summary(), rescore.now))

    assert [change.kind for change in told] == ["gained"]
    assert polled.one("SELECT count(DISTINCT revision_id) FROM entry_scores") == 1
    assert narrowed(polled) == scope.Scope((), "nothing that scores changed")


def test_a_revision_that_cannot_be_read_any_more_means_all(polled: Desk) -> None:
    with closing(sqlite3.connect(polled.database)) as connection, connection:
        connection.execute("UPDATE watchlist_revisions SET files = ?", ('{"desk.yaml": "nothing: more"}',))
    edit(polled, "en: [pact]", "en: [pact, of]")
    shutil.rmtree(polled.folder / "cache")  # where it would be kept

    assert narrowed(polled).ids is None


def test_a_changed_facet_looks_at_all_hits(polled: Desk) -> None:
    edit(polled, "signals:", "facets:\n  actor:\n    envoy: {title: E, match: envoy}\nsignals:")

    assert len(narrowed(polled).ids or ()) == polled.one("SELECT count(DISTINCT entry_id) FROM hits") > 3


def test_a_long_list_of_changes_is_cut() -> None:
    assert scope._told([f"s/r{number}" for number in range(8)]).endswith("s/r5 and 2 more")
