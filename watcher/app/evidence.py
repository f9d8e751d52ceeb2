"""Puts all that is kept about a hit into one bundle, the same bytes every time. Must not: query, open a file, or judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watcher import __version__
from watcher.app.explain import Explanation
from watcher.app.explain_text import explanation_lines, explanation_record
from watcher.app.watchlist_cache import dictionaries
from watcher.core import bundle
from watcher.core.clean import visible
from watcher.core.errors import WatcherError
from watcher.core.history import HitEvidence, Record, Wording
from watcher.core.period import show_iso
from watcher.core.render import Style

WIDTH = 100
_MOMENTS = frozenset({"published", "first_seen", "last_seen", "left_at", "since", "until"})

README = """\
This is a bundle of evidence about one hit of watcher, a program that watches feeds for the signals of a question.

  manifest.json       what this is, which program made it, every member with its size and SHA-256
  SHA256SUMS          the same digests, for `sha256sum --check SHA256SUMS`
  hit.json            the hit, its entry, its source and what the watchlist said of the source
  explanation.txt     why it is a hit: the sum, the words, the source (explanation.json: the same as data)
  assessments.json    every scoring of it, whole: parts, rules, spans
  wordings/           every wording of the entry, with its digest and when it was seen
  polls/              the requests that brought them: address, times, status, response headers
  bodies/             the bytes that came, named by their SHA-256
  watchlists/         the revisions of the watchlist that it was scored under, whole
  story.json          the entries of its story as they were grouped, each with its origin and the reason for it
  verdicts.json       what analysts decided

Times are UTC. Check it, with no database and no network:  watcher evidence --verify FILE
Note the SHA-256 of the whole file somewhere else: whoever can rewrite the file can rewrite the digests in it.
"""


def engine_of() -> list[str]:
    """What scores: our version, and the dictionaries that word forms come from."""
    return [f"watcher-{__version__}", *dictionaries()]


def make_bundle(facts: HitEvidence, account: Explanation) -> bytes:
    """The bundle of a hit.

    Raises:
        WatcherError: it is too large for one file.
    """
    members = {
        "README.txt": _readme(facts),
        "hit.json": bundle.to_json(_hit(facts)),
        "assessments.json": bundle.to_json([_assessment(row, facts) for row in facts.assessments]),
        "story.json": bundle.to_json([_plain(row) for row in facts.story]),
        "verdicts.json": bundle.to_json([_plain(row) for row in facts.verdicts]),
        "explanation.txt": _text(explanation_lines(account, Style(WIDTH))),
        "explanation.json": bundle.to_json(explanation_record(account)),
        **{f"wordings/{one.number:04}.json": bundle.to_json(_wording(one)) for one in facts.history.wordings},
        **{f"polls/{row['id']}.json": bundle.to_json(_plain(row)) for row in facts.polls},
        **{f"bodies/{digest}": data for digest, data in facts.bodies.items()},
        **{f"watchlists/{row['digest'].hex()}.json": bundle.to_json(_plain(row)) for row in facts.revisions},
    }
    try:
        return bundle.pack(bundle.sealed(members, _about(facts)))
    except ValueError as error:
        raise WatcherError(f"hit {facts.hit['id']} makes no bundle: {error}") from None


def _about(facts: HitEvidence) -> dict[str, Any]:
    return {
        "made_by": f"watcher {__version__}",
        "engine": engine_of(),
        "schema": facts.schema,
        "hit": facts.hit["id"],
        "watchlist": facts.watchlist,
        "signal": facts.hit["signal"],
        "title": facts.history.title,
        "left_out": list(facts.left_out),
    }


def _readme(facts: HitEvidence) -> bytes:
    out = "".join(f"\nNot in here: {sentence}.\n" for sentence in facts.left_out)
    return (README + out).encode()


def _text(lines: Any) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _hit(facts: HitEvidence) -> dict[str, Any]:
    return {
        "hit": {**_plain(facts.hit), "watchlist": facts.watchlist},
        "entry": _plain(facts.entry),
        "source": _plain(facts.source),
        "of_the_source_in_the_watchlist": _plain(facts.link),
    }


def _assessment(row: Record, facts: HitEvidence) -> dict[str, Any]:
    digests = {revision["id"]: revision["digest"].hex() for revision in facts.revisions}
    return {
        **_plain({name: value for name, value in row.items() if name != "detail"}),
        "watchlist_revision": digests.get(row["revision_id"], ""),
        "detail": bundle.from_json(row["detail"].encode("utf-8", "surrogatepass")),
    }


def _wording(one: Wording) -> dict[str, Any]:
    return {
        "revision": one.number,
        "sha256": one.digest.hex(),
        "title": one.title,
        "text": one.text,
        "first_seen": show_iso(one.first_seen),
        "last_seen": show_iso(one.last_seen),
        "sighting": one.sighting,
        "poll": one.poll_id,
        "body_sha256": one.body_digest.hex(),
        "body_kept": one.body_kept,
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON values: digests in hexadecimal, times as ISO 8601 in UTC."""
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if (name.endswith("_at") or name in _MOMENTS) and isinstance(value, int):
        return show_iso(value)
    return value


def shown_name(facts: HitEvidence) -> str:
    """A name for the file: says which hit of which signal, and holds nothing that a shell would mind."""
    signal = "".join(c if c.isascii() and (c.isalnum() or c == "-") else "-" for c in visible(facts.hit["signal"]))
    return f"hit-{facts.hit['id']}-{signal[:60]}.evidence.zip"
