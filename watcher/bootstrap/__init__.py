"""The one place that builds things: settings into engine, store, fetcher, sandbox and channels. Must not: do the work.

Nothing heavy is imported when this module is: every builder imports what only it needs.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec import Struct, field
from msgspec.structs import replace

from watcher import __version__
from watcher.core.errors import UsageProblem
from watcher.core.limits import Limits

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sqlalchemy import Engine

    from watcher.app.catchup import Matcher
    from watcher.app.daemon import Duties
    from watcher.app.deliver import Courier
    from watcher.app.derive import Derived
    from watcher.app.poll import OnPoll, Reading
    from watcher.app.ports import Clock, Jitter, Parser
    from watcher.app.reload import Generation
    from watcher.app.search import FoundEntry, Needle
    from watcher.app.watchlists import Expand, Loaded
    from watcher.core.compile import CompiledWatchlist
    from watcher.core.document import Document
    from watcher.core.model import Assessment, Evidence, Micros, StoredText, TextAssessed
    from watcher.storage.queries import Queries
    from watcher.storage.search import SearchIndex
    from watcher.storage.store import SqlStore

    MakeParser = Callable[
        [Limits, Sequence[bytes], int, Callable[[], Iterable[CompiledWatchlist]]], AbstractAsyncContextManager[Parser]
    ]

DEFAULT_DATABASE = "db/watcher.sqlite3"
DEFAULT_WATCHLIST = "config/watchlist.yaml"


def default_user_agent(contact: str = "") -> str:
    """How we introduce ourselves: name, version, where we can be reached (nothing is made up), what we do."""
    about = f"+{contact}; " if contact else ""
    return f"watcher/{__version__} ({about}feed fetcher)"


def check_contact(contact: str) -> str:
    """An address of a page or a mailbox that may stand in a header.

    Raises:
        UsageProblem: it is none.
    """
    is_page = contact.startswith(("https://", "http://")) and len(contact) > len("https://")
    name, _, host = contact.removeprefix("mailto:").partition("@")
    is_plain = contact.isascii() and contact.isprintable() and not set(contact) & set(' ();<>\\"')
    if contact and not (is_plain and (is_page or (name and "." in host))):
        raise UsageProblem(
            f"WATCHER_CONTACT must be a web address or a mail address, not {contact!r}",
            hint="publishers who see a fault of ours look there: for instance https://example.org/about-our-watcher",
        )
    return contact


class Settings(Struct, frozen=True):
    """What a person can set. Order: flags, then environment (``WATCHER_*``), then these defaults.

    ``database`` is a path or any SQLAlchemy URL. ``watchlists`` are files; a folder stands for the watchlists in it.
    ``keep_days``: the daemon prunes what is older and free; None: it prunes nothing.
    """

    database: str = DEFAULT_DATABASE
    watchlists: tuple[Path, ...] = ()
    alerts: Path | None = None
    cache_dir: Path | None = None
    workers: int = 2
    keep_days: int | None = None
    contact: str = ""
    user_agent: str = field(default_factory=default_user_agent)
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def read(
        cls,
        *,
        database: str | None = None,
        watchlists: Sequence[str | Path] = (),
        alerts: str | Path | None = None,
        workers: int | None = None,
        keep_days: int | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Settings from flags and environment.

        Raises:
            UsageProblem: a setting that cannot be.
        """
        env = os.environ if environ is None else environ
        alerts = alerts or env.get("WATCHER_ALERTS")
        contact = check_contact(env.get("WATCHER_CONTACT", "").strip())
        return cls(
            database=database or env.get("WATCHER_DATABASE") or DEFAULT_DATABASE,
            watchlists=watchlist_paths(watchlists or _split(env.get("WATCHER_WATCHLIST", ""))),
            alerts=Path(alerts) if alerts else None,
            cache_dir=cache_dir(env),
            workers=workers or _number(env, "WATCHER_WORKERS", 2),
            keep_days=keep_days,
            contact=contact,
            user_agent=env.get("WATCHER_USER_AGENT") or default_user_agent(contact),
        )


def _split(paths: str) -> tuple[str, ...]:
    return tuple(part for part in paths.split(os.pathsep) if part)


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise UsageProblem(f"{name} must be a whole number from 1 to 64, not {text!r}")
    return int(text)


