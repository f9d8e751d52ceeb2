"""What a new entry costs in a database that is a hundred times larger, and how long a search takes there.

Two databases of `bench.bigdb` in turn, A B A B in one process: polls with new entries are written (looked up, stored,
scored entries with their hits, figures and alerts), then everything that is derived from them is made (search index,
stories and origins where they are). The ratio is the processor time of an entry in the large database over that in the
small one, median of the rounds; the bound is on one poll a transaction. With forty in one, the small database writes
each page of its indexes once for many entries, which a large one cannot: that ratio is printed too. Searches are timed by the clock, newest first, twenty results, the database warm.

    python -m bench.grow [--folder FOLDER] [--small 10000] [--large 1000000] [--hits 50000] [--rounds 9]
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import harness
from bench.bigdb import (
    A_POLL,
    END,
    FOLDER,
    RARE,
    SECOND,
    Prose,
    Template,
    big_database,
    copy_of,
    templates,
    watchlist_file,
)
from tests.support.polls import digest, poll
from watcher.core.identity import content_digest
from watcher.core.intents import EntryIntent, EntryLookup, PollIntent, ShownLookup
from watcher.core.model import Claim, Entry, Evidence, ScoredEntry, Sighting

POLLS = 40
"""Polls of a round."""
BATCHES = (1, 40)
"""Polls in a transaction: what a daemon does with a poll now and then, and when very many are due at once."""
HIT_EVERY = 20
SEARCHES = {
    "rare word": RARE,
    "common word": "minister",
    "two common words": "minister & government",
    "phrase": "in the",
}
BOUNDS_MS = {"rare word": 50.0, "common word": 200.0, "two common words": 200.0, "phrase": 200.0}
MOST = 1.5


@dataclass
class Grown:
    """A database that is written to."""

    path: Path
    prose: Prose
    found: Sequence[Template]
    revision: str
    hours: int = 1
    number: int = 10_000_000

    def __post_init__(self) -> None:
        from watcher.bootstrap.reading import derivation
        from watcher.storage.engine import open_engine
        from watcher.storage.store import SqlStore

        engine = open_engine(str(self.path))
        self.store = SqlStore(engine, channels=("file",))
        self.derive = derivation(engine, lambda: END + self.hours * 3600 * SECOND, "bench")
        self.dice = random.Random(11)

    def round(self, batch: int) -> dict[str, float]:
        """A round with so many polls in a transaction; processor microseconds of an entry: stored, and derived from."""
        self.hours += 2
        at = END + self.hours * 3600 * SECOND
        claims = self.store.claim_due("bench", at, limit=POLLS, lease_s=600, everything=True)
        intents = [self._poll(claim, at) for claim in claims]
        entries = sum(len(intent.entries) for intent in intents)
        return {
            "stored": _cpu_us(lambda: self._write_all(intents, batch)) / entries,
            "derived": _cpu_us(self.derive.all) / entries,
        }

    def _write_all(self, intents: Sequence[PollIntent], batch: int) -> None:
        for start in range(0, len(intents), batch):
            self._write(intents[start : start + batch])

    def _write(self, intents: Sequence[PollIntent]) -> None:
        with self.store.write() as transaction:
            transaction.known_many([_lookup(intent) for intent in intents])
            transaction.left_many([_shown(intent) for intent in intents])
            transaction.apply_all(intents)

    def _poll(self, claim: Claim, at: int) -> PollIntent:
        entries = [self._entry(at) for _ in range(A_POLL)]
        # As a feed does it: what it showed before is there still, but for as many as are new.
        kept = sorted(claim.seen_items)[A_POLL:]
        items = (*kept, *(entry.scored.entry.item_digest for entry in entries))
        body = b"<item>%d</item>" % self.number * 50
        return poll(claim, *entries, at=at, body=body, change={"item_digests": items})

    def _entry(self, at: int) -> EntryIntent:
        self.number += 1
        hit = self.found[self.number // HIT_EVERY % len(self.found)] if self.number % HIT_EVERY == 0 else None
        chosen = [text for text, _ in self.dice.choices(self.prose.sentences, k=2 if hit else 6)]
        title = hit.title if hit else chosen[0][:-1]
        text = " ".join([*([hit.text] if hit else []), *chosen[1:], f"Item{self.number}."])
        name = f"n{self.number}"
        said = Entry(name, f"https://n.example/{name}", title, text, at, item_digest=digest(f"item {name}"))
        evidence = {LIST: Evidence(self.revision, digest(name), figures=hit.figures)} if hit else {}
        assessed = {LIST: hit.assessments} if hit else {}
        signals = tuple((LIST, one.signal) for one in hit.assessments) if hit else ()
        return EntryIntent(
            ScoredEntry(said, evidence, assessed),
            entry_id=None,
            key=digest(f"key {name}"),
            link_key=digest(f"link {name}"),
            content_digest=content_digest(title, text),
            sighting=Sighting.NEW,
            hits=signals,
            alerts=signals,
        )


LIST = "russia-nato-eu-pact"


def _shown(intent: PollIntent) -> ShownLookup:
    keys = tuple(entry.key for entry in intent.entries)
    return ShownLookup(intent.claim.source_id, keys, intent.change.item_digests or ())


def _lookup(intent: PollIntent) -> EntryLookup:
    entries = intent.entries
    return EntryLookup(
        intent.claim.source_id,
        tuple(entry.key for entry in entries),
        tuple(entry.link_key for entry in entries),
        tuple(entry.content_digest for entry in entries),
    )


def _cpu_us(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e6


def grow(folder: Path, sizes: Sequence[tuple[int, int]], rounds: int, scratch: Path) -> list[dict[str, Any]]:
    """Rounds in turn; for each part, microseconds an entry at both sizes and their ratio."""
    from watcher.app.watchlists import load_all
    from watcher.bootstrap.reading import build_expand
    from watcher.bootstrap.settings import Settings

    cache = folder / "cache"
    (loaded,) = load_all([watchlist_file(folder)], expand=build_expand(Settings(cache_dir=cache)), cache_dir=cache)
    prose, found = Prose(), templates(loaded.compiled)
    grown = [
        Grown(
            copy_of(big_database(folder, *size), scratch / f"{size[0]}.sqlite3"), prose, found, loaded.compiled.revision
        )
        for size in sizes
    ]
    for one in grown:  # what was derived when it was built may be behind; and statements are compiled
        one.derive.all()
        one.round(BATCHES[-1])
    rows: list[dict[str, Any]] = []
    for batch in BATCHES:
        taken: list[list[dict[str, float]]] = [[], []]
        for _ in range(rounds):
            for times, one in zip(taken, grown, strict=True):
                times.append(one.round(batch))
        rows += [{"polls": batch, "part": part, **_compared(taken, part)} for part in ("stored", "derived", "both")]
    return rows


def _compared(taken: Sequence[Sequence[dict[str, float]]], part: str) -> dict[str, float]:
    values = [[sum(one.values()) if part == "both" else one[part] for one in times] for times in taken]
    small, large = (statistics.median(one) for one in values)
    return {
        "small_us": small,
        "large_us": large,
        "ratio": statistics.median(b / a for a, b in zip(*values, strict=True)),
    }


def _row(added: dict[str, Any], options: argparse.Namespace) -> harness.Row:
    """A line of the table that all benchmarks share."""
    return harness.Row(
        bench="grow",
        work=f"an entry more, {added['polls']} poll(s) a transaction",
        ours=f"{options.large:,} entries there",
        other=f"{options.small:,}",
        ratio=1 / added["ratio"],
        wall_ratio=1 / added["ratio"],
        low=1 / added["ratio"],
        high=1 / added["ratio"],
        expected=f">= {1 / MOST:.2f}" if added["polls"] == 1 else "",
        ours_cpu_s=added["large_us"] / 1e6,
        other_cpu_s=added["small_us"] / 1e6,
        rounds=options.rounds,
        same_work=True,
    )


def search_times(path: Path, repeat: int = 7) -> list[dict[str, Any]]:
    """Milliseconds of each search."""
    from watcher.bootstrap.reading import build_search

    rows = []
    os.environ["WATCHER_CACHE"] = str(path.parent / "cache")
    with build_search(str(path), None) as desk:
        for name, query in SEARCHES.items():
            needle = desk.prepare(query)

            def run(needle: Any = needle) -> int:
                return len(list(desk.search(needle, since=None, until=None, source="", limit=20, best=False)))

            first = _wall_ms(run)
            results = run()
            rows.append(
                {"search": name, "results": results, "first_ms": first, "ms": min(_wall_ms(run) for _ in range(repeat))}
            )
    return rows


def _wall_ms(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def main() -> int:
    """Print both tables; 1 where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the databases are kept")
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--hits", type=int, default=50_000, help="in the large one; the small one has as large a share")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    sizes = [(options.small, options.hits * options.small // options.large), (options.large, options.hits)]
    with tempfile.TemporaryDirectory(prefix="bench-grow-", dir=options.folder) as scratch:
        added = grow(options.folder, sizes, options.rounds, Path(scratch))
    found = search_times(big_database(options.folder, *sizes[1]))
    print(f"an entry more, processor time: {options.large:,} entries against {options.small:,}")
    for row in added:
        what = f"{row['polls']} poll(s) a transaction, {row['part']}"
        print(f"  {what:<34} {row['small_us']:7.0f} us → {row['large_us']:7.0f} us   ratio {row['ratio']:.2f}")
    print(f"search over {options.large:,} entries, newest 20")
    for row in found:
        bound = BOUNDS_MS[row["search"]]
        print(
            f"  {row['search']:<17} {row['results']:3} found   {row['ms']:7.1f} ms (first {row['first_ms']:.1f}), bound {bound:.0f}"
        )
    harness.save("grow", [_row(row, options) for row in added if row["part"] == "both"], added=added, search=found)
    once = next(row for row in added if row["polls"] == 1 and row["part"] == "both")
    broken = once["ratio"] > MOST or any(row["ms"] > BOUNDS_MS[row["search"]] for row in found)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
