"""Search finds exactly what a rule with the query would match, indexed or not."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.desk import feed, item
from watcher.app.search import prepare
from watcher.cli import main
from watcher.cli.db import command as db_command
from watcher.cli.search import command
from watcher.core.errors import UsageProblem
from watcher.core.limits import Limits
from watcher.core.match import find_evidence
from watcher.core.wanted import WHOLE, index_words


def no_forms(words):
    return {pair: frozenset({pair[1]}) for pair in words}


@pytest.fixture
def polled(desk):
    desk.publish(
        feed(
            item(1, "Minister holds draft pact", "The treaty of friends is old."),
            item(2, "Weather", "A pact was drafted. Treaties follow. <b>=1+2</b>"),
            item(3, "A \u202eтайный\u202c пакт", "зобов'язання та мир"),
        )
    )
    desk.poll()
    return desk


def run(desk, *arguments):
    return CliRunner().invoke(command, ["--database", str(desk.database), *arguments])


def titles(desk, *arguments):
    result = run(desk, "--format", "jsonl", *arguments)
    assert result.exit_code in (0, 1), result.output
    return [json.loads(line)["title"] for line in result.stdout.splitlines()]


@pytest.mark.parametrize("is_indexed", [False, True])
def test_it_finds_the_same_with_and_without_the_index(polled, is_indexed):
    if is_indexed:
        CliRunner().invoke(db_command, ["derive", "--database", str(polled.database)])
        assert polled.one("SELECT count(*) FROM indexed_entries") == 3
    assert titles(polled, '"pact" & "treaty"') == ["Minister holds draft pact"]
    assert titles(polled, '"pact"') == ["Weather", "Minister holds draft pact"]
    assert titles(polled, "тайн*") == ["A \u202eтайный\u202c пакт"]
    assert titles(polled, '"pact"', "--best", "--limit", "1") == ["Minister holds draft pact"]
    assert titles(polled, '"pact"', "--source", "other") == titles(polled, '"nowhere"') == []
    assert titles(polled, '"pact"', "--since", "2100-01-01") == titles(polled, '"pact"', "--until", "2000-01-01") == []


def test_the_formats_are_marked_and_clean(polled):
    table = run(polled, '"treaties" | "тайный"').stdout
    assert "[Treaties] follow" in table
    assert "[тайный]" in table
    assert "\u202e" not in table
    assert "**Treaties** follow" in run(polled, '"treaties"', "--format", "md").stdout
    header, row = csv.reader(io.StringIO(run(polled, '"treaties"', "--format", "csv").stdout))
    assert dict(zip(header, row, strict=True))["title"] == "Weather"


def test_a_query_that_is_none_points_at_its_column(polled):
    result = run(polled, "(pact")
    assert isinstance(result.exception, UsageProblem)
    assert "column" in result.exception.message
    assert isinstance(run(polled, "pact", "--watchlist", "other").exception, UsageProblem)


def test_nothing_found_is_said(polled):
    assert run(polled, '"nowhere"').stderr == "nothing found\n"
    assert main(["search", '"nowhere"', "--database", str(polled.database)]) == 1


def may_match(groups, words):
    def has(word):
        return any(map(str.startswith, words, [word[:-1]] * len(words))) if word.endswith("*") else word in words

    return words == [WHOLE] or any(all(any(map(has, group)) for group in needs) for needs in groups)


ATOMS = ['"pact"', "dra*", "=EU", "пакт", '"зобов\'язання"', '"draft pact"', "naïve", "ß", "łódź"]
QUERIES = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: (
        st.tuples(inner, st.sampled_from([" & ", " | ", " sentence "]), inner).map(
            lambda parts: (
                f"({parts[0]}){parts[1]}({parts[2]})" if parts[1] != " sentence " else f"{ATOMS[0]} sentence {ATOMS[1]}"
            )
        )
        | inner.map(lambda item: f"title:({item})")
        | inner.map(lambda item: f"({item}) & !{ATOMS[3]}")
    ),
    max_leaves=5,
)
WORDS = ["pact", "Pact", "draft", "dra\u200bft", "EU", "eu", "пакт", "пa\u0301кт", "зобовʼязання", "ｐａｃｔ", "рact", "naïve",
         "nai\u0308ve", "ß", "ŁÓDŹ", "łódź", "łódż", "weather", ".", "-"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=8).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(QUERIES, TEXTS, TEXTS)
def test_whatever_matches_is_a_candidate(query, title, text):
    needle = prepare(query, None, no_forms)
    if find_evidence(needle.compiled, title, text, limits=Limits()):
        assert may_match(needle.groups, index_words(title, text))


def test_the_best_are_looked_for_among_the_newest(polled, monkeypatch):
    monkeypatch.setattr("watcher.app.search.BEST_OF", 2)
    assert titles(polled, '"pact"', "--best") == ["Weather"]
    assert titles(polled, '"pact"') == ["Weather", "Minister holds draft pact"]
