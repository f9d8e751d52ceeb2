"""Draws dated series as lines of text. Must not: read or choose data, or load what draws pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo

from watcher.core.clean import terminal
from watcher.core.render import Style, pad, width
from watcher.core.series import Scale, Series, scales_of, show_value, time_ticks, value_ticks

_UNICODE_MARKS, _ASCII_MARKS = "●○◆□▲✕", "o+*#^x"


def plot_text(series: Sequence[Series], style: Style, *, zone: tzinfo = UTC, height: int = 12) -> list[str]:
    """The series as lines of text: values down the left, dates below, then what each mark means.

    Of several marks in one place the first series' is seen.
    """
    times, values = scales_of(series)
    labels = {round((1 - values(tick)) * (height - 1)): show_value(tick) for tick in value_ticks(values)}
    edge = max(map(width, labels.values()))
    columns = max(20, style.width - edge - 4)
    cells = _cells(series, times, values, style, columns, height)
    bar, corner = ("│", "└") if style.unicode else ("|", "+")
    lines = [
        f"{pad(labels.get(row, ''), edge, right=True)} {bar}{''.join(cells[row])}".rstrip() for row in range(height)
    ]
    lines.append(f"{' ' * edge} {corner}{style.rule * columns}")
    lines.append((" " * (edge + 2) + _dates(times, columns, zone)).rstrip())
    marks = _UNICODE_MARKS if style.unicode else _ASCII_MARKS
    told = (f"{marks[number % 6]} {terminal(one.name)}" for number, one in enumerate(series))
    return [*lines, *(" " * (edge + 2) + line for line in told)]


def _cells(
    series: Sequence[Series], times: Scale, values: Scale, style: Style, columns: int, height: int
) -> list[list[str]]:
    cells = [[" "] * columns for _ in range(height)]
    marks = _UNICODE_MARKS if style.unicode else _ASCII_MARKS
    for number, one in reversed(list(enumerate(series))):
        for column, value in _dashes(one, times, columns):
            cells[round((1 - values(value)) * (height - 1))][column] = style.rule
        for point in one.points:
            row = round((1 - values(point.value)) * (height - 1))
            cells[row][round(times(point.at) * (columns - 1))] = marks[number % 6]
    return cells


def _dashes(one: Series, times: Scale, columns: int) -> Iterator[tuple[int, float]]:
    """Where a value holds until the next point (or to the end)."""
    if one.shape != "steps":
        return
    for point, following in zip(one.points, [*one.points[1:], None], strict=True):
        stop = times(following.at) * (columns - 1) if following else columns
        for column in range(math.ceil(times(point.at) * (columns - 1)), math.ceil(stop)):
            yield column, point.value


def _dates(times: Scale, columns: int, zone: tzinfo) -> str:
    line = [" "] * columns
    free = 0
    for at, label in time_ticks(times, max(2, columns // 14), zone):
        start = min(round(times(at) * (columns - 1)), columns - len(label))
        if start >= free:
            line[start : start + len(label)] = label
            free = start + len(label) + 2
    return "".join(line)
