"""The reference of the watchlist is true: its example runs, and every code and key is told."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.core.watchlist_samples import expand
from watcher.core.compile import compile_watchlist, words_needed
from watcher.core.ruletest import check_references, run_case
from watcher.core.ruletest_yaml import read_tests
from watcher.core.watchlist import read_document
from watcher.core.watchlist_schema import RuleModel, SignalModel, SourceModel, WatchlistModel

MAKERS = {"issue", "Issue", "complain", "_add", "_add_at", "_warn"}


@pytest.fixture(scope="module")
def page(repository):
    return (repository / "docs/reference/watchlist.md").read_text()


@pytest.fixture(scope="module")
def examples(page):
    return dict(re.findall(r"<!-- example: (\S+) -->\n```yaml\n(.*?)```", page, re.DOTALL))


def test_the_example_is_a_watchlist_and_its_tests_pass(examples):
    document = read_document(examples, "small.yaml")
    watchlist = compile_watchlist(document, expand(words_needed(document)))
    tests = read_tests(examples["small.test.yaml"], "small.test.yaml")

    assert check_references(tests, document) == ()
    assert [
        (o.case.name, o.failures) for o in (run_case(case, watchlist) for case in tests.cases) if not o.passed
    ] == []


def codes_in(path: Path) -> set[str]:
    """The codes of issues that a module can make: constants that are passed to what makes them."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in MAKERS:
                found |= {
                    arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                }
    return {code for code in found if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)} - {"warning"}


def test_every_code_is_told(repository, page):
    made = set()
    for folder in ("core", "app"):
        for path in (repository / "watcher" / folder).glob("*.py"):
            made |= codes_in(path)
    made |= {"bad-id", "bad-value", "empty-value"} | {
        f"unknown-{what}" for what in ("signal", "rung", "facet", "figure")
    }
    told = {
        code for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for code in re.findall(r"`([a-z0-9-]+)`", row)
    }

    assert made - told == set()
    keys = set(WatchlistModel.model_fields) | {"match", "not", "figures"}
    assert told - made - keys == set()


@pytest.mark.parametrize("model", [WatchlistModel, SignalModel, RuleModel, SourceModel])
def test_every_key_is_told(page, model):
    assert {name for name in model.model_fields if f"`{name}" not in page} == set()
