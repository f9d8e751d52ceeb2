"""One way to measure for all benchmarks: A B A B in one run, processor seconds of the whole process tree, ratios.

A *side* is a command that does the work once and prints one JSON object on its last line: ``{"cpu_s": …, "wall_s": …,
"work": {…}}``. It measures itself with :func:`measured`, so that preparing is not counted. Where a side prints no
``cpu_s``, the harness takes what the kernel says about the process and all its descendants, start-up included.
Sides are run in turn, several rounds; the ratio is the median over rounds of A over B inside the same round. Both must
have done the same ``work``, else the row is void.

    python -m bench.harness             all benchmarks in sizes that end within half an hour, one table
    python -m bench.harness poll match  some of them, in the sizes that they are made for
    python -m bench.harness --table     the table of the last run
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib.metadata
import json
import os
import platform
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "bench" / "out"
WHOLE: Mapping[str, Sequence[str]] = {
    "startup": (),
    "match": ("--sizes", "shipped", "1000", "10000", "--rounds", "3"),
    "storage": ("--rounds", "3"),
    "sandbox": ("--rounds", "3"),
    "poll": ("--sources", "200", "--rounds", "3"),
    "many": ("--rounds", "1"),
    "rescore": ("--rounds", "2", "--folder", "FOLDER"),
    "stories": (),
    "grow": ("--rounds", "5", "--folder", "FOLDER"),
    "faces": ("--folder", "FOLDER"),
}
"""What is run as a whole, each with its size there. FOLDER is one that all share and that goes at the end (2.5 GB)."""
PACKAGES = ("watcher", "reader", "aiohttp", "feedparser", "sqlalchemy", "click", "selectolax", "simplemma")


# --- inside a side -----------------------------------------------------------------------------------------------


def others_cpu_s(pid: int | None = None) -> float:
    """Processor seconds that the descendants of a process have used so far, those already waited for included."""
    import psutil

    process = psutil.Process(pid)
    spent = process.cpu_times()
    total: float = spent.children_user + spent.children_system
    for member in process.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            spent = member.cpu_times()
            total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


@contextlib.contextmanager
def measured() -> Iterator[dict[str, Any]]:
    """Measure what happens inside, in this process and its children. The result is filled in at the end.

    Finding the children is no work of theirs, so it stands outside of what is measured.
    """
    result: dict[str, Any] = {}
    others = others_cpu_s()
    cpu, wall = time.process_time(), time.perf_counter()
    yield result
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    result["wall_s"] = wall
    result["cpu_s"] = cpu + others_cpu_s() - others


def report_side(result: Mapping[str, Any], **work: Any) -> None:
    """Print what the harness reads: the measurement and what was done."""
    print(json.dumps({**result, "work": work}), flush=True)


# --- outside: sides in turn --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Side:
    """One contender: a name, a command, and what its environment adds. ``divide`` scales a side that did more rounds."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    divide: float = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured run of a side."""

    cpu_s: float
    wall_s: float
    rss_mb: float
    work: Any = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``ratio`` is other over ours in processor time: above 1, we are cheaper."""

    bench: str
    work: str
    ours: str
    other: str
    ratio: float
    wall_ratio: float
    low: float
    high: float
    expected: str
    ours_cpu_s: float
    other_cpu_s: float
    rounds: int
    same_work: bool
    note: str = ""
    floor: str = ""


def run_side(side: Side, *, timeout_s: float = 1800.0) -> Sample:
    """Run a command to its end and read its last line. A side that fails stops the benchmark, with its words."""
    _adopt_orphans()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        wall = time.perf_counter()
        process = subprocess.Popen(side.command, stdout=out, stderr=err, cwd=ROOT, env={**os.environ, **side.env})
        usage, status = _reap(process, timeout_s)
        wall = time.perf_counter() - wall
        out.seek(0)
        err.seek(0)
        lines = out.read().strip().splitlines()
        if status != 0:
            raise RuntimeError(f"{side.name} ended with {status}: {err.read()[-2000:]}")
    told = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    cpu = told.get("cpu_s", usage.ru_utime + usage.ru_stime)
    rss = told.get("rss_mb", usage.ru_maxrss / 1024)
    return Sample(cpu / side.divide, told.get("wall_s", wall) / side.divide, rss, told.get("work"))


def _adopt_orphans() -> None:
    """Ask Linux to give us grandchildren whose parent dies, so that their processor time is not lost."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def _reap(process: subprocess.Popen[str], timeout_s: float) -> tuple[resource.struct_rusage, int]:
    deadline = time.monotonic() + timeout_s
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage, process.returncode
        if time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"not done in {timeout_s} s: {process.args}")
        time.sleep(0.005)


