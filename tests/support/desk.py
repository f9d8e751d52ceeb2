"""A desk in a folder: the real pipeline on a real SQLite file, fed by a loopback server, under a clock that is set.

By default bodies are parsed in this process (`InlineParser`); ``sandbox=None`` takes the real children.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.server import Answer, Server, reply
from tests.support.inline import InlineParser
from watcher.app.clock import SetClock
from watcher.app.daemon import Duties
from watcher.app.poll import Round
from watcher.app.pollline import PollLine
from watcher.bootstrap.polling import Hooks, build_duties
from watcher.bootstrap.settings import Settings
from watcher.core.limits import Limits

NOW = 1_765_800_000_000_000  # 15 December 2025, noon UTC
HOUR_S = 3600.0

HEAD = """\
watchlist: desk
question: Does it move?
language: en
timezone: UTC
signals:
  offer:
    title: Offer
    threshold: 40
    rules:
      - {id: offers, match: '"offers" near/4 "pact"', weight: 60}
  draft:
    title: Draft
    threshold: 40
    rules:
      - {id: drafts, match: '"draft" near/4 "pact"', weight: 60}
sources:
"""
SOURCE = """\
  {name}:
    title: {name}
    kind: {kind}
    url: {url}
    publisher: {name}
    family: {name}
    language: en
    role: primary
    reliability: B
    rationale: ours
    checked_on: 2025-12-15
    recorded: ok
    allow_private: true
    interval: {interval}
"""


def item(number: int | str, title: str = "Weather", text: str = "Rain in the north.", **tags: str) -> str:
    """An RSS item; ``guid=""`` and ``link=""`` leave them out, further tags are added."""
    tags = {"guid": f"g{number}", "link": f"https://press.example/{number}", **tags}
    inside = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags.items() if value)
    return f"<item>{inside}<title>{title}</title><description>{text}</description></item>"


def offer(number: int | str, **tags: str) -> str:
    """An item that is a hit for ``offer``."""
    return item(number, f"Ministry offers pact number {number}", "A text about it.", **tags)


def rss(*items: str, head: str = "") -> bytes:
    """A feed of items."""
    channel = f"<title>Press</title>{head}{''.join(items)}"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{channel}</channel></rss>'.encode()


def feed(*items: str, etag: str = "", head: str = "", headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """An answer with a feed."""
    return reply(rss(*items, head=head), headers=[*([("ETag", etag)] if etag else []), *headers])


@dataclass
class Desk:
    """A folder with a watchlist, a database and an alerts file."""

    folder: Path
    server: Server
    clock: SetClock = field(default_factory=lambda: SetClock(NOW))
    limits: Limits = field(default_factory=lambda: replace(Limits(), host_interval_s=0.0))
    jitter: float = 0.0
    lines: list[PollLine] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    sandbox: Any = InlineParser
    alerts: bool = True

    @property
    def database(self) -> Path:
        return self.folder / "desk.sqlite3"

    @property
    def watchlist(self) -> Path:
        return self.folder / "desk.yaml"

    @property
    def settings(self) -> Settings:
        return Settings(
            database=str(self.database),
            watchlists=(self.watchlist,),
            alerts=self.folder / "alerts.jsonl" if self.alerts else None,
            cache_dir=self.folder / "cache",
            workers=1,
            limits=self.limits,
        )

    def list_sources(
        self, *names: str, interval: str = "1h", kind: str = "feed", addresses: Sequence[str] = ()
    ) -> None:
        """Write the watchlist: each source is a path of the server by its name."""
        places = dict(zip(names, addresses, strict=False))
        told = [
            SOURCE.format(
                name=name,
                kind=kind,
                interval=interval,
                url=places.get(name) or self.server.url(f"/{name}.xml"),
            )
            for name in names
        ]
        self.watchlist.write_text(HEAD + "".join(told))

    def publish(self, *answers: Answer, source: str = "press") -> None:
        """What a source answers from now on, one after the other."""
        self.server.on(f"/{source}.xml", *answers)

    def hooks(self, **changes: Any) -> Hooks:
        hooks = Hooks(
            clock=self.clock,
            jitter=lambda: self.jitter,
            trace=self.points.append,
            on_poll=self.lines.append,
            sandbox=self.sandbox,
        )
        return replace(hooks, **changes)

    @asynccontextmanager
    async def open(self, **changes: Any) -> AsyncIterator[Duties]:
        async with build_duties(self.settings, self.hooks(**changes)) as duties:
            yield duties
            for courier in duties.couriers:
                courier.close()

    def poll(
        self, *, after_s: float = 0.0, everything: bool = False, only: Sequence[str] = (), deliver: bool = True
    ) -> Round:
        """A session: let time pass, poll a round, deliver, close."""
        self.clock.move(after_s)

        async def session() -> Round:
            async with self.open() as duties:
                done = await duties.poller.round(everything=everything, only=only)
                if deliver:
                    for courier in duties.couriers:
                        await courier.deliver()
                return done

        return asyncio.run(session())

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database holds."""
        connection = sqlite3.connect(self.database)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def one(self, query: str, *values: Any) -> Any:
        """The one value of a query."""
        ((value,),) = self.rows(query, *values)
        return value

    def sent(self) -> list[dict[str, Any]]:
        """The lines of the alerts file."""
        path = self.folder / "alerts.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
