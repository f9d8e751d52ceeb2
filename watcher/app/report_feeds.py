"""A report for other programs of a desk: hits as an Atom feed, the timeline as a calendar. Must not: query, or trust a text.

Ids are made of what a thing is (watchlist, signal, hit), so that a reader knows it again; nothing says when the file was
made.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from watcher.app.report import Report, silence_of
from watcher.app.report_parts import snippets_of, standing_words, timeline_of
from watcher.app.report_text import source_text
from watcher.core import period
from watcher.core.basics import Micros
from watcher.core.clean import html_attribute, html_text, safe_link, visible
from watcher.core.timeline import TimelineItem
from watcher.core.views import HitRow

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/watcher-project/watcher")
ATOM = "http://www.w3.org/2005/Atom"


def stable_id(*parts: object) -> str:
    """A UUID of what a thing is."""
    return str(uuid.uuid5(_NAMESPACE, "\x00".join(map(str, parts)).encode("utf-8", "replace").decode()))


# --- Atom -------------------------------------------------------------------------------------------------------------


def atom_lines(report: Report) -> Iterable[str]:
    """The hits as an Atom feed (RFC 4287), the newest first; its subtitle says what could be seen."""
    facts = report.facts
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield f'<feed xmlns="{ATOM}">'
    yield f"<id>urn:uuid:{stable_id('feed', facts.watchlist, report.filter.signal)}</id>"
    yield f"<title>{html_text(facts.question or facts.watchlist)}</title>"
    yield f"<subtitle>{html_text(f'Seen: {silence_of(report).why}')}</subtitle>"
    yield f"<updated>{period.show_iso(facts.until)}</updated>"
    yield f"<author><name>{html_text(f'watcher: {facts.watchlist}')}</name></author>"
    titles = dict(facts.signals)
    hits = sorted((hit for part in report.parts for hit in part.hits), key=lambda h: (-h.first_seen, -h.hit_id))
    for hit in hits:
        yield from _entry(report, hit, titles.get(hit.signal, hit.signal))
    yield "</feed>"


def _entry(report: Report, hit: HitRow, signal: str) -> Iterable[str]:
    link = safe_link(hit.link)
    yield "<entry>"
    yield f"<id>urn:uuid:{stable_id('hit', hit.watchlist, hit.signal, hit.hit_id)}</id>"
    yield f"<title>{html_text(f'{signal}: {hit.title}')}</title>"
    if link:
        yield f'<link rel="alternate" href="{html_attribute(link)}"/>'
    yield f"<updated>{period.show_iso(hit.first_seen)}</updated>"
    yield f"<author><name>{html_text(hit.publisher or hit.source)}</name></author>"
    yield f'<category term="{html_attribute(hit.signal)}"/>'
    yield f'<content type="text">{html_text(_body(report, hit))}</content>'
    yield "</entry>"


def _body(report: Report, hit: HitRow) -> str:
    quotes = [f"“{''.join(text for text, _ in one.pieces).strip()}”" for one in snippets_of(report, hit)]
    facts = (f"Score {hit.score:.1f}", hit.rung, f"hit {hit.hit_id}", source_text(hit), standing_words(report, hit))
    return " ".join((". ".join(filter(None, facts)) + ".", *quotes, f"Why: {hit.reason}."))


# --- calendar ---------------------------------------------------------------------------------------------------------


def calendar_lines(report: Report) -> Iterable[str]:
    """The timeline as a calendar (RFC 5545): background events are days, findings are moments. Lines are folded."""
    facts = report.facts
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//watcher//timeline//EN", "CALSCALE:GREGORIAN")
    yield from _folded(f"X-WR-CALNAME:{_text(facts.question or facts.watchlist)}")
    for item in timeline_of(report):
        yield from _event(report, item)
    yield "END:VCALENDAR"


def _event(report: Report, item: TimelineItem) -> Iterable[str]:
    facts = report.facts
    yield "BEGIN:VEVENT"
    yield f"UID:{stable_id('event', facts.watchlist, item.kind, item.key)}"
    yield f"DTSTAMP:{_moment(facts.until)}"
    if item.kind == "background":
        yield f"DTSTART;VALUE=DATE:{item.day(report.zone).replace('-', '')}"
    else:
        yield f"DTSTART:{_moment(item.at)}"
    yield from _folded(f"SUMMARY:{_text(item.title)}")
    if item.note or item.hit_id is not None:
        hit = f"hit {item.hit_id}" if item.hit_id is not None else ""
        yield from _folded(f"DESCRIPTION:{_text(', '.join(filter(None, (item.note, hit))))}")
    link = safe_link(item.link)
    if link and link.isascii():
        yield from _folded(f"URL:{link}")
    yield from _folded(f"CATEGORIES:{_text(item.kind)}")
    yield "END:VEVENT"


def _moment(at: Micros) -> str:
    return period.from_micros(at).strftime("%Y%m%dT%H%M%SZ").rjust(16, "0")


def _text(text: str) -> str:
    """A text value: no control, and what would end it escaped."""
    return visible(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str, octets: int = 73) -> Iterable[str]:
    """A line cut where it would be longer than 75 octets, never inside a character; rests begin with a space."""
    piece, size, first = "", 0, True
    for character in line:
        width = len(character.encode("utf-8", "replace"))
        if size + width > octets:
            yield piece if first else f" {piece}"
            piece, size, first = "", 0, False
        piece, size = piece + character, size + width
    yield piece if first else f" {piece}"
