"""Fills stories: hands out entries that are not yet grouped, and writes where they belong. Must not: decide that, or commit.

A batch is one transaction of the derive duty. What people decided (`story_edits`) is applied here too, by the same
function that the command uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, insert, select, text, update

from watcher.core.errors import UsageProblem
from watcher.core.grouping import Placement
from watcher.core.likeness import Grouping, Item
from watcher.core.model import Micros
from watcher.core.origin import Member, Owner, Published, Traced, host_of, origins_of
from watcher.core.story import rank
from watcher.core.wording import LEAD_CHARS, read_wording
from watcher.storage import duty
from watcher.storage.engine import begin, writer
from watcher.storage.evidence_tables import stories, story_edits
from watcher.storage.evidence_tables import story_members as members
from watcher.storage.sqltools import chunks
from watcher.storage.tables import duties, entries, entry_revisions, sources, watchlist_sources

DUTY = "stories"
PAGE = 500
LATE_IDS = 10_000
"""On PostgreSQL a transaction may commit after one with a later id: so many ids below the mark are looked at again."""

_E, _R, _S, _M, _T, _X = entries.c, entry_revisions.c, sources.c, members.c, stories.c, story_edits.c
_FIRST = and_(_R.entry_id == _E.id, _R.revision_no == 1)
_ROWS = entries.join(entry_revisions, _FIRST).join(sources, _S.id == _E.source_id)
_READ = (
    _E.id,
    _E.first_seen,
    _E.source_id,
    _E.language,
    _E.link_key,
    _E.duplicate_of,
    _R.title,
    _R.content_digest,
)


@dataclass(frozen=True, slots=True)
class Fresh:
    """An entry that is not yet grouped."""

    item: Item
    said: Published


class StoryBatch:
    """One transaction of the duty."""

    def __init__(self, connection: Connection, mark: int, limit: int) -> None:
        self._connection = connection
        self._limit = limit
        self.mark = mark
        self.edited = connection.scalar(select(func.max(_X.id)).where(_X.applied_at.is_not(None))) or 0

    def fresh(self) -> tuple[Fresh, ...]:
        """The next entries, in order."""
        late = 0 if self._connection.dialect.name == "sqlite" else LATE_IDS
        wanted = (
            select(*_READ, _R.text, _E.link, _E.author, _E.outlet, _E.outlet_url, _S.family, _S.publisher, _S.title)
            .select_from(_ROWS.outerjoin(members, _M.entry_id == _E.id))
            .where(_E.id > self.mark - late, _M.entry_id.is_(None))
            .order_by(_E.id)
            .limit(self._limit)
        )
        primary = set(self._connection.scalars(_primary()))
        return tuple(_fresh(row, primary) for row in self._connection.execute(wanted))

    def owners(self) -> dict[str, Owner]:
        """Who owns which host, by the sources that were ever listed."""
        primary = set(self._connection.scalars(_primary()))
        found: dict[str, Owner] = {}
        for row in self._connection.execute(select(_S.id, _S.url, _S.family, _S.publisher).order_by(_S.id)):
            host = host_of(row.url)
            if host and row.family and row.family != "google" and host not in found:
                found[host] = Owner(row.family, row.publisher, row.id in primary)
        return found

    def window(self, rules: Grouping) -> Iterator[tuple[Item, int]]:
        """The entries that a window would hold now, in order, each with its story."""
        newest = self._connection.scalar(
            select(func.max(_E.first_seen)).select_from(entries.join(members, _M.entry_id == _E.id))
        )
        if newest is None:
            return
        wanted = (
            select(*_READ, func.substr(_R.text, 1, LEAD_CHARS).label("text"), _M.story_id)
            .select_from(_ROWS.join(members, _M.entry_id == _E.id))
            .where(_E.first_seen > newest - rules.window)
            .order_by(_E.first_seen.desc(), _E.id.desc())
            .limit(rules.most_entries)
        )
        rows = self._connection.execute(wanted).all()
        for row in sorted(rows, key=lambda row: row.id):
            yield _item(row), row.story_id

    def write(self, placed: Sequence[tuple[Placement, Traced]], now: Micros) -> None:
        """Store where entries belong, apply what people decided about them, count anew what was touched."""
        if not placed:
            return
        began = [one.story for one, _ in placed if one.story == one.entry_id]
        new = [{"id": story, "lead_id": story, "first_at": 0, "last_at": 0} for story in began]  # counted below
        if new:
            self._connection.execute(insert(stories), new)
        self._connection.execute(insert(members), [_member_row(*one) for one in placed])
        touched = {one.story for one, _ in placed} | apply_edits(self._connection, now)
        count_anew(self._connection, touched)
        duty.reach(self._connection, DUTY, max(one.entry_id for one, _ in placed))


class StoryStore:
    """The stories of one database, for the duty.

    Args:
        engine: from `open_engine`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin_duty(self, owner: str, now: Micros, until: Micros) -> bool:
        """Take the duty for a while; False where somebody else has it."""
        return duty.take(self._engine, DUTY, owner, now, until)

    def end_duty(self, owner: str) -> None:
        """Give the duty back."""
        duty.give_back(self._engine, DUTY, owner)

    def empty(self) -> None:
        """Drop the stories; what people decided is kept, and applied again."""
        with begin(writer(self._engine)) as connection:
            connection.execute(delete(members))
            connection.execute(delete(stories))
            connection.execute(update(story_edits).values(applied_at=None))
            connection.execute(update(duties).where(duties.c.name == DUTY).values(watermark=0))

    @contextmanager
    def batch(self, owner: str, limit: int = PAGE) -> Iterator[StoryBatch | None]:
        """A transaction of the duty; None where it is no longer the owner's."""
        with begin(writer(self._engine)) as connection:
            held = select(duties.c.lease_owner, duties.c.watermark).where(duties.c.name == DUTY).with_for_update()
            row = connection.execute(held).one_or_none()
            yield StoryBatch(connection, row.watermark, limit) if row and row.lease_owner == owner else None


