"""A whole report in every face: what stands in it, in which order, and that nothing a feed sends can break out of it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from xml.etree.ElementTree import fromstring

import pytest
from msgspec.structs import replace

from tests.app.full_samples import full_report
from tests.core.test_clean import CANARIES, is_harmless
from watcher.app.html import Markup, anchor, picture, tag
from watcher.app.report_feeds import ATOM, atom_lines, calendar_lines
from watcher.app.report_files import markdown_lines
from watcher.app.report_html import html_report
from watcher.app.report_json import json_report
from watcher.app.report_parts import changed
from watcher.app.report_text import report_lines
from watcher.core.render import Style

ELEMENTS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "nav",
        "section",
        "article",
        "a",
        "p",
        "span",
    ),
    *("h1", "h2", "h3", "h4", "ul", "li", "i", "dl", "dt", "dd", "div", "blockquote", "mark"),
    *("table", "thead", "tbody", "tr", "th", "td", "svg", "rect", "text", "line", "path", "circle", "defs", "g"),
}
LIKELIHOOD = ("likely", "unlikely", "probable", "probably", "possibly", "almost certain", "chances")
CALM = [text for text in CANARIES if "\n" not in text]


class Seen(HTMLParser):
    """Every element, every attribute, and the text in between."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text += data


def faces(report) -> dict[str, str]:
    return {
        "text": "\n".join(report_lines(report, Style())),
        "md": "\n".join(markdown_lines(report)),
        "html": html_report(report),
        "json": "\n".join(json_report(report)),
    }


def test_every_face_says_what_changed_before_all_else():
    for name, shown in faces(full_report()).items():
        if name == "json":
            continue
        places = [shown.index(words) for words in ("What changed", "Board", "Timeline", "Dismissed", "Provenance")]
        assert places == sorted(places), name


def test_a_whole_report_holds_decisions_stories_sentences_and_gaps():
    for name, shown in faces(full_report("Moscow speaks")).items():
        for words in ("confirmed by Moscow speaks", "2 independent origins", "graded B2", "342", "597"):
            if name != "json":
                assert words in " ".join(shown.split()), (name, words)


def test_the_json_face_holds_the_same_as_data():
    record = json.loads(faces(full_report())["json"])

    assert record["hits_shown"][0]["story"]["origins"] == 2
    assert record["hits_shown"][0]["words"][0]["pieces"][0] == ["plai", True]
    assert record["figures"][0]["readings"][0]["value"] == 597.0
    assert [row["axis"] for row in record["board"]["rows"]][:2] == ["signal", "signal"]
    assert record["coverage"]["state"] == "part"


def test_no_word_of_likelihood_is_ours():
    for name, shown in faces(full_report()).items():
        assert not [word for word in LIKELIHOOD if f" {word} " in shown.lower()], name


@pytest.mark.parametrize("text", CANARIES)
@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://x.example/\"onload='x", "data:text/html,<script>1</script>"]
)
def test_i01_i02_i03_the_page_has_our_elements_and_no_others(text, link):
    seen = Seen(html_report(full_report(text, link)))

    assert set(seen.elements) <= ELEMENTS
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name in ("style", "src", "srcset")]
    links = [value for name, value in seen.attributes if name == "href"]
    assert all(value.startswith(("#", "https://x.example/")) for value in links)


@pytest.mark.parametrize("text", CALM)
def test_i11_every_face_is_harmless_to_what_shows_it(text):
    for name, shown in faces(full_report(text)).items():
        assert all(is_harmless(line) for line in shown.splitlines()), name


@pytest.mark.parametrize("text", CANARIES)
def test_i12_lines_stay_lines(text):
    """The number of lines of JSON does not depend on what a feed sends."""
    assert len(list(json_report(full_report(text)))) == 1


@pytest.mark.parametrize("text", CANARIES)
def test_i11_an_atom_feed_is_xml_whatever_comes(text):
    """A parser reads it, and finds the entries that we wrote and no others."""
    root = fromstring("\n".join(atom_lines(full_report(text, "javascript:1"))))

    assert len(root.findall(f"{{{ATOM}}}entry")) == 2
    assert not root.findall(f".//{{{ATOM}}}link")
    assert {child.tag.split("}")[1] for child in root.iter()} <= {
        "feed",
        "id",
        "title",
        "subtitle",
        "updated",
        "author",
        "name",
        "entry",
        "category",
        "content",
    }


@pytest.mark.parametrize("text", [*CANARIES, "a;b,c\\n", "Ж" * 100, "END:VEVENT\r\nBEGIN:VEVENT"])
def test_i12_a_calendar_has_our_lines_and_no_others(text):
    lines = list(calendar_lines(full_report(text)))

    assert all(len(line.encode("utf-8", "replace")) <= 75 for line in lines)
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 3
    names = {line.split(":")[0].split(";")[0] for line in lines if not line.startswith(" ")}
    assert names <= {
        "BEGIN",
        "VERSION",
        "PRODID",
        "CALSCALE",
        "X-WR-CALNAME",
        "UID",
        "DTSTAMP",
        "DTSTART",
        "SUMMARY",
        "DESCRIPTION",
        "URL",
        "CATEGORIES",
        "END",
    }
    assert "DTSTART;VALUE=DATE:19970527" in lines


def test_the_policy_of_the_page_forbids_everything_but_our_style():
    page = html_report(full_report())

    assert "default-src 'none'; style-src 'sha256-" in page.replace("&#39;", "'")
    assert "<script" not in page
    assert page.count("<style>") == 1


def test_the_board_narrows_with_the_report_and_the_last_report_is_named():
    told = changed(full_report())

    assert told[0] == "New since the last report, which reaches to 2025-12-11 01:00, given by plain."
    assert any("“claimed” (1 of 3) for the first time" in line for line in told)
    assert any("Decisions of analysts in the period: 1 confirmed" in line for line in told)
    assert "dead" not in told[-1]


def test_markup_is_made_here_and_nowhere_else():
    assert tag("p", "a < b", Markup("<i></i>"), title='"') == '<p title="&quot;">a &lt; b<i></i></p>'
    assert tag("br") == "<br>"
    assert anchor("x", "javascript:1") == "x"
    with pytest.raises(ValueError, match="not a name of an element"):
        tag("p onclick=x")
    with pytest.raises(ValueError, match="not an SVG"):
        picture("<script>", "x")


def test_a_figure_in_billions_fits_beside_its_axis():
    report = full_report()
    (reading,) = report.facts.full.figures
    big = replace(report.facts.full, figures=(replace(reading, value=40e9),))
    assert " bn</text>" in html_report(replace(report, facts=replace(report.facts, full=big)))
