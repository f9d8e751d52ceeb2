"""`watcher story`: lists stories, shows one whole, splits and joins. Must not: hide a member, or judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from watcher.cli.common import database_option, format_option, put_lines, say, speaks_unicode

if TYPE_CHECKING:
    from watcher.storage.stories import MemberLine, StoryLine


class _Number(click.ParamType[tuple[int, bool]]):
    """An entry (``57``), or where allowed a story (``s57``)."""

    name = "number"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, bool]:
        text = str(value)
        digits = text.removeprefix("s")
        if not digits.isascii() or not digits.isdecimal() or len(digits) > 18:
            self.fail(f"{text!r} is neither an entry (57) nor a story (s57)", param, ctx)
        return int(digits), text.startswith("s")


analyst_option = click.option(
    "--analyst",
    metavar="NAME",
    envvar="WATCHER_ANALYST",
    show_envvar=True,
    default="",
    help="Who decides (default: the user of this system).",
)
note_option = click.option("--note", default="", metavar="TEXT", help="Why.")


@click.group(invoke_without_command=True, short_help="List stories and their origins; split and join them.")
@click.option("--since", metavar="TIME", help="Only stories that still grew then or later: 7d, 2026-01-31.")
@click.option("--until", metavar="TIME", help="Only stories that began before.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="At most so many.")
@click.option("--all", "everything", is_flag=True, help="Stories without hits too.")
@format_option("table", "jsonl")
@database_option
@click.pass_context
def command(
    ctx: click.Context, since: str | None, until: str | None, limit: int, everything: bool, form: str, database: str
) -> int:
    """List the stories of a period that have hits, newest first.

    A story is what several entries tell of one event. Outlets are who published it; origins are who it really comes
    from: copies, texts that credit the same agency, and outlets of one owner count once. At least two independent
    origins make a story corroborated. That only suggests a credibility: a person sets the grade.

    \b
    Examples:
      watcher story --since 7d
      watcher story show 57          the story of entry 57, all its members
      watcher story show s12         story 12
      watcher story split 57 --note "another treaty"
      watcher story join 57 60 --with 12
      watcher story undo 3           take edit 3 back

    \b
    Exit codes: 0 done, 1 there is no such entry, story or edit,
    2 wrong usage, 4 database damaged or from a newer watcher.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    from watcher.bootstrap.stories import build_stories

    with build_stories(database) as desk:
        found = desk.of_period(since, until, limit=limit, everything=everything)
    put_lines(_list(found, form), form)
    if not found:
        say("no stories" if everything else "no stories with hits; --all lists the others too")
    return 0


@command.command(short_help="Show a story whole: every member, and why it stands there.")
@click.argument("number", metavar="ENTRY|STORY", type=_Number())
@format_option("table", "jsonl")
@database_option
def show(number: tuple[int, bool], form: str, database: str) -> int:
    """Show a story whole: every member, who published it, who it comes from, and why it stands there.

    \b
    Examples:
      watcher story show 57
      watcher story show s12 --format jsonl
    """
    from watcher.bootstrap.stories import build_stories

    with build_stories(database) as desk:
        members = desk.show(number[0], is_story=number[1])
    put_lines(_show(members, form), form)
    return 0


@command.command(short_help="Put entries into stories of their own.")
@click.argument("entries", metavar="ENTRY...", type=click.IntRange(1), nargs=-1, required=True)
@note_option
@analyst_option
@database_option
def split(entries: tuple[int, ...], note: str, analyst: str, database: str) -> int:
    """Put entries into stories of their own. It is kept through every rebuild, until it is undone.

    \b
    Example:
      watcher story split 57 --note "another treaty"
    """
    return _edit(database, "split", entries, None, analyst, note)


@command.command(short_help="Put entries into the story of another entry.")
@click.argument("entries", metavar="ENTRY...", type=click.IntRange(1), nargs=-1, required=True)
@click.option("--with", "with_id", metavar="ENTRY", type=click.IntRange(1), required=True, help="Into whose story.")
@note_option
@analyst_option
@database_option
def join(entries: tuple[int, ...], with_id: int, note: str, analyst: str, database: str) -> int:
    """Put entries into the story of another entry. It is kept through every rebuild, until it is undone.

    \b
    Example:
      watcher story join 57 60 --with 12
    """
    if with_id in entries:
        raise click.UsageError(f"entry {with_id} cannot be joined with itself")
    return _edit(database, "join", entries, with_id, analyst, note)


