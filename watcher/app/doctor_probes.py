"""The doctor's checks that need an edge: dictionaries, watchlist, database, sandbox. Must not: import one before its check.

Each probe returns what it found as a sentence and raises where it fails; ``app/doctor`` turns both into findings.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from watcher.app.doctor import Finding, Machine, Probe, examine
from watcher.core.errors import UsageProblem
from watcher.core.limits import Limits

WORDS = (("en", "treaty"), ("ru", "договор"), ("uk", "договір"), ("fr", "traité"), ("de", "Vertrag"))
SAMPLE_FEED = (
    b'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Probe</title>'
    b"<item><guid>1</guid><title>A small feed</title><description>Nothing in it.</description></item></channel></rss>"
)


def examine_here(database: str, watchlists: Sequence[Path], cache_dir: Path | None) -> Iterable[Finding]:
    """Examine this machine, this database and these watchlists."""
    from watcher.storage.address import parse_address

    machine = Machine(database_file=parse_address(database).path, now_s=time.time(), environ=dict(os.environ))
    return examine(machine, probes(database, watchlists, cache_dir))


def probes(database: str, watchlists: Sequence[Path], cache_dir: Path | None) -> tuple[Probe, ...]:
    """The checks by an edge, in the order in which a first start would meet them."""
    return (
        ("word forms", word_forms, "install watcher anew: its dictionaries come with the package simplemma"),
        ("watchlist", lambda: watchlist_loads(watchlists, cache_dir), "run `watcher check`"),
        ("database", lambda: database_state(database), "run `watcher db check`"),
        ("sandbox", sandbox_child, "children cannot be started or limited here: look at container and ulimit settings"),
    )


def word_forms() -> str:
    """Every language of the shipped watchlist expands a word."""
    from watcher.lexicon.expand import expand

    forms = expand(WORDS, cache_dir=None)
    missing = [language for language, word in WORDS if len(forms.get((language, word), ())) < 2]
    if missing:
        raise UsageProblem(f"no word forms for {', '.join(missing)}", hint="install watcher with its dictionaries")
    return f"dictionaries for {', '.join(language for language, _ in WORDS)}"


def watchlist_loads(paths: Sequence[Path], cache_dir: Path | None) -> str:
    """Every watchlist loads without an error."""
    from watcher.app.watchlists import load
    from watcher.lexicon.expand import expand

    said = []
    for path in paths:
        loaded = load(path, expand=lambda words: expand(words, cache_dir=cache_dir), cache_dir=cache_dir)
        compiled = loaded.compiled
        said.append(f"{path}: {len(compiled.signals)} signals, revision {compiled.revision[:12]}")
    return "; ".join(said)


def database_state(database: str) -> str:
    """The database opens, has our schema and is whole; none yet is fine."""
    from watcher.storage.address import parse_address
    from watcher.storage.migrate import check

    address = parse_address(database)
    if address.path is not None and not address.path.exists():
        return f"none yet at {address.path}; `watcher run` makes it"
    problems = check(database)
    if problems:
        raise UsageProblem("; ".join(problems), hint="restore a backup; nothing is repaired by itself")
    return f"{address.shown} is whole"


def sandbox_child() -> str:
    """A child starts under its limits and reads a small feed."""
    started = time.monotonic()
    entries = asyncio.run(_parse_sample())
    if entries != 1:
        raise UsageProblem(f"a child read {entries} entries of a feed that has 1")
    return f"a child started and read a small feed in {time.monotonic() - started:.1f} s"


async def _parse_sample() -> int:
    import hashlib

    from watcher.core.model import Claim, Fetched, SourceSpec
    from watcher.sources.sandbox import Sandbox

    spec = SourceSpec("probe", "feed", "http://127.0.0.1/", "Probe", "Probe", "probe", "en")
    fetched = Fetched(
        status=200,
        url=spec.url,
        headers=(("content-type", "application/rss+xml"),),
        body=SAMPLE_FEED,
        digest=hashlib.sha256(SAMPLE_FEED).digest(),
        etag="",
        last_modified="",
        hops=(),
        elapsed_s=0.0,
        wire_bytes=len(SAMPLE_FEED),
    )
    async with Sandbox(Limits(), (), 1) as sandbox:
        feed = await sandbox.parse(Claim(0, spec, 0, 0), fetched)
    return len(feed.entries)
