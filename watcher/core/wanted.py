"""Words of a text for the search index, and the words a rule cannot do without. Must not: query an index, or match.

The index holds what the engine sees: its folded tokens, letters that its alphabet lacks as one sign. So a text that a
rule matches always holds, in the index, a word of each group that `groups_of` names for it; the reverse is not promised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from watcher.core.alphabet import OTHER, decode, encode
from watcher.core.compile import needed_slots
from watcher.core.document import Document
from watcher.core.patterns import rarity
from watcher.core.scan import JOINT
from watcher.core.terms import Slot
from watcher.core.text import Reading, fold

INDEX_VERSION: Final = "1"
"""Changes with the fold or the tokens: an index of another version is built anew."""
WHOLE: Final = "\ue001"
"""The one word of a text with too many words to index: it is a candidate for every query."""
WORD_CHARS: Final = 100
MOST_CHARS: Final = 200_000
_OTHER_SIGN: Final = "\ue000"

Group = frozenset[str]
"""Words of which one must stand in a text; one that ends in ``*`` is a prefix."""
Groups = tuple[Group, ...]


def _word(code: bytes) -> str:
    return decode(code).replace(OTHER, _OTHER_SIGN)[:WORD_CHARS]


def index_words(title: str, text: str) -> list[str]:
    """The different words of an entry, sorted."""
    reading = Reading(f"{title}{JOINT}{text}")
    found = set(map(_word, set(reading.tokens)))
    if reading.is_suspect:
        for _, readings in reading.suspects():
            found.update(_word(encode(word)) for word in readings)
    if sum(map(len, found)) > MOST_CHARS:
        return [WHOLE]
    return sorted(found)


def groups_of(document: Document, forms: Mapping[tuple[str, str], frozenset[str]]) -> dict[tuple[str, str], Groups]:
    """By (signal, rule), and ("", figure), the groups of words of which each must have one in a text."""
    return {
        owner: tuple(dict.fromkeys(frozenset(map(_one, _rarest(group))) for group in groups))
        for owner, groups in needed_slots(document, forms).items()
    }


def _rarest(group: Iterable[tuple[Slot, ...]]) -> Iterable[tuple[str, bool]]:
    """The forms of the rarest slot of each term: where the term stands, one of them stands."""
    for slots in group:
        yield from _forms(slots)


def _forms(slots: tuple[Slot, ...]) -> Iterable[tuple[str, bool]]:
    slot = min(slots, key=rarity)
    return ((form, slot.kind == "prefix") for form in slot.accepted)


def words_of_slots(slots: tuple[Slot, ...]) -> Iterable[str]:
    """Words of which one stands in every text where a term of these slots does; one that ends in ``*`` is a prefix."""
    return map(_one, _forms(slots))


def _one(form: tuple[str, bool]) -> str:
    word = _word(encode(fold(form[0])))
    return f"{word}*" if form[1] or len(word) == WORD_CHARS else word
