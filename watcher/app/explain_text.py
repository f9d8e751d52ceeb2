"""Lays the account of a hit out as text or as data. Must not: query, or let an untrusted text past ``clean``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from watcher.app.explain import Explanation, RuleAccount, Snippet, snippets
from watcher.app.report_files import hit_record
from watcher.app.report_text import link_text, sighting_text, source_text
from watcher.core import period
from watcher.core.clean import safe_link, terminal
from watcher.core.model import Part
from watcher.core.render import Column, Style, Table, block, heading, labelled, packed, plural, width, wrap


def explanation_lines(account: Explanation, style: Style, beside: str = "") -> Iterable[str]:
    """The whole account, line by line; ``beside`` is what stands beside the score and never in it."""
    yield from _head(account, style)
    yield from _sum(account, style)
    if beside:
        yield from block(f"Beside the score: {beside}.", style.width)
    yield from _words(account, style)
    yield from _suppressed(account, style)
    yield from _touched(account, style)
    yield from _origin(account, style)
    yield from _earlier(account, style)


def short_lines(account: Explanation, style: Style) -> Iterable[str]:
    """What a person decides on: title, score and rung, who has it, the matched sentences once, and the rules."""
    yield from _head(account, style)
    row = account.detail.row
    published = period.show_moment(row.published, account.zone, none="at an unknown time")
    yield from packed([source_text(row), f"published {published}"], style)
    link = link_text(row.link)
    if link:
        yield link
    yield ""
    counted = [rule for rule in account.rules if not rule.suppressed_by]
    if account.is_edited_since:
        yield from block(_edited_note(account), style.width)
    else:
        matches = [match for rule in counted for match in rule.matches]
        for snippet in snippets(matches, row.title, account.detail.text):
            yield from _snippet_lines(snippet, style)
    yield ""
    yield from labelled([(terminal(rule.rule), ", ".join(map(terminal, rule.words))) for rule in counted], style)


def whole_lines(account: Explanation, style: Style) -> Iterable[str]:
    """Title and whole text of the entry, the words of the rules that count marked."""
    detail = account.detail
    spans = [] if account.is_edited_since else [m for r in account.rules if not r.suppressed_by for m in r.matches]
    for name, body in (("title", detail.row.title), ("text", detail.text)):
        pieces: list[tuple[str, bool]] = []
        at = 0
        for start, end in sorted((m.start, m.end) for m in spans if m.field == name and m.end <= len(body)):
            if start >= at:
                pieces += [(body[at:start], False), (body[start:end], True)]
                at = end
        shown = [(text, marked) for text, marked in (*pieces, (body[at:], False)) if text]
        yield from _snippet_lines(Snippet(name, tuple(shown), cut_before=False, cut_after=False), style)


def _head(account: Explanation, style: Style) -> Iterable[str]:
    row = account.detail.row
    for line in block(terminal(row.title) or "(no title)", style.width):
        yield style.bold(line)
    signal = terminal(row.signal)
    if account.detail.signal_title:
        signal = f"{terminal(account.detail.signal_title)} ({signal})"
    yield from packed([f"hit {row.hit_id}", signal, f"score {row.score:.1f}", terminal(row.rung)], style)


def _sum(account: Explanation, style: Style) -> Iterable[str]:
    newest = account.newest
    yield ""
    yield heading("The sum", style)
    if newest is None:
        yield "No assessment of this hit is stored."
        return
    rows = [_part_row(part) for part in newest.parts]
    rows.append((f"{newest.score:.1f}", "", f"score, of 100{_threshold(account)}"))
    columns = (Column("points", right=True), Column("weight x strength", right=True), Column("part", least=20))
    tones = ["" for _ in newest.parts] + ["bold"]
    yield from Table(columns, rows, tones=tones).lines(style)
    if newest.rung:
        yield ""
        yield from labelled([("rung", terminal(f"{newest.rung}: {account.rung_why}"))], style)


def _threshold(account: Explanation) -> str:
    threshold = account.detail.threshold
    return "" if threshold is None else f"; a hit from {threshold:g}"


def _part_row(part: Part) -> tuple[str, str, str]:
    why = f": {terminal(part.why)}" if part.why else ""
    return f"{part.points:+.1f}", f"{part.weight:g} x {part.strength:.2f}", f"{part.kind} {terminal(part.name)}{why}"


def _words(account: Explanation, style: Style) -> Iterable[str]:
    counted = [rule for rule in account.rules if not rule.suppressed_by]
    if not counted:
        return
    yield ""
    yield heading("The words", style)
    if account.is_edited_since:
        yield from block(_edited_note(account), style.width)
    for rule in counted:
        yield from _rule(rule, style)


def _edited_note(account: Explanation) -> str:
    assessed = account.newest.entry_revision if account.newest is not None else 0
    return (
        f"The entry was scored in its revision {assessed} and has been edited since (now {account.detail.entry_revision}): "
        "its words are listed without their sentences."
    )


def _rule(rule: RuleAccount, style: Style) -> Iterable[str]:
    rung = f" (rung: {terminal(rule.rung)})" if rule.rung else ""
    words = ", ".join(map(terminal, rule.words))
    yield from block(f"{terminal(rule.rule)}{rung}: {words}", style.width)
    for snippet in rule.snippets:
        yield from _snippet_lines(snippet, style)


def _snippet_lines(snippet: Snippet, style: Style) -> Iterable[str]:
    """The sentence wrapped, its matched words marked; marks never straddle two lines."""
    dots = style.ellipsis
    tokens: list[tuple[str, bool]] = [(dots, False)] if snippet.cut_before else []
    for text, marked in snippet.pieces:
        tokens.append((terminal(" ".join(text.split())) if marked else _flat(text), marked))
    if snippet.cut_after:
        tokens.append((dots, False))
    label = f"  {snippet.field:<5}  "
    shown = "".join(_plain_mark(text, style) if marked else text for text, marked in tokens).strip()
    lines = wrap(shown, style.width - width(label))
    for number, line in enumerate(_painted(lines, style)):
        yield (label if number == 0 else " " * width(label)) + line


def _flat(text: str) -> str:
    """White space of any kind is one space here; everything else is shown."""
    lead, trail = text[:1].isspace(), text[-1:].isspace()
    words = terminal(" ".join(text.split()))
    return f"{' ' if lead else ''}{words}{' ' if trail and words else ''}"


# Stand-ins for the marks while lines are wrapped: cleaned text cannot hold format characters, and they take no column.
_OPEN, _CLOSE = "\u2061", "\u2062"
_MARKS = re.compile(f"([{_OPEN}{_CLOSE}])")


def _plain_mark(text: str, style: Style) -> str:
    if not style.color:
        return style.mark(text)
    return " ".join(f"{_OPEN}{word}{_CLOSE}" for word in text.split(" "))


def _painted(lines: Iterable[str], style: Style) -> Iterable[str]:
    """The marks painted; a marked word that had to be broken stays marked on its next line."""
    inside = False
    for line in lines:
        shown = ""
        for piece in _MARKS.split(line):
            if piece in (_OPEN, _CLOSE):
                inside = piece == _OPEN
            else:
                shown += style.mark(piece) if inside and piece else piece
        yield shown


def _suppressed(account: Explanation, style: Style) -> Iterable[str]:
    rules = [rule for rule in account.rules if rule.suppressed_by]
    if not rules:
        return
    yield ""
    yield heading("Fired but not counted", style)
    for rule in rules:
        words = ", ".join(map(terminal, rule.words))
        yield from block(f"{terminal(rule.rule)}: {words} (taken back by {terminal(rule.suppressed_by)})", style.width)


def _touched(account: Explanation, style: Style) -> Iterable[str]:
    if not account.facets:
        return
    yield ""
    yield heading("What it touches", style)
    yield from labelled([(terminal(kind), ", ".join(map(terminal, values))) for kind, values in account.facets], style)


def _origin(account: Explanation, style: Style) -> Iterable[str]:
    detail, row = account.detail, account.detail.row
    yield ""
    yield heading("Where it is from", style)
    link = link_text(row.link)
    kept = "bytes kept" if detail.body_kept else "bytes not kept"
    poll = f"{detail.poll_id}, fetched {_time(account, detail.fetched_at)}, SHA-256 {detail.body_digest.hex() or 'unknown'}, {kept}"
    yield from labelled(
        [
            ("source", source_text(row)),
            ("grade", _grade(account)),
            ("author", terminal(detail.author)),
            ("published", period.show_moment(row.published, account.zone, none="at an unknown time")),
            ("seen", f"{_time(account, row.first_seen)}, {terminal(sighting_text(row) or row.sighting)}"),
            ("entry", f"{row.entry_id}, revision {detail.entry_revision} of {detail.revisions}"),
            ("poll", poll),
            ("watchlist", _watchlist(account)),
        ],
        style,
    )
    if link:
        yield f"{style.dim('link')}       {link}"


def _grade(account: Explanation) -> str:
    row = account.detail.row
    why = f": {terminal(account.detail.rationale)}" if account.detail.rationale else ""
    return f"{terminal(row.reliability)}{why} (beside the score, never inside)"


def _watchlist(account: Explanation) -> str:
    name = terminal(account.detail.row.watchlist)
    if account.newest is None:
        return name
    return f"{name}, revision {account.newest.revision[:12]}, assessed {_time(account, account.newest.assessed_at)}"


def _time(account: Explanation, micros: int) -> str:
    return f"{period.show_moment(micros, account.zone)}"


def _earlier(account: Explanation, style: Style) -> Iterable[str]:
    if not account.earlier:
        return
    yield ""
    yield heading(f"Scored before: {plural(len(account.earlier), 'time')}", style)
    rows = [
        (_time(account, a.assessed_at), f"{a.score:.1f}", terminal(a.rung), a.revision[:12], str(a.entry_revision))
        for a in account.earlier
    ]
    columns = (
        Column("at"),
        Column("score", right=True),
        Column("rung", least=10),
        Column("watchlist revision", least=12),
        Column("entry revision", right=True),
    )
    yield from Table(columns, rows).lines(style)


# --- as data ------------------------------------------------------------------------------------------------------------


def explanation_record(account: Explanation) -> dict[str, object]:
    """The account as plain data, for JSON."""
    detail = account.detail
    return {
        **hit_record(detail.row),
        "watchlist": detail.row.watchlist,
        "threshold": detail.threshold,
        "rung_why": account.rung_why,
        "parts": [_part_record(part) for part in account.newest.parts] if account.newest else [],
        "rules": [_rule_record(rule) for rule in account.rules],
        "facets": {kind: list(values) for kind, values in account.facets},
        "author": detail.author,
        "rationale": detail.rationale,
        "text": detail.text,
        "entry_revision": detail.entry_revision,
        "entry_revisions": detail.revisions,
        "edited_since": account.is_edited_since,
        "poll": detail.poll_id,
        "fetched": period.show_iso(detail.fetched_at),
        "body_sha256": detail.body_digest.hex(),
        "body_kept": detail.body_kept,
        "link": safe_link(detail.row.link),
        "assessments": [
            {
                "at": period.show_iso(a.assessed_at),
                "watchlist_revision": a.revision,
                "entry_revision": a.entry_revision,
                "score": a.score,
                "rung": a.rung,
            }
            for a in detail.assessments
        ],
    }


def _part_record(part: Part) -> dict[str, object]:
    return {
        "kind": part.kind,
        "name": part.name,
        "weight": part.weight,
        "strength": part.strength,
        "points": part.points,
        "why": part.why,
    }


def _rule_record(rule: RuleAccount) -> dict[str, object]:
    return {
        "rule": rule.rule,
        "rung": rule.rung,
        "suppressed_by": rule.suppressed_by,
        "matches": [
            {"term": m.term, "form": m.form, "field": m.field, "start": m.start, "end": m.end, "flag": m.flag}
            for m in rule.matches
        ],
    }
