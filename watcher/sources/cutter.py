"""Finds the byte range of every item in a well-formed feed, so that only unseen ones are parsed. Must not: guess.

Wherever the cut is not certain (not well-formed, items inside items, no items) it says so and the whole body is parsed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from xml.parsers import expat

from watcher.sources import mend

DIGEST_BYTES = 32
"""An item's digest is the SHA-256 of its bytes; only ever compared within one source."""

ITEM_NAMES = frozenset({"item", "entry"})
"""Local names of the elements that are items, whatever their namespace."""

TRUNCATED = frozenset(
    {
        expat.errors.codes[text]
        for text in (
            expat.errors.XML_ERROR_NO_ELEMENTS,
            expat.errors.XML_ERROR_UNCLOSED_TOKEN,
            expat.errors.XML_ERROR_PARTIAL_CHAR,
            expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        )
    }
)
_MENDABLE = {
    expat.errors.codes[text]: fault
    for text, fault in (
        (expat.errors.XML_ERROR_BAD_CHAR_REF, mend.BAD_REFERENCE),
        (expat.errors.XML_ERROR_UNDEFINED_ENTITY, mend.UNKNOWN_NAME),
        (expat.errors.XML_ERROR_INVALID_TOKEN, mend.UNKNOWN_NAME),
        (expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT, mend.JUNK_AFTER),
    )
}


@dataclass(frozen=True, slots=True)
class Item:
    """An item's place in the body, its digest, and the elements it stands in."""

    start: int
    end: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Layout:
    """What the scan found. ``is_certain``: items may be cut out. ``ancestors`` are the tags around the items.

    ``fault`` and ``fault_at`` say what made the body no XML, where `mend` may know a remedy.
    """

    root: str
    items: tuple[Item, ...] = ()
    is_certain: bool = False
    is_truncated: bool = False
    fault: str = ""
    fault_at: int = 0
    ancestors: tuple[str, ...] = ()


@dataclass(slots=True)
class _Scan:
    """The state of one pass. Handlers do as little as they can: this runs over every body that changed."""

    body: bytes
    parser: expat.XMLParserType
    stack: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    ancestors: tuple[str, ...] = ()
    root: str = ""
    start: int = -1
    depth: int = 0
    is_nested: bool = False

    def on_start(self, name: str, attributes: object) -> None:
        del attributes
        stack = self.stack
        stack.append(name)
        if name.rpartition(":")[2] in ITEM_NAMES:
            self._open_item()
        elif len(stack) == 1:
            self.root = name

    def on_end(self, name: str) -> None:
        stack = self.stack
        if len(stack) == self.depth and self.start >= 0:
            end = self.body.find(b">", self.parser.CurrentByteIndex) + 1
            piece = self.body[self.start : end]
            self.items.append(Item(self.start, end, hashlib.sha256(piece).digest()))
            self.start = -1
        stack.pop()
        del name

    def _open_item(self) -> None:
        depth = len(self.stack)
        if depth == 1:
            self.root = self.stack[0]
            self.is_nested = True
        elif self.start >= 0 or (self.depth and self.depth != depth):
            self.is_nested = True
        elif not self.depth or self.ancestors == tuple(self.stack[:-1]):
            self.depth = depth
            self.ancestors = tuple(self.stack[:-1])
            self.start = self.parser.CurrentByteIndex
        else:
            self.is_nested = True


def scan(body: bytes) -> Layout:
    """Find the items of a UTF-8 document without a DOCTYPE."""
    parser = expat.ParserCreate()
    state = _Scan(body, parser)
    parser.StartElementHandler = state.on_start
    parser.EndElementHandler = state.on_end
    try:
        parser.Parse(body, True)  # noqa: FBT003 - the C function takes no keyword
    except expat.ExpatError as error:
        is_truncated = error.code in TRUNCATED
        return Layout(
            state.root,
            tuple(state.items),
            is_certain=is_truncated and bool(state.items) and not state.is_nested,
            is_truncated=is_truncated,
            fault=_MENDABLE.get(error.code, ""),
            fault_at=parser.ErrorByteIndex,
            ancestors=state.ancestors,
        )
    is_certain = bool(state.items) and not state.is_nested
    return Layout(state.root, tuple(state.items), is_certain=is_certain, ancestors=state.ancestors)


def cut(body: bytes, layout: Layout, seen: AbstractSet[bytes], most: int) -> tuple[bytes, tuple[Item, ...]]:
    """The body with only the items to parse: unseen, and among the first ``most``.

    A truncated body ends after its last whole item, with the open elements closed.

    Returns:
        The smaller body, and the items that are left in it, in order.
    """
    wanted: list[Item] = []
    parts: list[bytes] = []
    at = 0
    for number, item in enumerate(layout.items):
        if number < most and item.digest not in seen:
            wanted.append(item)
        else:
            parts.append(body[at : item.start])
            at = item.end
    if layout.is_truncated:
        parts.append(body[at : layout.items[-1].end])
        parts += [f"</{name}>".encode() for name in reversed(layout.ancestors)]
    else:
        parts.append(body[at:])
    return b"".join(parts), tuple(wanted)
