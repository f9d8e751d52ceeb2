"""The command line: finds the command, imports it, turns errors into messages and exit codes.

Must not: import anything but click and the standard library before a command is called (start-up time is a requirement;
the short helps stand here in a table for that reason, and a test compares them with the commands' own).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from watcher import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from watcher.core.errors import WatcherError

SECTIONS: dict[str, dict[str, str]] = {
    "Watch": {
        "run": "Run the daemon: poll what is due, score it, send alerts.",
        "poll": "Poll what is due once, and end.",
        "demo": "Run the real daemon on sample sources and print the report.",
    },
    "Read": {
        "board": "Show how far each signal got, on whose word, and where we are blind.",
        "report": "Print the hits of a period, and what could not be seen in it.",
        "timeline": "Show background events and what was found, in order of time.",
        "explain": "Show why an entry is a hit: the sum, the words, the source.",
        "diff": "Show every wording of an entry, and what was changed between them.",
        "figures": "List tracked quantities as dated series beside their baseline, and plot them.",
        "evidence": "Put all that is kept about a hit into one file, or check such files.",
        "story": "List stories and their origins; split and join them.",
        "search": "Find stored entries by words or by a query of the watchlist's language.",
        "sources": "List the sources and how well each can be read.",
    },
    "Decide": {
        "review": "Go through undecided hits, one at a time, by keys.",
        "confirm": "Confirm hits: they are what their signal asks for.",
        "dismiss": "Dismiss hits, with the reason.",
        "escalate": "Mark hits that somebody above must see.",
        "duplicate": "Mark hits that only repeat another one.",
        "note": "Write a remark on hits; their state stays.",
        "grade": "Grade hits: A-F for the source, 1-6 for what it says.",
        "undo": "Take the last decision on hits back, with a new row.",
        "verdicts": "Show who decided what on a hit, when and why.",
    },
    "Rules": {
        "check": "Check a watchlist: all its errors and warnings, with their places.",
        "test": "Run the test cases of a watchlist.",
        "score": "Score items from a file or standard input, and write JSON Lines.",
        "rescore": "Show what an edited watchlist changes in the stored hits, and apply it.",
        "stats": "Show what rules are worth by the decisions of analysts.",
        "backtest": "Run a watchlist over an archive: what would have fired when.",
    },
    "Care": {
        "db": "Upgrade, check, back up, prune and measure the database.",
        "doctor": "Test this machine and this set-up by what they do.",
        "completion": "Print what makes bash, zsh or fish complete commands.",
    },
}
"""Every command with its one-line help, in the order and under the headings of ``watcher --help``."""

COMMANDS: dict[str, str] = {name: text for section in SECTIONS.values() for name, text in section.items()}
ALIASES: dict[str, str] = {"feeds": "sources"}

EXIT_INTERRUPTED = 130
EXIT_INTERNAL = 70

EPILOG = """\b
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 already
running, 4 database damaged or from a newer watcher, 70 error in watcher.

