"""Stories in the database: reads them for faces. Must not: decide what belongs together, or commit.

An entry without a row is not yet grouped.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, func, select

from watcher.core.story import StoryRow, rank
from watcher.storage.evidence_tables import stories, story_edits
from watcher.storage.evidence_tables import story_members as members
from watcher.storage.sqltools import chunks
from watcher.storage.tables import entries, hits

_S, _M = stories.c, members.c
_OF_STORY = (_M.story_id, _S.lead_id, _S.entries, _S.outlets, _S.origins)
_OF_MEMBER = (_M.way, _M.likeness, _M.outlet, _M.origin, _M.origin_why, _M.standing)
_LATER = (_S.first_at, _S.last_at, _M.nearest_id, _M.related_id)


def story_rows(connection: Connection, entry_ids: Sequence[int]) -> dict[int, StoryRow]:
    """The story of each entry; those not yet grouped are left out."""
    joined = members.join(stories, _S.id == _M.story_id)
    statement = select(_M.entry_id, *_OF_STORY, *_OF_MEMBER, *_LATER).select_from(joined)
    found: dict[int, StoryRow] = {}
    for part in chunks(entry_ids):
        for entry_id, *values in connection.execute(statement.where(_M.entry_id.in_(part))):
            found[entry_id] = StoryRow(*values)
    return found


def story_members(connection: Connection, story_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """The entries of each story, its lead first, then in the order of their ids."""
    joined = members.join(stories, _S.id == _M.story_id)
    statement = select(_M.story_id, _M.entry_id).select_from(joined).order_by(_M.entry_id != _S.lead_id, _M.entry_id)
    found: dict[int, tuple[int, ...]] = {}
    for part in chunks(story_ids):
        for story_id, entry_id in connection.execute(statement.where(_M.story_id.in_(part))):
            found[story_id] = (*found.get(story_id, ()), entry_id)
    return found


class StoryLine(Struct, frozen=True):
    """One story in a list: the title of its lead, and how many hits it has."""

    story_id: int
    title: str
    first_at: int
    last_at: int
    entries: int
    outlets: int
    origins: int
    hits: int


class MemberLine(Struct, frozen=True):
    """One entry of a story, with all that is known of why it stands there."""

    entry_id: int
    row: StoryRow
    title: str
    link: str
    first_seen: int
    edits: tuple[tuple[int, str, str, str], ...] = ()


def stories_of_period(
    connection: Connection, since: int | None, until: int | None, *, limit: int, with_hits: bool = True
) -> tuple[StoryLine, ...]:
    """Stories with an entry first seen in the period, newest first; by default only those with hits."""
    hit = select(members.c.story_id, func.count().label("hits")).join_from(
        hits, members, _M.entry_id == hits.c.entry_id
    )
    counted = hit.group_by(_M.story_id).subquery()
    joined = stories.join(entries, entries.c.id == _S.lead_id).join(
        counted, counted.c.story_id == _S.id, isouter=not with_hits
    )
    wanted = (
        select(_S.id, entries.c.title, _S.first_at, _S.last_at, _S.entries, _S.outlets, _S.origins, counted.c.hits)
        .select_from(joined)
        .where(*([_S.last_at >= since] if since is not None else []))
        .where(*([_S.first_at < until] if until is not None else []))
        .order_by(_S.last_at.desc(), _S.id.desc())
        .limit(limit)
    )
    return tuple(StoryLine(*row[:-1], row[-1] or 0) for row in connection.execute(wanted))


def member_lines(connection: Connection, story_id: int) -> tuple[MemberLine, ...]:
    """All entries of a story: documents first, then an institution's own word, then reports, oldest first in each."""
    ids = story_members(connection, [story_id]).get(story_id, ())
    rows = story_rows(connection, ids)
    wanted = select(entries.c.id, entries.c.title, entries.c.link, entries.c.first_seen).where(entries.c.id.in_(ids))
    edits: dict[int, tuple[tuple[int, str, str, str], ...]] = {}
    made = select(story_edits).where(story_edits.c.entry_id.in_(ids)).order_by(story_edits.c.id)
    for edit in connection.execute(made):
        edits[edit.entry_id] = (*edits.get(edit.entry_id, ()), (edit.id, edit.edit, edit.analyst, edit.note))
    found = [MemberLine(row[0], rows[row[0]], *row[1:], edits.get(row[0], ())) for row in connection.execute(wanted)]
    return tuple(sorted(found, key=lambda one: (rank(one.row.standing), one.first_seen, one.entry_id)))
