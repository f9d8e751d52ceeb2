"""Stories and origins, the states of verdicts, reports that were given, and what a daemon must remember through a death."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL = sa.Double().with_variant(sa.REAL(), "sqlite")
JSON = sa.Text()
STRICT: dict[str, Any] = {"sqlite_strict": True}

TABLES = ("daemon_spans", "host_holds", "reports", "stories", "story_edits", "story_members")


def _columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    return {
        "sources": (
            sa.Column("ttl_s", REAL),
            sa.Column("quiet_hours", JSON),
            _count("crashes"),
            sa.Column("alarmed_at", INT),
            sa.Column("arrivals", JSON),
            sa.Column("body_at", INT),
            _text("moved_to"),
            sa.Column("moved_since", INT),
            _count("moved_count"),
            sa.Column("moved_at", INT),
        ),
        "runs": (sa.Column("scope", JSON),),
        "watchlist_revisions": (_text("made_by"),),
        "verdicts": (
            _text("from_state"),
            _text("to_state"),
            sa.Column("duplicate_of_hit", INT),
            sa.Column("undoes", INT),
            sa.Column("covered_by", INT),
        ),
    }


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _named(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _int(name: str, *, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, INT, autoincrement=False, nullable=optional)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, INT, server_default=sa.text("0"), nullable=False)


def _id() -> sa.Column[int]:
    return sa.Column("id", INT, autoincrement=True, nullable=False)


def _make(name: str, *parts: Any, key: str = "id", **refs: str) -> None:
    foreign = [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{name}_{column}_{target}")
        for column, target in refs.items()
    ]
    op.create_table(name, *parts, *foreign, sa.PrimaryKeyConstraint(key, name=f"pk_{name}"), **STRICT)


def upgrade() -> None:
    """Make the tables, add the columns."""
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    suspected = sa.text("crashes > 0")
    op.create_index("ix_sources_suspected", "sources", ["crashes"], sqlite_where=suspected, postgresql_where=suspected)
    _daemon()
    _reports()
    _stories()
    op.create_index("ix_entry_revisions_poll_id", "entry_revisions", ["poll_id"])
    op.drop_index("ix_polls_source_id_finished_at", "polls")
    op.create_index("ix_polls_source_id_finished_at", "polls", ["source_id", "finished_at", "entries_new"])


def _daemon() -> None:
    _make("daemon_spans", _id(), _named("owner"), _int("started_at"), _int("beat_at"), _int("ended_at", optional=True))
    op.create_index("ix_daemon_spans_beat_at", "daemon_spans", ["beat_at"])
    _make("host_holds", _named("host"), _int("until"), _text("reason"), key="host")


def _reports() -> None:
    _make(
        "reports",
        _id(),
        _int("watchlist_id"),
        _int("revision_id"),
        _int("since"),
        _int("until"),
        _text("analyst"),
        _text("note"),
        _int("given_at"),
        watchlist_id="watchlists",
        revision_id="watchlist_revisions",
    )
    op.create_index("ix_reports_watchlist_id_until", "reports", ["watchlist_id", "until"])


def _stories() -> None:
    _make(
        "stories",
        _id(),
        _int("lead_id"),
        _int("first_at"),
        _int("last_at"),
        _count("entries"),
        _count("outlets"),
        _count("origins"),
        lead_id="entries",
    )
    op.create_index("ix_stories_last_at", "stories", ["last_at"])
    op.create_index("ix_stories_lead_id", "stories", ["lead_id"])
    _make(
        "story_members",
        _int("entry_id"),
        _int("story_id"),
        _named("way"),
        _text("found_way"),
        _int("nearest_id", optional=True),
        sa.Column("likeness", REAL),
        _int("related_id", optional=True),
        _int("copy_id", optional=True),
        sa.Column("claims", JSON),
        _text("outlet"),
        _text("origin"),
        _text("origin_why"),
        _text("standing"),
        key="entry_id",
        entry_id="entries",
        story_id="stories",
    )
    op.create_index("ix_story_members_story_id", "story_members", ["story_id"])
    _make(
        "story_edits",
        _id(),
        _named("edit"),
        _int("entry_id"),
        _int("with_id", optional=True),
        _int("undoes", optional=True),
        _text("analyst"),
        _text("note"),
        _int("decided_at"),
        _int("applied_at", optional=True),
        entry_id="entries",
    )
    op.create_index("ix_story_edits_entry_id", "story_edits", ["entry_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_sources_suspected", "sources")
    op.drop_index("ix_polls_source_id_finished_at", "polls")
    op.create_index("ix_polls_source_id_finished_at", "polls", ["source_id", "finished_at"])
    op.drop_index("ix_entry_revisions_poll_id", "entry_revisions")
    for table in reversed(TABLES):
        op.drop_table(table)
    for table, columns in _columns().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)
