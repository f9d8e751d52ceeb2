"""The pages on queries and scores: their examples are run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.core.engine import assessed, compiled, found
from watcher.core.score import score_of

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
_ROW = re.compile(r"^\| `((?:[^`])+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = [
    (query.replace("\\|", "|"), yes.strip(), no.strip())
    for query, yes, no in _ROW.findall((DOCS / "query-language.md").read_text(encoding="utf-8").replace("\\|", "\x00"))
]
ROWS = [(query.replace("\x00", "|"), yes, no) for query, yes, no in ROWS]


def _fires(query: str, text: str) -> bool:
    title, _, rest = text.partition("title: ")
    return bool(found(query, "", rest) if rest and not title else found(query, text))


def test_there_are_examples_of_every_construct() -> None:
    assert len(ROWS) == 16


@pytest.mark.parametrize(("query", "yes", "no"), ROWS)
def test_examples_of_the_page(query: str, yes: str, no: str) -> None:
    assert _fires(query, yes)
    assert not _fires(query, no)


def test_the_worked_example_of_the_score() -> None:
    one = "signals:\n  s:\n    title: S\n    rules:\n      - {id: a, match: pact, weight: 60}\n"
    two = one + "      - {id: b, match: pact, weight: 30}\n"

    assert [round(assessed(compiled(body), "A pact.")[0].score, 2) for body in (one, two)] == [47.08, 61.5]
    assert score_of(100) == 75.0
