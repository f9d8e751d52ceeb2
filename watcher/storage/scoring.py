"""Writes what scoring found: hits once and for ever, assessments, facets, figures, and the alerts owed for new hits.

Must not: compute a score or decide what is a hit; that is in the rows it is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from watcher.core.model import Assessment, FigureReading, Micros
from watcher.core.wire import assessment_to_json
from watcher.storage.board import keep_rungs
from watcher.storage.names import Names
from watcher.storage.sqltools import Rows, add, add_new, chunks, fetch, insert_for, put, run
from watcher.storage.tables import assessments, entry_scores, figure_readings, hit_facets, hits, outbox

REASON_PARTS = 3
REASON_CHARS = 300


@dataclass(frozen=True, slots=True)
class ScoredText:
    """An entry's wording after scoring, for one watchlist, with what an alert tells about it.

    ``wanted`` are the signals to make hits of, ``alerted`` those of them that are owed to channels. ``replaces`` is
    True in a rescore: its assessments count instead of older ones; a poll only ever raises what counts.
    """

    entry_id: int
    entry_revision: int
    source_id: int
    address_key: bytes
    entry_key: bytes
    first_seen: Micros
    sighting: str
    watchlist: str
    revision_id: int
    assessments: tuple[Assessment, ...]
    figures: tuple[FigureReading, ...]
    wanted: frozenset[str]
    alerted: frozenset[str]
    is_known: bool
    told: dict[str, Any] = field(default_factory=dict)
    duplicate_of: int | None = None
    run_id: int | None = None
    replaces: bool = False


def reason_of(assessment: Assessment) -> str:
    """The strongest parts of a score in one line: rule, points, and the first words it matched."""
    firings = {firing.rule: firing for firing in assessment.firings}
    said: list[str] = []
    for part in sorted(assessment.parts, key=lambda p: (-p.points, p.name))[:REASON_PARTS]:
        firing = firings.get(part.name)
        words = dict.fromkeys((match.form or match.term) for match in (firing.matches if firing else ()))
        shown = f" ({', '.join(list(words)[:3])})" if words else ""
        said.append(f"{part.name} {part.points:+.0f}{shown}")
    return "; ".join(said)[:REASON_CHARS]


def alert_key(watchlist: str, signal: str, source_key: bytes, entry_key: bytes) -> str:
    """Idempotency key of a hit's alert: from what the hit is, never from row numbers, so it survives any restore."""
    parts = (b"hit", watchlist.encode(), signal.encode(), source_key, entry_key)
    return hashlib.sha256(b"\x00".join(parts)).hexdigest()


def mark_row(entry_id: int, entry_revision: int, watchlist_id: int, revision_id: int) -> dict[str, Any]:
    """The mark that an entry's wording was scored for a watchlist under a revision."""
    return {
        "entry_id": entry_id,
        "watchlist_id": watchlist_id,
        "revision_id": revision_id,
        "entry_revision": entry_revision,
    }


