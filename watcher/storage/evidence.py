"""Reads what is kept as evidence: the wordings of an entry, the polls that brought them, the bytes. Must not: write or judge."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, func, select

from watcher.core.history import History, Wording
from watcher.storage.engine import begin
from watcher.storage.tables import bodies, entries, entry_aliases, entry_revisions, hits, polls, sources

_E, _R, _S, _P, _H = entries.c, entry_revisions.c, sources.c, polls.c, hits.c


class EvidenceQueries:
    """Read models of evidence over an engine; each public method is one snapshot."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def history(self, entry_id: int) -> History | None:
        """An entry with its wordings, or None where there is none of that number."""
        with begin(self._engine) as connection:
            return entry_history(connection, entry_id)

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
