"""A report as a STIX bundle: read back by the library of the standard, the same bytes again, harmless whatever comes."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from tests.app.full_samples import full_report
from tests.app.samples import UNTIL, facts
from tests.support.canary import LINKS, MARK, TEXTS, extra_lines, live_markup, raw_controls
from watcher.app.report import build_report
from watcher.app.report_stix import EXTENSION, stix_lines
from watcher.core.errors import UsageProblem

stix2 = pytest.importorskip("stix2", reason="needs stix2: pip install 'watcher[stix]'")


def shown(text="plain", link="https://x.example/1", report=None) -> str:
    return "\n".join(stix_lines(report or full_report(text, link)))


def objects(kind: str, **given) -> list[dict]:
    return [one for one in json.loads(shown(**given))["objects"] if one["type"] == kind]


def test_the_bundle_is_read_back_by_the_library():
    bundle = stix2.parse(shown(), version="2.1")
    kinds = [one.type for one in bundle.objects]
    assert (kinds.count("report"), kinds.count("note"), kinds.count("extension-definition")) == (2, 2, 1)
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


def test_what_analysts_said_is_a_note():
    said, seen = objects("note")
    assert said["content"] == "confirmed by plain, 2025-12-11: plain, graded B2"
    assert (said["authors"], said["created"]) == (["plain"], "2025-12-11T00:00:00.000Z")
    assert said["object_refs"] == [objects("report")[0]["id"]]
    assert "1 of 2 sources were readable" in seen["content"]
    assert seen["extensions"][EXTENSION]["coverage"] == "part"


def test_a_grade_without_a_decision_is_a_note_too():
    report = full_report()
    graded = replace(report.facts.full.extras[1], state="new", decided_at=None)
    full = replace(report.facts.full, extras={1: graded})
    said = objects("note", report=replace(report, facts=replace(report.facts, full=full)))
    assert said[0]["content"] == "graded B2"


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


def test_a_decision_after_the_newest_poll_makes_a_newer_report():
    report = full_report()
    decided = replace(report.facts.full.extras[1], decided_at=UNTIL + 60_000_000)
    full = replace(report.facts.full, extras={1: decided})
    later = objects("report", report=replace(report, facts=replace(report.facts, full=full)))
    assert later[0]["modified"] == "2025-12-16T08:01:00.000Z"


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
