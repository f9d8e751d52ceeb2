"""Stories: what joins and what does not, whatever the batches and restarts; the window is bounded."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core.grouping import Placement, Window
from watcher.core.likeness import HOUR, Grouping, Item
from watcher.core.story import StoryRow, rank
from watcher.core.wording import are_copies, language_key, other_edition, read_wording

TITLE = "Envoys sign a frontier treaty in the mountain town of Arvel"
OTHER = "Grain prices fall again in the northern ports after heavy rain"


def item(
    number: int, title: str, text: str = "", *, at: int = 0, source: int = 0, language: str = "en", **more
) -> Item:
    return Item(number, at, source or number, read_wording(title, text, language), **more)


def place(*items: Item, rules: Grouping | None = None) -> list[Placement]:
    window = Window(rules)
    return [window.place(one) for one in items]


def ways(*items: Item) -> list[tuple[int, str]]:
    return [(one.story, one.way) for one in place(*items)]


def test_likeness_joins_and_the_rest_begins_stories():
    near = "Frontier treaty signed by envoys in the mountain town Arvel"
    assert ways(item(1, TITLE), item(2, OTHER), item(3, near)) == [(1, "first"), (2, "first"), (1, "likeness")]


def test_the_same_item_is_known_by_link_text_title_and_by_what_it_repeats():
    text = "A long lead about the river."
    assert ways(item(1, TITLE, link_key=b"x"), item(2, OTHER, link_key=b"x"))[1] == (1, "link")
    assert ways(item(1, TITLE, text, content=b"c"), item(2, TITLE, text, content=b"c"))[1] == (1, "text")
    assert ways(item(1, TITLE, text), item(2, TITLE, text))[1] == (1, "title")
    assert ways(item(1, TITLE), item(2, OTHER, repeats=1))[1] == (1, "text")


def test_a_title_alone_is_not_enough():
    rows = "Ships leave harbour while cranes stand idle and dockers wait for the union vote on wages " * 4
    wine = "Grapes ripen early across hills because summer brought endless sunshine to every vineyard " * 4
    short = "Weekly press briefing by the spokesperson tomorrow morning"
    assert ways(item(1, short, rows), item(2, short, wine))[1] == (2, "first")
    assert ways(item(1, short, rows, source=5), item(2, short, wine, source=5))[1] == (2, "first")
    assert ways(item(1, TITLE), item(2, TITLE, language="de"))[1] == (2, "first")


def test_titles_that_share_nothing_do_not_join_whatever_stands_under_them():
    lead = "Subscribe to the letter of the desk for the best stories about harbours and trains each morning."
    assert ways(item(1, "Olive", lead), item(2, "Walnut", lead))[1] == (2, "first")
    assert ways(item(1, "Olive trees bloom", lead, source=7), item(2, "Walnut trees fall", lead, source=7))[1][0] == 2


def test_issues_of_a_series_are_not_one_event():
    first, second = "Exchange rates of the crown for Monday", "Exchange rates of the crown for Tuesday"
    assert ways(item(1, first), item(2, second))[1] == (2, "first")
    one, two = read_wording("Part 3 of our tour", ""), read_wording("Part 4 of our tour", "")
    assert other_edition(one, two, same_source=True)
    assert not other_edition(one, two, same_source=False)
    assert not other_edition(one, read_wording("Our tour", ""), same_source=True)


def test_related_is_kept_and_joins_nothing():
    (_, two) = place(
        item(1, "Envoys sign treaty on river crossing"),
        item(2, "River crossing treaty stirs farmers in valley"),
        rules=Grouping(join=0.9),
    )
    assert (two.story, two.related) == (2, 1)


def test_a_link_must_fit_the_story_as_a_whole():
    rules = Grouping(story_likeness=0.95)
    found = place(item(1, TITLE), item(2, TITLE), item(3, f"{TITLE} amid rain and protest"), rules=rules)
    assert [one.story for one in found] == [1, 1, 3]
    assert place(item(1, TITLE), item(2, TITLE), item(3, f"{TITLE} amid rain"))[2].story == 1


def test_the_window_slides_and_is_bounded():
    window = Window(Grouping(most_entries=2))
    for number in (1, 2, 3):
        window.place(item(number, f"{TITLE} {number}"))
    assert list(window.entries()) == [2, 3]
    assert window.story_of(1) is None
    assert window.story_of(2) == 1
    window.place(item(4, OTHER, at=100 * HOUR))
    assert list(window.entries()) == [4]
    window.keep(item(5, OTHER, at=HOUR), 5)
    assert len(window) == 1


def test_a_person_moves_an_entry():
    window = Window()
    window.place(item(1, TITLE))
    window.place(item(2, TITLE))
    window.move(2, 2)
    window.move(2, 2)
    window.move(99, 1)
    assert window.story_of(2) == 2
    assert window.place(item(3, OTHER)).story == 3


def test_postings_are_cut():
    window = Window(Grouping(postings=2, reads=3, most_entries=9))
    for number in range(1, 60):
        window.place(item(number, f"{TITLE} {number % 7}", language="en"))
    assert len(window) == 9


def test_a_text_without_words():
    assert ways(item(1, ""), item(2, "... !"), item(3, TITLE))[1] == (2, "first")
    assert ways(item(1, "the of"), item(2, TITLE))[1] == (2, "first")


@pytest.mark.parametrize(
    ("language", "text", "key"),
    [
        ("en-US", "a b", "en"),
        ("", "дом", "cyrillic"),
        ("en", "дом на холме", "cyrillic"),
        ("ru", "дом", "ru"),
        ("", "x", "latin"),
    ],
)
def test_the_script_decides_where_the_declared_language_contradicts_it(language, text, key):
    assert language_key(language, text) == key


def test_copies_share_runs_of_words_outside_quotations():
    told = "the ministers of both countries met at the lake and spoke for nine hours about fish"
    said = "“We shall never give up the lake and its fish, nor the boats and the nets of our fathers”"
    assert are_copies(read_wording("a", told).shingles, read_wording("b", f"{told} today").shingles)
    one, two = (read_wording(f"Title {name}", f"{name} heard him say {said}").shingles for name in ("Ana", "Bo"))
    assert not are_copies(one, two)


WORDS = ["treaty", "river", "envoy", "harbour", "grain", "vote", "storm", "bridge", "fleet", "mine", "accord", "border"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_a_restart_anywhere_changes_nothing(seed, cut):
    rng = random.Random(seed)
    items = [
        item(number, " ".join(rng.choices(WORDS, k=6)), at=number * 3 * HOUR, source=rng.randrange(1, 5))
        for number in range(1, 41)
    ]
    whole = place(*items)
    first, again = Window(), Window()
    found = [first.place(one) for one in items[:cut]]
    for one, placed in zip(items[:cut], found, strict=True):
        if one.entry_id in set(first.entries()):
            again.keep(one, placed.story)
    assert found + [again.place(one) for one in items[cut:]] == whole


def test_a_document_comes_first():
    assert sorted(["report", "document", "", "primary"], key=rank) == ["document", "primary", "report", ""]
    row = StoryRow(1, 1, 2, 2, 2, "first", None, "", "", "", "report")
    assert row.is_corroborated
