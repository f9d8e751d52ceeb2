"""Rows I of the fault matrix over every face of a report: whatever a publisher sends is shown as text and does nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from tests.app.full_samples import full_report
from tests.support.canary import (
    LINKS,
    LIVE_SCHEMES,
    MARK,
    TEXTS,
    extra_lines,
    formula_cells,
    live_markup,
    raw_controls,
)
from watcher.app.report import Report
from watcher.app.report_feeds import atom_lines, calendar_lines
from watcher.app.report_files import csv_lines, jsonl_lines, markdown_lines
from watcher.app.report_html import html_report
from watcher.app.report_json import json_report
from watcher.app.report_text import report_lines
from watcher.core.render import Style, wrap

FACES: dict[str, Callable[[Report], str]] = {
    "terminal": lambda report: "\n".join(report_lines(report, Style())),
    "markdown": lambda report: "\n".join(markdown_lines(report)),
    "csv": lambda report: "\n".join(csv_lines(report)),
    "jsonl": lambda report: "\n".join(jsonl_lines(report)),
    "json": lambda report: "\n".join(json_report(report)),
    "html": html_report,
    "atom": lambda report: "\n".join(atom_lines(report)),
    "calendar": lambda report: "\n".join(calendar_lines(report)),
}


def shown(face: str, text: str = "plain", link: str = "https://x.example/1") -> str:
    return FACES[face](made(text, link))


made = cache(full_report)


class Page(HTMLParser):
    """Elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", TEXTS)
def test_i11_no_text_reaches_a_face_with_a_raw_control(face: str, name: str) -> None:
    assert raw_controls(shown(face, TEXTS[name]).replace("\r\n", "\n")) == []


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", LINKS)
def test_i11_no_link_reaches_a_face_with_a_raw_control(face: str, name: str) -> None:
    assert raw_controls(shown(face, link=LINKS[name]).replace("\r\n", "\n")) == []


@pytest.mark.parametrize("name", TEXTS)
def test_i01_i03_a_page_has_no_element_and_no_attribute_of_a_feed(name: str) -> None:
    ours, theirs = Page(shown("html")), Page(shown("html", TEXTS[name]))
    assert set(theirs.elements) == set(ours.elements)
    assert {key for key, _ in theirs.attributes} <= {key for key, _ in ours.attributes}
    assert live_markup(shown("html", TEXTS[name])) == live_markup(shown("html"))


@pytest.mark.parametrize("name", LINKS)
def test_i02_only_web_addresses_become_links(name: str) -> None:
    page = Page(shown("html", link=LINKS[name]))
    followed = [value for key, value in page.attributes if key in {"href", "src", "action"}]
    assert all(value.startswith(("#", "http://", "https://")) for value in followed)
    assert not [value for value in followed if re.search(r"[\s\"'<>\\]", value)]
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    begins = {"markdown": r"\]\(<?", "atom": 'href="', "calendar": "^URL[^:]*:"}
    for face, begin in begins.items():
        live = re.findall(rf"{begin}\s*([a-z-]+:)", shown(face, link=LINKS[name]), re.IGNORECASE | re.MULTILINE)
        assert not set(map(str.lower, live)) & set(LIVE_SCHEMES), face


@pytest.mark.parametrize("name", [*TEXTS, *LINKS])
def test_i12_records_stay_one_line_each(name: str) -> None:
    given = (TEXTS[name], "https://x.example/1") if name in TEXTS else ("plain", LINKS[name])
    for face in ("jsonl", "json"):
        assert extra_lines(shown(face, *given), len(shown(face).splitlines())) == 0, face
    begins = [line for line in shown("calendar", *given).splitlines() if line.startswith(("BEGIN:", "END:"))]
    assert begins == [line for line in shown("calendar").splitlines() if line.startswith(("BEGIN:", "END:"))]


