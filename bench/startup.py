"""Start-up: `watcher --help` and `watcher report` against floors: an interpreter that imports click, and SQLAlchemy too.

The ratio is the command over the floor (above 1, the command costs more); the kernel counts the processor time of the
whole process, the interpreter's own start included. The report is that of the demo's database, made anew for each run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.harness import ROOT, Side, compare, python, row, save, table

ROUNDS = 15


CLICK = Side("import click", python("-c", "import click"))
BOTH = Side("import click, sqlalchemy", python("-c", "import click, sqlalchemy"))


def commands(database: Path) -> list[tuple[str, Side, Side, str]]:
    """What is measured against which floor, with what is expected of it."""
    where = {"WATCHER_DATABASE": str(database), "COLUMNS": "80"}
    program = str(Path(sys.executable).with_name("watcher"))
    report = Side("watcher report", [program, "report"], where)
    return [
        ("help", CLICK, Side("watcher --help", [program, "--help"]), "at most 1.5"),
        ("report of 30 hits", BOTH, report, "at most 1.3"),
        ("report of 30 hits", CLICK, report, "at most 8"),
        (
            "report as JSON Lines",
            BOTH,
            Side("watcher report jsonl", [program, "report", "--format", "jsonl"], where),
            "",
        ),
        ("sources", BOTH, Side("watcher sources", [program, "sources"], where), ""),
    ]


def main() -> int:
    """Measure, print, save."""
    with tempfile.TemporaryDirectory(prefix="watcher-startup-") as folder:
        subprocess.run(python("-m", "watcher", "demo", "--folder", folder), check=True, cwd=ROOT, capture_output=True)
        rows = [
            row("startup", work, floor, side, compare(floor, side, rounds=ROUNDS), expected=expected)
            for work, floor, side, expected in commands(Path(folder) / "watcher.sqlite3")
        ]
    save("startup", rows)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
