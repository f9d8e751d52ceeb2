"""Where sentences end, what parts a phrase, and the sentences of a text in its tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.layout import Layout
from watcher.core.sentence import crosses_stop, lead_end, sentence_ends
from watcher.core.text import Reading


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two.", 2),
        ("The U.S. envoy spoke. He left.", 2),
        ("On Dec. 15 it came. Then more.", 2),
        ("С. Лавров сказал. Всё.", 2),
        ("В 2021 г. было так. Потом иначе.", 2),
        ("Am 15. Dezember kam es. Dann mehr.", 2),
        ("In 2021. Dezember kam.", 2),
        ("At 15. Then more.", 2),
        ("What?! No… Yes.", 3),
        ("it ended. lower follows. Then.", 2),
        ("A block\n\nanother", 2),
        ('It is "over." Really.', 2),
        ("So... and so on", 1),
        ("Done.. More", 2),
        ("(.) Yes", 2),
        ("", 1),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, count: int) -> None:
    assert count == len(sentence_ends(text))


def test_a_blank_line_at_the_end_ends_the_last_sentence() -> None:
    assert sentence_ends("One came. Two\n\n") == [9, 15]


def test_a_small_letter_of_any_script_goes_on_with_the_sentence() -> None:
    assert sentence_ends("One came. \u00e4ber Two went. Three") == [24, 30]


def test_the_lead_is_three_sentences_and_bounded() -> None:
    text = "One. Two. Three. Four."

    assert text[: lead_end(text, 1000)] == "One. Two. Three."
    assert lead_end(text, 7) == 7
    assert len("Short") == lead_end("Short", 1000)


@pytest.mark.parametrize(
    ("left", "gap", "right", "crosses"),
    [
        ("legal", " ", "text", False),
        ("legal", "; ", "text", True),
        ("legal", "\n \n", "text", True),
        ("legal", ". ", "Text", True),
        ("U.S", ". ", "envoy", False),
        ("tass", ".", "com", False),
        ("legal", "... ", "text", True),
    ],
)
def test_what_parts_a_phrase(left: str, gap: str, right: str, crosses: bool) -> None:
    text = left + gap + right

    assert crosses is crosses_stop(text, len(left), len(left) + len(gap))


@pytest.mark.parametrize("piece", [".", "!?", ".)", ". ", ".\n", "\n ", ". (", "a.", "…", '."', "x.. "])
def test_a_text_of_marks_costs_no_more_than_other_text(piece: str) -> None:
    """Quadratic work would take hours here."""
    text = "Dr. One came. " + piece * (200_000 // len(piece))

    assert sentence_ends(text)[-1] == len(text)


@given(st.text(alphabet="Aa1.,!\n ’)", max_size=80))
def test_a_layout_tells_every_token_its_sentence(text: str) -> None:
    reading = Reading(text)
    layout = Layout(text, reading.code)

    for token, begin in enumerate(reading.begins):
        sentence = layout.sentence(token)
        first, after = layout.window(sentence)
        start, end = layout.span(sentence)
        assert first <= token < after
        assert start <= begin < begin + len(reading.tokens[token]) <= end
