"""Dated points of figures, on both databases."""

from __future__ import annotations

from msgspec.structs import replace

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, assessment, digest, document, entry_intent, poll, source
from watcher.core.model import FigureReading, Sighting
from watcher.storage.figures import FigureQueries


def reading(value: float, qualifier: str = "", field: str = "text", start: int = 0) -> FigureReading:
    return FigureReading("fleet", value, "vessels", qualifier, field, start, start + 3, f"They have {value:g}.")


def test_points_are_dated_and_what_is_said_twice_is_one(backend: Backend) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a"), source("b", role="secondary")), b"", T0 - HOUR)
    a, b = sorted(store.claim_due("test", T0, limit=2, lease_s=9), key=lambda claim: claim.spec.id)
    found = (assessment(score=10.0),)
    twice = (reading(300, field="title"), reading(300), reading(41, "added", start=9))
    first = entry_intent("x", found=found, figures=twice, entry={"published": T0 - 5 * HOUR})
    other = entry_intent("y", found=found, figures=(reading(600, "over"),), entry={"published": T0 + 9 * HOUR})
    with store.write() as transaction:
        transaction.apply(poll(a, first, at=T0))
        transaction.apply(poll(b, other, at=T0, body=b"other"))
    (claim,) = store.claim_due("test", T0 + HOUR, limit=1, lease_s=9, only=["a"], everything=True)
    edited = entry_intent(
        "x", found=found, figures=(reading(300), reading(350, start=9)), entry={"published": T0 - 5 * HOUR}
    )
    edited = replace(edited, entry_id=1, revision_no=2, sighting=Sighting.UPDATED, content_digest=digest("new"))
    with store.write() as transaction:
        transaction.apply(poll(claim, edited, at=T0 + HOUR, body=b"edited"))

    figures = FigureQueries(backend.engine)
    points = figures.points("pact", None, None)

    assert [(p.value, p.qualifier, p.at - T0, p.is_current, p.source, p.is_primary) for p in points] == [
        (300, "", -5 * HOUR, True, "a", True),
        (41, "added", -5 * HOUR, False, "a", True),
        (600, "over", 0, True, "b", False),  # its publisher's date lies ahead: ours counts
        (350, "", HOUR, True, "a", True),
    ]
    assert [p.sighting for p in points] == ["new", "new", "new", "updated"]
    assert [p.value for p in figures.points("pact", T0 + 1, None)] == [350]
    assert [p.value for p in figures.points("pact", None, T0 + 1)] == [300, 41, 600]
    assert figures.points("pact", None, None, figure="other") == figures.points("other", None, None) == ()
