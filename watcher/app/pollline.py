"""What is told of one poll, and the one line it becomes in a log. Must not: print or log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from watcher.core.cadence import NEVER
from watcher.core.errors import LeaseLostError
from watcher.core.intents import PollIntent
from watcher.core.model import SECOND, Claim, Micros, Outcome


@dataclass(frozen=True, slots=True)
class PollLine:
    """One poll, as its one line tells it. ``entries`` counts new ones, ``seen`` all in the body."""

    source: str
    outcome: str
    status: int | None = None
    seen: int = 0
    entries: int = 0
    revisions: int = 0
    hits: int = 0
    alerts: int = 0
    phase: str = ""
    error: str = ""
    detail: str = ""
    warnings: tuple[str, ...] = ()
    health: str = ""
    failures: int = 0
    next_at: Micros | None = None
    elapsed_s: float = 0.0
    is_outage: bool = False

    @property
    def is_failure(self) -> bool:
        """True where the source could not be read, or the poll not be stored."""
        return self.outcome == Outcome.FAILED

    def __str__(self) -> str:
        """The canonical line; free text comes last and quoted, so that nobody can forge a field or a second line."""
        head = f"feed={word(self.source)} outcome={word(self.outcome)}"
        if self.is_failure:
            told = f" phase={word(self.phase)} error={word(self.error)} failures={self.failures} next={moment(self.next_at)}"
            return f"{head}{told} detail={quoted(self.detail)}"
        counts = f" entries={self.seen} new={self.entries} edited={self.revisions} hits={self.hits}"
        warned = f" warning={quoted('; '.join(self.warnings))}" if self.warnings else ""
        return f"{head}{counts} next={moment(self.next_at)}{warned}"


def line_of_intent(intent: PollIntent, counts: Mapping[str, int], *, is_outage: bool = False) -> PollLine:
    """The line of a poll that was written."""
    return PollLine(
        source=intent.claim.spec.id,
        outcome=intent.outcome.value,
        status=intent.status,
        seen=intent.entries_seen,
        entries=counts.get("entries", 0),
        revisions=counts.get("revisions", 0),
        hits=counts.get("hits", 0),
        alerts=counts.get("alerts", 0),
        phase=intent.phase,
        error=intent.error,
        detail=intent.detail,
        warnings=intent.warnings,
        health=intent.change.health.value,
        failures=intent.change.failures,
        next_at=intent.change.next_poll_at,
        elapsed_s=(intent.finished_at - intent.started_at) / SECOND,
        is_outage=is_outage,
    )


def line_of_loss(claim: Claim, error: Exception) -> PollLine:
    """The line of a poll that was thrown away: its lease was lost, or the database refused."""
    kind = "lease-lost" if isinstance(error, LeaseLostError) else type(error).__name__
    return PollLine(
        source=claim.spec.id,
        outcome=Outcome.FAILED.value,
        phase="store",
        error=kind,
        detail=str(error)[:200],
        health=claim.health,
        failures=claim.failures,
        next_at=claim.lease_until,
    )


def word(text: str) -> str:
    """A value as one word: white space becomes a hyphen, what is not plain is escaped."""
    return "-".join(_plain(text).split()) or "-"


def quoted(text: str) -> str:
    """A value in double quotes on one line."""
    return '"' + _plain(" ".join(text.split())).replace('"', "'") + '"'


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text)


def moment(at: Micros | None) -> str:
    """A time to the second, UTC; ``never`` for a source that is not asked again."""
    if at is None or at >= NEVER:
        return "never"
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ")
