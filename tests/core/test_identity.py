"""Keys of entries, links without tracking, digests of content."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import entry
from watcher.core import identity
from watcher.core.identity import content_digest, entry_key, fold_space, link_key, normal_link, twin_key


def test_guid_decides_whatever_the_link():
    assert entry_key(entry("a", "https://x.example/1")) == entry_key(entry("a", "https://x.example/2", "Other"))
    assert entry_key(entry("a")) != entry_key(entry("b"))


def test_without_guid_the_link_decides():
    first = entry_key(entry(" ", "https://x.example/1?utm_source=rss", "One"))
    assert first == entry_key(entry("", "http://x.example/1", "Two"))
    assert first != entry_key(entry("", "https://x.example/2", "One"))


def test_c04_no_guid_no_link_is_a_stable_hash_of_the_content():
    first = entry_key(entry("", "", "A title", "Some  text"))
    assert first == entry_key(entry("", "", "A  title", "Some text "))
    assert first != entry_key(entry("", "", "A title", "Other text"))


def test_a_guid_that_looks_like_a_link_is_still_a_guid():
    assert entry_key(entry("https://x.example/1", "")) != entry_key(entry("", "https://x.example/1"))


def test_twins_are_told_apart_by_link_or_by_title():
    assert twin_key(entry("a", "https://x.example/1"), "//a") != twin_key(entry("a", "https://x.example/2"), "//b")
    assert twin_key(entry("", "https://x.example/", "One"), "//a") != twin_key(
        entry("", "https://x.example/", "Two"), "//b"
    )


@pytest.mark.parametrize(
    ("link", "normal"),
    [
        ("https://X.example:443/a?utm_medium=feed&id=3#frag", "//x.example/a?id=3#frag"),
        ("http://x.example", "//x.example/"),
        ("https://x.example:8443/a", "//x.example:8443/a"),
        ("https://x.example/a?fbclid=1&UTM_Campaign=z", "//x.example/a"),
        ("https://x.example/a#xtor=RSS-1", "//x.example/a"),
        ("https://x.example/a#:~:text=words", "//x.example/a"),
        ("  https://x.example/a  ", "//x.example/a"),
        ("tag:x.example,2025:1", "tag:x.example,2025:1"),
        ("https://[bad/a", "https://[bad/a"),
        ("https://x.example:99999/a", "https://x.example:99999/a"),
        ("https:///a", "https:///a"),
        ("", ""),
    ],
)
def test_j02_links_lose_what_names_no_page(link, normal):
    assert normal_link(link) == normal


@given(st.from_regex(r"https?://[a-zA-Z0-9.:@\\[-]{0,9}(/[ -~]{0,12})?", fullmatch=True))
def test_plain_links_are_taken_apart_like_all_others(link):
    assert normal_link(link) == identity._normal(link.strip())


def test_no_link_has_no_key():
    assert link_key(" ") == b""
    assert len(link_key("https://x.example/")) == 32


def test_a_link_is_normal_already_when_it_was_made_normal():
    assert normal_link("https://x.example/?rss=1&b=2") == "//x.example/?b=2"


@given(st.text(), st.text())
def test_content_is_the_same_in_any_composition_and_spacing(title, text):
    spaced = " \n".join(text.split(" "))
    assert content_digest(title, unicodedata.normalize("NFD", text)) == content_digest(title, text)
    assert content_digest(title, spaced) == content_digest(title, " ".join(text.split(" ")))


def test_title_and_text_do_not_run_together():
    assert content_digest("a b", "c") != content_digest("a", "b c")


def test_folding_space():
    assert fold_space("  a\u00a0\n b\t") == "a b"
