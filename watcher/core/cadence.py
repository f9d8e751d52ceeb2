"""When a source is polled next: the user's interval, the publisher's wishes, back-off. Must not: read a clock or roll dice.

Jitter comes in as a number in [0, 1) and only ever delays: a gap is never shorter than the interval. What a publisher
asks for is obeyed up to a cap, since a hostile one must not be able to silence polling; over the cap we warn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watcher.core.limits import Limits
from watcher.core.model import SECOND, Micros

# 9999-12-31: a date every database and every calendar can hold, and nobody will see.
NEVER: Micros = 253_402_214_400 * SECOND
HOUR_S = 3600
DAY_S = 86400
_MONDAY = 4 * DAY_S  # 1970-01-05, the first Monday of the epoch
CLOSED_STATUSES = frozenset({401, 403, 451})


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a publisher asks for: seconds of ``max-age`` or ``Expires``, ``ttl`` or ``sy:update*``, hours and days of rest.

    ``skip_hours`` are GMT; ``skip_days`` count from Monday = 0.
    """

    max_age_s: float | None = None
    ttl_s: float | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Setback:
    """A poll that failed: how many in a row with this one, the status if there was one, what was asked for.

    ``outage`` says that the fault is ours (no name resolves at all): nobody's counter grows. ``quarantined`` slows a
    source whose bodies kill the sandbox. ``postponed`` means that we did not ask at all, because its host told us to wait.
    """

    failures: int
    status: int | None = None
    retry_after_s: float | None = None
    outage: bool = False
    quarantined: bool = False
    postponed: bool = False


@dataclass(frozen=True, slots=True)
class NextPoll:
    """When, and what to tell about it."""

    at: Micros
    warnings: tuple[str, ...] = ()


def after_success(now: Micros, interval_s: float, wishes: Wishes, jitter: float, limits: Limits) -> NextPoll:
    """The next poll after a readable answer: the latest of the interval and all wishes, plus positive jitter."""
    delay, warnings = _obeyed(interval_s, (("max-age", wishes.max_age_s), ("ttl", wishes.ttl_s)), limits)
    at = now + _micros(delay + jitter * limits.jitter_share * interval_s)
    rested, is_silenced = _after_rest(at, now, wishes, limits)
    if is_silenced:
        warnings = (*warnings, _silence("skipHours and skipDays leave no hour", limits))
    return NextPoll(rested, warnings)


def after_failure(now: Micros, interval_s: float, setback: Setback, jitter: float, limits: Limits) -> NextPoll:
    """The next poll after a failure: back-off with full jitter, never sooner than a Retry-After, never within the interval.

    404 is asked for once a day; 410 means stop; our own outage costs five minutes at most.
    """
    if setback.outage:
        return NextPoll(now + _micros(limits.start_spread_s * (0.2 + 0.8 * jitter)))
    if setback.status == 410:
        return NextPoll(NEVER, ("the publisher says it is gone for good (410): not asked again",))
    delay, warnings = _obeyed(0.0, (("Retry-After", setback.retry_after_s),), limits)
    spread = jitter * limits.jitter_share * interval_s
    if not setback.postponed:
        delay = max(delay, _backoff(interval_s, setback, jitter, limits))
    return NextPoll(now + _micros(delay + spread), warnings)


def not_before(now: Micros, retry_after_s: float | None, limits: Limits) -> Micros | None:
    """Until when a publisher asked not to be asked at all, capped; None where it did not."""
    return None if retry_after_s is None else now + _micros(min(retry_after_s, limits.publisher_hint_cap_s))


def _backoff(interval_s: float, setback: Setback, jitter: float, limits: Limits) -> float:
    if setback.status == 404:
        return max(interval_s, limits.backoff_cap_s)
    # 2**30 seconds are decades: the exponent is bounded so that a counter of years cannot overflow a float.
    ceiling = interval_s * 2.0 ** min(setback.failures, 30)
    floor = interval_s * (4.0 if setback.quarantined else 1.0)
    # An interval longer than the cap stays what the user asked for.
    top = max(interval_s, limits.backoff_cap_s)
    floor = min(floor, top)
    return floor + jitter * max(0.0, min(ceiling, top) - floor)


def _obeyed(
    interval_s: float, wishes: Iterable[tuple[str, float | None]], limits: Limits
) -> tuple[float, tuple[str, ...]]:
    cap = limits.publisher_hint_cap_s
    delay = interval_s
    warnings: list[str] = []
    for name, seconds in wishes:
        if seconds is None:
            continue
        if seconds > cap:
            warnings.append(_silence(f"{name} of {seconds:.0f} s", limits))
        delay = max(delay, min(seconds, cap))
    return delay, tuple(warnings)


def _silence(what: str, limits: Limits) -> str:
    return f"publisher asks for silence: {what}; polled after {limits.publisher_hint_cap_s / DAY_S:g} days all the same"


def _after_rest(at: Micros, now: Micros, wishes: Wishes, limits: Limits) -> tuple[Micros, bool]:
    """The first moment from ``at`` outside the publisher's hours and days of rest, and whether there is none."""
    if not wishes.skip_hours and not wishes.skip_days:
        return at, False
    second, end = at // SECOND, max(at, now + _micros(limits.publisher_hint_cap_s)) // SECOND
    if not _rests(second, wishes):
        return at, False
    second -= second % HOUR_S
    while second <= end:
        second += HOUR_S
        if not _rests(second, wishes):
            # The part of the hour that jitter chose is kept, so that not all come at the stroke.
            return second * SECOND + at % (HOUR_S * SECOND), False
    return end * SECOND, True


def _rests(second: int, wishes: Wishes) -> bool:
    hour = second % DAY_S // HOUR_S
    day = (second - _MONDAY) // DAY_S % 7
    return hour in wishes.skip_hours or day in wishes.skip_days


def _micros(seconds: float) -> Micros:
    return round(seconds * SECOND)
