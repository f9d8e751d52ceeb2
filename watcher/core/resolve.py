"""Who the entries of a body are: their names, and which stored entry each one is. Must not: decide what is written.

The key of an entry is guid, else link, else content. The rules, in order:

1. A key that is taken already in the same body: the first wins; the second lives under guid and link together.
2. A stored entry under the key, or under the key it would have as such a second: it is that one.
3. A stored entry with the same link, content and date under another guid: it is that one, and gets an alias. With
   another date it was published again: a new entry that repeats the first.
4. A stored entry that was, or can only be, known by its link: it is that one.
5. Else it is new; where another entry says the very same at length, it may be a duplicate of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from watcher.core.identity import content_digest, entry_key, fold_space, key_of_normal, normal_link, twin_key
from watcher.core.intents import StoredEntry
from watcher.core.model import ScoredEntry

# Two items with the same headline and nothing else are often two events ("Daily briefing"); with this much text
# in common they are one item under two names.
DUPLICATE_TEXT_CHARS = 40


class Named(Struct, frozen=True, gc=False):
    """An entry with its names: the key, the key it has as a second of its guid, its link, its content."""

    scored: ScoredEntry
    key: bytes
    twin: bytes
    link: bytes
    content: bytes

    @property
    def is_loose(self) -> bool:
        """True where only the tolerant parser could read it."""
        return "loose" in self.scored.entry.flags


class NamedBody(Struct, frozen=True):
    """The entries of a body with their names, and what was odd about them."""

    entries: tuple[Named, ...]
    warnings: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[bytes, ...]:
        """Every key under which the store may know one of them."""
        return _distinct(key for named in self.entries for key in (named.key, named.twin, named.link) if key)

    @property
    def links(self) -> tuple[bytes, ...]:
        """Every link key."""
        return _distinct(named.link for named in self.entries if named.link)

    @property
    def contents(self) -> tuple[bytes, ...]:
        """Every content digest."""
        return _distinct(named.content for named in self.entries)


def _distinct(items: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(items))


def name_entries(scored: Sequence[ScoredEntry]) -> NamedBody:
    """Names for the entries of one body; of two that are the same item the first stays."""
    taken: dict[bytes, Named] = {}
    warnings: list[str] = []
    for item in scored:
        named = _named(item)
        if named.key in taken:
            warning = _clash(taken, named)
            if warning:
                warnings.append(warning)
        else:
            taken[named.key] = named
    return NamedBody(tuple(taken.values()), tuple(warnings))


def _named(scored: ScoredEntry) -> Named:
    entry = scored.entry
    content = content_digest(entry.title, entry.text)
    normal = normal_link(entry.link)
    return Named(scored, entry_key(entry), twin_key(entry, normal), key_of_normal(normal), content)


def _clash(taken: dict[bytes, Named], second: Named) -> str:
    """Find a place for the second entry under a key, or let it go; returns what to warn of."""
    first, entry = taken[second.key], second.scored.entry
    what = f"guid {entry.guid[:80]!r}" if entry.guid.strip() else f"link {entry.link[:80]!r}"
    if entry.guid.strip():
        is_other = second.link != first.link
    else:
        is_other = fold_space(entry.title) != fold_space(first.scored.entry.title)
    if not is_other or second.twin in taken:
        return "" if second.content == first.content else f"{what} stands twice in the body: the first one counts"
    taken[second.twin] = Named(second.scored, second.twin, second.twin, second.link, second.content)
    return f"{what} is used by two items: the second is known by both guid and link"


@dataclass(slots=True)
class Known:
    """What the store found, by each name. A key maps to one entry; links and contents may be shared."""

    by_key: dict[bytes, StoredEntry] = field(default_factory=dict)
    by_link: dict[bytes, list[StoredEntry]] = field(default_factory=dict)
    by_content: dict[bytes, list[StoredEntry]] = field(default_factory=dict)
    pruned: set[bytes] = field(default_factory=set)

    @classmethod
    def of(cls, stored: Iterable[StoredEntry]) -> Known:
        """What the store answered, sorted by name."""
        known = cls()
        met: set[int] = set()
        for entry in stored:
            known.by_key[entry.key] = entry
            # An entry comes once under each of its keys; what was pruned has no id of its own.
            if entry.entry_id in met and not entry.is_tombstone:
                continue
            met.add(entry.entry_id)
            if entry.link_key:
                known.by_link.setdefault(entry.link_key, []).append(entry)
            if entry.is_tombstone:
                known.pruned.add(entry.content_digest)
            else:
                known.by_content.setdefault(entry.content_digest, []).append(entry)
        return known

    def resolve(self, body: NamedBody) -> list[tuple[StoredEntry | None, bool]]:
        """For each entry of a body: the stored entry that it is, and whether it goes by a new name there.

        No stored entry is two of one body: what a key says comes before what a link says, and the first before the rest.
        """
        if not self.by_key and not self.by_link:  # nothing is stored
            return [(None, False)] * len(body.entries)
        by_key = [self.by_key.get(named.twin) or self.by_key.get(named.key) for named in body.entries]
        taken = {found.entry_id for found in by_key if found}
        answers: list[tuple[StoredEntry | None, bool]] = []
        for named, found in zip(body.entries, by_key, strict=True):
            renamed = None if found else self._by_other_name(named, taken)
            if renamed:
                taken.add(renamed.entry_id)
            answers.append((found or renamed, renamed is not None))
        return answers

    def _by_other_name(self, named: Named, taken: set[int]) -> StoredEntry | None:
        same_link = [entry for entry in self.by_link.get(named.link, ()) if entry.entry_id not in taken]
        for entry in same_link:
            if entry.content_digest == named.content and _is_same_date(entry, named):
                return entry
        for entry in same_link:
            # It was known by its link alone before it had a guid.
            if entry.key == named.link:
                return entry
        has_guid = bool(named.scored.entry.guid.strip())
        return same_link[0] if len(same_link) == 1 and not has_guid else None

    def was_pruned(self, named: Named) -> bool:
        """Did an entry that was pruned say the very same at length, under another name?"""
        return named.content in self.pruned and _says_much(named)

    def duplicate(self, named: Named) -> int | None:
        """The oldest stored entry that says the very same at length, under another name."""
        same = self.by_content.get(named.content)
        return min(entry.entry_id for entry in same) if same and _says_much(named) else None


def _says_much(named: Named) -> bool:
    return len(fold_space(named.scored.entry.text)) >= DUPLICATE_TEXT_CHARS


def _is_same_date(stored: StoredEntry, named: Named) -> bool:
    """Whether the publisher claims the same date for both; a date that is missing speaks for neither."""
    published = named.scored.entry.published
    return stored.published is None or published is None or stored.published == published
