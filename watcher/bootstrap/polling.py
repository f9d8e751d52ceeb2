"""Builds what polls: store, fetcher, children, couriers. Must not: do the work.

Nothing heavy is imported when this module is: every builder imports what only it needs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from watcher.bootstrap.reading import derivation, load_watchlists
from watcher.bootstrap.settings import Settings, owner_name
from watcher.core.limits import Limits

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from watcher.app.catchup import Matcher
    from watcher.app.daemon import Duties
    from watcher.app.deliver import Courier
    from watcher.app.poll import OnPoll, Reading
    from watcher.app.ports import Clock, Jitter, Parser
    from watcher.app.reload import Generation
    from watcher.app.watchlists import Loaded
    from watcher.core.compile import CompiledWatchlist
    from watcher.core.model import Assessment, Evidence, StoredText, TextAssessed
    from watcher.storage.store import SqlStore

    MakeParser = Callable[
        [Limits, Sequence[bytes], int, Callable[[], Iterable[CompiledWatchlist]]], AbstractAsyncContextManager[Parser]
    ]


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
    clock, jitter, owner = hooks.clock or SystemClock(), hooks.jitter or random.random, owner_name()
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
