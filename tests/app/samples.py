"""Hand-made facts of a report: no database, no clock."""

from datetime import UTC, datetime

from watcher.core.period import to_micros
from watcher.core.views import HitRow, Interval, ReportFacts, SourceRow, Tally


def at(text):
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=UTC))


UNTIL = at("2025-12-16T08:00")


def hit(number=1, **changes):
    values = {
        "hit_id": number,
        "watchlist": "pact",
        "signal": "offer",
        "score": 72.4,
        "rung": "claimed",
        "entry_id": 100 + number,
        "title": "Moscow says it would put its guarantees on paper",
        "link": f"https://news.example/items/{number}",
        "published": at("2025-12-15T09:10"),
        "first_seen": at("2025-12-15T09:40"),
        "sighting": "new",
        "source": "example-news",
        "publisher": "Example News",
        "family": "example",
        "role": "secondary",
        "reliability": "B",
        "reason": "offer-of-guarantees: guarantees, on paper; speaker: Moscow",
    }
    return HitRow(**(values | changes))


def source(name="example-news", **changes):
    values = {
        "name": name,
        "kind": "feed",
        "url": f"https://{name}.example/feed",
        "title": name.replace("-", " ").title(),
        "publisher": "Example News",
        "institution": "press",
        "language": "en",
        "role": "secondary",
        "reliability": "B",
        "health": "ok",
        "health_since": at("2025-12-10T00:00"),
        "reason": "",
        "last_poll_at": at("2025-12-16T07:59"),
        "last_outcome": "not modified",
        "last_ok_at": at("2025-12-16T07:59"),
        "next_poll_at": at("2025-12-16T08:59"),
        "failures": 0,
        "entries": 12,
        "hits": 2,
        "allow_private": False,
        "enabled": True,
    }
    return SourceRow(**(values | changes))


def state(name="example-news", health="ok", since="2025-12-10T00:00", until=None, reason=""):
    return Interval(name, health, at(since), at(until) if until else None, reason)


def facts(**changes):
    values = {
        "watchlist": "pact",
        "question": "Does the offered pact move beyond messaging?",
        "revision": "3f2a9c1b7d20aa",
        "timezone": "Europe/Brussels",
        "schema": "0001",
        "since": at("2025-12-11T00:00"),
        "until": UNTIL,
        "hits": (hit(),),
        "sources": (source(),),
        "intervals": (state(),),
        "polls": 240,
        "entries": 213,
        "signals": (("offer", "Offer of written guarantees"), ("draft-text", "Draft text of a treaty or pact")),
        "ladders": (("offer", ("claimed", "text exists", "handed over")),),
    }
    values |= changes
    values.setdefault("hits_total", len(values["hits"]))
    values.setdefault("tallies", tuple(Tally(h.signal, h.rung, 1, h.score, h.first_seen) for h in values["hits"]))
    return ReportFacts(**values)


def rich_facts():
    """Two signals with hits, one silent; a source of every kind of coverage; texts of several scripts."""
    blind = source(
        "nato-news",
        health="blind by construction",
        institution="NATO",
        kind="none",
        reason="NATO ended its feeds",
        checked_on="2025-12-01",
    )
    return facts(
        hits=(
            hit(1),
            hit(
                2,
                signal="draft-text",
                score=88.25,
                rung="handed over",
                title="МИД сообщил, что проект договора передан послу",
                source="mid-ru",
                publisher="Ministry",
                role="primary",
                reliability="C",
                sighting="back-filled",
                link="https://mid.example/ru/1",
            ),
            hit(3, score=91.0, rung="text exists", title="北大西洋条約機構は" * 12, duplicate_of=101, published=None),
        ),
        sources=(
            source(),
            source("mid-ru", language="ru", institution="Russia MFA", publisher="Ministry"),
            source("osce-press", institution="OSCE", health="unreachable"),
            blind,
        ),
        intervals=(
            state(),
            state("mid-ru", until="2025-12-13T00:00"),
            state("mid-ru", "blocked", "2025-12-13T00:00", "2025-12-14T00:00", "http: status 403"),
            state("mid-ru", since="2025-12-14T00:00"),
            state("osce-press", "unreachable", "2025-12-09T04:00", reason="dns: no such host"),
        ),
        signals=(
            ("offer", "Offer of written guarantees"),
            ("draft-text", "Draft text of a treaty or pact"),
            ("note", "Diplomatic note"),
        ),
        ladders=(
            ("offer", ("claimed", "text exists", "handed over")),
            ("draft-text", ("claimed", "text exists", "handed over")),
        ),
    )
