"""`watcher search`: stored entries that a query matches. Must not: match, or let a text past `clean`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from watcher.cli import complete
from watcher.cli.common import (
    database_option,
    format_option,
    put_lines,
    refuse_unknown_sources,
    say,
    speaks_unicode,
    style_of,
    watchlist_name_option,
)

if TYPE_CHECKING:
    from watcher.app.search import FoundEntry
    from watcher.core.render import Style

AROUND = 60
COLUMNS = ("entry", "first_seen", "published", "source", "sighting", "score", "title", "link", "excerpt")


@click.command(short_help="Find stored entries by words or by a query of the watchlist's language.")
@click.argument("query", metavar="QUERY", nargs=-1, required=True)
@click.option(
    "--best", is_flag=True, help="Strongest first, among the newest 10,000 that may match; else newest first."
)
@click.option("--since", metavar="TIME", help="Only entries first seen since then (2025-12-15, 7d, yesterday).")
@click.option("--until", metavar="TIME", help="Only entries first seen before then.")
@click.option(
    "--source", metavar="NAME", default="", help="Only entries of this source.", shell_complete=complete.sources
)
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="At most so many.")
@format_option("table", "jsonl", "csv", "md")
@watchlist_name_option
@database_option
def command(
    *,
    query: tuple[str, ...],
    best: bool,
    since: str | None,
    until: str | None,
    source: str,
    limit: int,
    form: str,
    watchlist: str | None,
    database: str,
) -> int:
    """Find stored entries by words or by a query of the watchlist's own language, hits or not.

    Words side by side are one phrase, in all their forms; quote the query for the shell. Concepts are those of the
    watchlist in the database. What the index does not hold yet is read beside it, so nothing is missing.

    \b
    Examples:
      watcher search pact of non-aggression
      watcher search '@russia & (guarantee | pact)' --since 7d
      watcher search 'title:(draft near/4 treaty)' --best --format md

    \b
    Exit codes: 0 something was found, 1 nothing was, 2 the query or an option
    is wrong, 4 database damaged or from a newer watcher.
    """
    from watcher.bootstrap.reading import build_search

    with build_search(database, watchlist) as desk:
        if source:
            refuse_unknown_sources([source], desk.sources())
        needle = desk.prepare(" ".join(query))
        found = list(desk.search(needle, since=since, until=until, source=source, limit=limit, best=best))
    put_lines(_lines(found, form, style_of()), form)
    if not found:
        say("nothing found")
        return 1
    return 0


def _lines(found: Iterable[FoundEntry], form: str, style: Style) -> Iterator[str]:
    from watcher.core.clean import csv_line, json_line

    if form == "csv":
        yield csv_line(list(COLUMNS))
    for one in found:
        if form == "table":
            yield from _table(one, style)
        elif form == "md":
            yield from _markdown(one)
        elif form == "jsonl":
            yield json_line(_record(one), ascii_only=not speaks_unicode())
        else:
            record = _record(one)
            yield csv_line([record[name] for name in COLUMNS])


def _record(one: FoundEntry) -> dict[str, object]:

    from msgspec.structs import asdict

    from watcher.core.clean import safe_link
    from watcher.core.period import show_iso

    stored = one.stored
    return {
        "entry": stored.entry_id,
        "first_seen": show_iso(stored.first_seen),
        "published": show_iso(stored.published),
        "source": one.source,
        "sighting": one.sighting,
        "score": round(one.score, 1),
        "title": stored.title,
        "link": safe_link(one.link),
        "excerpt": "".join(text for text, _ in excerpt(one)),
        "matches": [asdict(match) for match in one.matches],
    }


def _class(one: FoundEntry) -> str:
    """The class of the sighting, where it is not simply new."""
    return "" if one.sighting == "new" else f", {one.sighting}"


def excerpt(one: FoundEntry) -> list[tuple[str, bool]]:
    """The text around the first match in it, in pieces; True for a matched one."""
    text = one.stored.text
    spans = sorted((m.start, m.end) for m in one.matches if m.field == "text")
    first = spans[0][0] if spans else 0
    begin, end = max(0, first - AROUND), min(len(text), first + 2 * AROUND)
    return _cut(text, begin, end, spans)


def _cut(text: str, begin: int, end: int, spans: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    pieces, at = [], begin
    for start, stop in spans:
        if start >= at and stop <= end:
            pieces += [(text[at:start], False), (text[start:stop], True)]
            at = stop
    return [*pieces, (text[at:end], False)]


def _title(one: FoundEntry) -> list[tuple[str, bool]]:
    title = one.stored.title
    return _cut(title, 0, len(title), sorted((m.start, m.end) for m in one.matches if m.field == "title"))


def _table(one: FoundEntry, style: Style) -> Iterator[str]:
    from datetime import UTC

    from watcher.core.clean import safe_link, terminal
    from watcher.core.period import show_moment

    def shown(pieces: Iterable[tuple[str, bool]]) -> str:
        return "".join(style.mark(terminal(text)) if hit else terminal(text) for text, hit in pieces)

    yield f"{one.stored.entry_id:>8}  {show_moment(one.stored.first_seen, UTC)}  {terminal(one.source)}  {one.score:.0f}{_class(one)}"
    yield f"          {shown(_title(one))}"
    if one.stored.text:
        yield f"          {shown(excerpt(one))}"
    if one.link:
        yield f"          {style.dim(terminal(safe_link(one.link)))}"


def _markdown(one: FoundEntry) -> Iterator[str]:
    from datetime import UTC

    from watcher.core.clean import markdown
    from watcher.core.period import show_moment

    def shown(pieces: Iterable[tuple[str, bool]]) -> str:
        return "".join(f"**{markdown(text)}**" if hit else _inside(text, markdown) for text, hit in pieces)

    from watcher.app.report_files import markdown_link

    yield f"- {markdown_link(one.stored.title, one.link)} ({markdown(one.source)}, {show_moment(one.stored.first_seen, UTC)}{_class(one)})  "
    yield f"  {shown(excerpt(one))}"


def _inside(text: str, clean: Callable[[str], str]) -> str:
    """A piece between two marks, cleaned, with the space at its ends kept."""
    lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{' ' if lead else ''}{clean(text)}{' ' if tail and text.strip() else ''}"
