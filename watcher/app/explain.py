"""Makes the account of one hit: the sum, the words where they stand, who has it. Must not: score anew, query or print.

Spans are shown only where the text they were found in is the text that is stored: after an edit they would point at other
words, and the account says so instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Protocol

from msgspec import Struct

from watcher.app.report import find_zone
from watcher.core.errors import WatcherError
from watcher.core.model import FacetMention, Firing, Match
from watcher.core.views import AssessmentRow, HitDetail, WatchlistRow

_REACH = 240
_SENTENCE_END = re.compile(r"[.!?…。！？](?=[\s\"'»”)]|$)|\n")
RUNG_STRENGTH = 0.4


class ExplainQueries(Protocol):
    """What an account asks of the read models."""

    def watchlists(self) -> Sequence[WatchlistRow]:
        """The watchlists, newest loaded first."""
        ...

    def hit(self, hit_id: int, /) -> HitDetail | None:
        """A hit with all that is known of it, or None."""
        ...


class Snippet(Struct, frozen=True):
    """A piece of a field around matched words: ``pieces`` are (text, is a matched word), in order."""

    field: str
    pieces: tuple[tuple[str, bool], ...]
    cut_before: bool
    cut_after: bool


class RuleAccount(Struct, frozen=True):
    """One rule that fired: its words in their sentences, or the reason why it does not count."""

    rule: str
    rung: str
    suppressed_by: str
    words: tuple[str, ...]
    snippets: tuple[Snippet, ...]
    matches: tuple[Match, ...]


class Explanation(Struct, frozen=True):
    """The whole account of a hit, from its newest assessment; ``earlier`` are the ones before."""

    detail: HitDetail
    zone: tzinfo
    zone_name: str
    newest: AssessmentRow | None
    rules: tuple[RuleAccount, ...]
    facets: tuple[tuple[str, tuple[str, ...]], ...]
    rung_why: str
    is_edited_since: bool

    @property
    def earlier(self) -> tuple[AssessmentRow, ...]:
        """Assessments before the newest."""
        return self.detail.assessments[1:]


def read_explanation(queries: ExplainQueries, hit_id: int) -> Explanation:
    """Read the account of a hit.

    Raises:
        WatcherError: there is no such hit.
    """
    detail = queries.hit(hit_id)
    if detail is None:
        raise WatcherError(f"no hit {hit_id} in this database", hint="`watcher report` shows the number of every hit")
    zones = {row.id: row.timezone for row in queries.watchlists()}
    return build_explanation(detail, zones.get(detail.row.watchlist, "UTC"))


def build_explanation(detail: HitDetail, timezone: str = "UTC") -> Explanation:
    """The account of a hit from what is stored of it."""
    zone, note = find_zone(timezone)
    newest = detail.assessments[0] if detail.assessments else None
    edited = newest is not None and newest.entry_revision != detail.entry_revision
    rungs = dict(detail.rule_rungs)
    firings = newest.firings if newest is not None else ()
    return Explanation(
        detail=detail,
        zone=zone,
        zone_name="UTC" if note else timezone or "UTC",
        newest=newest,
        rules=tuple(_account(firing, detail, rungs, with_text=not edited) for firing in firings),
        facets=_facets(newest.facets if newest is not None else ()),
        rung_why=_rung_why(detail, newest),
        is_edited_since=edited,
    )


def _account(firing: Firing, detail: HitDetail, rungs: dict[str, str], *, with_text: bool) -> RuleAccount:
    return RuleAccount(
        rule=firing.rule,
        rung=rungs.get(firing.rule, ""),
        suppressed_by=firing.suppressed_by,
        words=tuple(dict.fromkeys(_word(match, detail, with_text=with_text) for match in firing.matches)),
        snippets=tuple(snippets(firing.matches, detail.row.title, detail.text)) if with_text else (),
        matches=firing.matches,
    )


def _word(match: Match, detail: HitDetail, *, with_text: bool) -> str:
    """The word as it stands in the text where that is at hand, else the form that matched."""
    body = detail.row.title if match.field == "title" else detail.text
    stands = body[match.start : match.end] if with_text and 0 <= match.start < match.end else ""
    return stands or match.form or match.term


def _facets(mentions: Sequence[FacetMention]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    kinds: dict[str, dict[str, None]] = {}
    for mention in mentions:
        kinds.setdefault(mention.kind, {})[mention.value] = None
    return tuple((kind, tuple(values)) for kind, values in kinds.items())


def _rung_why(detail: HitDetail, newest: AssessmentRow | None) -> str:
    """Which rule put the hit on its rung; the rule of the ladder itself where that is not known."""
    if newest is None or not newest.rung:
        return ""
    suppressed = {firing.rule for firing in newest.firings if firing.suppressed_by}
    strong = {part.name for part in newest.parts if part.kind == "rule" and part.strength >= RUNG_STRENGTH}
    rules = [rule for rule, rung in detail.rule_rungs if rung == newest.rung and rule in strong - suppressed]
    ground = f"strength {RUNG_STRENGTH:g} or more, not suppressed"
    if rules:
        return f"by rule {', '.join(rules)} ({ground}), the highest rung reached"
    return f"the highest rung among the rules that fired ({ground})"


# --- words in their sentence --------------------------------------------------------------------------------------------


def snippets(matches: Sequence[Match], title: str, text: str) -> Iterable[Snippet]:
    """The sentences that hold the matches, each once, its matched words told apart; far-off ends are cut."""
    for name, body in (("title", title), ("text", text)):
        spans = _joined(
            sorted((m.start, m.end) for m in matches if m.field == name and 0 <= m.start < m.end <= len(body))
        )
        window: list[tuple[int, int]] = []
        low = high = -1
        for start, end in spans:
            if window and start < high:
                window.append((start, end))
                high = max(high, _sentence_stop(body, end))
                continue
            if window:
                yield _snippet(name, body, window, low, high)
            window, low, high = [(start, end)], _sentence_start(body, start), _sentence_stop(body, end)
        if window:
            yield _snippet(name, body, window, low, high)


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _sentence_start(body: str, position: int) -> int:
    low = max(0, position - _REACH)
    ends = [found.end() for found in _SENTENCE_END.finditer(body, low, position)]
    return ends[-1] if ends else low


def _sentence_stop(body: str, position: int) -> int:
    high = min(len(body), position + _REACH)
    found = _SENTENCE_END.search(body, position, high)
    return found.end() if found else high


def _snippet(name: str, body: str, spans: Sequence[tuple[int, int]], low: int, high: int) -> Snippet:
    pieces: list[tuple[str, bool]] = []
    at = low
    for start, end in spans:
        pieces += [(body[at:start], False), (body[start:end], True)]
        at = end
    pieces.append((body[at:high], False))
    shown = [(text, marked) for text, marked in pieces if text]
    before = low > 0 and not _SENTENCE_END.match(body, low - 1)
    after = high < len(body) and not _SENTENCE_END.match(body, high - 1)
    return Snippet(name, tuple(shown), before, after)
