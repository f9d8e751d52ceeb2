"""Plain data as JSON and back: whole, or refused."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.core.engine import assessed, compiled, evidence
from tests.core.test_score import BODY, TEXT
from watcher.core.model import Entry, Firing, Match, ParsedEntry, ParsedFeed
from watcher.core.wire import (
    MAX_BYTES,
    assessment_from_json,
    assessment_to_json,
    counting_rules,
    parsed_feed_from_json,
    parsed_feed_to_json,
)


def _feed() -> ParsedFeed:
    found = evidence(compiled(BODY), TEXT)
    assert found is not None
    entry = Entry("g", "https://x.example/1", "Title", TEXT, published=5, tags=("a",), item_digest=b"\x00\xff")
    return ParsedFeed("rss20", entries=(ParsedEntry(entry, {"small": found}),), ttl_s=60.0, item_digests=(b"\x01",))


def test_a_feed_comes_back_as_it_went() -> None:
    assert _feed() == parsed_feed_from_json(parsed_feed_to_json(_feed()))


def test_an_assessment_comes_back() -> None:
    (one,) = assessed(compiled(BODY), TEXT)

    assert one == assessment_from_json(assessment_to_json(one))
    assert one.firings[0].rule in assessment_to_json(one)


def test_counting_rules_are_those_of_the_whole_account() -> None:
    (one,) = assessed(compiled(BODY), TEXT)
    hostile = Match('{"rule":"x","suppressed_by":""', "title", 0, 3, form='","suppressed_by":""}')
    firings = (Firing("a", (hostile,)), Firing("b", (hostile,), suppressed_by="old"), Firing("c", (), suppressed_by=""))

    assert counting_rules(assessment_to_json(one)) == tuple(
        firing.rule for firing in one.firings if not firing.suppressed_by
    )
    assert counting_rules(assessment_to_json(replace(one, firings=firings))) == ("a", "c")
    assert counting_rules(assessment_to_json(replace(one, firings=()))) == ()


def _changed(*path: str | int, value: object) -> bytes:
    data = json.loads(parsed_feed_to_json(_feed()))
    at = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'{"format":"rss"',
        b"{}",
        b'{"format":NaN}',
        b"[" * 100_000,
        _changed("format", value=1),
        _changed("unknown", value=1),
        _changed("entries", 0, "entry", "unknown", value=1),
        _changed("entries", 0, "evidence", "small", "unknown", value=1),
        _changed("skipped", value=True),
        _changed("skipped", value=1.5),
        _changed("skipped", value=1.0),
        _changed("skipped", value=None),
        _changed("partial", value=0),
        _changed("ttl_s", value="60"),
        _changed("ttl_s", value=True),
        _changed("ttl_s", value=10**400),
        _changed("entries", value={}),
        _changed("ttl_s", value=float("nan")),
        _changed("item_digests", value=["zz"]),
        _changed("item_digests", value=["z\u00e9=="]),
        _changed("item_digests", value="zzzz"),
        _changed("entries", 0, "evidence", value=[]),
        _changed("entries", 0, value="x"),
        _changed("entries", 0, "entry", "title", value=None),
        _changed("entries", 0, "entry", "title", value="\ud800"),
        _changed("entries", 0, "entry", "tags", value=["a", 1]),
        _changed("entries", 0, "entry", "tags", value="ab"),
        _changed("entries", 0, "entry", "published", value="1"),
        _changed("entries", 0, "entry", "published", value=True),
        _changed("entries", 0, "evidence", "small", "lead_end", value=2.5),
        parsed_feed_to_json(_feed()) + b"x",
        parsed_feed_to_json(_feed())[:-1],
        parsed_feed_to_json(_feed()).replace(b"Title", b"\xed\xa0\x80"),
        b'{"format":"rss20","unknown":' + b"[" * 1_000_000,
        b'{"format":"rss20","entries":' + b"[" * 1_000_000,
        b'{"format":"rss20","entries":' + b'[{"evidence":{"a":' * 300_000,
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        parsed_feed_from_json(data)


def test_what_is_too_long_is_not_read() -> None:
    with pytest.raises(ValueError, match="too long"):
        parsed_feed_from_json(b" " * (MAX_BYTES + 1))


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_numbers_that_are_none_do_not_leave(number: float) -> None:
    (one,) = assessed(compiled(BODY), TEXT)
    with pytest.raises(ValueError):
        parsed_feed_to_json(replace(_feed(), ttl_s=number))
    with pytest.raises(ValueError):
        assessment_to_json(replace(one, score=number))
    with pytest.raises(ValueError):
        assessment_to_json(replace(one, parts=(replace(one.parts[0], points=number),)))


def test_half_a_character_does_not_leave() -> None:
    with pytest.raises(ValueError):
        parsed_feed_to_json(replace(_feed(), title="\ud800"))


def test_digests_travel_as_base64() -> None:
    data = json.loads(parsed_feed_to_json(_feed()))

    assert base64.b64decode(data["entries"][0]["entry"]["item_digest"]) == b"\x00\xff"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=8,
    )
)
def test_hostile_json_is_a_value_error_and_nothing_else(value: object) -> None:
    with pytest.raises(ValueError):
        parsed_feed_from_json(json.dumps(value).encode())


def test_keys_may_come_in_any_order_and_defaults_may_be_missing() -> None:
    (one,) = assessed(compiled(BODY), TEXT)
    data = json.loads(assessment_to_json(one))
    shuffled = {name: data[name] for name in sorted(data) if name != "blocked_by"}

    assert assessment_from_json(json.dumps(shuffled)) == one
