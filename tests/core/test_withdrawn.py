"""What was taken back, told from what rolled off."""

from __future__ import annotations

import pytest

from watcher.core.withdrawn import Shown, withdrawn


def shown(*days: int) -> list[Shown]:
    return [Shown(day, day) for day in days]


@pytest.mark.parametrize(
    ("left", "stay", "gone"),
    [
        ([1, 2], range(3, 20), ()),  # the oldest roll off
        ([15], [*range(3, 15), *range(16, 20)], (15,)),  # one from the middle
        ([1, 15], [*range(3, 15), 16], (15,)),  # one rolls off, one is taken back
        ([19], range(3, 19), (19,)),  # the newest
        ([5], [1, 2, *range(6, 20)], ()),  # two pinned ones stay for ever
        ([3], [1, 2], ()),  # too short a feed to tell
        ([4], [1, 2, 3], (4,)),
        ([8, 9, 10], range(1, 8), ()),  # so many at once: its order means nothing
        ([28, 29, 30], range(1, 28), (28, 29, 30)),
        ([7], [7, 7, 7, 7], ()),  # the same date
        ([], [1, 2, 3, 4], ()),
        ([1], [], ()),
    ],
)
def test_it_left_while_a_good_part_of_what_stays_is_older(left, stay, gone):
    assert withdrawn(shown(*left), shown(*stay)) == gone
