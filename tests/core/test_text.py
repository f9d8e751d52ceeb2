"""Folding, offsets, look-alikes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.alphabet import OUTSIDE, encode, encode_ascii, encode_known, encode_outside, fold_char
from watcher.core.text import (
    Reading,
    fold,
    lookalike,
    plain_text,
    words,
)


def test_folding_is_one_for_one() -> None:
    assert fold("Straße, Istanbul".replace(",", ",")) == "straße  istanbul"
    assert fold("Ещё зобовʼязання l'OTAN") == "еще зобов'язання l otan"
    assert len(fold_char("İ")) == 1
    assert (fold_char("Ё"), fold_char("!"), fold_char("Я")) == ("е", " ", "я")


@given(st.text(max_size=80))
def test_folding_never_changes_a_length(text: str) -> None:
    assert len(text) == len(fold(text))


def test_words_of_a_term() -> None:
    assert words("Non-use of force") == ["non", "use", "of", "force"]


@given(st.text(alphabet="aé е\u0301\u200bｆ①ﬁ𝐚\ufdfaŁ", max_size=40))
def test_offsets_are_never_lost(text: str) -> None:
    plain, offsets = plain_text(text)

    if offsets is None:
        assert plain == text
    else:
        starts, ends = offsets
        assert len(plain) == len(starts) == len(ends)
        assert list(starts) == sorted(starts)
        assert all(0 <= start < end <= len(text) for start, end in zip(starts, ends, strict=True))


def test_a_pile_of_marks_is_cut_and_a_long_expansion_refused() -> None:
    piled, _ = plain_text("a" + "\u0301" * 500)
    ligature, _ = plain_text("\ufdfa")

    assert len(piled) < 12
    assert ligature == "\ufdfa"


def test_a_mark_at_the_start_and_invisible_text() -> None:
    assert plain_text("\u0301a")[0] == "\u0301a"
    assert plain_text("\u200b\u200b")[0] == ""


def test_stress_marks_go_and_other_marks_stay() -> None:
    assert plain_text("догово\u0301р")[0] == "договор"
    assert plain_text("и\u0306")[0] == "й"


def test_apostrophes_join_only_between_cyrillic_letters() -> None:
    reading = Reading("зобовʼязання п’ять")
    assert [reading.form(at, start) for at, start in enumerate(reading.begins)] == ["зобов'язання", "п'ять"]
    assert Reading("Russia's").tokens == [b"russia", b"s"]


def test_a_span_refers_to_the_text_as_given() -> None:
    reading = Reading("x gu\u200bard y")

    assert reading.given(2, 6) == (2, 7)
    assert reading.given(3, 3) == (3, 3)
    assert Reading("abcdef").given(1, 4) == (1, 4)


def test_suspect_words_are_named_with_their_readings() -> None:
    reading = Reading("кот N\u0410TO plain mо\u0301re guαrd Łódź")

    found = {reading.spelling(index, reading.begins[index]): readings for index, readings in reading.suspects()}

    assert "nato" in found["N\u0410TO"]
    assert "guard" in found["guαrd"]
    assert "кот" not in found
    assert "Łódź" not in found


def test_a_word_that_imitates_nothing_has_no_reading() -> None:
    assert "nato" in lookalike("nаto")
    assert lookalike("zzz") == ()


def test_the_form_of_a_token_outside_the_alphabet() -> None:
    reading = Reading("Łódź now")

    assert (reading.form(0, 0), reading.spelling(0, 0), reading.form(1, 5)) == ("łódź", "Łódź", "now")


# --- the alphabet ---------------------------------------------------------------------------------------------------


def test_control_bytes_are_no_letters() -> None:
    assert encode_ascii("a\x01b") == b"a b"
    assert encode_known("a\x01b") == b"a b"
    assert encode_known("Ł") is None


def test_letters_from_outside_become_one_byte_each() -> None:
    few, many = "Łaą", "".join(map(chr, range(0x104, 0x130)))

    assert len(encode_outside(few, set(OUTSIDE.findall(few)))) == 3
    assert len(many) == len(encode_outside(many, set(many)))
    assert encode("ł") == encode("ą")
    assert encode("→") == b" "


def test_reading_hostile_text_grows_no_faster_than_the_text() -> None:
    small, large = ("a\u0301" * n + "\u200b" * n + "ｆ" * n for n in (50, 500))

    assert 10 * len(Reading(small).text) == pytest.approx(len(Reading(large).text), rel=0.2)


def test_a_reading_has_no_other_attribute_that_comes_late() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = Reading("a pact").nothing
