"""The search index: filled in batches by one owner, exact about what it lacks, on both databases."""

from __future__ import annotations

import pytest

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, document, entry_intent, poll, source
from watcher.storage.migrate import check
from watcher.storage.search import SearchIndex
from watcher.storage.stats import table_sizes


@pytest.fixture
def index(backend: Backend) -> SearchIndex:
    store = backend.store()
    store.save_watchlist(document(source("a")), b"", T0 - HOUR)
    (claim,) = store.claim_due("test", T0, limit=1, lease_s=9)
    with store.write() as transaction:
        transaction.apply(poll(claim, *[entry_intent(name) for name in ("x", "y", "plain")], at=T0))
    return SearchIndex(backend.engine)


def groups(*words: str):
    return [tuple(frozenset(word.split("|")) for word in words)]


def filled(index: SearchIndex) -> SearchIndex:
    assert index.begin_duty("me", 1, 2)
    assert index.fill("me") == 3
    assert index.fill("me") == 0
    return index


def test_what_is_not_indexed_is_a_candidate(index: SearchIndex) -> None:
    assert list(index.candidates(groups("nowhere"))) == [3, 2, 1]
    filled(index)
    assert list(index.candidates(groups("nowhere"))) == []


@pytest.mark.parametrize(
    ("words", "ids"),
    [(("x",), [1]), (("title",), [3, 2, 1]), (("title", "y|plain"), [3, 2]), (("pl*",), [3]), (("x", "y"), [])],
)
def test_candidates_hold_a_word_of_each_group(index: SearchIndex, words: tuple[str, ...], ids: list[int]) -> None:
    filled(index)
    assert list(index.candidates(groups(*words))) == ids
    assert list(index.candidates(groups(*words), newest_first=False)) == ids[::-1]


def test_an_edited_entry_is_a_candidate_until_it_is_indexed_anew(backend: Backend, index: SearchIndex) -> None:
    filled(index)
    backend.run(
        "INSERT INTO entry_revisions (entry_id, revision_no, content_digest, title, text, first_seen, sighting, poll_id) "
        "SELECT entry_id, 2, content_digest, 'Зобов''язання', 'new', first_seen, 'updated', poll_id "
        "FROM entry_revisions WHERE entry_id = 1"
    )
    backend.run("UPDATE entries SET revision_no = 2 WHERE id = 1")
    assert list(index.candidates(groups("nowhere"))) == [1]

    assert index.fill("me") == 1

    assert list(index.candidates(groups("nowhere"))) == []
    assert list(index.candidates(groups("зобов'язання"))) == [1]
    assert list(index.candidates(groups("x"))) == []
    assert check(backend.url) == ()


def test_the_duty_has_one_owner(index: SearchIndex) -> None:
    assert index.begin_duty("me", 1, 10)
    assert not index.begin_duty("you", 5, 15)
    assert index.fill("you") == 0
    assert index.begin_duty("you", 11, 20)
    assert index.fill("me") == 0
    index.end_duty("you")
    assert index.begin_duty("me", 12, 20)


def test_it_can_be_dropped_and_made_again(backend: Backend, index: SearchIndex) -> None:
    filled(index)
    index.empty()
    assert list(index.candidates(groups("x"))) == [3, 2, 1]
    assert index.fill("me") == 3
    assert list(index.candidates(groups("x"))) == [1]


def test_an_index_of_another_fold_is_not_asked_and_made_anew(backend: Backend, index: SearchIndex) -> None:
    filled(index)
    backend.run("UPDATE meta SET value = 'old' WHERE name = 'search index version'")
    assert list(index.candidates(groups("x"))) == [3, 2, 1]
    assert index.fill("me") == 3
    assert list(index.candidates(groups("x"))) == [1]


def test_texts_in_the_order_asked_for(index: SearchIndex) -> None:
    found = index.texts([3, 1])
    assert [stored.entry_id for stored, *_ in found] == [3, 1]
    assert found[0][2] == "a"
    assert index.texts([1], source="b") == index.texts([1], since=T0 + HOUR) == index.texts([1], until=T0) == []


def test_what_committed_very_late_is_found_by_a_sweep(backend: Backend, index: SearchIndex) -> None:
    filled(index)
    backend.run("DELETE FROM indexed_entries WHERE entry_id = 2")
    backend.run("UPDATE duties SET watermark = 20000, lease_token = 1")
    late = [] if backend.is_sqlite else [2]

    assert list(index.candidates(groups("nowhere"))) == []
    assert list(index.candidates(groups("nowhere"), newest_first=False)) == late
    assert index.fill("me") == 0
    backend.run("UPDATE duties SET lease_token = 100")
    assert index.fill("me") == len(late)
    assert list(index.candidates(groups("nowhere"), newest_first=False)) == []


def test_its_room_is_told_as_one_table(backend: Backend, index: SearchIndex) -> None:
    filled(index)
    (words,) = [size for size in table_sizes(backend.engine) if size.name.startswith("search_words")]
    assert (words.name, words.rows) == ("search_words", 3)
    assert words.size_bytes is None or words.size_bytes > 0
