"""Checks a recorded score against what it rests on, without the database. Must not: repair, or score.

What is said to have matched must stand in the text at that place, and the points of the parts must be the score.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from watcher.core.bundle import Difference
from watcher.core.model import Assessment, Match
from watcher.core.scan import FORM_CHARS
from watcher.core.text import Reading

POINTS_APART = 1e-6


def check_spans(found: Assessment, title: str, text: str) -> Iterator[Difference]:
    """Matches that do not stand where they are said to."""
    for firing in found.firings:
        for match in firing.matches:
            body = {"title": title, "text": text}.get(match.field)
            place = f"rule {firing.rule}, {match.field} {match.start}-{match.end}"
            if body is None or not 0 <= match.start < match.end <= len(body):
                yield Difference(place, "is no place in the text")
            elif not _spells(match, body):
                words = body[match.start : match.end]
                yield Difference(place, f"the text has {words[:80]!r} there, the rule matched {match.form!r}")


def _spells(match: Match, body: str) -> bool:
    """Does the text say there, folded, what matched? Of a word that imitates another, only the place is known."""
    if match.flag or not match.form:
        return True
    reading = Reading(body[match.start : match.end])
    spelled = " ".join(map(reading.form, range(len(reading.tokens)), reading.begins))[:FORM_CHARS]
    # A term may reach from the title into the text; what is told of it ends with the title.
    crosses = match.field == "title" and match.end == len(body)
    return bool(spelled) and (spelled == match.form or (crosses and match.form.startswith(spelled)))


def check_sum(found: Assessment) -> Iterator[Difference]:
    """Parts that do not add up to the score."""
    total = math.fsum(part.points for part in found.parts)
    if abs(total - found.score) > POINTS_APART:
        yield Difference("score", f"is {found.score:g}, its parts add up to {total:g}")


def compare(recorded: Assessment, again: Assessment | None) -> Iterator[Difference]:
    """Where scoring again came to something else."""
    if again is None:
        yield Difference("score", f"was {recorded.score:g}; scored again, no rule of the signal fires")
        return
    for name in ("score", "rung", "reached", "blocked_by"):
        was, is_ = getattr(recorded, name), getattr(again, name)
        if was != is_:
            yield Difference(name.replace("_", " "), f"was {was!r}; scored again it is {is_!r}")
    for name in ("parts", "firings", "facets"):
        if getattr(recorded, name) != getattr(again, name):
            yield Difference(name, f"scored again they are others: {_told(again, name)}, were {_told(recorded, name)}")


def _told(found: Assessment, name: str) -> str:
    if name == "parts":
        return ", ".join(f"{part.name} {part.points:+g}" for part in found.parts) or "none"
    if name == "firings":
        return ", ".join(f"{one.rule} ({len(one.matches)} spans)" for one in found.firings) or "none"
    return ", ".join(f"{one.kind} {one.value}" for one in found.facets) or "none"
