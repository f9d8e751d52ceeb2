"""`watcher board` and the whole `watcher report` on a real database: formats, marks, the same bytes from other processes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from tests.support.corpus import ROOT
from tests.support.polls import HOUR, T0, assessment, document, entry_intent, failed_poll, hit_intent, poll, source
from watcher.cli import main
from watcher.core.document import Position, TimelineEvent
from watcher.storage.engine import open_engine
from watcher.storage.migrate import upgrade
from watcher.storage.store import SqlStore

FORMATS = ("table", "md", "html", "json", "jsonl", "csv", "atom", "ics")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Two sources (one failing), two hits on two rungs."""
    path = tmp_path_factory.mktemp("board") / "watcher.sqlite3"
    upgrade(str(path))
    engine = open_engine(str(path))
    store = SqlStore(engine)
    told = document(
        source("a"),
        source("b", language="ru"),
        timeline=(TimelineEvent("2021-12-17", "Texts published", "two drafts", "https://x.example/"),),
        positions=(Position("UN", "2025-12-01", "Talks are welcome", "https://x.example/"),),
    )
    store.save_watchlist(told, b"", T0 - HOUR)
    a, b = sorted(store.claim_due("test", T0, limit=2, lease_s=9), key=lambda claim: claim.spec.id)
    higher = assessment(rung="text exists", score=80.0)
    with store.write() as transaction:
        transaction.apply(poll(a, hit_intent("x"), entry_intent("y", found=(higher,), hit=True), at=T0))
        transaction.apply(failed_poll(b, at=T0 + HOUR))
    engine.dispose()
    return path


@pytest.fixture
def database(template, tmp_path):
    copy = tmp_path / "watcher.sqlite3"
    copy.write_bytes(template.read_bytes())
    return str(copy)


def run(capsys, *arguments: str) -> str:
    assert main(list(arguments)) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_the_board_shows_rung_word_trend_and_sight(database, capsys):
    text = run(capsys, "board", "--database", database)

    assert "An offer is made (offer)" in text
    assert "text exists (2 of 2)" in text
    assert "not confirmed by anybody" in text
    assert "no comparison: nothing could be read before" in text


def test_the_board_as_data_tells_blind_from_quiet(database, capsys):
    record = json.loads(run(capsys, "board", "--database", database, "--format", "json"))

    rows = {(row["axis"], row["key"]): row for row in record["rows"]}
    assert rows["signal", "offer"]["best"]["rung"] == "text exists"
    assert rows["language", "ru"]["state"] == "blind"
    assert "timeout" in rows["language", "ru"]["seen"]["why"]
    assert [event["rung"] for event in record["events"]] == ["claimed", "text exists"]


def test_the_board_as_markdown_has_its_three_tables(database, capsys):
    text = run(capsys, "board", "--database", database, "--format", "md")

    assert "## Signals" in text
    assert "## Languages" in text


@pytest.mark.parametrize("form", FORMATS)
def test_i15_the_same_database_and_period_give_the_same_bytes_in_other_processes(database, form):
    made = {
        subprocess.run(
            [
                sys.executable,
                "-m",
                "watcher",
                "report",
                "--database",
                database,
                "--since",
                "2025-12-01",
                "--format",
                form,
            ],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(made) == 1
    assert made != {b""}


def test_a_report_that_was_given_is_where_the_next_one_begins(database, capsys):
    assert main(["report", "--database", database, "--since", "last"]) == 2
    assert "--mark" in capsys.readouterr().err

    assert main(["report", "--database", database, "--since", "7d", "--mark", "--by", "ann", "--note", "weekly"]) == 0
    assert "recorded as report 1" in capsys.readouterr().err
    text = run(capsys, "report", "--database", database, "--since", "last")
    assert "New since the last report, which reaches to 2025-12-15 14:00, given by ann." in " ".join(text.split())
    assert "No hit that stands." in text
    assert "blind since" in text


def test_what_a_rescore_finds_later_is_not_passed_over(database, capsys):
    assert main(["report", "--database", database, "--since", "7d", "--mark"]) == 0
    connection = sqlite3.connect(database)
    connection.execute("UPDATE hits SET made_at = 9000000000000000 WHERE id = 1")
    connection.commit()
    connection.close()
    capsys.readouterr()

    text = " ".join(run(capsys, "report", "--database", database, "--since", "last").split())
    assert "1 hit of texts from before this period was made after that report was given" in text


def test_only_the_mark_writes(database, capsys):
    run(capsys, "report", "--database", database)
    assert main(["report", "--database", database, "--since", "last"]) == 2


def test_a_limit_of_nought_is_no_limit(database, capsys):
    assert (
        len(json.loads(run(capsys, "report", "--database", database, "--format", "json", "--limit", "1"))["hits_shown"])
        == 1
    )
    assert (
        len(json.loads(run(capsys, "report", "--database", database, "--format", "json", "--limit", "0"))["hits_shown"])
        == 2
    )
