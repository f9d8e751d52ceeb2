"""Builds what groups entries into stories, and the desk that reads and edits them. Must not: do the work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from watcher.app.stories import StoryDuty
    from watcher.core.model import Micros


def story_duty(engine: Engine, now: Callable[[], Micros]) -> StoryDuty:
    """The duty over an engine that is open."""
    from watcher.app.stories import StoryDuty
    from watcher.storage.storyfill import StoryStore

    return StoryDuty(StoryStore(engine), now)
