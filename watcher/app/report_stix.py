"""A report as a STIX 2.1 bundle, for platforms that exchange threat intelligence. Must not: query, or tell a likelihood.

::

    source ─→ identity     hit ─→ report     what could be seen ─→ note
    analyst ─→ identity    each confirmation, corroboration, dismissal ─→ opinion    every other verdict ─→ note

Ids are made of what a thing is and times come from the database, so that the same database and period give the same
bytes, and a platform that takes a later bundle knows its objects again. STIX's ``confidence`` is left out: a score says
how well a text fits a signal, and stands in an extension of our own with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from watcher.app.report import Report, silence_of
from watcher.app.report_feeds import stable_id
from watcher.app.report_parts import full_of, snippets_of
from watcher.core import period
from watcher.core.basics import Micros
from watcher.core.clean import json_line, safe_link, visible
from watcher.core.errors import UsageProblem
from watcher.core.identity import content_digest
from watcher.core.verdict import Decision, Verdict, taken_back
from watcher.core.views import HitExtra, HitRow

EXTENSION = f"extension-definition--{stable_id('stix', 'extension', 1)}"
"""The key under ``extensions`` of what STIX has no place for."""
_UNKNOWN: Micros = 0
"""``created`` of identities: when a publisher came to be is not known, and an object of one id must always say the same."""
_SCHEMA = (
    "On a report: watchlist, hit (number in the database), signal, signal_title, rung, score (0 to 100: how well the text "
    "fits the signal, no likelihood), reason (what each rule and context gave), published_at (as the publisher dates "
    "it), sighting, source, family, role, reliability, duplicate_of, story, outlets, origins, state, grade, facets "
    "([kind, id]), wording_sha256 (of the wording that was scored: title, line feed, text, spaces folded, in UTF-8). "
    "On an opinion or a note of an analyst: hit, verdict, decision (number of the row), from, to (states), grade, "
    "duplicate_of (hit), undoes (decision), covered_by (decision on another hit of the story), stands (false: taken back "
    "since). On a note of the watchlist: coverage (quiet, part or blind), since, until."
)


def stix_lines(report: Report, *, ascii_only: bool = False) -> Iterable[str]:
    """The bundle, on one line.

    Raises:
        UsageProblem: the package that checks STIX is not there.
    """
    stix = _package()
    desk = _desk(report)
    objects = [*_definition(), desk, *_identities(report).values()]
    objects += _analysts(report)
    for hit in _hits(report):
        objects += (_report(report, hit, desk["id"]), *_history(report, hit))
    objects.append(_coverage(report, desk["id"]))
    filtered = report.filter
    key = (filtered.signal, filtered.source, filtered.min_score, filtered.limit)
    bundle = {
        "type": "bundle",
        "id": _id("bundle", report, report.facts.revision, report.coverage.since, report.facts.until, *key),
        "objects": objects,
    }
    return (json_line(json.loads(stix.parse(bundle, version="2.1").serialize()), ascii_only=ascii_only),)


def _package() -> Any:
    try:
        import stix2
    except ImportError:
        raise UsageProblem(
            "a STIX bundle needs the package stix2", hint="pip install 'watcher[stix]', or --format json"
        ) from None
    return stix2


def _id(kind: str, report: Report, *parts: object) -> str:
    return f"{kind}--{stable_id('stix', kind, report.facts.watchlist, *parts)}"


def _object(kind: str, identity: str, created: Micros, until: Micros, **properties: object) -> dict[str, Any]:
    """An object with what all have in common; properties that are empty are left out.

    It counts as changed at the end of the period: a later bundle may tell more of it.
    """
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": identity,
        "created": _moment(created),
        "modified": _moment(max(created, until)),
        **_filled(properties),
    }


def _moment(at: Micros) -> str:
    return period.from_micros(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _filled(properties: Mapping[str, object]) -> dict[str, Any]:
    return {name: _clean(value) for name, value in properties.items() if value not in (None, "", (), [])}


def _clean(value: object) -> object:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def _own(**properties: object) -> dict[str, Any]:
    return {EXTENSION: {"extension_type": "property-extension", **_filled(properties)}}


# --- who --------------------------------------------------------------------------------------------------------------


def _desk(report: Report) -> dict[str, Any]:
    """Who made the bundle: the watchlist, a system and no person."""
    facts = report.facts
    return _object(
        "identity",
        _id("identity", report),
        _UNKNOWN,
        facts.until,
        name=f"watcher: {facts.watchlist}",
        description=facts.question,
        identity_class="system",
    )


def _definition() -> tuple[dict[str, Any], dict[str, Any]]:
    """What our extension holds, and who says so: the same two objects in every bundle of every desk."""
    ours = f"identity--{stable_id('stix', 'identity', 'watcher')}"
    definition = _object(
        "extension-definition",
        EXTENSION,
        _UNKNOWN,
        _UNKNOWN,
        created_by_ref=ours,
        name="watcher",
        schema=_SCHEMA,
        version="1.0.0",
        extension_types=["property-extension"],
    )
    return _object("identity", ours, _UNKNOWN, _UNKNOWN, name="watcher", identity_class="system"), definition


def _hits(report: Report) -> list[HitRow]:
    """Hits that stand, and those that analysts took out: who has an earlier bundle must learn that they are."""
    found = [hit for part in report.parts for hit in part.hits]
    found += [one.row for one in full_of(report).away]
    return sorted(found, key=lambda hit: (hit.first_seen, hit.hit_id, hit.signal))


def _identities(report: Report) -> dict[str, dict[str, Any]]:
    """The publishers of hits, by the names of their sources."""
    institutions = {source.name: source.institution for source in report.facts.sources}
    found: dict[str, dict[str, Any]] = {}
    for hit in _hits(report):
        if hit.source not in found:
            found[hit.source] = _object(
                "identity",
                _identity(report, hit),
                _UNKNOWN,
                report.facts.until,
                name=hit.publisher or hit.source or "unknown",
                description=institutions.get(hit.source, ""),
                identity_class="organization",
            )
    return dict(sorted(found.items()))


def _identity(report: Report, hit: HitRow) -> str:
    return _id("identity", report, "source", hit.source)


# --- what -------------------------------------------------------------------------------------------------------------


def _report(report: Report, hit: HitRow, desk: str) -> dict[str, Any]:
    extra = _extra(report, hit)
    return _object(
        "report",
        _hit_id(report, hit),
        hit.first_seen,
        _changed_at(report, hit),
        created_by_ref=desk,
        name=hit.title or "(no title)",
        description=" ".join("".join(text for text, _ in one.pieces).strip() for one in snippets_of(report, hit)),
        published=_moment(hit.first_seen),
        object_refs=[_identity(report, hit)],
        labels=[f"signal:{hit.signal}", *(f"rung:{rung}" for rung in (hit.rung,) if rung)],
        external_references=_references(hit),
    ) | {"extensions": _facts_of(report, hit, extra)}


def _extra(report: Report, hit: HitRow) -> HitExtra:
    full = full_of(report)
    if hit.hit_id in full.extras:
        return full.extras[hit.hit_id]
    away = {one.row.hit_id: one.state for one in full.away}
    return HitExtra(away[hit.hit_id]) if hit.hit_id in away else HitExtra()


def _changed_at(report: Report, hit: HitRow) -> Micros:
    """What was decided after the newest poll changes a report as well, and what was said of it before."""
    given = full_of(report).histories.get(hit.hit_id, ())
    return max(report.facts.until, *(one.decided_at for one in given), 0)


def _hit_id(report: Report, hit: HitRow) -> str:
    # Numbers of hits begin anew in each database; the time tells two desks of one watchlist apart.
    return _id("report", report, hit.signal, hit.hit_id, hit.first_seen)


def _references(hit: HitRow) -> list[dict[str, str]]:
    link = safe_link(hit.link)
    return [{"source_name": visible(hit.publisher or hit.source) or "unknown", "url": link}] if link else []


def _facts_of(report: Report, hit: HitRow, extra: HitExtra) -> dict[str, Any]:
    story = extra.story
    return _own(
        watchlist=hit.watchlist,
        hit=hit.hit_id,
        signal=hit.signal,
        signal_title=dict(report.facts.signals).get(hit.signal, ""),
        rung=hit.rung,
        score=hit.score,
        reason=hit.reason,
        published_at=None if hit.published is None else _moment(hit.published),
        sighting=hit.sighting,
        source=hit.source,
        family=hit.family,
        role=hit.role,
        reliability=hit.reliability,
        duplicate_of=hit.duplicate_of,
        story=story.story_id if story is not None else None,
        outlets=story.outlets if story is not None else None,
        origins=story.origins if story is not None else None,
        state=extra.state,
        grade=extra.grade,
        facets=[list(facet) for facet in extra.facets],
        wording_sha256=_digest(extra),
    )


def _digest(extra: HitExtra) -> str:
    """Of the wording that was scored. It is no hash of what the address gives, which only its page could tell."""
    if not extra.title and not extra.text:
        return ""
    return content_digest(extra.title, extra.text).hex()


# --- what was said of it, what could be seen --------------------------------------------------------------------------


def _analysts(report: Report) -> list[dict[str, Any]]:
    """Who decided, by the names as they are stored: nobody's else is made known."""
    names = {one.analyst for hit in _hits(report) for one in full_of(report).histories.get(hit.hit_id, ())}
    return [
        _object(
            "identity",
            _analyst(report, name),
            _UNKNOWN,
            report.facts.until,
            name=name or "unknown",
            identity_class="individual",
            roles=["analyst"],
        )
        for name in sorted(names)
    ]