@pytest.mark.parametrize("name", [*TEXTS, *LINKS])
def test_i13_a_table_has_its_cells_and_no_formula(name: str) -> None:
    given = (TEXTS[name], "https://x.example/1") if name in TEXTS else ("plain", LINKS[name])
    rows = list(csv.reader(io.StringIO(shown("csv", *given))))
    plain = list(csv.reader(io.StringIO(shown("csv"))))
    assert [len(row) for row in rows] == [len(row) for row in plain]
    assert formula_cells(rows) == []


@pytest.mark.parametrize("name", [*TEXTS, *LINKS])
def test_i14_json_and_xml_are_read_by_any_reader(name: str) -> None:
    given = (TEXTS[name], "https://x.example/1") if name in TEXTS else ("plain", LINKS[name])
    for face in ("jsonl", "json"):
        text = shown(face, *given)
        assert [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]
        assert "</script" not in text.lower()
        text.encode()
    assert len(list(fromstring(shown("atom", *given)))) == len(list(fromstring(shown("atom"))))


@pytest.mark.parametrize("name", TEXTS)
def test_i15_markdown_gains_no_markup(name: str) -> None:
    text = shown("markdown", TEXTS[name])
    assert live_markup(text) == []
    assert not re.search(r"(?<!\\)\]\((?!<https?://x\.example/|#)", text)
    assert not re.search(r"(?<!\\)!\[", text)
    heads = [line for line in text.splitlines() if line.startswith(("#", "```", "---", "***"))]
    assert len(heads) == len([line for line in shown("markdown").splitlines() if line.startswith(("#", "```", "---"))])


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", ["colour", "script", "formula", "zalgo", "long word", "new lines", "nul"])
def test_i01_what_was_said_is_shown_and_stays_bounded(face: str, name: str) -> None:
    """Harmless must not mean silently dropped, nor may one title bury the rest."""
    text = re.sub(r"\s+", "", shown(face, TEXTS[name]))
    assert MARK in text
    assert len(text) < 60 * 20_000


@pytest.mark.slow
def test_i11_a_real_terminal_shows_only_our_lines(tmp_path: Path) -> None:
    """tmux interprets what it is given as a terminal does: title, clipboard and lines before ours must not change."""
    tmux = shutil.which("tmux")
    if tmux is None:
        pytest.skip("no tmux on this machine: terminal output was not tried in a real terminal")
    page = tmp_path / "page.txt"
    chosen = [text for name, text in TEXTS.items() if "long" not in name and "wide" not in name]
    page.write_text(
        "first line\n" + "\n".join(shown("terminal", text) for text in chosen) + "\nlast line\n", encoding="utf-8"
    )
    server = [tmux, "-S", str(tmp_path / "tmux"), "-f", "/dev/null"]
    env = {**os.environ, "LC_ALL": "C.UTF-8"}

    def ask(*words: str) -> str:
        return subprocess.run([*server, *words], env=env, capture_output=True, text=True, check=True).stdout

    ask("new-session", "-d", "-x", "100", "-y", "40", "-s", "x", f"cat {page}; exec cat")
    try:
        ask("set-option", "-t", "x", "history-limit", "100000")
        deadline = time.monotonic() + 20
        while "last line" not in (seen := ask("capture-pane", "-p", "-t", "x", "-S", "-")):
            assert time.monotonic() < deadline, seen
        assert MARK not in ask("display-message", "-p", "-t", "x", "#{pane_title}")
        assert ask("list-buffers") == ""
        assert "\x1b]" not in ask("capture-pane", "-p", "-e", "-t", "x", "-S", "-")
    finally:
        subprocess.run([*server, "kill-server"], env=env, capture_output=True, check=False)


def test_i11_a_page_long_word_is_wrapped_in_one_pass() -> None:
    """Wrapping once took time by the square of a word: a title could hold a report up for seconds."""
    long, longer = "\u6f22" * 20_000, "\u6f22" * 160_000

    def cost(word: str) -> float:
        started = time.process_time()
        assert "".join(wrap(word, 80)) == word
        return time.process_time() - started

    assert min(cost(longer) for _ in range(2)) < 30 * min(cost(long) for _ in range(3))
