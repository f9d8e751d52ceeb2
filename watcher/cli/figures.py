"""`watcher figures`: reads the arguments, has series read, lists and plots them. Must not: query or lay out by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli import complete
from watcher.cli.common import (
    database_option,
    format_option,
    put_lines,
    say,
    speaks_unicode,
    style_of,
    watchlist_name_option,
)

if TYPE_CHECKING:
    from watcher.app.figures import FigureSeries
    from watcher.bootstrap.evidence import EvidenceDesk


@click.command(short_help="List tracked quantities as dated series beside their baseline, and plot them.")
@click.argument("figure", required=False, metavar="[FIGURE]", shell_complete=complete.figures)
@click.option("--since", metavar="TIME", help="Only what was first seen since then (2025-12-15, 7d, yesterday).")
@click.option("--until", metavar="TIME", help="Only what was first seen before then.")
@click.option("--primary", is_flag=True, help="Only sources that speak for themselves.")
@click.option("--plot", is_flag=True, help="Plot in the terminal.")
@click.option(
    "--svg", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Plot one figure into this file."
)
@format_option("table", "jsonl", "csv", "md")
@watchlist_name_option
@database_option
def command(
    *,
    figure: str | None,
    since: str | None,
    until: str | None,
    primary: bool,
    plot: bool,
    svg: Path | None,
    form: str,
    watchlist: str | None,
    database: str,
) -> int:
    """List tracked quantities as dated series beside their baseline, and plot them.

    Without FIGURE: every figure that the watchlist declares, with its newest reading. With it: every reading with its
    sentence, who says so, and whether the source speaks for itself. Where sources contradict each other within three
    days it is shown; nothing is averaged.

    A reading is dated as its publisher dates it, or when it was first seen.

    \b
    Examples:
      watcher figures
      watcher figures vessels-listed --plot
      watcher figures vessels-listed --svg vessels.svg
      watcher figures --since 30d --format csv

    \b
    Exit codes: 0 done, 1 it failed, 2 wrong usage, no such figure, or no
    database or watchlist, 4 database damaged or from a newer watcher.
    """
    if figure is None and (plot or svg):
        raise click.UsageError("name the figure to plot")
    from watcher.bootstrap.evidence import build_evidence

    with build_evidence(database) as desk:
        found = _read(desk, watchlist, figure, since, until, primary=primary)
    if svg is not None:
        _draw(found[0], svg)
    drawn: list[str] = []
    if plot:
        from watcher.app.figures import plotted
        from watcher.app.plot_text import plot_text

        drawn = [*plot_text(plotted(found[0]), style_of(), zone=found[0].zone), ""]
    if plot or svg is None:
        put_lines(chain(drawn, _list(found, form, figure)), form)
    return 0


def _read(
    desk: EvidenceDesk,
    watchlist: str | None,
    figure: str | None,
    since: str | None,
    until: str | None,
    *,
    primary: bool,
) -> Sequence[FigureSeries]:
    from watcher.app.figures import read_figures
    from watcher.app.report import find_zone
    from watcher.core.errors import UsageProblem
    from watcher.core.period import parse_moment

    known = desk.queries.watchlists()
    chosen = next((row for row in known if watchlist in (None, row.id)), None)
    if chosen is None:
        named = f"watchlist {watchlist} was never" if watchlist else "no watchlist was"
        raise UsageProblem(f"{named} loaded into this database", hint="start `watcher run` or `watcher poll`")
    zone, _ = find_zone(chosen.timezone)
    newest = desk.queries.newest_poll_at() or 0
    begin, end = (parse_moment(text, reference=newest, zone=zone) if text else None for text in (since, until))
    return read_figures(desk.figures, chosen, figure, begin, end, primary_only=primary)


def _draw(one: FigureSeries, path: Path) -> None:
    from watcher.app.figures import plotted
    from watcher.app.plot import plot_svg

    path.write_text(plot_svg(plotted(one), title=one.title, unit=one.unit, zone=one.zone), encoding="utf-8")
    say(f"{path}: {len(one.points)} readings, {len(one.baseline)} baseline values")


def _list(found: Sequence[FigureSeries], form: str, figure: str | None) -> Iterable[str]:
    from watcher.app import figures

    if form == "jsonl":
        return figures.jsonl_lines(found, ascii_only=not speaks_unicode())
    if form == "csv":
        return figures.csv_lines(found)
    if form == "md":
        return figures.markdown_lines(found)
    if figure is None:
        return figures.overview_lines(found, style_of())
    return figures.series_lines(found[0], style_of())
