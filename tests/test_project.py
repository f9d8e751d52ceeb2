"""The project as a whole: what its files must not name, how long its functions are, that its README tells the truth."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.corpus import ROOT

INSTALLER_ADDRESS = re.compile(
    r"--(?:extra-)?index-url|--find[-]links|--trusted[-]host|python[h]osted\.org|py[p]i\.org"
)
MACHINE_PATH = re.compile(r"(?<![\w.$~])/(?:home|root|work|Users)/\w")
LONG, REASON = 60, re.compile(r"#\s*Long because \w+|Long because \w+")


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("not a git work tree: cannot tell which files are ours")
    names = sorted(name for name in listing.stdout.decode().split("\0") if name)
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def texts(*patterns: str) -> Iterator[tuple[Path, str]]:
    for path in tracked(*patterns):
        yield path, path.read_bytes().decode("utf-8", errors="replace")


def lines_with(pattern: re.Pattern[str], *names: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path, text in texts(*names)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_where_packages_come_from():
    assert lines_with(INSTALLER_ADDRESS) == []


def test_lock_files_hold_versions_and_hashes_alone():
    locks = list(texts("requirements*.lock"))
    assert len(locks) >= 3
    for path, text in locks:
        assert "://" not in text, path.name
        entries = re.split(r"\n(?=\S)", text.strip())
        loose = [
            entry.split()[0]
            for entry in entries
            if not re.match(r"#|[\w.\[\]-]+==\S+.*--hash=sha256:", entry, re.DOTALL)
        ]
        assert loose == [], path.name


def test_no_file_names_a_path_of_somebodys_machine():
    assert lines_with(MACHINE_PATH) == []


def functions(path: Path) -> Iterator[tuple[str, int, str]]:
    """Name, length in lines (signature and docstring included) and source of every function of a file."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            text = "\n".join(source.splitlines()[node.lineno - 1 : node.end_lineno])
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1, text


def test_functions_are_short_and_long_ones_say_why():
    found = [item for path in tracked("watcher/*.py") for item in functions(path)]
    lengths = sorted(length for _, length, _ in found)
    p90 = lengths[int(len(lengths) * 0.9)]
    silent = [f"{name} ({length} lines)" for name, length, text in found if length > LONG and not REASON.search(text)]
    assert statistics.median(lengths) <= 10, f"median {statistics.median(lengths)} of {len(lengths)}"
    assert p90 <= 30, f"p90 {p90} of {len(lengths)}"
    assert silent == [], "write `# Long because …` inside it, or cut it"


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def told_commands(program: str) -> list[str]:
    """The first word after ``make`` or ``watcher`` wherever the README, or a guide, tells to type it."""
    pages = [path.read_text(encoding="utf-8") for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))]
    blocks = [
        block
        for page in pages
        for block in re.findall(r"^```(?:bash|sh|console)?\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    ]
    spans = [span for page in pages for span in re.findall(r"`([^`\n]+)`", page)]
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()] + spans
    typed = (re.match(rf"(?:\.venv/bin/)?{program} ([a-z][a-z-]*)(?![\w.:-])", line) for line in lines)
    return sorted({found.group(1) for found in typed if found})


def test_every_make_target_that_is_told_exists():
    assert set(told_commands("make")) <= make_targets()


@pytest.mark.parametrize("command", told_commands("watcher"))
def test_every_command_that_is_told_exists(command):
    answer = subprocess.run(
        [sys.executable, "-m", "watcher", command, "--help"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr


def test_every_target_of_the_makefile_has_its_line_of_help():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    helped = set(re.findall(r"^([a-z-]+):[^\n]*##", makefile, re.MULTILINE))
    assert helped == set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split())
