"""Every test that takes ``backend`` runs on SQLite and on PostgreSQL."""

from tests.support.backends import backend, migrated_database, migrated_file, postgres, server

__all__ = ["backend", "migrated_database", "migrated_file", "postgres", "server"]
