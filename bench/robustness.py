"""Every feed of the corpus through the sandbox: no exception escapes, and well-formed feeds lose no entry.

    python bench/robustness.py [--corpus DIR] [--every N] [--workers N]

A file ends as entries or as a named error. On files that the corpus lists as well-formed, the number of entries is
compared with what plain feedparser made of them; files that a rule refuses are listed by name. Then, in this process, the
quick reader against feedparser: how many feeds it takes, and whether every field of every item is the same.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import csv
import hashlib
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import Claim, Fetched, SourceSpec
from watcher.sources import feed, quick
from watcher.sources.registry import RawFeed, Request
from watcher.sources.sandbox import Sandbox

ARCHIVES = ("feeds-captured", "feeds-cases")
RULES = {"dtd-refused", "not-a-feed", "blocked", "empty-body", "unknown-encoding", "truncated"}
QUICK = quick.read
SPEC = SourceSpec("corpus", "feed", "http://corpus.test/feed", "Corpus", "Corpus", "corpus", "")


@dataclass
class Summary:
    """What came of an archive."""

    files: int = 0
    bytes: int = 0
    entries: int = 0
    partial: int = 0
    errors: collections.Counter[str] = field(default_factory=collections.Counter)
    refused: list[tuple[str, str, int]] = field(default_factory=list)
    differing: list[tuple[str, int, int]] = field(default_factory=list)
    escaped: list[tuple[str, str]] = field(default_factory=list)
    compared: int = 0
    wall_s: float = 0.0


def members(archive: Path, every: int) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for number, member in enumerate(m for m in tar if m.isfile()):
            if number % every == 0:
                file = tar.extractfile(member)
                assert file is not None
                yield member.name, file.read()


def expected(table: Path) -> dict[str, int]:
    """Entries that plain feedparser found, for the files listed as well-formed."""
    with table.open(encoding="utf-8", newline="") as file:
        return {row["file"]: int(row["entries"]) for row in csv.DictReader(file) if row["wellformed"] == "yes"}


def answer(body: bytes) -> Fetched:
    digest = hashlib.sha256(body).digest()
    return Fetched(200, SPEC.url, (), body, digest, "", "", (), 0.0, len(body))


async def one(sandbox: Sandbox, name: str, body: bytes, wanted: dict[str, int], summary: Summary) -> None:
    summary.files += 1
    summary.bytes += len(body)
    try:
        feed = await sandbox.parse(Claim(1, SPEC, 1, 0), answer(body))
    except SourceError as error:
        summary.errors[f"{error.phase}: {error.kind}"] += 1
        if name in wanted:
            summary.refused.append((name, f"{error.kind}: {error.detail}", wanted[name]))
        return
    except BaseException as error:
        summary.escaped.append((name, repr(error)))
        return
    summary.entries += len(feed.entries)
    summary.partial += feed.partial
    if name in wanted:
        summary.compared += 1
        seen = len(feed.entries) + feed.dropped
        if seen != wanted[name]:
            summary.differing.append((name, wanted[name], seen))


async def check(data: Path, archive: str, every: int, workers: int, limits: Limits) -> Summary:
    """All files of one archive."""
    summary = Summary()
    wanted = expected(data / f"{archive}.csv")
    started = time.monotonic()
    async with Sandbox(limits, (), workers) as sandbox:
        waiting: set[asyncio.Task[None]] = set()
        for name, body in members(data / f"{archive}.tar.xz", every):
            waiting.add(asyncio.create_task(one(sandbox, name, body, wanted, summary)))
            if len(waiting) >= workers * 4:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        if waiting:
            await asyncio.gather(*waiting)
    summary.wall_s = time.monotonic() - started
    return summary


@dataclass
class Readers:
    """How many feeds the quick reader takes, and where it reads other than feedparser."""

    certain: int = 0
    taken: int = 0
    differing: list[str] = field(default_factory=list)
    reasons: collections.Counter[str] = field(default_factory=collections.Counter)


def compare_readers(data: Path, archive: str, every: int) -> Readers:
    """Both readers over all files of an archive whose items can be told apart; and cut in one pass or by itself."""
    found = Readers()
    for name, body in members(data / f"{archive}.tar.xz", every):
        asked: list[str] = []
        ours = read_by(partial(quick_told, asked), body)
        if asked:
            found.certain += 1
            found.taken += asked == [""]
            found.reasons.update(filter(None, asked))
            found.differing += [name] if asked == [""] and ours != read_by(given_up, body) else []
        found.differing += [name] if ours != read_by(QUICK, body, seen=frozenset()) else []
    return found


def quick_told(asked: list[str], data: bytes) -> quick.QuickFeed:
    """The quick reader, and why it gave up, or an empty text."""
    try:
        result = QUICK(data)
    except quick.GiveUp as reason:
        asked.append(str(reason))
        raise
    asked.append("")
    return result


def given_up(_: bytes) -> quick.QuickFeed:
    raise quick.GiveUp("asked to")


def read_by(
    reader: Callable[..., quick.QuickFeed], body: bytes, seen: frozenset[bytes] = frozenset({b""})
) -> RawFeed | str:
    """What `feed` makes of a body with this for the quick reader; where something was seen, it is cut first."""
    quick.read = reader
    try:
        return feed.parse(Request(body, "", SPEC.url, Limits(), seen=seen))
    except SourceError as error:
        return str(error)
    finally:
        quick.read = QUICK


def show_readers(found: Readers) -> None:
    print(
        f"  quick reader: takes {found.taken} of {found.certain} well-formed, {len(found.differing)} differ from feedparser"
    )
    print(f"  it gives up over: {', '.join(f'{why} {count}' for why, count in found.reasons.most_common(12))}")
    for name in found.differing:
        print(f"    differs: {name}")


def show(archive: str, summary: Summary) -> None:
    print(f"{archive}: {summary.files} files, {summary.bytes / 1e6:.1f} MB, {summary.wall_s:.0f} s")
    print(f"  entries {summary.entries}, partial feeds {summary.partial}, exceptions escaped {len(summary.escaped)}")
    print(f"  errors: {', '.join(f'{kind} {count}' for kind, count in summary.errors.most_common()) or 'none'}")
    print(
        f"  well-formed: {summary.compared} compared, {len(summary.differing)} differ, {len(summary.refused)} refused"
    )
    for name, wanted, seen in summary.differing:
        print(f"    differs: {name}: feedparser {wanted}, here {seen}")
    for name, why, wanted in summary.refused:
        print(f"    refused: {name}: {why} (feedparser: {wanted} entries)")
    for name, error in summary.escaped:
        print(f"    ESCAPED: {name}: {error}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--every", type=int, default=1, help="take every Nth file only")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    data = options.corpus / "data"
    if not data.is_dir():
        print(f"no corpus at {options.corpus}", file=sys.stderr)
        return 2
    failed = 0
    for archive in ARCHIVES:
        summary = asyncio.run(check(data, archive, options.every, options.workers, Limits()))
        show(archive, summary)
        readers = compare_readers(data, archive, options.every)
        show_readers(readers)
        failed += len(summary.escaped) + len(summary.differing) + len(readers.differing)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
