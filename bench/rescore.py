"""Rescoring what is stored: in processes, against the bare matcher, and after a small edit only where it can matter.

Three rows over one made-up database (`bench.bigdb`), nothing written: a scan of all entries by two processes against one
(wall time counts here, processor time stays the same); the scan against the matcher alone over the same texts; and
`rescore --diff` after an edit of ten terms against the scan. All sides must tell the same gained, lost and changed hits.

    python -m bench.rescore [--entries 200000] [--hits 10000] [--rounds 3] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import gc
import json
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.bigdb import FOLDER, RARE, big_database
from bench.harness import Row, Sample, Side, compare, measured, python, report_side, row, save, table

if TYPE_CHECKING:
    from watcher.app.rescore import Question
    from watcher.app.watchlists import Loaded

CONCEPT = "settlement"
"""What takes many rules back: a term more loses hits."""
WORDS: tuple[str, ...] = (RARE, "ruritanian accord", "zembla protocol", "grand fenwick note", "syldavian draft")
WORDS += ("freedonia pact", "sylvanian instrument", "graustark convention", "karlsland understanding", "editorial")
"""Made up but for the last, which stands in one of the texts that hits are made of."""


def edited(database: Path, folder: Path) -> Path:
    """The watchlist that the database was scored under, with ten terms more in a concept: nine are rare or nowhere."""
    with closing(sqlite3.connect(database)) as connection:
        ((stored,),) = connection.execute("SELECT files FROM watchlist_revisions")
    target = folder / "edited"
    for name, text in json.loads(stored).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, encoding="utf-8")
    file = target / "concepts" / "context.yaml"
    text = file.read_text(encoding="utf-8")
    at = text.index("[", text.index("en:", text.index(f"\n  {CONCEPT}:"))) + 1
    file.write_text(text[:at] + ", ".join(WORDS) + ", " + text[at:], encoding="utf-8")
    return target / "watchlist.yaml"


def loaded_from(path: Path, folder: Path) -> Loaded:
    from watcher.bootstrap.reading import load_watchlists
    from watcher.bootstrap.settings import Settings

    return load_watchlists(Settings(watchlists=(path,), cache_dir=folder / "cache"))[0]


def trust(database: Path) -> None:
    """The builder scored nothing itself; what it says it scored is what this program would."""
    from watcher.app.watchlist_cache import program

    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE watchlist_revisions SET made_by = ?", (program(),))


def side_of_rescore(options: argparse.Namespace) -> None:
    """Tell changes of all entries, or of those that the edit can score otherwise."""
    from watcher.app.rescore import Question, Summary, diff
    from watcher.bootstrap.rescore import build_rescore
    from watcher.bootstrap.settings import Settings

    loaded = loaded_from(options.watchlist, options.folder)
    settings = Settings(
        database=str(options.database), watchlists=(options.watchlist,), cache_dir=options.folder / "cache"
    )
    summary, found = Summary(), Counter[str]()
    with build_rescore(settings, loaded, writes=False) as rescore, measured() as spent:
        ids = rescore.narrow().ids if options.side == "narrow" else None
        question: Question = Question(workers=2 if options.side == "two" else 1, ids=ids)
        for change in diff(rescore.stored, loaded.compiled, question, summary):
            found[f"{change.kind} {change.signal}"] += 1
    print(f"{summary.entries} entries scored", file=sys.stderr)
    if not found:
        raise RuntimeError("the edit changed nothing: nothing was compared")
    report_side(spent, **found)


def side_bare(options: argparse.Namespace) -> None:
    """The matcher and the score over all texts, read by plain sqlite3: nothing compared."""
    from watcher.core.limits import Limits
    from watcher.core.match import find_evidence
    from watcher.core.score import assess

    compiled, limits = loaded_from(options.watchlist, options.folder).compiled, Limits()
    reached = 0
    with closing(sqlite3.connect(f"file:{options.database}?mode=ro", uri=True)) as connection, measured() as spent:
        for title, text, language in connection.execute(
            "SELECT r.title, r.text, e.language FROM entries e JOIN entry_revisions r "
            "ON r.entry_id = e.id AND r.revision_no = e.revision_no ORDER BY e.id"
        ):
            evidence = find_evidence(compiled, title, text, language, limits=limits)
            reached += any(one.reached for one in assess(compiled, evidence)) if evidence else 0
    report_side(spent)


def without_work(samples: tuple[list[Sample], list[Sample]]) -> tuple[list[Sample], list[Sample]]:
    """A floor does less, by what it is."""
    ours, others = ([replace(sample, work=None) for sample in side] for side in samples)
    return ours, others


def rows(options: argparse.Namespace) -> list[Row]:
    database = big_database(options.folder, options.entries, options.hits)
    trust(database)
    watchlist = edited(database, options.folder)

    def side(name: str, kind: str) -> Side:
        where = ("--database", str(database), "--watchlist", str(watchlist), "--folder", str(options.folder))
        return Side(name, python("-m", "bench.rescore", "--side", kind, *where))

    one, two, bare = side("one process", "one"), side("two processes", "two"), side("the bare matcher", "bare")
    narrow = side("rescore --diff", "narrow")
    what = f"rescore {options.entries:,} entries"
    return [
        row("rescore", what, two, one, compare(two, one, rounds=options.rounds), expected="wall >= 1.6"),
        row("rescore", what, one, bare, without_work(compare(one, bare, rounds=options.rounds)), expected=">= 0.5", floor="compares and tells nothing"),
        row(
            "rescore",
            f"after an edit of ten terms, {options.entries:,} entries",
            narrow,
            one,
            compare(narrow, one, rounds=options.rounds),
            expected=">= 100",
        ),
    ]  # fmt: skip


def main() -> int:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=200_000)
    parser.add_argument("--hits", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the database is kept")
    parser.add_argument("--side", choices=("one", "two", "bare", "narrow"))
    parser.add_argument("--database", type=Path)
    parser.add_argument("--watchlist", type=Path)
    options = parser.parse_args()
    if options.side:
        gc.set_threshold(250_000)  # as the command line does
        (side_bare if options.side == "bare" else side_of_rescore)(options)
        return 0
    made = rows(options)
    save("rescore", made)
    print(table(made))
    return 0 if all(item.same_work for item in made if not item.floor) else 1


if __name__ == "__main__":
    sys.exit(main())
