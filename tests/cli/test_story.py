"""`watcher story`: stories with their origins, and what a person split and joined."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.server import Server
from tests.support.desk import Desk, feed, item
from watcher.bootstrap.reading import build_derive
from watcher.cli.story import command
from watcher.core.errors import WatcherError

TEXT = "The ministry offers a pact to its neighbours, the agency TASS reported from the harbour town on Monday evening."


@pytest.fixture
def stored(tmp_path: Path) -> Desk:
    """Two outlets carry one offer; a third entry is about rain."""
    with Server() as server:
        desk = Desk(tmp_path, server)
        desk.list_sources("press", "wire")
        told = item(1, "Ministry offers neighbours a pact on the harbour", TEXT)
        other = item(2, "Ministry offers neighbours a pact on the harbour", TEXT, link="https://wire.example/2")
        desk.publish(feed(told, item(3, "Rain in the north", "It rained all day and all night over the hills.")))
        desk.publish(feed(other), source="wire")
        desk.poll()
    with build_derive(str(desk.database)) as work:
        work.all()
    return desk


def run(desk: Desk, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--database", str(desk.database)])


def listed(desk: Desk, *arguments: str) -> list[dict[str, object]]:
    result = run(desk, "--all", "--format", "jsonl", *arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_c18_one_article_in_two_feeds_is_two_entries_and_one_story(stored: Desk) -> None:
    tallies = {(one["entries"], one["outlets"], one["origins"]) for one in listed(stored)}

    assert tallies == {(2, 2, 1), (1, 1, 1)}
    lines = run(stored, "--all").stdout.splitlines()
    assert any(line.endswith("2 entries, 2 outlets, 1 origin, 2 hits") for line in lines)
    assert any(line.endswith("1 entry, 1 outlet, 1 origin, 0 hits") for line in lines)
    assert len(run(stored).stdout.splitlines()) == 2


def test_every_member_is_shown_with_its_reason(stored: Desk) -> None:
    entry = stored.one("SELECT id FROM entries WHERE title LIKE 'Ministry%' LIMIT 1")
    shown = run(stored, "show", str(entry)).stdout

    assert shown.count("origin: ") == shown.count("here by: ") == 2
    assert "suggests" in shown
    records = [json.loads(line) for line in run(stored, "show", str(entry), "--format", "jsonl").stdout.splitlines()]
    assert {record["entry"] for record in records} == {
        row[0] for row in stored.rows("SELECT id FROM entries WHERE title LIKE 'Ministry%'")
    }


def test_a_split_is_kept_through_a_rebuild_until_it_is_undone(stored: Desk) -> None:
    entry = stored.one("SELECT max(id) FROM entries WHERE title LIKE 'Ministry%'")
    split = run(stored, "split", str(entry), "--note", "another pact", "--analyst", "ann")
    assert split.exit_code == 0, split.output
    assert "edit 1: split" in split.stderr
    assert len(listed(stored)) == 3

    with build_derive(str(stored.database)) as work:
        work.empty()
        work.all()
    assert len(listed(stored)) == 3
    assert "by ann: another pact" in run(stored, "show", str(entry)).stdout

    assert run(stored, "undo", "1").exit_code == 0
    assert len(listed(stored)) == 2


def test_a_join_brings_entries_together(stored: Desk) -> None:
    rain = stored.one("SELECT id FROM entries WHERE title LIKE 'Rain%'")
    offer = stored.one("SELECT min(id) FROM entries WHERE title LIKE 'Ministry%'")

    assert run(stored, "join", str(rain), "--with", str(offer)).exit_code == 0
    assert [one["entries"] for one in listed(stored)] == [3]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "999"], 1),
        (["split", "999"], 1),
        (["undo", "9"], 1),
        (["show", "x1"], 2),
        (["join", "1", "--with", "1"], 2),
        (["split"], 2),
        (["--limit", "0"], 2),
    ],
)
def test_wrong_input(stored: Desk, arguments: list[str], code: int) -> None:
    result = run(stored, *arguments)

    assert isinstance(result.exception, WatcherError) if code == 1 else result.exit_code == 2
