"""The JSON Schema for editors is the one in the docs, and says what the loader says."""

from __future__ import annotations

import jsonschema
import pytest
import yaml

from tests.core.watchlist_samples import MAIN
from watcher.core.watchlist_schema import json_schema, schema_text

HOW = "run: watcher check --schema > docs/reference/watchlist.schema.json"


def as_an_editor_reads_it(text):
    """Numbers and booleans typed by YAML, dates left as text."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        key: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for key, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(text, Loader)


def test_the_schema_in_the_docs_is_the_one_of_the_code(repository):
    stored = (repository / "docs/reference/watchlist.schema.json").read_text()

    assert stored == schema_text(), HOW


def test_the_schema_is_a_schema_and_accepts_the_sample():
    validator = jsonschema.Draft202012Validator(json_schema())

    validator.check_schema(json_schema())
    assert list(validator.iter_errors(as_an_editor_reads_it(MAIN))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weight: 60", "weigth: 60"),
        ("weight: 60", "weight: -1"),
        ("kind: feed", "kind: fed"),
        ("interval: 15m", "interval: 15 minutes"),
        ("date: 1997-05-27", "date: May 1997"),
        ("language: en", "language: English"),
        ("{id: handed,", "{id: Handed Over,"),
        ("question:", "answer:"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(old, new):
    document = as_an_editor_reads_it(MAIN.replace(old, new, 1))

    assert list(jsonschema.Draft202012Validator(json_schema()).iter_errors(document))
