"""YAML nodes against a pydantic model: every difference in words, at its place. Must not: know a particular model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from watcher.core.errors import Issue
from watcher.core.watchlist_checks import closest, issue
from watcher.core.yamltext import YamlNode, locate, plain

_CODES: Final = {"kebab_id": "bad-id", "snake_id": "bad-id", "string_too_short": "empty-value"}
_EXPECTED: Final = {
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
}


def shape_problems(model: type[BaseModel], root: YamlNode) -> tuple[Issue, ...]:
    """Where the values do not have the shape of a model."""
    try:
        model.model_validate(plain(root))
    except ValidationError as error:
        schema = model.model_json_schema(by_alias=True)
        return tuple(_explain(problem, root, schema) for problem in error.errors(include_url=False))
    return ()


def _explain(problem: Any, root: YamlNode, schema: Mapping[str, Any]) -> Issue:
    """One pydantic error as an issue that a person can act on."""
    path, kind = tuple(problem["loc"]), problem["type"]
    name = str(path[-1]) if path else ""
    if kind == "missing":
        return issue(locate(root, path[:-1], key=True), "missing-key", f"{name}: is missing{_owner(path)}")
    if kind == "extra_forbidden":
        hint = closest(name, _allowed_keys(schema, path[:-1]))
        return issue(locate(root, path, key=True), "unknown-key", f"unknown key {name!r}{_owner(path)}", hint)
    if name == "[key]":
        return issue(locate(root, path[:-1], key=True), _CODES.get(kind, "bad-value"), problem["msg"])
    if kind == "literal_error":
        return _bad_choice(problem, locate(root, path), name)
    if kind in _EXPECTED:
        return issue(locate(root, path), "wrong-type", f"{name}: should be {_EXPECTED[kind]}")
    return issue(locate(root, path), _CODES.get(kind, "bad-value"), f"{name}: {_words(problem)}")


def _owner(path: tuple[str | int, ...]) -> str:
    return " in " + ".".join(map(str, path[:-1])) if path[:-1] else ""


def _words(problem: Any) -> str:
    """The message without pydantic's own vocabulary, and without the value of an address (it may hold a secret)."""
    if problem["type"] == "url":
        return f"is no web address; it should look like {problem['ctx']['example']}"
    if problem["type"] == "string_too_short":
        return "is empty; write a value or leave the key out"
    message = str(problem["msg"]).partition(" after validation")[0]
    for subject in ("Input ", "List ", "Dictionary ", "String "):
        message = message.removeprefix(subject)
    return message


def _bad_choice(problem: Any, place: Any, name: str) -> Issue:
    choices = [choice.strip("'") for choice in problem["ctx"]["expected"].replace(" or ", ", ").split(", ")]
    given = problem["input"]
    shown = repr(given) if isinstance(given, str) else "this"
    message = f"{name}: {shown} is none of {', '.join(filter(None, choices))}"
    return issue(place, "bad-choice", message, closest(str(given), choices))


def _allowed_keys(schema: Mapping[str, Any], path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that a schema allows at a path."""
    here: Mapping[str, Any] = schema
    for step in path:
        here = _child(schema, _resolve(schema, here), step)
    return tuple(_resolve(schema, here).get("properties", {}))


def _resolve(schema: Mapping[str, Any], here: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references and the choice between a short and a full form to where the keys are told."""
    while "$ref" in here or "anyOf" in here:
        if "$ref" in here:
            here = schema["$defs"][here["$ref"].rpartition("/")[2]]
        else:
            here = next(option for option in here["anyOf"] if option.get("type") not in ("string", "null"))
    return here


def _child(schema: Mapping[str, Any], here: Mapping[str, Any], step: str | int) -> Mapping[str, Any]:
    if isinstance(step, int):
        child = here["items"]
    elif step in here.get("properties", {}):
        child = here["properties"][step]
    else:
        child = next(iter(here["patternProperties"].values()))
    return _resolve(schema, child)
