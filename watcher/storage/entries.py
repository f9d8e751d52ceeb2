"""Writes entries, their revisions and aliases, and hands what they scored to the score writer. Must not: commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from watcher.core.intents import EntryIntent, PollIntent
from watcher.core.model import Sighting
from watcher.storage.desired import address_key
from watcher.storage.names import Names
from watcher.storage.scoring import ScoredText, ScoreWriter, mark_row
from watcher.storage.sqltools import Rows, add, add_new, insert, run
from watcher.storage.tables import entries, entry_aliases, entry_revisions, watchlist_sources, watchlists

Counts = dict[str, int]
Job = tuple[PollIntent, int, Counts, EntryIntent]
"""A poll, its id, its counts (filled here) and one of its entries."""


class EntryWriter:
    """Writes the entries of many polls, grouped."""

    def __init__(self, connection: Connection, names: Names, channels: Sequence[str]) -> None:
        self._connection = connection
        self._names = names
        self._channels = channels
        self._dialect = connection.dialect.name
        self._listing: dict[int, tuple[str, ...]] | None = None

    def write(self, jobs: Sequence[Job]) -> None:
        """Write entries, revisions, aliases, scores, hits and alerts; counts are added to those of each poll."""
        if not jobs:
            return
        placed = self._place(jobs)
        self._revise([(job, entry_id) for job, entry_id in placed if job[3].entry_id is not None])
        self._add_revisions(placed)
        self._add_aliases(placed)
        self._score(placed)

    def _place(self, jobs: Sequence[Job]) -> list[tuple[Job, int]]:
        """Ids of all entries, new ones inserted. The first of two with one key wins; the second is dropped."""
        new: dict[tuple[int, bytes], Job] = {}
        for job in jobs:
            if job[3].entry_id is None:
                new.setdefault((job[0].claim.source_id, job[3].key), job)
        rows = [_entry_row(job) for job in new.values()]
        made = insert(self._connection, entries, rows, returning=("id", "source_id", "key"), ignore=True)
        placed = [(new[source_id, key], entry_id) for entry_id, source_id, key in sorted(made, key=itemgetter(0))]
        for job, _ in placed:
            job[2]["entries"] += 1
        return placed + [(job, job[3].entry_id) for job in jobs if job[3].entry_id is not None]

    def _revise(self, placed: Sequence[tuple[Job, int]]) -> None:
        revised: Rows = []
        ended: Rows = []
        for (intent, _, counts, entry), entry_id in placed:
            if entry.new_revision:
                counts["revisions"] += 1
                last = intent.claim.last_ok_at or intent.started_at
                ended.append({"entry": entry_id, "before": entry.revision_no, "last": last})
                revised.append(_revised_row(intent, entry, entry_id))
        run(self._connection, _END_REVISION, ended)
        run(self._connection, _REVISE, revised)
        same = [(job, entry_id) for job, entry_id in placed if not job[3].new_revision]
        rows = [
            {"entry": entry_id, "at": job[0].finished_at, "item": job[3].scored.entry.item_digest}
            for job, entry_id in same
        ]
        run(self._connection, _SEEN_AGAIN, rows)

    def _add_revisions(self, placed: Sequence[tuple[Job, int]]) -> None:
        rows = [
            {
                "entry_id": entry_id,
                "revision_no": entry.revision_no,
                "content_digest": entry.content_digest,
                "title": entry.scored.entry.title,
                "text": entry.scored.entry.text,
                "first_seen": intent.finished_at,
                "sighting": entry.sighting.value,
                "poll_id": poll_id,
            }
            for (intent, poll_id, _, entry), entry_id in placed
            if entry.entry_id is None or entry.new_revision
        ]
        run(self._connection, add(entry_revisions), rows)

    def _add_aliases(self, placed: Sequence[tuple[Job, int]]) -> None:
        rows = [
            {"key": key, "source_id": job[0].claim.source_id, "entry_id": entry_id, "created_at": job[0].finished_at}
            for job, entry_id in placed
            for key in job[3].aliases
        ]
        run(self._connection, add_new(entry_aliases, self._dialect), rows)

    # --- scores -------------------------------------------------------------------------------------------------

    def _score(self, placed: Sequence[tuple[Job, int]]) -> None:
        texts: list[ScoredText] = []
        marks: Rows = []
        teller = _Teller(self._names, self._listing_of)
        scored = [(job, entry_id) for job, entry_id in placed if _is_scored(job[3])]
        for job, entry_id in scored:
            for watchlist, (watchlist_id, revision_id) in teller.revisions(job[0], job[3]).items():
                marks.append(mark_row(entry_id, job[3].revision_no, watchlist_id, revision_id))
                if _tells(job[3], watchlist):
                    texts.append(teller.text(job, entry_id, watchlist, revision_id))
        now = max((job[0].finished_at for job, _ in scored), default=0)
        made = ScoreWriter(self._connection, self._names, self._channels, now).write(texts, marks)
        self._count(scored, texts, made)

    def _count(
        self, scored: Sequence[tuple[Job, int]], texts: Sequence[ScoredText], made: Iterable[tuple[int, str, str]]
    ) -> None:
        counts = {entry_id: job[2] for job, entry_id in scored}
        alerted = {(text.entry_id, text.watchlist): text.alerted for text in texts}
        for entry_id, watchlist, signal in made:
            counts[entry_id]["hits"] += 1
            if signal in alerted[entry_id, watchlist]:
                counts[entry_id]["alerts"] += len(self._channels)

    def _listing_of(self, source_id: int) -> tuple[str, ...]:
        """Watchlists that list a source: what a poll was scored under where it does not say so itself."""
        if self._listing is None:
            link = watchlist_sources.c
            joined = watchlist_sources.join(watchlists, watchlists.c.id == link.watchlist_id)
            statement = select(link.source_id, watchlists.c.name).select_from(joined).where(link.removed_at.is_(None))
            found: dict[int, list[str]] = {}
            for listed, name in self._connection.execute(statement.order_by(watchlists.c.name)).all():
                found.setdefault(listed, []).append(name)
            self._listing = {listed: tuple(names) for listed, names in found.items()}
        return self._listing.get(source_id, ())


def _is_scored(entry: EntryIntent) -> bool:
    """Does the poll say anything new of the entry's score?"""
    return entry.entry_id is None or entry.new_revision or bool(entry.hits)


