"""``watcher doctor``: runs the checks and writes one line per finding. Must not: check anything by itself."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from watcher.cli.common import (
    database_option,
    format_option,
    speaks_unicode,
    style_of,
    watchlist_file_option,
    write_lines,
)

if TYPE_CHECKING:
    from watcher.app.doctor import Finding
    from watcher.core.render import Style


@click.command(short_help="Test this machine and this set-up by what they do.")
@format_option("text", "json")
@watchlist_file_option
@database_option
def command(form: str, watchlist: tuple[str, ...], database: str) -> int:
    """Test this machine and this set-up by what they do.

    Python and its XML parser (a child reads what makes an old one crash), SQLite and the file system under the
    database, clock, permissions, limits, time zones, the dictionaries of word forms, the watchlist, the database, and
    a child of the sandbox with a small feed. One line per check: ok, warn or fail, with the next step. Nothing is
    repaired and nothing is fetched.

    \b
    Examples:
      watcher doctor
      watcher doctor --format json | jq '.[] | select(.state != "ok")'

    \b
    Exit codes: 0 no check failed (there may be warnings), 1 one did.
    """
    from watcher.app.doctor_probes import examine_here
    from watcher.bootstrap.settings import Settings

    settings = Settings.read(database=database, watchlists=watchlist)
    findings = examine_here(settings.database, settings.watchlists, settings.cache_dir)
    if form == "json":
        kept = list(findings)
        _write_json(kept)
    else:
        kept = []
        for finding in findings:
            kept.append(finding)
            write_lines(_lines(finding, style_of()))
            sys.stdout.flush()
    return int(any(finding.state == "fail" for finding in kept))


def _write_json(findings: Sequence[Finding]) -> None:
    from watcher.app.doctor import finding_record
    from watcher.core.clean import json_line

    write_lines([json_line([finding_record(f) for f in findings], ascii_only=not speaks_unicode())])


def _lines(finding: Finding, style: Style) -> Iterable[str]:
    from watcher.core.clean import terminal
    from watcher.core.render import block

    tone = {"ok": style.good, "warn": style.warn, "fail": style.bad}[finding.state]
    edge = " " * 19
    first, *rest = block(terminal(finding.text), style.width, first=edge)
    yield f"{tone(finding.state.ljust(4))}  {finding.name.ljust(11)}  {first[len(edge) :]}"
    yield from rest
    if finding.step:
        yield from block(terminal(finding.step), style.width, first=f"{edge}next: ")
