"""Builds what writes and reads decisions of analysts. Must not: decide, or keep the daemon out (it is a short writer)."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from watcher.bootstrap.reading import stored_document
from watcher.core.errors import UsageProblem, WatcherError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from watcher.core.document import Document
    from watcher.core.rulestats import HitUse
    from watcher.core.story import StoryRow
    from watcher.core.verdict import OpenHit, Plan, Verdict, Wish
    from watcher.core.views import HitDetail, HitFilter, WatchlistRow


class SqlVerdicts:
    """Decisions in one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def decide(self, wish: Wish, hit_ids: Sequence[int], *, story: bool = False) -> Plan:
        """All of it in one transaction, or nothing."""
        from watcher.storage.verdicts import add_verdicts

        return add_verdicts(self._engine, wish, hit_ids, story=story)

    def history(self, hit_ids: Sequence[int]) -> Mapping[int, tuple[Verdict, ...]]:
        """Every verdict of these hits, oldest first."""
        from watcher.storage.engine import begin
        from watcher.storage.verdicts import require_hits, verdicts_of

        found: dict[int, tuple[Verdict, ...]] = dict.fromkeys(hit_ids, ())
        with begin(self._engine) as connection:
            require_hits(connection, hit_ids)
            for one in verdicts_of(connection, hit_ids):
                found[one.hit_id] = (*found[one.hit_id], one)
        return found


@contextmanager
def build_verdicts(database: str, *, read_only: bool = False) -> Iterator[SqlVerdicts]:
    """The decisions in a database.

    Raises:
        WatcherError: there is none, it is damaged, or its schema is another one than ours.
    """
    from watcher.storage.engine import open_engine
    from watcher.storage.schema import require_current

    engine = open_engine(database, read_only=read_only)
    try:
        require_current(engine)
        yield SqlVerdicts(engine)
    finally:
        engine.dispose()


def who(given: str | None) -> str:
    """Who decides: as given (``--analyst``, ``WATCHER_ANALYST``), else the user of the operating system.

    Raises:
        WatcherError: the system knows no name for this user.
    """
    if given:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise WatcherError("this user has no name here", hint="say who decides: --analyst NAME") from error


class ReviewReader:
    """What a review reads, of a database that is opened read only."""

    def __init__(self, engine: Engine) -> None:
        from watcher.storage.queries import Queries

        self._engine = engine
        self._queries = Queries(engine)

    def watchlists(self) -> Sequence[WatchlistRow]:
        """The watchlists, newest loaded first."""
        return self._queries.watchlists()

    def hit(self, hit_id: int) -> HitDetail | None:
        """A hit with all that is known of it."""
        return self._queries.hit(hit_id)

    def newest_poll_at(self) -> int | None:
        """When the newest poll was committed."""
        return self._queries.newest_poll_at()

    def open_hits(self, wanted: HitFilter) -> Sequence[OpenHit]:
        """Hits on which nobody decided, story by story."""
        from watcher.storage.engine import begin
        from watcher.storage.verdicts import open_hits

        with begin(self._engine) as connection:
            return open_hits(connection, wanted)

    def story(self, entry_id: int) -> StoryRow | None:
        """The story of an entry."""
        from watcher.storage.engine import begin
        from watcher.storage.stories import story_rows

        with begin(self._engine) as connection:
            return story_rows(connection, [entry_id]).get(entry_id)


@contextmanager
def build_review(database: str) -> Iterator[tuple[ReviewReader, SqlVerdicts]]:
    """What a review reads and writes.

    Raises:
        WatcherError: there is no database, it is damaged, or its schema is another one than ours.
    """
    from watcher.storage.engine import open_engine

    reading = open_engine(database, read_only=True)
    try:
        with build_verdicts(database) as store:
            yield ReviewReader(reading), store
    finally:
        reading.dispose()


class RuleReader:
    """What the numbers of rules rest on, of one watchlist in a database that is opened read only."""

    def __init__(self, engine: Engine, document: Document) -> None:
        self._engine = engine
        self._document = document

    def document(self) -> Document:
        """The newest stored revision of the watchlist."""
        return self._document

    def uses(self, since: int | None) -> Iterator[HitUse]:
        """Every hit with its rules and what was decided on it."""
        from watcher.storage.engine import begin
        from watcher.storage.rulestats import hit_uses

        with begin(self._engine) as connection:
            yield from hit_uses(connection, self._document.id, since)

    def wordings(self, hit_ids: Sequence[int]) -> dict[int, str]:
        """Title and text of hits."""
        from watcher.storage.engine import begin
        from watcher.storage.rulestats import wordings

        with begin(self._engine) as connection:
            return wordings(connection, hit_ids)


@contextmanager
def build_rules(database: str, watchlist: str | None) -> Iterator[RuleReader]:
    """The rules of a watchlist in a database, and what they found.

    Raises:
        WatcherError: there is no database, it is damaged, its schema is another one than ours, or no such watchlist.
    """
    from watcher.storage.engine import open_engine
    from watcher.storage.queries import Queries
    from watcher.storage.schema import require_current

    engine = open_engine(database, read_only=True)
    try:
        require_current(engine)
        known = [row.id for row in Queries(engine).watchlists()]
        chosen = next((name for name in known if watchlist in (None, name)), None)
        if chosen is None:
            raise UsageProblem(
                f"no watchlist {watchlist!r} in this database" if known else "this database holds no watchlist yet",
                hint=f"it holds {', '.join(known)}" if known else "`watcher run` or `watcher poll` loads one",
            )
        yield RuleReader(engine, stored_document(engine, chosen))
    finally:
        engine.dispose()


def decisions_beside(database: str, watchlist: str, signal: str, score: float) -> str:
    """How many decided hits of a signal that scored like this were kept, in words; empty where too few were decided."""
    from watcher.core.calibrate import bin_of, bins_of, words_of
    from watcher.storage.engine import begin, open_engine
    from watcher.storage.rulestats import decided_scores

    engine = open_engine(database, read_only=True)
    try:
        with begin(engine) as connection:
            found = bin_of(bins_of(decided_scores(connection, watchlist, signal)), score)
        return "" if found is None else words_of(found)
    finally:
        engine.dispose()
