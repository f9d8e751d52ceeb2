"""`watcher diff`: every wording of an entry and the words between them, through the real pipeline."""

from __future__ import annotations

import json
import re

import pytest

from tests.core.test_clean import is_harmless
from tests.server import Server
from tests.support.desk import HOUR_S, Desk, feed, item
from watcher.cli import main
from watcher.core.worddiff import ADDED, GONE

FIRST = "The ministry offers a pact. It was handed over on Monday."
SECOND = "The ministry offers no pact \x1b[31m[-now-]. It was handed over on Tuesday."


@pytest.fixture
def told(tmp_path, capsys, monkeypatch):
    """Three polls: an item, the item edited, and a body without it; then the command."""
    with Server() as server:
        fill(Desk(tmp_path, server))
    monkeypatch.setenv("WATCHER_DATABASE", str(tmp_path / "desk.sqlite3"))
    capsys.readouterr()

    def run(*arguments):
        code = main(["diff", *arguments])
        return (code, *capsys.readouterr())

    return run


def fill(desk):
    desk.list_sources("press")
    for items in (
        [item(1, "Ministry offers pact", FIRST), item(2)],
        [item(1, "Ministry offers pact", SECOND.replace("\x1b", "&#8238;"))],
    ):
        desk.publish(feed(*items, item(3)))
        desk.poll(after_s=2 * HOUR_S)
    desk.publish(feed(item(3)))
    desk.poll(after_s=2 * HOUR_S)


def test_j03_a_quiet_edit_is_shown_with_the_words_between_its_wordings(told):
    code, out, err = told("1")

    assert (code, err) == (0, "")
    assert "2 wordings" in out
    assert re.search(r"1 +2025-12-15 14:00 +2025-12-15 14:00 +back-filled +[0-9a-f]{12} +kept", out)
    assert re.search(r"2 +2025-12-15 16:00 +2025-12-15 16:00 +updated ", out)
    assert "[-a-]{+no+} pact" in " ".join(out.split())
    assert "[-Monday-]{+Tuesday+}" in out
    assert "hits: 1 (offer)" in out
    assert all(map(is_harmless, out.splitlines()))


def test_what_was_never_edited_says_so(told):
    assert "It was never edited." in told("2")[1]


def test_two_revisions_can_be_named(told):
    assert told("1", "--from", "2", "--to", "1")[1].count("Revision 2 to 1") == 1
    code, _, err = told("1", "--from", "7")
    assert (code, err) == (2, "error: entry 1 has no revision 7\nhint: it has 1, 2\n")
    assert told("99")[0] == 1


def test_as_data_the_pieces_spell_both_wordings(told):
    record = json.loads(told("1", "--format", "json")[1])
    before, after = record["revisions"]
    ((change),) = record["changes"]

    assert "".join(text for kind, text in change["text"] if kind != ADDED) == before["text"]
    assert "".join(text for kind, text in change["text"] if kind != GONE) == after["text"]
    assert record["left"] == "2025-12-15T18:00:00Z"


def test_as_a_document_what_went_is_struck_through(told):
    out = told("1", "--format", "md", "--whole")[1]

    assert "~~Monday~~**Tuesday**" in out
    assert "\\[-now-\\]" in out
    assert "| 2 | 2025-12-15 16:00 |" in out
