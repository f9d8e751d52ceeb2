"""A small watchlist as text, compiled without dictionaries: what the tests of the engine share."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.core.compile import compile_watchlist
from watcher.core.limits import Limits
from watcher.core.match import find_evidence
from watcher.core.model import Assessment, Evidence, Match
from watcher.core.program import CompiledWatchlist
from watcher.core.score import assess
from watcher.core.watchlist import read_document

HEAD = """watchlist: small
question: Does it move?
language: en
timezone: UTC
ladders:
  steps: [claimed, text exists, handed over]
"""
FORMS: Mapping[tuple[str, str], frozenset[str]] = {
    ("en", "guarantee"): frozenset({"guarantee", "guarantees", "guaranteed"}),
    ("en", "draft"): frozenset({"draft", "drafts"}),
    ("en", "vessel"): frozenset({"vessel", "vessels"}),
    ("ru", "договор"): frozenset({"договор", "договора", "договором"}),
    ("ru", "нота"): frozenset({"нота", "ноту", "нотой"}),
    ("ru", "судно"): frozenset({"судно", "суда", "судов"}),
    ("uk", "зобов'язання"): frozenset({"зобов'язання", "зобов'язань"}),
    ("uk", "проєкт"): frozenset({"проєкт", "проєкту", "проект", "проекту"}),
    ("de", "Entwurf"): frozenset({"Entwurf", "Entwurfs", "Entwürfe"}),
}


def compiled(body: str, forms: Mapping[tuple[str, str], frozenset[str]] = FORMS) -> CompiledWatchlist:
    """The watchlist of a body below the head."""
    return compile_watchlist(read_document({"w.yaml": HEAD + body}, "w.yaml"), forms)


def one_rule(query: str, *more: str, concepts: str = "") -> CompiledWatchlist:
    """A watchlist with one signal of one rule; ``more`` are further lines of the rule."""
    lines = "".join(f"\n        {line}" for line in more)
    rule = f"      - id: only\n        match: '{query.replace(chr(39), chr(39) * 2)}'\n        weight: 60{lines}\n"
    return compiled(f"{concepts}signals:\n  s:\n    title: S\n    ladder: steps\n    rules:\n{rule}")


def evidence(watchlist: CompiledWatchlist, text: str, title: str = "", language: str = "") -> Evidence | None:
    return find_evidence(watchlist, title, text, language, limits=Limits())


def found(query: str, text: str, title: str = "", *more: str, concepts: str = "") -> list[str]:
    """The words that a rule matched, as they stand in the entry; empty where it did not fire."""
    return spelled(evidence(one_rule(query, *more, concepts=concepts), text, title), text, title)


def spelled(result: Evidence | None, text: str, title: str = "") -> list[str]:
    if result is None:
        return []
    fields = {"text": text, "title": title}
    matches: list[Match] = [match for signal in result.signals for firing in signal.firings for match in firing.matches]
    return [fields[match.field][match.start : match.end] for match in matches]


def assessed(watchlist: CompiledWatchlist, text: str, title: str = "") -> tuple[Assessment, ...]:
    result = evidence(watchlist, text, title)
    return assess(watchlist, result) if result else ()
