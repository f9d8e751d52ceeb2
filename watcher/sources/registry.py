"""The kinds of sources that can be read, by name. Must not: import a kind before it is asked for.

A kind turns bytes into entries and nothing else; it runs in a child that can be killed. A new kind is one module with a
function ``parse(request) -> RawFeed`` and one line here.
"""

from __future__ import annotations

import importlib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol, cast

from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import Entry


@dataclass(frozen=True, slots=True)
class Request:
    """A body to read, with what a kind may want to know of its source.

    ``url`` is the address that answered in the end: relative links hang on it. ``seen`` are the digests of items that
    were in the last body and need not be read again.
    """

    body: bytes
    content_type: str
    url: str
    limits: Limits
    seen: AbstractSet[bytes] = frozenset()
    language: str = ""
    select: str = ""


@dataclass(frozen=True, slots=True)
class RawFeed:
    """What a kind makes of a body, before any rule is applied: see `watcher.core.model.ParsedFeed` for the fields."""

    format: str
    title: str = ""
    language: str = ""
    entries: tuple[Entry, ...] = ()
    item_digests: tuple[bytes, ...] = ()
    skipped: int = 0
    dropped: int = 0
    warnings: tuple[str, ...] = field(default=())
    partial: bool = False
    ttl_s: float | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


class Kind(Protocol):
    """A way to read a source."""

    def parse(self, request: Request) -> RawFeed:
        """Read a body.

        Raises:
            SourceError: phase ``decode`` or ``parse``.
        """
        ...


_MODULES = {
    "feed": "watcher.sources.feed",
    "sitemap": "watcher.sources.sitemap",
}


def names() -> tuple[str, ...]:
    """All kinds that can be polled, sorted."""
    return tuple(sorted(_MODULES))


def kind(name: str) -> Kind:
    """The kind of that name.

    Raises:
        SourceError: there is none.
    """
    module = _MODULES.get(name)
    if module is None:
        raise SourceError("parse", "unknown-kind", f"no source kind {name[:40]!a}; there are {', '.join(names())}")
    return cast("Kind", importlib.import_module(module))
