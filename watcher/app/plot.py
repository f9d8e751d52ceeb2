"""Draws dated series as SVG (the same bytes for the same series). Must not: read or choose data.

Nothing hangs on colour: every series has a mark of its own. The SVG holds no script and refers to nothing outside. By
itself it is dark on white, as a file must be that may stand anywhere; what it is made of has classes (``CLASSES``), by
which a page gives it the page's own colours and ground.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo

import drawsvg

from watcher.core.clean import visible
from watcher.core.period import show_moment
from watcher.core.series import (
    Point,
    Scale,
    Series,
    scales_of,
    show_value,
    time_ticks,
    value_ticks,
)

COLORS = ("#1f5fa8", "#b4451f", "#2c7a3d", "#7a4fa0", "#8a6d00", "#555555")
CLASSES = ("ground", "ink", "axis", "grid", "open", *(f"s{number}" for number in range(len(COLORS))))
"""Classes in the SVG: the sheet, texts, axes, grid, the inside of open marks, and each series."""
FONT = "sans-serif"
INK, FAINT, GROUND = "#333333", "#d5d5d5", "#ffffff"
_LEFT, _RIGHT, _TOP, _BOTTOM, _ROW, _TICK = 72, 16, 40, 44, 20, 110


def plot_svg(
    series: Sequence[Series],
    *,
    title: str,
    unit: str = "",
    zone: tzinfo = UTC,
    size: tuple[int, int] = (800, 400),
    heading: bool = True,
) -> str:
    """The series as an SVG document, with a legend and a tooltip for every point.

    Args:
        series: what to draw; at most six have a mark and a colour of their own.
        title: above the plot.
        unit: what the values count.
        zone: for dates.
        size: width and height in pixels; the legend adds to the height.
        heading: whether the title is drawn; where a page says it already it is only told to screen readers.
    """
    wide, high = size
    drawing = drawsvg.Drawing(wide, high + _ROW * len(series))
    drawing.append(drawsvg.Title(visible(title)))
    drawing.append(drawsvg.Rectangle(0, 0, wide, high + _ROW * len(series), fill=GROUND, class_="ground"))
    if heading:
        drawing.append(_text(title, 16, _LEFT, 24, font_weight="bold"))
    canvas = _Canvas(*scales_of(series), wide, high)
    for part in (*canvas.grid(zone, unit), *canvas.drawn(series, zone), *canvas.legend(series)):
        drawing.append(part)
    return str(drawing.as_svg()) + "\n"


def _text(text: str, size: int, x: float, y: float, **more: str) -> drawsvg.Text:
    looks = {"fill": INK, "class_": "ink", "font_family": FONT}
    return drawsvg.Text(visible(text), size, round(x, 1), round(y, 1), **looks, **more)


class _Canvas:
    """Places on the sheet."""

    def __init__(self, times: Scale, values: Scale, wide: int, high: int) -> None:
        self._times = times
        self._values = values
        self._right = wide - _RIGHT
        self._bottom = high - _BOTTOM

    def _place(self, at: float, value: float) -> tuple[float, float]:
        x = _LEFT + self._times(at) * (self._right - _LEFT)
        return round(x, 1), round(self._bottom - self._values(value) * (self._bottom - _TOP), 1)

    def grid(self, zone: tzinfo, unit: str) -> Iterator[drawsvg.DrawingElement]:
        """Lines and labels of both axes."""
        for value in value_ticks(self._values):
            _, y = self._place(self._times.low, value)
            yield drawsvg.Line(_LEFT, y, self._right, y, stroke=FAINT, class_="grid")
            yield _text(_tick(value), 12, _LEFT - 8, y + 4, text_anchor="end")
        for at, label in time_ticks(self._times, max(2, self._right // _TICK), zone):
            x, _ = self._place(at, self._values.low)
            yield drawsvg.Line(x, self._bottom, x, self._bottom + 5, stroke=INK, class_="axis")
            yield _text(label, 12, x, self._bottom + 20, text_anchor="middle")
        yield drawsvg.Line(_LEFT, self._bottom, self._right, self._bottom, stroke=INK, class_="axis")
        if unit:
            yield _text(unit, 12, self._right, _TOP - 12, text_anchor="end")

    def drawn(self, series: Sequence[Series], zone: tzinfo) -> Iterator[drawsvg.DrawingElement]:
        """Lines first, so that no mark is hidden under one."""
        for number, one in enumerate(series):
            places = [self._place(point.at, point.value) for point in self._corners(one)]
            if len(places) > 1:
                flat = [coordinate for place in places for coordinate in place]
                looks = {"fill": "none", "stroke": _color(number), "class_": f"line {_own(number)}"}
                yield drawsvg.Lines(*flat, **looks, stroke_width=2, stroke_dasharray="6 4")
        for number, one in enumerate(series):
            for point in one.points:
                mark = _mark(number, *self._place(point.at, point.value))
                mark.append_title(_said(point, zone))
                yield mark

    def _corners(self, one: Series) -> list[Point]:
        if one.shape == "dots":
            return []
        if one.shape == "line":
            return list(one.points)
        corners: list[Point] = []
        for point in one.points:
            corners += [Point(point.at, corners[-1].value), point] if corners else [point]
        return [*corners, Point(int(self._times.high), corners[-1].value)] if corners else []

    def legend(self, series: Sequence[Series]) -> Iterator[drawsvg.DrawingElement]:
        """One line for each series, below."""
        for number, one in enumerate(series):
            y = self._bottom + _BOTTOM + _ROW * (number + 0.5)
            yield _mark(number, _LEFT + 6, y)
            yield _text(one.name, 12, _LEFT + 20, y + 4)


def _tick(value: float) -> str:
    """A value on the axis: short enough for the margin, however large."""
    for size, name in ((1e12, " trn"), (1e9, " bn"), (1e6, " m")):
        if abs(value) >= size:
            return f"{show_value(value / size)}{name}"
    return show_value(value)


def _said(point: Point, zone: tzinfo) -> str:
    label = f"\n{visible(point.label)}" if point.label else ""
    return f"{show_value(point.value)}, {show_moment(point.at, zone)}{label}"


def _color(number: int) -> str:
    return COLORS[number % len(COLORS)]


def _own(number: int) -> str:
    return f"s{number % len(COLORS)}"


def _mark(number: int, x: float, y: float) -> drawsvg.DrawingElement:
    """Circle, ring, diamond, square, triangle, cross: another shape for each series."""
    color, own = _color(number), _own(number)
    looks = {"fill": color, "stroke": color, "stroke_width": 1.5, "class_": own}
    open_ = {**looks, "fill": GROUND, "class_": f"open {own}"}
    kind = number % 6
    if kind in (0, 1):
        return drawsvg.Circle(x, y, 4.5, **(open_ if kind else looks))
    if kind == 3:
        return drawsvg.Rectangle(round(x - 4, 1), round(y - 4, 1), 8, 8, **open_)
    corners = {
        2: ((0, -6), (6, 0), (0, 6), (-6, 0)),
        4: ((0, -6), (6, 5), (-6, 5)),
        5: ((-4, -5), (0, -1), (4, -5), (5, -4), (1, 0), (5, 4), (4, 5), (0, 1), (-4, 5), (-5, 4), (-1, 0), (-5, -4)),
    }[kind]
    return drawsvg.Lines(*(round(c, 1) for dx, dy in corners for c in (x + dx, y + dy)), close=True, **looks)