def _primary() -> Any:
    """Sources that some watchlist takes for an institution's own."""
    return select(watchlist_sources.c.source_id).where(watchlist_sources.c.role == "primary").distinct()


def _item(row: Any) -> Item:
    wording = read_wording(row.title, row.text, row.language)
    return Item(row.id, row.first_seen, row.source_id, wording, row.link_key, row.content_digest, row.duplicate_of)


def _fresh(row: Any, primary: set[int]) -> Fresh:
    said = Published(
        row.title, row.text, row.link, row.family, row.publisher, row.author, row.outlet, row.outlet_url,
        is_primary=row.source_id in primary,
    )  # fmt: skip
    return Fresh(_item(row), said)


def _member_row(placed: Placement, traced: Traced) -> dict[str, Any]:
    return {
        "entry_id": placed.entry_id,
        "story_id": placed.story,
        "way": placed.way,
        "nearest_id": placed.nearest,
        "likeness": placed.likeness,
        "related_id": placed.related,
        "copy_id": placed.copy_of,
        "claims": [list(claim) for claim in traced.claims],
        "outlet": traced.outlet,
        "standing": traced.standing,
    }


# --- what people decide -------------------------------------------------------------------------------------------


def apply_edits(connection: Connection, now: Micros) -> set[int]:
    """Move the entries that people moved, once both sides are grouped; the stories that changed."""
    waiting = connection.execute(select(story_edits).where(_X.applied_at.is_(None)).order_by(_X.id)).all()
    changed: set[int] = set()
    back = {edit.undoes for edit in waiting} & {edit.id for edit in waiting}  # made and taken back: nothing to do
    for edit in waiting:
        done = set() if edit.id in back or edit.undoes in back else _apply(connection, edit)
        if done is not None:
            changed |= done
            connection.execute(update(story_edits).where(_X.id == edit.id).values(applied_at=now))
    return changed


