"""Stories in the database: reads them for faces. Must not: decide what belongs together, or commit.

An entry without a row is not yet grouped.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from watcher.core.story import StoryRow
from watcher.storage.evidence_tables import stories
from watcher.storage.evidence_tables import story_members as members
from watcher.storage.sqltools import chunks

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
