"""`watcher score`: items in, their hits out, line by line. Must not: keep more than one item, or touch the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from watcher.bootstrap.reading import load_watchlists
from watcher.bootstrap.settings import Settings
from watcher.cli.common import say, write_lines
from watcher.cli.items import Item, language_of, read_items, text_of, title_of

if TYPE_CHECKING:
    from watcher.core.model import Assessment
    from watcher.core.program import CompiledWatchlist


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option(
    "--watchlist",
    "watchlists",
    multiple=True,
    metavar="PATH",
    help="Watchlist file, or a folder of them; repeatable.  [default: config/watchlist.yaml]",
)
@click.pass_context
def command(ctx: click.Context, file: str, watchlists: tuple[str, ...]) -> None:
    """Score items from a file or standard input, and write JSON Lines.

    Each line of FILE (also .gz, .xz) is an item: {"id", "title", "text" or "summary", "lang"}; other keys
    are left alone. Each item gives one line: its hits with rung, parts and matching words, and what came
    near. Bad lines are told and left out; then the exit code is 1.

    With several watchlists each hit names its own.

    \b
    Examples:
      watcher score items.jsonl > hits.jsonl
      zcat archive.gz | watcher score - --watchlist mine.yaml

    \b
    Exit codes: 0 done, 1 a line was bad (the others are scored),
    2 a watchlist is refused.
    """
    compiled = [one.compiled for one in load_watchlists(Settings.read(watchlists=watchlists))]
    score = _Scorer(compiled)
    bad = 0

    def on_bad(number: int, why: str) -> None:
        nonlocal bad
        bad += 1
        say(f"error: {'standard input' if file == '-' else file}:{number}: {why}")

    write_lines(json.dumps(score(item), ensure_ascii=False) for item in read_items(file, on_bad))
    if bad:
        say(f"error: {bad} bad {'line' if bad == 1 else 'lines'} left out")
    ctx.exit(1 if bad else 0)


class _Scorer:
    """Scores items against watchlists."""

    def __init__(self, watchlists: Sequence[CompiledWatchlist]) -> None:
        from watcher.core.limits import Limits
        from watcher.core.match import find_evidence
        from watcher.core.score import assess

        self.watchlists = watchlists
        self.limits = Limits()
        self.find_evidence = find_evidence
        self.assess = assess

    def __call__(self, item: Item) -> dict[str, Any]:
        """The line for an item."""
        title, text = title_of(item, self.limits.title_chars), text_of(item, self.limits.text_chars)
        language = language_of(item)
        hits: list[dict[str, Any]] = []
        near: list[dict[str, Any]] = []
        for watchlist in self.watchlists:
            evidence = self.find_evidence(watchlist, title, text, language, limits=self.limits)
            for assessment in self.assess(watchlist, evidence) if evidence is not None else ():
                named = {"watchlist": watchlist.id} if len(self.watchlists) > 1 else {}
                scored = {**named, "signal": assessment.signal, "score": assessment.score}
                if assessment.reached:
                    hits.append(scored | _details(assessment, {"title": title, "text": text}))
                else:
                    near.append(scored)
        return {"id": item["id"], "hits": hits, "near": near}


def _details(assessment: Assessment, fields: dict[str, str]) -> dict[str, Any]:
    """What a hit is made of. Spans are in the text as it was matched: without markup, where the item had some."""
    return {
        "rung": assessment.rung,
        "parts": [
            {"kind": part.kind, "name": part.name, "points": part.points, "why": part.why} for part in assessment.parts
        ],
        "matches": [
            {
                "rule": firing.rule,
                "term": match.term,
                "field": match.field,
                "start": match.start,
                "end": match.end,
                "text": fields[match.field][match.start : match.end],
            }
            for firing in assessment.firings
            for match in firing.matches
        ],
        "facets": sorted({f"{mention.kind}/{mention.value}" for mention in assessment.facets}),
    }
