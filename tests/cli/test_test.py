"""`watcher test`."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from tests.core.watchlist_samples import files
from watcher.cli.test import command
from watcher.core.errors import UsageProblem, WatchlistError

GOOD = """\
watchlist: w.yaml
cases:
  - {name: draft, title: Russia hands NATO a draft of the treaty, match: [draft-text]}
  - {name: rain, title: Rain in spring, not: all}
"""
BAD = GOOD + '  - {name: rain-hits, title: "Rain in\\e spring", match: [draft-text]}\n'


@pytest.fixture
def folder(tmp_path, monkeypatch, word_cache):
    monkeypatch.setenv("WATCHER_CACHE", str(word_cache))
    for name, text in files().items():
        (tmp_path / name).write_text(text)
    (tmp_path / "w.test.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(command, list(arguments))


def test_all_pass(folder):
    result = run("w.test.yaml")

    assert (result.exit_code, result.output) == (0, "w.test.yaml: 2 passed, 0 failed\n")


def test_a_watchlist_stands_for_its_tests_and_verbose_names_them(folder):
    assert run("w.yaml", "-v").output.splitlines() == ["pass draft", "pass rain", "w.test.yaml: 2 passed, 0 failed"]


def test_a_failure_is_shown_with_place_and_reason(folder):
    (folder / "w.test.yaml").write_text(BAD)

    result = run("w.test.yaml")

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "FAIL rain-hits (w.test.yaml:5)",
        "  - draft-text should hit: its score is 0.0, the threshold 50",
        "      did not fire: text-of-pact, handed",
        "w.test.yaml: 2 passed, 1 failed",
    ]


def test_run_selects_by_name(folder):
    (folder / "w.test.yaml").write_text(BAD)

    assert run("w.test.yaml", "--run", "dra*", "--run", "rain").output == "w.test.yaml: 2 passed, 0 failed\n"
    assert isinstance(run("w.test.yaml", "--run", "nothing").exception, UsageProblem)


def test_json(folder):
    (folder / "w.test.yaml").write_text(BAD)

    (one,) = json.loads(run("w.test.yaml", "--format", "json").output)["files"]

    assert (one["passed"], one["failed"]) == (2, 1)
    assert [case["passed"] for case in one["cases"]] == [True, True, False]
    assert one["cases"][2]["failures"][0]["message"].startswith("draft-text should hit")


def test_junit_is_xml_whatever_a_text_holds(folder):
    (folder / "w.test.yaml").write_text(BAD.replace("draft, title", 'draft, text: "a \\u0001 b", title'))

    assert run("w.test.yaml", "--junit", "out.xml").exit_code == 1

    suite = ET.parse(folder / "out.xml").getroot()[0]
    assert suite.attrib == {"name": "w.test.yaml", "tests": "3", "failures": "1", "errors": "0"}
    assert [case.get("name") for case in suite] == ["draft", "rain", "rain-hits"]
    assert suite[2][0].get("message").startswith("draft-text should hit")
    assert suite[2].get("line") == "5"


def test_the_default_is_the_tests_of_the_default_watchlist(folder, monkeypatch):
    monkeypatch.setenv("WATCHER_WATCHLIST", "w.yaml")

    assert run().output == "w.test.yaml: 2 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("watchlist: w.yaml\ncases: [{name: a, title: x, match: [nothing]}]", "unknown-signal"),
        ("watchlist: none.yaml\ncases: [{name: a, title: x, not: all}]", "watchlist-missing"),
        ("watchlist: w.yaml", "missing-key"),
        (b"watchlist: \xff", "not-utf-8"),
    ],
)
def test_refused_files(folder, content, code):
    (folder / "w.test.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())

    error = run("w.test.yaml").exception

    assert isinstance(error, WatchlistError)
    assert error.exit_code == 2
    assert [issue.code for issue in error.issues] == [code]
    assert error.issues[0].file == "w.test.yaml"


def test_no_test_file(folder):
    (folder / "w.test.yaml").unlink()

    assert isinstance(run("w.yaml").exception, UsageProblem)
