"""Stored state + parsed feed + now → what one poll writes. Must not: look anything up, read a clock, roll dice.

The store is asked in between: ``resolve.name_entries`` says under which keys, links and digests the entries of a body may be
known; ``decide_body`` gets what the store found and decides. Both are pure, so a crash can only repeat them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec.structs import replace

from watcher.core import alarm, cadence, health, moved, pace
from watcher.core.errors import SourceError
from watcher.core.intents import Departed, EntryIntent, HostHold, Notice, PollIntent, SourceChange, StoredEntry
from watcher.core.limits import Limits
from watcher.core.model import SECOND, Assessment, Claim, Fetched, Micros, Outcome, ParsedFeed, Sighting, SourceHealth
from watcher.core.resolve import Known, Named, NamedBody

# An entry that changes at every poll (a counter in its text) stops making revisions here, unless one makes a hit.
REVISIONS_PER_ENTRY = 1000
_NO_REVISIONS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Times:
    """When a poll began and ended, and the jitter (0 to 1) for its successor."""

    started_at: Micros
    now: Micros
    jitter: float


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a source could not be read. ``outage``: the fault is ours. ``postponed``: its host told us to wait, nobody asked.

    ``host`` is set where that host is to be left alone, for all its sources, as long as ``retry_after_s`` says.
    """

    phase: str
    kind: str
    detail: str
    status: int | None = None
    retry_after_s: float | None = None
    outage: bool = False
    postponed: bool = False
    host: str = ""

    @classmethod
    def of(cls, error: SourceError) -> Fault:
        """The fault that an error of fetcher or sandbox tells of."""
        return cls(
            error.phase,
            error.kind,
            error.detail,
            error.status,
            error.retry_after_s,
            outage=error.kind == "no-child",
            postponed=error.kind == "host-on-hold",
            host=error.host,
        )


@dataclass(frozen=True, slots=True)
class BodyDecision:
    """What to write for the entries of a body.

    ``seen`` are known entries that came again and need nothing written; ``seen_items`` tells the digest of their bytes,
    which did change (else they would not have been parsed).
    """

    entries: tuple[EntryIntent, ...]
    seen: tuple[int, ...]
    seen_items: tuple[tuple[int, bytes], ...]
    warnings: tuple[str, ...]


@dataclass(slots=True)
class _Decided:
    """What came of the entries of a body."""

    intents: list[EntryIntent] = field(default_factory=list)
    seen: dict[int, Named] = field(default_factory=dict)
    loose: int = 0
    restless: int = 0


def decide_entries(
    body: NamedBody, stored: Iterable[StoredEntry], *, is_first: bool, now: Micros, limits: Limits
) -> BodyDecision:
    """What to write for the entries of a body."""
    known, decided = Known.of(stored), _Decided()
    oldest = now - round(limits.backfill_age_s * SECOND)
    for named, (found, is_alias) in zip(body.entries, known.resolve(body), strict=True):
        if found is None:
            decided.intents.append(_new(named, known, is_first=is_first, oldest=oldest))
        else:
            _meet(decided, named, found, is_alias=is_alias, is_first=is_first)
    written = {intent.entry_id for intent in decided.intents}
    same = {entry_id: named for entry_id, named in decided.seen.items() if entry_id not in written}
    items = tuple((entry_id, n.scored.entry.item_digest) for entry_id, n in same.items() if n.scored.entry.item_digest)
    return BodyDecision(tuple(decided.intents), tuple(same), items, _odd(decided))


def _odd(decided: _Decided) -> tuple[str, ...]:
    told = []
    if decided.loose:
        told.append(f"{decided.loose} entries read by the tolerant parser only: what was read strictly before stays")
    if decided.restless:
        told.append(
            f"{decided.restless} entries change at every poll: revisions beyond {REVISIONS_PER_ENTRY} are not kept"
        )
    return tuple(told)


def _new(named: Named, known: Known, *, is_first: bool, oldest: Micros) -> EntryIntent:
    entry = named.scored.entry
    duplicate = known.duplicate(named)
    hits = _reached(named.scored.assessments)
    if is_first or (entry.published is not None and entry.published < oldest):
        sighting = Sighting.BACKFILLED
    else:
        is_known = duplicate is not None or known.was_pruned(named)
        sighting = Sighting.REPUBLISHED if is_known else Sighting.NEW
    return EntryIntent(
        scored=named.scored,
        entry_id=None,
        key=named.key,
        link_key=named.link,
        content_digest=named.content,
        sighting=sighting,
        hits=hits,
        alerts=hits if sighting is Sighting.NEW else (),
        duplicate_of=duplicate,
    )


