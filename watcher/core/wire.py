"""Plain data as JSON and back, strictly: what a child sends and what the store keeps. Must not: trust, repair or guess.

Every key of a class must be there and no other; numbers are finite; bytes travel as hexadecimal. Anything else is a
``ValueError``. The shape comes from the data classes themselves, so that a new field cannot be forgotten here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, NoReturn, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from watcher.core.model import Assessment, Evidence, ParsedFeed

T = TypeVar("T")
Decoder = Callable[[Any], Any]
MAX_BYTES: Final = 64 * 1024 * 1024


def _refuse(expected: str, value: object) -> NoReturn:
    raise ValueError(f"wire: expected {expected}, got {type(value).__name__}")


# --- out ----------------------------------------------------------------------------------------------------------


Encoder = Callable[[Any], Any] | None
"""What makes a value of one type plain; None: it is as it is (a tuple of texts becomes a list by itself)."""


@cache
def _encoder(hint: Any) -> Encoder:
    if hint in _SIMPLE:
        return bytes.hex if hint is bytes else None
    if is_dataclass(hint):
        return _plain_record(cast("type", hint))
    origin, args = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):
        (item,) = (arg for arg in args if arg is not NoneType)
        return _plain_maybe(_encoder(item))
    if origin is tuple:
        return _plain_row(_encoder(args[0])) if args[1:] == (...,) else _plain_pair(tuple(map(_encoder, args)))
    return _plain_table(_encoder(args[1]))


def _plain_record(kind: type) -> Encoder:
    hints = get_type_hints(kind)
    names = tuple(field.name for field in fields(kind))
    take = attrgetter(*names)
    special = [(name, encode) for name in names if (encode := _encoder(hints[name])) is not None]

    def plain(value: Any) -> dict[str, Any]:
        made = dict(zip(names, take(value), strict=True))
        for name, one in special:
            made[name] = one(made[name])
        return made

    return plain


def _plain_maybe(item: Encoder) -> Encoder:
    return None if item is None else lambda value: None if value is None else item(value)


def _plain_row(item: Encoder) -> Encoder:
    return None if item is None else lambda value: [item(one) for one in value]


def _plain_pair(items: tuple[Encoder, ...]) -> Encoder:
    if not any(items):
        return None
    return lambda value: [one if item is None else item(one) for item, one in zip(items, value, strict=True)]


def _plain_table(item: Encoder) -> Encoder:
    return dict if item is None else lambda value: {key: item(one) for key, one in value.items()}


def _dumps(value: Any) -> str:
    encode = _encoder(cast("Any", type(value)))
    plain = value if encode is None else encode(value)
    return json.dumps(plain, allow_nan=False, separators=(",", ":"))


# --- in -----------------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _refuse("text", value)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else _refuse("a whole number", value)


def _truth(value: Any) -> bool:
    return value if isinstance(value, bool) else _refuse("true or false", value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse("a number", value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    return number if math.isfinite(number) else _refuse("a finite number", value)


def _octets(value: Any) -> bytes:
    return bytes.fromhex(_text(value))


_SIMPLE: Final[Mapping[Any, Decoder]] = {str: _text, int: _whole, bool: _truth, float: _number, bytes: _octets}


def _row(item: Decoder) -> Decoder:
    def decode(value: Any) -> Any:
        if not isinstance(value, list):
            _refuse("a list", value)
        return tuple([item(one) for one in value])

    return decode


def _pair(items: tuple[Decoder, ...]) -> Decoder:
    def decode(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(items):
            _refuse(f"a list of {len(items)}", value)
        return tuple(item(one) for item, one in zip(items, value, strict=True))

    return decode


def _table(item: Decoder) -> Decoder:
    def decode(value: Any) -> Any:
        if not isinstance(value, dict):
            _refuse("an object", value)
        return {key: item(one) for key, one in value.items()}

    return decode


def _maybe(item: Decoder) -> Decoder:
    return lambda value: None if value is None else item(value)


def _is_optional(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _record(kind: type) -> Decoder:
    hints = get_type_hints(kind)
    decoders = {field.name: _decoder(hints[field.name]) for field in fields(kind)}
    required = frozenset(field.name for field in fields(kind) if not _is_optional(field))
    names, each = tuple(decoders), tuple(decoders.values())

    def decode(value: Any) -> Any:
        if not isinstance(value, dict):
            _refuse(kind.__name__, value)
        if tuple(value) == names:  # as we write it: all keys, in their order
            return kind(*[one(item) for one, item in zip(each, value.values(), strict=True)])
        if not (required <= value.keys() <= decoders.keys()):
            raise ValueError(f"wire: {kind.__name__} has keys missing or unknown")
        return kind(**{name: decoders[name](one) for name, one in value.items()})

    return decode


@cache
def _decoder(hint: Any) -> Decoder:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if is_dataclass(hint):
        return _record(cast("type", hint))
    origin, args = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):
        (item,) = (arg for arg in args if arg is not NoneType)
        return _maybe(_decoder(item))
    if origin is tuple:
        return _row(_decoder(args[0])) if args[1:] == (...,) else _pair(tuple(map(_decoder, args)))
    return _table(_decoder(args[1]))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"wire: {name} is not a number")


def _loads(kind: type[T], data: str | bytes) -> T:
    if len(data) > MAX_BYTES:
        raise ValueError("wire: too long")
    try:
        value = json.loads(data, parse_constant=_no_constant)
        return cast("T", _decoder(cast("Any", kind))(value))
    except RecursionError as error:
        raise ValueError("wire: nested too deep") from error


# --- the public pairs -----------------------------------------------------------------------------------------------


def evidence_to_json(evidence: Evidence) -> str:
    """Evidence as one line of JSON."""
    return _dumps(evidence)


def evidence_from_json(data: str | bytes) -> Evidence:
    """Evidence from JSON.

    Raises:
        ValueError: it is not evidence.
    """
    return _loads(Evidence, data)


def assessment_to_json(assessment: Assessment) -> str:
    """An assessment as one line of JSON."""
    return _dumps(assessment)


def assessment_from_json(data: str | bytes) -> Assessment:
    """An assessment from JSON; keys added since it was written take their defaults.

    Raises:
        ValueError: it is not an assessment.
    """
    return _loads(Assessment, data)


_RULE: Final = '{"rule":"'
_NOT_TAKEN_BACK: Final = '"suppressed_by":""'


def counting_rules(data: str) -> tuple[str, ...]:
    """The rules of an assessment, in the JSON that is written here, that fired and were not taken back.

    An eighth of the cost of reading it all. Both marks hold quotes, which no text inside JSON can hold unescaped.
    """
    firings = data.split(_RULE)[1:]
    return tuple(dict.fromkeys(one[: one.index('"')] for one in firings if _NOT_TAKEN_BACK in one))


def parsed_feed_to_json(feed: ParsedFeed) -> bytes:
    """A parsed feed as ASCII bytes of JSON."""
    return _dumps(feed).encode("ascii")


def parsed_feed_from_json(data: bytes) -> ParsedFeed:
    """A parsed feed from a child's bytes.

    Raises:
        ValueError: it is not a parsed feed.
    """
    return _loads(ParsedFeed, data)
