"""What changed between two wordings, word by word. Must not: lose a character; both wordings can be spelled from a diff.

White space belongs to the text like everything else: a change of it alone is a change. Long texts are compared by
sentences first, and words only inside what differs, so that the work stays bounded whatever a publisher sends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Final

SAME: Final = "same"
GONE: Final = "gone"
ADDED: Final = "added"

_WORDS = re.compile(r"\s+|\w+(?:['’ʼ]\w+)*|[^\w\s]")
_SENTENCES = re.compile(r".*?(?:[.!?…]+[\"'»”)]*\s+|\n+)|.+", re.DOTALL)
PAIRS_CAP: Final = 4_000_000
"""Pairs of tokens that are compared at most; above it coarser tokens are taken, and at last the text as a whole."""


@dataclass(frozen=True, slots=True)
class Change:
    """A piece of text: ``same`` in both wordings, ``gone`` (in the old one only) or ``added`` (in the new one only)."""

    kind: str
    text: str


def diff(old: str, new: str) -> tuple[Change, ...]:
    """How the old text becomes the new one: pieces in order, what went before what came."""
    begin = _common(zip(old, new, strict=False))
    # Not into the part that the other end has taken, and not through a word.
    begin = _word_start(old, new, begin)
    end = _common(zip(reversed(old[begin:]), reversed(new[begin:]), strict=False))
    end = _word_end(old[begin:], new[begin:], end)
    middle = _changes(old[begin : len(old) - end], new[begin : len(new) - end])
    return _tidy([Change(SAME, old[:begin]), *middle, Change(SAME, old[len(old) - end :])])


def old_text(changes: Iterable[Change]) -> str:
    """The old wording, spelled from a diff."""
    return "".join(change.text for change in changes if change.kind != ADDED)


def new_text(changes: Iterable[Change]) -> str:
    """The new wording, spelled from a diff."""
    return "".join(change.text for change in changes if change.kind != GONE)


def apply(changes: Sequence[Change], old: str) -> str:
    """The new text, made from the old one.

    Raises:
        ValueError: the diff was made from another text.
    """
    if old_text(changes) != old:
        raise ValueError("the diff is not one of this text")
    return new_text(changes)


def shortened(changes: Sequence[Change], around: int) -> tuple[Change, ...]:
    """The diff with so many characters of context around each change; an empty ``same`` piece stands where text was cut."""
    shown: list[Change] = []
    for number, change in enumerate(changes):
        text = change.text
        head = text[: _word_start(text, text, around)] if number else ""
        tail = text[len(text) - _word_end(text, text, around) :] if number < len(changes) - 1 else ""
        if change.kind != SAME or len(head) + len(tail) >= len(text):
            shown.append(change)
        else:
            ends = [Change(SAME, head)] if head else [], [Change(SAME, tail)] if tail else []
            shown += [*ends[0], Change(SAME, ""), *ends[1]]
    return tuple(shown)


# --- how ----------------------------------------------------------------------------------------------------------


def _common(pairs: Iterable[tuple[str, str]]) -> int:
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _is_inside(text: str, at: int) -> bool:
    """True where a cut would go through a word or through white space."""
    if not 0 < at < len(text):
        return False
    return text[at - 1].isspace() == text[at].isspace() and (text[at].isspace() or text[at].isalnum())


def _word_start(old: str, new: str, at: int) -> int:
    while at and (_is_inside(old, at) or _is_inside(new, at)):
        at -= 1
    return at


def _word_end(old: str, new: str, size: int) -> int:
    while size and (_is_inside(old, len(old) - size) or _is_inside(new, len(new) - size)):
        size -= 1
    return size


def _changes(old: str, new: str) -> Iterator[Change]:
    for cut in (_WORDS.findall, _SENTENCES.findall):
        before, after = cut(old), cut(new)
        if len(before) * len(after) <= PAIRS_CAP:
            yield from _matched(before, after, finer=cut is not _WORDS.findall)
            return
    yield from (Change(GONE, old), Change(ADDED, new))


def _matched(before: Sequence[str], after: Sequence[str], *, finer: bool) -> Iterator[Change]:
    for tag, i, j, k, m in SequenceMatcher(str.isspace, before, after, autojunk=False).get_opcodes():
        old, new = "".join(before[i:j]), "".join(after[k:m])
        if tag == "equal":
            yield Change(SAME, old)
        elif finer and old and new:
            yield from _changes_within(old, new)
        else:
            yield from (Change(GONE, old), Change(ADDED, new))


def _changes_within(old: str, new: str) -> Iterator[Change]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if len(before) * len(after) <= PAIRS_CAP:
        yield from _matched(before, after, finer=False)
    else:
        yield from (Change(GONE, old), Change(ADDED, new))


def _tidy(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Neighbours joined; a lone space between two changes belongs to both; what went stands before what came."""
    kept = [change for change in changes if change.text]
    loose = [change.kind == SAME and change.text.isspace() and 0 < at < len(kept) - 1 for at, change in enumerate(kept)]
    parts = [
        (SAME if change.kind == SAME and not lone else "", change) for change, lone in zip(kept, loose, strict=True)
    ]
    tidy: list[Change] = []
    for kind, group in groupby(parts, key=lambda part: part[0]):
        piece = [change for _, change in group]
        if kind == SAME:
            tidy.append(Change(SAME, "".join(change.text for change in piece)))
        else:
            tidy += [c for c in (Change(GONE, old_text(piece)), Change(ADDED, new_text(piece))) if c.text]
    return tuple(tidy)
