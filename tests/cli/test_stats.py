"""`watcher stats rules`: numbers, calibration, and a diff that applies and passes the check."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess

import pytest

from tests.core.test_clean import is_harmless
from tests.server import Server
from tests.support.desk import NOW, Desk, feed, item
from watcher.app.rulestats import suggestion_diff
from watcher.bootstrap.verdicts import build_verdicts
from watcher.cli import main
from watcher.core.rulestats import Suppression
from watcher.core.verdict import Decision, Wish
from watcher.core.watchlist import read_document

REASON = "a match, not a treaty"


@pytest.fixture
def desk(tmp_path, word_cache, monkeypatch):
    """Hits 1 to 6 tell of football and are dismissed, 7 to 12 do not and are confirmed, 13 is open."""
    with Server() as server:
        desk = Desk(tmp_path, server)
        desk.list_sources("press")
        texts = ["the football club" if n <= 6 else "the treaty" for n in range(1, 14)]
        desk.publish(
            feed(*(item(n, f"Ministry offers pact {n}", f"A text on {text}.") for n, text in enumerate(texts, 1)))
        )
        desk.poll()
    monkeypatch.setenv("WATCHER_CACHE", str(word_cache))
    monkeypatch.setenv("WATCHER_DATABASE", str(desk.database))
    order = desk.rows("SELECT h.id, e.title FROM hits h JOIN entries e ON e.id = h.entry_id")
    number = {int(title.split()[-1]): hit for hit, title in order}
    with build_verdicts(str(desk.database)) as store:
        store.decide(Wish(Decision.DISMISS, "ann", NOW, note=REASON), [number[n] for n in range(1, 7)])
        store.decide(Wish(Decision.CONFIRM, "ann", NOW), [number[n] for n in range(7, 13)])
    return desk


def ungrouped(desk: Desk) -> None:
    """As long as nothing is grouped each hit is a story of its own."""
    connection = sqlite3.connect(desk.database)
    connection.executescript("DELETE FROM story_members")
    connection.close()


def test_numbers_reasons_and_calibration(desk, capsys):
    assert main(["stats", "rules"]) == 0
    out, err = capsys.readouterr()

    row = next(line for line in out.splitlines() if line.startswith("offers"))
    assert row.split()[:7] == ["offers", "13", "13", "6", "6", "1", "6x"]
    assert "6x a match" in " ".join(out.split())
    assert "never fired: drafts" in out
    assert "of 12 decided hits that scored" in out
    assert err == ""
    assert all(map(is_harmless, out.splitlines()))


def test_explain_says_what_became_of_hits_that_scored_alike(desk, capsys):
    assert main(["explain", "1"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Beside the score: of 12 decided hits that scored" in out
    assert "6 were kept (95 %: 25-75 %)." in out
    main(["explain", "1", "--format", "json"])
    assert json.loads(capsys.readouterr().out)["decided_alike"].startswith("of 12 decided hits")


def test_the_diff_applies_and_passes_the_check(desk, capsys, tmp_path):
    ungrouped(desk)
    assert main(["stats", "rules", "--format", "diff"]) == 0
    diff = capsys.readouterr().out
    assert "+    unless: '\"" in diff
    assert diff.startswith("--- desk.yaml\n+++ desk.yaml\n")
    if shutil.which("patch") is None:
        pytest.skip("no patch on this machine: the diff is not applied")

    done = subprocess.run(["patch", "-d", str(tmp_path), "-p0"], input=diff.encode(), capture_output=True, check=False)

    assert done.returncode == 0, done.stdout
    assert main(["check", str(desk.watchlist)]) == 0
    assert any("unless: '\"" in line for line in desk.watchlist.read_text().splitlines())


def test_evidence_is_told_with_the_suggestion(desk, capsys):
    ungrouped(desk)
    main(["stats", "rules"])
    out = " ".join(capsys.readouterr().out.split())

    assert "stands in 6 of 6 dismissed hits (6 stories) and in none of 6 kept ones" in out
    assert "Nothing is applied" in out


def test_as_data(desk, capsys):
    assert main(["stats", "rules", "--format", "json", "--since", "30d"]) == 0
    got = json.loads(capsys.readouterr().out)

    assert (got["hits"], got["decided"], got["rules"][1]["rule"]) == (13, 12, "offers")
    assert got["rules"][1]["reasons"] == {REASON: 6}
    assert got["calibration"][0]["kept"] == 6


def test_a_period_without_hits_has_none(desk, capsys):
    assert main(["stats", "rules", "--since", "2030-01-01"]) == 0
    assert capsys.readouterr().out.startswith("0 hits, 0 decisions")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--watchlist", "no"], 2), (["--since", "soon"], 2), (["--format", "csv"], 2), (["--database", "no.db"], 2)],
)
def test_wrong_use(desk, capsys, arguments, code):
    assert main(["stats", "rules", *arguments]) == code
    assert capsys.readouterr().err.startswith("error: ")


LIST = """\
watchlist: w
question: Q?
language: en
timezone: UTC
signals:
  one:
    title: One
    unless: 'rain'
    rules:
      - {id: r1, match: 'pact', weight: 60}
  two: {title: Two, rules: [{id: r2, match: 'pact', weight: 60}]}
  three:
    title: Three
    unless: rain
    rules:
      - {id: r3, match: 'pact', weight: 60}
sources: {}
"""


def word(signal: str, text: str = "football") -> Suppression:
    return Suppression(signal, text, (1,), 1, 1, 1)


def test_an_unless_that_is_there_is_extended_and_an_unusual_layout_left_to_a_person():
    document = read_document({"w.yaml": LIST}, "w.yaml")
    diff, by_hand = suggestion_diff(
        document, [word("one"), word("one", "cinema"), word("two"), word("three"), word("no")]
    )

    changed = [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ["-    unless: 'rain'", '+    unless: \'rain | "football" | "cinema"\'']
    assert {one.signal for one in by_hand} == {"two", "three"}
