"""Rows A of the fault matrix: names, connections, answers that drip, burst, lie or lead astray."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import zlib
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from tests.server import Server, chunked, compressed, drip, endless, redirect, reply, reset, silence
from tests.sources.helpers import (
    PUBLIC,
    SMALL,
    claim,
    failure,
    fetch,
    fetcher,
    item,
    judge,
    parse,
    refused,
    rss,
    run,
    status_mb,
)
from watcher.app.clock import SetClock
from watcher.core.errors import SourceError
from watcher.core.model import Fetched

BODY = rss(item(1)).encode()


def names(**table: Sequence[str]):
    """A resolver that knows a few names, with dots for underscores."""

    def resolve(host: str, port: int) -> list[tuple[int, str]]:
        del port
        found = table.get(host.replace(".", "_"))
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in found]

    return resolve


# --- names ------------------------------------------------------------------------------------------------------


def test_a01_unknown_name() -> None:
    async def work() -> Fetched:
        async with fetcher(resolve=names()) as http:
            return await http.fetch(claim("http://nowhere.test/feed", etag='"kept"'))

    error = failure(work())
    assert (error.phase, error.kind) == ("dns", "not-found")
    assert "nowhere.test" in error.detail


def test_a02_hanging_names_are_cut_and_hold_up_nobody() -> None:
    release = threading.Event()

    def resolve(host: str, port: int) -> list[tuple[int, str]]:
        if host.startswith("hangs"):
            release.wait(30)
        return names(well_test=["127.0.0.1"])("well.test", port)

    async def work() -> tuple[list[object], Fetched, float]:
        async with fetcher(resolve=resolve, limits=replace(SMALL, exchange_s=5.0)) as http:
            hanging = [asyncio.ensure_future(http.fetch(claim(f"http://hangs{n}.test/"))) for n in range(40)]
            await asyncio.sleep(0)
            well = await http.fetch(claim(f"http://well.test:{server.port}/feed"))
            started = time.monotonic()
            errors = await asyncio.gather(*hanging, return_exceptions=True)
            return errors, well, time.monotonic() - started

    with Server() as server:
        server.on("/feed", reply(BODY))
        try:
            errors, well, took = run(work())
        finally:
            release.set()
    assert well.status == 200
    assert {(e.phase, e.kind) for e in errors if isinstance(e, SourceError)} == {("dns", "timeout")}
    assert len(errors) == 40
    assert took < 3


# --- connections ------------------------------------------------------------------------------------------------


def test_a04_refused() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"

        async def work() -> Fetched:
            async with fetcher() as http:
                return await http.fetch(claim(url))

        error = failure(work())
    assert (error.phase, error.kind) == ("connect", "failed")
    assert "refused" in error.detail.lower()


def test_a04_reset_and_silent_close() -> None:
    with Server() as server:
        server.on("/reset", reset)
        server.on("/close", b"")
        for path in ("/reset", "/close"):
            error = failure(fetch(server, path))
            assert (error.phase, error.kind) == ("http", "disconnected")


def test_a05_black_hole_is_cut_at_the_connect_deadline() -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"

        async def work() -> Fetched:
            async with fetcher(limits=replace(SMALL, connect_s=0.3, exchange_s=5.0)) as http:
                return await http.fetch(claim(url))

        error = failure(work())
    assert error.kind == "timeout"
    assert error.phase == "connect"


# --- answers that take their time -------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [0, len(reply(BODY)) - len(BODY)], ids=["headers", "body"])
def test_a06_a07_dripping_headers_and_body_are_cut(first: int) -> None:
    with Server() as server:
        server.on("/", drip(reply(BODY), 0.1, first=first))
        started = time.monotonic()
        error = failure(fetch(server, "/"))
    assert (error.phase, error.kind) == ("http", "timeout")
    assert 0.5 < time.monotonic() - started < 3


def test_a08_fifty_dripping_hosts_do_not_delay_a_healthy_one() -> None:
    addresses = [f"127.0.1.{n}" for n in range(1, 51)] + ["127.0.0.1"]

    async def work() -> tuple[Fetched, float, list[object]]:
        async with fetcher(limits=replace(SMALL, exchange_s=1.5)) as http:
            slow = [asyncio.ensure_future(http.fetch(claim(server.url("/slow", host)))) for host in addresses[:50]]
            await asyncio.to_thread(server.wait_for, 50)
            started = time.monotonic()
            well = await http.fetch(claim(server.url("/well")))
            took = time.monotonic() - started
            return well, took, await asyncio.gather(*slow, return_exceptions=True)

    with Server(addresses) as server:
        server.on("/slow", silence)
        server.on("/well", reply(BODY))
        well, took, slow = run(work())
    assert well.body == BODY
    assert took < 1
    assert all(isinstance(error, SourceError) and error.kind == "timeout" for error in slow)


def test_a08_no_more_than_the_limit_are_in_flight() -> None:
    addresses = [f"127.0.1.{n}" for n in range(1, 21)]

    async def work() -> None:
        async with fetcher(limits=replace(SMALL, in_flight=5, exchange_s=5.0)) as http:
            tasks = [asyncio.ensure_future(http.fetch(claim(server.url("/", host)))) for host in addresses]
            await asyncio.to_thread(server.wait_for, 5)
            for _ in range(50):
                await asyncio.sleep(0)
            assert len(server.requests) == 5
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    with Server(addresses) as server:
        server.on("/", silence)
        run(work())


# --- answers that are too much ----------------------------------------------------------------------------------


def test_a09_endless_body() -> None:
    with Server() as server:
        server.on("/", endless())
        error = failure(fetch(server, "/"))
    assert (error.phase, error.kind) == ("http", "too-large")


def test_a09_announced_too_large() -> None:
    with Server() as server:
        server.on("/", reply(b"x", length=10**9))
        assert failure(fetch(server, "/")).kind == "too-large"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "raw"])
def test_a10_bombs_are_cut_while_they_unfold(coding: str) -> None:
    bomb = b"\0" * 64_000_000
    if coding == "raw":
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        data, coding = packer.compress(bomb) + packer.flush(), "deflate"
    else:
        data = zlib.compress(bomb, 9) if coding == "deflate" else gzip.compress(bomb, 9)
    del bomb
    with Server() as server:
        server.on("/", reply(data, headers=[("Content-Encoding", coding)]))
        before = status_mb("VmRSS")
        error = failure(fetch(server, "/", limits=replace(SMALL, wire_bytes=10**7, exchange_s=20.0)))
        grown = status_mb("VmRSS") - before
    assert (error.phase, error.kind) == ("decode", "too-large")
    assert grown < 20


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip,br", "x" * 500])
def test_a10_other_codings_and_layers_are_refused(coding: str) -> None:
    with Server() as server:
        server.on("/", reply(gzip.compress(gzip.compress(BODY)), headers=[("Content-Encoding", coding)]))
        assert failure(fetch(server, "/")).kind == "unsupported-encoding"


def test_a10_one_layer_of_gzip_and_deflate_is_read() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = packer.compress(BODY) + packer.flush()
    with Server() as server:
        server.on("/gzip", compressed(BODY))
        server.on("/zlib", reply(zlib.compress(BODY), headers=[("Content-Encoding", "deflate")]))
        server.on("/raw", reply(raw, headers=[("Content-Encoding", "deflate")]))
        server.on("/unsaid", reply(gzip.compress(BODY)))
        server.on(
            "/members",
            reply(
                gzip.compress(BODY[:50]) + gzip.compress(BODY[50:]) + b"\0" * 10, headers=[("Content-Encoding", "gzip")]
            ),
        )
        for path in ("/gzip", "/zlib", "/raw", "/unsaid", "/members"):
            assert run(fetch(server, path)).body == BODY, path


def test_a10_what_only_claims_to_be_gzip() -> None:
    with Server() as server:
        server.on("/", reply(BODY, headers=[("Content-Encoding", "gzip")]))
        assert failure(fetch(server, "/")).kind == "bad-encoding"


def test_a11_too_many_or_too_large_headers() -> None:
    with Server() as server:
        server.on("/many", reply(BODY, headers=[(f"X-{n}", "1") for n in range(5000)]))
        server.on("/large", reply(BODY, headers=[("X-Large", "v" * 5_000_000)]))
        server.on("/sum", reply(BODY, headers=[(f"X-{n}", "v" * 2000) for n in range(50)]))
        for path in ("/many", "/large", "/sum"):
            error = failure(fetch(server, path, limits=replace(SMALL, header_bytes=65536)))
            assert (error.phase, error.kind) == ("http", "headers-too-large"), path


# --- answers that end early -------------------------------------------------------------------------------------


def test_a12_shorter_than_announced_and_cut_chunk() -> None:
    with Server() as server:
        server.on("/short", reply(BODY, length=len(BODY) + 10))
        server.on("/chunk", chunked([BODY[:40], BODY[40:]], end=False))
        server.on("/whole", chunked([BODY[:40], BODY[40:]]))
        for path in ("/short", "/chunk"):
            error = failure(fetch(server, path))
            assert (error.phase, error.kind) == ("http", "truncated"), path
        assert run(fetch(server, "/whole")).body == BODY


@pytest.mark.parametrize("cut", [1, 8, 20])
def test_a13_cut_gzip_is_an_error(cut: int) -> None:
    with Server() as server:
        server.on("/", compressed(BODY, cut=cut))
        error = failure(fetch(server, "/"))
    assert (error.phase, error.kind) == ("decode", "truncated")


def test_a14_cut_without_length_is_partial() -> None:
    whole = rss(item(1), item(2), item(3))
    with Server() as server:
        server.on("/", reply(whole[: whole.index("Words of item 3")], length=None))
        got = run(fetch(server, "/"))
    assert not got.complete
    feed = parse(got.body)
    assert feed.partial
    assert [entry.guid for entry in feed.entries] == ["g1", "g2"]
    assert len(feed.item_digests) == 2


def test_a14_whole_without_length_is_not_partial() -> None:
    with Server() as server:
        server.on("/", reply(BODY, length=None))
        got = run(fetch(server, "/"))
    assert not got.complete
    assert not parse(got.body).partial


# --- redirects --------------------------------------------------------------------------------------------------


def test_a15_redirects_in_a_circle_and_too_many() -> None:
    with Server() as server:
        server.on("/loop", redirect("/loop", 301))
        for n in range(6):
            server.on(f"/{n}", redirect(f"/{n + 1}", 307))
        server.on("/6", reply(BODY))
        for path in ("/loop", "/0"):
            error = failure(fetch(server, path))
            assert (error.phase, error.kind) == ("http", "redirects")
            assert path in error.detail
        assert run(fetch(server, "/1")).hops == tuple(f"307 {server.url(f'/{n}')}" for n in range(1, 6))


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://feeds.test/x", "data:text/xml,<rss/>", "javascript:alert(1)", "gopher://x/"]
)
def test_a16_redirect_to_another_scheme(target: str) -> None:
    with Server() as server:
        server.on("/", redirect(target))
        error = failure(fetch(server, "/"))
    assert (error.phase, error.kind) == ("http", "url-refused")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a17_redirect_to_private_address(status: int) -> None:
    with Server([PUBLIC, "127.0.0.1"]) as server:
        server.on("/start", redirect(server.url("/secret", "127.0.0.1"), status))
        server.on("/secret", reply(BODY))

        async def work() -> Fetched:
            async with fetcher(judge=judge) as http:
                return await http.fetch(claim(server.url("/start", PUBLIC), allow_private=False))

        error = failure(work())
        assert [request.path for request in server.requests] == ["/start"]
    assert (error.phase, error.kind) == ("connect", "address-refused")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "localhost", "inner.test", "169.254.169.254", "10.0.0.5",
     "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fd00::1]", "100.100.100.200", "224.0.0.1"],
)  # fmt: skip
def test_a17_second_hop_is_checked_too(host: str) -> None:
    with Server([PUBLIC]) as server:
        server.on("/start", redirect("/on"))
        server.on("/on", redirect(f"http://{host}:{server.port}/secret"))
        resolve = names(inner_test=["192.168.1.1"], localhost=["127.0.0.1", "::1"])

        async def work() -> Fetched:
            async with fetcher(judge=judge, resolve=resolve) as http:
                return await http.fetch(claim(server.url("/start", PUBLIC), allow_private=False))

        error = failure(work())
        assert [request.path for request in server.requests] == ["/start", "/on"]
    assert (error.phase, error.kind) == ("connect", "address-refused")


def test_a17_other_ports_are_refused() -> None:
    with Server() as server:
        server.on("/", redirect("http://127.0.0.1:22/"))
        assert failure(fetch(server, "/")).kind == "url-refused"


def test_a18_a_name_that_moves_inside_is_refused_where_it_connects() -> None:
    answers = [[PUBLIC], ["127.0.0.1"]]

    def resolve(host: str, port: int) -> list[tuple[int, str]]:
        del host, port
        return [(socket.AF_INET, address) for address in answers.pop(0)]

    with Server([PUBLIC, "127.0.0.1"]) as server:
        server.on("/", reply(BODY))
        url = f"http://moves.test:{server.port}/"

        async def ask() -> Fetched:
            async with fetcher(judge=judge, resolve=resolve) as http:
                return await http.fetch(claim(url, allow_private=False))

        assert run(ask()).status == 200
        error = failure(ask())
        assert [request.address for request in server.requests] == [PUBLIC]
    assert (error.phase, error.kind) == ("connect", "address-refused")


@pytest.mark.parametrize("order", [["127.0.0.1", PUBLIC], [PUBLIC, "127.0.0.1"], ["::1", PUBLIC]])
def test_a19_of_a_mixed_name_only_the_public_address_is_used(order: list[str]) -> None:
    with Server([PUBLIC, "127.0.0.1"]) as server:
        server.on("/", reply(BODY))

        async def work() -> Fetched:
            async with fetcher(judge=judge, resolve=names(mixed_test=order)) as http:
                return await http.fetch(claim(f"http://mixed.test:{server.port}/", allow_private=False))

        assert run(work()).status == 200
        assert {request.address for request in server.requests} == {PUBLIC}


def test_a19_of_several_private_addresses_none_is_used() -> None:
    with Server(["127.0.0.1", "127.0.0.2"]) as server:

        async def work() -> Fetched:
            async with fetcher(judge=judge, resolve=names(inner_test=["127.0.0.1", "127.0.0.2"])) as http:
                return await http.fetch(claim(f"http://inner.test:{server.port}/", allow_private=False))

        assert failure(work()).kind == "address-refused"
        assert not server.connections


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}\\@public.test/", "http://public.test\\@127.0.0.1:{port}/", "/\\evil.test/",
        "http://user:secret@127.0.0.1:{port}/", "http://127.0.0.1:{port}@public.test/", "http://a b.test/",
        "http://a\tb.test/", "http://public.test%00.evil.test/", "http://①②⑦.0.0.1:{port}/", "http://evil。test\u2028/",
        "http://[::1/", "http://:{port}/", "http://x.test:99999/", "//user@127.0.0.1:{port}/",
        "http://ｌocalhost:{port}/",
    ],
)  # fmt: skip
def test_a20_tricks_in_redirects(target: str) -> None:
    with Server() as server:
        server.on("/start", redirect(target.replace("{port}", str(server.port))))
        error = failure(fetch(server, "/start"))
        assert len(server.requests) == 1
    assert (error.phase, error.kind) in {("http", "url-refused"), ("dns", "not-found")}
    assert "secret" not in error.detail


def test_a21_a_private_source_is_allowed_by_its_own_word_only() -> None:
    with Server() as server:
        server.on("/", reply(BODY))
        assert run(fetch(server, "/")).status == 200
        error = failure(fetch(server, "/", allow_private=False))
    assert (error.phase, error.kind) == ("connect", "address-refused")


# --- what we say ------------------------------------------------------------------------------------------------


def test_a22_the_environment_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary\n")
    netrc.chmod(0o600)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent"))
    with Server() as server:
        server.on("/", reply(BODY))
        assert run(fetch(server, "/")).status == 200
        sent = server.requests[0].headers
    assert not [name for name, value in sent if name.lower() == "authorization" or "canary" in value]


def test_a23_nothing_of_one_host_is_told_to_another() -> None:
    with Server(["127.0.0.1", "127.0.0.2"]) as server:
        server.on(
            "/a",
            reply(
                status=302, headers=[("Location", server.url("/b", "127.0.0.2")), ("Set-Cookie", "s=canary; Path=/")]
            ),
        )
        server.on("/b", reply(BODY, headers=[("Set-Cookie", "t=canary; Path=/")]))

        async def work() -> None:
            async with fetcher() as http:
                for _ in range(2):
                    await http.fetch(claim(server.url("/a")))

        run(work())
        sent = server.requests
    assert len(sent) == 4
    names_sent = {name.lower() for request in sent for name, _ in request.headers}
    assert names_sent == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert {request.header("Accept-Encoding") for request in sent} == {"gzip"}
    assert {request.header("User-Agent") for request in sent} == {
        "watcher/0.1 (+https://watcher.example/about; feed fetcher)"
    }


def test_a27_not_modified_after_our_validators() -> None:
    with Server() as server:
        server.on("/", reply(status=304, headers=[("ETag", '"new"'), ("Cache-Control", "max-age=7200")]))
        got = run(fetch(server, "/", etag='W/"v1"', last_modified="Mon, 15 Dec 2025 10:00:00 +0300"))
        sent = server.requests[0]
    assert got.not_modified
    assert got.body == b""
    assert got.max_age_s == 7200
    assert sent.header("If-None-Match") == 'W/"v1"'
    assert sent.header("If-Modified-Since") == "Mon, 15 Dec 2025 10:00:00 +0300"


def test_a28_not_modified_without_validators() -> None:
    with Server() as server:
        server.on("/", reply(status=304))
        error = failure(fetch(server, "/"))
        assert not server.requests[0].header("If-None-Match")
    assert (error.phase, error.kind) == ("http", "unasked-304")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('"plain"', '"plain"'), ('W/"weak"', 'W/"weak"'), ("no-quotes", "no-quotes"), ('"' + "x" * 1000 + '"', '"' + "x" * 1000 + '"'),
        ('"' + "x" * 2000 + '"', ""), ('"caf\u00e9"', ""), ('"tab\there"', ""), ("", ""),
    ],
)  # fmt: skip
def test_a30_validators_are_kept_exactly_or_not_at_all(sent: str, kept: str) -> None:
    with Server() as server:
        server.on("/", reply(BODY, headers=[("ETag", sent), ("Last-Modified", "whenever")]))
        got = run(fetch(server, "/"))
    assert got.etag == kept
    assert got.last_modified == "whenever"


def test_a30_control_bytes_in_a_validator() -> None:
    with Server() as server:
        server.on("/", reply(BODY, headers=[("ETag", '"a\x1b[31mb"')]))
        assert run(fetch(server, "/")).etag == ""


def test_a38_headers_that_are_no_text_are_kept_as_escapes() -> None:
    with Server() as server:
        server.on("/", reply(BODY, headers=[("X-Odd", "a\udcffb\x1b[31m")]))
        got = run(fetch(server, "/"))
    assert got.header("x-odd") == "a\\udcffb\\x1b[31m"


# --- being told to wait -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120), (" 7 ", 7), ("0", 0), ("-5", None), ("soon", None), ("", None), ("9" * 15, 1e9), ("1" * 30, None),
        ("Mon, 15 Dec 2025 12:10:00 GMT", 600), ("Mon, 15 Dec 2025 11:00:00 GMT", None), ("Mon, 99 Dec 2025", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [429, 503])
def test_a31_retry_after(clock: SetClock, value: str, seconds: float | None, status: int) -> None:
    with Server() as server:
        server.on("/", reply(b"", status=status, headers=[("Retry-After", value)]))
        error = failure(fetch(server, "/", clock=clock))
    assert error.status == status
    assert error.retry_after_s == seconds


def test_a31_dates_are_relative_to_the_servers_clock(clock: SetClock) -> None:
    headers = [("Date", "Tue, 01 Jan 2030 00:00:00 GMT"), ("Retry-After", "Tue, 01 Jan 2030 00:05:00 GMT")]
    with Server() as server:
        server.on("/", reply(b"", status=503, headers=headers))
        assert failure(fetch(server, "/", clock=clock)).retry_after_s == 300


def test_a31_the_whole_host_is_left_alone_but_not_beyond_the_cap(clock: SetClock) -> None:
    limits = replace(SMALL, publisher_hint_cap_s=1000.0)

    async def work() -> None:
        async with fetcher(limits=limits, clock=clock) as http:
            for path, kind in (("/a", "rate-limited"), ("/b", "host-on-hold"), ("/b", "host-on-hold")):
                with pytest.raises(SourceError) as caught:
                    await http.fetch(claim(server.url(path)))
                assert caught.value.kind == kind
            assert caught.value.retry_after_s == pytest.approx(1000)
            assert (await http.fetch(claim(server.url("/b", "127.0.0.2")))).status == 200
            clock.move(1001)
            assert (await http.fetch(claim(server.url("/b")))).status == 200

    with Server(["127.0.0.1", "127.0.0.2"]) as server:
        server.on("/a", reply(b"", status=429, headers=[("Retry-After", "1000000000")]))
        server.on("/b", reply(BODY))
        run(work())
        assert len(server.requests) == 3


# --- other answers ----------------------------------------------------------------------------------------------


def test_a34_a_captive_portal_is_no_feed() -> None:
    with Server() as server:
        server.on("/", redirect("/login"))
        server.on("/login", reply("<!DOCTYPE html><html><title>Log in &lt;here&gt;</title>", content_type="text/html"))
        got = run(fetch(server, "/"))
    error = refused(got.body, got.header("content-type"))
    assert error.kind == "not-a-feed"
    assert "Log in <here>" in error.detail


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, "auth"), (403, "forbidden"), (404, "not-found"), (410, "gone"), (451, "forbidden"), (500, "server-error"),
     (502, "server-error"), (503, "server-error"), (429, "rate-limited"), (204, "unexpected-status"),
     (206, "unexpected-status"), (418, "unexpected-status"), (304, "unasked-304"), (300, "unexpected-status")],
)  # fmt: skip
def test_a35_each_status_has_its_kind(status: int, kind: str) -> None:
    with Server() as server:
        server.on("/", reply(b"" if status in (204, 304) else b"words", status=status))
        error = failure(fetch(server, "/"))
    assert (error.phase, error.kind) == ("http", kind)
    assert error.status in (status, None)


def test_a35_a_challenge_is_told_from_a_refusal() -> None:
    page = "<html><head><title>Just a moment...</title></head><body>Enable JavaScript and cookies to continue</body></html>"
    with Server() as server:
        server.on("/page", reply(page, status=403, content_type="text/html"))
        server.on("/zipped", reply(gzip.compress(page.encode()), status=503, headers=[("Content-Encoding", "gzip")]))
        server.on("/header", reply("", status=403, headers=[("cf-mitigated", "challenge")]))
        for path in ("/page", "/zipped", "/header"):
            error = failure(fetch(server, path))
            assert error.kind == "blocked", path
            assert "challenge" in error.detail


def test_a37_max_age_is_read_as_it_stands(clock: SetClock) -> None:
    with Server() as server:
        server.on("/year", reply(BODY, headers=[("Cache-Control", "public, MAX-AGE=31536000")]))
        server.on("/expires", reply(BODY, headers=[("Expires", "Mon, 15 Dec 2025 13:00:00 GMT")]))
        server.on("/past", reply(BODY, headers=[("Expires", "0")]))
        server.on("/odd", reply(BODY, headers=[("Cache-Control", "s-maxage=5, max-age=soon")]))
        seen = [run(fetch(server, path, clock=clock)).max_age_s for path in ("/year", "/expires", "/past", "/odd")]
    assert seen == [31536000, 3600, None, None]


@pytest.mark.parametrize("junk", [b"\x16\x03\x01", b"hello\r\n\r\n", b"<rss/>", b"HTTP/9.9 abc\r\n\r\n", b"\0" * 100])
def test_a38_junk_instead_of_http(junk: bytes) -> None:
    with Server() as server:
        server.on("/", junk)
        error = failure(fetch(server, "/"))
    assert error.phase == "http"
    assert error.kind in {"protocol", "disconnected"}


def test_a38_http_on_the_https_port() -> None:
    with Server() as server:
        url = server.url("/").replace("http:", "https:")

        async def work() -> Fetched:
            async with fetcher() as http:
                return await http.fetch(claim(url))

        error = failure(work())
    assert error.phase in {"tls", "connect"}