def _tells(entry: EntryIntent, watchlist: str) -> bool:
    """Is there anything to write but the mark? Most entries hold nothing that any rule looks for.

    A known entry always: it may have lost what made its hit.
    """
    scored = entry.scored
    return entry.entry_id is not None or watchlist in scored.evidence or bool(scored.assessments.get(watchlist))


class _Teller:
    """Turns entries into scored texts; what is the same for all entries of a poll is found out once."""

    def __init__(self, names: Names, listing_of: Callable[[int], tuple[str, ...]]) -> None:
        self._names = names
        self._listing_of = listing_of
        self._of_poll: dict[int, dict[str, tuple[int, int]]] = {}
        self._keys: dict[tuple[int, str], bytes] = {}

    def revisions(self, intent: PollIntent, entry: EntryIntent) -> dict[str, tuple[int, int]]:
        """Watchlist and revision ids that an entry was scored under.

        What was scored under a revision that is not in the database stays unscored: catch-up does it again.
        """
        found = self._of_poll.get(id(intent))
        if found is None:
            named = dict(intent.revisions) or dict.fromkeys(self._listing_of(intent.claim.source_id), "")
            found = self._of_poll[id(intent)] = self._ids(named)
        if entry.scored.assessments.keys() <= found.keys():
            return found
        more = {
            name: (entry.scored.evidence[name].revision if name in entry.scored.evidence else "")
            for name in entry.scored.assessments
            if name not in found and name not in intent.revisions
        }
        return {**found, **self._ids(more)}

    def _ids(self, named: Mapping[str, str]) -> dict[str, tuple[int, int]]:
        ids = {name: self._names.find(name, digest) for name, digest in named.items()}
        return {name: (self._names.watchlist(name), found) for name, found in ids.items() if found is not None}

    def text(self, job: Job, entry_id: int, watchlist: str, revision_id: int) -> ScoredText:
        """An entry as the score writer takes it."""
        intent, _, _, entry = job
        evidence = entry.scored.evidence.get(watchlist)
        return ScoredText(
            entry_id=entry_id,
            entry_revision=entry.revision_no,
            source_id=intent.claim.source_id,
            address_key=self._address_key(intent, watchlist),
            entry_key=entry.key,
            first_seen=intent.finished_at,
            sighting=entry.sighting.value,
            watchlist=watchlist,
            revision_id=revision_id,
            assessments=entry.scored.assessments.get(watchlist, ()),
            figures=evidence.figures if evidence else (),
            wanted=frozenset(signal for name, signal in entry.hits if name == watchlist),
            alerted=frozenset(signal for name, signal in entry.alerts if name == watchlist),
            is_known=entry.entry_id is not None,
            told=_told(intent, entry),
            duplicate_of=entry.duplicate_of,
        )

    def _address_key(self, intent: PollIntent, watchlist: str) -> bytes:
        place = (intent.claim.source_id, watchlist)
        if place not in self._keys:
            self._keys[place] = address_key(intent.claim.spec, watchlist)
        return self._keys[place]