def _analyst(report: Report, name: str) -> str:
    return _id("identity", report, "analyst", name)


OPINIONS = {
    Decision.CONFIRM.value: "agree",
    Decision.CORROBORATE.value: "agree",
    Decision.DISMISS.value: "disagree",
}
"""Verdicts on whether a hit holds, as STIX says it; nobody here agrees strongly. All others are notes."""


def _history(report: Report, hit: HitRow) -> Iterable[dict[str, Any]]:
    """Every verdict on a hit, oldest first: those that were taken back too."""
    given = full_of(report).histories.get(hit.hit_id, ())
    gone = taken_back(given)
    places = {one.id: _verdict_id(report, hit, one) for one in given}
    for one in given:
        kind = places[one.id].partition("--")[0]
        words = _opinion(one) if kind == "opinion" else {"content": _words_of(one), "authors": [one.analyst]}
        yield _object(
            kind,
            places[one.id],
            one.decided_at,
            _changed_at(report, hit),
            created_by_ref=_analyst(report, one.analyst),
            object_refs=[_hit_id(report, hit), *([places[one.undoes]] if one.undoes in places else [])],
            **words,
        ) | {"extensions": _own(**_row(one), stands=one.id not in gone)}


def _verdict_id(report: Report, hit: HitRow, one: Verdict) -> str:
    kind = "opinion" if one.verdict in OPINIONS else "note"
    return _id(kind, report, hit.signal, hit.hit_id, hit.first_seen, one.id, one.decided_at)


