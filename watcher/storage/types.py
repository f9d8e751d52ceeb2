"""Column types: the one layer where a value is checked before it reaches a database. Must not: know a table.

Both databases then hold the same: no NUL, no lone surrogate, no integer or digest out of shape, on writes and look-ups
alike (SQLite would take all of them; PostgreSQL would refuse the whole batch).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import REAL, BigInteger, Boolean, Dialect, Double, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

DIGEST_BYTES = 32
_SIZES = frozenset({0, DIGEST_BYTES})
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean_text(value: str) -> str:
    """A text that both databases can hold: NUL removed, each lone surrogate replaced by U+FFFD."""
    if "\x00" in value:
        value = value.replace("\x00", "")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            value = _SURROGATES.sub("\ufffd", value)
    return value


class CleanText(TypeDecorator[str]):
    """TEXT without NUL and lone surrogates; what is no text is refused."""

    impl = Text
    cache_ok = True

    @staticmethod
    def is_clean(values: Sequence[Any]) -> bool:
        """Whether all values may be bound as they are: a look at all at once, for a tenth of the price of each."""
        try:
            together = "".join(values)
        except TypeError:
            return False
        return together.isascii() and "\x00" not in together

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:  # noqa: ARG002  # its signature
        """One call per value, no more: this runs for every text of every row."""

        def clean(value: str | None) -> str | None:
            if value is None or (str.isascii(value) and "\x00" not in value):
                return value
            return clean_text(value)

        return clean


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return [_without_nul(item) for item in value] if isinstance(value, list | tuple) else value


class JsonText(TypeDecorator[Any]):
    """JSON in a TEXT column: compact, keys in the order given, the same bytes in both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002  # its signature
        """Dump and clean; NaN and infinities are refused, since JSON has none."""
        if value is None:
            return None
        dumped = _dumps(value)
        if "\\u0000" in dumped:  # NUL comes out escaped, which PostgreSQL's own JSON functions refuse
            dumped = _dumps(_without_nul(value))
        return clean_text(dumped)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002  # its signature
        """Load."""
        return None if value is None else json.loads(value)


def integer() -> TypeEngine[int]:
    """A 64-bit integer; also times, as UTC microseconds since 1970.

    INTEGER on SQLite (a strict table knows no other name), BIGINT elsewhere. Both drivers refuse what does not fit.
    """
    return BigInteger().with_variant(Integer(), "sqlite")


class Number(TypeDecorator[float]):
    """A finite double."""

    impl = Double
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """REAL on SQLite, DOUBLE PRECISION elsewhere."""
        return dialect.type_descriptor(REAL() if dialect.name == "sqlite" else Double())

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002
        """Refuse NaN and infinities."""
        if value is not None and not math.isfinite(value):
            raise ValueError("a number that is not finite")
        return value

    def process_result_value(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002
        """A float also where SQLite hands a whole number back as an integer (it does after RETURNING)."""
        return None if value is None else float(value)


class Flag(TypeDecorator[bool]):
    """True or false; INTEGER 0 or 1 on SQLite."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """INTEGER on SQLite, BOOLEAN elsewhere."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else Boolean())

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:  # noqa: ARG002  # its signature
        """A real bool from either database."""
        return None if value is None else bool(value)


class Blob(TypeDecorator[bytes]):
    """Bytes."""

    impl = LargeBinary
    cache_ok = True


class Digest(TypeDecorator[bytes]):
    """SHA-256 as 32 raw bytes, or empty where there is nothing to digest."""

    impl = LargeBinary
    cache_ok = True

    @staticmethod
    def is_clean(values: Sequence[Any]) -> bool:
        """Whether all values may be bound as they are."""
        return set(map(type, values)) == {bytes} and _SIZES.issuperset(map(len, values))

    def bind_processor(self, dialect: Dialect) -> Callable[[bytes | None], bytes | None]:  # noqa: ARG002  # its signature
        """Check the length; the driver takes bytes as they are."""

        def check(value: bytes | None) -> bytes | None:
            if value is not None and len(value) not in (0, DIGEST_BYTES):
                raise ValueError(f"a digest of {len(value)} bytes instead of {DIGEST_BYTES}")
            return value

        return check
