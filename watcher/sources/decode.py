"""Turns the bytes of a body into text, and makes its prologue harmless. Must not: parse elements.

Order of belief: byte order mark, then the header's charset, then the XML declaration, then UTF-8. Of those that are
named, the first that decodes strictly is taken; where none does, the first, with U+FFFD for what is broken. Nothing is
ever guessed as windows-1252: a mojibake of Cyrillic hides every word that we look for. For the same reason a body that
is valid UTF-8 beyond ASCII is UTF-8, whatever one-byte encoding a server says by default: such text is never UTF-8 by
chance, and every byte string is some text in a one-byte encoding.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from watcher.core.errors import SourceError
from watcher.sources.sniff import magic_name

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE: tuple[tuple[bytes, str], ...] = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)

# Names as codecs normalise them. What people call latin-1 is windows-1252 in practice, and so on down the list.
_AS: dict[str, str] = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_ONE_BYTE = frozenset(
    {f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}
    | {f"cp{number}" for number in (437, 850, 852, 855, 866, 874, *range(1250, 1259))}
    | {"koi8-r", "koi8-u", "koi8-t", "mac-cyrillic", "mac-roman", "ptcp154"}
)
_ALLOWED = _ONE_BYTE | {
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
    "cp932", "cp949", "cp950", "big5", "big5hkscs", "gb18030", "hz", "euc_jp", "iso2022_jp", "iso2022_kr", "johab",
}  # fmt: skip

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s\"';,]{1,60})", re.IGNORECASE)
_DECLARATION = re.compile(rb"^\s{0,1000}<\?xml\s[^>]{0,400}?encoding\s{0,20}=\s{0,20}[\"']([A-Za-z0-9._:-]{1,60})[\"']")
_DECLARATION_TEXT = re.compile(r"<\?xml(?:\s[^>]{0,2000})?\?>")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20)])

CONTROL_MARK = "\ufdd0"
"""Stands for a character that XML cannot hold, so that the entry it was in is flagged when its text is scrubbed: a
noncharacter that XML lets through and that is never stored."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body as text. ``warnings`` are short and clean."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def allowed_codec(label: str) -> str:
    """The codec that we use for a label, or an empty string where it is unknown or not one of text."""
    try:
        name = codecs.lookup(label.strip().lower().replace(":", "-")).name
    except (LookupError, ValueError):
        return ""
    name = _AS.get(name, name)
    return name if name in _ALLOWED else ""


def decode(body: bytes, content_type: str) -> Decoded:
    """Decode a body by its marks, its header and its declaration.

    Raises:
        SourceError: ``empty-body``; ``not-a-feed`` for binary data; ``unknown-encoding``.
    """
    if not body.strip(b" \t\r\n\0"):
        raise SourceError("decode", "empty-body", f"the body holds nothing ({len(body)} bytes)")
    kind = magic_name(body)
    if kind:
        raise SourceError("decode", "not-a-feed", f"the body is {kind}")
    mark = next(((bom, name) for bom, name in _BOMS if body.startswith(bom)), None)
    data = body[len(mark[0]) :] if mark else body
    labels = _labels(data, content_type, mark[1] if mark else "")
    names = list(dict.fromkeys(name for label in labels if (name := allowed_codec(label))))
    refused = [label for label in labels if not allowed_codec(label)]
    text, name, warnings = _try(data, names or ["utf-8"], is_guess=not names)
    if refused and not names and "\ufffd" in text:
        raise SourceError("decode", "unknown-encoding", f"encoding {refused[0][:40]!a} is not one we read")
    notes = [f"encoding {label[:40]!a} is not used, read as {name}" for label in refused]
    if len(names) > 1:
        notes.append(f"encodings disagree ({', '.join(names)}), read as {name}")
    return Decoded(text, name, (*notes, *warnings))


def _labels(data: bytes, content_type: str, mark: str) -> list[str]:
    """Encodings in the order of belief."""
    header = _CHARSET.search(content_type[:500])
    wide = next((name for start, name in _WIDE if data.startswith(start)), "")
    declared = "" if mark or wide else _declared(data)
    found = [mark, wide, header.group(1) if header else "", declared]
    return [label for label in found if label]


def _declared(data: bytes) -> str:
    match = _DECLARATION.match(data[:2000])
    return match.group(1).decode("ascii") if match else ""


def _try(data: bytes, names: list[str], *, is_guess: bool) -> tuple[str, str, tuple[str, ...]]:
    """Strict decoding in order; else the first name, with the place of the first broken byte."""
    first_error: UnicodeDecodeError | None = None
    if names[0] in _ONE_BYTE and (text := _as_utf8(data)):
        return text, "utf-8", (f"said to be {names[0]}, but is utf-8",)
    for name in names if is_guess else [*names, "utf-8"]:
        try:
            return data.decode(name), name, ()
        except UnicodeDecodeError as error:
            first_error = first_error or error
    offset = first_error.start if first_error else 0
    return data.decode(names[0], "replace"), names[0], (f"bytes that are not {names[0]}, first at {offset}",)


def _as_utf8(data: bytes) -> str:
    """The text of data that are UTF-8 beyond ASCII, else an empty string."""
    if data.isascii():
        return ""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def clean_prologue(text: str) -> str:
    """The document with a declaration of our own and nothing else before its root element.

    White space, comments, processing instructions and a DOCTYPE without an internal subset go; none of them means
    anything for a feed, and parsers have choked on all of them.

    Raises:
        SourceError: kind ``dtd-refused``: an internal subset, where entity attacks live.
    """
    rest = text[_skip_prologue(text) :]
    if not rest.isascii() or _has_controls(rest):
        rest = _NOT_XML.sub(CONTROL_MARK, rest)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{rest}'


def _has_controls(text: str) -> bool:
    data = text.encode()
    return len(data.translate(None, _CONTROLS)) < len(data)


def _skip_prologue(text: str) -> int:
    """Index of the first thing that is neither white space, comment, instruction nor DOCTYPE."""
    at = 0
    while True:
        at = _skip_blank(text, at)
        if text.startswith("<?", at):
            end = _instruction_end(text, at)
        elif text.startswith("<!--", at):
            end = text.find("-->", at + 4)
            end = end + 1 if end >= 0 else end
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            end = _doctype_end(text, at)
        else:
            return at
        if end < 0:
            return at
        at = end + (1 if text[at : at + 9].upper() == "<!DOCTYPE" else 2)


def _instruction_end(text: str, at: int) -> int:
    """Index before the last character of an instruction, or -1; a declaration may lack its second question mark."""
    end = text.find("?>", at)
    close = text.find(">", at)
    is_declaration = text[at : at + 5].lower() == "<?xml" and not text[at + 5 : at + 6].strip()
    if is_declaration and close >= 0 and (end < 0 or close < end):
        return close - 1
    return end


def _skip_blank(text: str, at: int) -> int:
    """Past white space, byte order marks and characters that cannot be in a document."""
    while at < len(text) and (text[at].isspace() or text[at] in "\ufeff\0"):
        at += 1
    return at


def _doctype_end(text: str, at: int) -> int:
    """Index of the ``>`` of a DOCTYPE, or -1; a ``[`` before it is an internal subset."""
    quote = ""
    for index in range(at, min(len(text), at + 10_000)):
        char = text[index]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "[":
            raise SourceError("decode", "dtd-refused", "the document type holds an internal subset")
        elif char == ">":
            return index
    return -1
