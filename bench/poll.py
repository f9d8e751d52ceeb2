"""Polling many sources on loopback: watcher's real pipeline against readers of feeds at their best worker count.

Three kinds of round: all items are new; each source has one new item; every source answers 304. All sides fetch the
same bytes from the same publisher (a process of its own, not counted) and must end with the same entries. watcher also
matches and scores every new item under the shipped watchlist; no peer has a counterpart to that. The bare client with
feedparser is a floor: it stores nothing. `sfeed_update` knows no 304, so there it is not asked.

    python -m bench.poll [--sources 1000] [--items 30] [--rounds 5] [--peers reader newsboat sfeed bare]

`newsboat` and `sfeed` are programs of the system (Debian has both); where one is missing its rows are left out, which
is said.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import dataclass

from bench.harness import Row, Side, compare, python, row, run_side, save, table
from bench.pollwork import PHASES
from bench.publisher import publisher

WORKERS = (1, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody who polls feeds: our module that runs it, the program it needs, what is expected in each phase."""

    module: str
    expected: dict[str, str]
    program: str = ""
    tunable: bool = True
    floor: str = ""


PEERS = {
    "reader": Peer("peer_reader", {"one": ">= 5", "new": ">= 3", "same": ">= 4"}),
    "newsboat": Peer("peer_newsboat", {"one": ">= 1", "new": "", "same": ""}, "newsboat"),
    "sfeed": Peer("peer_sfeed", {"one": "", "new": ""}, "sfeed_update"),
    "bare": Peer(
        "bare_client", {"one": "", "new": "", "same": ">= 0.3"}, tunable=False, floor="stores, matches, leases nothing"
    ),
}


def side(module: str, name: str, place: str, phase: str, workers: int, *more: str) -> Side:
    times = 5 if phase == "same" else 1
    arguments = (place, "--phase", phase, "--workers", str(workers), "--times", str(times), *more)
    return Side(name, python("-m", f"bench.{module}", *arguments), divide=times)


def best_workers(peer: Peer, place: str, phase: str) -> int:
    """The worker count at which a peer needs the least processor time; one look each."""
    if not peer.tunable:
        return 1
    spent = {}
    for workers in WORKERS:
        spent[workers] = run_side(side(peer.module, peer.module, place, phase, workers)).cpu_s
    return min(spent, key=spent.__getitem__)


def against(name: str, told: str, phase: str, options: argparse.Namespace) -> Row:
    """One row: watcher and a peer, in turn."""
    peer = PEERS[name]
    workers = options.peer_workers or best_workers(peer, told, phase)
    ours = side("side_watcher", "watcher", told, phase, options.workers)
    theirs = side(peer.module, name, told, phase, workers)
    samples = compare(ours, theirs, rounds=options.rounds)
    note = f"{name} with {workers} workers, {options.items} items a feed"
    work = f"poll {options.sources} sources, {PHASES[phase]}"
    return row("poll", work, ours, theirs, samples, expected=peer.expected[phase], note=note, floor=peer.floor)


def chosen_peers(names: list[str]) -> list[str]:
    """Those whose program is here; the others are named on stderr."""
    here = [name for name in names if not PEERS[name].program or shutil.which(PEERS[name].program)]
    for name in sorted(set(names) - set(here)):
        print(f"  left out: {name} ({PEERS[name].program} is not installed)", file=sys.stderr)
    return here


def measure(options: argparse.Namespace) -> list[Row]:
    with publisher(options.sources, options.items) as place:
        told = json.dumps(place)
        return [
            against(name, told, phase, options)
            for phase in options.phases
            for name in chosen_peers(options.peers)
            if phase in PEERS[name].expected
        ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--items", type=int, default=30, help="items a feed shows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2, help="watcher's children")
    parser.add_argument("--peers", nargs="+", choices=tuple(PEERS), default=tuple(PEERS))
    parser.add_argument("--peer-workers", type=int, default=0, help="0: try some and take the best")
    parser.add_argument("--phases", nargs="+", choices=tuple(PHASES), default=tuple(PHASES))
    rows = measure(parser.parse_args())
    save("poll", rows)
    print(table(rows))
    return 0 if all(item.same_work for item in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
