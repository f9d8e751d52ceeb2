"""Lays clean text out for a fixed width: measuring, cutting, wrapping, tables, marks. Must not: clean, print or ask a terminal.

Widths are columns of a terminal: an East Asian wide character takes two, a combining mark none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, takewhile

from msgspec import Struct, field


class Style(Struct, frozen=True):
    """What the place of output can show. ``unicode`` False keeps our own signs to ASCII; meaning never hangs on colour."""

    width: int = 80
    color: bool = False
    unicode: bool = True

    def bold(self, text: str) -> str:
        """Stands out."""
        return self._painted(text, "1")

    def dim(self, text: str) -> str:
        """Steps back."""
        return self._painted(text, "2")

    def good(self, text: str) -> str:
        """All is well (the words say it too)."""
        return self._painted(text, "32")

    def warn(self, text: str) -> str:
        """Look here (the words say it too)."""
        return self._painted(text, "33")

    def bad(self, text: str) -> str:
        """Something is wrong (the words say it too)."""
        return self._painted(text, "31")

    def mark(self, text: str) -> str:
        """A matched word in its sentence: reversed where there is colour, in brackets where there is none."""
        return self._painted(text, "1;7") if self.color else f"[{text}]"

    def _painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text

    @property
    def rule(self) -> str:
        """The character of a horizontal line."""
        return "─" if self.unicode else "-"

    @property
    def ellipsis(self) -> str:
        """What stands where text was cut."""
        return "…" if self.unicode else "..."

    @property
    def dot(self) -> str:
        """What stands between facts on one line."""
        return " · " if self.unicode else " | "


@lru_cache(maxsize=1024)
def character_width(character: str) -> int:
    """Columns that one character takes."""
    if character.isascii():
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def width(text: str) -> int:
    """Columns that a clean text takes."""
    return len(text) if text.isascii() else sum(map(character_width, text))


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text filled with spaces to so many columns; ``right`` aligns it to the right."""
    fill = " " * max(0, columns - width(text))
    return fill + text if right else text + fill


def cut(text: str, columns: int, *, ellipsis: str = "…") -> str:
    """The text, or its start and an ellipsis where it is wider than so many columns."""
    if width(text) <= columns:
        return text
    room = columns - width(ellipsis)
    return (_head(text, room) + ellipsis) if room > 0 else _head(text, columns)


def _head(text: str, columns: int) -> str:
    used = accumulate(map(character_width, text))
    return text[: sum(1 for _ in takewhile(lambda columns_used: columns_used <= columns, used))]


def wrap(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns, broken at spaces; a longer word is broken where it must be."""
    columns = max(columns, 2)
    if width(text) <= columns and not text.startswith(" "):
        return [text]
    lines: list[str] = []
    line, used = "", 0
    for word in text.split(" "):
        wide = width(word)
        if (used + 1 if line else 0) + wide <= columns:
            line, used = (f"{line} {word}", used + 1 + wide) if line else (word, wide)
            continue
        if line:
            lines.append(line)
        *whole, line = _pieces(word, columns)
        used = width(line)
        lines.extend(whole)
    if line or not lines:
        lines.append(line)
    return lines


def _pieces(word: str, columns: int) -> list[str]:
    pieces, start, used = [], 0, 0
    for place, character in enumerate(word):  # once over the word: it may be as long as a publisher likes
        wide = character_width(character)
        if used + wide > columns:
            pieces.append(word[start:place])
            start, used = place, 0
        used += wide
    return [*pieces, word[start:]]


def block(text: str, columns: int, *, first: str = "", rest: str | None = None) -> list[str]:
    """The text wrapped, its first line after ``first``, the others after ``rest`` (spaces of the same width)."""
    rest = " " * width(first) if rest is None else rest
    lines = wrap(text, columns - width(first))
    return [first + lines[0], *(rest + line for line in lines[1:])]


def packed(facts: Sequence[str], style: Style, *, indent: int = 0) -> list[str]:
    """Short facts on as few lines as they need, broken between facts where that is possible."""
    edge, lines, line = " " * indent, [], ""
    for fact in facts:
        candidate = f"{line}{style.dot}{fact}" if line else fact
        if line and width(candidate) > style.width - indent:
            lines.extend(block(line, style.width, first=edge))
            candidate = fact
        line = candidate
    return [*lines, *block(line, style.width, first=edge)] if line else lines


class Column(Struct, frozen=True):
    """A column of a table. ``least`` is the width below which it is not shrunk; 0 keeps it at its natural width."""

    title: str
    least: int = 0
    right: bool = False


class Table(Struct, frozen=True):
    """A table of clean cells. Columns with ``least`` share what the width lacks, and wrap."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    indent: int = 0
    gap: int = 2
    tones: Sequence[str] = field(default=())

    def lines(self, style: Style) -> list[str]:
        """The lines of the table, its titles first. ``tones`` names a method of the style per row, or is empty."""
        widths = self._widths(style.width)
        out = [style.bold(line) for line in self._row([column.title for column in self.columns], widths)]
        for number, row in enumerate(self.rows):
            tone = self.tones[number] if self.tones else ""
            paint = getattr(style, tone) if tone else str
            out.extend(paint(line) for line in self._row(row, widths))
        return out

    def _widths(self, total: int) -> list[int]:
        widths = [
            max([width(column.title), *(width(row[index]) for row in self.rows)])
            for index, column in enumerate(self.columns)
        ]
        over = self.indent + sum(widths) + self.gap * (len(widths) - 1) - total
        while over > 0:
            room = [w - c.least if c.least else 0 for w, c in zip(widths, self.columns, strict=True)]
            if max(room) <= 0:
                break
            widest = max(range(len(widths)), key=lambda index: widths[index] if room[index] > 0 else -1)
            widths[widest] -= 1
            over -= 1
        return widths

    def _row(self, cells: Sequence[str], widths: Sequence[int]) -> list[str]:
        wrapped = [wrap(cell, columns) for cell, columns in zip(cells, widths, strict=True)]
        return [self._line(wrapped, widths, number) for number in range(max(map(len, wrapped)))]

    def _line(self, wrapped: Sequence[Sequence[str]], widths: Sequence[int], number: int) -> str:
        cells = (
            pad(lines[number] if number < len(lines) else "", columns, right=column.right)
            for lines, columns, column in zip(wrapped, widths, self.columns, strict=True)
        )
        return (" " * self.indent + (" " * self.gap).join(cells)).rstrip()


def heading(text: str, style: Style) -> str:
    """A section's heading: the text and a line to the right edge."""
    left = cut(text, style.width - 4, ellipsis=style.ellipsis)
    return f"{style.bold(left)} {style.rule * max(0, style.width - width(left) - 1)}"


def labelled(pairs: Iterable[tuple[str, str]], style: Style, *, indent: int = 0) -> list[str]:
    """Label and text per line, the texts aligned and wrapped; pairs without a text are left out."""
    shown = [(label, text) for label, text in pairs if text]
    edge = max((width(label) for label, _ in shown), default=0)
    lines: list[str] = []
    for label, text in shown:
        first = " " * indent + pad(label, edge) + "  "
        head, *others = block(text, style.width, first=first)
        lines.append(" " * indent + style.dim(pad(label, edge)) + head[indent + width(pad(label, edge)) :])
        lines.extend(others)
    return lines


def plural(count: int, one: str, many: str = "") -> str:
    """``1 hit``, ``2 hits``, ``1,200 hits``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
