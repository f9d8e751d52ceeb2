"""What a shell offers for signals, sources, figures, watchlists and hits, from the database at hand. Must not: fail, or make a database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from watcher.bootstrap.settings import DEFAULT_DATABASE

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from watcher.storage.queries import Queries

MOST_HITS = 50
PATIENCE_S = 1.0
"""How long a database may take to answer."""
THREAD = "completion"
_HELP_CHARS = 60


def signals(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of signals, with their titles."""
    return _declared(ctx, "signals", incomplete)


def figures(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of figures, with their titles."""
    return _declared(ctx, "figures", incomplete)


def _declared(ctx: click.Context, kind: str, incomplete: str) -> list[CompletionItem]:
    """What the watchlists at hand declare of a kind."""

    def names(queries: Queries) -> dict[str, str]:
        return {one["id"]: one["title"] for row in queries.watchlists() for one in row.outline.get(kind, ())}

    return _items(_asked(ctx, names), incomplete)


def watchlists(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of watchlists, with their questions."""
    return _items(_asked(ctx, lambda queries: {row.id: row.question for row in queries.watchlists()}), incomplete)


def sources(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of sources, with their titles."""
    return _items(_asked(ctx, lambda queries: {row.name: row.title for row in queries.sources()}), incomplete)


def hits(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Numbers of the newest hits, with their titles."""
    from watcher.core.views import HitFilter

    newest = HitFilter(limit=MOST_HITS)
    return _items(_asked(ctx, lambda queries: {str(row.hit_id): row.title for row in queries.hits(newest)}), incomplete)


def _asked(ctx: click.Context, names: Callable[[Queries], dict[str, str]]) -> dict[str, str]:
    """What a database answers, or nothing: a person waits at a prompt, so one that is far away is not waited for."""
    import threading

    found: dict[str, str] = {}

    def ask() -> None:
        from watcher.bootstrap.reading import build_queries

        with (
            contextlib.suppress(Exception),
            build_queries(ctx.params.get("database") or DEFAULT_DATABASE) as queries,
        ):
            found.update(names(queries))

    # In a thread that the process does not wait for when it ends: connecting cannot be called off.
    asking = threading.Thread(target=ask, name=THREAD, daemon=True)
    asking.start()
    asking.join(PATIENCE_S)
    return {} if asking.is_alive() else found


def _items(found: dict[str, str], incomplete: str) -> list[CompletionItem]:
    """Only plain names: what a shell would take for more than a word is not offered. Titles are cleaned and cut."""
    from click.shell_completion import CompletionItem

    from watcher.core.clean import terminal

    return [
        CompletionItem(name, help=terminal(title)[:_HELP_CHARS])
        for name, title in found.items()
        if name.startswith(incomplete) and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    ]
