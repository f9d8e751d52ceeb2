"""Make docs/reference/faults.md from the rows and the names of the tests. Run as a script it writes the page."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "faults.md"
_TEST = re.compile(r"def (test_(?:[a-j]\d\d_)+\w+)")
_ID = re.compile(r"(?<=_)([a-j])(\d\d)(?=_)")
_HEAD = """# The fault matrix

Made by `python tests/faults/table.py` from the rows in `tests/faults/rows.py` and the names of the tests; a test keeps
it true. "not covered" is meant literally.

"""


def rows() -> list[tuple[str, str, str]]:
    """(id, priority, what must hold), in order."""
    text = (ROOT / "tests" / "faults" / "rows.py").read_text(encoding="utf-8").split('ROWS = """')[1]
    return [tuple(line.split(" ", 2)) for line in text.splitlines() if re.match(r"[A-J]-\d\d P", line)]  # type: ignore[misc]


def tests_by_row() -> dict[str, list[str]]:
    """Row id to `file::test`, in order of file and place."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in _TEST.findall(path.read_text(encoding="utf-8")):
            for group, number in _ID.findall(name):
                found[f"{group.upper()}-{number}"].append(f"{path.relative_to(ROOT / 'tests')}::{name}")
    return found


def page() -> str:
    """The whole page."""
    tests, lines, covered = tests_by_row(), [], 0
    for row, priority, what in rows():
        names = tests.get(row, [])
        covered += bool(names)
        cell = "<br>".join(f"`{name}`" for name in names) or "not covered"
        lines.append(f"| {row} | {priority} | {what} | {cell} |")
    count = f"{covered} of {len(lines)} rows have a test.\n\n"
    return _HEAD + count + "| row | priority | what must hold | tests |\n|---|---|---|---|\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
