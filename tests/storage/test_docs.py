"""db/schema.sql and db/README.md are what the code says, and the example queries run."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.storage.generate import README, SCHEMA, readme, schema_sql
from watcher.storage.all_tables import metadata


def test_schema_sql_is_what_the_migrations_make() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_sql(), "run: python -m tests.storage.generate"


def test_the_column_reference_is_what_the_tables_say() -> None:
    text = README.read_text(encoding="utf-8")
    assert readme(text) == text, "run: python -m tests.storage.generate"


def test_every_table_column_and_index_says_what_it_is_for() -> None:
    for table in metadata.tables.values():
        assert table.info["about"], table.name
        assert [column.name for column in table.columns if not column.doc] == [], table.name
        assert [index.name for index in table.indexes if not index.info.get("serves")] == [], table.name


def test_the_example_queries_run(migrated_file: Path) -> None:
    queries = re.findall(r"```sql\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(queries) >= 5
    with closing(sqlite3.connect(f"file:{migrated_file}?mode=ro", uri=True)) as connection:
        for query in queries:
            connection.execute(query)
