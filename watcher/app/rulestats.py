"""What rules are worth: the numbers, how decisions lie beside scores, and a diff that would suppress. Must not: query, apply or print."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from watcher.core.basics import Micros
from watcher.core.calibrate import LEAST, Bin, bins_of, words_of
from watcher.core.clean import terminal
from watcher.core.document import Document, Signal
from watcher.core.render import Column, Style, Table, block, heading, plural
from watcher.core.rulestats import (
    KEPT,
    LEAST_DISMISSED,
    LEAST_KEPT,
    HitUse,
    RuleStat,
    Suppression,
    decided,
    rule_stats,
    suppressions,
)
from watcher.core.verdict import DISMISSED

_UNLESS = re.compile(r"( +unless: *')(.*)(' *)")
_CHILD = re.compile(r"( +)\S")


class RuleQueries(Protocol):
    """What the numbers rest on."""

    def document(self) -> Document:
        """The newest stored revision of the watchlist."""
        ...

    def uses(self, since: Micros | None) -> Iterable[HitUse]:
        """Every hit with its rules and what was decided on it."""
        ...

    def wordings(self, hit_ids: Sequence[int]) -> dict[int, str]:
        """Title and text of hits."""
        ...


@dataclass(frozen=True, slots=True)
class Worth:
    """What the rules of a watchlist are worth; ``diff`` is empty where nothing is suggested."""

    document: Document
    stats: tuple[RuleStat, ...]
    bins: tuple[Bin, ...]
    suggested: tuple[Suppression, ...]
    diff: tuple[str, ...]
    by_hand: tuple[Suppression, ...]
    hits: int
    decided: int


def read_worth(queries: RuleQueries, since: Micros | None = None, told: Callable[[int], None] | None = None) -> Worth:
    """Read and count; ``told`` hears of the hits read so far."""
    document = queries.document()
    uses: list[HitUse] = []
    for use in queries.uses(since):
        uses.append(use)
        if told is not None:
            told(len(uses))
    rules = [(signal.id, rule.id) for signal in document.signals for rule in signal.rules]
    texts = queries.wordings([use.hit_id for use in uses if use.state in (*KEPT, DISMISSED)])
    suggested = suppressions(uses, texts)
    diff, by_hand = suggestion_diff(document, suggested)
    scored = decided(uses)
    return Worth(document, rule_stats(uses, rules), bins_of(scored), suggested, diff, by_hand, len(uses), len(scored))


# --- the diff -------------------------------------------------------------------------------------------------------------


def suggestion_diff(
    document: Document, suggested: Sequence[Suppression]
) -> tuple[tuple[str, ...], tuple[Suppression, ...]]:
    """A unified diff of the watchlist's files, and what can only be written by hand (an unusual layout)."""
    files = {name: text.splitlines(keepends=True) for name, text in document.files.items()}
    by_hand: list[Suppression] = []
    signals = {signal.id: signal for signal in document.signals}
    # From the bottom up, so that lines above keep their numbers.
    ordered = sorted({one.signal for one in suggested if one.signal in signals}, key=lambda s: -signals[s].place.line)
    for signal_id in ordered:
        chosen = [one for one in suggested if one.signal == signal_id]
        signal = signals[signal_id]
        if not _written(files[_file(document, signal)], signal, [one.word for one in chosen]):
            by_hand.extend(chosen)
    lines: list[str] = []
    for name, text in document.files.items():
        lines += difflib.unified_diff(text.splitlines(keepends=True), files[name], name, name)
    return tuple(line.rstrip("\n") for line in lines), tuple(by_hand)


def _file(document: Document, signal: Signal) -> str:
    return signal.place.file if signal.place.file in document.files else document.main


def _written(lines: list[str], signal: Signal, words: Sequence[str]) -> bool:
    """Add the words to a signal's ``unless`` in its lines; False where the layout is none that we know."""
    query = " | ".join(f'"{word}"' for word in words)
    if signal.unless.text:
        number = signal.unless.place.line - 1
        found = _UNLESS.fullmatch(lines[number].rstrip("\n"))
        if found is None:
            return False
        lines[number] = f"{found[1]}{found[2]} | {query}{found[3]}\n"
        return True
    head = next((n for n in (signal.place.line - 1,) if lines[n].strip() == f"{signal.id}:"), None)
    child = _CHILD.match(lines[head + 1]) if head is not None and head + 1 < len(lines) else None
    if head is None or child is None:
        return False
    lines.insert(head + 1, f"{child[1]}unless: '{query}'\n")
    return True


