"""Lays a report out as text for a terminal or a pipe. Must not: query, compute, or let an untrusted text past ``clean``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watcher.app.report import Report, SignalPart, Silence, silence_of
from watcher.app.report_parts import by_story, snippets_of, standing_words, story_words
from watcher.core import period
from watcher.core.basics import Sighting, SourceHealth
from watcher.core.clean import safe_link, terminal
from watcher.core.coverage import Gap, GroupCoverage, SourceCoverage
from watcher.core.render import Column, Style, Table, block, heading, labelled, packed, plural, width
from watcher.core.views import HitRow

_SCORE_COLUMNS = 5


def report_lines(report: Report, style: Style) -> Iterable[str]:
    """The whole report, line by line."""
    yield from _head(report, style)
    if report.view is None:
        yield from _board(report, style)
    else:
        from watcher.app.report_more import before_hits

        yield from before_hits(report, style)
    for part in report.parts:
        if part.hits:
            yield from _signal(report, part, style)
    if report.facts.full is not None:
        from watcher.app.report_more import after_hits

        yield from after_hits(report, style)
    yield from _coverage(report, style)
    if report.facts.full is not None:
        from watcher.app.report_more import at_the_end

        yield from at_the_end(report, style)


# --- head -----------------------------------------------------------------------------------------------------------


def _head(report: Report, style: Style) -> Iterable[str]:
    facts = report.facts
    question = terminal(facts.question) or terminal(facts.watchlist)
    for line in block(question, style.width):
        yield style.bold(line)
    yield ""
    found = f"{plural(facts.hits_total, 'hit')} in {plural(facts.entries, 'entry', 'entries')}"
    yield from labelled(
        [
            ("Watchlist", f"{terminal(facts.watchlist)}, revision {facts.revision[:12]}"),
            ("Period", period_text(report)),
            ("Found", f"{found} from {plural(facts.polls, 'poll')}"),
            ("Only", ", ".join(map(terminal, report.only))),
            ("Seen", _seen(report)),
            ("Note", terminal(report.zone_note)),
        ],
        style,
    )


def period_text(report: Report) -> str:
    """``2025-12-11 00:00 to 2025-12-16 09:30, Europe/Brussels``; an open start is said to be one."""
    since, until, zone = report.facts.since, report.facts.until, report.zone
    start = "from the beginning" if since is None else period.show_moment(since, zone)
    name = "UTC" if report.zone_note else report.facts.timezone or "UTC"
    return f"{start} to {period.show_moment(until, zone)}, {terminal(name)}"


def _seen(report: Report) -> str:
    silence = silence_of(report)
    blind = len(report.coverage.of("blind"))
    more = f"; {plural(blind, 'more source')} cannot be read as configured" if blind else ""
    return terminal(f"{silence.why}{more}")


# --- the signals at a glance ------------------------------------------------------------------------------------------


def _board(report: Report, style: Style) -> Iterable[str]:
    yield ""
    yield heading("Signals", style)
    silence = silence_of(report)
    rows, tones = [], []
    for part in report.parts:
        rows.append(_board_row(report, part, silence))
        tones.append("bold" if part.total else "dim")
    columns = (
        Column("signal", least=16),
        Column("hits", right=True),
        Column("top", right=True),
        Column("highest rung", least=10),
        Column("newest", least=10),
    )
    if rows:
        yield from Table(columns, rows, tones=tones).lines(style)


def _board_row(report: Report, part: SignalPart, silence: Silence) -> tuple[str, ...]:
    title = terminal(part.title)
    if part.top_score is None:
        return title, "0", "", "", silence_word(report, silence)
    newest = period.show_moment(part.newest, report.zone)
    return title, f"{part.total:,}", f"{part.top_score:.1f}", terminal(part.highest), newest


def silence_word(report: Report, silence: Silence) -> str:
    """What stands where a signal has no hit. Never a bare "quiet": the header and the coverage say what was seen."""
    if report.filter.min_score is not None and silence.state != "blind":
        return "none of that score"
    return {"quiet": "quiet", "part": "quiet where we saw", "blind": "blind"}[silence.state]


# --- hits -------------------------------------------------------------------------------------------------------------


def _signal(report: Report, part: SignalPart, style: Style) -> Iterable[str]:
    yield ""
    yield heading(f"{terminal(part.title)} ({terminal(part.id)}): {hits_text(part)}", style)
    for number, group in enumerate(by_story(report, part.hits)):
        if number:
            yield ""
        yield from _hit(report, group[0], style)
        yield from _story(report, group, style)


def hits_text(part: SignalPart) -> str:
    """``4 hits``, or ``4 of 19 hits`` where a limit left some out."""
    if part.total == len(part.hits):
        return plural(part.total, "hit")
    return f"{len(part.hits):,} of {plural(part.total, 'hit')}"


def _hit(report: Report, hit: HitRow, style: Style) -> Iterable[str]:
    edge = " " * (_SCORE_COLUMNS + 2)
    score = f"{hit.score:.1f}".rjust(_SCORE_COLUMNS)
    title, *more = block(terminal(hit.title) or "(no title)", style.width, first=edge)
    yield style.bold(score) + "  " + style.bold(title[len(edge) :])
    for line in more:
        yield edge + style.bold(line[len(edge) :])
    facts = [f"hit {hit.hit_id}", terminal(hit.rung), source_text(hit), sighting_text(hit)]
    yield from packed([fact for fact in facts if fact], style, indent=len(edge))
    pairs = [("why", terminal(hit.reason)), ("time", times_text(report, hit))]
    yield from labelled(pairs, style, indent=len(edge))
    if hit.link:
        # Never broken: a terminal wraps it itself and can still open it.
        yield f"{edge}{style.dim('link')}  {link_text(hit.link)}"


def _story(report: Report, group: Sequence[HitRow], style: Style) -> Iterable[str]:
    """What a whole report adds to a hit: decisions, sentences, its story and who else carries it."""
    if report.facts.full is None:
        return
    indent = _SCORE_COLUMNS + 2
    decided, story = standing_words(report, group[0]), story_words(report, group)
    yield from labelled([("said", terminal(decided)), ("story", terminal(story))], style, indent=indent)
    for snippet in snippets_of(report, group[0]):
        pieces = "".join(style.mark(terminal(text)) if marked else terminal(text) for text, marked in snippet.pieces)
        yield from block(pieces.strip(), style.width, first=" " * indent + ("| " if not style.unicode else "│ "))
    for hit in group[1:]:
        facts = [f"also {hit.score:.1f}", f"hit {hit.hit_id}", terminal(hit.title), source_text(hit)]
        yield from packed(facts, style, indent=indent)


def source_text(hit: HitRow) -> str:
    """Who has it: publisher and source, its role, its reliability grade (beside the score, never inside)."""
    publisher = f"{hit.publisher} ({hit.source})" if hit.publisher not in ("", hit.source) else hit.source
    return terminal(f"{publisher}, {hit.role}, reliability {hit.reliability}")


def sighting_text(hit: HitRow) -> str:
    """The class of the sighting where it is not simply new, and the hit of the same item elsewhere."""
    words = [] if hit.sighting == Sighting.NEW.value else [terminal(hit.sighting)]
    if hit.duplicate_of is not None:
        words.append(f"same item as entry {hit.duplicate_of}")
    return ", ".join(words)


def times_text(report: Report, hit: HitRow) -> str:
    """When the publisher says it was published, and when we first saw it."""
    published = period.show_moment(hit.published, report.zone, none="at an unknown time")
    return f"published {published}, seen {period.show_moment(hit.first_seen, report.zone)}"


def link_text(url: str) -> str:
    """The address where it may be a link; another one is shown as what it is, not as something to open."""
    if not url:
        return ""
    return safe_link(url) or f"(not a web address) {terminal(url)}"


# --- coverage ---------------------------------------------------------------------------------------------------------


def _coverage(report: Report, style: Style) -> Iterable[str]:
    yield ""
    yield heading("What could be seen", style)
    silence = silence_of(report)
    tone = {"quiet": style.good, "part": style.warn, "blind": style.bad}[silence.state]
    for line in block(terminal(silence.why[:1].upper() + silence.why[1:]) + ".", style.width):
        yield tone(line)
    yield from _groups("institution", report.coverage.by_institution(), style)
    yield from _groups("language", report.coverage.by_language(), style)
    yield from _not_seen(report, "Not readable at all", report.coverage.of("none"), style)
    yield from _not_seen(report, "Readable in part", report.coverage.of("part"), style)
    yield from _not_seen(report, "Blind by construction", report.coverage.of("blind"), style)
    yield from _not_seen(report, "Switched off", report.coverage.of("off"), style)


def _groups(title: str, groups: tuple[GroupCoverage, ...], style: Style) -> Iterable[str]:
    if not groups:
        return
    yield ""
    rows = [(terminal(g.name), f"{g.readable} of {g.sources}", _share(g.share), _group_word(g)) for g in groups]
    columns = (
        Column(title, least=12),
        Column("sources read", right=True),
        Column("best", right=True),
        Column("", least=5),
    )
    yield from Table(columns, rows, tones=["" if g.share > 0 else "warn" for g in groups]).lines(style)


def _group_word(group: GroupCoverage) -> str:
    if group.share == 0:
        return "blind"
    return "seen throughout" if group.share == 1 else "seen in part"


def _share(share: float) -> str:
    """A share in per cent that never rounds a gap away."""
    percent = round(share * 100)
    if percent == 100 and share < 1:
        return "99 %"
    return "1 %" if percent == 0 and share > 0 else f"{percent} %"


def _not_seen(report: Report, title: str, sources: tuple[SourceCoverage, ...], style: Style) -> Iterable[str]:
    if not sources:
        return
    yield ""
    yield style.bold(f"{title}: {plural(len(sources), 'source')}")
    edge = min(max(width(terminal(s.source.name)) for s in sources), style.width // 3)
    for source in sources:
        name = terminal(source.source.name).ljust(edge)
        first = f"  {name}  "
        rest = " " * (edge + 4)
        if width(first) > width(rest):
            yield first.rstrip()
            first = rest
        yield from block(terminal(gap_text(report, source)), style.width, first=first, rest=rest)


def gap_text(report: Report, source: SourceCoverage) -> str:
    """Since when and why a source was not readable; several gaps in short."""
    if source.kind in ("blind", "off"):
        row = source.source
        words = row.reason or row.note or "no reason is recorded"
        return f"{words} (checked {row.checked_on})" if row.checked_on and row.checked_on not in words else words
    last = source.gaps[-1]
    text = _one_gap(report, last)
    if len(source.gaps) > 1:
        text += f"; {plural(len(source.gaps) - 1, 'earlier gap')}"
    return f"{text}; readable {_share(source.share)} of the period" if source.share else text


def _one_gap(report: Report, gap: Gap) -> str:
    start = period.show_moment(gap.began, report.zone)
    why = ": ".join(filter(None, (gap.health, gap.reason)))
    if gap.health == SourceHealth.NEVER_POLLED.value and gap.open:
        return (
            f"blind throughout because {why}" if gap.since <= report.coverage.since else f"blind since {start}: {why}"
        )
    if gap.open:
        return f"blind since {start} because {why}"
    return f"blind {start} to {period.show_moment(gap.until, report.zone)} because {why}"
