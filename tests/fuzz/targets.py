"""What is fuzzed: the parse path as a child runs it, the watchlist loader, the query grammar."""

from __future__ import annotations

import random
from functools import cache

from tests.fuzz.mutate import MARKUP, YAML, damaged, query_text
from tests.fuzz.runner import Target
from tests.support.corpus import ROOT, corpus_root, members
from watcher.core.document import Query
from watcher.core.errors import SourceError, WatchlistError
from watcher.core.limits import Limits
from watcher.demo.samples import load_samples, render

LARGEST_SEED = 40_000


@cache
def feed_seeds() -> tuple[bytes, ...]:
    """The samples, and where the corpus is there its hand-made cases and smaller captured feeds."""
    own = [render(sample).body for sample in load_samples() if sample.serve in ("rss", "atom", "sitemap", "page")]
    root = corpus_root()
    archives = [root / "data" / f"feeds-{kind}.tar.xz" for kind in ("cases", "captured")] if root else []
    found = [body for archive in archives for _, body in members(archive) if len(body) <= LARGEST_SEED]
    return (*own, *found)


@cache
def watchlist_seeds() -> tuple[bytes, ...]:
    """The shipped watchlist in pieces, and a small whole one."""
    shipped = (ROOT / "config" / "watchlist.yaml").read_bytes()
    return (SMALL.encode(), SMALL.encode(), shipped[:20_000])


def parse_feed(pick: random.Random) -> object:
    """A damaged body through decoding, parsing and plain text, as a child does it."""
    from watcher.sources import registry

    seeds = feed_seeds()
    body = damaged(pick.choice(seeds), pick.choice(seeds), MARKUP, pick)
    name = pick.choice(("feed", "feed", "feed", "sitemap"))
    content_type = pick.choice(
        ("", "text/xml", "application/rss+xml; charset=windows-1251", "text/html; charset=utf-8")
    )
    request = registry.Request(body, content_type, "http://127.0.0.1/feed", Limits(), select=pick.choice(("", "/en/")))
    return registry.kind(name).parse(request)


def read_watchlist(pick: random.Random) -> object:
    """A damaged watchlist through the strict loader."""
    from watcher.core.watchlist import read_document

    seeds = watchlist_seeds()
    text = damaged(pick.choice(seeds), pick.choice(seeds), YAML, pick).decode(
        "utf-8", errors=pick.choice(("replace", "surrogateescape"))
    )
    return read_document({"watchlist.yaml": text}, "watchlist.yaml")


def parse_query(pick: random.Random) -> object:
    """A row of tokens through the grammar; what is accepted must print and parse to the same."""
    from watcher.core.query import parse, show

    node = parse(Query(query_text(pick)), "en")
    again = parse(Query(show(node)), "en")
    assert again == node, (show(node), show(again))
    return node


def query_error() -> tuple[type[BaseException], ...]:
    from watcher.core.query import QueryError

    return (QueryError,)


def targets() -> tuple[Target, ...]:
    """All of them, with their share of the time."""
    return (
        Target("feed", 0.6, parse_feed, (SourceError,), is_fenced=True),
        Target("watchlist", 0.25, read_watchlist, (WatchlistError,)),
        Target("query", 0.15, parse_query, query_error()),
    )


SMALL = """\
watchlist: small
question: Does it hold?
language: en
timezone: Europe/Brussels
ladders: {pact: [claimed, answered]}
concepts:
  russia: {en: [Russia, '=MFA'], ru: [Россия, {term: нота, forms: [нота, ноты]}]}
facets:
  institution: {nato: '@russia & NATO'}
signals:
  offer:
    title: An offer
    ladder: pact
    threshold: 50
    needs: {sentence: '@russia'}
    unless: 'banknote'
    rules:
      - {id: offers, match: '(offer | propose) near/4 guarantee', weight: 60, rung: claimed}
figures:
  vessels: {title: Vessels, match: 'vessel', unit: vessels, units: {en: [vessel]}, range: [1, 5000]}
sources:
  one: {kind: feed, url: 'https://one.example/feed', title: One, publisher: One, family: one, language: en}
timeline:
  - {date: 1997-05-27, title: Act, source: "https://one.example/act"}
retired: [old-rule]
"""
