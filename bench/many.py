"""10,000 sources due at once against 1,000: what a source costs, the memory of all processes, the time until all are polled.

Two kinds of round, as in bench.poll: one new item each, and all 304. The ratio is the cost of a source at 1,000 over
that at 10,000: below 1 it grew. Memory is the highest sum over the daemon's process and its children of what each holds
alone and its share of what is shared (PSS), read twenty times a second.

    python -m bench.many [--few 1000] [--many 10000] [--items 5] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from bench.harness import Row, Sample, Side, python, row, run_side, save, table
from bench.pollwork import PHASES
from bench.publisher import publisher

EXPECTED = "at least 0.77 (cost grows by less than 1.3)"
MEMORY_MB = 300


def samples(sources: int, phase: str, options: argparse.Namespace) -> tuple[Side, list[Sample]]:
    """Runs at this many sources; seconds are per source."""
    with publisher(sources, options.items) as place:
        # The place goes through a file: 10,000 addresses are more than an argument may hold.
        options.place.write_text(json.dumps(place), encoding="ascii")
        command = python("-m", "bench.side_watcher", f"@{options.place}", "--phase", phase, "--memory")
        side = Side(f"{sources:,} sources", command, divide=sources)
        return side, [replace(run_side(side), work=None) for _ in range(options.rounds)]


def compared(phase: str, options: argparse.Namespace) -> tuple[Row, float]:
    """The row of a phase, and the memory that the larger side took."""
    few, at_few = samples(options.few, phase, options)
    many, at_many = samples(options.many, phase, options)
    memory = max(sample.rss_mb for sample in at_many)
    slowest = max(sample.wall_s for sample in at_many) * options.many
    note = f"{memory:.0f} MB (expected: under {MEMORY_MB}); all {options.many:,} polled in {slowest:.0f} s at most"
    print(f"  {PHASES[phase]}: {note}", file=sys.stderr)
    work = f"a source among {options.many:,} due at once, {PHASES[phase]}"
    return row("many", work, many, few, (at_many, at_few), expected=EXPECTED, note=note), memory


def main() -> int:
    """Measure, print, save; fails where memory is over the limit."""

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=5, help="items a feed shows")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--phases", nargs="+", choices=("one", "same"), default=("one", "same"))
    with tempfile.TemporaryDirectory() as folder:
        options = parser.parse_args(namespace=argparse.Namespace(place=Path(folder) / "place.json"))
        measured = [compared(phase, options) for phase in options.phases]
    rows = [item for item, _ in measured]
    save("many", rows, memory_mb={item.work: memory for item, memory in measured})
    print(table(rows))
    for item in rows:
        print(f"{item.work}: {item.note}")
    return 0 if all(memory < MEMORY_MB for _, memory in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
