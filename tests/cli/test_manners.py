"""How commands behave on a terminal and in a pipe: colour, pager, progress, completion."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import threading

import click
import pytest

from tests.server import Server
from tests.support.desk import Desk, feed, item, offer
from tests.support.terminal import Terminal
from watcher.cli import COMMANDS, complete, main, progress
from watcher.cli.common import say, style_of


@pytest.fixture
def desk(tmp_path, word_cache, monkeypatch):
    with Server() as server:
        desk = Desk(tmp_path, server)
        desk.list_sources("press")
        desk.publish(feed(offer(1), item(2, "Ministry offers pact &#27;[31m&quot; $(touch no)")))
        desk.poll()
    monkeypatch.setenv("WATCHER_CACHE", str(word_cache))
    monkeypatch.setenv("WATCHER_DATABASE", str(desk.database))
    return desk


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


# --- colour -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "env", "color"),
    [
        (Tty(), {"TERM": "xterm"}, True),
        (Tty(), {"TERM": "dumb"}, False),
        (Tty(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": "0", "TERM": "xterm"}, False),
        (Tty(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour(monkeypatch, stream, env, color):
    for name in ("TERM", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    assert style_of(stream).color is color


# --- pager --------------------------------------------------------------------------------------------------------


PAGER = {"PAGER": "sed s/^/PAGED:/"}
"""A program of every system: a script written a moment ago may be busy still in a process that was forked meanwhile."""


@pytest.mark.parametrize(
    ("rows", "arguments", "paged"),
    [(5, ["explain", "1"], True), (200, ["explain", "1"], False), (5, ["--no-pager", "explain", "1"], False)],
)
def test_what_does_not_fit_goes_through_the_pager(desk, rows, arguments, paged):
    with Terminal(arguments, PAGER, rows=rows) as screen:
        assert screen.end() == 0
    assert ("PAGED:" in screen.shown) is paged
    assert "Where it is from" in screen.shown


READ_FROM_THE_TOP = {
    ("figures",): "jsonl",
    ("search", "pact"): "jsonl",
    ("diff", "1"): "json",
    ("verdicts", "1"): "jsonl",
    ("timeline",): "json",
}


def test_what_is_read_from_the_top_is_paged_and_data_never(desk, monkeypatch, capsys):
    paged: list[str] = []
    monkeypatch.setattr("click.echo_via_pager", lambda lines: paged.append("".join(lines)))
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_: os.terminal_size((100, 1)))
    monkeypatch.setattr("watcher.cli.common._pages", lambda: True)
    for arguments, data in READ_FROM_THE_TOP.items():
        assert main(list(arguments)) == 0
        assert (capsys.readouterr().out, bool(paged.pop())) == ("", True)
        assert main([*arguments, "--format", data]) == 0
        assert (capsys.readouterr().out[:1] in ("", "{"), paged) == (True, [])


def test_nothing_is_paged_into_a_pipe(desk):
    command = [sys.executable, "-m", "watcher", "report"]
    done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, **PAGER})

    assert b"PAGED:" not in done.stdout
    assert b"\x1b" not in done.stdout
    assert done.stderr == b""


# --- progress -----------------------------------------------------------------------------------------------------


def test_progress_is_quiet_in_a_pipe_and_for_short_work(monkeypatch, capsys):
    with progress.progress("reading", 10) as tell:
        tell(5)
    assert capsys.readouterr().err == ""

    shown = Tty()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    with progress.progress("reading", 10, clock=lambda: 1.0) as tell:
        tell(5)
    assert shown.getvalue() == ""


def test_progress_says_how_far_and_wipes_itself(monkeypatch):
    shown, times = Tty(), iter([0.0, 1.0, 1.1, 4.0])
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    with progress.progress("reading", 100, clock=lambda: next(times)) as tell:
        tell(25)
        tell(26)
        tell(200)
    lines = shown.getvalue().split("\r")
    assert lines[1] == "reading [######------------------] 25 %, 3 s left\x1b[K"
    assert lines[2] == "reading [########################] 100 %, 0 s left\x1b[K"
    assert lines[-1] == "\x1b[K"

    times = iter([0.0, 2.0])
    with progress.progress("reading", clock=lambda: next(times)) as tell:
        tell(1200)
    assert "reading: 1,200, 2 s" in shown.getvalue()


# --- completion ---------------------------------------------------------------------------------------------------


def offered(words: str, incomplete_at: int) -> list[str]:
    """What the bash script is told for a command line."""
    env = {**os.environ, "_WATCHER_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(incomplete_at)}
    script = "import sys; from watcher.cli import main; sys.exit(main([]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=env)
    return [line.split(",", 1)[1] for line in done.stdout.decode().splitlines() if line]


def test_commands_options_and_names_are_offered(desk):
    assert "confirm" in offered("watcher con", 1)
    assert "--because" in offered("watcher dismiss --b", 2)
    assert offered("watcher report --signal o", 3) == ["offer"]
    assert offered("watcher report --source p", 3) == ["press"]
    assert sorted(offered("watcher confirm ", 2)) == ["1", "2"]
    assert "diff" in offered("watcher stats rules --format d", 4)


def test_without_a_database_nothing_is_offered_and_nothing_breaks(desk, monkeypatch, tmp_path):
    monkeypatch.setenv("WATCHER_DATABASE", str(tmp_path / "none.sqlite3"))

    assert offered("watcher confirm ", 2) == []
    assert not (tmp_path / "none.sqlite3").exists()


def test_a_database_that_does_not_answer_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(complete, "PATIENCE_S", 0.02)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql+psycopg://u:p@127.0.0.1:{silent.getsockname()[1]}/w"
        context = click.Context(click.Command("confirm"))
        context.params["database"] = address
        for offer in (complete.hits, complete.sources, complete.signals, complete.figures, complete.watchlists):
            assert offer(context, click.Option(["--any"]), "") == []
    for thread in threading.enumerate():
        if thread.name == complete.THREAD:
            thread.join()


def test_an_unknown_source_is_refused_with_the_nearest_one(desk, capsys):
    assert main(["search", "pact", "--source", "pres"]) == 2
    out, err = capsys.readouterr()
    assert (out, "no source 'pres'" in err, "did you mean 'press'?" in err) == ("", True, True)
    assert main(["search", "pact", "--source", "nonsense"]) == 2
    assert "`watcher sources` lists them" in capsys.readouterr().err
    assert main(["search", "pact", "--source", "press"]) == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_takes(shell, tmp_path, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_WATCHER_COMPLETE={shell}_complete" in script
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} on this machine: its script is not tried")
    (tmp_path / "script").write_text(script)
    subprocess.run([shell, "-n", str(tmp_path / "script")], check=True)


# What each shell is told to do, and how it says what it would offer for `watcher con` and `watcher report --signal o`.
TRIED = {
    "bash": (
        "source {script}",
        "COMP_WORDS=({words}); COMP_CWORD={last}; _watcher_completion watcher; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
    ),
    "zsh": (
        "compdef() {{ }}; compadd() {{ print -l ${{(P)@[-1]}}; }}; _describe() {{ print -l ${{(P)@[3]}}; }}; source {script}",
        "words=({words}); CURRENT=$(({last} + 1)); _watcher_completion",
    ),
    "fish": ("source {script}", "complete --do-complete '{words}'"),
}
QUIET = {"bash": "--norc", "zsh": "-f", "fish": "--no-config"}


@pytest.mark.slow
@pytest.mark.parametrize("shell", list(TRIED))
def test_a_real_shell_offers_commands_with_their_help_and_names_of_the_database(shell, desk, tmp_path, capsys):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} on this machine: its completion is not tried")
    assert main(["completion", shell]) == 0
    (tmp_path / "script").write_text(capsys.readouterr().out)
    begin, ask = TRIED[shell]
    asked = [
        ask.format(words=words, last=len(words.split()) - 1) for words in ("watcher r", "watcher report --signal o")
    ]
    tried = "\n".join([begin.format(script=tmp_path / "script"), *asked])
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    done = subprocess.run(
        [shell, QUIET[shell], "-c", tried],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PATH": path, "HOME": str(tmp_path)},
    )

    offered = [line.replace(":", "\t") for line in done.stdout.splitlines()]
    helped = {line.split("\t")[0]: line.partition("\t")[2] for line in offered}
    assert sorted(helped) == ["offer", "report", "rescore", "review", "run"]
    assert done.stderr == ""
    if shell != "bash":
        assert (helped["review"], helped["offer"]) == (COMMANDS["review"], "Offer")
    assert not (tmp_path / "no").exists()


def test_an_unknown_shell_is_refused(capsys):
    assert main(["completion", "tcsh"]) == 2
    assert "completion" in COMMANDS


def test_a_blank_line_that_is_said_is_a_blank_line(capsys):
    say("one\n\ntwo")
    say("")

    assert capsys.readouterr().err == "one\n\ntwo\n\n"
