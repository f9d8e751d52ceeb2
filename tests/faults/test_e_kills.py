"""E-01, H-03: `kill -9` at every named point and at random times. The long run is `python tests/faults/kills.py`."""

import pytest

from tests.faults import kills


@pytest.mark.timeout(300)
def test_e01_h03_fifty_kills_lose_and_double_nothing(tmp_path):
    books = kills.run(tmp_path, 50, seed=20251215, every=5)
    assert books.balance, str(books)
    assert sum(books.kills.values()) == 50
    assert set(books.kills) == {*kills.POINTS, kills.AT_RANDOM}
    assert books.owed > 100