\b
Data goes to standard output, everything else to standard error.
WATCHER_DATABASE and WATCHER_WATCHLIST stand for --database and --watchlist.
"""


class ReaderGone(Exception):
    """Nobody reads our output any more; told by a name of our own, since click turns a broken pipe into exit code 1."""


class LazyGroup(click.Group):
    """A group that imports a command when it is called, and lists them all without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Every command, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of a command and hand out its ``command``."""
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"watcher.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with the nearest command named where there is none of that name."""
        name = args[0] if args else ""
        if name in COMMANDS or name in ALIASES or name.startswith("-"):
            return super().resolve_command(ctx, args)
        import difflib

        near = difflib.get_close_matches(name, [*COMMANDS, *ALIASES], n=1)
        raise click.UsageError(f"no such command: {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""), ctx)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """As click does it (which may print the help); a reader that went away is told from other failures."""
        try:
            return super().make_context(*args, **extra)
        except BrokenPipeError as error:
            raise ReaderGone from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader that went away is told from other failures."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands under their headings."""
        for heading, commands in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl(list(commands.items()), col_max=12)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands from the table and options of the group, without importing a single command."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="watcher %(version)s")
@click.option("--no-pager", is_flag=True, help="Write long output straight to the terminal.")
def cli(no_pager: bool) -> None:  # read where lines are written
    """Watch feeds for the signals of one question, score them with reasons, and tell quiet from blind.

    \b
    watcher demo             see it work on sample sources, without internet
    watcher run              watch the sources of config/watchlist.yaml
    watcher report           what was found, and what could not be seen
    watcher explain 12       why hit 12 of the report is one: sum, words, source
    watcher COMMAND --help   what a command does, with examples
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. The console script and ``python -m watcher`` call this."""
    _make_streams_safe()
    # Imports make some seventy thousand objects that stay: looking for garbage among them costs a tenth of the start-up.
    gc.set_threshold(250_000)
    code = _run(arguments)
    if arguments is None:
        # The process ends here, and its memory with it: no last search for garbage (an eighth of a report's CPU).
        gc.freeze()
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = _invoke(arguments)
        return code or _flush()
    except (BrokenPipeError, ReaderGone):
        # The reader went away (`watcher report | head`): it has what it wanted, and nobody is left to tell.
        _silence(sys.stdout)
        return 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _flush() -> int:
    """Write out what is buffered while we can still say that it failed (a full disk)."""
    if sys.stdout is None:
        return 0
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _silence(sys.stdout)
        return _report_error(error)
    return 0


def _invoke(arguments: Sequence[str] | None) -> int:
    try:
        result: Any = cli.main(
            args=None if arguments is None else list(arguments), prog_name="watcher", standalone_mode=False
        )
    except (BrokenPipeError, ReaderGone, KeyboardInterrupt):
        raise
    except click.Abort:
        return EXIT_INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as problem:
        click.echo(problem.format_message(), err=True)
        return problem.exit_code
    except click.ClickException as problem:
        return _report_usage(problem)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except Exception as error:  # noqa: BLE001  # the outermost border: whatever comes here becomes a message and a code
        return _report_error(error)
    return result if isinstance(result, int) else 0


def _report_usage(problem: click.ClickException) -> int:
    hint = ""
    if isinstance(problem, click.UsageError) and problem.ctx is not None:
        hint = f"see `{problem.ctx.command_path} --help`"
    message = problem.format_message().rstrip(".")
    _say(message[:1].lower() + message[1:], hint)
    return problem.exit_code


def _report_error(error: Exception) -> int:
    if os.environ.get("WATCHER_DEBUG") == "1":
        import traceback

        traceback.print_exc()
    # Imported here: the errors cost milliseconds that only a failing command should pay.
    from watcher.core.errors import WatcherError

    if isinstance(error, WatcherError):
        return _report_known(error)
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename is not None else ""
        _say(f"{named}{error.strerror or type(error).__name__}", "")
        return 1
    _say(
        f"unexpected {type(error).__name__}: {error}",
        "this is an error in watcher; WATCHER_DEBUG=1 shows where, please report it",
    )
    return EXIT_INTERNAL


def _report_known(error: WatcherError) -> int:
    _say(error.message, error.hint)
    return error.exit_code


def _say(message: str, hint: str) -> None:
    """Write an error and its hint to standard error; messages can hold what a publisher sent, so they are cleaned."""
    if sys.stderr is None:
        return
    from watcher.core import clean

    lines = message.splitlines() or [""]
    text = "\n".join(["error: " + clean.terminal(lines[0]), *map(clean.terminal, lines[1:])])
    if hint:
        text += "\n" + "\n".join("hint: " + clean.terminal(line) for line in hint.splitlines())
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)


def _make_streams_safe() -> None:
    """No character can crash the output: what the encoding of a stream cannot say is written as its code point."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _silence(stream: Any) -> None:
    """Point a stream whose reader is gone at nothing, so that the interpreter's own flush at exit stays quiet."""
    null = os.open(os.devnull, os.O_WRONLY)
    # Streams of a test runner have no descriptor; a closed one has none any more.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(null, stream.fileno())
    os.close(null)
