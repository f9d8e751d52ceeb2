"""Builds what groups entries into stories, and the desk that reads and edits them. Must not: do the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from watcher.core.errors import UsageProblem
from watcher.core.verdict import checked_analyst, checked_note

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from watcher.app.stories import StoryDuty
    from watcher.core.model import Micros
    from watcher.storage.stories import MemberLine, StoryLine


def story_duty(engine: Engine, now: Callable[[], Micros]) -> StoryDuty:
    """The duty over an engine that is open."""
    from watcher.app.stories import StoryDuty
    from watcher.storage.storyfill import StoryStore

    return StoryDuty(StoryStore(engine), now)


class StoryDesk:
    """Stories of one database, read and edited."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_period(self, since: str | None, until: str | None, *, limit: int, everything: bool) -> tuple[StoryLine, ...]:
        """Stories of a period, times as a person writes them (UTC), newest first."""
        from datetime import UTC

        from watcher.app.clock import SystemClock
        from watcher.core.period import parse_moment
        from watcher.storage.engine import begin
        from watcher.storage.queries import Queries
        from watcher.storage.stories import stories_of_period

        reference = Queries(self._engine).newest_poll_at() or SystemClock().now()
        start, end = (parse_moment(text, reference=reference, zone=UTC) if text else None for text in (since, until))
        with begin(self._engine) as connection:
            return stories_of_period(connection, start, end, limit=limit, with_hits=not everything)

    def show(self, number: int, *, is_story: bool = False) -> tuple[MemberLine, ...]:
        """The story of an entry, or a story by its number, whole.

        Raises:
            UsageProblem: there is none, or the entry is not yet grouped.
        """
        from watcher.storage.engine import begin
        from watcher.storage.stories import member_lines, story_rows

        with begin(self._engine) as connection:
            row = None if is_story else story_rows(connection, [number]).get(number)
            found = member_lines(connection, number if is_story else row.story_id if row else 0)
        if not found:
            what = f"story s{number}" if is_story else f"entry {number}"
            hint = "`watcher db derive` groups what is not yet grouped; `watcher story --all` lists stories"
            raise UsageProblem(f"there is no {what} among the stories", hint=hint)
        return found

    def edit(
        self, edit: str, entry_ids: Sequence[int], *, with_id: int | None, analyst: str, note: str
    ) -> tuple[int, ...]:
        """Split entries off, or join them to the story of another; numbers of the edits."""
        from watcher.app.clock import SystemClock
        from watcher.storage.storyfill import edit_story

        now = SystemClock().now()
        said = {"analyst": checked_analyst(analyst), "note": checked_note(note)}
        return edit_story(self._engine, edit, entry_ids, with_id=with_id, now=now, **said)

    def undo(self, number: int, *, analyst: str, note: str) -> int:
        """Take an edit back."""
        from watcher.app.clock import SystemClock
        from watcher.storage.storyfill import undo_edit

        said = {"analyst": checked_analyst(analyst), "note": checked_note(note)}
        return undo_edit(self._engine, number, now=SystemClock().now(), **said)


@contextmanager
def build_stories(database: str, *, read_only: bool = True) -> Iterator[StoryDesk]:
    """The stories of a database.

    Raises:
        WatcherError: there is no database, it is damaged, or its schema is another one than ours.
    """
    from watcher.storage.engine import open_engine
    from watcher.storage.schema import require_current

    engine = open_engine(database, read_only=read_only)
    try:
        require_current(engine)
        yield StoryDesk(engine)
    finally:
        engine.dispose()
