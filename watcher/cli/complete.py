"""What a shell offers for signals, sources, figures, watchlists and hits, from the database at hand. Must not: fail, or make a database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from watcher.bootstrap import DEFAULT_DATABASE

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from watcher.storage.queries import Queries

MOST_HITS = 50
_HELP_CHARS = 60


def signals(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of signals, with their titles."""
    return _declared(ctx, "signals", incomplete)


def figures(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of figures, with their titles."""
    return _declared(ctx, "figures", incomplete)


def _declared(ctx: click.Context, kind: str, incomplete: str) -> list[CompletionItem]:
    """What the watchlists at hand declare of a kind."""
    found: dict[str, str] = {}
    with contextlib.suppress(Exception), _queries(ctx) as queries:
        for row in queries.watchlists():
            found.update((one["id"], one["title"]) for one in row.outline.get(kind, ()))
    return _items(found, incomplete)


def watchlists(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of watchlists, with their questions."""
    found: dict[str, str] = {}
    with contextlib.suppress(Exception), _queries(ctx) as queries:
        found.update((row.id, row.question) for row in queries.watchlists())
    return _items(found, incomplete)


def sources(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of sources, with their titles."""
    found: dict[str, str] = {}
    with contextlib.suppress(Exception), _queries(ctx) as queries:
        found.update((row.name, row.title) for row in queries.sources())
    return _items(found, incomplete)


def hits(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Numbers of the newest hits, with their titles."""
    from watcher.core.views import HitFilter

    found: dict[str, str] = {}
    with contextlib.suppress(Exception), _queries(ctx) as queries:
        found.update((str(row.hit_id), row.title) for row in queries.hits(HitFilter(limit=MOST_HITS)))
    return _items(found, incomplete)


@contextlib.contextmanager
def _queries(ctx: click.Context) -> Iterator[Queries]:
    from watcher.bootstrap import build_queries

    with build_queries(ctx.params.get("database") or DEFAULT_DATABASE) as queries:
        yield queries


def _items(found: dict[str, str], incomplete: str) -> list[CompletionItem]:
    """Only plain names: what a shell would take for more than a word is not offered. Titles are cleaned and cut."""
    from click.shell_completion import CompletionItem

    from watcher.core.clean import terminal

    return [
        CompletionItem(name, help=terminal(title)[:_HELP_CHARS])
        for name, title in found.items()
        if name.startswith(incomplete) and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    ]
