"""Decisions of analysts as use cases: what is asked for, checked, and what became of it in words. Must not: query or print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from watcher.core import period
from watcher.core.clean import terminal
from watcher.core.errors import UsageProblem
from watcher.core.render import plural
from watcher.core.verdict import (
    Decision,
    Plan,
    Standing,
    Verdict,
    Wish,
    checked_analyst,
    checked_note,
    parse_grade,
    said_of,
)

MOST_AT_ONCE = 10_000
_ID = re.compile(r"[1-9][0-9]{0,17}")
NEEDS_REASON = {Decision.DISMISS: "a dismissal", Decision.NOTE: "a note"}


class VerdictStore(Protocol):
    """Writes decisions and reads them back."""

    def decide(self, wish: Wish, hit_ids: Sequence[int], *, story: bool = False) -> Plan:
        """All of it in one transaction, or nothing."""
        ...

    def history(self, hit_ids: Sequence[int]) -> Mapping[int, tuple[Verdict, ...]]:
        """Every verdict of these hits, oldest first; an unknown hit is refused."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for, as written."""

    decision: Decision
    analyst: str
    note: str = ""
    grade: str = ""
    duplicate_of: int | None = None
    redo: bool = False
    over: bool = False
    story: bool = False


def decide(
    store: VerdictStore, request: Request, hit_ids: Sequence[int], now: int, seen: Mapping[int, int] | None = None
) -> Plan:
    """Check a request and carry it out.

    Raises:
        UsageProblem: no hits, too many, no reason, no such grade, a text that cannot be.
        WatcherError: an unknown hit, or one that somebody else decided; nothing was written.
    """
    if not hit_ids:
        raise UsageProblem("no hits were named", hint="name their numbers, or `-` to read them from standard input")
    if len(hit_ids) > MOST_AT_ONCE:
        raise UsageProblem(f"{len(hit_ids):,} hits at once are too many; {MOST_AT_ONCE:,} go")
    reliability, credibility = parse_grade(request.grade) if request.decision is Decision.GRADE else ("", "")
    wish = Wish(
        request.decision,
        checked_analyst(request.analyst),
        now,
        note=checked_note(request.note, needed=NEEDS_REASON.get(request.decision, "")),
        reliability=reliability,
        credibility=credibility,
        duplicate_of=request.duplicate_of,
        redo=request.redo,
        over=request.over,
        seen=seen,
    )
    return store.decide(wish, list(dict.fromkeys(hit_ids)), story=request.story)


def parse_ids(words: Iterable[str], lines: Iterable[str] | None = None) -> list[int]:
    """Hit numbers from arguments; ``-`` stands for ``lines``, one or more numbers each (``#`` begins a remark).

    Raises:
        UsageProblem: something is no number.
    """
    found: list[int] = []
    for word in words:
        if word == "-":
            for number, line in enumerate(lines or (), 1):
                found.extend(_id(one, f"line {number} of standard input: ") for one in line.split("#")[0].split())
        else:
            found.append(_id(word, ""))
    return found


def _id(word: str, where: str) -> int:
    if _ID.fullmatch(word) is None:
        raise UsageProblem(f"{where}{word[:40]!r} is no number of a hit", hint="`watcher report` shows them: hit 12")
    return int(word)


# --- in words -----------------------------------------------------------------------------------------------------------


def told(made: Plan) -> Iterable[str]:
    """What became of a request, in lines: one per kind of change, then what was left and why."""
    changes: dict[tuple[str, str, str], list[int]] = {}
    for draft in made.drafts:
        one = draft.verdict
        changes.setdefault((one.verdict, one.from_state, one.to_state), []).append(one.hit_id)
    for (verdict, before, after), ids in changes.items():
        yield f"{_numbers(ids)}: {_change(verdict, before, after)}"
    for hit, why in made.left:
        yield f"hit {hit} {why}"


def _change(verdict: str, before: str, after: str) -> str:
    if verdict in (Decision.NOTE, Decision.GRADE):
        return f"{verdict} added, {after} as before"
    if verdict == Decision.DUPLICATE and before == after:
        return f"{verdict}, now of another hit"
    if before == after:
        return f"{verdict}, {after} as before"
    return f"{before} -> {after}" + (" (taken back)" if verdict == Decision.UNDO else "")


def _numbers(ids: Sequence[int]) -> str:
    shown = ", ".join(map(str, ids[:10]))
    more = f" and {len(ids) - 10:,} more" if len(ids) > 10 else ""
    return f"hit {shown}" if len(ids) == 1 else f"{plural(len(ids), 'hit')} ({shown}{more})"


def history_lines(hit_id: int, given: Sequence[Verdict], standing: Standing, zone: tzinfo) -> Iterable[str]:
    """A hit's state and every decision that led to it."""
    grade = f", graded {standing.grade}" if standing.grade else ""
    yield terminal(f"hit {hit_id}: {said_of(standing)}{grade}")
    for one in given:
        what = f"{one.verdict} {one.reliability}{one.credibility}".strip()
        change = f" {one.from_state} -> {one.to_state}" if one.from_state != one.to_state else ""
        also = [
            f"decision {one.undoes}" if one.undoes else "",
            f"with decision {one.covered_by}" if one.covered_by else "",
        ]
        copy = f"of hit {one.duplicate_of_hit}" if one.duplicate_of_hit else ""
        facts = " ".join(part for part in (what, *also, copy) if part)
        why = f": {one.note}" if one.note else ""
        when = period.show_moment(one.decided_at, zone)
        yield terminal(f"  {one.id}  {when}  {one.analyst}  {facts}{change}{why}")


def verdict_record(one: Verdict) -> dict[str, object]:
    """A decision as data."""
    return {
        "type": "verdict",
        "id": one.id,
        "hit": one.hit_id,
        "verdict": one.verdict,
        "from": one.from_state,
        "to": one.to_state,
        "analyst": one.analyst,
        "at": period.show_iso(one.decided_at),
        "note": one.note,
        "reliability": one.reliability,
        "credibility": one.credibility,
        "duplicate_of": one.duplicate_of_hit,
        "undoes": one.undoes,
        "covered_by": one.covered_by,
    }
