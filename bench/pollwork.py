"""What both sides of bench.poll share: options, the phases, and what they must agree on. Must not: import a side.

Phases: ``new`` (all entries of all sources are new), ``one`` (each source has one new item since the last round) and
``same`` (every source answers 304). What comes before a phase is not measured.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Iterable

from bench.harness import measured, report_side
from bench.publisher import move

PHASES = {"new": "all items new", "one": "one new item each", "same": "all 304"}


def poll_options(workers: int) -> argparse.Namespace:
    """Arguments of a side: where the publisher is, and what to do."""
    parser = argparse.ArgumentParser()
    parser.add_argument("place", help="what bench.publisher printed")
    parser.add_argument("--workers", type=int, default=workers)
    parser.add_argument("--phase", choices=tuple(PHASES), default="one")
    parser.add_argument("--times", type=int, default=1, help="rounds that are measured together")
    return parser.parse_args()


def digest_of(pairs: Iterable[tuple[str, str]]) -> str:
    """Short digest of (source address, entry id) pairs."""
    total = hashlib.sha256()
    for url, entry in sorted(pairs):
        total.update(f"{url}\t{entry}\n".encode())
    return total.hexdigest()[:16]


def run_phase(
    control: str,
    options: argparse.Namespace,
    update: Callable[[], None],
    entries: Callable[[], list[tuple[str, str]]],
) -> None:
    """Prepare, measure, and print what the harness reads."""
    step = "tick" if options.phase == "one" else "stay"
    move(control, "reset")
    if options.phase != "new":
        update()
        move(control, "stay")
        if options.phase == "same":  # some store a validator only the second time
            update()
        move(control, step)
    total, answers = {"cpu_s": 0.0, "wall_s": 0.0}, {"200": 0, "304": 0}
    for number in range(options.times):
        with measured() as spent:
            update()
        served = move(control, step if number + 1 < options.times else "stay")
        total = {name: total[name] + spent[name] for name in total}
        answers = {name: answers[name] + served[name] for name in answers}
    found = entries()
    report_side(total, entries=len(found), digest=digest_of(found), answers=answers)
