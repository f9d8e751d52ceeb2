"""How much room a database takes, table by table. Must not: change anything."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from watcher.core.views import TableSize
from watcher.storage.all_tables import metadata
from watcher.storage.engine import begin

_SQLITE_SIZES = """SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name)
WHERE dbstat.aggregate = 1 GROUP BY tbl_name"""
_POSTGRES_SIZES = "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"

WORDS = "search_words"
"""The search index: a row for each indexed entry. SQLite keeps it in several tables of its own; here it is one."""


def table_sizes(engine: Engine) -> tuple[TableSize, ...]:
    """Rows and bytes (indexes included) of every table, the largest first; bytes are None where nobody counts them."""
    with begin(engine) as connection:
        sizes = _sizes(connection)
        counts = {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
        }
    found = [TableSize(name, rows, sizes.get(name)) for name, rows in counts.items()]
    words = [size for name, size in sizes.items() if name == WORDS or name.startswith(f"{WORDS}_")]
    found.append(TableSize(WORDS, counts["indexed_entries"], sum(words) if words else None))
    return tuple(sorted(found, key=lambda size: (-(size.size_bytes or 0), -size.rows, size.name)))


def _sizes(connection: Connection) -> dict[str, int]:
    statement = _SQLITE_SIZES if connection.dialect.name == "sqlite" else _POSTGRES_SIZES
    try:
        return {name: int(size) for name, size in connection.execute(text(statement))}
    except DBAPIError:  # this SQLite was built without dbstat
        return {}
