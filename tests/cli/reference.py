"""Writes docs/reference/cli.md from the commands' own help: `python -m tests.cli.reference`."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Iterable

import click

from tests.support.corpus import ROOT
from watcher.cli import ALIASES, COMMANDS, cli

PAGE = ROOT / "docs" / "reference" / "cli.md"
WIDTH = 80


def page() -> str:
    """The whole page: the program's help, then every command's."""
    lines = [
        "# Commands",
        "",
        "Made from the commands' own help by `python -m tests.cli.reference`; a test keeps it true.",
        "",
        *_block(cli, "watcher"),
    ]
    for name in COMMANDS:
        command = importlib.import_module(f"watcher.cli.{name}").command
        aliases = [alias for alias, meant in ALIASES.items() if meant == name]
        lines += ["", f"## {name}", ""]
        if aliases:
            lines += [f"Also `watcher {aliases[0]}`.", ""]
        lines += _block(command, f"watcher {name}")
        for part, inner in getattr(command, "commands", {}).items():
            lines += ["", f"### {name} {part}", "", *_block(inner, f"watcher {name} {part}")]
    return "\n".join(lines) + "\n"


def _block(command: click.Command, path: str) -> Iterable[str]:
    settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, "help_option_names": ["-h", "--help"]}
    command = copy.copy(command)
    command._help_option = None  # click keeps the first one that was asked for, whatever its names were then
    context = click.Context(command, info_name=path, **settings)
    text = command.get_help(context)
    return ["```text", *(line.rstrip() for line in text.splitlines()), "```"]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
