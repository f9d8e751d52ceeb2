"""Start-up: `watcher --help` and `watcher report` against the floor, an interpreter that imports click.

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


def commands(database: Path) -> list[tuple[str, Side, str]]:
    """What is measured, with what is expected of it."""
    where = {"WATCHER_DATABASE": str(database), "COLUMNS": "80"}
    program = str(Path(sys.executable).with_name("watcher"))
    return [
        ("help", Side("watcher --help", [program, "--help"]), "at most 1.5"),
        ("report of 30 hits", Side("watcher report", [program, "report"], where), "at most 8"),
        ("report as JSON Lines", Side("watcher report jsonl", [program, "report", "--format", "jsonl"], where), ""),
        ("sources", Side("watcher sources", [program, "sources"], where), ""),
        ("SQLAlchemy alone", Side("import sqlalchemy", python("-c", "import sqlalchemy")), ""),
    ]


def main() -> int:
    """Measure, print, save."""
    floor = Side("import click", python("-c", "import click"))
    with tempfile.TemporaryDirectory(prefix="watcher-startup-") as folder:
        subprocess.run(python("-m", "watcher", "demo", "--folder", folder), check=True, cwd=ROOT, capture_output=True)
        rows = [
            row("startup", work, floor, side, compare(floor, side, rounds=ROUNDS), expected=expected)
            for work, side, expected in commands(Path(folder) / "watcher.sqlite3")
        ]
    save("startup", rows)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
