"""All tables together, for migrations, documents and statistics. Must not: be imported by a command that needs but a few."""

from __future__ import annotations

from watcher.storage import evidence_tables, tables
from watcher.storage.columns import metadata

__all__ = ["evidence_tables", "metadata", "tables"]
