"""``watcher poll``: one round of polling, then the end. Must not: poll or decide by itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from watcher.cli import complete
from watcher.cli.common import database_option, refuse_unknown_sources, watchlist_file_option

if TYPE_CHECKING:
    from watcher.app.poll import Round
    from watcher.bootstrap.settings import Settings
    from watcher.cli.pollprint import Printer


@click.command(short_help="Poll what is due once, and end.")
@click.argument("names", nargs=-1, metavar="[SOURCE]...", shell_complete=complete.sources)
@click.option(
    "--all", "everything", is_flag=True, help="Also what is not due, but never before a publisher's Retry-After."
)
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.option(
    "--alerts", metavar="FILE", help="Append an alert per new hit to this JSON Lines file  [env var: WATCHER_ALERTS]"
)
@watchlist_file_option
@database_option
def command(
    names: tuple[str, ...],
    everything: bool,
    verbose: bool,
    alerts: str | None,
    watchlist: tuple[str, ...],
    database: str,
) -> int:
    """Poll what is due once, and end.

    With names only those sources; they are polled when they are due, and with --all at once. One line per poll goes to
    standard error.

    \b
    Examples:
      watcher poll
      watcher poll un-press osce-press --all

    \b
    Exit codes: 0 every source that was polled could be read, 1 one could not,
    2 the watchlist has errors or there is no such source, 3 a daemon works on
    this database, 4 it is damaged or newer.
    """
    from watcher.bootstrap.loop import run
    from watcher.bootstrap.settings import Settings
    from watcher.cli.pollprint import Printer, set_up_logging

    settings = Settings.read(database=database, watchlists=watchlist, alerts=alerts)
    set_up_logging(verbose=verbose)
    printer = Printer(sys.stderr)
    polled = run(_poll(settings, printer, names, everything=everything))
    _conclude(printer, polled, names)
    return 1 if polled.failed else 0


async def _poll(settings: Settings, printer: Printer, names: tuple[str, ...], *, everything: bool) -> Round:
    from watcher.app.derive import derive_all
    from watcher.bootstrap.polling import Hooks, build_duties

    async with build_duties(settings, Hooks(on_poll=printer.poll)) as duties:
        current = duties.reloader.current
        refuse_unknown_sources(names, current.names)
        printer.expect(len(names) or current.sources)
        polled = await duties.poller.round(everything=everything, only=names)
        printer.end_first_round()
        for courier in duties.couriers:
            await courier.deliver()
            courier.close()
        await derive_all(duties.derive, duties.writer)
        return polled


def _conclude(printer: Printer, polled: Round, names: tuple[str, ...]) -> None:
    if not polled.lines:
        what = "none of these sources" if names else "no source"
        printer.write(
            f"nothing polled: {what} is due; --all polls them now, but never before a publisher's Retry-After"
        )
    elif polled.reached_nothing:
        printer.write("No source could be reached: is this machine on the internet?")
        printer.write("`make demo` (or `watcher demo`) shows watcher at work on sample sources, without internet.")
    else:
        printer.write(printer.summary())