def cache_dir(env: Mapping[str, str]) -> Path | None:
    """Where word forms and compiled watchlists are cached: ``WATCHER_CACHE``, the user's cache folder, or nowhere."""
    if "WATCHER_CACHE" in env:
        return Path(env["WATCHER_CACHE"]) if env["WATCHER_CACHE"] else None
    if env.get("XDG_CACHE_HOME"):
        return Path(env["XDG_CACHE_HOME"]) / "watcher"
    return Path(env["HOME"]) / ".cache" / "watcher" if env.get("HOME") else None


def watchlist_paths(given: Sequence[str | Path]) -> tuple[Path, ...]:
    """The watchlist files meant: as given (a folder: its ``*.yaml`` that are no tests), or the default one.

    Raises:
        UsageProblem: a file or folder that is not there, or a folder without a watchlist.
    """
    if not given:
        return (default_watchlist(),)
    found: list[Path] = []
    for item in map(Path, given):
        found.extend(_in_folder(item) if item.is_dir() else (_existing(item),))
    return tuple(dict.fromkeys(found))


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise UsageProblem(f"watchlist {path} is not a file", hint="name a YAML file or a folder that holds some")
    return path


def _in_folder(folder: Path) -> tuple[Path, ...]:
    names = sorted(p for p in folder.glob("*.yaml") if p.is_file() and not p.name.endswith(".test.yaml"))
    if not names:
        raise UsageProblem(f"folder {folder} holds no watchlist", hint="a watchlist is a file that ends in .yaml")
    return tuple(names)


def default_watchlist() -> Path:
    """``config/watchlist.yaml`` here, else the one that came with the package.

    Raises:
        UsageProblem: neither is there.
    """
    packaged = Path(__file__).parent.parent / "_config" / "watchlist.yaml"
    source_tree = Path(__file__).parents[2] / DEFAULT_WATCHLIST
    for path in (Path(DEFAULT_WATCHLIST), packaged, source_tree):
        if path.is_file():
            return path
    raise UsageProblem("no watchlist found", hint="name one with --watchlist FILE or WATCHER_WATCHLIST")


# --- reading ---------------------------------------------------------------------------------------------------------


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
        yield derivation(engine, SystemClock().now, _owner())
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


# --- polling ---------------------------------------------------------------------------------------------------------


class Hooks(Struct):
    """What tests, the demo and the replay put in place of the machine's own: time, chance, crashes, and who listens.

    ``sandbox`` makes what parses; it is called as `Sandbox` is.
    """

    clock: Clock | None = None
    jitter: Jitter | None = None
    trace: Callable[[str], None] = lambda _point: None
    on_poll: OnPoll = lambda _line: None
    sandbox: MakeParser | None = None


@asynccontextmanager
async def build_duties(settings: Settings, hooks: Hooks | None = None) -> AsyncIterator[Duties]:
    """Everything that polls, delivers and reloads, under the writer's lock, on an upgraded database.

    Watchlists are loaded first: what is wrong with them is told before anything is touched.

    Raises:
        WatcherError: a watchlist is refused, another daemon runs, the database is damaged or newer.
    """
    # Long because everything that a daemon is made of is put together here, in the order in which it is taken apart.
    import random
    from concurrent.futures import ThreadPoolExecutor

    from watcher.app.clock import SystemClock
    from watcher.app.daemon import Duties
    from watcher.app.poll import Poller
    from watcher.app.reload import Reloader
    from watcher.bootstrap.files import fit_files
    from watcher.bootstrap.garbage import seldom_collected, set_aside
    from watcher.bootstrap.notify import service_manager
    from watcher.bootstrap.retention import build_pruner
    from watcher.sources.http import HttpFetcher
    from watcher.storage.migrate import writer_lock

    hooks = hooks or Hooks()
    settings = replace(settings, limits=fit_files(settings.limits))
    clock, jitter, owner = hooks.clock or SystemClock(), hooks.jitter or random.random, _owner()
    loaded = load_watchlists(settings)
    async with AsyncExitStack() as stack:
        stack.enter_context(writer_lock(settings.database, settings.limits))
        writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        stack.callback(writer.shutdown, cancel_futures=True)
        store = _build_store(settings, stack)

        async def build() -> Generation:
            import asyncio

            again = await asyncio.to_thread(load_watchlists, settings)
            made = await _build_generation(settings, again, store, clock, writer, hooks)
            set_aside()
            return made

        first = await _build_generation(settings, loaded, store, clock, writer, hooks)
        stack.enter_context(seldom_collected())
        reloader = Reloader(build, first)
        stack.push_async_callback(_close_current, reloader)
        fetcher = await stack.enter_async_context(
            HttpFetcher(settings.limits, user_agent=settings.user_agent, clock=clock)
        )
        for hold in store.host_holds(clock.now()):
            fetcher.hold(hold.host, (hold.until - clock.now()) / 1e6)
        poller = Poller(
            store, fetcher, first.reading, clock, settings.limits,
            jitter=jitter, owner=owner, trace=hooks.trace, on_poll=hooks.on_poll, writer=writer,
        )  # fmt: skip
        couriers = _build_couriers(settings, store, clock, writer, jitter, owner, hooks)
        work = derivation(store.engine, clock.now, owner)
        manager = service_manager()
        yield Duties(
            store, poller, couriers, reloader, clock, settings.limits, writer, derive=lambda: work.all(1),
            prune=build_pruner(store.engine, settings.keep_days, clock.now),
            owner=owner, tell_manager=manager.tell, manager_patience_s=manager.watchdog_s,
        )  # fmt: skip