def _apply(connection: Connection, edit: Any) -> set[int] | None:
    """Apply one edit; None: it has to wait."""
    row = connection.execute(select(members).where(_M.entry_id == edit.entry_id)).one_or_none()
    if row is None:
        return None
    if edit.edit == "undo":
        return _undo(connection, row, edit)
    if edit.edit == "split":
        return _move(connection, row, None, "split")
    target = connection.scalar(select(_M.story_id).where(_M.entry_id == edit.with_id))
    return None if target is None else _move(connection, row, target, "join")


def _undo(connection: Connection, row: Any, edit: Any) -> set[int]:
    """The entry stands where the newest edit of it that was not taken back puts it, else where it was found to belong."""
    taken = select(_X.undoes).where(_X.undoes.is_not(None), _X.id <= edit.id)
    left = select(story_edits).where(
        _X.entry_id == row.entry_id, _X.edit != "undo", _X.id < edit.id, _X.id.not_in(taken)
    )
    last = connection.execute(left.order_by(_X.id.desc()).limit(1)).one_or_none()
    if last is not None:
        return _apply(connection, last) or set()
    # Where it began its story, those that joined by it are there.
    beside = (
        _M.entry_id == row.nearest_id if row.nearest_id else and_(_M.nearest_id == row.entry_id, _M.found_way == "")
    )
    target = connection.scalar(select(_M.story_id).where(beside).order_by(_M.entry_id).limit(1))
    return _move(connection, row, target, row.found_way or row.way, by_person=False)


def _move(connection: Connection, row: Any, target: int | None, way: str, *, by_person: bool = True) -> set[int]:
    """Put an entry into a story, or (None) into one of its own; a story bears the number of one of its entries."""
    old = row.story_id
    values: dict[str, Any] = {"way": way, "found_way": (row.found_way or row.way) if by_person else ""}
    rest = connection.scalar(select(func.min(_M.entry_id)).where(_M.story_id == old, _M.entry_id != row.entry_id))
    changed = {old}
    if target != old and old == row.entry_id and rest is not None:
        # The story bore this entry's number: the others go on under the number of the first of them.
        _begin_story(connection, rest, old)
        connection.execute(update(members).where(_M.story_id == old, _M.entry_id != row.entry_id).values(story_id=rest))
        changed.add(rest)
        target = rest if target == old else target
    if target is None and (rest is not None or old != row.entry_id):
        target = row.entry_id
        _begin_story(connection, target, old)
    if target is not None:
        values["story_id"] = target
        changed.add(target)
    connection.execute(update(members).where(_M.entry_id == row.entry_id).values(values))
    return changed


def _begin_story(connection: Connection, story: int, like: int) -> None:
    if connection.scalar(select(_T.id).where(_T.id == story)) is None:
        at = connection.execute(select(_T.first_at, _T.last_at).where(_T.id == like)).one()
        row = {"id": story, "lead_id": story, "first_at": at.first_at, "last_at": at.last_at}
        connection.execute(insert(stories), [row])


# --- counting -----------------------------------------------------------------------------------------------------


def count_anew(connection: Connection, story_ids: Iterable[int]) -> None:
    """Origins, lead and counts of stories whose members changed; a story without members goes."""
    for part in chunks(sorted(story_ids), 1000):
        wanted = (
            select(members, _E.first_seen)
            .select_from(members.join(entries, _E.id == _M.entry_id))
            .where(_M.story_id.in_(part))
            .order_by(_M.entry_id)
        )
        found: dict[int, list[Any]] = {story: [] for story in part}
        for row in connection.execute(wanted):
            found[row.story_id].append(row)
        _store_counts(connection, found)


