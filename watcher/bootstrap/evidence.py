"""Builds what reads evidence: histories, bundles, series of figures. Must not: do the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watcher.app.evidence_check import Again
    from watcher.storage.evidence import EvidenceQueries
    from watcher.storage.figures import FigureQueries
    from watcher.storage.queries import Queries


@dataclass(frozen=True, slots=True)
class EvidenceDesk:
    """Read models of a database that is opened read only."""

    evidence: EvidenceQueries
    figures: FigureQueries
    queries: Queries


@contextmanager
def build_evidence(database: str) -> Iterator[EvidenceDesk]:
    """The evidence in a database.

    Raises:
        WatcherError: there is none, it is damaged, or its schema is another one than ours.
    """
    from watcher.storage.engine import open_engine
    from watcher.storage.evidence import EvidenceQueries
    from watcher.storage.figures import FigureQueries
    from watcher.storage.queries import Queries
    from watcher.storage.schema import require_current

    engine = open_engine(database, read_only=True)
    try:
        require_current(engine)
        yield EvidenceDesk(EvidenceQueries(engine), FigureQueries(engine), Queries(engine))
    finally:
        engine.dispose()


def build_scorer() -> Again:
    """What scores the text of a bundle anew, with this machine's word forms."""
    import os

    from watcher.app.evidence_check import scorer
    from watcher.bootstrap.reading import build_expand
    from watcher.bootstrap.settings import Settings, cache_dir

    return scorer(build_expand(Settings(cache_dir=cache_dir(os.environ))))
