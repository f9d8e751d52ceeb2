"""When the failure of a source is told, and that it is over. Must not: send, or decide the state.

Told once: after three failures in a row, or two and six hours without a readable answer; at once where the source is gone
for good, harms us, or has been silent beyond its cadence. Its end is told once. What is our own fault alarms nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.core.health import FAILURES_TO_TURN, TIME_TO_TURN, Verdict, can_see
from watcher.core.intents import Notice
from watcher.core.model import Claim, Micros, SourceHealth

_AT_ONCE = frozenset({SourceHealth.GONE, SourceHealth.QUARANTINED, SourceHealth.STALE})


@dataclass(frozen=True, slots=True)
class Alarm:
    """Since when the source is reported as failing (None: it is not), and what is to be told now."""

    at: Micros | None
    notice: Notice | None = None


def after_poll(claim: Claim, verdict: Verdict, now: Micros, *, is_ours: bool = False) -> Alarm:
    """What a poll changes. ``is_ours``: it failed by our own fault, or nobody was asked."""
    if is_ours:
        return Alarm(claim.alarmed_at)
    if claim.alarmed_at is None:
        if not _is_due(claim, verdict, now):
            return Alarm(None)
        return Alarm(now, _notice(claim, verdict, now, now, "failing"))
    if can_see(verdict.health) and not verdict.failures:
        return Alarm(None, _notice(claim, verdict, claim.alarmed_at, now, "recovered"))
    return Alarm(claim.alarmed_at)


def _is_due(claim: Claim, verdict: Verdict, now: Micros) -> bool:
    if verdict.health in _AT_ONCE:
        return True
    since = claim.last_ok_at if claim.last_ok_at is not None else claim.health_since
    is_long = since is not None and now - since >= TIME_TO_TURN
    return verdict.failures >= (FAILURES_TO_TURN - 1 if is_long else FAILURES_TO_TURN)


def _notice(claim: Claim, verdict: Verdict, alarmed_at: Micros, now: Micros, event: str) -> Notice:
    """The key holds when it began, so that it is the same however often this poll is tried."""
    payload: dict[str, object] = {
        "event": event,
        "source": claim.spec.id,
        "title": claim.spec.title,
        "publisher": claim.spec.publisher,
        "state": verdict.health.value,
        "reason": verdict.reason,
        "failures": verdict.failures,
        "last_read": claim.last_ok_at if event == "failing" else now,
        "failing_since": alarmed_at,
        "more": f"watcher sources {claim.spec.id}",
    }
    return Notice(f"health:{claim.source_id}:{alarmed_at}:{event}", payload)
