"""``watcher db``: reads the arguments, has the database cared for, says what came of it. Must not: hold SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli.common import age_in_days, database_option, say, write_lines

if TYPE_CHECKING:
    from watcher.core.views import TableSize


WHAT_GOES = {
    "entries": "entries with their wordings",
    "items": "digests of items that left their source",
    "polls": "headers of polls",
    "bodies": "bodies as fetched",
}


@click.group(short_help="Upgrade, check, back up, prune and measure the database.")
def command() -> None:
    """Upgrade, check, back up, prune and measure the database.

    `watcher run` and `watcher poll` upgrade by themselves, after a copy; these are for when you want to see it happen.

    \b
    Exit codes: 0 done, 1 there are problems, 3 a daemon works on it,
    4 database damaged or from a newer watcher.
    """


@command.command(short_help="Make the database, or bring it to this program's schema.")
@database_option
def upgrade(database: str) -> int:
    """Make the database, or bring it to this program's schema.

    A filled SQLite database is copied first, beside it. On PostgreSQL stop the workers before.

    \b
    Examples:
      watcher db upgrade
      watcher db upgrade --database postgresql://watcher@db.example/watcher
    """
    from watcher.storage.address import parse_address
    from watcher.storage.lock import WriterLock
    from watcher.storage.migrate import upgrade as upgrade_schema
    from watcher.storage.schema import HEAD

    with WriterLock(database, alone=True):
        before = upgrade_schema(database)
    shown = parse_address(database).shown
    if before == HEAD:
        say(f"{shown} has schema {HEAD} already")
    else:
        say(f"{shown}: schema {before or 'none'} → {HEAD}")
    return 0


@command.command(short_help="Check the whole database: damage, references, schema.")
@database_option
def check(database: str) -> int:
    """Check the whole database: damage, broken references, and whether its schema is this program's.

    Nothing is repaired. Every problem is a line; exit code 1 where there is one, 4 where no check can even run.
    """
    from watcher.core.clean import terminal
    from watcher.storage.address import parse_address
    from watcher.storage.migrate import check as problems_of

    problems = problems_of(database)
    write_lines(map(terminal, problems))
    if problems:
        say(f"error: {len(problems)} problem(s)\nhint: keep the file as it is, and restore a backup")
        return 1
    say(f"{parse_address(database).shown} is whole")
    return 0


@command.command(short_help="Copy the SQLite database while it is in use.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@database_option
def backup(file: Path, database: str) -> int:
    """Copy the SQLite database to FILE while it is in use, and check the copy. FILE must not be there yet.

    To restore, stop the daemon and put the copy in the database's place. Alerts that were owed when the copy was made
    are owed again then; what is older than three days is not sent any more.

    \b
    Example:
      watcher db backup copies/watcher-2026-09-05.sqlite3
    """
    from watcher.storage.backup import backup as copy

    size = copy(database, file)
    say(f"{file}: {_size(size)}, checked")
    return 0


@command.command(short_help="Bring search index and stories up to date, or build them anew.")
@click.option("--rebuild", is_flag=True, help="Drop what is derived, and make it again.")
@database_option
def derive(rebuild: bool, database: str) -> int:
    """Bring the search index and the stories up to date, or build them anew.

    `watcher run` and `watcher poll` do it by themselves. It is done in small batches, so a daemon may run beside it.
    """
    from watcher.bootstrap.reading import build_derive

    with build_derive(database) as work:
        if rebuild:
            work.empty()
        done = work.all()
        say(f"{done:,} steps done: every entry is in the search index and in a story" if done else "nothing to derive")
    return 0


@command.command(short_help="Prune old entries that nothing hangs on.")
@click.option(
    "--older-than", "days", required=True, metavar="DAYS", callback=age_in_days, help="Age to prune by: 180d, 2y."
)
@click.option("--dry-run", is_flag=True, help="Count only.")
@database_option
def prune(*, days: int, dry_run: bool, database: str) -> int:
    """Prune old entries that nothing hangs on.

    An entry goes when its source has not shown it for that long and there is no hit, no reading of a figure and no split
    or join by a person on it or on another entry of its story. Its keys stay: served again it is not new. With it go
    digests of old items, bytes of bodies that brought nothing which is left, and headers of old polls. Hits and what they
    rest on, verdicts, polls and states of sources stay.

    It works in small batches, so a daemon may run beside it. Age counts from the newest poll. A SQLite file keeps its
    size; the room is used again.

    \b
    Examples:
      watcher db prune --older-than 180d --dry-run
      watcher db prune --older-than 2y
    """
    from watcher.bootstrap.retention import build_retention

    with build_retention(database, dry=dry_run) as desk:
        counted = _counted(desk.pages(days), "counting" if dry_run else "pruning")
    verb = "would go" if dry_run else "went"
    write_lines(f"{counted[stage]:>10,}  {what} {verb}" for stage, what in WHAT_GOES.items())
    return 0


@command.command(short_help="Show what takes the room: rows and bytes per table.")
@click.option(
    "--older-than",
    "days",
    metavar="DAYS",
    default="180d",
    show_default=True,
    callback=age_in_days,
    help="Say also what pruning by this age would free.",
)
@database_option
def stats(*, days: int, database: str) -> int:
    """Show what takes the room: rows and bytes per table, indexes included, the largest first.

    Below it, what `watcher db prune` would free: rows counted, bytes in proportion.
    """
    from watcher.storage.engine import open_engine
    from watcher.storage.schema import require_current
    from watcher.storage.stats import table_sizes

    engine = open_engine(database, read_only=True)
    try:
        require_current(engine)
        sizes = table_sizes(engine)
    finally:
        engine.dispose()
    rows = [(size.name, f"{size.rows:,}", _size(size.size_bytes)) for size in sizes]
    rows.append(("all", f"{sum(size.rows for size in sizes):,}", _size(sum(size.size_bytes or 0 for size in sizes))))
    widths = [max(len(row[column]) for row in (("table", "rows", "bytes"), *rows)) for column in range(3)]
    table = [("table", "rows", "bytes"), *rows]
    write_lines(f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in table)
    write_lines(["", *_freed(database, days, {size.name: size for size in sizes})])
    return 0


_TABLES_OF = {
    "entries": ("entries", "entry_revisions", "entry_scores", "indexed_entries", "search_words", "story_members"),
    "items": ("source_items",),
    "bodies": ("bodies",),
}


def _freed(database: str, days: int, sizes: Mapping[str, TableSize]) -> Iterator[str]:
    """What pruning would free, a line a stage."""
    from watcher.bootstrap.retention import build_retention

    with build_retention(database, dry=True) as desk:
        counted = _counted(desk.pages(days), "counting what pruning would free")
    for stage, what in WHAT_GOES.items():
        tables = [sizes[name] for name in _TABLES_OF.get(stage, ())]
        rows = tables[0].rows if tables else 0
        share = counted[stage] / rows if rows else 0.0
        room = f"about {_size(round(share * sum(one.size_bytes or 0 for one in tables)))} of " if tables else ""
        yield f"prune --older-than {days}d would free {room}{counted[stage]:,} {what}"


def _counted(pages: Iterable[tuple[str, int]], label: str) -> Counter[str]:
    """Rows by stage; how many so far is told where somebody watches."""
    from watcher.cli.progress import progress

    counted = Counter[str]()
    with progress(label) as tell:
        for stage, taken in pages:
            counted[stage] += taken
            tell(counted.total())
    return counted


def _size(count: int | None) -> str:
    if count is None:
        return "-"
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("unreachable")