def _told(intent: PollIntent, entry: EntryIntent) -> dict[str, Any]:
    spec, said = intent.claim.spec, entry.scored.entry
    return {
        "title": said.title,
        "link": said.link,
        "source": spec.id,
        "source_title": spec.title,
        "publisher": spec.publisher,
        "published": said.published,
    }


def _reading(entry: EntryIntent) -> dict[str, Any]:
    """How the entry reads now."""
    said = entry.scored.entry
    return {
        "content_digest": entry.content_digest,
        "item_digest": said.item_digest,
        "revision_no": entry.revision_no,
        "link_key": entry.link_key,
        "guid": said.guid,
        "link": said.link,
        "title": said.title,
        "author": said.author,
        "outlet": said.outlet,
        "outlet_url": said.outlet_url,
        "language": said.language,
        "tags": list(said.tags) or None,
        "flags": " ".join(said.flags),
        "published": said.published,
        "published_raw": said.published_raw,
    }


def _entry_row(job: Job) -> dict[str, Any]:
    intent, poll_id, _, entry = job
    return {
        "source_id": intent.claim.source_id,
        "key": entry.key,
        **_reading(entry),
        "first_seen": intent.finished_at,
        "last_seen": intent.finished_at,
        "sighting": entry.sighting.value if entry.sighting is not Sighting.UPDATED else Sighting.NEW.value,
        "duplicate_of": entry.duplicate_of,
        "poll_id": poll_id,
    }


_READ = (
    "content_digest",
    "item_digest",
    "revision_no",
    "link_key",
    "guid",
    "link",
    "title",
    "author",
    "outlet",
    "outlet_url",
    "language",
    "tags",
    "flags",
    "published",
    "published_raw",
)
_E = entries.c
_REVISE = (
    update(entries)
    .where(_E.id == bindparam("entry"))
    .values(
        last_seen=bindparam("at"), left_at=None, vanished_at=None, **{name: bindparam(f"new_{name}") for name in _READ}
    )
)
_SEEN_AGAIN = (
    update(entries)
    .where(_E.id == bindparam("entry"))
    .values(last_seen=bindparam("at"), left_at=None, vanished_at=None, item_digest=bindparam("item"))
)
_END_REVISION = (
    update(entry_revisions)
    .where(
        entry_revisions.c.entry_id == bindparam("entry"),
        entry_revisions.c.revision_no < bindparam("before"),
        entry_revisions.c.last_seen.is_(None),
    )
    .values(last_seen=bindparam("last"))
)


def _revised_row(intent: PollIntent, entry: EntryIntent, entry_id: int) -> dict[str, Any]:
    reading = {f"new_{name}": value for name, value in _reading(entry).items()}
    return {"entry": entry_id, "at": intent.finished_at, **reading}
