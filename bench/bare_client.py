"""The bare client as a side of bench.poll: aiohttp with validators, nothing parsed, nothing stored. A floor.

python -m bench.bare_client PLACE_JSON --workers N --phase same
"""

from __future__ import annotations

import asyncio
import json

import aiohttp

from bench.pollwork import poll_options, run_phase

IN_FLIGHT = 200


class Client:
    """Asks every source once, at most so many at a time; keeps validators, and which sources answered."""

    def __init__(self, urls: list[str]) -> None:
        self.urls = urls
        self.validators: dict[str, dict[str, str]] = {}
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
            await answer.read()
            if answer.status == 200 and "ETag" in answer.headers:
                self.validators[url] = {"If-None-Match": answer.headers["ETag"]}

    def close(self) -> None:
        self.loop.run_until_complete(self.session.close())
        self.loop.close()


def main() -> None:
    options = poll_options(1)
    place = json.loads(options.place)
    client = Client(place["urls"])
    run_phase(place["control"], options, client.update, list)
    client.close()


if __name__ == "__main__":
    main()