# --- layout ---------------------------------------------------------------------------------------------------------------


def worth_lines(worth: Worth, style: Style) -> Iterable[str]:
    """Rules, calibration and suggestions for a terminal."""
    yield f"{plural(worth.hits, 'hit')}, {plural(worth.decided, 'decision')} that kept or dismissed one"
    yield from _table(worth, style)
    yield ""
    yield heading("Scores and decisions", style)
    for one in worth.bins:
        yield from block(words_of(one if one.decided >= LEAST else None), style.width, rest="  ")
    if not worth.bins:
        yield words_of(None)
    yield from block(
        "Counts of what people decided, never part of a score: who decides sees the score, and what is decided is not a "
        "random choice.",
        style.width,
    )
    yield ""
    yield heading("Words that would suppress", style)
    yield from _suggested(worth, style)


def _table(worth: Worth, style: Style) -> Iterable[str]:
    """A table per signal; rules that never fired in one line behind it."""
    titles = {signal.id: signal.title for signal in worth.document.signals}
    for signal in dict.fromkeys(one.signal for one in worth.stats):
        here = [one for one in worth.stats if one.signal == signal]
        fired = [one for one in here if one.fired]
        yield ""
        yield heading(terminal(f"{titles.get(signal, signal)} ({signal})"), style)
        if fired:
            yield from Table(_COLUMNS, [_row(one) for one in fired]).lines(style)
        silent = ", ".join(one.rule for one in here if not one.fired)
        if silent:
            yield from block(terminal(f"never fired: {silent}"), style.width, rest="  ")


_COLUMNS = (
    Column("rule", least=20),
    *(Column(title, right=True) for title in ("fired", "alone", "kept", "dismissed", "open")),
    Column("why dismissed", least=14),
)


def _row(one: RuleStat) -> tuple[str, ...]:
    numbers = (one.fired, one.alone, one.kept, one.dismissed, one.undecided)
    why = "; ".join(f"{number}x {reason}" for reason, number in one.reasons)
    return (terminal(one.rule), *(f"{number:,}" for number in numbers), terminal(why))


def _suggested(worth: Worth, style: Style) -> Iterable[str]:
    if not worth.suggested:
        yield from block(
            f"None: a word is suggested for a signal with at least {LEAST_DISMISSED} dismissed and {LEAST_KEPT} kept hits, "
            "where it stands in many dismissed ones of several stories and in none that was kept.",
            style.width,
        )
        return
    for one in worth.suggested:
        yield from block(terminal(evidence_words(one)), style.width, rest="  ")
    if worth.by_hand:
        yield from block(
            "Not in the diff, since the signal is laid out in an unusual way: add them by hand.", style.width
        )
    yield "Nothing is applied. `watcher stats rules --format diff` writes it for `patch`; then `watcher check`, `rescore --diff`."


def evidence_words(one: Suppression) -> str:
    """What speaks for a word."""
    shown = ", ".join(map(str, one.hits[:8])) + (" …" if len(one.hits) > 8 else "")
    return (
        f"{one.signal}: “{one.word}” stands in {len(one.hits)} of {one.dismissed} dismissed hits "
        f"({plural(one.stories, 'story', 'stories')}) and in none of {one.kept} kept ones: hits {shown}"
    )


def worth_record(worth: Worth) -> dict[str, object]:
    """All of it as data."""
    return {
        "watchlist": worth.document.id,
        "revision": worth.document.revision,
        "hits": worth.hits,
        "decided": worth.decided,
        "rules": [
            {
                **{name: getattr(one, name) for name in RuleStat.__dataclass_fields__ if name != "reasons"},
                "reasons": dict(one.reasons),
            }
            for one in worth.stats
        ],
        "calibration": [
            {"low": one.low, "high": one.high, "decided": one.decided, "kept": one.kept, "interval": list(one.interval)}
            for one in worth.bins
        ],
        "suppressions": [
            {name: getattr(one, name) for name in Suppression.__dataclass_fields__} for one in worth.suggested
        ],
        "diff": "\n".join(worth.diff),
    }
