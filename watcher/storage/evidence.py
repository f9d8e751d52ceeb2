"""Reads what is kept as evidence: the wordings of an entry, the polls that brought them, the bytes. Must not: write or judge."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, func, select

from watcher.core.history import History, HitEvidence, Record, Wording
from watcher.storage.engine import begin
from watcher.storage.evidence_tables import story_members
from watcher.storage.schema import stored_version
from watcher.storage.tables import (
    assessments,
    bodies,
    entries,
    entry_aliases,
    entry_revisions,
    hits,
    polls,
    runs,
    sources,
    verdicts,
    watchlist_revisions,
    watchlist_sources,
    watchlists,
)

MOST_WORDINGS = 200
MOST_MEMBERS = 500
MOST_BODY_BYTES = 100_000_000
"""Of an entry that was edited without end, not everything goes into one bundle; what is left out is said."""

_E, _R, _S, _P, _H = entries.c, entry_revisions.c, sources.c, polls.c, hits.c


class EvidenceQueries:
    """Read models of evidence over an engine; each public method is one snapshot."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def history(self, entry_id: int) -> History | None:
        """An entry with its wordings, or None where there is none of that number."""
        with begin(self._engine) as connection:
            return entry_history(connection, entry_id)

    def hit(self, hit_id: int) -> HitEvidence | None:
        """All that is kept about a hit, or None."""
        with begin(self._engine) as connection:
            return hit_evidence(connection, hit_id)

    def entry_of(self, hit_id: int) -> int | None:
        """The entry of a hit, or None."""
        with begin(self._engine) as connection:
            found: int | None = connection.scalar(select(_H.entry_id).where(_H.id == hit_id))
            return found


_ENTRY = (
    _E.id.label("entry_id"),
    _E.title,
    _E.link,
    _E.guid,
    _S.name.label("source"),
    _S.title.label("source_title"),
    _S.publisher,
    _E.published,
    _E.published_raw,
    _E.sighting,
    _E.duplicate_of,
    _E.first_seen,
    _E.last_seen,
    _E.left_at,
    _E.vanished_at,
)


def entry_history(connection: Connection, entry_id: int) -> History | None:
    """An entry with its wordings, or None where there is none of that number."""
    row = connection.execute(select(*_ENTRY).join_from(entries, sources).where(_E.id == entry_id)).first()
    if row is None:
        return None
    alias = select(func.count()).where(entry_aliases.c.entry_id == entry_id)
    made = select(_H.id, _H.signal).where(_H.entry_id == entry_id).order_by(_H.id)
    return History(
        **row._mapping,  # noqa: SLF001  # the public name of SQLAlchemy's row as a mapping
        aliases=connection.scalar(alias) or 0,
        wordings=_wordings(connection, entry_id, row.last_seen),
        hits=tuple((hit.id, hit.signal) for hit in connection.execute(made)),
    )


def _wordings(connection: Connection, entry_id: int, last_seen: int) -> tuple[Wording, ...]:
    statement = (
        select(entry_revisions, _P.finished_at, _P.body_digest, bodies.c.digest.label("kept"))
        .join_from(entry_revisions, polls, _P.id == _R.poll_id)
        .outerjoin(bodies, bodies.c.digest == _P.body_digest)
        .where(_R.entry_id == entry_id)
        .order_by(_R.revision_no)
    )
    return tuple(_wording(row, last_seen) for row in connection.execute(statement))


def _wording(row: Any, last_seen: int) -> Wording:
    return Wording(
        number=row.revision_no,
        digest=row.content_digest,
        title=row.title,
        text=row.text,
        first_seen=row.first_seen,
        last_seen=last_seen if row.last_seen is None else row.last_seen,
        sighting=row.sighting,
        poll_id=row.poll_id,
        fetched_at=row.finished_at,
        body_digest=row.body_digest or b"",
        body_kept=row.kept is not None,
    )


# --- a hit, whole -------------------------------------------------------------------------------------------------

_OF_SOURCE = ("id", "kind", "url", "select_path", "name", "title", "publisher", "family", "language", "created_at")
_OF_REVISION = ("id", "digest", "files", "loaded_at")


