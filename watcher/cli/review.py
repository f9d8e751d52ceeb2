"""``watcher review``: shows one hit at a time and reads keys. Must not: query, or decide what a key means."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from watcher.cli import complete
from watcher.cli.common import database_option, say, style_of, watchlist_name_option
from watcher.cli.keys import Keys
from watcher.cli.verdicts import analyst_option

if TYPE_CHECKING:
    from watcher.app.review import Review


@click.command(short_help="Go through undecided hits, one at a time, by keys.")
@click.option("--signal", "signal_id", metavar="ID", help="Only this signal.", shell_complete=complete.signals)
@click.option("--since", metavar="TIME", help="Only hits first seen since then.")
@click.option("--min-score", type=click.FloatRange(0, 100), metavar="N", help="Only hits that score N or more (0-100).")
@analyst_option
@watchlist_name_option
@database_option
def command(analyst: str | None, database: str, signal_id: str | None, **narrowed: Any) -> None:
    """Go through undecided hits, one at a time, by keys.

    Story by story, the best first: the words that made the hit in their sentences, who has it, what its story is. A key
    decides: c confirm, d dismiss (asks why), e escalate, x duplicate, n note, g grade, u undo, s skip, o whole text;
    C, D, E decide for the whole story; ? shows all keys. Every decision is written at once, beside a running daemon.
    Quit at any time: the next review goes on with what nobody has decided.

    TIME is a date or a time, or counts back from the newest poll: 24h, 7d, yesterday.

    \b
    Examples:
      watcher review
      watcher review --signal draft-text --since 7d --min-score 60

    \b
    Exit codes: 0 done, 2 wrong usage, no database or no terminal,
    4 database damaged or from a newer watcher.
    """
    from watcher.app.clock import wall
    from watcher.app.review import Review, wanted
    from watcher.bootstrap.verdicts import build_review, who
    from watcher.core.errors import UsageProblem
    from watcher.core.verdict import checked_analyst

    if not (sys.stdin and sys.stdin.isatty() and sys.stdout and sys.stdout.isatty()):
        raise UsageProblem(
            "a review needs a terminal, for its keys and its screen",
            hint="`watcher report --format jsonl` lists hits; `watcher confirm HIT` and `watcher dismiss HIT` decide",
        )
    name = checked_analyst(who(analyst))
    with build_review(database) as (queries, store):
        queue = queries.open_hits(wanted(queries, signal=signal_id, **narrowed))
        if not queue:
            say("nothing to decide: no undecided hit is like that")
            return
        review = Review(queries, store, queue, name, wall)
        _go_through(review)
        say(f"{len(review.decided):,} of {len(queue):,} decided; `watcher review` goes on with the rest")


def _go_through(review: Review) -> None:
    with Keys(sys.stdin.fileno()) as keys, _redrawn(review):
        while not review.is_over:
            try:
                _draw(review)
                question = review.key(keys.key())
                if question is not None:
                    review.answer(question, keys.line(question.prompt))
            except (KeyboardInterrupt, EOFError):
                review.is_over = True
    sys.stdout.write("\n")


def _draw(review: Review) -> None:
    rows = shutil.get_terminal_size((80, 24)).lines
    screen = review.screen(style_of(), rows)
    clear = "\n" if os.environ.get("TERM", "dumb") == "dumb" else "\x1b[H\x1b[2J"
    sys.stdout.write(clear + "\n".join(screen) + "\n")
    sys.stdout.flush()


@contextmanager
def _redrawn(review: Review) -> Iterator[None]:
    """Draw again when the window gets another size."""
    before = signal.signal(signal.SIGWINCH, lambda _number, _frame: _draw(review))
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
