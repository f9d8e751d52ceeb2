"""Lays a report out as one HTML file that needs nothing else. Must not: query, run a script, or take markup from a text.

Every text goes through `app/html`, which escapes; the page's own policy forbids scripts, images from elsewhere and
requests of any kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from watcher.app import board as said
from watcher.app.html import Child, Markup, anchor, joined, page, picture, tag
from watcher.app.report import Report, SignalPart, silence_of
from watcher.app.report_css import CSS
from watcher.app.report_parts import (
    Grid,
    Link,
    Section,
    away_part,
    by_story,
    changed,
    figures_of,
    provenance,
    sections,
    snippets_of,
    standing_words,
    story_words,
)
from watcher.app.report_text import gap_text, hits_text, period_text, sighting_text, source_text, times_text
from watcher.core import period
from watcher.core.board import Board, BoardRow, Cell
from watcher.core.coverage import SourceCoverage
from watcher.core.render import plural
from watcher.core.views import HitRow


def html_report(report: Report) -> str:
    """The whole document."""
    facts = report.facts
    title = facts.question or facts.watchlist
    parts = list(_parts(report))
    menu = [tag("li", tag("a", name, href=f"#{key}")) for key, name, _ in parts]
    return page(
        tag("a", "Skip to what changed", href="#changed", class_="skip"),
        tag(
            "header",
            tag("h1", title),
            tag("p", f"{facts.watchlist} · {period_text(report)}", class_="faint"),
            *(tag("p", f"Only: {', '.join(report.only)}", class_="warn") for _ in report.only[:1]),
            *(tag("p", note, class_="warn") for note in (report.zone_note,) if note),
        ),
        tag(
            "main",
            _changed(report),
            tag("nav", tag("ul", *menu), aria_label="Parts of the report"),
            *(body for _, _, body in parts),
        ),
        title=title,
        language="en",
        css=CSS,
    )


def _parts(report: Report) -> Iterable[tuple[str, str, Markup]]:
    """Every part: its anchor, its name in the menu, and itself."""
    if report.view is not None:
        yield "board", "Board", _board(report, report.view.board)
    yield "hits", "Hits", _hits(report)
    figures = _figures(report)
    behind = {part.key: part for part in sections(report)}
    if "timeline" in behind:
        yield "timeline", "Timeline", _section(behind["timeline"])
    if figures:
        yield "figures", "Figures", figures
    for key, name in (("positions", "Positions"), ("touched", "Provisions")):
        if key in behind:
            yield key, name, _section(behind[key])
    yield "coverage", "Coverage and gaps", _coverage(report)
    yield "dismissed", "Dismissed", _section(away_part(report))
    pairs = [joined(tag("dt", label), tag("dd", text)) for label, text in provenance(report) if text]
    yield "provenance", "Provenance", _block("provenance", "Provenance", tag("dl", *pairs))


def _block(key: str, title: str, *children: Child) -> Markup:
    return tag("section", tag("h2", title, id=key), *children, aria_labelledby=key)


def _changed(report: Report) -> Markup:
    lines = [tag("li", line) for line in changed(report)]
    return tag("section", tag("h2", "What changed", id="changed"), tag("ul", *lines), class_="changed")


# --- the board --------------------------------------------------------------------------------------------------------


def _board(report: Report, board: Board) -> Markup:
    rows = board.of("signal")
    cards = [_card(report, row) for row in rows]
    # Every signal is looked for in every source: what was seen is said once.
    sight = (
        tag("p", f"All signals: {said.sight_words(rows[0].sight, report.zone)}.", class_=_sight_tone(rows[0]))
        if rows
        else None
    )
    tables = [_axis(report, axis, board.of(axis)) for axis in ("institution", "language")]
    return _block("board", "Board", sight, tag("ul", *cards, class_="cards"), *tables)


def _card(report: Report, row: BoardRow) -> Markup:
    best, zone = row.best, report.zone
    sight = tag("p", said.sight_words(row.sight, zone), class_=f"faint {_sight_tone(row)}".strip())
    trend = tag("p", said.trend_words(row.trend), class_="faint")
    if best is None:
        state = tag("p", _state(report, row), class_=f"rung {_sight_tone(row) or 'good'}")
        away = tag("p", f"{plural(row.away, 'hit')} dismissed", class_="faint") if row.away else None
        # Why nothing could be read stands above all cards.
        seen = None if row.state in ("blind", "none") else sight
        shown: tuple[Child, ...] = (state, seen, away, _earlier(report, row), trend)
    else:
        rung = tag("p", _steps(best), said.rung_words(row), class_="rung")
        since = tag("p", f"since {period.show_moment(best.since, zone)}")
        hits = f"{said.hits_words(row)} {'hit' if row.standing == 1 else 'hits'}; {said.trend_words(row.trend)}"
        blind = sight if row.sight.blind_since is not None else None
        word = tag("p", said.word_words(best))
        shown = (rung, since, word, tag("p", hits, class_="faint"), _earlier(report, row), blind)
    return tag("li", tag("h3", _title_link(row)), *shown, class_=f"card {row.state}")


def _title_link(row: BoardRow) -> Child:
    return tag("a", row.title, href=f"#signal-{_anchor(row.key)}") if row.standing else row.title


def _anchor(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)


def _state(report: Report, row: BoardRow) -> str:
    if report.filter.min_score is not None and row.state in ("quiet", "part"):
        return "none of that score"
    since = row.sight.blind_since
    blind = "blind" if since is None else f"blind since {period.show_moment(since, report.zone)}"
    return {"quiet": "quiet", "part": "quiet where we saw"}.get(row.state, blind)


def _sight_tone(row: BoardRow) -> str:
    if row.sight.blind_since is not None or row.sight.word in ("blind", "none"):
        return "bad"
    return "warn" if row.sight.share < 0.9 else ""


def _earlier(report: Report, row: BoardRow) -> Markup | None:
    event = row.earlier
    if event is None:
        return None
    at = period.show_moment(event.reached_at, report.zone)[:10]
    return tag("p", f"before the period: {event.rung}, {at}", class_="faint")


def _steps(best: Cell) -> Markup | None:
    if not best.steps:
        return None
    boxes = [tag("i", class_="on" if step < best.step else None) for step in range(best.steps)]
    return tag("span", *boxes, class_="steps", aria_hidden="true")


def _axis(report: Report, axis: str, rows: Sequence[BoardRow]) -> Markup | None:
    if not rows:
        return None
    columns = ("", "highest rung", "on whose word", "hits", "trend", "what was seen")
    cells = tuple(
        (
            row.title,
            said.rung_words(row) or _state(report, row),
            said.word_words(row.best),
            said.hits_words(row),
            said.trend_words(row.trend),
            said.sight_words(row.sight, report.zone),
        )
        for row in rows
    )
    return joined(tag("h3", said.TITLES[axis]), _table(Grid(columns, cells, frozenset({3})), said.TITLES[axis]))


# --- hits -------------------------------------------------------------------------------------------------------------


def _hits(report: Report) -> Markup:
    shown = [_signal(report, part) for part in report.parts if part.hits]
    if not shown:
        shown = [tag("p", f"No hit in the period. {silence_of(report).why}.")]
    return _block("hits", "Hits by signal and story", *shown)


def _signal(report: Report, part: SignalPart) -> Markup:
    head = tag("h3", f"{part.title}: {hits_text(part)}", id=f"signal-{_anchor(part.id)}")
    return joined(head, *(_story(report, group) for group in by_story(report, part.hits)))


def _story(report: Report, group: Sequence[HitRow]) -> Markup:
    lead, others = group[0], group[1:]
    facts = (f"hit {lead.hit_id}", lead.rung, source_text(lead), sighting_text(lead))
    quotes = [tag("blockquote", *_pieces(snippet.pieces), lang="") for snippet in snippets_of(report, lead)]
    decided = standing_words(report, lead)
    return tag(
        "article",
        tag("span", f"{lead.score:.1f}", class_="score", title="score, 0 to 100"),
        tag("h4", anchor(lead.title or "(no title)", lead.link)),
        tag("p", " · ".join(filter(None, facts)), class_="faint"),
        tag("p", decided, class_="good") if decided else None,
        *quotes,
        tag("p", f"Why: {lead.reason}", class_="faint"),
        tag("p", " · ".join(filter(None, (times_text(report, lead), story_words(report, group)))), class_="faint"),
        tag("ul", *(_also(report, hit) for hit in others), class_="also") if others else None,
        class_="hit",
    )


def _pieces(pieces: Iterable[tuple[str, bool]]) -> Iterable[Child]:
    for text, is_marked in pieces:
        yield tag("mark", text) if is_marked else text


def _also(report: Report, hit: HitRow) -> Markup:
    facts = (f"{hit.score:.1f}", f"hit {hit.hit_id}", hit.rung, source_text(hit), standing_words(report, hit))
    return tag("li", anchor(hit.title or "(no title)", hit.link), f" {' · '.join(filter(None, facts))}")


# --- the rest ---------------------------------------------------------------------------------------------------------


def _section(part: Section) -> Markup:
    words = [tag("p", line) for line in part.said]
    return _block(part.key, part.title, *words, _table(part.grid, part.title) if part.grid else None)


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _table(grid: Grid, label: str) -> Markup:
    heads = [
        tag("th", name or Markup('<span class="skip">kind</span>'), scope="col", class_=_right(grid, number))
        for number, name in enumerate(grid.columns)
    ]
    rows = [tag("tr", *(_cell(grid, number, cell) for number, cell in enumerate(row))) for row in grid.rows]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="stack")
    return tag("div", table, class_="scroll", role="region", aria_label=f"{label}: table", tabindex="0")


def _right(grid: Grid, number: int) -> str | None:
    return "right" if number in grid.right else None


def _cell(grid: Grid, number: int, cell: str | Link) -> Markup:
    shown = anchor(cell.text, cell.url) if isinstance(cell, Link) else cell
    if number == 0:
        look = "day" if isinstance(cell, str) and _DAY.fullmatch(cell) else _right(grid, number)
        return tag("th", shown, scope="row", class_=look)
    return tag("td", shown, class_=_right(grid, number), data_label=grid.columns[number])


# Small, so that its texts can be read where a phone shrinks it.
_PLOT = (420, 260)


def _figures(report: Report) -> Markup | None:
    series = figures_of(report)
    if not series:
        return None
    from watcher.app.figures import plotted, worded
    from watcher.app.plot import plot_svg

    shown: list[Child] = []
    for one in series:
        label = f"{one.title}: {plural(len(one.points), 'reading')} in the period, beside the baseline of the watchlist"
        drawing = plot_svg(plotted(one), title=one.title, unit=one.unit, zone=report.zone, size=_PLOT, heading=False)
        rows = tuple(
            (
                period.show_moment(point.at, report.zone)[:10],
                worded(point.value, point.qualifier, point.unit),
                point.publisher or point.source,
                Link(point.sentence, point.link),
            )
            for point in one.points
        )
        table = _table(Grid(("day", "value", "who", "sentence"), rows, frozenset({1})), one.title)
        shown += [tag("h3", one.title), picture(drawing, label), table]
    return _block("figures", "Figures beside their baseline", *shown)


_NOT_SEEN = (
    ("none", "Not readable at all"),
    ("part", "Readable in part"),
    ("blind", "Blind by construction"),
    ("off", "Switched off"),
)


def _coverage(report: Report) -> Markup:
    silence = silence_of(report)
    tone = {"quiet": "good", "part": "warn", "blind": "bad"}[silence.state]
    shown: list[Child] = [tag("p", f"{silence.why[:1].upper()}{silence.why[1:]}.", class_=tone)]
    for kind, title in _NOT_SEEN:
        sources = report.coverage.of(kind)
        if sources:
            grid = Grid(("source", "institution", "language", "not seen"), tuple(_gap(report, one) for one in sources))
            shown += [tag("h3", f"{title}: {plural(len(sources), 'source')}"), _table(grid, title)]
    return _block("coverage", "Coverage and gaps", *shown)


def _gap(report: Report, source: SourceCoverage) -> tuple[str, ...]:
    row = source.source
    return row.title or row.name, row.institution, row.language, gap_text(report, source)