class ScoreWriter:
    """Writes scored texts of one transaction, grouped: one statement per table."""

    def __init__(self, connection: Connection, names: Names, channels: Sequence[str], now: Micros) -> None:
        self._connection = connection
        self._names = names
        self._channels = channels
        self._now = now
        self._dialect = connection.dialect.name

    def write(self, texts: Sequence[ScoredText], marks: Rows) -> dict[tuple[int, str, str], int]:
        """Write texts, and the marks of all that was scored (also of what had nothing to tell).

        Returns the new hits: (entry, watchlist, signal) to id.
        """
        run(
            self._connection,
            put(entry_scores, self._dialect, ("entry_id", "watchlist_id"), ("revision_id", "entry_revision")),
            marks,
        )
        if not texts:
            return {}
        self._write_figures(texts)
        made = self._make_hits(texts)
        known = self._known_hits([text.entry_id for text in texts if text.is_known])
        self._append(texts, made, known)
        self._owe_alerts(texts, made)
        return made

    def _write_figures(self, texts: Sequence[ScoredText]) -> None:
        # What a rescore reads takes the place of what was read before from the same wording.
        again = [
            {"entry": text.entry_id, "watchlist": self._names.watchlist(text.watchlist), "wording": text.entry_revision}
            for text in texts
            if text.replaces
        ]
        run(self._connection, _FORGET_FIGURES, again)
        rows = [self._figure_row(text, reading) for text in texts for reading in text.figures]
        run(self._connection, add_new(figure_readings, self._dialect), rows)

    def _figure_row(self, text: ScoredText, reading: FigureReading) -> dict[str, Any]:
        return {
            "watchlist_id": self._names.watchlist(text.watchlist),
            "figure": reading.figure,
            "entry_id": text.entry_id,
            "entry_revision": text.entry_revision,
            "value": reading.value,
            "unit": reading.unit,
            "qualifier": reading.qualifier,
            "field": reading.field,
            "span_start": reading.start,
            "span_end": reading.end,
            "sentence": reading.sentence,
            "read_at": self._now,
        }

    def _make_hits(self, texts: Sequence[ScoredText]) -> dict[tuple[int, str, str], int]:
        rows = [
            self._hit_row(text, found) for text in texts for found in text.assessments if found.signal in text.wanted
        ]
        made = fetch(self._connection, _insert_hits(self._dialect), rows)
        return {(row.entry_id, self._names.name(row.watchlist_id), row.signal): row.id for row in made}

    def _hit_row(self, text: ScoredText, found: Assessment) -> dict[str, Any]:
        return {
            "watchlist_id": self._names.watchlist(text.watchlist),
            "signal": found.signal,
            "entry_id": text.entry_id,
            "source_id": text.source_id,
            "first_seen": text.first_seen,
            "made_at": self._now,
            "sighting": text.sighting,
            "duplicate_of": text.duplicate_of,
            **_counting(text, found),
        }

    def _known_hits(self, entry_ids: Sequence[int]) -> dict[tuple[int, str, str], int]:
        c = hits.c
        found: dict[tuple[int, str, str], int] = {}
        for part in chunks(list(dict.fromkeys(entry_ids))):
            rows = self._connection.execute(
                select(c.id, c.entry_id, c.watchlist_id, c.signal).where(c.entry_id.in_(part))
            )
            found.update({(row.entry_id, self._names.name(row.watchlist_id), row.signal): row.id for row in rows})
        return found

    def _append(
        self,
        texts: Sequence[ScoredText],
        made: dict[tuple[int, str, str], int],
        known: dict[tuple[int, str, str], int],
    ) -> None:
        rows: Rows = []
        raised: Rows = []
        facets: Rows = []
        for text in texts:
            for found in _with_lost(text, known):
                mark = (text.entry_id, text.watchlist, found.signal)
                hit_id = made.get(mark) or known.get(mark)
                if hit_id is None:
                    continue
                rows.append(self._assessment_row(hit_id, text, found))
                facets += [{"hit_id": hit_id, "kind": f.kind, "value": f.value} for f in found.facets]
                if mark not in made:
                    raised.append({"hit": hit_id, "anyway": text.replaces, **_prefixed(_counting(text, found))})
        run(self._connection, _RAISE, raised)
        run(self._connection, _FORGET_FACETS, [{"hit": row["hit"]} for row in raised if row["anyway"]])
        run(self._connection, add(assessments), rows)
        run(self._connection, add_new(hit_facets, self._dialect), facets)
        if rows:
            keep_rungs(self._connection, list({row["hit_id"] for row in rows}), texts[0].run_id)

    def _assessment_row(self, hit_id: int, text: ScoredText, found: Assessment) -> dict[str, Any]:
        return {
            "hit_id": hit_id,
            "entry_revision": text.entry_revision,
            "revision_id": text.revision_id,
            "run_id": text.run_id,
            "assessed_at": self._now,
            "score": found.score,
            "rung": found.rung,
            "reached": found.reached,
            "detail": assessment_to_json(found),
        }

    def _owe_alerts(self, texts: Sequence[ScoredText], made: dict[tuple[int, str, str], int]) -> None:
        rows: Rows = []
        for text in texts:
            for found in text.assessments:
                hit_id = made.get((text.entry_id, text.watchlist, found.signal))
                if hit_id is not None and found.signal in text.alerted:
                    rows += [self._alert_row(channel, hit_id, text, found) for channel in self._channels]
        run(self._connection, add_new(outbox, self._dialect), rows)

    def _alert_row(self, channel: str, hit_id: int, text: ScoredText, found: Assessment) -> dict[str, Any]:
        said = {
            "hit": hit_id,
            "watchlist": text.watchlist,
            "signal": found.signal,
            "score": found.score,
            "rung": found.rung,
            "reason": reason_of(found),
            "sighting": text.sighting,
            "first_seen": text.first_seen,
            **text.told,
        }
        return {
            "channel": channel,
            "key": alert_key(text.watchlist, found.signal, text.address_key, text.entry_key),
            "kind": "hit",
            "hit_id": hit_id,
            "payload": said,
            "created_at": self._now,
            "next_attempt_at": self._now,
        }


@cache
def _insert_hits(dialect: str) -> Any:
    c = hits.c
    return insert_for(dialect)(hits).on_conflict_do_nothing().returning(c.id, c.entry_id, c.watchlist_id, c.signal)


def _with_lost(text: ScoredText, known: dict[tuple[int, str, str], int]) -> tuple[Assessment, ...]:
    """The assessments, and a zero for each hit that this wording does not score for any more."""
    scored = {found.signal for found in text.assessments}
    lost = [
        signal
        for entry_id, watchlist, signal in known
        if text.is_known and (entry_id, watchlist) == (text.entry_id, text.watchlist) and signal not in scored
    ]
    return (*text.assessments, *(Assessment(signal, 0.0, "", reached=False, parts=(), firings=()) for signal in lost))


def _counting(text: ScoredText, found: Assessment) -> dict[str, Any]:
    return {
        "entry_revision": text.entry_revision,
        "revision_id": text.revision_id,
        "score": found.score,
        "rung": found.rung,
        "reached": found.reached,
        "reason": reason_of(found),
    }


def _prefixed(values: dict[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items()}


_FORGET_FACETS = delete(hit_facets).where(hit_facets.c.hit_id == bindparam("hit"))
_FORGET_FIGURES = delete(figure_readings).where(
    figure_readings.c.entry_id == bindparam("entry"),
    figure_readings.c.watchlist_id == bindparam("watchlist"),
    figure_readings.c.entry_revision == bindparam("wording"),
)
_RAISED = ("entry_revision", "revision_id", "score", "rung", "reached", "reason")
_RAISE = (
    update(hits)
    .where(
        hits.c.id == bindparam("hit"),
        or_(bindparam("anyway", type_=hits.c.reached.type), hits.c.score < bindparam("new_score")),
    )
    .values({name: bindparam(f"new_{name}") for name in _RAISED})
)
