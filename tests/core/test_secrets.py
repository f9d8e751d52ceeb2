"""`${NAME}` in an address."""

from __future__ import annotations

import pytest

from watcher.core.secrets import hide, names, reveal


def test_names_are_told_once():
    assert names("https://${A}:${B_2}@x/?${A}&${not}") == ("A", "B_2")


def test_reveal_fills_in_and_names_what_is_missing():
    assert reveal("https://x/?k=${KEY}", {"KEY": "s3"}) == "https://x/?k=s3"
    with pytest.raises(KeyError, match="KEY"):
        reveal("https://x/?k=${KEY}", {})


def test_g09_hide_takes_longer_secrets_first():
    assert hide("a abcd b", {"SHORT": "abc", "LONG": "abcd", "EMPTY": ""}) == "a ${LONG} b"
