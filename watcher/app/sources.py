"""Lays the state of the sources out: what can be read, since when not, why, and what to do. Must not: query or poll."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from watcher.app.report import choose_watchlist, find_zone
from watcher.app.report_text import link_text
from watcher.core import period
from watcher.core.basics import SECOND, Micros, SourceHealth
from watcher.core.clean import csv_line, json_line, safe_link, terminal
from watcher.core.coverage import SEEING
from watcher.core.errors import UsageProblem
from watcher.core.render import Column, Style, Table, block, heading, labelled, plural
from watcher.core.views import SourceRow, WatchlistRow

_WORTH_TELLING = 60 * SECOND

NEXT_STEPS: dict[str, str] = {
    SourceHealth.OK.value: "nothing to do",
    SourceHealth.UNCHANGED.value: "nothing to do: it can be read, and it has not changed",
    SourceHealth.EMPTY.value: "it can be read but lists nothing: look whether the publisher still fills it",
    SourceHealth.STALE.value: "nothing new for long: look whether the publisher moved, and edit the address",
    SourceHealth.NOT_A_FEED.value: "the address answers with something else: find the new address, edit the watchlist",
    SourceHealth.BLOCKED.value: "the publisher refuses us: ask for access (WATCHER_CONTACT says who asks) or watch it by hand",
    SourceHealth.AUTH.value: "the address wants a login: find a public one, or watch it by hand",
    SourceHealth.GONE.value: "the publisher took it away: find its successor, edit the watchlist",
    SourceHealth.UNREACHABLE.value: "open the address in a browser; if it opens, look at this machine's network and DNS",
    SourceHealth.PARSE_ERROR.value: "the body is broken: tell the publisher; it is tried again at every poll",
    SourceHealth.QUARANTINED.value: "reading it ended our parser, or watcher itself: it is asked four times less often, alone; please report it",
    SourceHealth.NEVER_POLLED.value: "start `watcher run`, or poll once with `watcher poll`",
    SourceHealth.DISABLED.value: "it is off or no longer in the watchlist: set `enabled: true` to poll it again",
    SourceHealth.BLIND.value: "no kind of source reads it: watch it by hand",
}
"""What a person can do in each state."""


class SourceQueries(Protocol):
    """What the list of sources asks of the read models."""

    def watchlists(self) -> Sequence[WatchlistRow]:
        """The watchlists, newest loaded first."""
        ...

    def newest_poll_at(self) -> Micros | None:
        """When the newest committed poll ended, or None."""
        ...

    def sources(self, watchlist: str | None = None, /) -> Sequence[SourceRow]:
        """The sources of a watchlist, with their state."""
        ...


@dataclass(frozen=True, slots=True)
class SourceList:
    """The sources of a watchlist as of its newest poll."""

    watchlist: WatchlistRow
    sources: tuple[SourceRow, ...]
    zone: tzinfo
    zone_name: str
    as_of: Micros | None


def read_sources(queries: SourceQueries, watchlist: str | None) -> SourceList:
    """Read the sources of the watchlist asked for, or of the one loaded last.

    Raises:
        WatcherError: there is no watchlist, or none of that name.
    """
    chosen = choose_watchlist(queries.watchlists(), watchlist)
    zone, note = find_zone(chosen.timezone)
    rows = tuple(queries.sources(chosen.id))
    return SourceList(chosen, rows, zone, "UTC" if note else chosen.timezone or "UTC", queries.newest_poll_at())


def find_source(listed: SourceList, name: str) -> SourceRow:
    """The source of that name.

    Raises:
        UsageProblem: there is none.
    """
    for row in listed.sources:
        if row.name == name:
            return row
    near = [row.name for row in listed.sources if name.lower() in f"{row.name} {row.title} {row.publisher}".lower()]
    raise UsageProblem(
        f"no source {name!r} in watchlist {listed.watchlist.id}",
        hint=f"perhaps {', '.join(near[:5])}" if near else "`watcher sources` lists them all",
    )


# --- the list -----------------------------------------------------------------------------------------------------------


def source_lines(listed: SourceList, style: Style) -> Iterable[str]:
    """All sources: those that are polled as a table, then those that cannot be read as configured, with the reason."""
    polled = [row for row in listed.sources if row.health != SourceHealth.BLIND.value]
    yield from _summary(listed, style)
    if polled:
        yield ""
        yield from _table(listed, polled, style)
    yield from _ill(listed, [row for row in polled if row.health not in SEEING], style)
    yield from _blind(listed, style)


def _summary(listed: SourceList, style: Style) -> Iterable[str]:
    blind = sum(row.health == SourceHealth.BLIND.value for row in listed.sources)
    seen = sum(row.health in SEEING for row in listed.sources)
    polled = len(listed.sources) - blind
    as_of = period.show_moment(listed.as_of, listed.zone, none="no poll yet")
    yield from labelled(
        [
            ("Watchlist", f"{terminal(listed.watchlist.id)}, revision {listed.watchlist.revision[:12]}"),
            ("Sources", f"{seen} of {polled} polled can be read; {blind} blind by construction"),
            ("As of", f"{as_of}, times in {terminal(listed.zone_name)}"),
        ],
        style,
    )


def _table(listed: SourceList, rows: Sequence[SourceRow], style: Style) -> Iterable[str]:
    columns = (
        Column("source", least=18),
        Column("state", least=11),
        Column("since", least=5),
        Column("last poll", least=11),
        Column("next", least=5),
        Column("entries", right=True),
        Column("hits", right=True),
    )
    cells = [_cells(listed, row) for row in rows]
    tones = ["" if row.health in SEEING else "warn" for row in rows]
    yield from Table(columns, cells, tones=tones).lines(style)
    if any(row.allow_private for row in rows):
        yield "* may have a private address (allow_private)"


def _cells(listed: SourceList, row: SourceRow) -> tuple[str, ...]:
    return (
        terminal(row.name) + ("*" if row.allow_private else ""),
        terminal(row.health),
        _short(listed, row.health_since),
        f"{_short(listed, row.last_poll_at)} {terminal(row.last_outcome)}".strip(),
        _short(listed, row.next_poll_at),
        f"{row.entries:,}",
        f"{row.hits:,}",
    )


def _short(listed: SourceList, micros: Micros | None) -> str:
    """A time as short as it stays clear beside the newest poll: ``14:05``, ``12-09 14:05`` or ``2024-11-30``."""
    if micros is None:
        return "-"
    full = period.show_moment(micros, listed.zone)
    today = period.show_moment(listed.as_of, listed.zone)
    if full[:10] == today[:10]:
        return full[11:]
    return full[5:] if full[:4] == today[:4] else full[:10]


def _ill(listed: SourceList, rows: Sequence[SourceRow], style: Style) -> Iterable[str]:
    if not rows:
        return
    yield ""
    yield heading(f"Cannot be read: {plural(len(rows), 'source')} (what to do: --health)", style)
    for row in rows:
        yield from block(
            f"{terminal(row.name)}: {terminal(row.health)} {_since_why(listed, row)}", style.width, rest="    "
        )


def _blind(listed: SourceList, style: Style) -> Iterable[str]:
    rows = [row for row in listed.sources if row.health == SourceHealth.BLIND.value]
    if not rows:
        return
    yield ""
    yield heading(f"Blind by construction: {plural(len(rows), 'source')}", style)
    for row in rows:
        institution = f" ({terminal(row.institution)})" if row.institution else ""
        yield from block(f"{terminal(row.name)}{institution}: {terminal(_reason(row))}", style.width, rest="    ")


def _reason(row: SourceRow) -> str:
    words = row.reason or row.note or "no reason is recorded"
    return f"{words} (checked {row.checked_on})" if row.checked_on else words


# --- health -------------------------------------------------------------------------------------------------------------


def health_lines(listed: SourceList, style: Style) -> Iterable[str]:
    """Only what needs a look, by state: since when, why, and what to do."""
    yield from _summary(listed, style)
    ill = [row for row in listed.sources if row.health not in SEEING]
    if not ill:
        yield ""
        yield style.good("Every source can be read.")
    for state in [health.value for health in SourceHealth if any(row.health == health.value for row in ill)]:
        rows = [row for row in ill if row.health == state]
        yield ""
        yield heading(f"{state[:1].upper()}{state[1:]}: {plural(len(rows), 'source')}", style)
        yield from block(f"what to do: {NEXT_STEPS[state]}", style.width)
        for row in rows:
            yield from block(f"{terminal(row.name)}: {_since_why(listed, row)}", style.width, first="  ", rest="      ")
    yield from _moved(listed, style)
    yield from _private(listed, style)


def _moved(listed: SourceList, style: Style) -> Iterable[str]:
    rows = [row for row in listed.sources if row.moved_to]
    if not rows:
        return
    yield ""
    yield heading(f"Moved for good: {plural(len(rows), 'source')}", style)
    yield from block("what to do: edit the address in the watchlist; the new one is asked already", style.width)
    for row in rows:
        yield f"  {terminal(row.name)}: {link_text(row.moved_to)}"


def _private(listed: SourceList, style: Style) -> Iterable[str]:
    names = [terminal(row.name) for row in listed.sources if row.allow_private]
    if names:
        yield ""
        yield from block(f"May have a private address (allow_private): {', '.join(names)}", style.width, rest="    ")


def _since_why(listed: SourceList, row: SourceRow) -> str:
    if row.health == SourceHealth.BLIND.value:
        return terminal(_reason(row))
    parts = [_since(listed, row)]
    if row.reason:
        parts.append(terminal(row.reason))
    if row.failures:
        parts.append(f"{plural(row.failures, 'failure')} in a row")
    parts.append(f"last read {period.show_moment(row.last_ok_at, listed.zone, none='never')}")
    return "; ".join(filter(None, parts))


def _since(listed: SourceList, row: SourceRow) -> str:
    if row.health_since is None:
        return ""
    lasts = listed.as_of - row.health_since if listed.as_of is not None else 0
    span = f" ({period.show_span(lasts)})" if lasts >= _WORTH_TELLING else ""
    return f"since {period.show_moment(row.health_since, listed.zone)}{span}"


# --- one source ---------------------------------------------------------------------------------------------------------


def detail_lines(listed: SourceList, row: SourceRow, style: Style) -> Iterable[str]:
    """All that is known of one source."""
    yield style.bold(terminal(row.title or row.name))
    publisher = f"{row.publisher}, {row.institution}" if row.institution else row.publisher
    yield from labelled(
        [
            ("source", terminal(row.name)),
            ("kind", terminal(row.kind)),
            ("publisher", terminal(publisher)),
            ("language", terminal(row.language)),
            ("grade", terminal(f"{row.role}, reliability {row.reliability}")),
            ("state", "; ".join(filter(None, (terminal(row.health), _since(listed, row), terminal(row.reason))))),
            ("to do", NEXT_STEPS.get(row.health, "")),
            ("last poll", _last_poll(listed, row)),
            ("last read", period.show_moment(row.last_ok_at, listed.zone, none="never")),
            ("next poll", period.show_moment(row.next_poll_at, listed.zone, none="never")),
            ("failures", f"{row.failures} in a row" if row.failures else ""),
            ("found", f"{plural(row.entries, 'entry', 'entries')}, {plural(row.hits, 'hit')}"),
            ("addresses", "may be private (allow_private: true)" if row.allow_private else "public ones only"),
            ("checked", terminal(row.checked_on)),
            ("note", terminal(row.note)),
        ],
        style,
    )
    if row.url:
        yield f"{style.dim('address')}    {link_text(row.url)}"
    if row.moved_to:
        yield f"{style.dim('moved to')}   {link_text(row.moved_to)}"


def _last_poll(listed: SourceList, row: SourceRow) -> str:
    if row.last_poll_at is None:
        return "never"
    return f"{period.show_moment(row.last_poll_at, listed.zone)}, {terminal(row.last_outcome)}"


# --- as data ------------------------------------------------------------------------------------------------------------

CSV_COLUMNS = (
    *("source", "kind", "url", "title", "publisher", "institution", "language", "role", "reliability"),
    *("health", "since", "reason", "next_step", "last_poll", "last_outcome", "last_read", "next_poll"),
    *("failures", "entries", "hits", "allow_private", "enabled", "checked_on", "note", "moved_to"),
)


def source_record(row: SourceRow) -> dict[str, object]:
    """One source as plain data, times as ISO 8601 in UTC."""
    return {
        "source": row.name,
        "kind": row.kind,
        "url": safe_link(row.url),
        "title": row.title,
        "publisher": row.publisher,
        "institution": row.institution,
        "language": row.language,
        "role": row.role,
        "reliability": row.reliability,
        "health": row.health,
        "since": period.show_iso(row.health_since),
        "reason": row.reason,
        "next_step": NEXT_STEPS.get(row.health, ""),
        "last_poll": period.show_iso(row.last_poll_at),
        "last_outcome": row.last_outcome,
        "last_read": period.show_iso(row.last_ok_at),
        "next_poll": period.show_iso(row.next_poll_at),
        "failures": row.failures,
        "entries": row.entries,
        "hits": row.hits,
        "allow_private": row.allow_private,
        "enabled": row.enabled,
        "checked_on": row.checked_on,
        "note": row.note,
        "moved_to": safe_link(row.moved_to),
    }


def json_lines(rows: Iterable[SourceRow], *, ascii_only: bool = False) -> Iterable[str]:
    """All sources as one JSON array."""
    yield json_line([source_record(row) for row in rows], ascii_only=ascii_only)


def jsonl_lines(rows: Iterable[SourceRow], *, ascii_only: bool = False) -> Iterable[str]:
    """One JSON object per source."""
    for row in rows:
        yield json_line(source_record(row), ascii_only=ascii_only)


def csv_lines(rows: Iterable[SourceRow]) -> Iterable[str]:
    """The sources as CSV, a header first, every cell quoted."""
    yield csv_line(list(CSV_COLUMNS))
    for row in rows:
        record = source_record(row)
        yield csv_line([record[name] for name in CSV_COLUMNS])
