"""The command line as a whole: help without imports, errors with hints and codes, output that nothing can crash."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from tests.support.corpus import ROOT
from watcher import __version__
from watcher.cli import ALIASES, COMMANDS, cli, main
from watcher.core.errors import AlreadyRunningError, DatabaseUnusableError, WatcherError

PROGRAM = [sys.executable, "-m", "watcher"]


def run(*arguments, **options):
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=60, cwd=ROOT, **options
    )


@pytest.fixture
def failing(monkeypatch):
    """A command ``boom`` that raises what the test wants."""

    def install(error):
        @click.command()
        def boom():
            raise error

        monkeypatch.setattr(type(cli), "get_command", lambda *_: boom)
        monkeypatch.setitem(COMMANDS, "boom", "Fail.")

    return install


# --- help -------------------------------------------------------------------------------------------------------------


def test_help_lists_every_command_with_its_line():
    text = " ".join(CliRunner().invoke(cli, ["--help"]).output.split())

    for name, line in COMMANDS.items():
        assert f"{name} {line}" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_in_the_table_is_the_commands_own(name):
    command = importlib.import_module(f"watcher.cli.{name}").command

    assert command.get_short_help_str(limit=200) == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_says_what_shows_examples_and_names_exit_codes(name):
    command = importlib.import_module(f"watcher.cli.{name}").command
    output = CliRunner().invoke(cli, [name, "--help"], terminal_width=80).output
    parts = [command, *(command.commands.values() if isinstance(command, click.Group) else [])]

    assert "Exit codes:" in output
    assert "Examples:" in output or isinstance(command, click.Group)
    assert all(len(line) <= 80 for line in output.splitlines())
    for part in parts:
        assert part.help
        for parameter in part.params:
            assert isinstance(parameter, click.Argument) or parameter.help, f"{part.name} {parameter.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_parses(name):
    """Examples in a help are lines that could be typed: their options exist."""
    command = importlib.import_module(f"watcher.cli.{name}").command
    parts = {name: command} | (dict(command.commands) if isinstance(command, click.Group) else {})
    for part in parts.values():
        options = {text for parameter in part.params for text in (*parameter.opts, *parameter.secondary_opts)}
        for line in (part.help or "").splitlines():
            words = line.split("|")[0].split(">")[0].split()
            if words[:1] == ["watcher"] and part.name in words[1:3]:
                used = {word.split("=")[0] for word in words if word.startswith("--")}
                assert used <= options, line


def test_help_and_completion_import_no_command_and_no_library():
    code = (
        "import sys; from watcher.cli import main; main(['--help']); "
        "loaded = {m for m in sys.modules if m.startswith('watcher.') or m.split('.')[0] in "
        "('sqlalchemy', 'aiohttp', 'yaml', 'pydantic', 'lark', 'feedparser', 'asyncio')}; "
        "print(sorted(loaded), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stderr.strip() == "['watcher.cli']"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_get_a_completion_script(shell):
    done = run(env={**os.environ, "_WATCHER_COMPLETE": f"{shell}_source"})

    # Click asks the shell of this machine for its version; where there is none it says so and goes on.
    assert "_WATCHER_COMPLETE" in done.stdout or f"Couldn't detect {shell.title()}" in done.stderr


def test_commands_and_options_are_completed():
    env = {**os.environ, "_WATCHER_COMPLETE": "bash_complete", "COMP_CWORD": "1"}

    assert run(env=env | {"COMP_WORDS": "watcher re"}).stdout.split() == [
        "plain,report",
        "plain,review",
        "plain,rescore",
    ]
    more = run(env=env | {"COMP_WORDS": "watcher report --fo", "COMP_CWORD": "2"})
    assert more.stdout.split() == ["plain,--format"]


def test_feeds_is_sources():
    assert ALIASES == {"feeds": "sources"}
    assert "List the sources" in CliRunner().invoke(cli, ["feeds", "--help"]).output


def test_version():
    assert CliRunner().invoke(cli, ["--version"]).output == f"watcher {__version__}\n"


# --- errors -----------------------------------------------------------------------------------------------------------


def test_without_a_command_the_help_goes_to_standard_error(capsys):
    assert main([]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Usage: watcher")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reprot"], "error: no such command: 'reprot'; did you mean 'report'?\nhint: see `watcher --help`\n"),
        (["qqqqq"], "error: no such command: 'qqqqq'\nhint: see `watcher --help`\n"),
        (["report", "--limit=-1"], "hint: see `watcher report --help`\n"),
        (["--no-such"], "error: no such option"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_hint(arguments, message, capsys):
    assert main(arguments) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert message.lower() in err.lower()


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (WatcherError("it failed", hint="do that"), 1, "error: it failed\nhint: do that\n"),
        (AlreadyRunningError("held by 12"), 3, "error: held by 12\n"),
        (DatabaseUnusableError("x is damaged"), 4, "error: x is damaged\n"),
        (FileNotFoundError(2, "No such file", "a.yaml"), 1, "error: a.yaml: No such file\n"),
        (OSError(28, "No space left on device"), 1, "error: No space left on device\n"),
        (click.ClickException("odd."), 1, "error: odd\n"),
        (click.exceptions.Exit(3), 3, ""),
        (SystemExit(5), 5, ""),
        (SystemExit(None), 0, ""),
        (SystemExit("words"), 1, ""),
        (KeyboardInterrupt(), 130, "\n"),
        (click.Abort(), 130, ""),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_every_error_has_its_code_and_its_words(error, code, message, failing, capsys):
    failing(error)

    assert main(["boom"]) == code
    assert capsys.readouterr().err == message


def test_an_unexpected_error_is_one_line_and_70(failing, capsys, monkeypatch):
    monkeypatch.delenv("WATCHER_DEBUG", raising=False)
    failing(RuntimeError("odd"))

    assert main(["boom"]) == 70
    err = capsys.readouterr().err
    assert err.startswith("error: unexpected RuntimeError: odd\nhint: this is an error in watcher")
    assert "Traceback" not in err


def test_with_debug_the_traceback_is_shown_too(failing, capsys, monkeypatch):
    monkeypatch.setenv("WATCHER_DEBUG", "1")
    failing(RuntimeError("odd"))

    assert main(["boom"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_i11_an_error_that_quotes_a_publisher_is_cleaned(failing, capsys):
    failing(WatcherError("said \x1b[2J\nsecond \x07", hint="\x9b31m"))

    assert main(["boom"]) == 1
    assert capsys.readouterr().err == "error: said \\u{1b}[2J\nsecond \\u{7}\nhint: \\u{9b}31m\n"


# --- output -----------------------------------------------------------------------------------------------------------


def test_f08_a_reader_that_goes_away_is_no_error():
    shell = f"set -o pipefail; {sys.executable} -m watcher --help | head -c 0"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False, cwd=ROOT)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_f08_closed_streams_are_no_error(closed):
    shell = f"{sys.executable} -m watcher --version {closed}"

    assert subprocess.run(["bash", "-c", shell], check=False, cwd=ROOT, stdout=subprocess.PIPE).returncode == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_f08_a_full_disk_is_told():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT
        )

    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")


def test_f09_it_works_without_home_terminal_or_locale():
    done = run("--help", env={"LC_ALL": "C", "PYTHONPATH": str(ROOT)})

    assert (done.returncode, done.stderr) == (0, "")
