"""Lays out how an entry was worded over time: as text, Markdown or data. Must not: query, or let a text past ``clean``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from watcher.app.report_files import markdown_link
from watcher.app.report_text import link_text
from watcher.core import period
from watcher.core.clean import markdown, safe_link, terminal
from watcher.core.errors import UsageProblem
from watcher.core.history import History, Wording
from watcher.core.render import Column, Style, Table, block, heading, packed, plural, width, wrap
from watcher.core.worddiff import ADDED, GONE, SAME, Change, diff, shortened

AROUND = 120
"""Characters of what did not change that are shown around a change."""


@dataclass(frozen=True, slots=True)
class Step:
    """From one wording to another."""

    before: Wording
    after: Wording
    title: tuple[Change, ...]
    text: tuple[Change, ...]

    @property
    def words(self) -> tuple[int, int]:
        """How many words went, and how many came."""
        both = (*self.title, *self.text)
        return _words(both, GONE), _words(both, ADDED)


def _words(changes: Iterable[Change], kind: str) -> int:
    return sum(len(change.text.split()) for change in changes if change.kind == kind)


def steps_of(history: History, first: int | None = None, last: int | None = None) -> tuple[Step, ...]:
    """Every change from one wording to the next, or one step between two that are named.

    Raises:
        UsageProblem: a revision that the entry does not have.
    """
    wordings = {wording.number: wording for wording in history.wordings}
    for number in (first, last):
        if number is not None and number not in wordings:
            have = ", ".join(map(str, wordings))
            raise UsageProblem(f"entry {history.entry_id} has no revision {number}", hint=f"it has {have}")
    if first is None and last is None:
        return tuple(map(_step, history.wordings, history.wordings[1:]))
    numbers = sorted(wordings)
    return (_step(wordings[numbers[0] if first is None else first], wordings[numbers[-1] if last is None else last]),)


def _step(before: Wording, after: Wording) -> Step:
    return Step(before, after, diff(before.title, after.title), diff(before.text, after.text))


def state_of(history: History, zone: tzinfo) -> str:
    """Is it at its source still, in one sentence."""

    def when(micros: int) -> str:
        return period.show_moment(micros, zone)

    if history.vanished_at is not None:
        return f"withdrawn at the source: gone since {when(history.vanished_at)}, while older entries stayed"
    if history.left_at is not None:
        return f"no longer in the source's newest body since {when(history.left_at)}"
    return f"in the source's newest body, {when(history.last_seen)} or later"


def _facts(history: History) -> list[str]:
    facts = [f"entry {history.entry_id}", f"{terminal(history.source_title)} ({terminal(history.source)})"]
    if history.duplicate_of is not None:
        facts.append(f"same item as entry {history.duplicate_of}")
    if history.aliases:
        facts.append(f"known under {plural(history.aliases + 1, 'id')}")
    if history.hits:
        facts.append("hits: " + ", ".join(f"{number} ({terminal(signal)})" for number, signal in history.hits))
    return facts


# --- text ---------------------------------------------------------------------------------------------------------


def history_lines(history: History, steps: Sequence[Step], style: Style, zone: tzinfo, *, whole: bool) -> Iterable[str]:
    """The wordings as a table, then each change with its words marked: ``[-gone-]`` and ``{+added+}``."""
    for line in block(terminal(history.title) or "(no title)", style.width):
        yield style.bold(line)
    yield from packed(_facts(history), style)
    if history.link:
        yield style.dim(link_text(history.link))
    yield from block(state_of(history, zone)[:1].upper() + state_of(history, zone)[1:] + ".", style.width)
    yield ""
    yield heading(plural(len(history.wordings), "wording"), style)
    yield from _table(history, style, zone)
    if not steps:
        yield "It was never edited."
    for step in steps:
        yield from _step_lines(step, style, whole=whole)


def _table(history: History, style: Style, zone: tzinfo) -> Iterable[str]:
    columns = (
        Column("revision", right=True),
        Column("first seen"),
        Column("last seen"),
        Column("sighting", least=8),
        Column("SHA-256", least=12),
        Column("bytes", least=4),
    )
    yield from Table(columns, [_row(wording, zone) for wording in history.wordings]).lines(style)


def _row(wording: Wording, zone: tzinfo) -> tuple[str, ...]:
    return (
        str(wording.number),
        period.show_moment(wording.first_seen, zone),
        period.show_moment(wording.last_seen, zone),
        terminal(wording.sighting),
        wording.digest.hex()[:12],
        "kept" if wording.body_kept else "not kept",
    )


def _step_lines(step: Step, style: Style, *, whole: bool) -> Iterable[str]:
    gone, added = step.words
    yield ""
    yield heading(
        f"Revision {step.before.number} to {step.after.number}: {plural(gone, 'word')} gone, {added:,} added", style
    )
    for label, changes in (("title", step.title), ("text", step.text)):
        if any(change.kind != SAME for change in changes):
            yield from _field_lines(label, changes if whole else shortened(changes, AROUND), style)
    if not gone and not added:
        yield "Nothing but white space, signs or their order changed."


# Stand-ins for the marks while lines are wrapped: cleaned text cannot hold format characters, and they take no column.
_STARTS = {GONE: "\u2061", ADDED: "\u2062"}
_END = "\u2063"
_PIECES = re.compile(f"([{''.join(_STARTS.values())}{_END}])")
_MARKS = {GONE: ("[-", "-]"), ADDED: ("{+", "+}")}


def _field_lines(label: str, changes: Sequence[Change], style: Style) -> Iterable[str]:
    first = f"  {label:<5}  "
    shown = "".join(_marked(change, style) for change in changes).strip()
    inside = ""
    for number, line in enumerate(wrap(shown, style.width - width(first))):
        painted = ""
        for piece in _PIECES.split(line):
            if _PIECES.fullmatch(piece):
                inside = "" if piece == _END else piece
            else:
                painted += _paint(piece, inside, style)
        yield (first if number == 0 else " " * width(first)) + painted


def _marked(change: Change, style: Style) -> str:
    if change.kind == SAME:
        return _flat(change.text) if change.text else f" {style.ellipsis} "
    before, after = _MARKS[change.kind]
    return f"{_STARTS[change.kind]}{before}{_flat(change.text)}{after}{_END}"


def _paint(text: str, inside: str, style: Style) -> str:
    if inside == _STARTS[GONE]:
        return style.bad(text)
    return style.good(text) if inside == _STARTS[ADDED] else text


def _flat(text: str) -> str:
    """White space of any kind is one space here; everything else is shown."""
    words = terminal(" ".join(text.split()))
    lead, tail = text[:1].isspace(), text[-1:].isspace() and bool(words)
    return f"{' ' if lead else ''}{words}{' ' if tail else ''}"


# --- Markdown -----------------------------------------------------------------------------------------------------


def history_markdown(history: History, steps: Sequence[Step], zone: tzinfo, *, whole: bool) -> Iterable[str]:
    """The same as a document: what went is struck through, what came is bold."""
    yield f"# {markdown_link(history.title or '(no title)', history.link)}"
    yield ""
    yield f"{', '.join(map(markdown, _facts(history)))}. {markdown(state_of(history, zone))}."
    yield ""
    yield "| revision | first seen | last seen | sighting | SHA-256 | bytes |"
    yield "|---:|---|---|---|---|---|"
    for wording in history.wordings:
        cells = (*_row(wording, zone)[:4], wording.digest.hex(), _row(wording, zone)[5])
        yield f"| {' | '.join(map(markdown, cells))} |"
    for step in steps:
        yield ""
        yield f"## Revision {step.before.number} to {step.after.number}"
        for label, changes in (("Title", step.title), ("Text", step.text)):
            if any(change.kind != SAME for change in changes):
                yield ""
                kept = changes if whole else shortened(changes, AROUND)
                yield f"{label}: {''.join(map(_markdown_piece, kept)).strip()}"


def _markdown_piece(change: Change) -> str:
    words = markdown(" ".join(change.text.split()))
    lead, tail = (" " if part.isspace() else "" for part in (change.text[:1], change.text[-1:]))
    if not words:
        return " … " if not change.text else " "
    sign = {SAME: "", GONE: "~~", ADDED: "**"}[change.kind]
    return f"{lead}{sign}{words}{sign}{tail}"


# --- data ---------------------------------------------------------------------------------------------------------


def history_record(history: History, steps: Sequence[Step]) -> dict[str, object]:
    """The same as plain data: every wording whole, every change as pieces that spell both wordings."""
    return {
        "entry": history.entry_id,
        "title": history.title,
        "link": safe_link(history.link),
        "guid": history.guid,
        "source": history.source,
        "publisher": history.publisher,
        "published": period.show_iso(history.published),
        "sighting": history.sighting,
        "duplicate_of": history.duplicate_of,
        "first_seen": period.show_iso(history.first_seen),
        "last_seen": period.show_iso(history.last_seen),
        "left": period.show_iso(history.left_at),
        "withdrawn": period.show_iso(history.vanished_at),
        "hits": [{"hit": number, "signal": signal} for number, signal in history.hits],
        "revisions": [wording_record(wording) for wording in history.wordings],
        "changes": [_step_record(step) for step in steps],
    }


def wording_record(wording: Wording) -> dict[str, object]:
    """One wording as plain data."""
    return {
        "revision": wording.number,
        "sha256": wording.digest.hex(),
        "first_seen": period.show_iso(wording.first_seen),
        "last_seen": period.show_iso(wording.last_seen),
        "sighting": wording.sighting,
        "poll": wording.poll_id,
        "fetched": period.show_iso(wording.fetched_at),
        "body_sha256": wording.body_digest.hex(),
        "body_kept": wording.body_kept,
        "title": wording.title,
        "text": wording.text,
    }


def _step_record(step: Step) -> dict[str, object]:
    return {
        "from": step.before.number,
        "to": step.after.number,
        "title": [[change.kind, change.text] for change in step.title],
        "text": [[change.kind, change.text] for change in step.text],
    }
