"""Bundles of evidence: made from a desk, checked without it; an edit at the source does not touch them, a byte does."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server import Server
from tests.support.desk import HOUR_S, Desk, feed, item, offer
from watcher.app.evidence import make_bundle, shown_name
from watcher.app.evidence_check import Checked, check_bundle, checked_lines, checked_record, scorer
from watcher.app.explain import read_explanation
from watcher.bootstrap.evidence import build_evidence
from watcher.core import bundle
from watcher.core.bundle import BundleDamaged
from watcher.core.errors import WatcherError

AGAIN = scorer(lambda words: {word: frozenset({word[1]}) for word in words})


def bundled(desk: Desk, hit: int = 1) -> bytes:
    with build_evidence(str(desk.database)) as open_desk:
        facts = open_desk.evidence.hit(hit)
        assert facts is not None
        assert shown_name(facts) == f"hit-{hit}-offer.evidence.zip"
        return make_bundle(facts, read_explanation(open_desk.queries, hit))


@pytest.fixture
def polled(desk: Desk) -> Desk:
    desk.publish(feed(offer(1), item(2), headers=[("X-Served-By", "press")]))
    desk.poll()
    return desk


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with Server() as server:
        desk = Desk(tmp_path_factory.mktemp("desk"), server)
        desk.list_sources("press")
        desk.publish(feed(offer(1), item(2)))
        desk.poll()
    return bundled(desk)


def told(checked: Checked) -> dict[str, bool | None]:
    return {check.name: check.is_ok for check in checked.checks}


def test_a_bundle_holds_everything_and_is_the_same_twice(polled: Desk) -> None:
    data = bundled(polled)
    members = bundle.unpack(data)
    body = next(data for name, data in members.items() if name.startswith("bodies/"))

    assert data == bundled(polled)
    assert body.startswith(b'<?xml version="1.0"?><rss')
    assert json.loads(members["hit.json"])["hit"]["first_seen"] == "2025-12-15T12:00:00Z"
    assert ["x-served-by", "press"] in json.loads(members["polls/1.json"])["headers"]
    assert "Ministry offers pact number 1" in members["explanation.txt"].decode()
    (watchlist,) = (json.loads(data) for name, data in members.items() if name.startswith("watchlists/"))
    assert watchlist["files"] == {"desk.yaml": polled.watchlist.read_text()}


def test_a_bundle_made_before_an_edit_at_the_source_verifies_after_it(polled: Desk) -> None:
    before = bundled(polled)
    polled.publish(feed(item(1, "Ministry takes its offer back", "Nothing was ever offered."), item(2)))
    polled.poll(after_s=2 * HOUR_S)
    after = bundled(polled)

    for data in (before, after):
        checked = check_bundle(data, AGAIN)
        assert told(checked) == dict.fromkeys(
            ("members", "bytes as fetched", "wordings", "words", "sum", "watchlist", "scored again"), True
        )
        assert checked.is_whole
    assert polled.one("select count(*) from hits") == 1
    assert len([name for name in bundle.unpack(after) if name.startswith("wordings/")]) == 2


def test_common_tools_check_it_too(polled: Desk) -> None:
    path = polled.folder / "hit.zip"
    path.write_bytes(bundled(polled))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(polled.folder / "out")

    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=polled.folder / "out", capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(share=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_a_changed_byte_anywhere_is_found(whole: bytes, share: float, change: int) -> None:
    at = int(share * len(whole))
    changed = whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :]
    try:
        checked = check_bundle(changed, AGAIN)
    except BundleDamaged:
        return
    assert not checked.is_whole
    assert checked_record(checked)["whole"] is False


def forged(whole: bytes, name: str, change: Callable[[Any], Any]) -> dict[str, list[str]]:
    """The bundle with a member changed and every digest made anew, as somebody would who has the tools; what differs."""
    members = bundle.unpack(whole)
    about = json.loads(members[bundle.MANIFEST])
    full = next(found for found in members if found.startswith(name))
    content = change(json.loads(members[full])) if full.endswith(".json") else change(members[full])
    members[full] = content if isinstance(content, bytes) else bundle.to_json(content)
    rest = {found: data for found, data in members.items() if found not in (bundle.MANIFEST, bundle.SUMS)}
    checked = check_bundle(bundle.pack(bundle.sealed(rest, about)), AGAIN)
    assert any(line.startswith("DIFFERS") for line in checked_lines(checked)) != checked.is_whole
    return {check.name: [one.what for one in check.differences] for check in checked.checks if check.is_ok is False}


def changed(*path: str | int, to: object) -> Callable[[Any], Any]:
    def change(value: Any) -> Any:
        at = value
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = to
        return value

    return change


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("wordings/", changed("title", to="Ministry offers tact number 1"), {"wordings", "words", "scored again"}),
        ("wordings/", changed("text", to="Another text."), {"wordings"}),
        ("wordings/", changed("body_sha256", to="00"), {"bytes as fetched"}),
        ("wordings/", changed("text", to=None), {"wordings", "scored again"}),
        ("bodies/", lambda body: body + b" ", {"bytes as fetched"}),
        ("polls/", changed("body_digest", to="00"), {"bytes as fetched"}),
        ("assessments", changed(0, "detail", "score", to=99.0), {"sum", "scored again"}),
        ("assessments", changed(0, "score", to=99.0), {"sum"}),
        ("assessments", changed(0, "detail", "parts", 0, "points", to=1.0), {"sum", "scored again"}),
        ("assessments", changed(0, "detail", "firings", 0, "matches", 0, "start", to=3), {"words", "scored again"}),
        ("assessments", changed(0, "detail", "firings", 0, "matches", 0, "end", to=10**9), {"words", "scored again"}),
        ("assessments", changed(0, "entry_revision", to=7), {"words", "scored again"}),
        ("assessments", changed(0, "watchlist_revision", to="ab"), {"watchlist", "scored again"}),
        ("assessments", lambda _: {"no": "list"}, {"words", "sum", "watchlist", "scored again"}),
        ("assessments", lambda _: [1], {"words", "sum", "watchlist", "scored again"}),
        ("assessments", lambda _: b"[", {"words", "sum", "watchlist", "scored again"}),
        (
            "watchlists/",
            lambda one: changed("files", to={"desk.yaml": one["files"]["desk.yaml"] + " "})(one),
            {"watchlist"},
        ),
        ("watchlists/", changed("files", to=["a"]), {"watchlist", "scored again"}),
        ("watchlists/", changed("digest", to="00"), {"watchlist"}),
        ("hit.json", changed("hit", "score", to=12.5), {"sum"}),
        ("hit.json", lambda _: [], {"sum", "scored again"}),
    ],
)
def test_a_forger_who_makes_the_digests_anew_must_change_everything(
    whole: bytes, name: str, change: Callable[[Any], Any], found: set[str]
) -> None:
    assert set(forged(whole, name, change)) == found


def test_another_program_may_score_otherwise_and_a_watchlist_it_cannot_read_is_told(whole: bytes) -> None:
    def old(about: dict[str, Any], **more: bytes) -> Checked:
        members = {**bundle.unpack(whole), **more}
        rest = {name: data for name, data in members.items() if name not in (bundle.MANIFEST, bundle.SUMS)}
        return check_bundle(bundle.pack(bundle.sealed(rest, about)), lambda *_: None)

    about = json.loads(bundle.unpack(whole)[bundle.MANIFEST])
    assert told(old(about))["scored again"] is False
    checked = old({**about, "engine": ["watcher-0.0.1"]})
    assert (told(checked)["scored again"], checked.is_whole) == (None, True)
    assert "(watcher-0.0.1)" in checked.checks[-1].said

    def refuse(*_: object) -> None:
        raise WatcherError("a key is unknown")

    assert check_bundle(whole, refuse).checks[-1].said == "not possible with this program: a key is unknown"
    assert told(old(about, **{"assessments.json": b"[]"}))["scored again"] is None


def test_files_that_are_not_one_watchlist_are_told(whole: bytes) -> None:
    two = {"a.yaml": "watchlist: a\n", "b.yaml": "watchlist: b\n"}
    assert forged(whole, "watchlists/", changed("files", to=two)).keys() == {"watchlist"}


def test_bytes_that_were_not_kept_are_told(polled: Desk) -> None:
    polled.publish(feed(item(5, "Ministry"), offer(1)))
    polled.poll(after_s=2 * HOUR_S)
    polled.publish(feed(item(5, "Ministry offers a pact"), offer(1)))
    polled.poll(after_s=2 * HOUR_S)
    checked = check_bundle(bundled(polled, 2), AGAIN)

    assert checked.is_whole
    assert "not in here: the bytes that brought wording 1" in checked.checks[1].said
