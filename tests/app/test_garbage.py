"""Circular garbage is looked for seldom while a daemon works, and as ever before and after."""

from __future__ import annotations

import gc

from watcher.bootstrap.garbage import THRESHOLDS, seldom_collected, set_aside


def test_collector_works_at_longer_steps_inside_only() -> None:
    before = gc.get_threshold()
    with seldom_collected():
        assert gc.get_threshold() == THRESHOLDS
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_what_a_reload_leaves_behind_is_freed_and_the_rest_set_aside() -> None:
    with seldom_collected():
        set_aside()
        assert gc.get_freeze_count() > 0