def _meet(decided: _Decided, named: Named, found: StoredEntry, *, is_alias: bool, is_first: bool) -> None:
    """An entry that we know: mark it as seen, and write what is new about it, if anything."""
    if found.is_tombstone:
        return
    decided.seen[found.entry_id] = named
    is_edited = found.content_digest != named.content
    if is_edited and named.is_loose and not found.is_loose:
        decided.loose += 1
        is_edited = False
    hits = tuple(hit for hit in _reached(named.scored.assessments) if hit not in found.hits) if is_edited else ()
    if is_edited and not hits and found.revision_no >= REVISIONS_PER_ENTRY:
        decided.restless += 1
        is_edited = False
    if is_edited or is_alias:
        decided.intents.append(
            _known_intent(named, found, hits, is_edited=is_edited, is_alias=is_alias, is_first=is_first)
        )


def _known_intent(
    named: Named,
    found: StoredEntry,
    hits: tuple[tuple[str, str], ...],
    *,
    is_edited: bool,
    is_alias: bool,
    is_first: bool,
) -> EntryIntent:
    return EntryIntent(
        scored=named.scored,
        entry_id=found.entry_id,
        key=found.key,
        link_key=named.link or found.link_key,
        content_digest=named.content if is_edited else found.content_digest,
        sighting=Sighting.UPDATED if is_edited else Sighting.REPUBLISHED,
        revision_no=found.revision_no + 1 if is_edited else found.revision_no,
        new_revision=is_edited,
        aliases=(named.key,) if is_alias else (),
        hits=hits,
        alerts=() if is_first else hits,
    )


def _reached(assessments: Mapping[str, Sequence[Assessment]]) -> tuple[tuple[str, str], ...]:
    if not any(assessments.values()):  # most entries
        return ()
    return tuple(
        (watchlist, one.signal) for watchlist in sorted(assessments) for one in assessments[watchlist] if one.reached
    )


# --- the whole poll ------------------------------------------------------------------------------------------------


def decide_body(
    claim: Claim,
    fetched: Fetched,
    feed: ParsedFeed,
    body: NamedBody,
    stored: Iterable[StoredEntry],
    left: Departed,
    times: Times,
    limits: Limits,
    *,
    revisions: Mapping[str, str] = _NO_REVISIONS,
) -> PollIntent:
    """A body was read and parsed. ``left`` are known entries that are not in it any more."""
    decided = decide_entries(body, stored, is_first=claim.is_first, now=times.now, limits=limits)
    count = len(feed.item_digests) or len(feed.entries) + feed.skipped
    arrivals = _arrivals(claim, feed, decided, times.now)
    verdict = health.after_body(count, silence=pace.silence(arrivals, times.now))
    wishes = cadence.Wishes(fetched.max_age_s, feed.ttl_s, feed.skip_hours, feed.skip_days)
    then = cadence.after_success(times.now, claim.spec.interval_s, wishes, times.jitter, limits)
    alarmed = alarm.after_poll(claim, verdict, times.now)
    place = moved.after_answer(claim.moved, fetched.hops, fetched.url, times.now)
    change = _remembered(claim, fetched, feed, verdict, _Then(times.now, then.at, alarmed.at, arrivals, place))
    told = (
        *health.ran_dry(claim, verdict, times.now),
        *moved.told(claim.moved, place),
        *_frozen(claim, fetched, times),
    )
    cut = () if not feed.partial else ("the body ended early: what was whole in it is kept, and it is asked for again",)
    return PollIntent(
        claim=claim,
        started_at=times.started_at,
        finished_at=times.now,
        outcome=Outcome.NEW_BODY,
        status=fetched.status,
        phase="",
        error="",
        detail="",
        warnings=(*feed.warnings, *cut, *body.warnings, *decided.warnings, *then.warnings, *told),
        fetched=fetched,
        format=feed.format,
        entries_seen=count,
        change=change,
        entries=decided.entries,
        seen=decided.seen,
        seen_items=decided.seen_items,
        left=left.rolled,
        vanished=left.withdrawn,
        revisions=revisions,
        notices=_notices(alarmed),
    )


