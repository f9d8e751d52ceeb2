"""Writes db/schema.sql and the reference part of db/README.md: ``python -m tests.storage.generate``."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql, sqlite

from tests.support.corpus import ROOT
from watcher.storage.all_tables import metadata
from watcher.storage.migrate import upgrade

SCHEMA = ROOT / "db" / "schema.sql"
README = ROOT / "db" / "README.md"
BEGIN = "<!-- generated from watcher/storage/tables.py: python -m tests.storage.generate -->"
END = "<!-- end of the generated part -->"


def schema_sql() -> str:
    """What the migrations make on SQLite, as SQL, tables first, each with its indexes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "watcher.sqlite3"
        upgrade(str(path))
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute(
                "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name"
            ).fetchall()
    statements = [
        "\n".join(line.rstrip() for line in sql.replace("\t", "  ").splitlines() if line.strip()) for (sql,) in rows
    ]
    head = "-- Generated from db/migrations (python -m tests.storage.generate): the schema on SQLite. A test keeps it true.\n"
    return head + "".join(f"\n{statement};\n" for statement in statements)


def reference() -> str:
    """Every table with its columns and indexes, in Markdown."""
    return "\n".join(line for table in metadata.tables.values() for line in _table(table))


def _table(table: Table) -> Iterator[str]:
    yield f"\n### {table.name}\n\n{table.info['about']}\n\n| column | type | |\n|---|---|---|"
    for column in table.columns:
        yield f"| `{column.name}` | {_type(column)} | {column.doc}{_points(column)} |"
    unique = [c for c in table.constraints if type(c).__name__ == "UniqueConstraint"]
    lines = [f"- unique: {', '.join(f'`{c.name}`' for c in constraint.columns)}" for constraint in unique]
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        columns = ", ".join(f"`{c.name}`" for c in index.columns)
        where = index.dialect_options["sqlite"]["where"]
        only = f", where {where.text}" if where is not None else ""
        lines.append(
            f"- `{index.name}`{' (unique)' if index.unique else ''} on {columns}{only}: {index.info['serves']}"
        )
    if lines:
        yield "\n" + "\n".join(lines)


def _type(column: Column[object]) -> str:
    names = [
        str(column.type.compile(dialect)).replace("FLOAT", "DOUBLE PRECISION")
        for dialect in (sqlite.dialect(), postgresql.dialect())
    ]
    null = ", null" if column.nullable else ""
    return " / ".join(dict.fromkeys(names)) + null


def _points(column: Column[object]) -> str:
    targets = sorted(key.target_fullname for key in column.foreign_keys)
    return f" → {targets[0]}" if targets else ""


def readme(text: str) -> str:
    """The README with its generated part renewed."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{reference()}\n\n{END}{after}"


if __name__ == "__main__":
    SCHEMA.write_text(schema_sql(), encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
