"""docs/reference/cli.md is what the commands say."""

import re

from tests.cli.reference import PAGE, page
from tests.support.corpus import ROOT
from watcher.cli import COMMANDS, main


def test_the_page_of_commands_is_their_own_help(monkeypatch):
    for name in ("WATCHER_DATABASE", "WATCHER_WATCHLIST", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.cli.reference"


def test_every_command_is_on_the_page():
    text = PAGE.read_text(encoding="utf-8")

    assert all(f"\n## {name}\n" in text for name in COMMANDS)


def test_the_watchlist_in_the_readme_is_a_good_one(tmp_path, monkeypatch, word_cache, capsys):
    monkeypatch.setenv("WATCHER_CACHE", str(word_cache))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    (tmp_path / "harbour.yaml").write_text(block, encoding="utf-8")
    (tmp_path / "harbour.yaml").chmod(0o644)

    assert main(["check", str(tmp_path / "harbour.yaml")]) == 0
    assert "1 signal, 2 rules" in capsys.readouterr().out
