"""The first schema: everything that the design names, so that no later issue has to rebuild a table.

Imports nothing from the program: a migration stays true whatever the program becomes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# On SQLite every table is STRICT, which knows only these names of types.
INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL = sa.Double().with_variant(sa.REAL(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
STRICT: dict[str, Any] = {"sqlite_strict": True}
APPLICATION_ID = 0x57415443

TABLES = (
    "duties",
    "meta",
    "sources",
    "watchlists",
    "polls",
    "source_items",
    "source_states",
    "tombstones",
    "watchlist_revisions",
    "watchlist_sources",
    "bodies",
    "entries",
    "rejected",
    "runs",
    "entry_aliases",
    "entry_revisions",
    "entry_scores",
    "figure_readings",
    "hits",
    "assessments",
    "hit_facets",
    "outbox",
    "rung_events",
    "verdicts",
)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:  # one statement per table and index, in the order of their references
    """Make every table and index."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    op.create_table(
        "duties",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", INT, nullable=True),
        sa.Column("lease_token", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("watermark", INT, server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_duties"),
        **STRICT,
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
        **STRICT,
    )
    op.create_table(
        "sources",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("address_key", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("select_path", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("publisher", sa.Text(), server_default="", nullable=False),
        sa.Column("family", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("interval_s", REAL, nullable=False),
        sa.Column("host_interval_s", REAL, nullable=True),
        sa.Column("per_host", INT, nullable=True),
        sa.Column("allow_private", FLAG, nullable=False),
        sa.Column("enabled", FLAG, nullable=False),
        sa.Column("next_poll_at", INT, nullable=True),
        sa.Column("retry_not_before", INT, nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", INT, nullable=True),
        sa.Column("lease_token", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("last_modified", sa.Text(), server_default="", nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind_state", sa.Text(), server_default="", nullable=False),
        sa.Column("failures", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("health", sa.Text(), nullable=False),
        sa.Column("health_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("health_since", INT, nullable=True),
        sa.Column("last_poll_at", INT, nullable=True),
        sa.Column("last_outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("last_ok_at", INT, nullable=True),
        sa.Column("entries", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", INT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sa.UniqueConstraint("address_key", name="uq_sources_address_key"),
        **STRICT,
    )
    op.create_index("ix_sources_next_poll_at", "sources", ["next_poll_at"], **_where("next_poll_at IS NOT NULL"))
    op.create_table(
        "watchlists",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), server_default="", nullable=False),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("revision_id", INT, nullable=True),
        sa.Column("created_at", INT, nullable=False),
        sa.Column("loaded_at", INT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_watchlists"),
        sa.UniqueConstraint("name", name="uq_watchlists_name"),
        **STRICT,
    )
    op.create_table(
        "polls",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("source_id", INT, autoincrement=False, nullable=False),
        sa.Column("started_at", INT, nullable=False),
        sa.Column("finished_at", INT, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", INT, nullable=True),
        sa.Column("phase", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("warnings", sa.Text(), nullable=True),
        sa.Column("format", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body_digest", sa.LargeBinary(), nullable=True),
        sa.Column("wire_bytes", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("elapsed_s", REAL, nullable=True),
        sa.Column("entries_seen", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("entries_new", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("revisions", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("hits", INT, server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_polls_source_id_sources"),
        sa.PrimaryKeyConstraint("id", name="pk_polls"),
        **STRICT,
    )
    op.create_index("ix_polls_finished_at", "polls", ["finished_at"])
    op.create_index("ix_polls_source_id_finished_at", "polls", ["source_id", "finished_at"])
    op.create_table(
        "source_items",
        sa.Column("source_id", INT, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen", INT, nullable=False),
        sa.Column("last_seen", INT, nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_source_items_source_id_sources"),
        sa.PrimaryKeyConstraint("source_id", "digest", name="pk_source_items"),
        **STRICT,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_source_items_present", "source_items", ["source_id"], **_where("last_seen IS NULL"))
    op.create_table(
        "source_states",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("source_id", INT, autoincrement=False, nullable=False),
        sa.Column("health", sa.Text(), nullable=False),
        sa.Column("since", INT, nullable=False),
        sa.Column("until", INT, nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_source_states_source_id_sources"),
        sa.PrimaryKeyConstraint("id", name="pk_source_states"),
        **STRICT,
    )
    op.create_index("ix_source_states_source_id_since", "source_states", ["source_id", "since"])
    op.create_index("uq_source_states_open", "source_states", ["source_id"], unique=True, **_where("until IS NULL"))
    op.create_table(
        "tombstones",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("source_id", INT, autoincrement=False, nullable=False),
        sa.Column("link_key", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen", INT, nullable=False),
        sa.Column("pruned_at", INT, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_tombstones_source_id_sources"),
        sa.PrimaryKeyConstraint("key", "source_id", name="pk_tombstones"),
        **STRICT,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tombstones_content_digest_source_id", "tombstones", ["content_digest", "source_id"])
    op.create_index("ix_tombstones_link_key_source_id", "tombstones", ["link_key", "source_id"])
    op.create_table(
        "watchlist_revisions",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("watchlist_id", INT, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("outline", sa.Text(), nullable=False),
        sa.Column("compiled", sa.LargeBinary(), nullable=False),
        sa.Column("loaded_at", INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["watchlist_id"], ["watchlists.id"], name="fk_watchlist_revisions_watchlist_id_watchlists"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_watchlist_revisions"),
        sa.UniqueConstraint("watchlist_id", "digest", name="uq_watchlist_revisions_watchlist_id_digest"),
        **STRICT,
    )
    op.create_table(
        "watchlist_sources",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("watchlist_id", INT, autoincrement=False, nullable=False),
        sa.Column("source_id", INT, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("reliability", sa.Text(), nullable=False),
        sa.Column("rationale", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded", sa.Text(), server_default="", nullable=False),
        sa.Column("checked_on", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("interval_s", REAL, nullable=False),
        sa.Column("host_interval_s", REAL, nullable=True),
        sa.Column("per_host", INT, nullable=True),
        sa.Column("allow_private", FLAG, nullable=False),
        sa.Column("enabled", FLAG, nullable=False),
        sa.Column("listed_at", INT, nullable=False),
        sa.Column("removed_at", INT, nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_watchlist_sources_source_id_sources"),
        sa.ForeignKeyConstraint(
            ["watchlist_id"], ["watchlists.id"], name="fk_watchlist_sources_watchlist_id_watchlists"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_watchlist_sources"),
        sa.UniqueConstraint("watchlist_id", "source_id", name="uq_watchlist_sources_watchlist_id_source_id"),
        **STRICT,
    )
    op.create_index("ix_watchlist_sources_source_id", "watchlist_sources", ["source_id"])
    op.create_table(
        "bodies",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("size", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("poll_id", INT, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name="fk_bodies_poll_id_polls"),
        sa.PrimaryKeyConstraint("digest", name="pk_bodies"),
        **STRICT,
    )
    op.create_table(
        "entries",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("source_id", INT, autoincrement=False, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("link_key", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("item_digest", sa.LargeBinary(), nullable=False),
        sa.Column("revision_no", INT, nullable=False),
        sa.Column("guid", sa.Text(), server_default="", nullable=False),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("outlet", sa.Text(), server_default="", nullable=False),
        sa.Column("outlet_url", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("tags", sa.Text(), nullable=True),
        sa.Column("flags", sa.Text(), server_default="", nullable=False),
        sa.Column("published", INT, nullable=True),
        sa.Column("published_raw", sa.Text(), server_default="", nullable=False),
        sa.Column("first_seen", INT, nullable=False),
        sa.Column("last_seen", INT, nullable=False),
        sa.Column("left_at", INT, nullable=True),
        sa.Column("vanished_at", INT, nullable=True),
        sa.Column("sighting", sa.Text(), server_default="", nullable=False),
        sa.Column("duplicate_of", INT, nullable=True),
        sa.Column("poll_id", INT, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name="fk_entries_poll_id_polls"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_entries_source_id_sources"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
        **STRICT,
    )
    op.create_index("ix_entries_content_digest_source_id", "entries", ["content_digest", "source_id"])
    op.create_index("ix_entries_first_seen", "entries", ["first_seen"])
    op.create_index("ix_entries_link_key_source_id", "entries", ["link_key", "source_id"])
    op.create_index("ix_entries_present", "entries", ["source_id"], **_where("left_at IS NULL"))
    op.create_index("uq_entries_key_source_id", "entries", ["key", "source_id"], unique=True)
    op.create_table(
        "rejected",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("source_id", INT, autoincrement=False, nullable=False),
        sa.Column("poll_id", INT, autoincrement=False, nullable=False),
        sa.Column("guid", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("rejected_at", INT, nullable=False),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name="fk_rejected_poll_id_polls"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_rejected_source_id_sources"),
        sa.PrimaryKeyConstraint("id", name="pk_rejected"),
        **STRICT,
    )
    op.create_table(
        "runs",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("watchlist_id", INT, autoincrement=False, nullable=False),
        sa.Column("revision_id", INT, autoincrement=False, nullable=False),
        sa.Column("started_at", INT, nullable=False),
        sa.Column("finished_at", INT, nullable=True),
        sa.Column("position", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["watchlist_revisions.id"], name="fk_runs_revision_id_watchlist_revisions"
        ),
        sa.ForeignKeyConstraint(["watchlist_id"], ["watchlists.id"], name="fk_runs_watchlist_id_watchlists"),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        **STRICT,
    )
    op.create_table(
        "entry_aliases",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("source_id", INT, autoincrement=False, nullable=False),
        sa.Column("entry_id", INT, autoincrement=False, nullable=False),
        sa.Column("created_at", INT, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_entry_aliases_entry_id_entries"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_entry_aliases_source_id_sources"),
        sa.PrimaryKeyConstraint("key", "source_id", name="pk_entry_aliases"),
        **STRICT,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_entry_aliases_entry_id", "entry_aliases", ["entry_id"])
    op.create_table(
        "entry_revisions",
        sa.Column("entry_id", INT, autoincrement=False, nullable=False),
        sa.Column("revision_no", INT, autoincrement=False, nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("first_seen", INT, nullable=False),
        sa.Column("last_seen", INT, nullable=True),
        sa.Column("sighting", sa.Text(), nullable=False),
        sa.Column("poll_id", INT, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_entry_revisions_entry_id_entries"),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name="fk_entry_revisions_poll_id_polls"),
        sa.PrimaryKeyConstraint("entry_id", "revision_no", name="pk_entry_revisions"),
        **STRICT,
    )
    op.create_table(
        "entry_scores",
        sa.Column("entry_id", INT, autoincrement=False, nullable=False),
        sa.Column("watchlist_id", INT, autoincrement=False, nullable=False),
        sa.Column("revision_id", INT, autoincrement=False, nullable=False),
        sa.Column("entry_revision", INT, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_entry_scores_entry_id_entries"),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["watchlist_revisions.id"], name="fk_entry_scores_revision_id_watchlist_revisions"
        ),
        sa.ForeignKeyConstraint(["watchlist_id"], ["watchlists.id"], name="fk_entry_scores_watchlist_id_watchlists"),
        sa.PrimaryKeyConstraint("entry_id", "watchlist_id", name="pk_entry_scores"),
        **STRICT,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "figure_readings",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("watchlist_id", INT, autoincrement=False, nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("entry_id", INT, autoincrement=False, nullable=False),
        sa.Column("entry_revision", INT, nullable=False),
        sa.Column("value", REAL, nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("qualifier", sa.Text(), server_default="", nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("span_start", INT, nullable=False),
        sa.Column("span_end", INT, nullable=False),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("read_at", INT, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_figure_readings_entry_id_entries"),
        sa.ForeignKeyConstraint(["watchlist_id"], ["watchlists.id"], name="fk_figure_readings_watchlist_id_watchlists"),
        sa.PrimaryKeyConstraint("id", name="pk_figure_readings"),
        sa.UniqueConstraint(
            "entry_id",
            "watchlist_id",
            "figure",
            "entry_revision",
            "field",
            "span_start",
            name="uq_figure_readings_reading",
        ),
        **STRICT,
    )
    op.create_index(
        "ix_figure_readings_watchlist_id_figure_read_at", "figure_readings", ["watchlist_id", "figure", "read_at"]
    )
    op.create_table(
        "hits",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("watchlist_id", INT, autoincrement=False, nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("entry_id", INT, autoincrement=False, nullable=False),
        sa.Column("source_id", INT, autoincrement=False, nullable=False),
        sa.Column("first_seen", INT, nullable=False),
        sa.Column("made_at", INT, nullable=False),
        sa.Column("sighting", sa.Text(), server_default="", nullable=False),
        sa.Column("entry_revision", INT, nullable=False),
        sa.Column("revision_id", INT, autoincrement=False, nullable=False),
        sa.Column("score", REAL, nullable=False),
        sa.Column("rung", sa.Text(), server_default="", nullable=False),
        sa.Column("reached", FLAG, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("duplicate_of", INT, nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_hits_entry_id_entries"),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["watchlist_revisions.id"], name="fk_hits_revision_id_watchlist_revisions"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_hits_source_id_sources"),
        sa.ForeignKeyConstraint(["watchlist_id"], ["watchlists.id"], name="fk_hits_watchlist_id_watchlists"),
        sa.PrimaryKeyConstraint("id", name="pk_hits"),
        **STRICT,
    )
    op.create_index("ix_hits_source_id", "hits", ["source_id"])
    op.create_index("ix_hits_watchlist_id_first_seen_score", "hits", ["watchlist_id", "first_seen", "score"])
    op.create_index("ix_hits_watchlist_id_signal_first_seen", "hits", ["watchlist_id", "signal", "first_seen"])
    op.create_index("uq_hits_entry_id_watchlist_id_signal", "hits", ["entry_id", "watchlist_id", "signal"], unique=True)
    op.create_table(
        "assessments",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("hit_id", INT, autoincrement=False, nullable=False),
        sa.Column("entry_revision", INT, nullable=False),
        sa.Column("revision_id", INT, autoincrement=False, nullable=False),
        sa.Column("run_id", INT, autoincrement=False, nullable=True),
        sa.Column("assessed_at", INT, nullable=False),
        sa.Column("score", REAL, nullable=False),
        sa.Column("rung", sa.Text(), server_default="", nullable=False),
        sa.Column("reached", FLAG, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.id"], name="fk_assessments_hit_id_hits"),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["watchlist_revisions.id"], name="fk_assessments_revision_id_watchlist_revisions"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_assessments_run_id_runs"),
        sa.PrimaryKeyConstraint("id", name="pk_assessments"),
        **STRICT,
    )
    op.create_index("ix_assessments_hit_id_id", "assessments", ["hit_id", "id"])
    op.create_table(
        "hit_facets",
        sa.Column("hit_id", INT, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.id"], name="fk_hit_facets_hit_id_hits"),
        sa.PrimaryKeyConstraint("hit_id", "kind", "value", name="pk_hit_facets"),
        **STRICT,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_hit_facets_kind_value_hit_id", "hit_facets", ["kind", "value", "hit_id"])
    op.create_table(
        "outbox",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hit_id", INT, autoincrement=False, nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", INT, nullable=False),
        sa.Column("next_attempt_at", INT, nullable=True),
        sa.Column("attempts", INT, server_default=sa.text("0"), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", INT, nullable=True),
        sa.Column("sent_at", INT, nullable=True),
        sa.Column("dead_at", INT, nullable=True),
        sa.Column("suppressed_at", INT, nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.id"], name="fk_outbox_hit_id_hits"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("channel", "key", name="uq_outbox_channel_key"),
        **STRICT,
    )
    op.create_index(
        "ix_outbox_channel_next_attempt_at",
        "outbox",
        ["channel", "next_attempt_at"],
        **_where("next_attempt_at IS NOT NULL"),
    )
    op.create_index("ix_outbox_hit_id", "outbox", ["hit_id"])
    op.create_table(
        "rung_events",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("watchlist_id", INT, autoincrement=False, nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=False),
        sa.Column("hit_id", INT, autoincrement=False, nullable=False),
        sa.Column("run_id", INT, autoincrement=False, nullable=True),
        sa.Column("reached_at", INT, nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.id"], name="fk_rung_events_hit_id_hits"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_rung_events_run_id_runs"),
        sa.ForeignKeyConstraint(["watchlist_id"], ["watchlists.id"], name="fk_rung_events_watchlist_id_watchlists"),
        sa.PrimaryKeyConstraint("id", name="pk_rung_events"),
        sa.UniqueConstraint("watchlist_id", "signal", "rung", name="uq_rung_events_watchlist_id_signal_rung"),
        **STRICT,
    )
    op.create_table(
        "verdicts",
        sa.Column("id", INT, autoincrement=True, nullable=False),
        sa.Column("hit_id", INT, autoincrement=False, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reliability", sa.Text(), server_default="", nullable=False),
        sa.Column("credibility", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("analyst", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_at", INT, nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.id"], name="fk_verdicts_hit_id_hits"),
        sa.PrimaryKeyConstraint("id", name="pk_verdicts"),
        **STRICT,
    )
    op.create_index("ix_verdicts_hit_id_id", "verdicts", ["hit_id", "id"])
    # ### end Alembic commands ###


def downgrade() -> None:
    """Drop them all, children first."""
    for table in reversed(TABLES):
        op.drop_table(table)
