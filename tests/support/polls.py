"""Documents, claims and polls to store. Times count from `T0`; everything else is named after what a test names it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from watcher.core.document import Document, Place, Query, Rule, Signal
from watcher.core.intents import EntryIntent, PollIntent, SourceChange
from watcher.core.model import (
    SECOND,
    Assessment,
    Claim,
    Entry,
    Evidence,
    FacetMention,
    Fetched,
    FigureReading,
    Firing,
    Match,
    Outcome,
    Part,
    ScoredEntry,
    Sighting,
    SourceHealth,
    SourceSpec,
)

T0 = 1_765_800_000 * SECOND
HOUR = 3600 * SECOND
REVISION = "ab" * 32


def digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()


def source(name: str, **changes: Any) -> SourceSpec:
    spec = SourceSpec(
        id=name,
        kind="feed",
        url=f"https://{name}.example/feed",
        title=f"The {name}",
        publisher=f"Publisher of {name}",
        family=f"family-{name}",
        language="en",
        role="primary",
        reliability="B",
        rationale=f"why {name}",
        institution="UN",
    )
    return replace(spec, **changes)


def document(*sources: SourceSpec, name: str = "pact", revision: str = REVISION, **changes: Any) -> Document:
    rule = Rule("given", Query("note", Place()), 60.0, rung="claimed")
    signal = Signal("offer", "An offer is made", (rule,), ladder="pact")
    base = Document(
        id=name,
        main="watchlist.yaml",
        question="Does it move?",
        language="en",
        timezone="Europe/Brussels",
        revision=revision,
        files={"watchlist.yaml": "watchlist: pact\n"},
        ladders={"pact": ("claimed", "text exists")},
        concepts={},
        facets=(),
        signals=(signal,),
        figures=(),
        sources=sources,
        timeline=(),
        positions=(),
        retired=(),
    )
    return replace(base, **changes)


def assessment(signal: str = "offer", score: float = 70.0, **changes: Any) -> Assessment:
    match = Match("note", "text", 0, 4, form="note")
    found = Assessment(
        signal=signal,
        score=score,
        rung="claimed",
        reached=score >= 50,
        parts=(Part("rule", "given", 60.0, 1.0, score),),
        firings=(Firing("given", (match,)),),
        facets=(FacetMention("institution", "nato", match),),
    )
    return replace(found, **changes)


def entry_intent(
    name: str,
    *,
    found: Sequence[Assessment] = (),
    hit: bool = False,
    alert: bool = False,
    watchlist: str = "pact",
    figures: tuple[FigureReading, ...] = (),
    entry: Mapping[str, Any] | None = None,
    **changes: Any,
) -> EntryIntent:
    said = Entry(
        guid=name,
        link=f"https://x.example/{name}",
        title=f"Title {name}",
        text=f"note {name}",
        item_digest=digest(f"item {name}"),
    )
    said = replace(said, **(entry or {}))
    evidence = {watchlist: Evidence(REVISION, digest(name), figures=figures)} if found else {}
    signals = tuple((watchlist, one.signal) for one in found if one.reached)
    intent = EntryIntent(
        scored=ScoredEntry(said, evidence, {watchlist: tuple(found)}),
        entry_id=None,
        key=digest(f"key {name}"),
        link_key=digest(f"link {name}"),
        content_digest=digest(f"content {said.title} {said.text}"),
        sighting=Sighting.NEW,
        hits=signals if hit or alert else (),
        alerts=signals if alert else (),
    )
    return replace(intent, **changes)


def hit_intent(name: str, *, score: float = 70.0, **changes: Any) -> EntryIntent:
    return entry_intent(name, found=(assessment(score=score),), hit=True, **changes)


def fetched(claim: Claim, body: bytes) -> Fetched:
    return Fetched(
        status=200,
        url=claim.spec.url,
        headers=(("content-type", "application/rss+xml"), ("etag", '"1"')),
        body=body,
        digest=hashlib.sha256(body).digest(),
        etag='"1"',
        last_modified="",
        hops=(),
        elapsed_s=0.25,
        wire_bytes=len(body),
    )


def poll(claim: Claim, *entries: EntryIntent, at: int = T0, body: bytes | None = None, **changes: Any) -> PollIntent:
    answer = fetched(claim, body if body is not None else b"body at %d" % at)
    items = tuple(entry.scored.entry.item_digest for entry in entries)
    change = SourceChange(
        next_poll_at=at + HOUR,
        health=SourceHealth.OK,
        reason="",
        failures=0,
        etag=answer.etag,
        last_modified="",
        body_digest=answer.digest,
        item_digests=items,
        last_ok_at=at,
    )
    change = replace(change, **changes.pop("change", {}))
    intent = PollIntent(
        claim=claim,
        started_at=at - SECOND,
        finished_at=at,
        outcome=Outcome.NEW_BODY,
        status=200,
        phase="",
        error="",
        detail="",
        warnings=(),
        fetched=answer,
        format="rss20",
        entries_seen=len(entries),
        change=change,
        entries=entries,
    )
    return replace(intent, **changes)


def failed_poll(claim: Claim, *, at: int = T0, **changes: Any) -> PollIntent:
    intent = poll(claim, at=at)
    change = replace(
        intent.change,
        health=SourceHealth.UNREACHABLE,
        reason="timeout",
        failures=claim.failures + 1,
        item_digests=None,
        etag=claim.etag,
        body_digest=claim.body_digest,
        last_ok_at=claim.last_ok_at,
    )
    failed = replace(
        intent,
        outcome=Outcome.FAILED,
        status=None,
        phase="connect",
        error="timeout",
        detail="no answer in 10 s",
        fetched=None,
        entries_seen=0,
        change=replace(change, **changes.pop("change", {})),
    )
    return replace(failed, **changes)
