"""The search index: which wording of an entry is in it, and the index itself, as the database can best do it.

Derived data: it can be emptied and filled again at any time (`watcher db derive --rebuild`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the index, empty."""
    op.create_table(
        "indexed_entries",
        sa.Column("entry_id", INT, autoincrement=False, nullable=False),
        sa.Column("revision_no", INT, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_indexed_entries_entry_id_entries"),
        sa.PrimaryKeyConstraint("entry_id", name="pk_indexed_entries"),
        sqlite_strict=True,
    )
    edited = sa.text("revision_no > 1")
    op.create_index("ix_entries_edited", "entries", ["id"], sqlite_where=edited, postgresql_where=edited)
    if op.get_bind().dialect.name == "sqlite":
        # Words come folded and parted by spaces; the ascii tokenizer keeps every other character as part of a word.
        op.execute(
            "CREATE VIRTUAL TABLE search_words USING fts5"
            "(words, content='', detail=none, tokenize=\"ascii tokenchars ''''\")"
        )
    else:
        op.execute("CREATE TABLE search_words (entry_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX ix_search_words_words ON search_words USING gin (words)")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("search_words")
    op.drop_index("ix_entries_edited", "entries")
    op.drop_table("indexed_entries")
