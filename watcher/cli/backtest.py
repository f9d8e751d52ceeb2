"""`watcher backtest`: an archive through a watchlist, as a timeline with leads over events. Must not: touch the database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from watcher.cli.common import format_option, say, write_lines
from watcher.cli.items import language_of, read_items, text_of, title_of
from watcher.core.errors import UsageProblem

if TYPE_CHECKING:
    from watcher.app.backtest import Backtest, Event, Fired, Item, Lead
    from watcher.core.document import Document
    from watcher.core.limits import Limits


@click.command(short_help="Run a watchlist over an archive: what would have fired when.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--watchlist", metavar="PATH", help="The watchlist.  [default: config/watchlist.yaml]")
@click.option(
    "--by", "period", type=click.Choice(["day", "week", "month"]), default="month", show_default=True, help="Periods."
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only items of this day and later.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Only items before this day.")
@click.option("--signal", metavar="ID", default="", help="Only this signal.")
@click.option(
    "--events", metavar="FILE", help="Dated events, JSON Lines or CSV of date, title, signal.  [default: the timeline]"
)
@click.option(
    "--window", type=click.IntRange(1, 3650), default=30, show_default=True, help="Days before an event that count."
)
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="Processes that score.  [default: 2]")
@format_option("text", "jsonl", "csv")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    files: tuple[str, ...],
    watchlist: str | None,
    period: str,
    since: Any,
    until: Any,
    signal: str,
    events: str | None,
    window: int,
    workers: int | None,
    form: str,
) -> None:
    """Run a watchlist over an archive: what would have fired when.

    Each FILE (JSON Lines or CSV, also .gz, .xz; .parquet; - for standard input) holds items {"id", "title", "text" or
    "summary", "published", "source", "lang"}. Told are hits by period, signal and rung, the first hit on every
    rung, and for each event how many days before it a signal fired first. Nothing is stored. The format csv gives the
    timeline alone: period, signal, rung, hits.

    \b
    Examples:
      watcher backtest archive-2025.jsonl.xz --by week
      watcher backtest archive.csv --events events.csv --window 60
      watcher backtest archive.jsonl --signal offer --format jsonl

    Exit codes: 0 done, 1 lines were left out, 2 wrong usage or a watchlist is refused.
    """
    from watcher.app.backtest import leads, run
    from watcher.bootstrap.reading import load_watchlists
    from watcher.bootstrap.settings import Settings

    settings = Settings.read(watchlists=[watchlist] if watchlist else (), workers=workers)
    (loaded, *more) = load_watchlists(settings)
    if more:
        raise UsageProblem("backtest takes one watchlist at a time", hint="name one with --watchlist FILE")
    if signal and signal not in loaded.compiled.signals:
        raise UsageProblem(
            f"the watchlist has no signal {signal!r}", hint=f"it has {', '.join(loaded.compiled.signals)}"
        )
    reader = _Reader(files, since.date() if since else None, until.date() if until else None)
    known = _events(events, loaded.document)
    result = run(loaded.compiled, _with_progress(reader.items()), period=period, workers=settings.workers)
    if signal:
        result = _only(result, signal)
    signals = (signal,) if signal else tuple(loaded.compiled.signals)
    inside = [event for event in known if _is_inside(event, result)]
    found = leads(result, inside, signals, window_days=window)
    if form == "csv":
        write_lines(_as_csv(result))
    else:
        write_lines(_as_jsonl(result, found) if form == "jsonl" else _as_text(result, found, window, len(known)))
    if reader.bad:
        say(f"error: {reader.bad} bad {'line' if reader.bad == 1 else 'lines'} left out")
    ctx.exit(1 if reader.bad else 0)


def _with_progress(items: Iterator[Item]) -> Iterator[Item]:
    """The items; on a terminal their number is told on standard error while they come."""
    if not sys.stderr.isatty():
        yield from items
        return
    number = 0
    for number, item in enumerate(items, 1):  # the number is told after the loop too
        if number % 1000 == 0:
            click.echo(f"\r{number:,} items", nl=False, err=True)
        yield item
    click.echo(f"\r{number:,} items", err=True)


class _Reader:
    """Reads items of all files, within a period, and counts bad lines."""

    def __init__(self, files: Sequence[str], since: date | None, until: date | None) -> None:
        from watcher.core.limits import Limits

        self.files = files
        self.since = since
        self.until = until
        self.bad = 0
        self.limits: Limits = Limits()

    def rows(self, file: str) -> Iterator[dict[str, Any]]:
        """The rows of one file; bad ones are told."""

        def on_bad(number: int, why: str) -> None:
            self.bad += 1
            say(f"error: {file}:{number}: {why}")

        return read_items(file, on_bad)

    def items(self) -> Iterator[Item]:
        """Every item within the period; without one, those without a date too."""
        from watcher.app.backtest import Item, read_day

        for file in self.files:
            for row in self.rows(file):
                day = read_day(row.get("published"))
                if (self.since or self.until) and not self._is_inside(day):
                    continue
                title, text = title_of(row, self.limits.title_chars), text_of(row, self.limits.text_chars)
                yield Item(str(row["id"]), title, text, language_of(row), str(row.get("source") or ""), day)

    def _is_inside(self, day: date | None) -> bool:
        if day is None:
            return False
        return (self.since is None or day >= self.since) and (self.until is None or day < self.until)


def _events(file: str | None, document: Document) -> list[Event]:
    from watcher.app.backtest import Event, read_day

    if file is None:
        rows: Iterable[dict[str, Any]] = ({"date": event.date, "title": event.title} for event in document.timeline)
    else:
        rows = read_items(file, lambda number, why: say(f"error: {file}:{number}: {why}"), needs_id=False)
    known = {signal.id for signal in document.signals}
    events = []
    for row in rows:
        day, signal = read_day(row.get("date")), str(row.get("signal") or "")
        if day is None or (signal and signal not in known):
            raise UsageProblem(f"event {row.get('title')!r} has no date, or names no signal of the watchlist")
        events.append(Event(day, str(row.get("title") or ""), signal))
    return sorted(events, key=lambda event: event.day)


def _only(result: Backtest, signal: str) -> Backtest:
    result.fired = [one for one in result.fired if one.signal == signal]
    result.timeline = {key: count for key, count in result.timeline.items() if key[1] == signal}
    return result


def _is_inside(event: Event, result: Backtest) -> bool:
    return bool(result.first_day and result.last_day and result.first_day <= event.day <= result.last_day)


def _as_jsonl(result: Backtest, found: Sequence[Lead]) -> Iterator[str]:
    for one in result.fired:
        yield _line("hit", asdict(one))
    for (period, signal, rung), count in sorted(result.timeline.items()):
        yield _line("period", {"period": period, "signal": signal, "rung": rung, "hits": count})
    for lead in found:
        yield _line("lead", asdict(lead))
    yield _line("summary", _totals(result))


def _line(kind: str, values: dict[str, Any]) -> str:
    return json.dumps({"type": kind, **values}, ensure_ascii=False, default=str)


def _as_csv(result: Backtest) -> Iterator[str]:
    """The timeline; a cell that a spreadsheet would run is quoted."""
    from watcher.core.clean import csv_line

    yield "period,signal,rung,hits"
    for (period, signal, rung), count in sorted(result.timeline.items()):
        yield csv_line([period, signal, rung, count]).rstrip("\r\n")


def _totals(result: Backtest) -> dict[str, Any]:
    return {
        "items": result.items,
        "undated": result.undated,
        "hits": len(result.fired),
        "first_day": result.first_day,
        "last_day": result.last_day,
    }


def _as_text(result: Backtest, found: Sequence[Lead], window: int, events: int) -> Iterator[str]:
    from watcher.app.backtest import first_rungs
    from watcher.core.clean import terminal

    days = f" from {result.first_day} to {result.last_day}" if result.first_day else ""
    undated = f", {result.undated} without a date" if result.undated else ""
    yield f"{result.items} items{days}{undated}: {len(result.fired)} hits"
    yield ""
    for (period, signal, rung), count in sorted(result.timeline.items()):
        yield terminal(f"{period:12}{signal:26}{rung or '-':16}{count:5}")
    yield ""
    yield "first on each rung"
    for (signal, rung), one in sorted(first_rungs(result).items(), key=lambda pair: (pair[0][0], str(pair[1].day))):
        yield terminal(f"  {one.day}  {signal:26}{rung or '-':16}{one.score:5.1f}  {_title(one)}")
    yield ""
    yield f"leads over {len({lead.event for lead in found})} of {events} events (first hit in the {window} days before)"
    for lead in found:
        if lead.first is not None:
            shown = f"{lead.days:4} days  {lead.event.day} {lead.event.title[:50]}: {lead.signal}, {_title(lead.first)}"
            yield terminal(f"  {shown}")


def _title(one: Fired) -> str:
    return f"{one.title[:80]}" + (f" ({one.source})" if one.source else "")
