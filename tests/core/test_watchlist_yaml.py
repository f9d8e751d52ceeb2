"""Strict YAML: what is refused, and where it is said to stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.yamltext import MAX_BYTES, YamlList, YamlMap, YamlText, locate, plain, read, walk


def problems(text: str) -> list[tuple[str, int, int]]:
    return [(issue.code, issue.line, issue.column) for issue in read(text, "f.yaml")[1]]


def root(text: str) -> YamlMap:
    node, issues = read(text, "f.yaml")
    assert issues == ()
    assert isinstance(node, YamlMap)
    return node


def value(text: str) -> YamlText:
    node = root(text).items[0][1]
    assert isinstance(node, YamlText)
    return node


@pytest.mark.parametrize(
    "written", ["NO", "no", "on", "yes", "1.10", "12:30:00", "010", "0x1F", "1_000", "~", "null", "2025-12-11"]
)
def test_g04_scalars_stay_the_text_they_are(written):
    assert plain(root(f"a: {written}")) == {"a": written}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", ("duplicate-key", 3, 1)),
        ("a: {b: 1, b: 2}", ("duplicate-key", 1, 11)),
        ("a: &x 1", ("anchor", 1, 4)),
        ("a: [&x [1]]", ("anchor", 1, 5)),
        ("a: *x", ("alias", 1, 4)),
        ("a: !!str b", ("tag", 1, 4)),
        ("a: !!python/object/apply:os.system [ls]", ("tag", 1, 4)),
        ("a: !draft", ("tag", 1, 4)),
        ("a: {<<: {b: 1}}", ("merge-key", 1, 5)),
        ("? [a, b]\n: c", ("complex-key", 1, 3)),
        ("a: 1\n---\nb: 2", ("several-documents", 2, 1)),
        ("", ("empty-file", 1, 1)),
        ("# nothing\n", ("empty-file", 1, 1)),
        ("a: b: c", ("yaml-syntax", 1, 5)),
        ("a: @russia", ("yaml-syntax", 1, 4)),
        ("a: x\u202ey", ("hidden-character", 1, 5)),
        ("ok: 1\na: \x07", ("hidden-character", 2, 4)),
    ],
)
def test_g03_g04_refused(text, expected):
    assert problems(text)[0] == expected


def test_g03_python_tag_runs_nothing_and_says_tag(tmp_path):
    _, issues = read(f"a: !!python/object/apply:os.mkdir ['{tmp_path}/x']", "f.yaml")

    assert [issue.code for issue in issues] == ["tag"]
    assert not (tmp_path / "x").exists()


def test_g03_alias_bomb_is_refused_alias_by_alias():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]

    codes = [issue.code for issue in read("\n".join(lines), "f.yaml")[1]]

    assert set(codes) == {"anchor", "alias"}


def test_g03_deep_nesting_stops_at_20():
    assert problems("a: " + "[" * 19 + "]" * 19) == []
    assert problems("a: " + "[" * 20 + "]" * 20) == [("too-deep", 1, 23)]
    assert problems("a: " + "[" * 100_000)[0][0] in ("too-deep", "yaml-syntax")
    assert problems("\n".join(" " * n + "- " for n in range(30)))[0][0] == "too-deep"


def test_g03_five_megabytes_are_the_limit():
    assert problems("a: " + "x" * MAX_BYTES) == [("too-large", 0, 0)]
    assert problems("a: " + "ж" * (MAX_BYTES // 2)) == [("too-large", 0, 0)]


def test_hidden_characters_are_told_20_at_most():
    assert len(problems("a: " + "\u2066" * 100)) == 20


def test_byte_order_mark_moves_no_column():
    assert problems("\ufeffa: 1\na: 2")[0] == ("duplicate-key", 2, 1)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: [x, #y]\nb: z", "starts a comment"),
        ("a: @russia", "single quotes"),
        ("a: b: c", "single quotes"),
        ("a: [1\n", ""),
        ('a: "x" & y', "single quotes"),
    ],
)
def test_g01_syntax_error_shows_the_line_and_a_way_out(text, hint):
    (issue,) = read(text, "f.yaml")[1]

    assert hint in issue.hint
    assert "not valid YAML" in issue.message


def test_g01_syntax_error_quotes_the_line():
    (issue,) = read("ok: 1\n  broken: @x", "f.yaml")[1]

    assert "broken: @x" in str(issue) or "ok: 1" in str(issue)
    assert str(issue).startswith("f.yaml:")


@pytest.mark.parametrize(
    ("text", "char", "place"),
    [
        ("a: plain word", "w", (1, 10)),
        ("a: 'one ''two'' three'", "t", (1, 11)),
        ("a: 'one ''two'' Xhree'", "X", (1, 17)),
        ("a: one\n   two Xhree", "X", (2, 8)),
        ("a: 'one\n\n   two X'", "X", (3, 8)),
        ("a: >-\n  one\n  two X\n", "X", (3, 7)),
        ("a: | # note\n  one\n    two X\n", "X", (3, 9)),
        ('a: "one\\ttwo X"', "X", (1, 14)),
    ],
)
def test_every_character_of_a_query_knows_its_place(text, char, place):
    query = value(text).query()
    found = query.at(query.text.index(char))

    assert (found.line, found.column) == place


@given(st.text(st.sampled_from("ab' |&\n"), min_size=1, max_size=30))
def test_places_of_single_quoted_text_are_the_places_in_the_file(text):
    written = "a: '" + text.replace("'", "''") + "'"
    node, issues = read(written, "f.yaml")
    if issues:
        return
    query = node.items[0][1].query()
    lines = written.split("\n")
    for offset, char in enumerate(query.text):
        place = query.at(offset)
        if not char.isspace():
            assert lines[place.line - 1][place.column - 1] == char


def test_comments_are_kept_with_the_value():
    tree = root("a: x # note\nb: y\nc: 'z' # note\nd: w")

    assert [scalar.comment for _, scalar in walk(tree)] == [" note", "", "", ""]


def test_locate_finds_values_keys_and_the_nearest_above():
    tree = root("a:\n  - b: 1\n  - c\n")

    assert locate(tree, ("a", 0, "b")).column == 8
    assert locate(tree, ("a", 0, "b"), key=True).column == 5
    assert locate(tree, ("a", 1, "nothing")).line == 3
    assert locate(tree, ("a", 0, "x")).line == 2
    assert locate(tree, ("a", "x")).line == 2
    assert locate(tree, ("a", 1), key=True).line == 3


def test_plain_and_walk_tell_the_same():
    tree = root("a: [1, {b: 2}]\nc: 3")

    assert plain(tree) == {"a": ["1", {"b": "2"}], "c": "3"}
    assert [(path, scalar.text) for path, scalar in walk(tree)] == [
        (("a", 0), "1"),
        (("a", 1, "b"), "2"),
        (("c",), "3"),
    ]
    assert tree.get("x") is None
    assert isinstance(tree.get("a"), YamlList)
