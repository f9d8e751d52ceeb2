"""Builds what commands read with: queries, watchlists, search, stories and figures made late. Must not: do the work.

Nothing heavy is imported when this module is: every builder imports what only it needs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from watcher.bootstrap.settings import Settings, cache_dir, owner_name
from watcher.core.errors import UsageProblem

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from watcher.app.derive import Derived
    from watcher.app.search import FoundEntry, Needle
    from watcher.app.watchlists import Expand, Loaded
    from watcher.core.document import Document
    from watcher.core.model import Micros
    from watcher.storage.queries import Queries
    from watcher.storage.search import SearchIndex


@contextmanager
def build_queries(database: str) -> Iterator[Queries]:
    """The read models of a database, opened read only.

    Raises:
        WatcherError: there is none, it is damaged, or its schema is another one than ours.
    """
    from watcher.storage.engine import open_engine
    from watcher.storage.queries import Queries
    from watcher.storage.schema import require_current

    engine = open_engine(database, read_only=True)
    try:
        require_current(engine)
        yield Queries(engine)
    finally:
        engine.dispose()


def load_watchlists(settings: Settings) -> tuple[Loaded, ...]:
    """Every watchlist of the settings, compiled.

    Raises:
        UsageProblem: a file cannot be read, or has problems (then it is a `WatchlistError` with all of them).
    """
    from watcher.app.watchlists import load_all

    return load_all(settings.watchlists, expand=build_expand(settings), cache_dir=settings.cache_dir)


def build_expand(settings: Settings) -> Expand:
    """What turns words into their forms; the dictionaries are only touched when it is called."""

    def expand(words: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], frozenset[str]]:
        from watcher.lexicon.expand import expand as expand_words

        return expand_words(words, cache_dir=settings.cache_dir)

    return expand


class SearchDesk(Struct, frozen=True):
    """Search in one database, with the concepts, the language and the time zone of one of its watchlists."""

    index: SearchIndex
    document: Callable[[], Document | None]
    expand: Expand
    zone: str
    reference: Micros
    sources: Callable[[], Iterable[str]]
    """Names of the sources that the database knows."""

    def prepare(self, query: str) -> Needle:
        """Compile a query; `UsageProblem` where it is none."""
        from watcher.app.search import prepare

        return prepare(query, self.document(), self.expand)

    def search(
        self, needle: Needle, *, since: str | None, until: str | None, source: str, limit: int, best: bool
    ) -> Iterator[FoundEntry]:
        """What matches; times as a person writes them."""
        from zoneinfo import ZoneInfo

        from watcher.app.search import Wanted, search
        from watcher.core.period import parse_moment

        def moment(text: str | None) -> Micros | None:
            return parse_moment(text, reference=self.reference, zone=ZoneInfo(self.zone)) if text else None

        return search(self.index, needle, Wanted(moment(since), moment(until), source, limit, best))


@contextmanager
def build_search(database: str, watchlist: str | None) -> Iterator[SearchDesk]:
    """Search over a database, opened read only.

    Raises:
        WatcherError: there is no database, it is damaged or another one's, or it does not know the watchlist.
    """
    from watcher.app.clock import SystemClock
    from watcher.storage.engine import open_engine
    from watcher.storage.queries import Queries
    from watcher.storage.schema import require_current
    from watcher.storage.search import SearchIndex

    engine = open_engine(database, read_only=True)
    try:
        require_current(engine)
        queries = Queries(engine)
        known = queries.watchlists()
        chosen = next((row for row in known if watchlist in (None, row.id)), None)
        if watchlist is not None and chosen is None:
            raise UsageProblem(f"watchlist {watchlist} was never loaded into this database")

        def document() -> Document | None:
            return stored_document(engine, chosen.id) if chosen else None

        expand = build_expand(Settings(cache_dir=cache_dir(os.environ)))
        reference = queries.newest_poll_at() or SystemClock().now()
        zone = chosen.timezone if chosen else "UTC"

        def names() -> Iterable[str]:
            return (row.name for row in queries.sources())

        yield SearchDesk(SearchIndex(engine), document, expand, zone, reference, names)
    finally:
        engine.dispose()


class Derivation(Struct, frozen=True):
    """The derive duty on one database."""

    derived: tuple[Derived, ...]
    owner: str
    now: Callable[[], Micros]

    def empty(self) -> None:
        """Drop what is derived."""
        for one in self.derived:
            one.empty()

    def all(self, most: int | None = None) -> int:
        """Derive all there is, or about ``most`` entries; how many."""
        from watcher.app.derive import derive

        return derive(self.derived, self.owner, self.now, most=most)


def derivation(engine: Engine, now: Callable[[], Micros], owner: str) -> Derivation:
    """The derive duty over an engine that is open: everything that is derived stands in this list."""
    from watcher.bootstrap.stories import story_duty
    from watcher.storage.search import SearchIndex

    return Derivation((SearchIndex(engine), story_duty(engine, now)), owner, now)


@contextmanager
def build_derive(database: str) -> Iterator[Derivation]:
    """The derive duty on a database.

    Raises:
        WatcherError: there is none, it is damaged, or its schema is another one than ours.
    """
    from watcher.app.clock import SystemClock
    from watcher.storage.engine import open_engine
    from watcher.storage.schema import require_current

    engine = open_engine(database)
    try:
        require_current(engine)
        yield derivation(engine, SystemClock().now, owner_name())
    finally:
        engine.dispose()


def stored_document(engine: Engine, watchlist: str) -> Document:
    """The newest loaded revision of a watchlist: kept beside the compiled ones, or read from the files in the database."""
    from watcher.app.watchlist_cache import WatchlistCache
    from watcher.storage.store import SqlStore

    stored = next(one for one in SqlStore(engine).documents() if one.watchlist == watchlist)
    return WatchlistCache(cache_dir(os.environ)).document(stored.revision, lambda: read_anew(stored.files))


def read_anew(files: Mapping[str, str]) -> Document:
    """A watchlist that was stored, out of its YAML."""
    # Imported where no cache has the document: what reads YAML takes a third of a short command's start.
    from watcher.core.watchlist import read_stored

    return read_stored(files)
