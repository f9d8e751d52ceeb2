"""White space folded: the quick way says what splitting says."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from watcher.core.space import fold_lines, one_line

LONG = "word " * 20
TEXTS = st.one_of(
    st.text(st.sampled_from("ab \n\t\x0b\x0c\r\x1c\x1f\x85\u00a0\u2003я"), max_size=200),
    st.lists(st.sampled_from(["word", "two words", " ", "  ", "\n", "\n\n", "\t", "\u00a0"]), max_size=60).map("".join),
)


@given(TEXTS)
@example(LONG)
@example(f" {LONG}\n{LONG}")
@example(f"{LONG.strip()}\n{LONG.strip()}")
@example(f"{LONG}\t")
@example(f"{LONG}я")
def test_folding_is_what_splitting_says(text: str) -> None:
    assert one_line(text) == " ".join(text.split())
    assert fold_lines(text) == "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))
