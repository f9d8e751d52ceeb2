"""``watcher stats``: reads the arguments, has the numbers made, writes them. Must not: query, count or apply anything."""

from __future__ import annotations

import click

from watcher.cli.common import (
    database_option,
    format_option,
    open_queries,
    show_lines,
    speaks_unicode,
    style_of,
    watchlist_name_option,
    write_lines,
)


@click.group(short_help="Show what rules are worth by the decisions of analysts.")
def command() -> None:
    """Show what rules are worth by the decisions of analysts.

    \b
    Exit codes: 0 done, 1 it failed, 2 wrong usage, no such watchlist or no
    database, 4 database damaged or from a newer watcher.
    """


@command.command(short_help="Fired, kept, dismissed and why; scores beside decisions; words that would suppress.")
@click.option("--since", metavar="TIME", help="Only hits first seen since then.")
@format_option("table", "json", "diff")
@watchlist_name_option
@database_option
def rules(since: str | None, form: str, watchlist: str | None, database: str) -> None:
    """Fired, kept, dismissed and why; scores beside decisions; words that would suppress.

    Per rule: in how many hits it counts, in how many alone, how many of them were kept (confirmed, corroborated or
    escalated), dismissed with the most frequent reasons, or are still open. Then how many decided hits of each range of
    scores were kept, with a 95 % interval: beside the score, never in it. Then words for an `unless:` that stand in
    dismissed hits only, with what speaks for them; --format diff writes them as a patch of the stored watchlist.
    Nothing is applied.

    \b
    Examples:
      watcher stats rules
      watcher stats rules --format diff > less.diff
      patch -d config -p0 < less.diff && watcher check && watcher rescore --diff

    \b
    Exit codes: 0 done, 1 it failed, 2 wrong usage, no such watchlist or no
    database, 4 database damaged or from a newer watcher.
    """
    from watcher.app.rulestats import read_worth, worth_lines, worth_record
    from watcher.bootstrap.verdicts import build_rules
    from watcher.cli.progress import progress
    from watcher.core.clean import json_line

    with build_rules(database, watchlist) as queries, progress("reading hits") as told:
        worth = read_worth(queries, _moment(database, since, queries.document().timezone), told)
    if form == "json":
        write_lines([json_line(worth_record(worth), ascii_only=not speaks_unicode())])
    elif form == "diff":
        write_lines(worth.diff)
    else:
        show_lines(worth_lines(worth, style_of()))


def _moment(database: str, since: str | None, timezone: str) -> int | None:
    if since is None:
        return None
    from watcher.app.report import find_zone
    from watcher.core import period

    with open_queries(database) as queries:
        reference = queries.newest_poll_at() or 0
    return period.parse_moment(since, reference=reference, zone=find_zone(timezone)[0])
