"""Where a database is: a path or a URL, taken apart once. Must not: open it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct

from watcher.core.errors import UsageProblem


class Address(Struct, frozen=True):
    """A database as given: ``path`` for SQLite (None elsewhere), ``url`` for everything else."""

    path: Path | None
    url: str

    @property
    def shown(self) -> str:
        """How messages name it: the path, or the URL without its password."""
        if self.path is not None:
            return str(self.path)
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"


def parse_address(database: str) -> Address:
    """Take a path or an SQLAlchemy URL apart; ``postgresql://`` means psycopg.

    Raises:
        UsageProblem: a kind of database that is not supported.
    """
    scheme, separator, rest = database.partition("://")
    if not separator:
        return Address(Path(database), f"sqlite:///{database}")
    backend = scheme.partition("+")[0]
    if backend == "sqlite":
        name = unquote(rest.partition("?")[0].removeprefix("/"))
        if name in ("", ":memory:"):
            raise UsageProblem("a database in memory forgets everything", hint="give the path of a file")
        return Address(Path(name), database)
    if backend in ("postgresql", "postgres"):
        return Address(None, f"postgresql+psycopg://{rest}")
    raise UsageProblem(f"database kind {backend} is not supported", hint="give a path, or a postgresql:// URL")
