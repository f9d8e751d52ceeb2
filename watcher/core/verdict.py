"""What analysts decided on a hit, and what that makes of it. Must not: decide anything itself, or forget a decision.

Verdicts are append-only. Every row says from which state to which it led, so that the newest row of a hit tells its state;
notes and grades lead nowhere, and a decision is taken back by a new row (``undo``), which can be taken back as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field

from watcher.core.basics import Micros
from watcher.core.errors import UsageProblem, WatcherError


class Decision(StrEnum):
    """What an analyst can do to a hit."""

    REVIEW = "review"
    CONFIRM = "confirm"
    CORROBORATE = "corroborate"
    DISMISS = "dismiss"
    DUPLICATE = "duplicate"
    ESCALATE = "escalate"
    UNDO = "undo"
    NOTE = "note"
    GRADE = "grade"


NEW = "new"
UNDER_REVIEW = "under review"
DISMISSED = "dismissed"
LEADS_TO: Mapping[str, str] = {
    Decision.REVIEW.value: UNDER_REVIEW,
    Decision.CONFIRM.value: "confirmed",
    Decision.CORROBORATE.value: "corroborated",
    Decision.DISMISS.value: DISMISSED,
    Decision.DUPLICATE.value: "duplicate",
    Decision.ESCALATE.value: "escalated",
}
"""Decisions that change the state of a hit, and the state that each makes."""

STATES = (NEW, *LEADS_TO.values())
OPEN = (NEW, UNDER_REVIEW)
"""States in which nobody has decided yet."""

NOTE_CHARS = 2000
ANALYST_CHARS = 100
_GRADE = re.compile(r"([A-F])\s*-?\s*([1-6])")


class Verdict(Struct, frozen=True):
    """One decision on one hit. ``reliability`` and ``credibility`` are set where it is a grade (Admiralty A–F, 1–6)."""

    id: int
    hit_id: int
    verdict: str
    from_state: str
    to_state: str
    analyst: str
    decided_at: Micros
    note: str = ""
    reliability: str = ""
    credibility: str = ""
    duplicate_of_hit: int | None = None
    undoes: int | None = None
    covered_by: int | None = None


class Standing(Struct, frozen=True):
    """Where a hit stands after all its verdicts.

    ``decided`` is the decision that gave it its state (None: new), ``grade`` the last one like ``B2`` or empty; what was
    taken back is in none of them. ``last_id`` is the newest row (0: none): who decides names the one that he saw.
    """

    state: str = NEW
    decided: Verdict | None = None
    grade: str = ""
    notes: tuple[Verdict, ...] = ()
    last_id: int = 0
    takes_back: Verdict | None = None
    """What ``undo`` would take back: the newest decision, grade or note that stands."""
    brings_back: Verdict | None = None
    """The undo that ``undo --redo`` would take back; None where something was decided since."""


def standing_of(verdicts: Sequence[Verdict]) -> Standing:
    """The standing that the verdicts of one hit, oldest first, make."""
    undone = _undone(verdicts)
    live = [one for one in verdicts if one.id not in undone]
    said = [one for one in live if one.verdict != Decision.UNDO]
    decided = _last(one for one in said if one.verdict in LEADS_TO)
    graded = _last(one for one in said if one.verdict == Decision.GRADE)
    return Standing(
        state=decided.to_state if decided is not None else NEW,
        decided=decided,
        grade=f"{graded.reliability}{graded.credibility}" if graded is not None else "",
        notes=tuple(one for one in said if one.verdict == Decision.NOTE),
        last_id=verdicts[-1].id if verdicts else 0,
        takes_back=said[-1] if said else None,
        brings_back=_redoable(verdicts, live),
    )


def _undone(verdicts: Sequence[Verdict]) -> set[int]:
    """Rows that were taken back by a row that was not taken back itself."""
    undone: set[int] = set()
    for one in reversed(verdicts):
        if one.undoes is not None and one.id not in undone:
            undone.add(one.undoes)
    return undone


def _redoable(verdicts: Sequence[Verdict], live: Iterable[Verdict]) -> Verdict | None:
    kinds = {one.id: one.verdict for one in verdicts}
    since = max((one.id for one in verdicts if one.verdict != Decision.UNDO), default=0)
    undos = (one for one in live if one.verdict == Decision.UNDO and one.id > since)
    return _last(one for one in undos if kinds.get(one.undoes or 0) != Decision.UNDO)


def _last(verdicts: Iterable[Verdict]) -> Verdict | None:
    found = None
    for found in verdicts:  # noqa: B007  # the last one is meant
        pass
    return found


def histories_of(verdicts: Iterable[Verdict]) -> dict[int, tuple[Verdict, ...]]:
    """Verdicts by hit, in their order; hits without a verdict are not in it."""
    by_hit: dict[int, list[Verdict]] = {}
    for verdict in verdicts:
        by_hit.setdefault(verdict.hit_id, []).append(verdict)
    return {hit_id: tuple(given) for hit_id, given in by_hit.items()}


def standings_of(verdicts: Iterable[Verdict]) -> dict[int, Standing]:
    """Standings by hit, of verdicts oldest first; hits without a verdict are not in it."""
    return {hit_id: standing_of(given) for hit_id, given in histories_of(verdicts).items()}


def taken_back(verdicts: Sequence[Verdict]) -> frozenset[int]:
    """Of the verdicts of one hit, oldest first, those that do not stand any more."""
    return frozenset(_undone(verdicts))


# --- deciding ---------------------------------------------------------------------------------------------------------


class Wish(Struct, frozen=True):
    """What somebody wants to decide. ``over`` says that a decision of somebody else is meant to be replaced.

    ``seen`` has the newest row that he saw of each hit; a hit that got another one since is refused.
    """

    decision: Decision
    analyst: str
    at: Micros
    note: str = ""
    reliability: str = ""
    credibility: str = ""
    duplicate_of: int | None = None
    redo: bool = False
    over: bool = False
    seen: Mapping[int, int] | None = None


class Draft(Struct, frozen=True):
    """A row to write, its ``id`` 0. ``with_hit`` is the hit whose decision brought it (a member of its story)."""

    verdict: Verdict
    with_hit: int | None = None


class Plan(Struct, frozen=True):
    """Rows to write, the named hits before their members; and hits that are left as they are, with why."""

    drafts: tuple[Draft, ...] = ()
    left: tuple[tuple[int, str], ...] = ()


class _Making(Struct):
    drafts: list[Draft] = field(default_factory=list)
    left: list[tuple[int, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def plan(
    wish: Wish,
    hits: Sequence[int],
    standings: Mapping[int, Standing],
    members: Mapping[int, Sequence[int]] | None = None,
) -> Plan:
    """The rows that a wish makes of these hits and of the ``members`` that stand with each of them: all or none.

    Raises:
        UsageProblem: a hit shall be the duplicate of itself or of its own duplicate.
        WatcherError: a hit was decided by somebody else, or since it was seen; or there is nothing to take back.
    """
    made, told = _Making(), dict.fromkeys(hits)
    for hit in told:
        _named(made, wish, hit, standings)
    for lead in tuple(told):
        for hit in (members or {}).get(lead, ()):
            if hit not in told:
                told[hit] = None
                _member(made, wish, hit, lead, standings.get(hit, Standing()))
    if made.refused:
        raise WatcherError(
            f"nothing was written: {'; '.join(made.refused)}",
            hint="look at it again (`watcher verdicts HIT`); --over replaces what somebody else decided",
        )
    return Plan(tuple(made.drafts), tuple(made.left))


def _named(made: _Making, wish: Wish, hit: int, standings: Mapping[int, Standing]) -> None:
    standing = standings.get(hit, Standing())
    if wish.seen is not None and wish.seen.get(hit, standing.last_id) != standing.last_id:
        made.refused.append(f"hit {hit} was decided since you looked: {said_of(standing)}")
    elif wish.decision is Decision.UNDO:
        _undo(made, wish, hit, standing)
    elif wish.decision not in LEADS_TO:
        made.drafts.append(_draft(wish, hit, standing.state, standing.state))
    else:
        _decide(made, wish, hit, standings)


def _decide(made: _Making, wish: Wish, hit: int, standings: Mapping[int, Standing]) -> None:
    standing = standings.get(hit, Standing())
    if wish.duplicate_of is not None:
        _refuse_circle(hit, wish.duplicate_of, standings)
    if standing.state == LEADS_TO[wish.decision] and _copies(standing) == wish.duplicate_of:
        made.left.append((hit, f"is that already: {said_of(standing)}"))
    elif _is_anothers(wish, standing):
        made.refused.append(f"hit {hit} is {said_of(standing)}")
    else:
        made.drafts.append(_draft(wish, hit, standing.state, LEADS_TO[wish.decision]))


def _is_anothers(wish: Wish, standing: Standing) -> bool:
    if wish.over or wish.seen is not None or standing.state in OPEN or standing.decided is None:
        return False
    return standing.decided.analyst != wish.analyst


def _copies(standing: Standing) -> int | None:
    """The hit that one repeats as it stands."""
    return standing.decided.duplicate_of_hit if standing.decided is not None else None


def _refuse_circle(hit: int, of: int, standings: Mapping[int, Standing]) -> None:
    if hit == of:
        raise UsageProblem(f"hit {hit} cannot be the duplicate of itself", hint="name the hit that it repeats")
    kept = _copies(standings.get(of, Standing()))
    if kept == hit:
        raise UsageProblem(
            f"hit {of} is the duplicate of hit {hit} already", hint=f"to keep {of} instead: first `watcher undo {of}`"
        )
    if kept is not None:
        raise UsageProblem(
            f"hit {of} is a duplicate itself, of hit {kept}", hint=f"name the hit that is kept: --of {kept}"
        )


def refuse_chains(standings: Mapping[int, Standing]) -> None:
    """Refuse what would make a copy of a copy: the hit that is kept must be one that counts.

    Args:
        standings: as they would be, of the hits that were decided on, of those that they repeat and that repeat them.

    Raises:
        UsageProblem: it names both, and how to get there.
    """
    for hit, standing in sorted(standings.items()):
        of = _copies(standing)
        kept = _copies(standings.get(of, Standing())) if of is not None else None
        if kept == hit:
            raise UsageProblem(
                f"hits {hit} and {of} would each be the duplicate of the other", hint="keep one: undo the other's first"
            )
        if kept is not None:
            raise UsageProblem(
                f"hit {hit} would be a duplicate of hit {of}, and that one of hit {kept}; nothing was written",
                hint=f"first `watcher duplicate {hit} --of {kept}`, or name both: `watcher duplicate {of} {hit} --of {kept}`",
            )


def _member(made: _Making, wish: Wish, hit: int, lead: int, standing: Standing) -> None:
    if wish.decision not in LEADS_TO or hit == wish.duplicate_of:
        return
    if standing.state not in OPEN:
        made.left.append((hit, f"of the story of hit {lead} stays {said_of(standing)}"))
    elif standing.state != LEADS_TO[wish.decision]:
        made.drafts.append(_draft(wish, hit, standing.state, LEADS_TO[wish.decision], with_hit=lead))


def _undo(made: _Making, wish: Wish, hit: int, standing: Standing) -> None:
    target = standing.brings_back if wish.redo else standing.takes_back
    if target is None:
        made.refused.append(f"hit {hit} has nothing to {'bring back' if wish.redo else 'take back'}")
    elif not wish.over and target.analyst != wish.analyst:
        made.refused.append(f"the {target.verdict} of hit {hit} is by {target.analyst}")
    else:
        made.drafts.append(_draft(wish, hit, standing.state, _after_undo(standing, target), undoes=target.id))


def _after_undo(standing: Standing, target: Verdict) -> str:
    """The state after a row is taken back: the one before it, where it had changed the state at all."""
    return target.from_state if target.from_state != target.to_state else standing.state


def _draft(
    wish: Wish, hit: int, before: str, after: str, *, with_hit: int | None = None, undoes: int | None = None
) -> Draft:
    verdict = Verdict(
        id=0,
        hit_id=hit,
        verdict=wish.decision.value,
        from_state=before,
        to_state=after,
        analyst=wish.analyst,
        decided_at=wish.at,
        note=wish.note,
        reliability=wish.reliability,
        credibility=wish.credibility,
        duplicate_of_hit=wish.duplicate_of,
        undoes=undoes,
    )
    return Draft(verdict, with_hit)


def said_of(standing: Standing) -> str:
    """``dismissed by ann (an old text)``; the state alone where nobody decided."""
    if standing.decided is None:
        return standing.state
    copy = f" of hit {standing.decided.duplicate_of_hit}" if standing.decided.duplicate_of_hit is not None else ""
    why = f" ({standing.decided.note})" if standing.decided.note else ""
    return f"{standing.state}{copy} by {standing.decided.analyst}{why}"


# --- what is still to be decided ----------------------------------------------------------------------------------------


class OpenHit(Struct, frozen=True):
    """A hit on which nobody decided yet; ``story`` is None where its entry is not grouped."""

    hit_id: int
    signal: str
    score: float
    story: int | None
    entry_id: int


def by_story(found: Sequence[OpenHit]) -> tuple[OpenHit, ...]:
    """Hits of a signal and story beside each other, the best first; the stories by their best hits."""
    best: dict[tuple[str, int], float] = {}
    for hit in found:
        key = _group(hit)
        best[key] = max(hit.score, best.get(key, 0.0))
    return tuple(sorted(found, key=lambda hit: (-best[_group(hit)], _group(hit), -hit.score, hit.hit_id)))


def _group(hit: OpenHit) -> tuple[str, int]:
    return hit.signal, hit.story if hit.story is not None else -hit.hit_id


# --- what people write --------------------------------------------------------------------------------------------------


def parse_grade(text: str) -> tuple[str, str]:
    """Reliability and credibility of an Admiralty code such as ``B2``.

    Raises:
        UsageProblem: it is none.
    """
    found = _GRADE.fullmatch(text.strip().upper()) if text.isascii() else None
    if found is None:
        raise UsageProblem(
            f"{text!r} is no grade",
            hint="write reliability of the source (A-F) and credibility of what it says (1-6) together: B2",
        )
    return found.group(1), found.group(2)


def checked_note(text: str, *, needed: str = "") -> str:
    """The note as one line. ``needed`` says for what it must be there.

    Raises:
        UsageProblem: it is needed and not there, too long, or has a character that no keyboard writes.
    """
    note = " ".join(_checked(text, "a note").split())
    if needed and not note:
        raise UsageProblem(f"{needed} needs its reason", hint="--because 'why it is none'")
    if len(note) > NOTE_CHARS:
        raise UsageProblem(f"a note has {NOTE_CHARS:,} characters at most, this one {len(note):,}")
    return note


def checked_analyst(text: str) -> str:
    """The name of who decides.

    Raises:
        UsageProblem: there is none, it is too long, or has a character that no keyboard writes.
    """
    name = " ".join(_checked(text, "a name").split())
    if not name or len(name) > ANALYST_CHARS:
        raise UsageProblem(
            f"the name of an analyst has 1 to {ANALYST_CHARS} characters, this one {len(name)}",
            hint="--analyst NAME or WATCHER_ANALYST says who decides",
        )
    return name


def _checked(text: str, what: str) -> str:
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r":
            raise UsageProblem(
                f"{what} cannot hold the character U+{ord(character):04X}", hint="write it in plain words"
            )
    return text