class _Then(NamedTuple):
    """What follows from a body for the source beside its health."""

    now: Micros
    due: Micros
    alarmed_at: Micros | None
    arrivals: tuple[int, ...]
    moved: moved.Moved


def _remembered(claim: Claim, fetched: Fetched, feed: ParsedFeed, verdict: health.Verdict, then: _Then) -> SourceChange:
    """What the next poll starts from. A body that ended early is asked for again: no validator and no digest of it is kept."""
    is_whole = not feed.partial
    return SourceChange(
        next_poll_at=then.due,
        health=verdict.health,
        reason=verdict.reason,
        failures=verdict.failures,
        last_ok_at=then.now,
        body_at=then.now,
        alarmed_at=then.alarmed_at,
        arrivals=then.arrivals,
        moved=then.moved,
        etag=fetched.etag if is_whole else "",
        last_modified=fetched.last_modified if is_whole else "",
        body_digest=fetched.digest if is_whole else claim.body_digest,
        item_digests=feed.item_digests if is_whole else None,
        kind_state=feed.kind_state if is_whole else claim.kind_state,
        ttl_s=feed.ttl_s,
        quiet_hours=feed.skip_hours,
        quiet_days=feed.skip_days,
    )


def _arrivals(claim: Claim, feed: ParsedFeed, decided: BodyDecision, now: Micros) -> tuple[int, ...]:
    """When the source brought something new, with this poll: the first body tells by its dates of what was before us."""
    if claim.is_first:
        return pace.from_claims((parsed.entry.published for parsed in feed.entries), now)
    is_new = any(intent.entry_id is None for intent in decided.entries)
    return pace.arrived(claim.arrivals, now) if is_new else claim.arrivals


def _notices(alarmed: alarm.Alarm) -> tuple[Notice, ...]:
    return () if alarmed.notice is None else (alarmed.notice,)


def decide_same(claim: Claim, fetched: Fetched, times: Times, limits: Limits) -> PollIntent:
    """Nothing changed: a 304, or a body whose bytes we know."""
    verdict = health.after_same(claim, pace.silence(claim.arrivals, times.now))
    wishes = cadence.Wishes(fetched.max_age_s, claim.ttl_s, claim.quiet_hours, claim.quiet_days)
    then = cadence.after_success(times.now, claim.spec.interval_s, wishes, times.jitter, limits)
    is_304 = fetched.not_modified
    alarmed = alarm.after_poll(claim, verdict, times.now)
    place = moved.after_answer(claim.moved, fetched.hops, fetched.url, times.now)
    change = SourceChange(
        next_poll_at=then.at,
        health=verdict.health,
        reason=verdict.reason,
        failures=verdict.failures,
        # Validators are those of the latest 200: a 304 changes nothing about them.
        etag=claim.etag if is_304 else fetched.etag,
        last_modified=claim.last_modified if is_304 else fetched.last_modified,
        body_digest=claim.body_digest,
        item_digests=None,
        last_ok_at=times.now,
        kind_state=claim.kind_state,
        alarmed_at=alarmed.at,
        ttl_s=claim.ttl_s,
        quiet_hours=claim.quiet_hours,
        quiet_days=claim.quiet_days,
        arrivals=claim.arrivals,
        body_at=claim.body_at if is_304 else times.now,
        moved=place,
    )
    told = (*then.warnings, *health.ran_dry(claim, verdict, times.now), *moved.told(claim.moved, place))
    return PollIntent(
        claim=claim,
        started_at=times.started_at,
        finished_at=times.now,
        outcome=Outcome.NOT_MODIFIED if is_304 else Outcome.SAME_BODY,
        status=fetched.status,
        phase="",
        error="",
        detail="",
        warnings=told,
        fetched=fetched,
        format="",
        entries_seen=0,
        change=change,
        notices=_notices(alarmed),
    )


