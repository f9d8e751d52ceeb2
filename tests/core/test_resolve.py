"""Who the entries of a body are, where the date decides."""

from __future__ import annotations

import pytest

from tests.core.build import body, entry, scored, stored
from watcher.core.resolve import Known

DAY = 86_400_000_000


@pytest.mark.parametrize(("before", "after"), [(None, DAY), (DAY, None), (DAY, DAY)])
def test_c02_a_new_guid_with_the_same_date_or_none_is_the_same_entry(before, after):
    known = Known.of([stored(entry("old", published=before))])
    ((found, is_alias),) = known.resolve(body(scored(entry("new", published=after))))
    assert found is not None
    assert is_alias


def test_c02_a_new_guid_with_another_date_was_published_again():
    known = Known.of([stored(entry("old", published=DAY))])
    again = body(scored(entry("new", published=2 * DAY)))
    assert known.resolve(again) == [(None, False)]
    assert known.duplicate(again.entries[0]) == 10
