"""Lays a board out for a terminal, as Markdown and as JSON. Must not: query, compute, or let an untrusted text past ``clean``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from watcher.app.board import (
    TITLES,
    BoardView,
    hits_words,
    rung_words,
    sight_words,
    state_words,
    trend_words,
    word_words,
)
from watcher.core import period
from watcher.core.board import BoardRow, Cell, RungEvent, Sight
from watcher.core.clean import json_line, markdown, terminal
from watcher.core.render import Column, Style, Table, block, heading, labelled, packed, plural
from watcher.core.trend import Trend


def board_lines(view: BoardView, style: Style) -> Iterable[str]:
    """The whole board, line by line."""
    row = view.facts.watchlist
    for line in block(terminal(row.question) or terminal(row.id), style.width):
        yield style.bold(line)
    yield ""
    pairs = [
        ("Watchlist", f"{terminal(row.id)}, revision {row.revision[:12]}"),
        ("Period", terminal(window_text(view))),
        ("Note", terminal(view.zone_note)),
    ]
    yield from labelled(pairs, style)
    yield from signal_lines(view, style)
    yield from axis_lines(view, "institution", style)
    yield from axis_lines(view, "language", style)


def window_text(view: BoardView) -> str:
    """The period of the board, and of the baseline of its trends."""
    spans, zone = view.facts.spans, view.zone
    start = "from the beginning" if spans.since is None else period.show_moment(spans.since, zone)
    name = "UTC" if view.zone_note else view.facts.watchlist.timezone or "UTC"
    lately, before = (
        period.show_moment(spans.recent_since, zone)[:10],
        period.show_moment(spans.before_since, zone)[:10],
    )
    return f"{start} to {period.show_moment(spans.until, zone)}, {name}; trends: since {lately} against the 28 days from {before}"


def signal_lines(view: BoardView, style: Style) -> Iterable[str]:
    """Each signal in three lines or so: how far, on whose word, what was seen."""
    for row in view.board.of("signal"):
        yield ""
        yield from _signal(view, row, style)


def _signal(view: BoardView, row: BoardRow, style: Style) -> Iterable[str]:
    best = row.best
    title = f"{terminal(row.title)} ({terminal(row.key)})"
    if best is None:
        yield from block(title, style.width)
        paint = {"blind": style.bad, "none": style.bad, "part": style.warn}.get(row.state, style.good)
        for line in block(terminal(state_words(row, view.zone)), style.width, first="  "):
            yield paint(line)
        facts = [f"{plural(row.away, 'hit')} dismissed"] if row.away else []
        yield from _packed([*facts, *_earlier(view, row), trend_words(row.trend)], style)
        return
    for line in block(title, style.width):
        yield style.bold(line)
    since = f"since {period.show_moment(best.since, view.zone)}"
    yield from _packed([f"{ladder_bar(best, style)} {terminal(rung_words(row))}", since, word_words(best)], style)
    yield from _packed(
        [f"{hits_words(row)} {'hit' if row.standing == 1 else 'hits'}", *_earlier(view, row), trend_words(row.trend)],
        style,
    )
    sight = terminal(sight_words(row.sight, view.zone))
    paint = style.bad if row.sight.blind_since is not None else style.warn if row.sight.share < 1 else style.dim
    for line in block(sight, style.width, first="  "):
        yield paint(line)


def _packed(facts: list[str], style: Style) -> Iterable[str]:
    return packed(facts, style, indent=2)


def _earlier(view: BoardView, row: BoardRow) -> list[str]:
    event = row.earlier
    if event is None:
        return []
    return [f"before the period: {terminal(event.rung)}, {period.show_moment(event.reached_at, view.zone)[:10]}"]


def ladder_bar(best: Cell, style: Style) -> str:
    """How far up, as a picture beside the words."""
    full, empty = ("■", "□") if style.unicode else ("#", "-")
    return full * best.step + empty * (best.steps - best.step)


def axis_lines(view: BoardView, axis: str, style: Style) -> Iterable[str]:
    """Institutions or languages as a table."""
    rows = view.board.of(axis)
    if not rows:
        return
    yield ""
    yield heading(TITLES[axis], style)
    cells = [_axis_row(view, row) for row in rows]
    tones = [_tone(row) for row in rows]
    columns = (
        Column("", least=8),
        Column("highest rung", least=12),
        Column("hits", right=True),
        Column("what was seen", least=18),
    )
    yield from Table(columns, cells, tones=tones).lines(style)


def _axis_row(view: BoardView, row: BoardRow) -> tuple[str, ...]:
    rung = f"{rung_words(row)}, {short_word(row.best)}" if row.best else _quiet(row)
    return (
        terminal(row.title),
        terminal(rung),
        hits_words(row),
        terminal(sight_words(row.sight, view.zone)),
    )


def _quiet(row: BoardRow) -> str:
    return {"quiet": "quiet", "part": "quiet where we saw"}.get(row.state, "blind")


def short_word(best: Cell) -> str:
    """Single origin, corroborated or not grouped."""
    return best.word


def _tone(row: BoardRow) -> str:
    if row.sight.blind_since is not None or row.sight.word in ("blind", "none"):
        return "warn"
    return "bold" if row.standing else "dim"


# --- Markdown -------------------------------------------------------------------------------------------------------


def board_markdown(view: BoardView) -> Iterable[str]:
    """The board as a Markdown document."""
    row = view.facts.watchlist
    yield f"# {markdown(row.question) or markdown(row.id)}"
    yield from ("", f"- Watchlist: {markdown(row.id)}, revision {markdown(row.revision[:12])}")
    yield f"- Period: {markdown(window_text(view))}"
    if view.zone_note:
        yield f"- {markdown(view.zone_note)}"
    yield from markdown_tables(view)


def markdown_tables(view: BoardView, *, level: str = "##") -> Iterable[str]:
    """The three tables of a board, each under its heading."""
    for axis, title in TITLES.items():
        rows = view.board.of(axis)
        if not rows:
            continue
        yield from ("", f"{level} {title}", "")
        yield "| | Highest rung | Since | On whose word | Hits | Trend | What was seen |"
        yield "|---|---|---|---|---:|---|---|"
        yield from (_markdown_row(view, row) for row in rows)


def _markdown_row(view: BoardView, row: BoardRow) -> str:
    best = row.best
    since = period.show_moment(best.since, view.zone) if best else ""
    rung = rung_words(row) if best else _quiet(row)
    cells = (row.title, rung, since, word_words(best), hits_words(row), trend_words(row.trend))
    return f"| {' | '.join(markdown(cell) for cell in (*cells, sight_words(row.sight, view.zone)))} |"


# --- JSON -----------------------------------------------------------------------------------------------------------


def board_json(view: BoardView, *, ascii_only: bool = False) -> Iterable[str]:
    """The board as one JSON object, times as ISO 8601 in UTC."""
    yield json_line(board_record(view), ascii_only=ascii_only)


def board_record(view: BoardView) -> dict[str, Any]:
    """The board as plain data."""
    facts = view.facts
    return {
        "watchlist": facts.watchlist.id,
        "question": facts.watchlist.question,
        "revision": facts.watchlist.revision,
        "schema": facts.schema,
        "database": facts.mark,
        "since": period.show_iso(facts.spans.since),
        "until": period.show_iso(facts.spans.until),
        "timezone": facts.watchlist.timezone,
        "trend": {
            "recent_since": period.show_iso(facts.spans.recent_since),
            "before_since": period.show_iso(facts.spans.before_since),
        },
        "rows": [_row_record(row) for row in view.board.rows],
        "events": [_event_record(event) for event in view.board.events],
    }


def _row_record(row: BoardRow) -> dict[str, Any]:
    return {
        "axis": row.axis,
        "key": row.key,
        "title": row.title,
        "state": row.state,
        "best": _cell_record(row.best) if row.best else None,
        "signals": [_cell_record(cell) for cell in row.cells],
        "hits": row.standing,
        "dismissed": row.away,
        "trend": _trend_record(row.trend),
        "seen": _sight_record(row.sight),
        "changed": _event_record(row.changed) if row.changed else None,
    }


def _cell_record(cell: Cell) -> dict[str, Any]:
    return {
        "signal": cell.signal,
        "rung": cell.rung,
        "step": cell.step,
        "steps": cell.steps,
        "since": period.show_iso(cell.since),
        "last": period.show_iso(cell.last),
        "word": cell.word,
        "origins": cell.origins,
        "documents": cell.documents,
        "confirmed": cell.confirmed_here,
        "hits": cell.standing,
        "dismissed": cell.away,
        "top_score": cell.top_score,
    }


def _trend_record(trend: Trend) -> dict[str, Any]:
    return {
        "word": trend.word,
        "recent": trend.recent,
        "recent_days": round(trend.recent_days, 6),
        "before": trend.before,
        "before_days": round(trend.before_days, 6),
        "chance": round(trend.chance, 9),
    }


def _sight_record(sight: Sight) -> dict[str, Any]:
    return {
        "state": sight.word,
        "share": round(sight.share, 6),
        "polled": sight.polled,
        "not_polled": sight.unpolled,
        "blind_since": period.show_iso(sight.blind_since),
        "why": sight.why,
    }


def _event_record(event: RungEvent) -> dict[str, Any]:
    return {
        "signal": event.signal,
        "rung": event.rung,
        "reached_at": period.show_iso(event.reached_at),
        "hit": event.hit_id,
        "found_by": "rescore" if event.by_run else "poll",
        "stands": event.stands,
    }
