"""Names of watchlists and their revisions to ids, read once per transaction. Must not: write."""

from __future__ import annotations

from sqlalchemy import Connection, select

from watcher.core.errors import StorageError
from watcher.storage.sqltools import read
from watcher.storage.tables import watchlist_revisions, watchlists

_WATCHLISTS = select(watchlists.c.name, watchlists.c.id, watchlists.c.revision_id)
_REVISIONS = select(watchlist_revisions.c.id, watchlist_revisions.c.watchlist_id, watchlist_revisions.c.digest)


class NotLoadedError(StorageError):
    """A watchlist or a revision that was never loaded into this database."""


class Names:
    """Ids of watchlists and revisions, as of the first question."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._watchlists: dict[str, tuple[int, int]] | None = None
        self._revisions: dict[tuple[int, bytes], int] = {}

    def _all(self) -> dict[str, tuple[int, int]]:
        if self._watchlists is None:
            self._watchlists = {name: (key, rev) for name, key, rev in read(self._connection, _WATCHLISTS)}
        return self._watchlists

    def watchlist(self, name: str) -> int:
        """Id of a watchlist.

        Raises:
            NotLoadedError: it was never loaded.
        """
        found = self._all().get(name)
        if found is None:
            raise NotLoadedError(f"watchlist {name} was never loaded into this database")
        return found[0]

    def current(self, name: str) -> int:
        """Id of the revision that is loaded now."""
        self.watchlist(name)
        return self._all()[name][1]

    def revision(self, name: str, digest: str) -> int:
        """Id of a revision (hex digest) of a watchlist.

        Raises:
            NotLoadedError: that revision was never loaded.
        """
        if not digest:
            return self.current(name)
        key = (self.watchlist(name), bytes.fromhex(digest))
        if key not in self._revisions:
            for revision_id, watchlist_id, found in read(self._connection, _REVISIONS):
                self._revisions[watchlist_id, found] = revision_id
        if key not in self._revisions:
            raise NotLoadedError(f"revision {digest[:12]} of watchlist {name} was never loaded into this database")
        return self._revisions[key]

    def find(self, name: str, digest: str) -> int | None:
        """`revision`, or None where watchlist or revision was never loaded."""
        try:
            return self.revision(name, digest)
        except NotLoadedError:
            return None

    def name(self, watchlist_id: int) -> str:
        """Name of a watchlist by id."""
        return next(name for name, (key, _) in self._all().items() if key == watchlist_id)
