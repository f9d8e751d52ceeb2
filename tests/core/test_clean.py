"""Every sink's cleaning against what feeds can contain."""

import csv as csv_module
import io
import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core import clean
from watcher.core.clean import Sink

CANARIES = [
    "\x1b[2J\x1b[31mred",
    "\x1b]0;owned\x07",
    "\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "\x9b31m",
    "\x90payload\x9c",
    "back\b\b\bspace",
    "over\rwritten",
    "bell\a",
    "two\nlines",
    "tab\tstop",
    "del\x7f",
    "nul\0",
    "\u202egnp.exe",
    "\u2066isolate\u2069",
    "\u200bzero\u200dwidth\ufeff",
    "soft\u00adhyphen",
    "\u2028line\u2029paragraph",
    "lone \ud800 surrogate",
    "\U000e0041tag",
    "private \ue000",
    "unassigned \u0378",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "`backtick`",
    '=HYPERLINK("https://evil.example","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "＝1＋1",
    "  =1+1",
    "\t=1+1",
    "[a](javascript:alert(1))",
    "![i](https://track.example/p.gif)",
    "| cell | break |",
    "https://auto.example/ and www.auto.example",
    "</script><!-- -->",
    "е" + "\u0301" * 40,
]


def is_harmless(text):
    return all(c.isprintable() or unicodedata.category(c) == "Zs" for c in text)


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("sink", list(Sink))
def test_i11_no_sink_lets_a_control_or_format_character_through(sink, canary):
    assert is_harmless(clean.clean_for(sink)(canary))


@given(st.text(st.characters(exclude_categories=())))
def test_i11_terminal_text_is_printable_whatever_comes(text):
    assert is_harmless(clean.terminal(text))


def test_i11_the_code_point_is_shown_instead():
    assert clean.terminal("a\x1b[31mb\u202e\U000e0041") == "a\\u{1b}[31mb\\u{202e}\\u{e0041}"


def test_i11_writing_of_every_script_stays_as_it_is():
    text = "Ё и й, зобов'язання, مرحبا, 北大西洋, naïve é, 1\u00a0000"

    assert clean.terminal(text) == text


def test_i11_a_pile_of_marks_is_cut_down_and_shown():
    assert clean.terminal("e" + "\u0301" * 6) == "e" + "\u0301" * 4 + "\\u{301}\\u{301}"


@given(st.text(st.characters(exclude_categories=())))
def test_i12_a_log_record_stays_one_line(text):
    assert len(clean.log(f"a{text}b").splitlines()) == 1


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "＝1", "＋1", "－1", "＠a", " =1", "\u00a0=1"])
def test_i13_a_formula_becomes_text(cell):
    assert clean.csv(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["\t=1", "\r=1", "\0=1", "\n=1", "\tx"])
def test_i13_a_control_at_the_start_becomes_text(cell):
    assert clean.csv(cell).startswith("'\\u{")


def test_i13_an_ordinary_cell_is_left_alone():
    assert clean.csv("Moscow - again") == "Moscow - again"


@given(st.lists(st.one_of(st.text(st.characters(exclude_categories=())), st.integers(), st.none()), min_size=1))
def test_i13_a_line_is_read_back_as_its_cells(cells):
    line = clean.csv_line(cells)

    assert re.fullmatch(r'"(?:[^"]|"")*"(?:,"(?:[^"]|"")*")*', line)
    (row,) = csv_module.reader(io.StringIO(line))
    assert row == [clean.csv(c) if isinstance(c, str) else "" if c is None else str(c) for c in cells]


def test_i13_raw_leaves_the_cell_and_doubles_its_quotes():
    assert clean.csv_line(['=A1&"x"', 3, None], raw=True) == '"=A1&""x""","3",""'


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.floats(), st.text(st.characters(exclude_categories=()))),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_i14_json_is_valid_utf8_and_harmless(value):
    line = clean.json_line(value)

    json.loads(line, parse_constant=pytest.fail)
    line.encode()
    assert is_harmless(line)


def test_i14_nan_is_null_and_a_lone_surrogate_is_replaced():
    assert clean.json_line({"a": float("nan"), "b": float("-inf"), "c": "\udc80", "\ud800": (1.5,)}) == (
        '{"a": null, "b": null, "c": "\ufffd", "\ufffd": [1.5]}'
    )


def test_i14_a_script_end_cannot_end_a_script():
    line = clean.json_line("</script>&\u2028")

    assert line == '"\\u003c/script\\u003e\\u0026\\u2028"'
    assert json.loads(line) == "</script>&\u2028"


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_i14_every_text_comes_back(text):
    assert json.loads(clean.json_line(text)) == text
    assert json.loads(clean.json_line(text, ascii_only=True)) == text


def test_i14_letters_stay_readable_unless_ascii_is_asked_for():
    assert clean.json_line("Нота 😀\U000e0041") == '"Нота 😀\\udb40\\udc41"'
    assert clean.json_line("Нота", ascii_only=True).isascii()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](b)", "\\[a\\](b)"),
        ("![i](b)", "\\!\\[i\\](b)"),
        ("<b>&amp;", "\\<b\\>\\&amp;"),
        ("a|b", "a\\|b"),
        ("*x* _y_ ~z~ `c`", "\\*x\\* \\_y\\_ \\~z\\~ \\`c\\`"),
        ("https://a.example", "https:\\//a.example"),
        ("www.a.example", "www\\.a.example"),
        ("# head", "\\# head"),
        ("- item", "\\- item"),
        ("  + item", "\\+ item"),
        ("12. item", "12\\. item"),
        ("2025 was", "2025 was"),
        ("two\nlines", "two\\\\u{a}lines"),
        ("plain text, as it is!", "plain text, as it is!"),
    ],
)
def test_i15_markdown_is_text(text, expected):
    assert clean.markdown(text) == expected


@pytest.mark.parametrize("canary", CANARIES)
def test_i15_html_holds_no_markup_and_no_quote(canary):
    for sink in (Sink.HTML_TEXT, Sink.HTML_ATTRIBUTE):
        shown = clean.clean_for(sink)(canary)

        assert not set(shown) & set("<>\"'`")
        assert re.sub(r"&(?:amp|lt|gt|quot|#39|#96);", "", shown).count("&") == 0


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " JaVa\tScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://a.example/",
        "//a.example/",
        "/relative",
        "https:a.example",
        "http:///path",
        " https://a.example/",
        "https://a.example/\x1b[2J",
        "https://a.example/\u202etxt",
        "https://bank.example@evil.example/",
        "https://bank.example\\@evil.example/",
        "",
    ],
)
def test_i02_only_a_web_address_becomes_a_link(url):
    assert clean.safe_link(url) == ""


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x?y=1&z=2#f", "https://a.example/x?y=1&z=2#f"),
        ("HTTP://a.example", "HTTP://a.example"),
        ("https://пример.example/путь", "https://пример.example/путь"),
        ('https://a.example/"><script>', "https://a.example/%22%3E%3Cscript%3E"),
        ("https://a.example/a b)c_d`'", "https://a.example/a%20b)c_d%60%27"),
    ],
)
def test_i02_what_could_end_an_attribute_is_encoded(url, expected):
    assert clean.safe_link(url) == expected


def test_json_cleaner_is_for_the_inside_of_a_string():
    assert clean.clean_for(Sink.JSON)('a"b<') == 'a\\"b\\u003c'
