"""Fetches a URL under guard: the one way in which anything here talks to a publisher. Must not: parse a body.

Every hop is checked anew, the address where the socket is made; the whole exchange has one deadline, the wire and the
decoded body have caps. No cookies, no proxies or credentials from the environment, nothing kept between requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, Self

import aiohttp
from msgspec.structs import replace

from watcher import __version__
from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import Claim, Fetched, Micros
from watcher.core.secrets import hide, names, reveal
from watcher.sources.deadline import Deadline
from watcher.sources.freshness import max_age, retry_after
from watcher.sources.guard import (
    Hop,
    Judge,
    check_url,
    configured_ports,
    escaped,
    guarded_socket,
    redirect_target,
    refusal,
    show_url,
)
from watcher.sources.httpfaults import MAPPED, to_source_error
from watcher.sources.inflate import Inflater
from watcher.sources.politeness import HostGates, Sleep
from watcher.sources.resolver import DeadlineResolver, Resolve, system_resolve
from watcher.sources.sniff import challenge_name

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
)

_OF_NOTHING = hashlib.sha256(b"").digest()
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ERROR_BODY_BYTES = 16 * 1024
_KINDS = {401: "auth", 403: "forbidden", 404: "not-found", 410: "gone", 429: "rate-limited", 451: "forbidden"}


class Clock(Protocol):
    """Wall time for dates in headers, monotonic time for durations."""

    def now(self) -> Micros:
        """UTC microseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


def user_agent(contact: str = "") -> str:
    """The honest name under which we fetch; ``contact`` is the address of a page that says who we are."""
    about = f"+{contact}; " if contact else ""
    return f"watcher/{'.'.join(__version__.split('.')[:2])} ({about}feed fetcher)"


