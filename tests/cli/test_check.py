"""`watcher check`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tests.core.watchlist_samples import files
from watcher.cli.check import command

CASES = """\
watchlist: w.yaml
cases:
  - {name: draft, title: Russia hands NATO a draft of the treaty, match: [draft-text]}
  - {name: rain, title: Rain in spring, not: all}
  - {name: troops, title: NATO troops leave Russia, match: [{signal: posture, min_score: 20}]}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, word_cache):
    monkeypatch.setenv("WATCHER_CACHE", str(word_cache))
    write(tmp_path, files())
    (tmp_path / "w.test.yaml").write_text(CASES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, texts):
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)


def run(*arguments):
    return CliRunner().invoke(command, list(arguments))


def test_a_good_watchlist_ends_with_0_and_a_sum(folder):
    result = run("w.yaml")

    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == (
        "w.yaml: good: 2 signals, 3 rules, 2 concepts with 8 terms, 2 sources; 0 errors, 1 warning"
    )
    assert (
        "w.yaml:17:3: warning: no rule of any signal stands for rung 'claimed' of ladder 'pact' [unreached-rung]"
        in result.output
    )


def test_strict_lets_warnings_fail(folder):
    assert run("w.yaml", "--strict").exit_code == 1


def test_g01_every_problem_is_told_with_its_line_and_a_caret(folder):
    write(folder, files("weight: 60", "weigth: 60") | {"actors.yaml": 'concepts: {nato: {en: ["NATO"]}}'})

    result = run("w.yaml")

    assert result.exit_code == 2
    assert "w.yaml:23:58: error: unknown key 'weigth' in signals.draft-text.rules.0 [unknown-key]" in result.output
    assert "    | " + " " * 57 + "^" in result.output
    assert "hint: did you mean 'weight'?" in result.output
    assert "actors.yaml:1:24: error: a term in double quotes" in result.output
    assert result.output.splitlines()[-1] == "w.yaml: refused: 3 errors, 0 warnings"


def test_errors_of_the_tests_are_errors_of_the_watchlist(folder):
    (folder / "w.test.yaml").write_text(CASES.replace("[draft-text]", "[drft-text]"))

    result = run("w.yaml")

    assert result.exit_code == 2
    assert "w.test.yaml:3:" in result.output
    assert "did you mean 'draft-text'?" in result.output


def test_broken_tests_are_told_beside_a_broken_watchlist(folder):
    write(folder, files("weight: 60", "weigth: 60"))
    (folder / "w.test.yaml").write_text("watchlist: [")

    output = run("w.yaml").output

    assert "w.test.yaml:1:" in output
    assert "unknown-key" in output


def test_json_holds_every_issue(folder):
    write(folder, files("weight: 60", "weigth: 60"))

    result = run("w.yaml", "--format", "json")

    (one,) = json.loads(result.output)["watchlists"]
    assert (result.exit_code, one["path"], one["errors"], one["warnings"]) == (2, "w.yaml", 2, 0)
    assert {issue["code"] for issue in one["issues"]} == {"missing-key", "unknown-key"}


def test_forms_lists_every_term(folder):
    result = run("w.yaml", "--forms")

    lines = [line.split("\t") for line in result.output.splitlines()]
    assert result.exit_code == 0
    assert ["@russia", "ru", "нота", "нота, ноту"] in lines
    assert any(line[:3] == ["(rules)", "en", "treaty"] and "treaties" in line[3] for line in lines)
    assert {"concept": "nato", "language": "fr", "term": "=OTAN", "forms": [["OTAN"]]} in map(
        json.loads, run("w.yaml", "--forms", "--format", "json").output.splitlines()
    )


def test_g09_show_prints_what_takes_effect_and_no_secret(folder, monkeypatch):
    monkeypatch.setenv("FEED_KEY", "canary-4711")
    monkeypatch.setenv("WATCHER_DATABASE", "postgresql+psycopg://me:canary-4711@host/db")

    result = run("w.yaml", "--show")

    shown = json.loads(result.output)
    assert "canary" not in result.output
    assert shown["settings"]["database"] == "postgresql+psycopg://…@host/db"
    assert shown["watchlists"][0]["sources"][0]["url"].endswith("?key=${FEED_KEY}")
    assert shown["watchlists"][0]["signals"][0]["rules"][0]["match"] == "draft near/4 treaty"
    assert shown["watchlists"][0]["missing_secrets"] == []
    assert shown["watchlists"][0]["figures"][1]["high"] is None


def test_g11_show_names_the_variables_that_are_not_set(folder, monkeypatch):
    monkeypatch.delenv("FEED_KEY", raising=False)

    assert json.loads(run("w.yaml", "--show").output)["watchlists"][0]["missing_secrets"] == [
        "FEED_KEY (source un-press)"
    ]


def test_g09_no_output_repeats_a_password(folder):
    write(folder, files("'https://example.org/feed?key=${FEED_KEY}'", "'https://me:canary@example.org/'\n    wrong: 1"))
    for extra in ([], ["--format", "json"], ["--show"], ["--forms"]):
        result = run("w.yaml", *extra)
        assert result.exit_code == 2
        assert "canary" not in result.output
    write(folder, files("'https://example.org/feed?key=${FEED_KEY}'", "https://me:canary@example.org/ : x"))
    assert "canary" not in run("w.yaml").output


def test_several_watchlists_or_a_folder(folder):
    write(folder, {"v.yaml": files()["w.yaml"].replace("watchlist: sample", "watchlist: other")})
    (folder / "actors.yaml").rename(folder / "actors.inc")
    for name in ("v.yaml", "w.yaml"):
        (folder / name).write_text((folder / name).read_text().replace("[actors.yaml]", "[actors.inc]"))

    assert [line.split(":")[0] for line in run(".").output.splitlines() if ": good:" in line] == ["v.yaml", "w.yaml"]
    assert run("v.yaml", "w.yaml").exit_code == 0


def test_a_file_that_others_may_write_is_warned_of(folder):
    (folder / "w.yaml").chmod(0o666)

    assert "writable-by-others" in run("w.yaml").output


def test_a_file_that_is_not_there(folder):
    result = run("nothing.yaml")

    assert result.exception is not None
    assert result.exit_code != 0


def test_the_schema_is_printed(repository):
    assert run("--schema").output == (repository / "docs/reference/watchlist.schema.json").read_text()


def test_a_file_that_is_no_text_is_refused_with_its_place(folder):
    (folder / "w.yaml").write_bytes(b"watchlist: \xff")

    result = run("w.yaml")

    assert result.exit_code == 2
    assert result.output.splitlines()[0] == "w.yaml:1:12: error: the file is not UTF-8 text [not-utf-8]"


def test_a_watchlist_without_tests_is_warned_of(folder):
    (folder / "w.test.yaml").unlink()

    assert run("w.yaml").output.count("[untested-signal]") == 2
