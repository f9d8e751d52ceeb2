"""Rows I over every command that reads a database, each of whose texts is one that a hostile publisher would send."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sqlite3
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from tests.server import Server
from tests.support.canary import LINKS, MARK, TEXTS, formula_cells, live_markup, raw_controls
from tests.support.desk import NOW, Desk, feed, offer
from watcher.app.rescore_parts import Change
from watcher.app.review import Review
from watcher.bootstrap.reading import build_derive
from watcher.bootstrap.verdicts import build_review
from watcher.cli import main
from watcher.cli.rescore import _lines
from watcher.core.render import Style
from watcher.core.views import HitFilter

STORED = [text for name, text in TEXTS.items() if name != "lone surrogate"]  # no database holds one
WRITTEN_BY_OTHERS = {"title", "author", "publisher", "institution", "note", "rationale", "reason", "outlet", "origin"}
WRITTEN_BY_OTHERS |= {"origin_why", "analyst", "sentence", "question", "error", "health_reason", "last_error"}
COMMANDS = {
    "board": "table md json",
    "report": "table md html json jsonl csv atom ics",
    "timeline": "table md json ics",
    "explain 1": "text json",
    "figures": "table md csv jsonl",
    "sources": "table csv jsonl",
    "search text": "table md csv jsonl",
    "diff 1": "text md json",
    "story --all": "table jsonl",
    "story show 1": "table jsonl",
    "verdicts 1 2 3": "text jsonl",
    "stats rules": "table json",
}


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    with Server() as server:
        desk = Desk(tmp_path, server)
        desk.list_sources("press")
        desk.publish(feed(*(offer(number) for number in range(1, len(STORED) + 1))))
        desk.poll()
    with build_derive(str(desk.database)) as work:
        work.all()
    monkeypatch.setenv("WATCHER_DATABASE", str(desk.database))
    assert main(["dismiss", "1", "2", "--because", "no", "--analyst", "ann"]) == 0
    assert main(["note", "3", "-m", "seen", "--analyst", "ann"]) == 0
    poison(desk.database)
    return desk


def poison(path: Path) -> None:
    """Write a canary into every text that is not ours, another in each row."""
    texts, links = itertools.cycle(STORED), itertools.cycle(LINKS.values())
    database = sqlite3.connect(path)
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for _, column, kind, *_ in database.execute(f"PRAGMA table_info('{table}')").fetchall():
            source: Any = links if column == "link" else texts if column in WRITTEN_BY_OTHERS else None
            if source is None or kind != "TEXT" or table.startswith("search"):
                continue
            for (row,) in database.execute(f"SELECT rowid FROM {table}").fetchall():
                database.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (next(source), row))
    database.commit()
    database.close()


@pytest.mark.slow
def test_i11_i13_i14_i15_no_command_hands_on_what_is_stored(hostile: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for command, forms in COMMANDS.items():
        for form in forms.split():
            assert main([*command.split(), "--format", form]) == 0, (command, form)
            out, err = capsys.readouterr()
            assert raw_controls(out.replace("\r\n", "\n")) == raw_controls(err) == [], (command, form)
            if form == "md":
                assert live_markup(out) == [], command
            if form == "csv":
                assert formula_cells(csv.reader(io.StringIO(out))) == [], command
            if form in ("json", "jsonl"):
                assert all(isinstance(json.loads(line), dict) for line in out.splitlines()), command
            if form == "atom":
                fromstring(out)


@pytest.mark.slow
def test_i11_no_screen_of_a_review_hands_on_what_is_stored(hostile: Desk) -> None:
    with build_review(str(hostile.database)) as (queries, store):
        review = Review(queries, store, queries.open_hits(HitFilter()), "ann", lambda: NOW)
        seen = ""
        for at in range(len(review.queue)):
            review.at = at
            for rows, columns in ((24, 80), (200, 200), (5, 20)):
                lines = review.screen(Style(width=columns), rows)
                assert [line for line in lines if "\n" in line or raw_controls(line)] == []
                seen += "\n".join(lines)
    assert len(review.queue) == len(STORED) - 2
    assert seen.count(MARK) > len(review.queue)


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_i11_i14_what_a_rescore_tells_is_harmless(form: str) -> None:
    for text in STORED:
        change = Change(
            "gained", "offer", 1, text, text, text, None, None, 70.0, "", "claimed", text
        )  # fmt: skip
        for line in _lines([change], form):
            assert not raw_controls(line), text
            assert form == "text" or json.loads(line)["title"] == text
