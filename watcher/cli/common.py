"""What several commands share: options, the look of the output, writing it. Must not: import an edge before it is needed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from watcher.bootstrap.settings import DEFAULT_DATABASE
from watcher.cli import complete

if TYPE_CHECKING:
    from watcher.core.render import Style
    from watcher.storage.queries import Queries

_Command = TypeVar("_Command", bound=Callable[..., Any])

WIDEST = 140
"""Lines longer than this are hard to read, however wide the window is."""

PIPED_WIDTH = 80
DAYS_OF = {"d": 1, "w": 7, "y": 365}


def database_option(command: _Command) -> _Command:
    """``--database``, shared by all that read or write one."""
    return click.option(
        "--database",
        metavar="PATH|URL",
        envvar="WATCHER_DATABASE",
        default=DEFAULT_DATABASE,
        show_default=True,
        show_envvar=True,
        help="A SQLite file, or any SQLAlchemy URL.",
    )(command)


def watchlist_name_option(command: _Command) -> _Command:
    """``--watchlist``: which of the watchlists in the database."""
    return click.option(
        "--watchlist",
        metavar="ID",
        help="Which watchlist, where the database holds several (default: the newest).",
        shell_complete=complete.watchlists,
    )(command)


def watchlist_file_option(command: _Command) -> _Command:
    """``--watchlist FILE``, for what loads one."""
    return click.option(
        "--watchlist",
        "watchlist",
        metavar="FILE",
        multiple=True,
        help="A watchlist file or a folder of them  [env var: WATCHER_WATCHLIST; default: config/watchlist.yaml]",
    )(command)


def format_option(*formats: str) -> Callable[[_Command], _Command]:
    """``--format``, the first one is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to write it.",
    )


def age_in_days(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    """Callback of an option: days from ``180d``, ``26w`` or ``2y``."""
    if text is None:
        return None
    number, unit = text.strip()[:-1], text.strip()[-1:].lower()
    if not (number.isdecimal() and len(number) < 6 and unit in DAYS_OF):
        raise click.BadParameter(f"{text!r} is no age: write it like 180d, 26w or 2y")
    return int(number) * DAYS_OF[unit]


def refuse_unknown_sources(names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse the name of a source that is not there, with the nearest one that is."""
    known = frozenset(known)
    for name in names:
        if name not in known:
            import difflib

            from watcher.core.errors import UsageProblem

            near = difflib.get_close_matches(name, sorted(known), n=1)
            raise UsageProblem(
                f"no source {name!r}", hint=f"did you mean {near[0]!r}?" if near else "`watcher sources` lists them"
            )


@contextmanager
def open_queries(database: str) -> Iterator[Queries]:
    """The database, read only.

    Raises:
        WatcherError: there is none, it is damaged, or its schema is another one than ours.
    """
    from watcher.bootstrap.reading import build_queries

    with build_queries(database) as queries:
        yield queries


def style_of(stream: TextIO | None = None) -> Style:
    """What the stream can show. Colour on a terminal that is not dumb, or where ``FORCE_COLOR`` is set; ``NO_COLOR`` wins."""
    from watcher.core.render import Style

    stream = sys.stdout if stream is None else stream
    is_terminal = stream is not None and stream.isatty()
    columns = shutil.get_terminal_size((PIPED_WIDTH, 24)).columns if is_terminal else _asked_width()
    return Style(
        width=max(60, min(columns, WIDEST)),
        color=_speaks_color(is_terminal),
        unicode=speaks_unicode(stream),
    )


def _speaks_color(is_terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal and os.environ.get("TERM", "dumb") != "dumb"


def _asked_width() -> int:
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() and int(columns) else PIPED_WIDTH


def speaks_unicode(stream: TextIO | None = None) -> bool:
    """True where the stream's encoding can hold any character."""
    stream = sys.stdout if stream is None else stream
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def write_lines(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Write clean lines to standard output. Nothing but this writes data there."""
    stream = sys.stdout if stream is None else stream
    if stream is None:
        return
    for line in lines:
        stream.write(line + "\n")


def show_lines(lines: Iterable[str]) -> None:
    """Write clean lines that a person reads from the top: through a pager where they do not fit on the terminal."""
    if not _pages():
        write_lines(lines)
        return
    rows, rest = shutil.get_terminal_size((PIPED_WIDTH, 24)).lines, iter(lines)
    head = list(islice(rest, rows))
    if len(head) < rows:
        write_lines(head)
    else:
        click.echo_via_pager(line + "\n" for line in chain(head, rest))


def put_lines(lines: Iterable[str], form: str) -> None:
    """Show a table, which a person reads; write every other format, which a program does."""
    (show_lines if form == "table" else write_lines)(lines)


def _pages() -> bool:
    """Only between a person's keyboard and screen, and not with ``--no-pager``."""
    ctx = click.get_current_context(silent=True)
    if ctx is not None and ctx.find_root().params.get("no_pager"):
        return False
    streams = (sys.stdin, sys.stdout)
    return (
        all(stream is not None and stream.isatty() for stream in streams) and os.environ.get("TERM", "dumb") != "dumb"
    )


def say(text: str) -> None:
    """Tell the person something that is not data: to standard error, cleaned."""
    from watcher.core.clean import terminal

    if sys.stderr is not None:
        write_lines(map(terminal, text.splitlines() or [""]), sys.stderr)
