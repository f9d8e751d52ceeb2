"""`watcher evidence`: files that are made once, and checked with what is wrong said."""

from __future__ import annotations

import json

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
        desk.publish(feed(offer(1), offer("&#27;[2J"), offer(3)))
        desk.poll()
    monkeypatch.setenv("WATCHER_DATABASE", str(desk.database))
    monkeypatch.setenv("WATCHER_CACHE", str(word_cache))
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()

    def run(*arguments):
        code = main(["evidence", *arguments])
        return (code, *capsys.readouterr())

    return run


def test_a_file_is_made_its_digest_is_told_and_it_is_whole(told, tmp_path):
    code, out, err = told("1", "-o", "offer.zip")
    digest, name = out.split()
    assert (code, name) == (0, "offer.zip")
    assert err.startswith("offer.zip: ")

    (tmp_path / "desk.sqlite3").unlink()
    code, out, err = told("--verify", "offer.zip")

    assert (code, err) == (0, "")
    assert f"SHA-256 of the file {digest}" in out
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["ok"] * 7
    assert json.loads(told("--verify", "offer.zip", "--format", "jsonl")[1])["whole"] is True


def test_several_go_into_a_folder_and_the_same_again_is_no_fault(told, tmp_path):
    assert told("1", "2", "3", "1", "--folder", "all")[0] == 0
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == [
        f"hit-{number}-offer.evidence.zip" for number in (1, 2, 3)
    ]
    assert told("2", "--folder", "all")[0] == 0
    code, _, err = told("3", "--output", "all/hit-2-offer.evidence.zip")
    assert code == 2
    assert "is there already" in err
    assert len(list((tmp_path / "all").iterdir())) == 3


def test_what_differs_is_told_for_each_file(told, tmp_path):
    told("1", "2", "--folder", "all")
    good, bad = sorted((tmp_path / "all").iterdir())
    data = bad.read_bytes()
    bad.write_bytes(data.replace(b"Ministry offers pact", b"Ministry Offers pact"))
    cut = tmp_path / "cut.zip"
    cut.write_bytes(data[:5000])

    code, out, err = told("--verify", str(cut), "--verify", str(bad), "--verify", str(good))

    assert code == 1
    assert "is no whole bundle of evidence: it ends at byte 5,000" in err
    assert "is not as it was made" in err
    assert "DIFFERS      wordings" in out
    assert all(map(is_harmless, [*out.splitlines(), *err.splitlines()]))


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        ([], 2, "name hits to bundle"),
        (["1", "--verify", "a.zip"], 2, "name hits to bundle"),
        (["--verify", "a.zip", "-o", "b.zip"], 2, "for making bundles"),
        (["1", "2", "-o", "b.zip"], 2, "for one hit"),
        (["--verify", "nowhere.zip"], 1, "No such file"),
        (["99"], 1, "no hit 99"),
        (["zero"], 2, "not a valid integer"),
    ],
)
def test_what_cannot_be_is_refused(told, arguments, code, why):
    got = told(*arguments)

    assert got[0] == code
    assert why in got[2]


def test_a_file_that_is_too_large_is_not_read(told, tmp_path, monkeypatch):
    monkeypatch.setattr("watcher.core.bundle.MOST_BYTES", 10)
    (tmp_path / "large.zip").write_bytes(bytes(30))

    assert "larger than any bundle" in told("--verify", "large.zip")[2]
