"""Cleans untrusted text for each sink it can end in. Must not: change what is stored, print, or fetch.

Everything a publisher sent is raw in the database. A sink takes it through ``clean_for(sink)`` and nothing else, so that
no title can move a cursor, forge a log line, run in a browser, start a formula or break a document. What cannot be shown
is shown as its code point, U+001B as a backslash and ``u{1b}``: nothing disappears silently.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from enum import StrEnum


class Sink(StrEnum):
    """Where a text can end."""

    TERMINAL = "terminal"
    LOG = "log"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML_TEXT = "html text"
    HTML_ATTRIBUTE = "html attribute"
    JSON = "json"


_SPACES = frozenset("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")
# Marks that sit on the character before: a few belong to writing, a pile of them paints over the lines around it.
_MARK_PILE = re.compile("([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{5,})")
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_MARKDOWN = re.compile(r"[\\`*_\[\]<>&|~$]|(?<=:)//|(?<=www)\.|!(?=\[)")
_MARKDOWN_START = re.compile(r"(?:[#+\-=]|\d{1,9}(?=[.)]))")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "`": "&#96;"})
_LINK = re.compile(r"https?://[^\s/?#\\@]+(?:[/?#].*)?", re.IGNORECASE | re.DOTALL)
_LINK_UNSAFE = re.compile(r"""[\x00-\x20"'<>\\^`{|}]""")


def _escaped(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _visible_pile(found: re.Match[str]) -> str:
    pile = found.group(1)
    return pile[:4] + "".join(map(_escaped, pile[4:]))


def visible(text: str) -> str:
    """The text with every control, format, bidi, private and unassigned character shown as its code point.

    Spaces of other widths stay. Line breaks are controls too: split into lines first where lines are wanted.
    """
    if not text.isascii() and _MARK_PILE.search(text):
        text = _MARK_PILE.sub(_visible_pile, text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _SPACES else _escaped(c) for c in text)


def terminal(text: str) -> str:
    """For a terminal or a pipe that ends in one: one line, no escape sequence, no invisible character."""
    return visible(text)


def log(text: str) -> str:
    """For a log: one record stays one line."""
    return visible(text)


def csv(text: str) -> str:
    """For a cell of a CSV file that is written with every cell quoted: no spreadsheet takes it for a formula."""
    shown = visible(text)
    return f"'{shown}" if _FORMULA.match(shown) or _starts_with_control(text) else shown


def _starts_with_control(text: str) -> bool:
    return text[:1] in ("\t", "\r", "\n", "\0")


def markdown(text: str) -> str:
    """For running text or a table cell of a Markdown document: no markup, no HTML, no link, no automatic link."""
    shown = _MARKDOWN.sub(lambda found: f"\\{found.group()[0]}{found.group()[1:]}", visible(text).strip())
    start = _MARKDOWN_START.match(shown)
    if start is None:
        return shown
    if start.group().isdigit():
        return f"{start.group()}\\{shown[start.end() :]}"
    return f"\\{shown}"


def html_text(text: str) -> str:
    """For text between tags of an HTML or XML document."""
    return visible(text).translate(_HTML)


def html_attribute(text: str) -> str:
    """For the value of a quoted attribute. An address goes through ``safe_link`` first."""
    return visible(text).translate(_HTML)


def safe_link(url: str) -> str:
    """The address if it may become a link, else an empty string.

    Only http and https, with a host, without user information and without control or format characters. What could end
    an attribute, a Markdown link or a line is percent-encoded.
    """
    if not url.isprintable() or _LINK.fullmatch(url) is None:
        return ""
    return _LINK_UNSAFE.sub(lambda found: f"%{ord(found.group()):02X}", url)


def clean_for(sink: Sink) -> Callable[[str], str]:
    """The cleaner of a sink."""
    return _CLEANERS[sink]


def _json_string(text: str) -> str:
    return json_line(text)[1:-1]


_CLEANERS: dict[Sink, Callable[[str], str]] = {
    Sink.TERMINAL: terminal,
    Sink.LOG: log,
    Sink.CSV: csv,
    Sink.MARKDOWN: markdown,
    Sink.HTML_TEXT: html_text,
    Sink.HTML_ATTRIBUTE: html_attribute,
    Sink.JSON: _json_string,
}


# --- whole documents ---------------------------------------------------------------------------------------------

_JSON_HIDE = re.compile("[<>&\u007f-\u00a0\u00ad\u2028\u2029]|[^\x00-\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def _json_escape(found: re.Match[str]) -> str:
    character = found.group()
    if character.isprintable() and character not in "<>&":
        return character
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def _finite(value: object) -> object:
    """The value with what JSON cannot hold replaced: NaN and infinities by null, lone surrogates by U+FFFD."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(_finite(str(key))): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def json_line(value: object, *, ascii_only: bool = False) -> str:
    """Valid JSON on one line, keys in the order given.

    Letters of every script stay readable; controls, format characters and ``<``, ``>``, ``&`` are escaped, so that the
    line is harmless on a terminal and inside a page. With ``ascii_only`` everything else is escaped as well.
    """
    text = json.dumps(_finite(value), ensure_ascii=ascii_only, allow_nan=False, separators=(", ", ": "))
    return _JSON_HIDE.sub(_json_escape, text)


def csv_line(cells: list[object], *, raw: bool = False) -> str:
    """One line of a CSV file, every cell quoted, without its line end. Only texts are cleaned; numbers are ours.

    With ``raw`` texts are written as they are (quotes doubled): for machines, never for a spreadsheet.
    """
    return ",".join(f'"{_cell(cell, raw=raw)}"' for cell in cells)


def _cell(cell: object, *, raw: bool) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    return (cell if raw else csv(cell)).replace('"', '""')