def decide_failed(claim: Claim, fault: Fault, fetched: Fetched | None, times: Times, limits: Limits) -> PollIntent:
    """The source could not be read. What is stored of it stays: validators, digests, entries."""
    verdict = _after_fault(claim, fault, times.now)
    setback = cadence.Setback(
        failures=verdict.failures,
        status=fault.status,
        retry_after_s=fault.retry_after_s,
        outage=fault.outage,
        quarantined=verdict.health is SourceHealth.QUARANTINED,
        postponed=fault.postponed,
    )
    then = cadence.after_failure(times.now, claim.spec.interval_s, setback, times.jitter, limits)
    alarmed = alarm.after_poll(claim, verdict, times.now, is_ours=fault.outage or fault.postponed)
    place = moved.after_failure(claim.moved, verdict.failures)
    change = SourceChange(
        next_poll_at=then.at,
        health=verdict.health,
        reason=verdict.reason,
        failures=verdict.failures,
        etag=claim.etag,
        last_modified=claim.last_modified,
        body_digest=claim.body_digest,
        item_digests=None,
        last_ok_at=claim.last_ok_at,
        kind_state=claim.kind_state,
        retry_not_before=cadence.not_before(times.now, fault.retry_after_s, limits),
        crashes=claim.crashes + health.is_harm(fault.phase, fault.kind),
        alarmed_at=alarmed.at,
        ttl_s=claim.ttl_s,
        quiet_hours=claim.quiet_hours,
        quiet_days=claim.quiet_days,
        arrivals=claim.arrivals,
        body_at=claim.body_at,
        moved=place,
    )
    return PollIntent(
        claim=claim,
        started_at=times.started_at,
        finished_at=times.now,
        outcome=Outcome.FAILED,
        status=fault.status,
        phase=fault.phase,
        error=fault.kind,
        detail=fault.detail[:200],
        warnings=(*then.warnings, *moved.told(claim.moved, place)),
        fetched=fetched,
        format="",
        entries_seen=0,
        change=change,
        notices=_notices(alarmed),
        holds=_holds(fault, times.now, limits),
    )


def _holds(fault: Fault, now: Micros, limits: Limits) -> tuple[HostHold, ...]:
    until = cadence.not_before(now, fault.retry_after_s, limits)
    return (HostHold(fault.host, until, fault.detail[:200]),) if fault.host and until is not None else ()


def _after_fault(claim: Claim, fault: Fault, now: Micros) -> health.Verdict:
    """Our own outage and a wait that a host asked for say nothing about a source; but an outage makes us blind."""
    if fault.postponed:
        return health.Verdict(SourceHealth(claim.health), "", claim.failures)
    if fault.outage:
        return health.after_outage(claim, now)
    return health.after_failure(claim, fault.phase, fault.kind, fault.detail, fault.status, now)


# Where nothing new has come for so long from a source that used to bring some, its validators may be broken; and how
# often that is looked at, by asking in full.
FROZEN_AFTER: Micros = 30 * 86_400 * SECOND
FULL_EVERY: Micros = 7 * 86_400 * SECOND


def asked(claim: Claim, now: Micros) -> Claim:
    """The claim as it is fetched: at the address it moved to, and without validators where those may be frozen."""
    if claim.moved.adopted:
        claim = replace(claim, spec=replace(claim.spec, url=claim.moved.to))
    return replace(claim, etag="", last_modified="") if _may_be_frozen(claim, now) else claim


def _may_be_frozen(claim: Claim, now: Micros) -> bool:
    """Not modified for a month, though it used to bring something: a publisher whose validators never change again."""
    if claim.body_at is None or now - claim.body_at <= FULL_EVERY or not claim.arrivals:
        return False
    is_silent = now - claim.arrivals[-1] * SECOND > FROZEN_AFTER
    return is_silent and pace.silence_limit_s(claim.arrivals) is not None


def _frozen(claim: Claim, fetched: Fetched, times: Times) -> tuple[str, ...]:
    """A warning where a body that we asked for in full had changed under validators that had not."""
    is_same = bool(claim.etag or claim.last_modified) and (
        (claim.etag, claim.last_modified) == (fetched.etag, fetched.last_modified)
    )
    if not is_same or not _may_be_frozen(claim, times.started_at):
        return ()
    return ("its validators do not change though it does: asked in full once a week where it is silent",)


def unasked_304(claim: Claim) -> bool:
    """True where a 304 answers a request that held no validators: a fault of the server, asked again in full."""
    return not claim.etag and not claim.last_modified
