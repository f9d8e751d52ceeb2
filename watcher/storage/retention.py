"""Prunes what nobody needs any more, in small transactions. Must not: touch a hit, what a hit rests on, or decide an age.

An entry goes when its source has not shown it for long and nothing hangs on it: no hit, no reading of a figure, no split
or join by a person, and neither on the entries of its story. Its keys stay as tombstones: served again it is not new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, exists, func, literal, or_, select, tuple_, update

from watcher.core.model import Micros
from watcher.storage.engine import begin, writer
from watcher.storage.evidence_tables import story_edits, story_members
from watcher.storage.search import forget
from watcher.storage.sqltools import insert_for
from watcher.storage.storyfill import count_anew
from watcher.storage.tables import (
    bodies,
    entries,
    entry_aliases,
    entry_revisions,
    entry_scores,
    figure_readings,
    hits,
    polls,
    source_items,
    tombstones,
)

PAGE = 200
"""Rows that one transaction looks at."""
COUNTED = 5000
"""And where they are only counted, which keeps nobody waiting."""

_E, _R, _P, _B, _I, _M = (
    entries.c,
    entry_revisions.c,
    polls.c,
    bodies.c,
    source_items.c,
    story_members.c,
)


@dataclass(frozen=True, slots=True)
class Page:
    """What one transaction did: so many rows taken, and where the next one goes on; ``after`` None: nothing is left."""

    taken: int
    after: Any


def _is_held(entry_id: Any) -> Any:
    """Does something hang on the entry itself?"""
    edits = story_edits.c
    return or_(
        exists().where(hits.c.entry_id == entry_id),
        exists().where(figure_readings.c.entry_id == entry_id),
        exists().where(edits.entry_id == entry_id),
    )


def _prunable(before: Micros) -> Any:
    """Entries that may go: gone from their source since before a time, and free, and so is all of their story."""
    own, other = story_members.alias().c, story_members.alias().c
    in_story = (
        select(literal(1))
        .join_from(own.entry_id.table, other.entry_id.table, other.story_id == own.story_id)
        .where(own.entry_id == _E.id, _is_held(other.entry_id))
        .correlate(entries)
    )
    # The newest row stays, so that its number is not given again.
    newest = select(func.max(entries.alias().c.id)).scalar_subquery()
    return and_(_E.left_at < before, _E.first_seen < before, _E.id < newest, ~_is_held(_E.id), ~exists(in_story))


class SqlRetention:
    """Pruning in one database.

    Args:
        engine: from `open_engine`.
        dry: count only.
    """

    def __init__(self, engine: Engine, *, dry: bool = False) -> None:
        self._engine = engine if dry else writer(engine)
        self._dry = dry
        self._page = COUNTED if dry else PAGE

    # --- entries ----------------------------------------------------------------------------------------------------

    def entries(self, before: Micros, after: Any, now: Micros) -> Page:
        """Prune entries among the next ones by id."""
        with begin(self._engine) as connection:
            looked = connection.execute(
                select(_E.id, _E.first_seen).where(_E.id > (after or 0)).order_by(_E.id).limit(self._page)
            ).all()
            if not looked:
                return Page(0, None)
            last = looked[-1].id
            wanted = select(_E.id).where(_E.id > (after or 0), _E.id <= last, _prunable(before))
            ids = connection.scalars(wanted.order_by(_E.id)).all()
            if ids and not self._dry:
                _bury(connection, ids, now)
                _delete(connection, ids)
            # Entries are numbered as they are seen: a page without an old one is the end.
            is_over = all(row.first_seen >= before for row in looked)
            return Page(len(ids), None if is_over else last)

    # --- what polls left --------------------------------------------------------------------------------------------

    def items(self, before: Micros, after: Any, now: Micros) -> Page:  # noqa: ARG002  # one shape for every stage
        """Prune digests of items that left their source: they tell nothing that tombstones and entries do not."""
        source_id, digest = after or (0, b"")
        with begin(self._engine) as connection:
            beyond = tuple_(_I.source_id, _I.digest) > tuple_(literal(source_id), literal(digest, _I.digest.type))
            page = select(_I.source_id, _I.digest, _I.last_seen).where(beyond)
            rows = connection.execute(page.order_by(_I.source_id, _I.digest).limit(self._page)).all()
            old = [row for row in rows if row.last_seen is not None and row.last_seen < before]
            if not self._dry:
                for source in dict.fromkeys(row.source_id for row in old):
                    own = [row.digest for row in old if row.source_id == source]
                    connection.execute(delete(source_items).where(_I.source_id == source, _I.digest.in_(own)))
            return Page(len(old), (rows[-1].source_id, rows[-1].digest) if rows else None)

    def polls(self, before: Micros, after: Any, now: Micros) -> Page:  # noqa: ARG002
        """Trim old polls to their summary: headers and warnings go, but of those that a hit's wording rests on."""
        with begin(self._engine) as connection:
            rows = connection.execute(
                select(_P.id, _P.finished_at).where(_P.id > (after or 0)).order_by(_P.id).limit(self._page)
            ).all()
            if not rows:
                return Page(0, None)
            told = or_(_P.headers.is_not(None), _P.warnings.is_not(None))
            span = (_P.id > (after or 0), _P.id <= rows[-1].id, _P.finished_at < before, told)
            needed = exists().where(_R.poll_id == _P.id, hits.c.entry_id == _R.entry_id)
            ids = connection.scalars(select(_P.id).where(*span, ~needed)).all()
            if ids and not self._dry:
                connection.execute(update(polls).where(_P.id.in_(ids)).values(headers=None, warnings=None))
            is_over = all(row.finished_at >= before for row in rows)
            return Page(len(ids), None if is_over else rows[-1].id)

    def bodies(self, before: Micros, after: Any, now: Micros) -> Page:  # noqa: ARG002
        """Prune bytes of old polls that brought no wording which is still here."""
        with begin(self._engine) as connection:
            page = select(_B.digest, _B.poll_id).where(_B.digest > (after or b"")).order_by(_B.digest).limit(self._page)
            rows = connection.execute(page).all()
            if not rows:
                return Page(0, None)
            digests = [row.digest for row in rows]
            rests = exists().where(_R.poll_id == _B.poll_id)
            free = select(_B.digest, _P.source_id).join_from(bodies, polls)
            free = free.where(_B.digest.in_(digests), _P.finished_at < before, ~rests)
            wanted = {row.digest: row.source_id for row in connection.execute(free)}
            if wanted:
                for digest in self._brought_again(connection, wanted):
                    wanted.pop(digest, None)
            if wanted and not self._dry:
                connection.execute(delete(bodies).where(_B.digest.in_(list(wanted))))
            return Page(len(wanted), digests[-1])

    @staticmethod
    def _brought_again(connection: Connection, wanted: Mapping[bytes, int]) -> Sequence[bytes]:
        """Bodies that came again at a later poll, with a wording that is still here."""
        statement = select(_P.body_digest).where(
            _P.source_id.in_(set(wanted.values())),
            _P.body_digest.in_(list(wanted)),
            exists().where(_R.poll_id == _P.id),
        )
        return connection.scalars(statement.distinct()).all()


