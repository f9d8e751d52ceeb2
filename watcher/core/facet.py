"""Which declared facets stand in the matching sentences. Must not: know rules or scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from watcher.core.evaluate import Evaluator, Window
from watcher.core.model import FacetMention
from watcher.core.scan import Hit

MENTIONS_CAP: Final = 60


def mentions(evaluator: Evaluator, hits: Mapping[str, Sequence[Hit]]) -> tuple[FacetMention, ...]:
    """Facets in the sentences where signals match: each facet once a sentence, in order of the text.

    Args:
        evaluator: of the scanned entry.
        hits: by signal, the hits of its rules.
    """
    scan = evaluator.scan
    if not scan.watchlist.facets:
        return ()
    signals: dict[int, list[str]] = {}
    layout = scan.layout
    for signal, found in hits.items():
        for sentence in {layout.sentence(hit[1]) for hit in found}:
            signals.setdefault(sentence, []).append(signal)
    if not signals:
        return ()
    windows = [(Window(*layout.window(sentence)), tuple(signals[sentence])) for sentence in sorted(signals)]
    made: list[FacetMention] = []
    for facet in scan.watchlist.facets:
        if not evaluator.holds(facet.match, evaluator.everything):
            continue
        for window, names in windows:
            one = evaluator.find(facet.match, window)
            if one:
                made.append(
                    FacetMention(facet.kind, facet.id, scan.match(min(one.hits, key=lambda hit: hit[1:])), names)
                )
    return tuple(made[:MENTIONS_CAP])
