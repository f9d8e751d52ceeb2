"""``watcher completion``: prints the script that makes a shell complete. Must not: write into anybody's start-up files."""

from __future__ import annotations

import click

from watcher.cli.common import write_lines


@click.command(short_help="Print what makes bash, zsh or fish complete commands.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes bash, zsh or fish complete commands.

    Commands, options and their choices; signals, sources, figures, watchlists and hit numbers of the database at hand.

    \b
    Examples:
    bash   echo 'eval "$(watcher completion bash)"' >> ~/.bashrc
    zsh    echo 'eval "$(watcher completion zsh)"' >> ~/.zshrc
    fish   watcher completion fish > ~/.config/fish/completions/watcher.fish

    \b
    Exit codes: 0 done, 2 wrong usage.
    """
    from click.shell_completion import get_completion_class

    from watcher.cli import cli

    kind = get_completion_class(shell)
    if kind is not None:
        source = kind(cli, {}, "watcher", "_WATCHER_COMPLETE")
        # A comma in a help text is no separator; click's script for fish takes it for one.
        script = (source.source_template % source.source_vars()).replace('string split ","', 'string split --max 1 ","')
        write_lines(script.splitlines())
