"""`watcher backtest`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner

from tests.core.watchlist_samples import files
from watcher.app import backtest
from watcher.app.backtest import period_of, read_day
from watcher.cli.backtest import command
from watcher.core.errors import UsageProblem

ITEMS = [
    {
        "id": 1,
        "title": "Russia will hand over NATO papers, a hand over",
        "published": "2025-11-03T23:30:00-05:00",
        "source": "a",
    },
    {"id": 2, "title": "A draft of the treaty, NATO says", "published": "2025-11-20", "source": "b"},
    {"id": 3, "title": "Rain", "published": "2025-12-24"},
    {"id": 4, "title": "NATO holds a draft of the treaty", "published": "yesterday"},
    {"id": 5, "title": "NATO and a draft treaty: hand over", "published": "2025-11-28"},
]


@pytest.fixture
def folder(tmp_path, monkeypatch, word_cache):
    monkeypatch.setenv("WATCHER_CACHE", str(word_cache))
    for name, text in files("{date: 1997-05-27,", "{date: 2025-11-30,").items():
        (tmp_path / name).write_text(text)
    (tmp_path / "i.jsonl").write_text("".join(json.dumps(item) + "\n" for item in ITEMS))
    monkeypatch.setenv("WATCHER_WATCHLIST", "w.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, given=None):
    return CliRunner().invoke(command, list(arguments), input=given)


def rows(*arguments):
    result = run(*arguments, "--format", "jsonl")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def of(kind, found):
    return [row for row in found if row["type"] == kind]


def test_hits_are_told_in_order_of_time_undated_last(folder):
    found = of("hit", rows("i.jsonl"))

    assert [(hit["id"], hit["day"]) for hit in found] == [("2", "2025-11-20"), ("5", "2025-11-28"), ("4", None)]
    assert found[0]["reason"].startswith("text-of-pact +")


def test_the_timeline_counts_by_period_signal_and_rung(folder):
    found = rows("i.jsonl", "--by", "week")

    assert [(p["period"], p["signal"], p["rung"], p["hits"]) for p in of("period", found)] == [
        ("2025-11-17", "draft-text", "text exists", 1),
        ("2025-11-24", "draft-text", "handed over", 1),
        ("undated", "draft-text", "text exists", 1),
    ]
    assert of("summary", found)[0] | {} == {
        "type": "summary", "items": 5, "undated": 1, "hits": 3, "first_day": "2025-11-04", "last_day": "2025-12-24",
    }  # fmt: skip


def test_leads_are_days_between_first_hit_and_event(folder):
    found = {lead["signal"]: lead["days"] for lead in of("lead", rows("i.jsonl"))}

    assert found == {"draft-text": 10, "posture": None}
    assert {lead["days"] for lead in of("lead", rows("i.jsonl", "--window", "5")) if lead["days"]} == {2}


def test_events_come_from_a_file(folder):
    (folder / "e.csv").write_text("date,title,signal\n2025-12-01,Text is out,draft-text\n1990-01-01,Long ago,\n")

    found = of("lead", rows("i.jsonl", "--events", "e.csv"))

    assert [(lead["event"]["title"], lead["signal"], lead["days"]) for lead in found] == [
        ("Text is out", "draft-text", 11)
    ]
    (folder / "e.csv").write_text("date,title,signal\n2025-12-01,x,nothing\n")
    assert isinstance(run("i.jsonl", "--events", "e.csv").exception, UsageProblem)


def test_since_until_and_signal_choose(folder):
    assert [hit["id"] for hit in of("hit", rows("i.jsonl", "--since", "2025-11-21"))] == ["5"]
    assert [hit["id"] for hit in of("hit", rows("i.jsonl", "--until", "2025-11-21"))] == ["2"]
    found = rows("i.jsonl", "--signal", "posture")
    assert (of("hit", found), of("period", found)) == ([], [])
    assert isinstance(run("i.jsonl", "--signal", "x").exception, UsageProblem)


def test_text_tells_all_of_it(folder):
    lines = run("i.jsonl").stdout.splitlines()

    assert lines[0] == "5 items from 2025-11-04 to 2025-12-24, 1 without a date: 3 hits"
    assert "2025-11     draft-text                handed over         1" in lines
    assert any(line.startswith("  2025-11-20  draft-text") and line.endswith("NATO says (b)") for line in lines)
    assert "leads over 1 of 1 events (first hit in the 30 days before)" in lines
    assert any(line.startswith("    10 days  2025-11-30 Founding Act: draft-text") for line in lines)


def test_an_archive_without_hits_or_dates(folder):
    result = run("-", given='{"id": 1, "title": "Rain"}\n')

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "1 items, 1 without a date: 0 hits"


def test_bad_lines_are_told_and_the_rest_counts(folder):
    result = run("-", given="{\n" + json.dumps(ITEMS[1]) + "\n")

    assert result.exit_code == 1
    assert "1 items" in result.stdout
    assert "error: -:1: not JSON" in result.stderr


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2022-02-21", date(2022, 2, 21)),
        ("2022-02-21T23:30:00-05:00", date(2022, 2, 22)),
        ("2022-02-21 10:00:00", date(2022, 2, 21)),
        ("2022-02-21T10:00:00Z", date(2022, 2, 21)),
        (1645401600, date(2022, 2, 21)),
        (1e300, None),
        (True, None),
        ("soon", None),
        (None, None),
    ],
)
def test_days_are_read_as_archives_write_them(text, day):
    assert read_day(text) == day


def test_periods():
    assert period_of(date(2026, 1, 1), "week") == "2025-12-29"
    assert period_of(date(2026, 1, 1), "day") == "2026-01-01"
    assert period_of(date(2026, 1, 1), "month") == "2026-01"
    assert period_of(None, "day") == "undated"


def test_csv_is_the_timeline(folder):
    result = run("i.jsonl", "--by", "week", "--format", "csv")

    assert result.stdout.splitlines() == [
        "period,signal,rung,hits",
        '"2025-11-17","draft-text","text exists","1"',
        '"2025-11-24","draft-text","handed over","1"',
        '"undated","draft-text","text exists","1"',
    ]


def test_parquet_reads_like_the_rest(folder):
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    import pyarrow as pa
    import pyarrow.parquet as parquet

    rows_of_text = [{**item, "id": str(item["id"]), "more": [1]} for item in ITEMS[:3]]
    rows_of_text[0]["published"] = datetime(2025, 11, 4, 4, 30, tzinfo=UTC)
    rows_of_text[1]["published"] = datetime(2025, 11, 20, tzinfo=UTC)
    rows_of_text[2]["published"] = datetime(2025, 12, 24, tzinfo=UTC)
    parquet.write_table(pa.Table.from_pylist(rows_of_text), folder / "i.parquet")
    (folder / "few.jsonl").write_text("".join(json.dumps({**item, "id": str(item["id"])}) + "\n" for item in ITEMS[:3]))

    assert rows("i.parquet") == rows("few.jsonl")
    (folder / "bad.parquet").write_bytes(b"PAR1 and no more")
    refused = run("bad.parquet").exception
    assert isinstance(refused, UsageProblem)
    assert "bad.parquet" in str(refused)
    assert isinstance(run("none.parquet").exception, UsageProblem)


def test_parquet_without_its_library_says_what_to_install(folder, monkeypatch):
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    refused = run("i.parquet").exception

    assert isinstance(refused, UsageProblem)
    assert "watcher[parquet]" in refused.hint


def test_processes_find_what_one_finds(folder, monkeypatch):
    monkeypatch.setattr(backtest, "BATCH", 1)
    monkeypatch.setattr(backtest, "FEW", 2)

    assert rows("i.jsonl", "--workers", "2") == rows("i.jsonl", "--workers", "1")
