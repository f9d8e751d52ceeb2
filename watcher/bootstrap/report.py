"""Records reports as given. Must not: read or lay out a report."""

from __future__ import annotations


def mark_report(database: str, watchlist: str, revision: str, since: int, until: int, analyst: str, note: str) -> int:
    """Record that a report of a period was given; returns its number. Runs beside a daemon: it is one short write.

    Raises:
        WatcherError: the database cannot be written.
    """
    from watcher.app.clock import wall
    from watcher.storage.engine import begin, open_engine, writer
    from watcher.storage.reporting import add_report
    from watcher.storage.schema import require_current

    engine = open_engine(database, read_only=False)
    try:
        require_current(engine)
        given = {"since": since, "until": until, "analyst": analyst, "note": note, "given_at": wall()}
        with begin(writer(engine)) as connection:
            return add_report(connection, watchlist, revision, given)
    finally:
        engine.dispose()