def _store_counts(connection: Connection, found: Mapping[int, Sequence[Any]]) -> None:
    said, counted = [], []
    for story, rows in found.items():
        if rows:
            origins = origins_of([_claimed(row) for row in rows])
            said += [
                {"key": row.entry_id, "new_origin": origins[row.entry_id][0], "new_why": origins[row.entry_id][1]}
                for row in rows
                if (row.origin, row.origin_why) != origins[row.entry_id]
            ]
            counted.append(_counts(story, rows, len({name for name, _ in origins.values()})))
    if said:
        text_of = text("UPDATE story_members SET origin = :new_origin, origin_why = :new_why WHERE entry_id = :key")
        connection.execute(text_of, said)
    if counted:
        names = ("lead_id", "first_at", "last_at", "entries", "outlets", "origins")
        sets = ", ".join(f"{name} = :{name}" for name in names)
        connection.execute(text(f"UPDATE stories SET {sets} WHERE id = :story"), counted)  # noqa: S608  # constants
    gone = [story for story, rows in found.items() if not rows]
    if gone:
        connection.execute(delete(stories).where(_T.id.in_(gone)))


def _claimed(row: Any) -> Member:
    claims = tuple((family, why) for family, why in row.claims or [["unknown", "published by unknown"]])
    return Member(row.entry_id, claims, row.copy_id)


def _counts(story: int, rows: Sequence[Any], origins: int) -> dict[str, Any]:
    lead = min(rows, key=lambda row: (rank(row.standing), row.first_seen, row.entry_id))
    times = [row.first_seen for row in rows]
    return {
        "story": story,
        "lead_id": lead.entry_id,
        "first_at": min(times),
        "last_at": max(times),
        "entries": len(rows),
        "outlets": len({row.outlet for row in rows}),
        "origins": origins,
    }


# --- a person's edit ----------------------------------------------------------------------------------------------


def edit_story(
    engine: Engine,
    edit: str,
    entry_ids: Sequence[int],
    *,
    with_id: int | None = None,
    analyst: str = "",
    note: str = "",
    now: Micros,
) -> tuple[int, ...]:
    """Record a split or a join and apply it at once; numbers of the edits.

    Raises:
        UsageProblem: an entry that is not there.
    """
    with begin(writer(engine)) as connection:
        connection.execute(select(duties.c.watermark).where(duties.c.name == DUTY).with_for_update())
        wanted = {*entry_ids, *([with_id] if with_id is not None else [])}
        known = set(connection.scalars(select(_E.id).where(_E.id.in_(wanted))))
        for key in sorted(wanted - known):
            raise UsageProblem(f"there is no entry {key}", hint="`watcher story` lists stories with their entries")
        numbers = [
            _record(connection, {"edit": edit, "entry_id": key, "with_id": with_id}, analyst, note, now)
            for key in entry_ids
        ]
        count_anew(connection, apply_edits(connection, now))
        return tuple(numbers)


def undo_edit(engine: Engine, number: int, *, analyst: str = "", note: str = "", now: Micros) -> int:
    """Take an edit back, by another one; its number.

    Raises:
        UsageProblem: no such edit, or it was taken back already.
    """
    with begin(writer(engine)) as connection:
        connection.execute(select(duties.c.watermark).where(duties.c.name == DUTY).with_for_update())
        row = connection.execute(select(story_edits).where(_X.id == number)).one_or_none()
        if row is None or row.edit == "undo":
            raise UsageProblem(f"there is no split or join {number}", hint="`watcher story show ENTRY` lists the edits")
        if connection.scalar(select(_X.id).where(_X.undoes == number)) is not None:
            raise UsageProblem(f"edit {number} was taken back already")
        made = _record(connection, {"edit": "undo", "entry_id": row.entry_id, "undoes": number}, analyst, note, now)
        count_anew(connection, apply_edits(connection, now))
        return made


def _record(connection: Connection, edit: dict[str, Any], analyst: str, note: str, now: Micros) -> int:
    values = {**edit, "analyst": analyst, "note": note, "decided_at": now}
    made = connection.execute(insert(story_edits).values(values).returning(_X.id))
    return int(made.scalar_one())
