"""Builds what `watcher rescore` works with. Must not: score, or decide what is scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watcher.bootstrap.reading import build_expand, read_anew
from watcher.bootstrap.settings import Settings

if TYPE_CHECKING:
    from watcher.app.rescore import StoredSide, Write
    from watcher.app.scope import Scope
    from watcher.app.watchlists import Loaded
    from watcher.core.changes import ScoredUnder
    from watcher.core.document import Document
    from watcher.core.model import Micros
    from watcher.core.wanted import Groups


@dataclass(frozen=True, slots=True)
class Rescore:
    """What a rescore of one watchlist works with. ``write`` is None where nothing may be written."""

    stored: StoredSide
    newest_poll_at: Micros | None
    write: Write | None
    now: Callable[[], Micros]
    narrow: Callable[[], Scope]
    """Which entries the edit can score otherwise."""


@contextmanager
def build_rescore(settings: Settings, loaded: Loaded, *, writes: bool) -> Iterator[Rescore]:
    """The stored side of a rescore; where it writes, under the writer's lock and with the revision stored first.

    Raises:
        WatcherError: there is no database, it is damaged or another one's, or a daemon holds it.
    """
    from watcher.app.clock import SystemClock
    from watcher.app.scope import narrow
    from watcher.app.watchlist_cache import WatchlistCache, program
    from watcher.storage.engine import open_engine
    from watcher.storage.lock import WriterLock
    from watcher.storage.queries import Queries
    from watcher.storage.rescoring import Rescoring
    from watcher.storage.schema import require_current
    from watcher.storage.search import SearchIndex
    from watcher.storage.store import SqlStore

    clock, made_by, cache = SystemClock(), program(), WatchlistCache(settings.cache_dir)
    with ExitStack() as stack:
        if writes:
            stack.enter_context(WriterLock(settings.database))
        engine = open_engine(settings.database, read_only=not writes, limits=settings.limits)
        stack.callback(engine.dispose)
        require_current(engine)
        store = SqlStore(engine, settings.limits, made_by=made_by)
        if writes:
            store.save_watchlist(loaded.document, loaded.compiled_bytes, clock.now())
        stored, index = Rescoring(engine, loaded.compiled.id, made_by, settings.database), SearchIndex(engine)

        def candidates(groups: Sequence[Groups]) -> Iterator[int]:
            return index.candidates(groups, newest_first=False)

        def read(under: ScoredUnder) -> Document:
            return cache.document(under.revision, lambda: read_anew(under.files))

        def scope() -> Scope:
            return narrow(stored, candidates, loaded.document, read, build_expand(settings), made_by)

        yield Rescore(stored, Queries(engine).newest_poll_at(), store.write if writes else None, clock.now, scope)
