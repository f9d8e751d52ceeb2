"""A watchlist is stored whole, and the sources become what it says; nothing is ever deleted."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, assessment, document, entry_intent, poll, source
from watcher.core.document import BaselineFigure, Facet, Figure, Position, Query, TimelineEvent
from watcher.core.errors import StorageError, UsageProblem
from watcher.core.model import Evidence, TextAssessed
from watcher.core.views import HitFilter
from watcher.storage.desired import normal_address


def test_a_revision_is_stored_whole_and_read_back(backend: Backend) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a"), files={"w.yaml": "é: 1\n", "c/x.yaml": "y"}), b"\x00compiled" * 100, T0)
    (stored,) = store.documents()
    assert stored.compiled == b"\x00compiled" * 100
    assert dict(stored.files) == {"w.yaml": "é: 1\n", "c/x.yaml": "y"}
    assert (stored.watchlist, stored.revision, stored.loaded_at) == ("pact", "ab" * 32, T0)


def test_loading_the_same_revision_again_changes_nothing_but_the_compiled_form(backend: Backend) -> None:
    store = backend.store()
    for compiled in (b"one", b"two"):
        store.save_watchlist(document(source("a")), compiled, T0)
    assert backend.value("SELECT count(*) FROM watchlist_revisions") == 1
    assert backend.value("SELECT count(*) FROM source_states") == 1
    assert store.documents()[0].compiled == b"two"


def test_an_earlier_revision_may_come_back(backend: Backend) -> None:
    store = backend.store()
    for revision in ("ab" * 32, "cd" * 32, "ab" * 32):
        store.save_watchlist(document(source("a"), revision=revision), b"", T0)
    assert [row.revision for row in store.documents()] == ["ab" * 32]
    assert backend.value("SELECT count(*) FROM watchlist_revisions") == 2


def test_a_source_that_is_not_listed_any_more_is_disabled_and_may_come_back(backend: Backend) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a"), source("b")), b"", T0)
    (claim,) = store.claim_due("test", T0, limit=1, lease_s=9, only=["a"])
    with store.write() as transaction:
        transaction.apply(poll(claim, entry_intent("x"), at=T0 + 1))
    store.save_watchlist(document(source("b"), revision="cd" * 32), b"", T0 + 2)
    assert [row.name for row in backend.queries.sources()] == ["b"]
    assert backend.rows("SELECT enabled, next_poll_at, health, etag FROM sources WHERE name = 'a'") == [
        (False, None, "disabled", '"1"')
    ]
    assert backend.value("SELECT removed_at FROM watchlist_sources WHERE name = 'a'") == T0 + 2
    store.save_watchlist(document(source("a"), source("b")), b"", T0 + 3)
    assert backend.rows(
        "SELECT enabled, next_poll_at, health, health_reason, entries FROM sources WHERE name = 'a'"
    ) == [(True, T0 + 3, "never polled", "wanted again, not polled since", 1)]
    assert backend.value("SELECT removed_at FROM watchlist_sources WHERE name = 'a'") is None


def test_a_polled_source_keeps_its_schedule_through_a_reload(backend: Backend) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a")), b"", T0)
    (claim,) = store.claim_due("test", T0, limit=1, lease_s=9)
    with store.write() as transaction:
        transaction.apply(poll(claim, at=T0 + 1))
    store.save_watchlist(document(source("a", publisher="Somebody else")), b"", T0 + 2)
    assert backend.rows("SELECT publisher, next_poll_at, health, health_since FROM sources") == [
        ("Somebody else", T0 + 1 + HOUR, "ok", T0 + 1)
    ]


def test_spellings_of_one_address_are_one_source(backend: Backend) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a", url="HTTPS://A.example:443/feed#top")), b"", T0)
    store.save_watchlist(document(source("b", url="https://a.example/feed"), name="second"), b"", T0)
    assert backend.value("SELECT count(*) FROM sources") == 1
    with pytest.raises(UsageProblem, match="a and b are the same address"):
        store.save_watchlist(document(source("a"), source("b", url=source("a").url + "#x")), b"", T0)


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("HTTP://Host:80", "http://host/"),
        ("https://h:8443/a?b=1#c", "https://h:8443/a?b=1"),
        ("http://h:bad/", "http://h:bad/"),
        ("  https://h/x  ", "https://h/x"),
    ],
)
def test_normal_addresses(given: str, normal: str) -> None:
    assert normal_address(given) == normal


def test_one_sitemap_may_serve_two_selections(backend: Backend) -> None:
    one = source("a", kind="sitemap", url="https://x.example/map.xml", select="/news/")
    backend.store().save_watchlist(document(one, replace(one, id="b", select="/speeches/")), b"", T0)
    assert backend.value("SELECT count(*) FROM sources") == 2


def test_sources_without_a_way_in_are_each_their_own(backend: Backend) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a", kind="none", url=""), source("b", kind="none", url="")), b"", T0)
    store.save_watchlist(document(source("a", kind="none", url=""), name="second"), b"", T0)
    assert backend.value("SELECT count(*) FROM sources") == 3


def test_several_watchlists_together_poll_as_the_keenest_and_politest_wants(backend: Backend) -> None:
    store = backend.store()
    store.save_watchlist(
        document(source("a", interval_s=900.0, host_interval_s=1.0, per_host=2, allow_private=True)), b"", T0
    )
    store.save_watchlist(
        document(source("a", interval_s=60.0, host_interval_s=5.0, per_host=1), name="second"), b"", T0
    )
    columns = "interval_s, host_interval_s, per_host, allow_private"
    assert backend.rows(f"SELECT {columns} FROM sources") == [(60.0, 5.0, 1, True)]
    store.save_watchlist(document(source("b"), name="second"), b"", T0)
    assert backend.rows(f"SELECT {columns} FROM sources WHERE name = 'a'") == [(900.0, 1.0, 2, True)]


def test_a_watchlist_that_calls_it_dead_does_not_blind_another(backend: Backend) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a", recorded="dead", note="ended in 2024")), b"", T0)
    assert backend.rows("SELECT health, health_reason FROM sources") == [("blind by construction", "ended in 2024")]
    store.save_watchlist(document(source("a"), name="second"), b"", T0)
    assert backend.rows("SELECT health, enabled FROM sources") == [("never polled", True)]


def test_the_outline_holds_what_faces_show(backend: Backend) -> None:
    full = document(
        source("a"),
        facets=(Facet("institution", "nato", Query("NATO"), "NATO"),),
        figures=(
            Figure(
                "vessels",
                "Vessels",
                Query("v"),
                "vessels",
                baseline=(BaselineFigure("2025-05-20", 342.0, "total", "", "https://s"),),
            ),
        ),
        timeline=(TimelineEvent("1997-05-27", "Founding Act", "", "https://s"),),
        positions=(Position("Russia", "2025-12-11", "says", "https://s"),),
    )
    backend.store().save_watchlist(full, b"", T0)
    (row,) = backend.queries.watchlists()
    assert (row.id, row.question, row.timezone, row.loaded_at) == ("pact", "Does it move?", "Europe/Brussels", T0)
    assert row.outline["figures"][0]["baseline"][0]["value"] == 342.0
    assert row.outline["signals"][0]["rules"] == [{"id": "given", "rung": "claimed", "weight": 60.0, "note": ""}]
    assert [row.outline[part][0] for part in ("facets", "timeline", "positions")] == [
        {"kind": "institution", "id": "nato", "title": "NATO"},
        {"date": "1997-05-27", "title": "Founding Act", "note": "", "source": "https://s"},
        {"party": "Russia", "date": "2025-12-11", "position": "says", "source": "https://s"},
    ]


# --- catch-up and rescore ---------------------------------------------------------------------------------------


def stored_entries(backend: Backend, *names: str) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a"), source("b")), b"", T0)
    (claim,) = store.claim_due("test", T0, limit=1, lease_s=9, only=["a"])
    with store.write() as transaction:
        transaction.apply(poll(claim, *(entry_intent(name) for name in names), at=T0))


def test_a_new_watchlist_finds_what_was_never_scored_for_it(backend: Backend) -> None:
    stored_entries(backend, "x", "y", "z")
    store = backend.store()
    assert store.unscored_entries("pact", "ab" * 32, 10) == []
    store.save_watchlist(document(source("a"), name="second"), b"", T0)
    store.save_watchlist(document(source("b"), name="third"), b"", T0)
    first = store.unscored_entries("second", "ab" * 32, 2)
    assert [(text.entry_id, text.title, text.text, text.revision_no) for text in first] == [
        (1, "Title x", "note x", 1),
        (2, "Title y", "note y", 1),
    ]
    assert [text.entry_id for text in store.unscored_entries("second", "ab" * 32, 9, after=2)] == [3]
    assert store.unscored_entries("third", "ab" * 32, 9) == []
    with pytest.raises(StorageError, match="never loaded"):
        store.unscored_entries("unknown", "ab" * 32, 9)


def test_what_catch_up_finds_is_stored_and_owed_only_where_said(backend: Backend) -> None:
    stored_entries(backend, "x", "y", "z")
    store = backend.store("file")
    store.save_watchlist(document(source("a"), name="second"), b"", T0)
    found = [
        TextAssessed(1, 1, (assessment(),), Evidence("ab" * 32, b"")),
        TextAssessed(2, 1, (assessment(score=80.0),)),
        TextAssessed(3, 1, (assessment(score=10.0, reached=False),)),
        TextAssessed(99, 1, (assessment(),)),
    ]
    with store.write() as transaction:
        counts = transaction.save_assessments("second", "ab" * 32, found, T0 + HOUR, alerts=[(2, "offer")])
    assert counts == {"entries": 3, "hits": 2}
    assert store.unscored_entries("second", "ab" * 32, 9) == []
    assert [
        (hit.entry_id, hit.first_seen, hit.sighting) for hit in backend.queries.hits(HitFilter(watchlist="second"))
    ] == [
        (2, T0, "back-filled"),
        (1, T0, "back-filled"),
    ]
    (alert,) = store.claim_alerts(T0 + HOUR, "file", 9, 60.0)
    assert (alert.payload["title"], alert.payload["source"], alert.payload["watchlist"]) == ("Title y", "a", "second")


def test_a_rescore_replaces_what_counts_and_keeps_the_hit(backend: Backend) -> None:
    stored_entries(backend, "x")
    store = backend.store("file")
    new = "cd" * 32
    store.save_watchlist(document(source("a"), revision=new), b"", T0)
    backend.run(
        "INSERT INTO runs (kind, watchlist_id, revision_id, started_at) VALUES ('rescore', 1, 2, 1)",
    )
    assert store.unscored_entries("pact", new, 9) == []
    (text,) = store.unscored_entries("pact", new, 9, never_only=False)
    with store.write() as transaction:
        transaction.save_assessments(
            "pact", new, [TextAssessed(text.entry_id, 1, (assessment(score=80.0),))], T0, run_id=1
        )
    assert store.unscored_entries("pact", new, 9, never_only=False) == []
    lower = [TextAssessed(1, 1, (assessment(score=20.0, reached=False, facets=()),))]
    with store.write() as transaction:
        transaction.save_assessments("pact", new, lower, T0 + 1, run_id=1)
    assert backend.rows("SELECT id, score, reached FROM hits") == [(1, 20.0, False)]
    assert backend.queries.hits(HitFilter()) == ()
    assert backend.value("SELECT count(*) FROM hit_facets") == 0
    assert backend.value("SELECT count(*) FROM outbox") == 0
    assert backend.queries.hit(1) is not None


def test_a_revision_that_was_never_loaded_is_refused(backend: Backend) -> None:
    stored_entries(backend, "x")
    with backend.store().write() as transaction, pytest.raises(StorageError, match="revision efefefefefef"):
        transaction.save_assessments("pact", "ef" * 32, [], T0)
