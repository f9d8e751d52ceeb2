"""A small watchlist for tests, and a way to change it."""

from __future__ import annotations

from watcher.core.compile import CompiledWatchlist, compile_watchlist, words_needed
from watcher.core.document import Document
from watcher.core.watchlist import read_document

ACTORS = """\
concepts:
  nato: {en: ['=NATO', North Atlantic Alliance], fr: ['=OTAN']}
"""

MAIN = """\
watchlist: sample
question: Does the offer move?
language: en
timezone: Europe/Brussels
include: [actors.yaml]
ladders:
  pact: [claimed, text exists, handed over]
concepts:
  russia:
    en: [Russia, Moscow]
    ru: [Россия, {term: нота, forms: [нота, ноту]}, {term: Note, only: de}]
facets:
  institution:
    nato: '@nato'
    osce: {match: 'OSCE', title: Organization for Security and Co-operation in Europe}
signals:
  draft-text:
    title: Draft text of a treaty
    ladder: pact
    needs: {sentence: '@russia | @nato'}
    unless: 'exhibition'
    rules:
      - {id: text-of-pact, match: 'draft near/4 treaty', weight: 60, rung: text exists}
      - {id: handed, match: 'hand over', weight: 40.5, rung: handed over, needs: '@nato', unless: 'museum', note: seen once}
  posture:
    title: Force posture
    threshold: 30
    needs: '@nato'
    rules:
      - {id: troops, match: 'troops | battalion', weight: 40, needs: {entry: '@russia'}}
figures:
  vessels:
    title: Vessels listed
    match: 'listed'
    unit: vessels
    units: {en: [vessel, ship]}
    range: [1, 5000]
    baseline:
      - {date: 2025-05-20, value: 342, qualifier: total, note: a note, source: 'https://example.org/b'}
  troops-high:
    title: Troops
    match: 'troops'
    unit: troops
    units: {en: [troop]}
sources:
  un-press:
    title: UN press
    kind: feed
    url: 'https://example.org/feed?key=${FEED_KEY}'
    publisher: United Nations
    family: united-nations
    language: en
    role: primary
    reliability: B
    checked_on: 2026-09-05
    recorded: ok
    interval: 15m
    politeness: {interval: 2s, per_host: 1}
    allow_private: true
    enabled: false
  nobody:
    title: Unreadable
    kind: none
    publisher: Nobody
    family: nobody
    language: en
    note: no feed
timeline:
  - {date: 1997-05-27, title: Founding Act, source: 'https://example.org/t'}
positions:
  - {party: Russia, date: 2025-12-11, position: wants a text, source: 'https://example.org/p'}
retired: [old-rule]
"""


def files(old: str = "", new: str = "", *, actors: str = ACTORS) -> dict[str, str]:
    """The sample's files, with one text replaced."""
    assert old in MAIN, old
    return {"w.yaml": MAIN.replace(old, new, 1) if old else MAIN, "actors.yaml": actors}


def expand(words):
    """Forms without a dictionary: the word, and the word with an s."""
    return {(language, word): frozenset({word, word + "s"}) for language, word in words}


def document(old: str = "", new: str = "") -> Document:
    """The sample's document, with one text replaced."""
    return read_document(files(old, new), "w.yaml")


def compiled(old: str = "", new: str = "") -> CompiledWatchlist:
    """The sample, ready to match."""
    read = document(old, new)
    return compile_watchlist(read, expand(words_needed(read)))