def compare(ours: Side, other: Side, *, rounds: int = 5, before_each: Any = None) -> tuple[list[Sample], list[Sample]]:
    """A B A B …: both sides once per round. ``before_each(side)`` prepares what a run uses up."""
    samples: dict[str, list[Sample]] = {ours.name: [], other.name: []}
    for number in range(rounds):
        for side in (ours, other) if number % 2 == 0 else (other, ours):
            if before_each is not None:
                before_each(side)
            samples[side.name].append(run_side(side))
            print(
                f"  round {number + 1}: {side.name} {samples[side.name][-1].cpu_s:.3f} s", file=sys.stderr, flush=True
            )
    return samples[ours.name], samples[other.name]


def row(
    bench: str,
    work: str,
    ours: Side,
    other: Side,
    samples: tuple[Sequence[Sample], Sequence[Sample]],
    *,
    expected: str = "",
    note: str = "",
    floor: str = "",
) -> Row:
    """The line of the table for two sides: the median of the ratios of each round, and their spread.

    ``floor`` says what the other side leaves out, where it is no peer but a floor: what it reports must be the same
    even so.
    """
    ratios = [theirs.cpu_s / mine.cpu_s for mine, theirs in zip(*samples, strict=True)]
    walls = [theirs.wall_s / mine.wall_s for mine, theirs in zip(*samples, strict=True)]
    works = [json.dumps(sample.work, sort_keys=True) for side in samples for sample in side]
    return Row(
        bench=bench,
        work=work,
        ours=ours.name,
        other=other.name,
        ratio=statistics.median(ratios),
        wall_ratio=statistics.median(walls),
        low=min(ratios),
        high=max(ratios),
        expected=expected,
        ours_cpu_s=statistics.median(sample.cpu_s for sample in samples[0]),
        other_cpu_s=statistics.median(sample.cpu_s for sample in samples[1]),
        rounds=len(ratios),
        same_work=len(set(works)) == 1,
        note=note,
        floor=floor,
    )


def versions() -> dict[str, str]:
    """What was measured, with what."""
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "system": platform.platform()}
    found["processors"] = str(os.cpu_count())
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def save(bench: str, rows: Sequence[Row], **extra: Any) -> Path:
    """Write ``bench/out/<bench>.json``: rows, versions, and whatever else the benchmark wants to keep."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{bench}.json"
    document = {"bench": bench, "versions": versions(), "rows": [asdict(item) for item in rows], **extra}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def load(names: Sequence[str], *, since: float = 0.0) -> list[Row]:
    """Rows of the last runs, of those only that ended since then."""
    paths = [path for name in names if (path := OUT / f"{name}.json").exists()]
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.stat().st_mtime >= since]
    return [Row(**item) for document in documents for item in document.get("rows", ())]


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table: ratios of processor time, wall beside them."""
    head = ("work", "ours", "against", "ratio (cpu)", "spread", "ratio (wall)", "expected", "cpu s", "same work")
    lines = [head, tuple("-" * len(name) for name in head)]
    for item in rows:
        spread = f"{item.low:.2f}-{item.high:.2f}"
        seconds = f"{item.ours_cpu_s:.3g} / {item.other_cpu_s:.3g}"
        same = ("floor" if item.floor else "yes") if item.same_work else "NO"
        ratios = (f"{item.ratio:.2f}", spread, f"{item.wall_ratio:.2f}", item.expected, seconds, same)
        lines.append((item.work, item.ours, item.other, *ratios))
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]


def run_bench(name: str, arguments: Sequence[str]) -> bool:
    """Run a benchmark; False where it failed. How long it took is told."""
    began = time.monotonic()
    print(f"bench.{name} {' '.join(arguments)}", file=sys.stderr, flush=True)
    status = subprocess.run(python("-m", f"bench.{name}", *arguments), cwd=ROOT, check=False).returncode
    print(f"bench.{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return status == 0


def run_whole() -> list[str]:
    """Run all of them; the names of those that failed."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="big-", dir=OUT) as folder:
        return [
            name
            for name, arguments in WHOLE.items()
            if not run_bench(name, [folder if one == "FOLDER" else one for one in arguments])
        ]


def main() -> int:
    """Run the benchmarks one after the other and print one table; a benchmark that fails is named, the rest goes on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {' '.join(WHOLE)}; without: all, smaller")
    parser.add_argument("--table", action="store_true", help="print the table of the last run and stop")
    options = parser.parse_args()
    began = time.time()
    failed: list[str] = []
    if not options.table:
        failed = [name for name in options.names if not run_bench(name, ())] if options.names else run_whole()
    print(table(load(options.names or list(WHOLE), since=0.0 if options.table else began)))
    print(json.dumps(versions()))
    for name in failed:
        print(f"error: bench.{name} failed, or missed what is expected of it", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
