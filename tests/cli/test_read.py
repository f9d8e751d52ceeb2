"""The reading commands on a real database: report, explain, sources; read only, the same bytes twice, any encoding."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.core.test_clean import is_harmless
from tests.support.corpus import ROOT
from tests.support.polls import HOUR, T0, assessment, document, entry_intent, failed_poll, hit_intent, poll, source
from watcher.cli import main
from watcher.storage.engine import open_engine
from watcher.storage.migrate import upgrade
from watcher.storage.store import SqlStore

HOSTILE = "note \x1b[2J\x9b31m\u202e <script> =1+1 \U000e0041 нота 中文"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """One watchlist, four sources (read, failing, blind, never polled), four hits: one hostile, one in Russian."""
    path = tmp_path_factory.mktemp("read") / "watcher.sqlite3"
    upgrade(str(path))
    engine = open_engine(str(path))
    store = SqlStore(engine)
    blind = source("nowhere", kind="none", institution="NATO", note="it ended its feeds", checked_on="2025-12-01")
    store.save_watchlist(document(source("a"), source("b", language="ru"), source("c"), blind), b"", T0 - HOUR)
    a, b, c = sorted(store.claim_due("test", T0, limit=3, lease_s=9), key=lambda claim: claim.spec.id)
    found = (assessment(score=70.0, firings=assessment().firings),)
    with store.write() as transaction:
        transaction.apply(poll(a, hit_intent("x"), hit_intent("y", score=90.0), entry_intent("plain"), at=T0))
        hostile = {"title": HOSTILE, "text": HOSTILE, "link": "javascript:alert(1)", "author": HOSTILE}
        transaction.apply(poll(b, entry_intent("bad", found=found, hit=True, entry=hostile), at=T0 + HOUR))
        transaction.apply(failed_poll(c, at=T0 + HOUR))
    engine.dispose()
    return path


@pytest.fixture
def database(filled, tmp_path):
    """A copy of its own for every test."""
    path = tmp_path / "watcher.sqlite3"
    shutil.copy(filled, path)
    return path


@pytest.fixture
def told(database, capsys, monkeypatch):
    """Runs a command on the database: (exit code, output, errors)."""
    monkeypatch.setenv("WATCHER_DATABASE", str(database))

    def run(*arguments):
        code = main(list(arguments))
        return (code, *capsys.readouterr())

    return run


def test_the_report_tells_hits_and_what_could_not_be_seen(told):
    code, out, err = told("report")

    assert (code, err) == (0, "")
    assert "Does it move?" in out
    assert "3 hits in 4 entries from 3 polls" in out
    assert out.index(" 90.0  Title y") < out.index(" 70.0  Title x")
    assert "2 of 3 sources were readable throughout, 1 not at all" in out
    assert "nowhere  it ended its feeds (checked 2025-12-01)" in out


def test_same_database_and_period_same_bytes(told):
    for form in ("table", "md", "csv", "jsonl"):
        assert told("report", "--format", form, "--since", "7d") == told("report", "--format", form, "--since", "7d")


def test_filters(told):
    assert "Title x" not in told("report", "--min-score", "80")[1]
    limited = told("report", "--limit", "1")[1]
    assert "the best 1 of 3 hits" in limited
    assert "(offer): 1 of 3 hits" in limited
    assert "Title y" in limited
    assert "Title y" not in told("report", "--source", "b")[1]
    assert "0 hits" in told("report", "--until", "2025-12-01")[1]
    assert told("report", "--signal", "nothing")[0] == 2


def test_i19_nothing_is_written_and_the_folder_may_be_read_only(told, database):
    before = database.read_bytes()
    database.chmod(0o400)
    database.parent.chmod(0o500)
    try:
        assert told("report")[0] == told("sources")[0] == told("explain", "1")[0] == 0
    finally:
        database.parent.chmod(0o700)

    assert database.read_bytes() == before


def test_i19_a_report_works_while_a_writer_is_in_the_middle(told, database):
    engine = open_engine(str(database))
    store = SqlStore(engine)
    (claim, *_) = store.claim_due("test", T0 + 9 * HOUR, limit=3, lease_s=9)
    with store.write() as transaction:
        transaction.apply(poll(claim, hit_intent("later"), at=T0 + 9 * HOUR))
        code, out, _ = told("report")
    engine.dispose()

    assert code == 0
    assert "Title later" not in out
    assert "Title later" in told("report")[1]


@pytest.mark.parametrize("command", [["report"], ["sources"], ["explain", "1"]])
def test_i19_no_database_an_old_schema_and_no_database_at_all(command, capsys, tmp_path):
    missing, junk, empty = tmp_path / "none.sqlite3", tmp_path / "junk", tmp_path / "empty.sqlite3"
    junk.write_bytes(b"no database" * 100)
    import sqlite3

    connection = sqlite3.connect(empty)
    connection.execute("CREATE TABLE other (n INTEGER)")
    connection.commit()
    connection.close()

    codes = [main([*command, "--database", str(path)]) for path in (missing, junk, empty)]

    assert codes[:2] == [2, 4]
    assert codes[2] in (1, 4)
    err = capsys.readouterr().err
    assert err.count("error: ") == err.count("hint: ") == 3
    assert not missing.exists()


def test_a_database_without_a_watchlist_says_what_to_do(capsys, tmp_path):
    upgrade(str(tmp_path / "w.sqlite3"))

    assert main(["report", "--database", str(tmp_path / "w.sqlite3")]) == 1
    assert "watcher run" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["report"],
        ["report", "--format", "md"],
        ["report", "--format", "csv"],
        ["report", "--format", "jsonl"],
        ["explain", "3"],
        ["explain", "3", "--format", "json"],
        ["sources"],
        ["sources", "--health"],
        ["sources", "b"],
        ["sources", "--format", "csv"],
        ["sources", "--format", "jsonl"],
    ],
)
def test_i11_no_command_lets_a_control_character_out(told, arguments):
    code, out, _ = told(*arguments)

    assert code == 0
    assert all(is_harmless(line) for line in out.splitlines())


def test_i13_csv_says_on_standard_error_what_was_seen(told):
    code, out, err = told("report", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))

    assert code == 0
    assert [row["hit"] for row in rows] == ["2", "3", "1"]
    assert rows[1]["link"] == ""
    assert err.startswith("seen: 2 of 3 sources")


def test_i14_json_lines_parse(told):
    _, out, _ = told("report", "--format", "jsonl")

    assert [json.loads(line)["type"] for line in out.splitlines()] == ["report", "hit", "hit", "hit", "coverage"]


def test_explain_shows_sum_words_rung_and_origin(told):
    code, out, _ = told("explain", "1")

    assert code == 0
    for wanted in (
        "Title x",
        "An offer is made (offer)",
        "rule given",
        "[note] x",
        "by rule given",
        "institution  nato",
    ):
        assert wanted in out
    assert told("explain", "99")[0] == 1
    assert told("explain", "zero")[0] == 2


def test_explain_as_json_holds_the_parts(told):
    record = json.loads(told("explain", "2", "--format", "json")[1])

    assert sum(part["points"] for part in record["parts"]) == pytest.approx(record["score"])
    assert record["rules"][0]["matches"][0]["form"] == "note"


def test_sources_tells_state_reason_and_next_step(told):
    code, out, _ = told("feeds")

    assert code == 0
    assert "2 of 3 polled can be read; 1 blind by construction" in out
    assert "c: unreachable since" in out
    assert "what to do: open the address in a browser" in " ".join(told("sources", "--health")[1].split())
    assert "kind       feed" in told("sources", "a")[1]
    assert told("sources", "nobody")[0] == 2
    healthy = [json.loads(line) for line in told("sources", "--health", "--format", "jsonl")[1].splitlines()]
    assert {row["source"] for row in healthy} == {"c", "nowhere"}


# --- as processes -----------------------------------------------------------------------------------------------------


def process(database, *arguments, **environ):
    env = {"PATH": os.environ["PATH"], "WATCHER_DATABASE": str(database), "PYTHONPATH": str(ROOT)} | environ
    return subprocess.run(
        [sys.executable, "-m", "watcher", *arguments], capture_output=True, check=False, env=env, cwd=database.parent
    )


@pytest.mark.parametrize("form", ["table", "md", "csv", "jsonl"])
def test_i17_an_ascii_stream_gets_code_points_and_never_crashes(database, form):
    done = process(database, "report", "--format", form, PYTHONIOENCODING="ascii:strict")

    assert (done.returncode, done.stdout.isascii()) == (0, True)
    if form == "jsonl":
        titles = [json.loads(line).get("title") for line in done.stdout.splitlines()]
        assert HOSTILE in titles
    if form == "table":
        assert "----" in done.stdout.decode()


def test_f09_reading_works_with_an_empty_environment(database):
    done = process(database, "report", LC_ALL="C")

    assert (done.returncode, done.stderr) == (0, b"")


def test_a_pipe_gets_no_colour_unless_it_is_forced(database):
    assert b"\x1b" not in process(database, "report", TERM="xterm-256color", FORCE_COLOR="").stdout
    assert b"\x1b[1m" in process(database, "report", FORCE_COLOR="1", NO_COLOR="").stdout
