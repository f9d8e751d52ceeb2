"""A report as a STIX bundle: read back by the library of the standard, the same bytes again, harmless whatever comes."""

from __future__ import annotations

import json
import sys

import pytest
from msgspec.structs import replace

from tests.app.full_samples import full_report
from tests.app.samples import UNTIL, facts
from tests.support.canary import LINKS, MARK, TEXTS, extra_lines, live_markup, raw_controls
from watcher.app.report import build_report
from watcher.app.report_stix import EXTENSION, stix_lines
from watcher.core.errors import UsageProblem
from watcher.core.verdict import Verdict

stix2 = pytest.importorskip("stix2", reason="needs stix2: pip install 'watcher[stix]'")


def shown(text="plain", link="https://x.example/1", report=None) -> str:
    return "\n".join(stix_lines(report or full_report(text, link)))


def objects(kind: str, **given) -> list[dict]:
    return [one for one in json.loads(shown(**given))["objects"] if one["type"] == kind]


def test_the_bundle_is_read_back_by_the_library():
    bundle = stix2.parse(shown(), version="2.1")
    kinds = [one.type for one in bundle.objects]
    assert [kinds.count(kind) for kind in ("report", "opinion", "note", "extension-definition")] == [3, 3, 3, 1]
    ids = {one.id for one in bundle.objects}
    assert len(ids) == len(kinds)
    for one in bundle.objects:
        assert ids.issuperset(one.get("object_refs", ()))
        assert one.get("created_by_ref", one.id) in ids
        assert one.created <= one.modified


def test_a_hit_is_a_report_with_its_facts():
    hit = objects("report", text="plain")[0]
    assert (hit["name"], hit["published"]) == ("plain", "2025-12-15T09:40:00Z")
    assert hit["labels"] == ["signal:offer", "rung:claimed"]
    assert hit["external_references"] == [{"source_name": "plain", "url": "https://x.example/1"}]
    own = hit["extensions"][EXTENSION]
    assert (own["hit"], own["score"], own["reason"], own["grade"]) == (1, 72.4, "plain", "B2")
    assert len(own["wording_sha256"]) == 64
    [publisher] = [one for one in objects("identity") if one["id"] in hit["object_refs"]]
    assert publisher["name"] == "plain"


def test_no_object_tells_a_likelihood():
    assert "confidence" not in shown()


def said(report=None, hit: int = 1) -> list[dict]:
    """What analysts said of a hit, in the order of their decisions."""
    found = [one for kind in ("opinion", "note") for one in objects(kind, report=report)]
    mine = [one for one in found if own_of(one).get("hit") == hit]
    return sorted(mine, key=lambda one: own_of(one)["decision"])


def own_of(one: dict) -> dict:
    return one["extensions"][EXTENSION]


def test_every_verdict_is_told_with_who_when_and_why():
    report = full_report()
    grade, dismissed, undone, confirmed = told = said(report)
    assert [one["type"] for one in told] == ["note", "opinion", "note", "opinion"]
    assert (grade["content"], undone["content"]) == ("grade B2: plain", "undo: dismissed -> new: plain")
    assert [one.get("opinion") for one in told] == [None, "disagree", None, "agree"]
    assert [one.get("explanation") for one in (dismissed, confirmed)] == ["plain", "plain"]
    assert [one["authors"] for one in told] == [["plain"], ["plain"], ["ben"], ["plain"]]
    assert (confirmed["created"], undone["created"]) == ("2025-12-11T00:00:00.000Z", "2025-12-10T23:59:59.999999Z")
    assert own_of(confirmed)["stands"] is True
    assert own_of(dismissed)["stands"] is False
    assert (own_of(undone)["undoes"], own_of(undone)["from"], own_of(undone)["to"]) == (2, "dismissed", "new")
    shown_hit = objects("report", report=report)[0]["id"]
    assert [one["object_refs"][0] for one in told] == [shown_hit] * 4
    assert undone["object_refs"][1] == dismissed["id"]


