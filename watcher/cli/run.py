"""``watcher run``: the daemon in the foreground, with a line per poll. Must not: poll or decide by itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from watcher.cli.common import age_in_days, database_option, watchlist_file_option

if TYPE_CHECKING:
    from watcher.bootstrap.settings import Settings
    from watcher.cli.pollprint import Printer

NO_CONTACT = "publishers cannot reach you: set WATCHER_CONTACT to a web or mail address, it is sent with every request"


@click.command(short_help="Run the daemon: poll what is due, score it, send alerts.")
@click.option("--once", is_flag=True, help="Poll what is due, deliver alerts, and end.")
@click.option("-v", "--verbose", is_flag=True, help="Say more: heartbeats and ticks.")
@click.option(
    "--alerts",
    metavar="FILE",
    help="Append an alert per new hit to this JSON Lines file  [env var: WATCHER_ALERTS; default: no alerts]",
)
@click.option(
    "--keep",
    "keep_days",
    metavar="DAYS",
    envvar="WATCHER_KEEP",
    callback=age_in_days,
    help="Prune entries that are older and that nothing hangs on, every hour (180d, 2y; see `watcher db prune`)  "
    "[env var: WATCHER_KEEP; default: nothing is pruned]",
)
@watchlist_file_option
@database_option
def command(
    *, once: bool, verbose: bool, alerts: str | None, keep_days: int | None, watchlist: tuple[str, ...], database: str
) -> int:
    """Run the daemon: poll what is due, score it, send alerts.

    It stays in the foreground and writes one line per poll to standard error. Ctrl-C finishes what is under way and
    ends within ten seconds; a second Ctrl-C ends at once. SIGHUP loads the watchlists again, as a change of their
    files does; one with errors is refused and the old one stays in use.

    \b
    Examples:
      watcher run
      watcher run --alerts alerts.jsonl
      watcher run --watchlist lists/ --database db/desk.sqlite3

    \b
    Exit codes: 0 stopped, 2 the watchlist has errors, 3 another daemon works
    on this database, 4 it is damaged or newer, 70 ended to be started afresh.
    """
    from watcher.bootstrap.loop import run
    from watcher.bootstrap.settings import Settings
    from watcher.cli.pollprint import Printer, set_up_logging

    settings = Settings.read(database=database, watchlists=watchlist, alerts=alerts, keep_days=keep_days)
    set_up_logging(verbose=verbose)
    return run(_run(settings, Printer(sys.stderr), once=once))


async def _run(settings: Settings, printer: Printer, *, once: bool) -> int:
    from watcher.app.clock import SteadyClock
    from watcher.app.daemon import Daemon
    from watcher.bootstrap.polling import Hooks, build_duties

    daemons: list[Daemon] = []
    clock = SteadyClock(lambda jump: daemons[0].jumped(jump) if daemons else None)
    async with build_duties(settings, Hooks(clock=clock, on_poll=printer.poll)) as duties:
        duties.on_first_round = lambda: _end_first_round(printer, once=once)
        daemons.append(Daemon(duties))
        printer.expect(duties.reloader.current.sources)
        if not settings.contact:
            printer.write(NO_CONTACT)
        if settings.alerts is None and not once:
            printer.write("no alerts are sent: name a file with --alerts, or read `watcher report`")
        return await daemons[0].run(once=once)


def _end_first_round(printer: Printer, *, once: bool) -> None:
    printer.end_first_round()
    if printer.reached_nothing:
        on = "" if once else " Polling goes on."
        printer.write(f"No source could be reached: is this machine on the internet?{on}")
        printer.write("`make demo` (or `watcher demo`) shows watcher at work on sample sources, without internet.")
    else:
        printer.write(printer.summary())
