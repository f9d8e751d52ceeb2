"""From the outcome of a poll to the health of its source, with hysteresis. Must not: decide when to poll.

One bad answer does not make a source blind: the state turns after three failures in a row, or after six hours without a
readable answer, whichever is first. A source that was never read has nothing to hold on to, and 410 is final.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.core.model import SECOND, Claim, Micros, SourceHealth

FAILURES_TO_TURN = 3
TIME_TO_TURN: Micros = 6 * 3600 * SECOND
KILLS_TO_QUARANTINE = 3
# A death of the whole process costs everybody, and at the second one the source was polled alone: that is enough.
DEATHS_TO_QUARANTINE = 2
OUTAGE_REASON = "the fault is on this machine: no name resolves, or no child can be started"
SEEING = frozenset({SourceHealth.OK, SourceHealth.UNCHANGED, SourceHealth.EMPTY})

# How a child of the sandbox ends when a body is more than it may cost.
KILLED_KINDS = frozenset({"cpu-limit", "crashed", "killed", "memory", "timeout"})
_NOT_A_FEED_KINDS = frozenset({"empty-body", "not-a-feed", "sitemap-index"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Health with its reason, and the failures in a row that it stands on."""

    health: SourceHealth
    reason: str
    failures: int


def can_see(health: str) -> bool:
    """True where a source in this state shows us what it publishes."""
    return health in SEEING


def after_body(entries: int, warnings: tuple[str, ...] = (), silence: str = "") -> Verdict:
    """A body was read: ``entries`` counts its items, those skipped as seen included; ``silence`` is that of `core.pace`."""
    if entries == 0:
        return Verdict(SourceHealth.EMPTY, "the source has no entries", 0)
    if silence:
        return Verdict(SourceHealth.STALE, silence, 0)
    return Verdict(SourceHealth.OK, warnings[0] if warnings else "", 0)


def after_same(claim: Claim, silence: str = "") -> Verdict:
    """The source says, or its bytes show, that nothing changed: a state that sees stays, any other becomes unchanged."""
    if silence and claim.health != SourceHealth.EMPTY:
        return Verdict(SourceHealth.STALE, silence, 0)
    if can_see(claim.health):
        return Verdict(SourceHealth(claim.health), "", 0)
    return Verdict(SourceHealth.UNCHANGED, "", 0)


def ran_dry(claim: Claim, verdict: Verdict, now: Micros) -> tuple[str, ...]:
    """A warning where a source that used to have entries is empty for the third poll in a row, or longer."""
    is_third = (
        verdict.health is SourceHealth.EMPTY == claim.health
        and claim.health_since is not None
        and now - claim.health_since >= 2 * claim.spec.interval_s * SECOND
    )
    if not is_third or not claim.arrivals:
        return ()
    return ("it lists nothing any more, though it used to: look whether the publisher moved",)


def after_failure(claim: Claim, phase: str, kind: str, detail: str, status: int | None, now: Micros) -> Verdict:
    """The source could not be read."""
    failures = claim.failures + 1
    reason = f"{phase}: {kind}: {detail}" if detail else f"{phase}: {kind}"
    if is_quarantined(claim, phase, kind):
        return Verdict(SourceHealth.QUARANTINED, reason, failures)
    health = _failing(phase, kind, status)
    if health is not SourceHealth.GONE and _holds(claim, failures, now):
        return Verdict(SourceHealth(claim.health), "", failures)
    return Verdict(health, reason, failures)


def after_outage(claim: Claim, now: Micros) -> Verdict:
    """The fault is on this machine: no failure of the source is counted, but after a while it is not seen any more."""
    if _holds(claim, 0, now):
        return Verdict(SourceHealth(claim.health), "", claim.failures)
    return Verdict(SourceHealth.UNREACHABLE, OUTAGE_REASON, claim.failures)


def is_quarantined(claim: Claim, phase: str, kind: str) -> bool:
    """True from the third body in a row that killed the sandbox, and on any further one."""
    is_known = claim.crashes + 1 >= KILLS_TO_QUARANTINE or claim.health == SourceHealth.QUARANTINED
    return is_harm(phase, kind) and is_known


def is_harm(phase: str, kind: str) -> bool:
    """True where a body ended its child: other failures cost a poll, this one costs the machine."""
    return phase in ("decode", "parse", "match") and kind in KILLED_KINDS


def _holds(claim: Claim, failures: int, now: Micros) -> bool:
    """True where a source that we saw may fail once more before its state turns."""
    if not (can_see(claim.health) or claim.health == SourceHealth.STALE) or failures >= FAILURES_TO_TURN:
        return False
    return claim.last_ok_at is not None and now - claim.last_ok_at < TIME_TO_TURN


def _failing(phase: str, kind: str, status: int | None) -> SourceHealth:
    if status == 410:
        return SourceHealth.GONE
    if status == 401:
        return SourceHealth.AUTH
    if kind == "blocked" or status in (403, 429, 451):
        return SourceHealth.BLOCKED
    if kind in _NOT_A_FEED_KINDS:
        return SourceHealth.NOT_A_FEED
    if phase in ("decode", "parse", "match"):
        return SourceHealth.PARSE_ERROR
    return SourceHealth.UNREACHABLE
