"""Strict YAML: text to nodes with places, every scalar as text. Must not: know what a watchlist is, or type a value.

What a person could write without meaning it is refused: tags, anchors, aliases, merge keys, duplicate keys, keys that
are not plain words, several documents, nesting over 20, files over 5 MB, characters that hide text. Nothing is ever
guessed: ``NO``, ``1.10``, ``12:30`` and ``010`` stay the text they are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from watcher.core.document import Place, Query
from watcher.core.errors import Issue
from watcher.core.secrets import hide_in_line

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_DEPTH: Final = 20
QUOTE_HINT: Final = "put the value in single quotes: 'like this' (a single quote inside is written twice)"
# Characters that start something else in YAML, or that editors do not show: they hide what a reviewer would read.
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_SPECIAL = frozenset("@`%!&*|>\"'")


@dataclass(frozen=True, slots=True)
class YamlText:
    """A scalar. ``style`` is ``''`` (plain), ``'``, ``"``, ``|`` or ``>``; ``raw`` is the source text it was made from.

    ``comment`` is what follows the value on its line after ``#``, without the ``#``.
    """

    text: str
    style: str
    place: Place
    raw: str
    comment: str = ""

    def query(self) -> Query:
        """The scalar as a query that knows where each of its characters stands in the file."""
        if self.style in ("", "'") and "\n" not in self.raw and "''" not in self.raw:
            place = Place(self.place.file, self.place.line, self.place.column + len(self.style))
            return Query(self.text, place)
        places = self._places()
        turns: list[tuple[int, int, int]] = []
        for offset in range(1, len(places)):
            line, column = places[offset]
            if places[offset - 1] != (line, column - 1):
                turns.append((offset, line, column))
        return Query(self.text, Place(self.place.file, *places[0]), tuple(turns))

    def _places(self) -> list[tuple[int, int]]:
        """Line and column of every character of ``text``, and of its end."""
        starts = [0, *(index + 1 for index, char in enumerate(self.raw) if char == "\n")]
        places = []
        for index in self._indexes():
            line = bisect_right(starts, index) - 1
            column = index - starts[line] + (1 if line else self.place.column)
            places.append((self.place.line + line, column))
        return places

    def _indexes(self) -> list[int]:
        """Index in ``raw`` of every character of ``text``, and of its end.

        YAML only folds white space and doubles single quotes, so the other characters stand in ``raw`` in the same
        order; double-quoted escapes are beyond this (they point at a character near by).
        """
        at = self._body_start()
        indexes = []
        for char in self.text:
            if not char.isspace():
                at = self._skip_space(at)
            indexes.append(min(at, len(self.raw)))
            at += 2 if char == "'" and self.style == "'" else 1
        return [*indexes, min(at, len(self.raw))]

    def _body_start(self) -> int:
        if self.style in "|>" and self.style:
            return self._skip_space(self.raw.find("\n") + 1)
        return 1 if self.style else 0

    def _skip_space(self, at: int) -> int:
        while at < len(self.raw) and self.raw[at].isspace():
            at += 1
        return at


@dataclass(frozen=True, slots=True)
class YamlList:
    """A sequence."""

    items: tuple[YamlNode, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class YamlMap:
    """A mapping in file order; its keys are unique scalars."""

    by_key: Mapping[str, tuple[YamlText, YamlNode]]
    place: Place

    @property
    def items(self) -> tuple[tuple[YamlText, YamlNode], ...]:
        """Keys and values in file order."""
        return tuple(self.by_key.values())

    def get(self, key: str) -> YamlNode | None:
        """The value of a key, or None."""
        found = self.by_key.get(key)
        return found[1] if found else None


YamlNode = YamlText | YamlList | YamlMap


def plain(node: YamlNode) -> Any:
    """The node as dicts, lists and text: what pydantic types."""
    if isinstance(node, YamlText):
        return node.text
    if isinstance(node, YamlList):
        return [plain(item) for item in node.items]
    return {key.text: plain(value) for key, value in node.items}


def walk(node: YamlNode, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], YamlText]]:
    """Every scalar value with its path, in file order."""
    if isinstance(node, YamlText):
        yield path, node
        return
    steps = enumerate(node.items) if isinstance(node, YamlList) else ((key.text, value) for key, value in node.items)
    for step, child in steps:
        yield from walk(child, (*path, step))


def locate(node: YamlNode, path: Sequence[str | int], *, key: bool = False) -> Place:
    """The place of the value at a path (of its key where ``key``), or of the nearest thing above that exists."""
    place = node.place
    for step in path:
        child = _step(node, step)
        if child is None:
            break
        name, node = child
        place = name.place if key and name else node.place
    return place


def _step(node: YamlNode, step: str | int) -> tuple[YamlText | None, YamlNode] | None:
    if isinstance(node, YamlMap):
        return node.by_key.get(str(step))
    if isinstance(node, YamlList) and isinstance(step, int):
        return None, node.items[step]
    return None


def read(text: str, file: str) -> tuple[YamlNode | None, tuple[Issue, ...]]:
    """Read one YAML document.

    Returns:
        The root node (None where the syntax is broken or the file is empty) and every problem found.
    """
    early = _refuse(text.removeprefix("\ufeff"), file)
    if early:
        return None, early
    return _Reader(text.removeprefix("\ufeff"), file).read()


def _refuse(text: str, file: str) -> tuple[Issue, ...]:
    """What is refused before a parser sees it: size, and characters that hide text."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        return (Issue(file, 0, 0, "too-large", f"the file is larger than {MAX_BYTES // 1024 // 1024} MB"),)
    hidden = _HIDDEN.finditer(text)
    return tuple(
        Issue(
            file,
            *_line_column(text, found.start()),
            "hidden-character",
            f"U+{ord(found[0]):04X} hides or reorders text",
            "delete it; a term that needs it cannot be reviewed",
        )
        for found, _ in zip(hidden, range(20), strict=False)
    )


def _line_column(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


@dataclass(slots=True)
class _Open:
    """A collection that is being read: items of a list, or keys and values in turn."""

    is_map: bool
    place: Place
    items: list[YamlNode] = field(default_factory=list)
    anchor: str = ""


class _Reader:
    """Builds nodes from libyaml's events with a stack of its own, so that depth is ours to bound."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.issues: list[Issue] = []
        self.stack: list[_Open] = []
        self.root: YamlNode | None = None
        self.documents = 0

    def read(self) -> tuple[YamlNode | None, tuple[Issue, ...]]:
        try:
            for event in yaml.parse(self.text, Loader=yaml.CSafeLoader):
                if not self._take(event):
                    return None, tuple(self.issues)
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
            return None, tuple(self.issues)
        if self.root is None:
            self.issues.append(Issue(self.file, 1, 1, "empty-file", "the file says nothing"))
        return self.root, tuple(self.issues)

    def _take(self, event: Any) -> bool:
        """Handle one event; False ends the reading (too deep, or a second document)."""
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    self._add(event, "several-documents", "a second document starts here", "keep one per file")
                return self.documents == 1
            case yaml.ScalarEvent():
                self._check_properties(event)
                self._put(self._scalar(event))
            case yaml.AliasEvent():
                hint = "write the value out, or put shared concepts into an included file"
                self._add(event, "alias", f"alias *{event.anchor} is not allowed", f"{hint}; a query is single-quoted")
                self._put(YamlText(f"*{event.anchor}", "", self._place(event), f"*{event.anchor}"))
            case yaml.CollectionStartEvent():
                self._check_properties(event)
                self.stack.append(_Open(isinstance(event, yaml.MappingStartEvent), self._place(event)))
                if len(self.stack) > MAX_DEPTH:
                    self._add(event, "too-deep", f"nested more than {MAX_DEPTH} deep")
                    return False
            case yaml.CollectionEndEvent():
                self._put(self._close(self.stack.pop()))
            case _:  # the stream begins or ends: nothing to build
                pass
        return True

    def _close(self, done: _Open) -> YamlNode:
        if not done.is_map:
            return YamlList(tuple(done.items), done.place)
        pairs: dict[str, tuple[YamlText, YamlNode]] = {}
        for key, value in zip(done.items[::2], done.items[1::2], strict=True):
            if self._is_good_key(key, pairs) and isinstance(key, YamlText):
                pairs[key.text] = (key, value)
        return YamlMap(pairs, done.place)

    def _is_good_key(self, key: YamlNode, pairs: dict[str, tuple[YamlText, YamlNode]]) -> bool:
        if not isinstance(key, YamlText):
            self._add_at(key.place, "complex-key", "a key must be one word or phrase, not a list or mapping")
            return False
        if key.text == "<<":
            self._add_at(key.place, "merge-key", "merge key << is not allowed", "write the keys out")
            return False
        if key.text in pairs:
            first = pairs[key.text][0].place
            message = f"key {key.text!r} stands twice (first in line {first.line})"
            self._add_at(key.place, "duplicate-key", message, "keep one; the other would be lost without a word")
            return False
        return True

    def _put(self, node: YamlNode) -> None:
        if self.stack:
            self.stack[-1].items.append(node)
        else:
            self.root = node

    def _scalar(self, event: Any) -> YamlText:
        raw = self.text[event.start_mark.index : event.end_mark.index]
        comment = ""
        if event.style in (None, ""):
            line_end = self.text.find("\n", event.end_mark.index)
            rest = self.text[event.end_mark.index : None if line_end < 0 else line_end]
            comment = rest.lstrip()[1:] if rest[:1].isspace() and rest.lstrip().startswith("#") else ""
        return YamlText(event.value, event.style or "", self._place(event), raw, comment)

    def _check_properties(self, event: Any) -> None:
        if event.tag is not None:
            hint = f"values are read as text and typed by their key; for a query, {QUOTE_HINT}"
            self._add(event, "tag", f"tag {event.tag} is not allowed", hint)
        if event.anchor is not None:
            hint = f"write the value out where it is needed; for a query, {QUOTE_HINT}"
            self._add(event, "anchor", f"anchor &{event.anchor} is not allowed", hint)

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        lines = self.text.split("\n")
        mark = error.problem_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        if line >= len(lines) or not lines[line].strip():
            # The end of the file says nothing; the last line that does holds the unfinished thing.
            line = max((n for n, text in enumerate(lines[:line]) if text.strip()), default=0)
            column = 0
        shown = lines[line].strip()[:120]
        what = ", ".join(part for part in (error.context, error.problem) if part)
        message = f"not valid YAML: {what}; the line reads: {hide_in_line(shown)}"
        start = error.context_mark.line if error.context_mark else line
        hint = _syntax_hint(lines[max(0, min(start, line - 1)) : line + 1], column + 1)
        self.issues.append(Issue(self.file, line + 1, column + 1, "yaml-syntax", message, hint))

    def _place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _add(self, event: Any, code: str, message: str, hint: str = "") -> None:
        self._add_at(self._place(event), code, message, hint)

    def _add_at(self, place: Place, code: str, message: str, hint: str = "") -> None:
        self.issues.append(Issue(place.file, place.line, place.column, code, message, hint))


def _syntax_hint(lines: Sequence[str], column: int) -> str:
    """What probably went wrong, from the line that does not parse and the ones it belongs to."""
    if any(re.search(r"\s#", line) for line in lines):
        return "' #' starts a comment: what follows it, brackets too, is not read"
    value = lines[-1].partition(": ")[2]
    if lines[-1][column - 1 : column] in _SPECIAL or value[:1] in _SPECIAL or ": " in value:
        return QUOTE_HINT
    return ""
