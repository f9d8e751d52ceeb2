"""Runs the migrations on the connection that the program hands over: one transaction, one runner at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

ADVISORY_KEY = 0x57415444
LOCK_TIMEOUT = "10s"
STATEMENT_TIMEOUT = "30min"


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Two programs that start at once: the second waits here, and then finds nothing to do.
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_KEY})
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata"),
        # The caller began the transaction (BEGIN IMMEDIATE on SQLite) and commits it; DDL is part of it on both.
        transactional_ddl=True,
        transaction_per_migration=False,
        compare_type=True,
    )
    context.run_migrations()


run(context.config.attributes["connection"])