def _owner() -> str:
    """Whose leases these are: unique per process start, so that a new process never takes over an old one's."""
    import secrets
    import socket

    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _build_store(settings: Settings, stack: AsyncExitStack) -> SqlStore:
    from watcher.storage.engine import open_engine
    from watcher.storage.store import SqlStore

    engine = open_engine(settings.database, limits=settings.limits)
    stack.callback(engine.dispose)
    from watcher.app.watchlist_cache import program

    channels = ("file",) if settings.alerts else ()
    return SqlStore(engine, settings.limits, channels=channels, made_by=program())


async def _close_current(reloader: object) -> None:
    from watcher.app.reload import Reloader

    if isinstance(reloader, Reloader):
        await reloader.current.close()


def _build_couriers(
    settings: Settings, store: SqlStore, clock: Clock, writer: Executor, jitter: Jitter, owner: str, hooks: Hooks
) -> tuple[Courier, ...]:
    if settings.alerts is None:
        return ()
    from watcher.alerts.registry import channel
    from watcher.app.deliver import Courier

    one = channel("file", str(settings.alerts))
    return (Courier(store, one, clock, settings.limits, jitter=jitter, owner=owner, writer=writer, trace=hooks.trace),)


async def _build_generation(
    settings: Settings, loaded: Sequence[Loaded], store: SqlStore, clock: Clock, writer: Executor, hooks: Hooks
) -> Generation:
    """Start children for the watchlists, then store the revisions; where storing fails the children end again."""
    import asyncio

    from watcher.app.reload import Generation
    from watcher.sources.sandbox import Sandbox

    made = (hooks.sandbox or Sandbox)(
        settings.limits,
        [one.compiled_bytes for one in loaded],
        settings.workers,
        lambda: [one.compiled for one in loaded],
    )
    parser = await made.__aenter__()

    async def close() -> None:
        await made.__aexit__(None, None, None)

    def save() -> None:
        for one in loaded:
            store.save_watchlist(one.document, one.compiled_bytes, clock.now())

    try:
        await asyncio.get_running_loop().run_in_executor(writer, save)
    except BaseException:
        await close()
        raise
    compiled = [one.compiled for one in loaded]
    return Generation(
        revisions=tuple((one.id, one.revision) for one in compiled),
        files=tuple(one.path.parent / name for one in loaded for name in one.document.files),
        names=frozenset(source.id for one in loaded for source in one.document.sources),
        sources=len({s.url for one in loaded for s in one.document.sources if s.enabled and not s.is_blind}),
        reading=_build_reading(parser, compiled),
        matchers=tuple(map(_build_matcher, compiled, [settings.limits] * len(compiled))),
        close=close,
    )


def _build_reading(parser: Parser, compiled: Sequence[CompiledWatchlist]) -> Reading:
    from watcher.app.poll import Reading, Scorer
    from watcher.core.score import assess, validate_evidence

    def scorer(one: CompiledWatchlist) -> Scorer:
        def score(evidence: Evidence, title: str, text: str) -> tuple[Assessment, ...]:
            return assess(one, validate_evidence(one, evidence, title, text))

        return Scorer(one.revision, score)

    return Reading(parser, {one.id: scorer(one) for one in compiled})


def _build_matcher(one: CompiledWatchlist, limits: Limits) -> Matcher:
    from watcher.app.catchup import Matcher
    from watcher.core.match import find_evidence
    from watcher.core.model import TextAssessed
    from watcher.core.score import assess

    def score(text: StoredText) -> TextAssessed:
        evidence = find_evidence(one, text.title, text.text, text.language, limits=limits)
        assessments = assess(one, evidence) if evidence is not None else ()
        return TextAssessed(text.entry_id, text.revision_no, assessments, evidence)

    return Matcher(one.id, one.revision, score)
