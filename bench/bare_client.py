"""The bare client as a side of bench.poll: aiohttp with validators, feedparser on every body, nothing stored. A floor.

feedparser runs with sanitising and URI resolution off, in the same process, on the whole body: what a poller built of
the same two libraries cannot do without. On 304 there is nothing to parse, and it is the client alone.

python -m bench.bare_client PLACE_JSON --phase new|one|same
"""

from __future__ import annotations

import asyncio
import io
import json

import aiohttp

from bench.pollwork import poll_options, run_phase

IN_FLIGHT = 200


class Client:
    """Asks every source once, at most so many at a time; keeps validators, and the ids of the entries."""

    def __init__(self, urls: list[str]) -> None:
        self.urls = urls
        self.validators: dict[str, dict[str, str]] = {}
        self.found: set[tuple[str, str]] = set()
        self.loop = asyncio.new_event_loop()
        self.session: aiohttp.ClientSession = self.loop.run_until_complete(self._open())

    async def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT, force_close=True)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)

    def update(self) -> None:
        self.loop.run_until_complete(self._all())

    async def _all(self) -> None:
        await asyncio.gather(*map(self._one, self.urls))

    async def _one(self, url: str) -> None:
        async with self.session.get(url, headers=self.validators.get(url, {})) as answer:
            body = await answer.read()
            if answer.status == 200 and "ETag" in answer.headers:
                self.validators[url] = {"If-None-Match": answer.headers["ETag"]}
        if body:
            self._parse(url, body)

    def _parse(self, url: str, body: bytes) -> None:
        import feedparser

        parsed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
        self.found.update((url, entry.id) for entry in parsed.entries)

    def close(self) -> None:
        self.loop.run_until_complete(self.session.close())
        self.loop.close()


def main() -> None:
    options = poll_options(1)
    place = json.loads(options.place)
    client = Client(place["urls"])
    run_phase(place["control"], options, client.update, lambda: sorted(client.found))
    client.close()


if __name__ == "__main__":
    main()
