"""`watcher demo`: the real daemon on the samples, the report, and how to go on."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.support.corpus import ROOT
from watcher.cli import main


def test_the_demo_polls_every_sample_and_prints_the_report(tmp_path, word_cache):
    folder = tmp_path / "demo"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER_")}
    done = subprocess.run(
        [sys.executable, "-m", "watcher", "demo", "--folder", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        cwd=ROOT,
        env=environ | {"WATCHER_CACHE": str(word_cache), "WATCHER_DATABASE": "/nowhere/at/all"},
    )

    assert done.returncode == 0, done.stderr
    assert re.search(r"^Found +[1-9]\d* hits in [1-9]\d* entries", done.stdout, re.MULTILINE)
    assert "What could be seen" in done.stdout
    assert "Blind by construction: 1 source" in done.stdout
    assert f"export WATCHER_DATABASE={folder}/watcher.sqlite3" in done.stderr
    assert "watcher explain" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_holds_a_database_is_left_alone(tmp_path, capsys):
    (tmp_path / "watcher.sqlite3").write_bytes(b"mine")

    assert main(["demo", "--folder", str(tmp_path)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "watcher.sqlite3").read_bytes() == b"mine"