class HttpFetcher:
    """Fetches sources: an async context manager, to be used in the event loop that it was entered in.

    Args:
        limits: deadlines, caps, redirects, politeness.
        user_agent: sent with every request; see `user_agent`.
        clock: wall time for dates in headers, monotonic time for durations.
        resolve: looks a name up (blocking); for tests.
        ssl_context: trust for TLS; the operating system's by default.
        sleep: waits for politeness.
        judge: says which addresses are refused; for tests, which have only loopback to play the public network.
        secrets: what ``${NAME}`` in an address stands for; the environment by default.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        user_agent: str,
        clock: Clock,
        resolve: Resolve = system_resolve,
        ssl_context: ssl.SSLContext | None = None,
        sleep: Sleep = asyncio.sleep,
        judge: Judge = refusal,
        secrets: Mapping[str, str] = os.environ,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._resolve = resolve
        self._ssl_context = ssl_context
        self._judge = judge
        self._secrets = secrets
        self._headers = {"User-Agent": user_agent, "Accept": ACCEPT, "Accept-Encoding": "gzip"}
        self._gates = HostGates(clock.monotonic, sleep, limits.exchange_s)
        self._in_flight = asyncio.Semaphore(limits.in_flight)
        self._deadline = Deadline(limits.exchange_s)
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            await session.close()

    async def fetch(self, claim: Claim) -> Fetched:
        """Read the source of a claim, conditionally where it has validators.

        Waiting for a turn at a host comes before the exchange and has the same deadline once more: a source that would
        have to wait longer is told to come back (``host-on-hold``).

        Raises:
            SourceError: nothing usable came back; the phase and kind say what.
        """
        used = self._secrets_of(claim.spec.url)
        if not used:
            return await self._fetch_claim(claim, claim.spec.url)
        try:
            fetched = await self._fetch_claim(claim, reveal(claim.spec.url, used))
        except SourceError as error:
            # No cause and no context: they hold the address in clear.
            error.detail = hide(error.detail, used)
            error.message, error.args = hide(error.message, used), ()
            error.__cause__ = error.__context__ = None
            raise
        hops = tuple(hide(hop, used) for hop in fetched.hops)
        return replace(fetched, url=hide(fetched.url, used), hops=hops)

    def _secrets_of(self, url: str) -> dict[str, str]:
        """What the ``${NAME}`` of an address stand for.

        Raises:
            SourceError: one of them is not set.
        """
        used = {name: self._secrets.get(name, "") for name in names(url)}
        missing = [name for name, value in used.items() if not value]
        if missing:
            raise SourceError("http", "secret-missing", f"environment variable {missing[0]} is not set")
        return used

    async def _fetch_claim(self, claim: Claim, url: str) -> Fetched:
        spec = claim.spec
        interval = self._limits.host_interval_s if spec.host_interval_s is None else spec.host_interval_s
        return await self.fetch_url(
            url,
            validators=self._validators(claim),
            allow_private=spec.allow_private,
            interval_s=interval,
            per_host=spec.per_host or self._limits.per_host,
        )

    async def fetch_url(
        self,
        url: str,
        *,
        validators: Mapping[str, str] | None = None,
        allow_private: bool = False,
        interval_s: float | None = None,
        per_host: int | None = None,
    ) -> Fetched:
        """Read any URL under the same guard.

        Args:
            url: as configured; its port, if it names one, is allowed beside 80 and 443.
            validators: ``If-None-Match`` and ``If-Modified-Since``, sent as they are.
            allow_private: whether addresses of private networks may be contacted.
            interval_s: least time between two requests to a host.
            per_host: most requests to a host at a time.

        Raises:
            SourceError: nothing usable came back.
        """
        first = check_url(url, ports=configured_ports(url))
        wait = self._limits.host_interval_s if interval_s is None else interval_s
        turn = self._gates.turn(first.host, interval_s=wait, per_host=per_host or self._limits.per_host)
        async with turn, self._in_flight:
            exchange = _Exchange(self._limits, self._clock, self._session(allow_private), validators or {})
            try:
                with self._deadline.start():
                    return await exchange.follow(first)
            except SourceError as error:
                self._hold(exchange.host or first.host, error)
                raise
            except MAPPED as error:
                raise to_source_error(error, exchange.at or url) from error

    def _hold(self, host: str, error: SourceError) -> None:
        if error.status in (429, 503) and error.retry_after_s:
            error.host = host
            self.hold(host, min(error.retry_after_s, self._limits.publisher_hint_cap_s))

    def hold(self, host: str, seconds: float) -> None:
        """Ask this host nothing for so long, whatever source it is of."""
        self._gates.hold(host, seconds)

    @staticmethod
    def _validators(claim: Claim) -> dict[str, str]:
        pairs = (("If-None-Match", claim.etag), ("If-Modified-Since", claim.last_modified))
        return {name: value for name, value in pairs if value}

    def _session(self, allow_private: bool) -> aiohttp.ClientSession:
        """One session for the public network, one for sources that may be private: no connection is ever shared."""
        session = self._sessions.get(allow_private)
        if session is None:
            session = self._sessions[allow_private] = self._open(allow_private)
        return session

    def _open(self, allow_private: bool) -> aiohttp.ClientSession:
        limits = self._limits
        connector = aiohttp.TCPConnector(
            limit=0,
            force_close=True,
            socket_factory=guarded_socket(allow_private=allow_private, judge=self._judge),
            resolver=DeadlineResolver(limits.dns_s, threads=limits.in_flight, resolve=self._resolve),
            ssl=self._ssl_context if self._ssl_context is not None else True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            max_headers=limits.headers,
            max_line_size=16 * 1024,
            max_field_size=min(32 * 1024, limits.header_bytes),
        )


class _Exchange:
    """One fetch with its hops. ``host`` and ``at`` say where it stands, for whoever reports a failure."""

    def __init__(
        self, limits: Limits, clock: Clock, session: aiohttp.ClientSession, validators: Mapping[str, str]
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._session = session
        self._validators = validators
        self._started = clock.monotonic()
        self._hops: list[str] = []
        self.host = ""
        self.at = ""

    async def follow(self, hop: Hop) -> Fetched:
        """Ask, and go where we are sent, but not too far and never to a weaker scheme."""
        ports = frozenset({hop.url.port or 0})
        while True:
            self.host, self.at = hop.host, hop.text
            async with self._session.get(hop.url, headers=self._validators, allow_redirects=False) as response:
                self._check_headers(response)
                if response.status not in _REDIRECTS:
                    return await self._answer(response, hop)
                target = self._location(response, hop)
            self._hops.append(f"{response.status} {hop.text}")
            if len(self._hops) > self._limits.redirects:
                chain = " > ".join(show_url(entry, 40) for entry in self._hops)
                raise SourceError("http", "redirects", f"more than {self._limits.redirects} redirects: {chain}"[:200])
            following = check_url(target, ports=ports)
            if hop.url.scheme == "https" and following.url.scheme == "http":
                raise SourceError("http", "url-refused", f"redirect from https to http: {show_url(target)}")
            hop = following

    def _check_headers(self, response: aiohttp.ClientResponse) -> None:
        raw = response.raw_headers
        if len(raw) > self._limits.headers or sum(len(n) + len(v) for n, v in raw) > self._limits.header_bytes:
            raise SourceError("http", "headers-too-large", f"{len(raw)} headers: {show_url(self.at)}")

    @staticmethod
    def _location(response: aiohttp.ClientResponse, hop: Hop) -> str:
        target = response.headers.get("Location", "")
        if not target:
            raise SourceError("http", "protocol", f"status {response.status} without a Location: {show_url(hop.text)}")
        return redirect_target(hop, target)

    async def _answer(self, response: aiohttp.ClientResponse, hop: Hop) -> Fetched:
        headers = {name.lower(): value for name, value in reversed(list(response.headers.items()))}
        if response.status == 304:
            if not self._validators:
                raise SourceError("http", "unasked-304", f"304 to a request without validators: {show_url(hop.text)}")
            return self._fetched(response, headers, hop, b"", 0)
        if response.status not in (200, 203):
            raise await self._status_error(response, headers, hop)
        inflater = Inflater(headers.get("content-encoding", ""), self._limits.body_bytes)
        wire = await self._read(response, inflater)
        is_proven = inflater.proves_end or "content-length" in headers or "transfer-encoding" in headers
        return self._fetched(response, headers, hop, inflater.finish(), wire, complete=is_proven)

    async def _read(self, response: aiohttp.ClientResponse, inflater: Inflater) -> int:
        limit = self._limits.wire_bytes
        if (response.content_length or 0) > limit:
            raise SourceError("http", "too-large", f"{response.content_length} bytes announced, {limit} allowed")
        wire = 0
        async for chunk in response.content.iter_any():
            wire += len(chunk)
            if wire > limit:
                raise SourceError("http", "too-large", f"more than {limit} bytes on the wire: {show_url(self.at)}")
            inflater.feed(chunk)
        return wire

    def _fetched(
        self,
        response: aiohttp.ClientResponse,
        headers: Mapping[str, str],
        hop: Hop,
        body: bytes,
        wire: int,
        *,
        complete: bool = True,
    ) -> Fetched:
        now_s = self._clock.now() / 1e6
        keeps = response.status != 304
        return Fetched(
            status=response.status,
            url=hop.text,
            headers=tuple((escaped(name.lower()), escaped(value)) for name, value in response.headers.items()),
            body=body,
            digest=hashlib.sha256(body).digest() if body else _OF_NOTHING,
            etag=self._validator(headers.get("etag", "")) if keeps else "",
            last_modified=self._validator(headers.get("last-modified", "")) if keeps else "",
            hops=tuple(self._hops),
            elapsed_s=self._clock.monotonic() - self._started,
            wire_bytes=wire,
            complete=complete,
            max_age_s=max_age(headers, now_s),
            retry_after_s=retry_after(headers, now_s),
        )

    def _validator(self, value: str) -> str:
        """A validator that may be echoed: as sent, or not at all."""
        return value if len(value) <= self._limits.validator_bytes and value.isascii() and value.isprintable() else ""

    async def _status_error(
        self, response: aiohttp.ClientResponse, headers: Mapping[str, str], hop: Hop
    ) -> SourceError:
        status = response.status
        kind = _KINDS.get(status) or ("server-error" if status >= 500 else "unexpected-status")
        challenge = await self._challenge(response, headers) if status in (401, 403, 429, 503) else ""
        words = f"status {status}{f' {escaped(response.reason)[:40]}' if response.reason else ''}"
        if challenge:
            kind, words = "blocked", f"{words}, challenge page ({challenge})"
        return SourceError(
            "http",
            kind,
            f"{words}: {show_url(hop.text)}",
            retry_after_s=retry_after(headers, self._clock.now() / 1e6),
            status=status,
        )

    @staticmethod
    async def _challenge(response: aiohttp.ClientResponse, headers: Mapping[str, str]) -> str:
        """The name of a bot filter, if the answer is its page."""
        if headers.get("cf-mitigated", "").lower() == "challenge":
            return "Cloudflare"
        with contextlib.suppress(SourceError, *MAPPED):
            inflater = Inflater(headers.get("content-encoding", ""), _ERROR_BODY_BYTES * 16)
            inflater.feed(await response.content.read(_ERROR_BODY_BYTES))
            return challenge_name(inflater.taken().decode("utf-8", "replace"))
        return ""
