"""How soon a board, a report and its pages answer on a database as it stands after years; what five times the entries cost.

    python -m bench.faces [--entries 1000000] [--larger 5000000] [--hits 50000] [--folder FOLDER]

Everything runs in this process after start-up (imports done, nothing cached but the pages of the file). Times are
processor seconds, the best of three; the larger database is measured in turn with the smaller one and only if asked for.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.bigdb import FOLDER, RARE, big_database
from bench.harness import Row, save, table

ROUNDS = 3
PERIODS = (("a week", "7d"), ("everything", "2000-01-01"))


def faces(database: Path) -> dict[str, Callable[[], int]]:
    """Each face as a function that returns how many characters it wrote."""
    from watcher.app.board import read_board
    from watcher.app.board_text import board_lines
    from watcher.app.report import Request, read_report
    from watcher.app.report_html import html_report
    from watcher.app.report_text import report_lines
    from watcher.app.rulestats import read_worth, worth_lines
    from watcher.bootstrap.reading import build_queries, build_search
    from watcher.bootstrap.verdicts import build_rules
    from watcher.core.render import Style

    def board(since: str) -> int:
        with build_queries(str(database)) as queries:
            return sum(map(len, board_lines(read_board(queries, since=since), Style())))

    def text(since: str) -> int:
        with build_queries(str(database)) as queries:
            report = read_report(queries, Request(since=since, limit=200, full=True))
        return sum(map(len, report_lines(report, Style())))

    def html(since: str) -> int:
        with build_queries(str(database)) as queries:
            report = read_report(queries, Request(since=since, limit=200, full=True))
        return len(html_report(report))

    def review() -> int:
        from watcher.app.review import Review
        from watcher.bootstrap.verdicts import build_review
        from watcher.core.views import HitFilter

        with build_review(str(database)) as (queries, store):
            first = Review(queries, store, queries.open_hits(HitFilter()), "bench", lambda: 0)
            return sum(map(len, first.screen(Style(), 40)))

    def search(needle: str) -> int:
        with build_search(str(database), None) as desk:
            return len(list(desk.search(desk.prepare(needle), since=None, until=None, source="", limit=20, best=False)))

    def rules() -> int:
        with build_rules(str(database), None) as queries:
            return sum(map(len, worth_lines(read_worth(queries), Style())))

    made: dict[str, Callable[[], int]] = {"the first item of a review": review, "what rules are worth": rules}
    for name, needle in (("a rare word", RARE), ("a common word", "minister"), ("a phrase", "in the")):
        made[f"search for {name}"] = partial(search, needle)
    for name, since in PERIODS:
        for face in (board, text, html):
            made[f"{face.__name__} of {name}"] = partial(face, since)
    return made


def best(run: Callable[[], int]) -> tuple[float, float]:
    """Processor and wall seconds of the best round."""
    found = []
    for _ in range(ROUNDS):
        cpu, wall = time.process_time(), time.perf_counter()
        run()
        found.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(found)


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--larger", type=int, default=0, help="a second size to compare with; 0: none")
    parser.add_argument("--hits", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the databases are kept")
    asked = parser.parse_args()
    small = faces(big_database(asked.folder, asked.entries, asked.hits))
    large = faces(big_database(asked.folder, asked.larger, asked.hits)) if asked.larger else {}
    rows: list[Row] = []
    for name, run in small.items():
        spent = best(run)
        rows.append(_row(name, f"{asked.entries:,} entries", "a second", spent, (1.0, 1.0), ">= 1"))
        if name in large:
            rows.append(_row(name, f"{asked.larger:,}", f"{asked.entries:,}", best(large[name]), spent, ">= 0.67"))
        print(f"  {name}: {', '.join(f'{one.ours} {one.ours_cpu_s:.3f} s' for one in rows[-2:] if one.work == name)}",
              file=sys.stderr, flush=True)  # fmt: skip
    save("faces", rows)
    print(f"{asked.hits:,} hits; after start-up, best of {ROUNDS}")
    print(table(rows))
    return int(any(one.ratio < float(one.expected.removeprefix(">= ")) for one in rows))


def _row(
    name: str, ours: str, other: str, spent: tuple[float, float], theirs: tuple[float, float], expected: str
) -> Row:
    cpu, wall = (there / here for here, there in zip(spent, theirs, strict=True))
    return Row(
        bench="faces",
        work=name,
        ours=ours,
        other=other,
        ratio=cpu,
        wall_ratio=wall,
        low=cpu,
        high=cpu,
        expected=expected,
        ours_cpu_s=spent[0],
        other_cpu_s=theirs[0],
        rounds=ROUNDS,
        same_work=True,
    )


if __name__ == "__main__":
    sys.exit(main())
