"""`watcher rescore`: what an edited watchlist changes in stored hits, shown or written. Must not: score or compare."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from watcher.cli import complete
from watcher.cli.common import database_option, format_option, say, write_lines
from watcher.core.errors import UsageProblem

if TYPE_CHECKING:
    from watcher.app.rescore import Question, Summary
    from watcher.app.rescore_parts import Change
    from watcher.app.watchlists import Loaded
    from watcher.bootstrap.rescore import Rescore
    from watcher.bootstrap.settings import Settings


@click.command(short_help="Show what an edited watchlist changes in the stored hits, and apply it.")
@click.option("--watchlist", metavar="PATH", help="The edited watchlist.  [default: config/watchlist.yaml]")
@click.option("--diff/--apply", "only_show", default=True, help="Show what would change (default), or write it.")
@click.option("--dry-run", is_flag=True, help="The same as --diff.")
@click.option("--since", metavar="TIME", help="Only entries first seen since then (2025-12-15, 7d, yesterday).")
@click.option(
    "--signal", metavar="ID", default="", help="Only changes of this signal.", shell_complete=complete.signals
)
@click.option("--full", is_flag=True, help="Score every entry, not only those that the edit can score otherwise.")
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="Processes that score.  [default: 2]")
@format_option("text", "jsonl")
@database_option
def command(
    *,
    watchlist: str | None,
    only_show: bool,
    dry_run: bool,
    since: str | None,
    signal: str,
    full: bool,
    workers: int | None,
    form: str,
    database: str,
) -> None:
    """Show what an edited watchlist changes in the stored hits, and apply it.

    Entries that the edit can score otherwise are found by the search index and scored again; where that cannot
    be told (another version of watcher scored them, say) every entry is, and it says why. Hits are told as gained,
    lost or changed, with scores, rungs and the reason, before anything is written; --apply writes them. Verdicts
    stay, nobody is alerted, and a run that was broken off goes on where it stopped. While a daemon runs only
    --diff is possible.

    \b
    Examples:
      watcher rescore --watchlist edited.yaml --since 30d
      watcher rescore --signal offer --format jsonl | jq -r .title
      watcher rescore --apply

    \b
    Exit codes: 0 done, 1 it failed, 2 wrong usage or a watchlist is refused,
    3 a daemon runs (with --apply), 4 database damaged or from a newer watcher.
    """
    from watcher.app.rescore import Summary
    from watcher.bootstrap.reading import load_watchlists
    from watcher.bootstrap.rescore import build_rescore
    from watcher.bootstrap.settings import Settings

    settings = Settings.read(database=database, watchlists=[watchlist] if watchlist else (), workers=workers)
    if len(settings.watchlists) != 1:
        raise UsageProblem("rescore takes one watchlist at a time", hint="name one with --watchlist FILE")
    (loaded,) = load_watchlists(settings)
    if signal and signal not in loaded.compiled.signals:
        raise UsageProblem(
            f"the watchlist has no signal {signal!r}", hint=f"it has {', '.join(loaded.compiled.signals)}"
        )
    writes = not only_show and not dry_run
    summary = Summary()
    with build_rescore(settings, loaded, writes=writes) as rescore:
        question = _question(settings, loaded, rescore, since, signal, full=full)
        changes = _with_progress(_run(loaded, rescore, question, summary), rescore, question, summary)
        write_lines(_lines(changes, form))
    counts = summary.counts()
    say(", ".join(f"{number} {kind}" for kind, number in counts.items()) + ("" if writes else "; nothing was written"))


def _question(
    settings: Settings, loaded: Loaded, rescore: Rescore, since: str | None, signal: str, *, full: bool
) -> Question:
    import zoneinfo

    from watcher.app.rescore import Question, how_many
    from watcher.app.scope import Scope
    from watcher.core.period import parse_moment

    reference = rescore.newest_poll_at or rescore.now()
    zone = zoneinfo.ZoneInfo(loaded.document.timezone)
    moment = parse_moment(since, reference=reference, zone=zone) if since else None
    scope = Scope(None, "as asked") if full else rescore.narrow()
    question = Question(moment, signal, settings.workers, scope.ids)
    chosen = "all" if scope.ids is None else "the"
    which = "" if scope.ids is None else " that it can score otherwise"
    say(f"scoring {chosen} {how_many(rescore.stored, question):,} entries{which}; {scope.why}")
    return question


def _run(loaded: Loaded, rescore: Rescore, question: Question, summary: Summary) -> Iterator[Change]:
    from watcher.app.rescore import apply, diff

    if rescore.write is None:
        return diff(rescore.stored, loaded.compiled, question, summary)
    return apply(rescore.stored, rescore.write, loaded.compiled, question, summary, rescore.now)


def _with_progress(
    changes: Iterator[Change], rescore: Rescore, question: Question, summary: Summary
) -> Iterator[Change]:
    """The changes, with a bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield from changes
        return
    from watcher.app.rescore import how_many

    with click.progressbar(length=how_many(rescore.stored, question), label="scoring", file=sys.stderr) as bar:
        summary.on_entries = bar.update
        yield from changes


def _lines(changes: Iterable[Change], form: str) -> Iterator[str]:
    from watcher.core.clean import json_line, terminal

    for change in changes:
        if form == "jsonl":
            yield json_line(asdict(change))
        else:
            yield from map(terminal, _as_text(change))


def _as_text(change: Change) -> Iterator[str]:
    old, new = (f"{score:.1f}" if score is not None else "-" for score in (change.old_score, change.new_score))
    rungs = f", {change.old_rung or '-'} \u2192 {change.new_rung or '-'}" if change.old_rung != change.new_rung else ""
    yield f"{change.kind:8}{change.signal}  {old} \u2192 {new}{rungs}"
    yield f"        {change.title}"
    yield f"        {change.source}  {change.link}"
    yield f"        {change.why}"
