"""Stories filled by the duty, and what people decide about them, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, digest, document, entry_intent, poll, source
from watcher.app.stories import StoryDuty
from watcher.storage.storyfill import StoryStore

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
                "Frontier treaty signed in the mountain town of Arvel by envoys",
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
