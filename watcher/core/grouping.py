"""Which story an entry belongs to: a sliding window of entries, and what each joins. Must not: read a database.

Entries come one by one, in order; each joins the story of the entry that it is most like, or begins one. What is
decided depends on the window's contents alone (the entries of the last hours, the newest ones where there are very
many), so neither the size of a batch nor a restart changes it.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from watcher.core.basics import Micros
from watcher.core.likeness import Grouping, Item, Kept, Like, LikenessIndex
from watcher.core.wording import are_copies, other_edition, overlap


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an entry was put, and why. ``copy_of`` is an entry whose text it shares."""

    entry_id: int
    story: int
    way: str
    nearest: int | None = None
    likeness: float | None = None
    related: int | None = None
    copy_of: int | None = None


class Window:
    """The entries of the last hours, by what they can be recognised by.

    Args:
        rules: the numbers of the method.
    """

    def __init__(self, rules: Grouping | None = None) -> None:
        self.rules = rules or Grouping()
        self._indexes: dict[str, LikenessIndex] = {}
        self._kept: dict[int, Kept] = {}
        self._oldest: list[tuple[Micros, int]] = []
        self._newest_at: Micros = 0
        self._stories: dict[int, list[int]] = defaultdict(list)
        self._same: dict[tuple[str, bytes | str], int] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def entries(self) -> Iterator[int]:
        """The entries in it."""
        return iter(self._kept)

    def story_of(self, entry_id: int) -> int | None:
        """The story of an entry in the window; None: it is not in it."""
        kept = self._kept.get(entry_id)
        return kept.story if kept else None

    def place(self, item: Item) -> Placement:
        """Decide where the next entry belongs, and take it in."""
        self._make_room(item.at)
        placement = self._same_item(item) or self._same_event(item)
        self.keep(item, placement.story)
        return placement

    def keep(self, item: Item, story: int) -> None:
        """Take in an entry whose story is known (the window is filled again after a restart)."""
        self._make_room(item.at)
        if item.at <= self._newest_at - self.rules.window:
            return
        self._kept[item.entry_id] = self._index(item.wording.language).add(item, story)
        self._stories[story].append(item.entry_id)
        heapq.heappush(self._oldest, (item.at, item.entry_id))
        for name in _names(item):
            self._same[name] = item.entry_id
        while len(self._kept) > self.rules.most_entries:
            self._drop_oldest()

    def move(self, entry_id: int, story: int) -> None:
        """An entry is of another story now: a person said so."""
        kept = self._kept.get(entry_id)
        if kept is not None and kept.story != story:
            self._leave(entry_id, kept.story)
            kept.story = story
            self._stories[story].append(entry_id)

    # --- what it belongs to ---------------------------------------------------------------------------------------

    def _same_item(self, item: Item) -> Placement | None:
        """An entry that is this one again: by link, by its whole text, by a long title at another source."""
        for name in _names(item):
            other = self._kept.get(self._same.get(name, 0))
            if other is not None and (name[0] != "title" or self._is_same_title(item, other)):
                return Placement(item.entry_id, other.story, name[0], other.item.entry_id, copy_of=other.item.entry_id)
        repeated = self._kept.get(item.repeats or 0)
        if repeated is not None:
            key = repeated.item.entry_id
            return Placement(item.entry_id, repeated.story, "text", key, copy_of=key)
        return None

    def _is_same_title(self, item: Item, other: Kept) -> bool:
        """A title alone is enough at another source, unless what stands under it is about something else."""
        if item.source == other.item.source or item.wording.language != other.item.wording.language:
            return False
        (likeness,) = self._index(item.wording.language).cosines(item.wording, (other,))
        return likeness >= self.rules.related

    def _same_event(self, item: Item) -> Placement:
        alike = self._index(item.wording.language).alike(item.wording)
        joined = next((like for like in alike[: self.rules.tried] if self._may_join(item, like)), None)
        story = self._kept[joined[1]].story if joined else item.entry_id
        related = next(
            (key for like, key in alike if like >= self.rules.related and self._kept[key].story != story), None
        )
        copy = next((key for like, key in alike if like >= self.rules.related and self._is_copy(item, key)), None)
        if joined is None:
            return Placement(item.entry_id, story, "first", related=related, copy_of=copy)
        return Placement(item.entry_id, story, "likeness", joined[1], round(joined[0], 4), related, copy)

    def _is_copy(self, item: Item, key: int) -> bool:
        return are_copies(item.wording.shingles, self._kept[key].item.wording.shingles)

    def _may_join(self, item: Item, like: Like) -> bool:
        likeness, key = like
        rules, other = self.rules, self._kept[key]
        same = item.source == other.item.source
        if likeness < (rules.join_same_source if same else rules.join):
            return False
        least = rules.title_overlap_same_source if same else rules.title_overlap
        if overlap(item.wording.title, other.item.wording.title) < least:
            return False
        if other_edition(item.wording, other.item.wording, same_source=same):
            return False
        return self._fits(item, other)

    def _fits(self, item: Item, other: Kept) -> bool:
        """Is it like the story as a whole, too? Else stories of a long affair grow into each other link by link."""
        newest = self._stories[other.story][-self.rules.story_members :]
        if len(newest) < 2:
            return True
        members = [self._kept[key] for key in newest]
        same = [kept for kept in members if kept.item.wording.language == item.wording.language]
        likenesses = self._index(item.wording.language).cosines(item.wording, same)
        return sum(likenesses) >= self.rules.story_likeness * len(same)

    # --- what is in it --------------------------------------------------------------------------------------------

    def _index(self, language: str) -> LikenessIndex:
        if language not in self._indexes:
            self._indexes[language] = LikenessIndex(self.rules)
        return self._indexes[language]

    def _make_room(self, at: Micros) -> None:
        """Let go of what is too old, as seen from the newest entry so far."""
        self._newest_at = max(self._newest_at, at)
        while self._oldest and self._oldest[0][0] <= self._newest_at - self.rules.window:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, entry_id = heapq.heappop(self._oldest)
        kept = self._kept.pop(entry_id)
        language = kept.item.wording.language
        self._indexes[language].remove(entry_id)
        if not self._indexes[language]:
            del self._indexes[language]
        self._leave(entry_id, kept.story)
        for name in _names(kept.item):
            if self._same.get(name) == entry_id:
                del self._same[name]

    def _leave(self, entry_id: int, story: int) -> None:
        members = self._stories[story]
        members.remove(entry_id)
        if not members:
            del self._stories[story]


def _names(item: Item) -> Iterator[tuple[str, bytes | str]]:
    """What this very item can be recognised by, surest first."""
    if item.link_key:
        yield "link", item.link_key
    if item.content and item.wording.same_title:
        yield "text", item.content
    if item.wording.same_title:
        yield "title", item.wording.same_title
