"""A part of the replay in the gate; the whole is `make replay`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.replay import POINTS, Replay, captured_at, check, chosen_states, served
from bench.replay_count import count, plain


def test_plain_text_of_the_independent_count_parts_words_at_blocks_and_pictures():
    assert (
        plain("<p>One</p><p>two <b>thr</b>ee&amp;four<img src='x'>five</p><script>six</script>")
        == "One two three&four five"
    )


def test_the_time_of_a_state_is_in_its_name():
    assert captured_at("20210523T151029Z_dbdf3ea9.rss") == 1_621_782_629_000_000


@pytest.mark.timeout(300)
def test_a_slice_of_the_replay_ends_as_counted_through_a_kill_at_every_point(corpus: Path, tmp_path: Path):
    states = chosen_states(corpus / "data" / "replay-state-dept.tar.xz", every=20, first=66)
    with served(states) as source:
        replay = Replay(tmp_path, states, source, kill_every=11)
        replay.run()
    assert check(replay, count(body for _, body in states)) == []
    assert set(replay.points) == set(POINTS)