# --- how ----------------------------------------------------------------------------------------------------------


def _bury(connection: Connection, ids: Sequence[int], now: Micros) -> None:
    """Tombstones under every key by which the entries are known."""
    a = entry_aliases.c
    rest = (_E.source_id, _E.link_key, _E.content_digest, _E.first_seen, literal(now))
    own = select(_E.key, *rest).where(_E.id.in_(ids))
    other = select(a.key, *rest).join_from(entry_aliases, entries, a.entry_id == _E.id).where(_E.id.in_(ids))
    names = ["key", "source_id", "link_key", "content_digest", "first_seen", "pruned_at"]
    buried = insert_for(connection.dialect.name)(tombstones)
    for rows in (own, other):
        connection.execute(buried.from_select(names, rows).on_conflict_do_nothing())


def _delete(connection: Connection, ids: Sequence[int]) -> None:
    """The entries and all that is derived from them, children first."""
    forget(connection, ids)
    _leave_stories(connection, ids)
    for table in (entry_aliases, entry_scores, entry_revisions):
        connection.execute(delete(table).where(table.c.entry_id.in_(ids)))
    connection.execute(delete(entries).where(_E.id.in_(ids)))


def _leave_stories(connection: Connection, ids: Sequence[int]) -> None:
    """Stories without them: gone where nothing is left, else led and counted anew."""
    touched = connection.scalars(select(_M.story_id).where(_M.entry_id.in_(ids)).distinct()).all()
    if not touched:
        return
    connection.execute(delete(story_members).where(_M.entry_id.in_(ids)))
    count_anew(connection, touched)