def _edit(database: str, edit: str, entries: Sequence[int], with_id: int | None, analyst: str, note: str) -> int:
    from watcher.bootstrap.stories import build_stories
    from watcher.bootstrap.verdicts import who

    with build_stories(database, read_only=False) as desk:
        numbers = desk.edit(edit, entries, with_id=with_id, analyst=who(analyst), note=note)
    for number, entry in zip(numbers, entries, strict=True):
        say(f"edit {number}: {edit} of entry {entry}; `watcher story undo {number}` takes it back")
    return 0


@command.command(short_help="Take a split or a join back.")
@click.argument("number", metavar="EDIT", type=click.IntRange(1))
@note_option
@analyst_option
@database_option
def undo(number: int, note: str, analyst: str, database: str) -> int:
    """Take a split or a join back; `watcher story show` names the edits.

    \b
    Example:
      watcher story undo 3
    """
    from watcher.bootstrap.stories import build_stories
    from watcher.bootstrap.verdicts import who

    with build_stories(database, read_only=False) as desk:
        made = desk.undo(number, analyst=who(analyst), note=note)
    say(f"edit {made}: edit {number} is taken back")
    return 0


def _list(found: Sequence[StoryLine], form: str) -> Iterator[str]:

    from datetime import UTC

    from msgspec.structs import asdict

    from watcher.core.clean import json_line, terminal
    from watcher.core.period import show_iso, show_moment
    from watcher.core.render import plural

    for one in found:
        if form == "jsonl":
            times = {"first_at": show_iso(one.first_at), "last_at": show_iso(one.last_at)}
            yield json_line({**asdict(one), **times}, ascii_only=not speaks_unicode())
        else:
            tally = f"{_tally(one.entries, one.outlets, one.origins)}, {plural(one.hits, 'hit')}"
            yield f"{f's{one.story_id}':>8}  {show_moment(one.last_at, UTC)}  {tally}"
            yield f"          {terminal(one.title)}"


def _tally(entries: int, outlets: int, origins: int) -> str:
    from watcher.core.render import plural

    return f"{plural(entries, 'entry', 'entries')}, {plural(outlets, 'outlet')}, {plural(origins, 'origin')}"


def _show(members: Sequence[MemberLine], form: str) -> Iterator[str]:
    from watcher.core.clean import terminal
    from watcher.core.origin import suggested_credibility

    if form == "jsonl":
        yield from _records(members)
        return
    row = members[0].row
    yield f"s{row.story_id}  {_tally(row.entries, row.outlets, row.origins)}; {suggested_credibility(row.origins)}"
    for member in members:
        yield from map(terminal, _member(member))


def _member(member: MemberLine) -> Iterator[str]:
    from datetime import UTC

    from watcher.core.clean import safe_link
    from watcher.core.period import show_moment

    row = member.row
    like = f" {row.likeness:.2f}" if row.likeness is not None else ""
    nearest = f" to entry {row.nearest_id}" if row.nearest_id else ""
    yield f"{member.entry_id:>8}  {show_moment(member.first_seen, UTC)}  {row.standing}  {row.outlet}"
    yield f"          {member.title}"
    yield f"          origin: {row.origin} ({row.origin_why})"
    yield f"          here by: {row.way}{like}{nearest}" + (
        f"; related: entry {row.related_id}" if row.related_id else ""
    )
    for number, edit, analyst, note in member.edits:
        yield f"          edit {number}: {edit}" + (f" by {analyst}" if analyst else "") + (f": {note}" if note else "")
    if member.link:
        yield f"          {safe_link(member.link)}"


def _records(members: Sequence[MemberLine]) -> Iterator[str]:
    from msgspec.structs import asdict

    from watcher.core.clean import json_line, safe_link
    from watcher.core.period import show_iso

    for member in members:
        row = asdict(member.row)
        row |= {"first_at": show_iso(member.row.first_at), "last_at": show_iso(member.row.last_at)}
        told = {"entry": member.entry_id, "title": member.title, "link": safe_link(member.link)}
        edits = [dict(zip(("edit", "kind", "analyst", "note"), edit, strict=True)) for edit in member.edits]
        record = {**told, "first_seen": show_iso(member.first_seen), **row, "edits": edits}
        yield json_line(record, ascii_only=not speaks_unicode())
