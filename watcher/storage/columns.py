"""What the declarations of tables are written with: one way to make each kind of column. Must not: declare a table.

Times are UTC microseconds; ``doc`` of a column and ``serves`` of an index become `db/README.md`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, MetaData, Table, text

from watcher.storage.types import CleanText, Digest, JsonText, integer

INT64 = integer()

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def make_table(name: str, about: str, *parts: Any, rowid: bool = True) -> Table:
    """A table of the schema; ``about``: what it is for."""
    return Table(name, metadata, *parts, info={"about": about}, sqlite_strict=True, sqlite_with_rowid=rowid)


def row_id() -> Column[int]:
    """The number of a row, its primary key."""
    return Column("id", INT64, primary_key=True, autoincrement=True, doc="Number of the row")


def reference(name: str, target: str, doc: str, *, optional: bool = False, key: bool = False) -> Column[int]:
    """The number of a row of another table."""
    return Column(
        name, INT64, ForeignKey(f"{target}.id"), nullable=optional, primary_key=key, doc=doc, autoincrement=False
    )


def words(name: str, doc: str, default: str | None = "") -> Column[str]:
    """A text that is never null; empty where nothing is known (``default`` None: must be given)."""
    return Column(name, CleanText, nullable=False, server_default=default, doc=doc)


def count(name: str, doc: str) -> Column[int]:
    """A number that begins at 0."""
    return Column(name, INT64, nullable=False, server_default=text("0"), doc=doc)


def moment(name: str, doc: str) -> Column[int]:
    """A time that is always known, microseconds since 1970 UTC."""
    return Column(name, INT64, nullable=False, doc=doc)


def maybe_moment(name: str, doc: str) -> Column[int | None]:
    """A time that may not be known or not be there."""
    return Column(name, INT64, nullable=True, doc=doc)


def digest(name: str, doc: str, *, optional: bool = False, key: bool = False) -> Column[bytes]:
    """A SHA-256 digest, or an empty one."""
    return Column(name, Digest, nullable=optional, primary_key=key, doc=doc)


def json_column(name: str, doc: str) -> Column[Any]:
    """A value kept as JSON text."""
    return Column(name, JsonText, nullable=False, doc=doc)


def make_index(name: str, *columns: str, serves: str, unique: bool = False, where: str = "") -> Index:
    """An index; ``serves``: the questions that it answers."""
    # No `postgresql_where` here: naming it makes SQLAlchemy import that dialect, an eighth of a report's start-up.
    # The migrations make the index on both databases with the same condition.
    clause = text(where) if where else None
    return Index(name, *columns, unique=unique, info={"serves": serves, "where": where}, sqlite_where=clause)
