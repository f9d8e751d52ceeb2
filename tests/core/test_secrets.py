"""`${NAME}` in an address."""

from __future__ import annotations

import pytest

from watcher.core.secrets import hide, hide_in_line, names, reveal


def test_names_are_told_once():
    assert names("https://${A}:${B_2}@x/?${A}&${not}") == ("A", "B_2")


def test_reveal_fills_in_and_names_what_is_missing():
    assert reveal("https://x/?k=${KEY}", {"KEY": "s3"}) == "https://x/?k=s3"
    with pytest.raises(KeyError, match="KEY"):
        reveal("https://x/?k=${KEY}", {})


def test_g09_hide_takes_longer_secrets_first():
    assert hide("a abcd b", {"SHORT": "abc", "LONG": "abcd", "EMPTY": ""}) == "a ${LONG} b"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("url: https://user:hunter2@x.org/feed", "url: https://…@x.org/feed"),
        ("url: 'https://x.org/feed?key=s3&b=1'", "url: 'https://x.org/feed?…'"),
        ("question: does it? a = b", "question: does it? a = b"),
        ("postgresql+psycopg://me:pw@host/db?sslmode=require", "postgresql+psycopg://…@host/db?…"),
    ],
)
def test_g09_lines_are_shown_without_what_an_address_could_hold(line, shown):
    assert hide_in_line(line) == shown
