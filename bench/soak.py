"""Is a long run flat? `python -m bench.soak`: 10,000 polls of 100 sources, the first tenth against the last. Must not: hold tests.

It is the long run of `tests/faults/soak.py` (real HTTP on loopback, real children, SQLite, simulated hours) with its figures
set side by side: a ratio near 1 is flat. The server runs in the same process, so its memory is counted too.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.faults.soak import MB, Sample, run, slope
from tests.server import Server
from tests.support.desk import Desk

TENTHS = 10
COLUMNS = (
    ("memory, MB", "rss", 1.0),
    ("memory of children, MB", "sandbox_rss", 1.0),
    ("descriptors", "files", 1.0),
    ("threads", "threads", 1.0),
    ("write-ahead log, MB", "log_bytes", 1 / MB),
    ("database, MB (grows with what is logged)", "database_bytes", 1 / MB),
)


def tenths(samples: Sequence[Sample], name: str) -> tuple[float, float]:
    """The medians of a figure over the first and the last tenth of the samples."""
    size = max(1, len(samples) // TENTHS)
    return (
        float(median(getattr(one, name) for one in samples[:size])),
        float(median(getattr(one, name) for one in samples[-size:])),
    )


def table(samples: Sequence[Sample]) -> list[str]:
    """One line a figure: first tenth, last tenth, ratio."""
    lines = [f"{'':42}{'first tenth':>12}{'last tenth':>12}{'ratio':>8}"]
    for title, name, unit in COLUMNS:
        first, last = (value * unit for value in tenths(samples, name))
        ratio = f"{last / first:8.2f}" if first else f"{'-':>8}"
        lines.append(f"{title:42}{first:12.1f}{last:12.1f}{ratio}")
    return lines


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--polls", type=int, default=10_000)
    parser.add_argument("--sources", type=int, default=100)
    parser.add_argument("--samples", type=int, default=50)
    options = parser.parse_args()
    began, spent = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="watcher-soak-") as folder, Server() as server:
        samples = asyncio.run(run(Desk(Path(folder), server), options.polls, options.sources, options.samples))
    print("\n".join(table(samples)))
    print(f"memory grows by {slope(samples):.2f} MB per 1,000 polls (second half)")
    print(
        f"{samples[-1].polls} polls of {options.sources} sources in {time.monotonic() - began:.0f} s, "
        f"{time.process_time() - spent:.0f} s of processor time of this process"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
