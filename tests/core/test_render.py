"""Layout: no line is wider than asked for, whatever script it is in, and nothing of a text is lost by wrapping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core import render
from watcher.core.render import Column, Style, Table

TEXTS = st.text(st.sampled_from("ab é\u0301中文ｗЖ😀ᅡ "), max_size=80)


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("中文", 4), ("e\u0301", 1), ("Жé", 2), ("가", 2), ("\u1112\u1161", 2), ("😀", 2), ("\u2061x", 1)],
)
def test_width_counts_columns(text, columns):
    assert render.width(text) == columns


@given(TEXTS, st.integers(2, 40))
def test_wrapped_lines_fit_and_keep_the_text(text, columns):
    lines = render.wrap(text, columns)

    assert all(render.width(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(TEXTS, st.integers(0, 40))
def test_cut_text_fits(text, columns):
    assert render.width(render.cut(text, columns)) <= columns


def test_a_space_at_the_end_of_a_full_line_makes_no_empty_line():
    assert render.wrap("abc ", 3) == ["abc"]


def test_cut_marks_what_it_cut():
    assert render.cut("abcdef", 4) == "abc…"
    assert render.cut("abcdef", 4, ellipsis="...") == "a..."
    assert render.cut("abcdef", 2, ellipsis="...") == "ab"


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 9).map(str)), min_size=1, max_size=5), st.integers(40, 100))
def test_a_table_fits(rows, columns):
    table = Table((Column("one", least=4), Column("two", least=4), Column("n", right=True)), rows, indent=2)

    assert all(render.width(line) <= columns for line in table.lines(Style(columns)))


def test_a_table_that_cannot_fit_keeps_its_fixed_columns():
    table = Table((Column("fixed"), Column("s", least=3)), [("x" * 30, "a b c d e f")])

    lines = table.lines(Style(20))

    assert lines[1] == "x" * 30 + "  a b"


def test_a_table_aligns_and_paints_by_row():
    table = Table((Column("name"), Column("n", right=True)), [("a", "1"), ("b", "22")], tones=("", "warn"))

    assert table.lines(Style(40, color=True)) == [
        "\x1b[1mname   n\x1b[0m",
        "a      1",
        "\x1b[33mb     22\x1b[0m",
    ]


def test_an_empty_table_has_its_titles():
    assert Table((Column("name"), Column("n")), []).lines(Style(40)) == ["name  n"]


def test_without_colour_a_marked_word_stands_in_brackets():
    assert Style().mark("pact") == "[pact]"
    assert Style(color=True).mark("pact") == "\x1b[1;7mpact\x1b[0m"


def test_tones_are_nothing_without_colour():
    plain, painted = Style(), Style(color=True)

    for tone in ("bold", "dim", "good", "warn", "bad"):
        assert getattr(plain, tone)("x") == "x"
        assert getattr(painted, tone)("x") != "x"
        assert getattr(painted, tone)("") == ""


def test_ascii_style_uses_ascii_signs():
    style = Style(unicode=False)

    assert (style.rule + style.ellipsis + style.dot).isascii()
    assert not (Style().rule + Style().ellipsis + Style().dot).isascii()


def test_heading_reaches_the_right_edge():
    assert render.width(render.heading("Hits", Style(30))) == 30
    assert render.width(render.heading("x" * 90, Style(30))) == 30


def test_labelled_aligns_wraps_and_leaves_empty_ones_out():
    lines = render.labelled([("a", "one two three"), ("none", ""), ("long", "x")], Style(15), indent=1)

    assert lines == [" a     one two", "       three", " long  x"]
    assert render.labelled([], Style()) == []


def test_packed_breaks_between_facts():
    assert render.packed(["hit 12", "claimed", "a longer fact"], Style(20), indent=2) == [
        "  hit 12 · claimed",
        "  a longer fact",
    ]
    assert render.packed([], Style()) == []


def test_block_hangs_under_its_first_line():
    assert render.block("a b c", 6, first="x: ") == ["x: a b", "   c"]
    assert render.block("a b", 5, first="xxx ", rest="") == ["xxx a", "b"]


def test_pad_fills_either_side():
    assert render.pad("中", 4) == "中  "
    assert render.pad("中", 4, right=True) == "  中"


@pytest.mark.parametrize(("count", "text"), [(1, "1 hit"), (0, "0 hits"), (1200, "1,200 hits")])
def test_plural(count, text):
    assert render.plural(count, "hit") == text
    assert render.plural(2, "entry", "entries") == "2 entries"
