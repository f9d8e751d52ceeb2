"""Plain data as JSON and back: whole, or refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.engine import assessed, compiled, evidence
from tests.core.test_score import BODY, TEXT
from watcher.core import wire
from watcher.core.model import Entry, Firing, Match, ParsedEntry, ParsedFeed
from watcher.core.wire import (
    MAX_BYTES,
    assessment_from_json,
    assessment_to_json,
    counting_rules,
    evidence_from_json,
    evidence_to_json,
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


def test_evidence_and_assessments_come_back() -> None:
    found = evidence(compiled(BODY), TEXT)
    assert found is not None
    (one,) = assessed(compiled(BODY), TEXT)

    assert found == evidence_from_json(evidence_to_json(found))
    assert one == assessment_from_json(assessment_to_json(one))


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
        _changed("skipped", value=True),
        _changed("skipped", value=1.5),
        _changed("partial", value=0),
        _changed("ttl_s", value="60"),
        _changed("ttl_s", value=True),
        _changed("ttl_s", value=10**400),
        _changed("entries", value={}),
        _changed("item_digests", value=["zz"]),
        _changed("entries", 0, "evidence", value=[]),
        _changed("entries", 0, value="x"),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        parsed_feed_from_json(data)


def test_what_is_too_long_is_not_read() -> None:
    with pytest.raises(ValueError, match="too long"):
        parsed_feed_from_json(b" " * (MAX_BYTES + 1))


def test_pairs_have_their_length() -> None:
    from watcher.core import wire

    pair = wire._decoder(tuple[str, int])

    assert pair(["a", 1]) == ("a", 1)
    with pytest.raises(ValueError, match="list of 2"):
        pair(["a"])


def test_numbers_that_are_none_do_not_leave() -> None:
    with pytest.raises(ValueError):
        parsed_feed_to_json(replace(_feed(), ttl_s=float("inf")))


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


@dataclass(frozen=True)
class _Odd:
    pairs: tuple[tuple[bytes, str], ...]
    maybe: bytes | None = None
    plain: tuple[str, int] = ("a", 1)


@pytest.mark.parametrize("value", [_Odd(()), _Odd(((b"a", "x"),), b"b")])
def test_types_that_no_class_has_yet_travel_too(value: _Odd) -> None:
    assert wire._loads(_Odd, wire._dumps(value)) == value


def test_keys_may_come_in_any_order_and_defaults_may_be_missing() -> None:
    (one,) = assessed(compiled(BODY), TEXT)
    data = json.loads(assessment_to_json(one))
    shuffled = {name: data[name] for name in sorted(data) if name != "blocked_by"}

    assert assessment_from_json(json.dumps(shuffled)) == one
