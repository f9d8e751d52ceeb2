"""Mends the few faults that make a feed no XML and whose meaning is plain. Must not: guess structure.

A feed that is mended is read by the strict parser and can be cut into items; one that is not is read whole, by the
tolerant parser. Each mending answers one fault that expat names; text inside CDATA is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.entities import html5

from watcher.sources.decode import CONTROL_MARK

BAD_REFERENCE = "bad-reference"
UNKNOWN_NAME = "unknown-name"
JUNK_AFTER = "junk-after"

_REFERENCE = re.compile(r"&#(?:[xX]([0-9A-Fa-f]{1,40})|([0-9]{1,40}));?")
_AMPERSAND = re.compile(r"&(?:([A-Za-z][A-Za-z0-9]{1,31});)?(?!#(?:[0-9]{1,40}|[xX][0-9A-Fa-f]{1,40});)")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ITEM = re.compile(r"<(?:[A-Za-z_][\w.-]{0,20}:)?(?:item|entry)[\s>/]", re.IGNORECASE)


def mend(document: str, fault: str, offset: int) -> tuple[str, str]:
    """A document without the fault that the scan met, as far as we know how, and a warning that says what was done.

    Args:
        document: text whose UTF-8 was scanned.
        fault: one of this module's names; with any other the document comes back as it is.
        offset: where in the UTF-8 the fault is.
    """
    if fault == BAD_REFERENCE:
        return mend_references(document), ""
    if fault == UNKNOWN_NAME:
        return mend_names(document), "entities that XML does not know were read as HTML has them"
    if fault == JUNK_AFTER:
        data = document.encode("utf-8", "replace")
        if not _ITEM.search(data[offset:].decode("utf-8", "replace")):
            return data[:offset].decode("utf-8", "replace"), "what follows the end of the feed was left out"
    return document, ""


def mend_references(text: str) -> str:
    """Replace character references that name no character by the control mark."""

    def mended(match: re.Match[str]) -> str:
        number = int(match.group(1), 16) if match.group(1) else int(match.group(2))
        is_char = number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE
        return match.group(0) if is_char or 0x10000 <= number <= 0x10FFFF else CONTROL_MARK

    return _REFERENCE.sub(mended, text)


def mend_names(text: str) -> str:
    """HTML's named characters as numbers, and ampersands that name nothing as themselves."""
    return _outside_cdata(text, lambda part: _AMPERSAND.sub(_named, part))


def _named(match: re.Match[str]) -> str:
    name = match.group(1)
    if name in _XML_NAMES:
        return match.group(0)
    known = html5.get(f"{name};", "") if name else ""
    return "".join(f"&#{ord(char)};" for char in known) or f"&amp;{match.group(0)[1:]}"


def _outside_cdata(text: str, change: Callable[[str], str]) -> str:
    parts: list[str] = []
    at = 0
    while (start := text.find("<![CDATA[", at)) >= 0 and (end := text.find("]]>", start)) >= 0:
        parts += [change(text[at:start]), text[start : end + 3]]
        at = end + 3
    parts.append(change(text[at:]))
    return "".join(parts)