def test_who_decided_is_an_identity_of_a_person():
    people = {one["id"]: one for one in objects("identity") if one["identity_class"] == "individual"}
    assert sorted(one["name"] for one in people.values()) == ["ben", "plain"]
    assert {one["created_by_ref"] for one in said()} == set(people)


def test_a_hit_that_was_taken_out_is_told_as_such_and_not_revoked():
    [away] = [one for one in objects("report") if own_of(one)["hit"] == 3]
    assert own_of(away)["state"] == "dismissed"
    assert [(one["opinion"], own_of(one)["stands"]) for one in said(hit=3)] == [("disagree", True)]
    assert "revoked" not in shown()


def test_a_copy_names_the_hit_that_is_kept():
    report = full_report()
    copied = Verdict(6, 2, "duplicate", "new", "duplicate", "ann", UNTIL, "the same", duplicate_of_hit=1, covered_by=4)
    [note] = said(with_full(report, histories={2: (copied,)}), hit=2)
    assert note["content"] == "duplicate of hit 1: new -> duplicate: the same"
    assert (own_of(note)["duplicate_of"], own_of(note)["covered_by"]) == (1, 4)


def with_full(report, **changes):
    return replace(report, facts=replace(report.facts, full=replace(report.facts.full, **changes)))


def test_what_could_be_seen_is_a_note_of_the_watchlist():
    [seen] = [one for one in objects("note") if "coverage" in own_of(one)]
    assert "1 of 2 sources were readable" in seen["content"]
    assert own_of(seen)["coverage"] == "part"


def test_a_period_without_hits_still_says_what_could_be_seen():
    report = build_report(facts(hits=(), hits_total=0))
    assert not objects("report", report=report)
    assert objects("note", report=report)[-1]["content"].startswith("Seen from")


def test_the_same_facts_are_the_same_bytes():
    assert shown() == shown()


def test_a_later_bundle_knows_its_objects_again():
    later = full_report(until=UNTIL + 60_000_000)
    before, after = objects("report"), objects("report", report=later)
    assert [one["id"] for one in before] == [one["id"] for one in after]
    assert before[0]["created"] == after[0]["created"]
    assert before[0]["modified"] < after[0]["modified"]


def test_a_decision_after_the_newest_poll_makes_newer_objects():
    late = UNTIL + 60_000_000
    given = (
        Verdict(4, 1, "confirm", "new", "confirmed", "ann", UNTIL - 1),
        Verdict(7, 1, "undo", "confirmed", "new", "ann", late, undoes=4),
    )
    report = with_full(full_report(), histories={1: given})
    assert objects("report", report=report)[0]["modified"] == "2025-12-16T08:01:00.000Z"
    assert [one["modified"] for one in said(report)] == ["2025-12-16T08:01:00.000Z"] * 2


@pytest.mark.parametrize("name", TEXTS)
def test_i11_a_bundle_is_harmless_whatever_a_feed_says(name):
    bundle = shown(TEXTS[name])
    stix2.parse(bundle, version="2.1")
    assert MARK in bundle or name == "zero width"
    assert raw_controls(bundle) == []
    assert live_markup(bundle) == []
    assert extra_lines(bundle, 1) == 0
    assert not [value for value in texts_of(json.loads(bundle)) if raw_controls(value)]


@pytest.mark.parametrize("name", LINKS)
def test_i02_only_web_addresses_become_references(name):
    for hit in objects("report", link=LINKS[name]):
        for reference in hit.get("external_references", ()):
            assert reference["url"].startswith(("http://", "https://"))
            assert not raw_controls(reference["url"])


def texts_of(value) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in texts_of(item)]


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "stix2", None)
    with pytest.raises(UsageProblem, match="needs the package stix2") as refused:
        stix_lines(full_report())
    assert "pip install 'watcher[stix]'" in refused.value.hint
    assert refused.value.exit_code == 2