def _opinion(one: Verdict) -> dict[str, Any]:
    return {"opinion": OPINIONS[one.verdict], "explanation": one.note, "authors": [one.analyst]}


def _words_of(one: Verdict) -> str:
    """A verdict that is no opinion: ``undo: confirmed -> new``."""
    change = f"{one.from_state} -> {one.to_state}" if one.from_state != one.to_state else ""
    copy = f"of hit {one.duplicate_of_hit}" if one.duplicate_of_hit is not None else ""
    facts = " ".join(filter(None, (one.verdict, f"{one.reliability}{one.credibility}", copy)))
    return ": ".join(filter(None, (facts, change, one.note)))


def _row(one: Verdict) -> dict[str, Any]:
    return {
        "hit": one.hit_id,
        "verdict": one.verdict,
        "decision": one.id,
        "from": one.from_state,
        "to": one.to_state,
        "grade": f"{one.reliability}{one.credibility}",
        "duplicate_of": one.duplicate_of_hit,
        "undoes": one.undoes,
        "covered_by": one.covered_by,
    }


def _coverage(report: Report, desk: str) -> dict[str, Any]:
    """What could be seen in the period, so that few reports are not taken for quiet."""
    silence, since, until = silence_of(report), report.coverage.since, report.facts.until
    only = f" Only: {', '.join(report.only)}." if report.only else ""
    return _object(
        "note",
        _id("note", report, "coverage", since, until, *report.only),
        until,
        until,
        created_by_ref=desk,
        abstract="What could be seen in the period",
        content=f"Seen from {period.show_iso(since)} to {period.show_iso(until)}: {silence.why}.{only}",
        object_refs=[desk],
    ) | {"extensions": _own(coverage=silence.state, since=_moment(since), until=_moment(until))}
