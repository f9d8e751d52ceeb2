"""Permanent redirects: when a new address is asked at once. Must not: believe one answer, or change what is listed.

A redirect is believed after five equal answers over three days: a server that was taken over for an afternoon must not
keep a source for ever. The listed address stays in the watchlist; where the new one fails three times in a row, or the
redirect ends, it is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from watcher.core.basics import SECOND, Micros

ANSWERS = 5
OVER: Micros = 3 * 86_400 * SECOND
FAILURES_TO_RETURN = 3
_PERMANENT = ("301 ", "308 ")


class Moved(Struct, frozen=True):
    """Where permanent redirects lead, since when, and in how many answers without another one between.

    ``at`` is since when the new address is asked at once.
    """

    to: str = ""
    since: Micros | None = None
    count: int = 0
    at: Micros | None = None

    @property
    def adopted(self) -> bool:
        """Is the new address asked at once?"""
        return self.at is not None


NOWHERE = Moved()


def after_answer(before: Moved, hops: Sequence[str], url: str, now: Micros) -> Moved:
    """A readable answer came from ``url`` after these hops (``301 https://…``)."""
    if before.adopted:
        return before
    if not hops or not all(hop.startswith(_PERMANENT) for hop in hops):
        return NOWHERE
    if url != before.to or before.since is None:
        return Moved(url, now, 1)
    is_proven = before.count + 1 >= ANSWERS and now - before.since >= OVER
    return Moved(url, before.since, before.count + 1, now if is_proven else None)


def after_failure(before: Moved, failures: int) -> Moved:
    """So many failures in a row: an adopted address that does not answer is given up for the listed one."""
    return NOWHERE if before.adopted and failures >= FAILURES_TO_RETURN else before


def told(before: Moved, after: Moved) -> tuple[str, ...]:
    """What to say of a change."""
    if after.adopted and not before.adopted:
        return (f"moved for good, asked at the new address from now on: {after.to}; please edit the watchlist",)
    if before.adopted and not after.adopted:
        return (f"the new address fails ({before.to}): the listed one is asked again",)
    return ()
