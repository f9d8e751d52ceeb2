"""`watcher score`."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests.core.watchlist_samples import files
from watcher.cli.items import MAX_LINE_BYTES
from watcher.cli.score import command
from watcher.core.errors import UsageProblem

ITEM = {"id": "a", "title": "Russia hands NATO a draft of the treaty", "text": "It was handed over.", "extra": [1]}


@pytest.fixture
def folder(tmp_path, monkeypatch, word_cache):
    monkeypatch.setenv("WATCHER_CACHE", str(word_cache))
    for name, text in files().items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("WATCHER_WATCHLIST", "w.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, given=None):
    return CliRunner().invoke(command, list(arguments), input=given)


def lines(*items):
    return "".join(json.dumps(item) + "\n" for item in items)


def scored(*items):
    result = run("-", given=lines(*items))
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_hit_tells_everything_about_itself(folder):
    (line,) = scored(ITEM)

    (hit,) = line["hits"]
    assert list(line) == ["id", "hits", "near"]
    assert (line["id"], hit["signal"], hit["rung"], line["near"]) == ("a", "draft-text", "handed over", [])
    assert hit["score"] == sum(part["points"] for part in hit["parts"])
    assert {part["name"] for part in hit["parts"]} == {"text-of-pact", "handed"}
    assert hit["facets"] == ["institution/nato"]
    for match in hit["matches"]:
        assert set(match) == {"rule", "term", "field", "start", "end", "text"}
        assert ITEM[match["field"]][match["start"] : match["end"]] == match["text"]


def test_what_comes_near_is_told_with_its_score_only(folder):
    (line,) = scored({"id": 7, "text": "Rain. Nothing. Russia will hand over NATO papers."})

    assert (line["id"], line["hits"]) == (7, [])
    assert [set(near) for near in line["near"]] == [{"signal", "score"}]


def test_every_item_gives_one_line_in_order(folder):
    ids = [line["id"] for line in scored(*({"id": f"i{n}", "title": "x"} for n in range(50)))]

    assert ids == [f"i{n}" for n in range(50)]


@pytest.mark.parametrize("opener", [open, gzip.open, lzma.open])
def test_plain_gzip_and_xz_files(folder, opener):
    name = {open: "i.jsonl", gzip.open: "i.jsonl.gz", lzma.open: "i.jsonl.xz"}[opener]
    with opener(name, "wt") as stream:
        stream.write(lines(ITEM))

    assert json.loads(run(name).stdout)["hits"][0]["signal"] == "draft-text"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"title": "x"}', "no id"),
        (b'{"id": null, "title": "x"}', "no id"),
        (b'{"id": "a"}', "neither title nor text nor summary"),
        (b'{"id": "a", "title": 5}', "title is not text"),
        (b'{"id": "a", "title": "x", "lang": []}', "lang is not text"),
        (b'{"id": "a", "title": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "not JSON"),
        (b'{"id": "a", "title": "' + b"x" * MAX_LINE_BYTES + b'"}', "longer than 16 MB"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_scored(folder, bad, why):
    good = lines(ITEM).encode()

    result = run("-", given=good + b"\n" + bad + b"\n" + good)

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2
    assert f"error: standard input:3: {why}" in result.stderr
    assert "1 bad line left out" in result.stderr


def test_csv_has_a_header_line(folder):
    (folder / "i.csv").write_text(
        'id,title,text,other\na,"Russia hands NATO a draft, of the treaty",,x\n,no id,,\nb,Rain,,\n'
    )

    result = run("i.csv")

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["a", "b"]
    assert "error: i.csv:3: no id" in result.stderr


@pytest.mark.parametrize(
    ("name", "content"),
    [("i.jsonl.gz", gzip.compress(b"{}" * 999, mtime=0)[:-9]), ("i.jsonl.xz", b"no"), ("i.parquet", b"")],
)
def test_damaged_or_unknown_files_are_refused(folder, name, content):
    (folder / name).write_bytes(content)

    assert run(name).exit_code == 1
    assert isinstance(run(name).exception, UsageProblem)


def test_summary_stands_for_text_and_markup_is_taken_off(folder):
    (line,) = scored({"id": "a", "summary": "<p>Russia &amp; NATO: <b>dra</b>ft of the treaty</p>", "text": None})

    (hit,) = line["hits"] or line["near"]
    assert hit["signal"] == "draft-text"


def test_language_of_an_item_is_its_main_one(folder):
    (german,) = scored({"id": "a", "title": "Note: NATO draft treaty", "lang": "DE-at"})

    assert german["hits"][0]["signal"] == "draft-text"


def test_several_watchlists_are_named_in_their_hits(folder):
    (folder / "v.yaml").write_text(files()["w.yaml"].replace("watchlist: sample", "watchlist: other"))

    result = run("-", "--watchlist", "w.yaml", "--watchlist", "v.yaml", given=lines(ITEM))

    assert [hit["watchlist"] for hit in json.loads(result.stdout)["hits"]] == ["sample", "other"]


def test_a_file_that_is_not_there(folder):
    error = run("nothing.jsonl").exception

    assert isinstance(error, UsageProblem)
    assert error.exit_code == 2


def test_a_second_start_imports_no_yaml_grammar_types_or_dictionaries(folder):
    (folder / "i.jsonl").write_text(lines(ITEM))
    code = (
        "import sys; from watcher.cli import main; main(['score', 'i.jsonl']);"
        "print(sorted({'yaml', 'pydantic', 'lark', 'simplemma', 'sqlalchemy', 'aiohttp', 'selectolax'} & set(sys.modules)))"
    )
    run("i.jsonl")

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_goes_away_is_no_error(folder):
    (folder / "i.jsonl").write_text(lines(*[ITEM] * 3000))
    code = "import sys; from watcher.cli import main; sys.exit(main(['score', 'i.jsonl']))"

    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0
