"""Plain data as JSON and back, strictly: what a child sends and what the store keeps. Must not: trust, repair or guess.

The shape comes from the values' own classes, so that a new field cannot be forgotten here. A key without a default must be
there and none that the class does not know, every value has the type that its class declares, numbers are finite and bytes
travel as Base64; anything else is a ``ValueError``.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec

from watcher.core.model import Assessment, ParsedFeed

T = TypeVar("T")
MAX_BYTES: Final = 64 * 1024 * 1024
_encode: Final = msgspec.json.Encoder().encode


@cache
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _loads(kind: type[T], data: str | bytes) -> T:
    if len(data) > MAX_BYTES:
        raise ValueError("wire: too long")
    return cast("T", _decoder(cast("Any", kind)).decode(data))


def _check_finite(*numbers: float) -> None:
    """The encoder would write null for what is no number."""
    if not all(map(math.isfinite, numbers)):
        raise ValueError("wire: a number that is not finite")


def assessment_to_json(assessment: Assessment) -> str:
    """An assessment as one line of JSON.

    Raises:
        ValueError: a number that is not finite, or text that is no Unicode.
    """
    _check_finite(assessment.score)
    for part in assessment.parts:
        _check_finite(part.weight, part.strength, part.points)
    return _encode(assessment).decode()


def assessment_from_json(data: str | bytes) -> Assessment:
    """An assessment from JSON; keys added since it was written take their defaults.

    Raises:
        ValueError: it is not an assessment.
    """
    return _loads(Assessment, data)


_RULE: Final = '{"rule":"'
_RULES: Final = re.compile(_RULE + '([^"]*)')
_NOT_TAKEN_BACK: Final = '"suppressed_by":""'


def counting_rules(data: str) -> tuple[str, ...]:
    """The rules of an assessment, in the JSON that is written here, that fired and were not taken back.

    An eighth of the cost of reading it all. Both marks hold quotes, which no text inside JSON can hold unescaped.
    """
    names = _RULES.findall(data)
    if len(names) == data.count(_NOT_TAKEN_BACK):
        return tuple(dict.fromkeys(names))
    firings = data.split(_RULE)[1:]
    return tuple(dict.fromkeys(one[: one.index('"')] for one in firings if _NOT_TAKEN_BACK in one))


def parsed_feed_to_json(feed: ParsedFeed) -> bytes:
    """A parsed feed as bytes of JSON.

    Raises:
        ValueError: a number that is not finite, or text that is no Unicode.
    """
    _check_finite(feed.ttl_s or 0.0)
    return _encode(feed)


def parsed_feed_from_json(data: bytes) -> ParsedFeed:
    """A parsed feed from a child's bytes.

    Raises:
        ValueError: it is not a parsed feed.
    """
    return _loads(ParsedFeed, data)
