"""``watcher db``: what a person sees, on standard output and standard error, and the exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.cli import main
from watcher.storage.schema import HEAD


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "desk.sqlite3"
    assert main(["db", "upgrade", "--database", str(path)]) == 0
    return path


def test_upgrade_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "desk.sqlite3"
    for _ in range(2):
        assert main(["db", "upgrade", "--database", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [f"{path}: schema none → {HEAD}", f"{path} has schema {HEAD} already"]


def test_check_of_a_whole_and_of_a_spoiled_database(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    assert main(["db", "check", "--database", str(path)]) == 0
    assert "is whole" in capsys.readouterr().err
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE meta ADD COLUMN extra TEXT")
    connection.close()
    assert main(["db", "check", "--database", str(path)]) == 1
    out, err = capsys.readouterr()
    assert "extra" in out
    assert "error: 1 problem" in err


def test_backup_makes_a_checked_copy_and_overwrites_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = path.with_name("copy.sqlite3")
    assert main(["db", "backup", str(copy), "--database", str(path)]) == 0
    assert "copy.sqlite3" in capsys.readouterr().err
    assert main(["db", "check", "--database", str(copy)]) == 0
    assert main(["db", "backup", str(copy), "--database", str(path)]) == 2
    assert "there already" in capsys.readouterr().err


def test_stats_list_every_table_and_the_sum(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "stats", "--database", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["table", "rows", "bytes"]
    assert any(line.startswith("entries ") for line in lines)
    (whole,) = [line for line in lines if line.startswith("all ")]
    assert whole.endswith((" kB", " MB"))
    assert [line.split(" would free ")[0] for line in lines[-4:]] == ["prune --older-than 180d"] * 4


def test_a_missing_and_a_damaged_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "check", "--database", str(tmp_path / "none")]) == 2
    empty = tmp_path / "empty.sqlite3"
    empty.touch()
    for arguments in (["upgrade"], ["check"], ["stats"], ["backup", str(tmp_path / "copy")]):
        assert main(["db", *arguments, "--database", str(empty)]) == 4
    assert "is empty" in capsys.readouterr().err
    assert empty.read_bytes() == b""
