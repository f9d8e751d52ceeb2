"""`watcher confirm`, `dismiss` and their like: right use, wrong use, and hostile texts."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import threading

import pytest

from tests.core.test_clean import is_harmless
from tests.server import Server
from tests.support.desk import Desk, feed, offer
from watcher.cli import main


@pytest.fixture
def told(tmp_path, word_cache, capsys, monkeypatch):
    with Server() as server:
        desk = Desk(tmp_path, server)
        desk.list_sources("press")
        desk.publish(feed(offer(1), offer(2), offer(3)))
        desk.poll()
    monkeypatch.setenv("WATCHER_DATABASE", str(desk.database))
    monkeypatch.setenv("WATCHER_CACHE", str(word_cache))
    monkeypatch.setenv("WATCHER_ANALYST", "ann")
    capsys.readouterr()

    def run(*arguments):
        code = main(list(arguments))
        return (code, *capsys.readouterr())

    return run


def state(told, hit: int) -> str:
    return told("verdicts", str(hit))[1].splitlines()[0]


def test_each_command_does_its_own(told):
    assert told("confirm", "1") == (0, "", "hit 1: new -> confirmed\n")
    assert told("confirm", "2", "--corroborated")[2] == "hit 2: new -> corroborated\n"
    assert told("escalate", "1")[2] == "hit 1: confirmed -> escalated\n"
    assert told("duplicate", "3", "--of", "1")[2] == "hit 3: new -> duplicate\n"
    assert told("note", "2", "-m", "asked")[2] == "hit 2: note added, corroborated as before\n"
    assert told("grade", "2", "--as", "b2")[2] == "hit 2: grade added, corroborated as before\n"
    assert told("undo", "1")[2] == "hit 1: escalated -> confirmed (taken back)\n"
    assert told("undo", "1", "--redo")[2] == "hit 1: confirmed -> escalated (taken back)\n"
    assert state(told, 2) == "hit 2: corroborated by ann, graded B2"
    assert state(told, 3) == "hit 3: duplicate of hit 1 by ann"
    rows = [json.loads(line) for line in told("verdicts", "1", "2", "--format", "jsonl")[1].splitlines()]
    assert [row["to"] for row in rows if row["hit"] == 1] == ["confirmed", "escalated", "confirmed", "escalated"]


def test_an_unknown_hit_is_said_and_who_only_reads_hears_nothing_of_writing(told):
    assert told("verdicts", "99")[:2] == (1, "")
    assert "no hit 99 in this database" in told("verdicts", "99")[2]
    assert "written" not in told("verdicts", "99")[2]
    assert "no hit 99 in this database; nothing was written" in told("confirm", "99")[2]


def test_a_chain_of_duplicates_is_refused_with_the_command_that_goes(told):
    told("duplicate", "1", "--of", "2")
    code, _, err = told("duplicate", "3", "--of", "1")
    assert (code, "hit 1 is a duplicate itself, of hit 2" in err, "--of 2" in err) == (2, True, True)
    code, _, err = told("duplicate", "2", "--of", "3")
    assert code == 2
    assert "hit 1 would be a duplicate of hit 2, and that one of hit 3; nothing was written" in err
    assert told("duplicate", "2", "1", "--of", "3")[2] == (
        "hit 2: new -> duplicate\nhit 1: duplicate, now of another hit\n"
    )


def test_several_at_once_from_standard_input(told, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("1 2\n# a remark\n3 # this too\n"))

    assert told("dismiss", "-", "--because", "old")[2] == "3 hits (1, 2, 3): new -> dismissed\n"


def test_the_name_is_that_of_the_system_where_none_is_given(told, monkeypatch):
    monkeypatch.delenv("WATCHER_ANALYST")
    monkeypatch.setattr("getpass.getuser", lambda: "desk-user")
    told("confirm", "1")

    assert state(told, 1) == "hit 1: confirmed by desk-user"

    def nobody():
        raise KeyError("uid 7")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert "say who decides: --analyst NAME" in told("confirm", "1")[2]


def test_a_second_analyst_is_told_and_may_insist(told):
    told("confirm", "1", "--note", "seen the text")
    code, _, err = told("dismiss", "1", "2", "--because", "no", "--analyst", "bob")
    assert code == 1
    assert "hit 1 is confirmed by ann (seen the text)" in err
    assert state(told, 2) == "hit 2: new"

    assert told("dismiss", "1", "-m", "no", "--analyst", "bob", "--over")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["confirm"], 2, "missing argument"),
        (["confirm", "99", "1"], 1, "no hit 99"),
        (["confirm", "zero"], 2, "'zero' is no number of a hit"),
        (["confirm", "0"], 2, "is no number"),
        (["confirm", "9999999999999999999999"], 2, "is no number"),
        (["confirm", "-"], 2, "no hits were named"),
        (["dismiss", "1"], 2, "a dismissal needs its reason"),
        (["dismiss", "1", "-m", " "], 2, "a dismissal needs its reason"),
        (["note", "1"], 2, "a note needs its reason"),
        (["note", "1", "-m", "x" * 2001], 2, "2,000 characters at most"),
        (["note", "1", "-m", "a\x1b[2Jb"], 2, "U+001B"),
        (["grade", "1", "--as", "Z9"], 2, "'Z9' is no grade"),
        (["grade", "1"], 2, "missing option"),
        (["duplicate", "1", "--of", "1"], 2, "duplicate of itself"),
        (["duplicate", "1", "--of", "99"], 1, "no hit 99"),
        (["undo", "1"], 1, "nothing to take back"),
        (["confirm", "1", "--analyst", "x" * 101], 2, "name of an analyst"),
        (["confirm", "1", "--database", "nowhere.sqlite3"], 2, "no database"),
        (["verdicts", "99"], 1, "no hit 99"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(told, monkeypatch, arguments, code, why):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    got = told(*arguments)

    assert got[0] == code
    assert why in got[2]
    assert told("verdicts", "1", "2", "3")[1] == "hit 1: new\nhit 2: new\nhit 3: new\n"


def test_a_wrong_number_on_standard_input_is_named_with_its_line(told, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n\x1b[2J\n"))
    code, _, err = told("confirm", "-")

    assert code == 2
    assert "line 2 of standard input" in err
    assert all(map(is_harmless, err.splitlines()))


def test_too_many_at_once_are_refused(told, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(map(str, range(1, 10_002)))))

    assert "10,001 hits at once are too many" in told("confirm", "-")[2]


def test_bidi_characters_in_a_note_are_shown_as_what_they_are(told):
    assert told("note", "1", "-m", "a\u202eb")[0] == 0
    assert "a\\u{202e}b" in told("verdicts", "1")[1]


def test_a_database_that_somebody_writes_is_waited_for_and_that_is_said(told, monkeypatch):
    """The daemon holds it; a note is written when it lets go, and nothing is when it never does."""
    monkeypatch.setattr("watcher.cli.verdicts.WAIT_S", 0.05)
    writer = sqlite3.connect(os.environ["WATCHER_DATABASE"], isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    threading.Timer(0.5, writer.execute, ["COMMIT"]).start()

    code, _, err = told("note", "1", "-m", "asked")

    assert code == 0
    assert err == "waiting: another writer holds the database\nhit 1: note added, new as before\n"
    writer.close()


def test_the_whole_history_goes_into_a_stix_bundle(told):
    stix2 = pytest.importorskip("stix2", reason="needs stix2: pip install 'watcher[stix]'")
    for words in (
        ["dismiss", "1", "--because", "too soon"],
        ["undo", "1"],
        ["confirm", "1", "--note", "the text is there"],
        ["dismiss", "2", "--because", "an old text"],
        ["duplicate", "3", "--of", "1"],
    ):
        assert told(*words)[0] == 0
    code, out, _ = told("report", "--format", "stix")

    assert code == 0
    bundle = stix2.parse(out, version="2.1")
    opinions = [one for one in bundle.objects if one.type == "opinion"]
    assert [(one.opinion, one.explanation, one.authors) for one in opinions] == [
        ("disagree", "too soon", ["ann"]),
        ("agree", "the text is there", ["ann"]),
        ("disagree", "an old text", ["ann"]),
    ]
    notes = [one.content for one in bundle.objects if one.type == "note"][:-1]
    assert notes == ["undo: dismissed -> new", "duplicate of hit 1: new -> duplicate"]
    assert told("report", "--format", "stix")[1] == out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["report", "--mark", "--by", "a\x1b[2J"], "a name cannot hold the character U+001B"),
        (["report", "--mark", "--note", "a\udcff"], "a note cannot hold the character U+DCFF"),
        (["report", "--note", "for the chief"], "it goes with --mark"),
        (["story", "split", "1", "--note", "a\x9b31m"], "a note cannot hold the character U+009B"),
        (["story", "undo", "1", "--analyst", "\x07"], "a name cannot hold the character U+0007"),
    ],
)
def test_i11_names_and_remarks_are_checked_wherever_people_write_them(told, arguments, why):
    code, out, err = told(*arguments)

    assert (code, out) == (2, "")
    assert why in err
    assert all(map(is_harmless, err.splitlines()))


def test_a_board_without_a_start_is_of_the_week_before_its_end(told):
    code, out, _ = told("board", "--until", "2025-12-10", "--format", "json")

    assert code == 0
    assert json.loads(out)["since"] == "2025-12-03T00:00:00Z"
