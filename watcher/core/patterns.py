"""Terms spelled out as patterns for one native pass over a text's tokens. Must not: read a text or know a rule."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from watcher.core.alphabet import encode
from watcher.core.program import Lexis, Part
from watcher.core.terms import Slot
from watcher.core.text import fold

MOST_SPELLINGS: Final = 64
"""Above so many, a term is found by its rarest words and the rest of it is looked at there."""

_COMMON_LIST: Final = """the of and in to for on with by from at as is be are was were has have had will would not no new over out up
security council state states united president minister government country foreign defense military people world war
say said says year time also after would could more than president russia ukraine european international
в на и с по для не о об от из за при что как это все был была были будет года году совет безопасности президент
министр правительство страна россия украина сша
la le les de du des et en un une pour dans sur avec par au aux est sont der die das und in den von zu mit im für auf
та що на до у з про від за як це є"""
_COMMON: Final = frozenset(_COMMON_LIST.split())


def rarity(slot: Slot) -> float:
    """How common a slot is in running text, roughly: the lower, the better it serves as an anchor."""
    cost = sum(2.0 ** -min(len(form), 14) + (form in _COMMON) for form in slot.accepted)
    return cost * 4 if slot.kind == "prefix" else cost


def _codes(slot: Slot) -> list[bytes]:
    return sorted({encode(fold(form)) for form in slot.accepted})


def _runs(row: Sequence[Slot]) -> Iterator[tuple[int, int]]:
    """Stretches of a term that may be spelled out: a prefix only at the end, not too many spellings."""
    for begin in range(len(row)):
        for end in range(begin + 1, len(row) + 1):
            if end > begin + 1 and math.prod(len(slot.accepted) for slot in row[begin:end]) > MOST_SPELLINGS:
                break
            yield begin, end
            if row[end - 1].kind == "prefix":
                break


def _rarest_run(row: Sequence[Slot]) -> tuple[int, int]:
    """The whole term where it can be spelled out, else its rarest stretch."""
    runs = list(_runs(row))
    if (0, len(row)) in runs:
        return 0, len(row)
    return min(runs, key=lambda run: (math.prod(map(rarity, row[slice(*run)])), run))


def _spellings(row: Sequence[Slot]) -> Iterator[bytes]:
    """The patterns of a run: its tokens with a space around each, none behind a prefix."""
    end = b"" if row[-1].kind == "prefix" else b" "
    for words in product(*map(_codes, row)):
        yield b" " + b" ".join(words) + end


def _rest(row: Sequence[Slot], begin: int, end: int) -> Iterator[tuple[int, frozenset[bytes], tuple[bytes, ...]]]:
    """What must stand around a run: offset in the term, whole forms, prefixes."""
    for at, slot in enumerate(row):
        if not begin <= at < end:
            codes = tuple(_codes(slot))
            yield (at, frozenset(), codes) if slot.kind == "prefix" else (at, frozenset(codes), ())


def build_lexis(slots: Sequence[tuple[Slot, ...]]) -> Lexis:
    """The lexis of terms.

    Args:
        slots: of every term, by its number.
    """
    whole: defaultdict[bytes, list[int]] = defaultdict(list)
    parts: defaultdict[bytes, list[Part]] = defaultdict(list)
    for term, row in enumerate(slots):
        begin, end = _rarest_run(row)
        part = Part(term, begin, len(row), tuple(_rest(row, begin, end)))
        for pattern in _spellings(row[begin:end]):
            if part.rest:
                parts[pattern].append(part)
            else:
                whole[pattern].append(term)
    patterns = tuple(sorted(whole.keys() | parts.keys()))
    used = {slot for row in slots for slot in row}
    return Lexis(
        patterns=patterns,
        whole=tuple(tuple(whole.get(pattern, ())) for pattern in patterns),
        parts={at: tuple(parts[pattern]) for at, pattern in enumerate(patterns) if pattern in parts},
        forms=frozenset(code for slot in used if slot.kind != "prefix" for code in _codes(slot)),
        prefixes=tuple(sorted({code for slot in used if slot.kind == "prefix" for code in _codes(slot)})),
    )
