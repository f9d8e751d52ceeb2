"""Stories filled by the duty, and what people decide about them, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, digest, document, entry_intent, poll, source
from watcher.app.stories import StoryDuty
from watcher.core.errors import UsageProblem
from watcher.storage.engine import begin
from watcher.storage.stories import member_lines, stories_of_period
from watcher.storage.storyfill import StoryStore, edit_story, undo_edit

TREATY = "Envoys sign a frontier treaty in the mountain town of Arvel"
LEAD = "The two neighbours ended nine years of quarrel over the river crossing and the customs house on Monday."


def said(name: str, title: str, text: str = "") -> Any:
    said = {"title": title, "text": text}
    return entry_intent(name, entry=said, link_key=digest(f"link {name}"), content_digest=digest(title + text))


@pytest.fixture
def stored(backend: Backend) -> Backend:
    store = backend.store()
    places = [source("a", role="secondary"), source("b", role="secondary"), source("c", role="primary")]
    store.save_watchlist(document(*places), b"", T0 - HOUR)
    claims = store.claim_due("test", T0, limit=3, lease_s=9)
    items = {
        "a": [
            said("a1", TREATY, LEAD),
            said("a2", "Grain prices fall again in the northern ports", "Traders blame rain."),
        ],
        "b": [
            said("b1", f"{TREATY}, says TASS", LEAD + " It was agreed."),
            said("b2", "Storm closes the airport of Velm", ""),
        ],
        "c": [
            said(
                "c1",
                "Treaty on the frontier, as envoys signed it in the mountain town of Arvel",
                "Article 1. Customs house, river crossing: both neighbours end their quarrel as of Monday.",
            )
        ],
    }
    with store.write() as transaction:
        for claim in sorted(claims, key=lambda one: one.spec.url):
            transaction.apply(poll(claim, *items[claim.spec.url.split("//")[1][0]], at=T0))
    return backend


def duty(backend: Backend, page: int = 500) -> StoryDuty:
    return StoryDuty(StoryStore(backend.engine), lambda: T0 + HOUR, page=page)


def fill(one: StoryDuty) -> int:
    assert one.begin_duty("me", T0, T0 + HOUR)
    total = 0
    while done := one.fill("me"):
        total += done
    one.end_duty("me")
    return total


def partition(backend: Backend) -> list[tuple[Any, ...]]:
    return backend.rows(
        "SELECT entry_id, story_id, way, copy_id, origin, standing FROM story_members ORDER BY entry_id"
    )


def stories(backend: Backend) -> list[tuple[Any, ...]]:
    return backend.rows("SELECT id, lead_id, entries, outlets, origins FROM stories ORDER BY id")


def test_a_story_its_origins_and_its_lead(stored: Backend) -> None:
    assert fill(duty(stored)) == 5
    assert stories(stored) == [(1, 5, 3, 3, 2), (2, 2, 1, 1, 1), (4, 4, 1, 1, 1)]
    assert [row[4] for row in partition(stored)][:3] == ["russian-state", "family-a", "russian-state"]
    assert partition(stored)[4][5] == "document"
    assert fill(duty(stored)) == 0


@pytest.mark.parametrize("page", [1, 2, 3])
def test_batches_and_restarts_change_nothing(stored: Backend, page: int) -> None:
    fill(duty(stored))
    whole = partition(stored), stories(stored)
    again = duty(stored)
    again.empty()
    assert partition(stored) == stories(stored) == []
    while True:
        one = duty(stored, page)  # a new process for every batch
        assert one.begin_duty("me", T0, T0 + HOUR)
        if not one.fill("me"):
            break
    assert (partition(stored), stories(stored)) == whole


def test_the_duty_has_one_owner(stored: Backend) -> None:
    one = duty(stored)
    assert one.begin_duty("me", T0, T0 + HOUR)
    assert one.fill("you") == 0
    assert not duty(stored).begin_duty("you", T0 + 1, T0 + HOUR)


def edit(backend: Backend, kind: str, *entries: int, with_id: int | None = None) -> tuple[int, ...]:
    return edit_story(backend.engine, kind, entries, with_id=with_id, analyst="ana", note="why", now=T0 + HOUR)


def where(backend: Backend) -> dict[int, tuple[int, str]]:
    return {row[0]: (row[1], row[2]) for row in partition(backend)}


def test_a_split_sticks_and_is_undone(stored: Backend) -> None:
    fill(duty(stored))
    before = where(stored), stories(stored)
    (number,) = edit(stored, "split", 1)  # the entry whose number the story bears
    assert where(stored)[1] == (1, "split")
    assert {where(stored)[key][0] for key in (3, 5)} == {3}
    assert [row[0] for row in stories(stored)] == [1, 2, 3, 4]
    again = duty(stored)
    again.empty()
    fill(again)
    assert where(stored)[1] == (1, "split")
    assert {where(stored)[key][0] for key in (3, 5)} == {3}
    undo_edit(stored.engine, number, now=T0 + HOUR)
    assert {where(stored)[key] for key in (1, 3, 5)} == {(3, "first"), (3, "likeness")}
    again.empty()
    fill(again)
    assert (where(stored), stories(stored)) == before


def test_a_join_sticks_and_is_undone(stored: Backend) -> None:
    one = duty(stored)
    fill(one)
    before = where(stored), stories(stored)
    (number,) = edit(stored, "join", 2, with_id=4)
    assert where(stored)[2] == (4, "join")
    assert [row[:3] for row in stories(stored)] == [(1, 5, 3), (4, 2, 2)]
    one.empty()
    fill(one)
    assert where(stored)[2] == (4, "join")
    undo_edit(stored.engine, number, now=T0 + HOUR)
    assert (where(stored), stories(stored)) == before


def test_edits_are_refused_with_a_reason(stored: Backend) -> None:
    fill(duty(stored))
    with pytest.raises(UsageProblem, match="no entry 99"):
        edit(stored, "split", 99)
    with pytest.raises(UsageProblem, match="no split or join 7"):
        undo_edit(stored.engine, 7, now=T0)
    (number,) = edit(stored, "split", 3)
    undo_edit(stored.engine, number, now=T0)
    with pytest.raises(UsageProblem, match="already"):
        undo_edit(stored.engine, number, now=T0)


def test_what_is_read_of_a_story(stored: Backend) -> None:
    fill(duty(stored))
    edit(stored, "join", 2, with_id=1)
    with begin(stored.engine) as connection:
        lines = member_lines(connection, 1)
        assert (lines[0].entry_id, lines[0].row.standing) == (5, "document")
        assert [line.edits for line in lines if line.entry_id == 2] == [((1, "join", "ana", "why"),)]
        assert stories_of_period(connection, None, None, limit=9) == ()
        found = stories_of_period(connection, T0, T0 + HOUR, limit=9, with_hits=False)
        assert [(one.story_id, one.entries, one.hits) for one in found] == [(4, 1, 0), (1, 4, 0)]
