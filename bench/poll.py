"""Polling many sources on loopback: watcher's real pipeline against the `reader` package at its best worker count.

Three kinds of round: all items are new; each source has one new item; every source answers 304. Both sides fetch the
same bytes from the same publisher (a process of its own, not counted) and must end with the same entries. watcher also
matches and scores every new item under the shipped watchlist; reader has no counterpart to that.

    python -m bench.poll [--sources 1000] [--items 30] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import sys

from bench.harness import Row, Side, compare, python, row, run_side, save, table
from bench.pollwork import PHASES
from bench.publisher import publisher

EXPECTED = {"new": ">= 1", "one": ">= 3", "same": ">= 3"}
WORKERS = (1, 4, 8, 16)


def side(module: str, name: str, place: str, phase: str, workers: int) -> Side:
    times = 5 if phase == "same" else 1
    arguments = (place, "--phase", phase, "--workers", str(workers), "--times", str(times))
    return Side(name, python("-m", f"bench.{module}", *arguments), divide=times)


def best_workers(place: str, phase: str) -> int:
    """The worker count at which reader needs the least processor time; one look each."""
    spent = {}
    for workers in WORKERS:
        spent[workers] = run_side(side("peer_reader", "reader", place, phase, workers)).cpu_s
    return min(spent, key=spent.__getitem__)


def floors(told: str, ours: Side, theirs: Side, rounds: int, work: str) -> list[Row]:
    """What the client alone costs: nothing that fetches with it can do better. It stores nothing, so work differs."""
    bare = side("bare_client", "bare aiohttp", told, "same", 1)
    return [
        row("poll", f"{work}, the client alone", one, other, compare(one, other, rounds=rounds), expected=expected)
        for one, other, expected in ((ours, bare, ""), (bare, theirs, "what 3 would need"))
    ]


def measure(options: argparse.Namespace) -> list[Row]:
    rows = []
    with publisher(options.sources, options.items) as place:
        told = json.dumps(place)
        for phase in options.phases:
            workers = options.reader_workers or best_workers(told, phase)
            ours = side("side_watcher", "watcher", told, phase, options.workers)
            theirs = side("peer_reader", "reader", told, phase, workers)
            samples = compare(ours, theirs, rounds=options.rounds)
            work = f"poll {options.sources} sources, {PHASES[phase]}"
            note = f"reader with {workers} workers, {options.items} items a feed"
            rows.append(row("poll", work, ours, theirs, samples, expected=EXPECTED[phase], note=note))
            if phase == "same":
                rows.extend(floors(told, ours, theirs, options.rounds, work))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--items", type=int, default=30, help="items a feed shows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2, help="watcher's children")
    parser.add_argument("--reader-workers", type=int, default=0, help="0: try some and take the best")
    parser.add_argument("--phases", nargs="+", choices=tuple(PHASES), default=tuple(PHASES))
    rows = measure(parser.parse_args())
    save("poll", rows)
    print(table(rows))
    return 0 if all(item.same_work for item in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
