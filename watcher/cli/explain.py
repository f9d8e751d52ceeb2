"""``watcher explain``: reads the arguments, has the account of a hit made, writes it. Must not: query or lay out by itself."""

from __future__ import annotations

import click

from watcher.cli import complete
from watcher.cli.common import (
    database_option,
    format_option,
    open_queries,
    show_lines,
    speaks_unicode,
    style_of,
    write_lines,
)


@click.command(short_help="Show why an entry is a hit: the sum, the words, the source.")
@click.argument("hit", type=click.IntRange(min=1), metavar="HIT", shell_complete=complete.hits)
@format_option("text", "json")
@database_option
def command(hit: int, form: str, database: str) -> None:
    """Show why an entry is a hit: the sum, the words, the source.

    HIT is the number that the report shows. The account lists every part of the score with its points (they add up to
    it), the words that matched in their sentence, rules that fired but were taken back, the rung and the rule that gave
    it, what the entry touches, and where it is from: source and grade, times, link, poll and digest.

    \b
    Examples:
      watcher explain 12
      watcher explain 12 --format json | jq .parts

    \b
    Exit codes: 0 done, 1 no such hit, 2 wrong usage or no database,
    4 database damaged or from a newer watcher.
    """
    from watcher.app.explain import read_explanation
    from watcher.app.explain_text import explanation_lines, explanation_record
    from watcher.bootstrap.verdicts import decisions_beside
    from watcher.core.clean import json_line

    with open_queries(database) as queries:
        account = read_explanation(queries, hit)
    row = account.detail.row
    beside = decisions_beside(database, row.watchlist, row.signal, row.score)
    if form == "json":
        write_lines(
            [json_line({**explanation_record(account), "decided_alike": beside}, ascii_only=not speaks_unicode())]
        )
    else:
        show_lines(explanation_lines(account, style_of(), beside))