def hit_evidence(connection: Connection, hit_id: int) -> HitEvidence | None:
    """All that is kept about a hit, or None where there is none of that number."""
    hit = _one(connection, select(hits).where(_H.id == hit_id))
    history = entry_history(connection, hit["entry_id"]) if hit is not None else None
    if hit is None or history is None:
        return None
    scored = _all(connection, _assessments(hit_id))
    assessed = {row["entry_revision"] for row in scored}
    shown, left_out = _within(history.wordings, assessed)
    polled = _of(connection, polls, "id", [wording.poll_id for wording in shown])
    kept, also_out = _bodies(connection, shown, assessed)
    link = watchlist_sources.c
    listed = (link.watchlist_id == hit["watchlist_id"]) & (link.source_id == hit["source_id"])
    return HitEvidence(
        hit=hit,
        watchlist=connection.scalar(select(watchlists.c.name).where(watchlists.c.id == hit["watchlist_id"])) or "",
        entry=_one(connection, select(entries).where(_E.id == hit["entry_id"])) or {},
        source=_one(connection, select(*(_S[name] for name in _OF_SOURCE)).where(_S.id == hit["source_id"])) or {},
        link=_one(connection, select(watchlist_sources).where(listed)) or {},
        history=replace(history, wordings=shown),
        polls=polled,
        bodies=kept,
        assessments=scored,
        revisions=_of(connection, watchlist_revisions, "id", [row["revision_id"] for row in scored], _OF_REVISION),
        verdicts=_all(connection, select(verdicts).where(verdicts.c.hit_id == hit_id).order_by(verdicts.c.id)),
        schema=stored_version(connection),
        story=_story(connection, hit["entry_id"]),
        left_out=(*left_out, *also_out),
    )


def _story(connection: Connection, entry_id: int) -> tuple[Record, ...]:
    """Who else has it, and whom they have it from, as far as it was grouped."""
    own = select(story_members.c.story_id).where(story_members.c.entry_id == entry_id).scalar_subquery()
    statement = (
        select(story_members, _E.title, _E.link, _E.first_seen, _S.name.label("source"), _S.publisher)
        .join_from(story_members, entries, _E.id == story_members.c.entry_id)
        .join(sources, _S.id == _E.source_id)
        .where(story_members.c.story_id == own)
        .order_by(story_members.c.entry_id)
        .limit(MOST_MEMBERS)
    )
    return _all(connection, statement)


def _assessments(hit_id: int) -> Select[Any]:
    a = assessments.c
    return select(assessments, runs.c.kind.label("run_kind")).outerjoin(runs).where(a.hit_id == hit_id).order_by(a.id)


def _one(connection: Connection, statement: Select[Any]) -> Record | None:
    row = connection.execute(statement).mappings().first()
    return None if row is None else dict(row)


def _all(connection: Connection, statement: Select[Any]) -> tuple[Record, ...]:
    return tuple(dict(row) for row in connection.execute(statement).mappings())


def _of(
    connection: Connection, table: Table, key: str, values: Iterable[int], names: Sequence[str] = ()
) -> tuple[Record, ...]:
    columns = [table.c[name] for name in names] or list(table.c)
    wanted = sorted(set(values))
    return _all(connection, select(*columns).where(table.c[key].in_(wanted)).order_by(table.c[key]))


def _within(wordings: Sequence[Wording], assessed: set[int]) -> tuple[tuple[Wording, ...], tuple[str, ...]]:
    """The wordings that go in: all, or the first, the scored and the newest ones."""
    if len(wordings) <= MOST_WORDINGS:
        return tuple(wordings), ()
    newest = {wording.number for wording in wordings[-MOST_WORDINGS + 1 :]}
    shown = tuple(w for w in wordings if w.number in newest | assessed or w.number == wordings[0].number)
    return shown, (f"{len(wordings) - len(shown):,} of {len(wordings):,} wordings: too many for one bundle",)


def _bodies(
    connection: Connection, wordings: Sequence[Wording], assessed: set[int]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Bytes as fetched, those of scored wordings first, up to a bound."""
    kept: dict[str, bytes] = {}
    left_out: list[str] = []
    room = MOST_BODY_BYTES
    for wording in sorted(wordings, key=lambda one: (one.number not in assessed, one.number)):
        if not wording.body_kept:
            left_out.append(
                f"the bytes that brought wording {wording.number}: bytes are kept where they made a hit or a new wording"
            )
            continue
        if wording.body_digest.hex() in kept:
            continue
        content = connection.scalar(select(bodies.c.content).where(bodies.c.digest == wording.body_digest)) or b""
        data = zlib.decompress(content)
        room -= len(data)
        if room >= 0:
            kept[wording.body_digest.hex()] = data
        else:
            left_out.append(f"the bytes that brought wording {wording.number}: too large for one bundle")
    return kept, tuple(left_out)
