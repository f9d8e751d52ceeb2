"""Figures: polls store them, a rescore replaces them, contradictions are shown, plots are the same bytes twice."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence

import pytest

from tests.core.test_clean import is_harmless
from tests.support.desk import HEAD, HOUR_S, SOURCE, Desk, feed, item
from watcher.app.plot import CLASSES, plot_svg
from watcher.app.plot_text import plot_text
from watcher.app.report_css import CSS
from watcher.cli import main
from watcher.core.render import Style
from watcher.core.series import DAY, Point, Series
from watcher.core.worddiff import SAME, diff

FIGURES = """figures:
  fleet:
    title: Listed vessels
    match: fleet
    unit: vessels
    units: {en: [vessel]}
    range: [1, 5000]
    baseline:
      - {date: 2025-05-20, value: 342, qualifier: total, note: after the 17th package, source: 'https://x.example/17'}
      - {date: 2025-05-20, value: 189, qualifier: added, note: 17th package, source: 'https://x.example/17'}
"""


def list_sources(desk: Desk, range_: str = "[1, 5000]") -> None:
    told = SOURCE.format(name="press", kind="feed", url=desk.server.url("/press.xml"), interval="1h")
    wire = SOURCE.format(name="wire", kind="feed", url=desk.server.url("/wire.xml"), interval="1h")
    figures = FIGURES.replace("[1, 5000]", range_)
    text = HEAD.replace("sources:\n", figures + "sources:\n") + told + wire.replace("primary", "secondary")
    desk.watchlist.write_text(text)


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """Two sources: the press says 342 in all, then 600; the wire says over 700 the same day."""
    list_sources(desk)
    desk.publish(feed(item(1, "The fleet has a total of 342 vessels.")))
    desk.publish(
        feed(item(1, "Wire", "The fleet grew to over 700 vessels \x1b[31m, it says. No cause.")), source="wire"
    )
    desk.poll()
    desk.publish(
        feed(item(1, "The fleet has a total of 600 vessels, it corrects."), item(2, "Another 41 vessels of the fleet."))
    )
    desk.poll(after_s=2 * HOUR_S)
    return desk


Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(filled: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setenv("WATCHER_DATABASE", str(filled.database))
    capsys.readouterr()

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["figures", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def readings(out: str) -> list[tuple[float, str, str, bool]]:
    lines = [json.loads(line) for line in out.splitlines()]
    return [
        (one["value"], one["qualifier"], one["source"], one["current"]) for one in lines if one["type"] == "reading"
    ]


def test_polls_store_readings_and_a_correction_is_another_point(told: Told) -> None:
    out = told("fleet", "--format", "jsonl")[1]

    assert sorted(readings(out)) == [
        (41.0, "added", "press", True),
        (342.0, "total", "press", False),
        (600.0, "total", "press", True),
        (700.0, "over", "wire", True),
    ]
    assert [json.loads(line)["conflict"] for line in out.splitlines() if '"reading"' in line].count(1) == 3


def test_the_series_stands_beside_the_baseline_and_contradictions_are_shown(told: Told) -> None:
    code, out, err = told("fleet")

    assert (code, err) == (0, "")
    assert "2025-05-20  total 342 vessels: after the 17th package" in out
    assert "not in the entry's present wording" in " ".join(out.split())
    assert "Sources contradict each other, 2025-12-15:" in out
    assert "  over 700 vessels: wire (wire), report" in out
    assert all(map(is_harmless, out.splitlines()))


def test_all_figures_a_line_each_and_only_primary_sources(told: Told) -> None:
    assert "fleet 4 added 41 vessels on" in " ".join(told()[1].split())
    assert {source for _, _, source, _ in readings(told("--primary", "--format", "jsonl")[1])} == {"press"}
    assert readings(told("--since", "2025-12-16", "--format", "jsonl")[1]) == []
    assert told("--format", "csv")[1].count("\n") == 5
    assert "(contradicted)" in told("fleet", "--format", "md")[1]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["tanks"], "has no figure tanks\nhint: it declares fleet"),
        (["--plot"], "name the figure to plot"),
        (["--watchlist", "other"], "watchlist other was never loaded"),
        (["--since", "soon"], "cannot read 'soon' as a time"),
    ],
)
def test_what_cannot_be_is_refused(told: Told, arguments: list[str], why: str) -> None:
    code, _, err = told(*arguments)

    assert code == 2
    assert why in err


def test_plots(told: Told, filled: Desk) -> None:
    path = filled.folder / "fleet.svg"
    plotted = told("fleet", "--plot")[1]
    assert "● primary sources" in plotted
    assert "◆ primary sources: added" in plotted

    code, out, err = told("fleet", "--svg", str(path))
    assert (code, out) == (0, "")
    assert err.endswith("4 readings, 2 baseline values\n")
    before = path.read_bytes()
    told("fleet", "--svg", str(path))
    assert path.read_bytes() == before


def test_a_rescore_replaces_what_was_read(told: Told, filled: Desk) -> None:
    list_sources(filled, "[500, 650]")
    assert main(["rescore", "--apply", "--watchlist", str(filled.watchlist)]) == 0

    # The old wording keeps what was read from it: only present wordings are scored again.
    assert sorted(readings(told("fleet", "--format", "jsonl")[1]), key=str) == [
        (342.0, "total", "press", False),
        (600.0, "total", "press", True),
    ]


# --- drawing ----------------------------------------------------------------------------------------------------------

HOSTILE = 'a <script>alert(1)</script> & "\u202e\x1b'


def series(shape: str = "dots", name: str = "s", values: Sequence[float] = (1, 2)) -> Series:
    return Series(name, tuple(Point(n * DAY, value, HOSTILE) for n, value in enumerate(values)), shape)


def test_an_svg_is_well_formed_the_same_twice_and_refers_to_nothing() -> None:
    drawn = [series("line", HOSTILE), series("steps"), *(series(values=[n]) for n in range(6))]
    svg = plot_svg(drawn, title=HOSTILE, unit=HOSTILE)

    assert svg == plot_svg(drawn, title=HOSTILE, unit=HOSTILE)
    root = ET.fromstring(svg)
    assert not [node for node in root.iter() if node.tag.endswith(("script", "image", "use", "a", "foreignObject"))]
    assert not [name for node in root.iter() for name in node.attrib if name.startswith("on") or name.endswith("href")]
    addresses = [part for part in svg.split('"') if part.startswith("http")]
    assert set(addresses) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "alert(1)" in "".join(root.itertext())


def test_all_that_is_drawn_has_a_class_that_the_page_colours() -> None:
    svg = plot_svg([series("steps"), *(series("line") for _ in range(7))], title="t", unit="u")
    painted = [node for node in ET.fromstring(svg).iter() if {"fill", "stroke"} & set(node.attrib)]
    used = {name for node in painted for name in node.get("class", "none").split()}
    assert used == {*CLASSES, "line"}
    assert all(f".plot .{name}{{" in CSS for name in used)


def test_a_title_that_the_page_says_already_is_only_told() -> None:
    svg = plot_svg([series()], title="Ships", heading=False)
    assert [node.tag.rpartition("}")[2] for node in ET.fromstring(svg).iter() if node.text == "Ships"] == ["title"]


def test_few_dates_stand_on_a_small_plot() -> None:
    def dates(wide: int) -> int:
        svg = plot_svg([series("line", values=range(60))], title="t", size=(wide, 260))
        return sum((node.text or "").startswith("19") for node in ET.fromstring(svg).iter())

    assert 2 <= dates(400) <= 4 < dates(800) <= 8


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_marks_and_words_of_plots_are_seen_on_the_ground_of_either_scheme(scheme: int) -> None:
    colours = dict(re.findall(r"--(\w+):#(\w+)", re.findall(r":root\{(.*?)\}", CSS, re.DOTALL)[scheme]))
    paper = luminance(colours["paper"])
    for name, least in {"ink": 4.5, "faint": 4.5, **{f"s{number}": 3.0 for number in range(6)}}.items():
        low, high = sorted((luminance(colours[name]), paper))
        assert (high + 0.05) / (low + 0.05) >= least, name


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    digits = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("drawn", [[], [series(values=[])], [series(values=[5])], [series("steps"), series("line")]])
def test_little_to_draw_is_no_fault(drawn: list[Series]) -> None:
    ET.fromstring(plot_svg(drawn, title="t"))
    for style in (Style(80), Style(60, unicode=False)):
        lines = plot_text(drawn, style, height=5)
        assert max(map(len, lines)) <= style.width
        assert style.unicode or all(map(str.isascii, lines))


def test_a_mark_stands_at_its_value_and_a_value_holds_until_the_next() -> None:
    first, last = plot_text([series("steps", values=[0, 4])], Style(60), height=5)[::4][:2]

    assert first.startswith("4 │")
    assert first.rstrip().endswith("●──")
    assert last.startswith("0 │  ●─")
    assert diff(first, first)[0].kind == SAME
