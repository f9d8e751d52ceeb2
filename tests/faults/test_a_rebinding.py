"""Rows A-17 to A-20 with a real name server: names that are public when asked first and inner when it counts."""

from __future__ import annotations

import pytest

from tests.faults import test_a_network
from tests.server import Server, redirect, reply
from tests.sources import test_guard
from tests.sources.helpers import PUBLIC, SMALL, claim, failure, fetcher, item, judge, rss, run
from tests.support.nameserver import AAAA, NameServer
from watcher.core.model import Fetched

BODY = rss(item(1)).encode()
INNER = ("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "192.168.1.1", "0.0.0.0", "224.0.0.1")
INNER_6 = ("::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "::")


async def get(names: NameServer, url: str) -> Fetched:
    async with fetcher(judge=judge, resolve=names.resolve, limits=SMALL) as http:
        return await http.fetch(claim(url, allow_private=False))


def test_a18_a_name_that_moves_between_two_polls_is_refused_at_the_second() -> None:
    with NameServer() as names, Server([PUBLIC, "127.0.0.1"]) as server:
        names.on("moves.test", [PUBLIC], ["127.0.0.1"])
        server.on("/", reply(BODY))
        url = f"http://moves.test:{server.port}/"
        assert run(get(names, url)).status == 200
        error = failure(get(names, url))
        assert [request.address for request in server.requests] == [PUBLIC]
    assert (error.phase, error.kind) == ("connect", "address-refused")


@pytest.mark.parametrize("hop", range(1, 5))
def test_a18_a_name_that_moves_between_two_hops_is_refused_at_that_hop(hop: int) -> None:
    """Every hop goes to the same name over a new connection, and the name turns inward at one of them."""
    with NameServer() as names, Server([PUBLIC, "127.0.0.1"]) as server:
        for number in range(6):
            names.on(f"hop{number}.test", ["127.0.0.1"] if number == hop else [PUBLIC])
            server.on(f"/{number}", redirect(f"http://hop{number + 1}.test:{server.port}/{number + 1}"))
        error = failure(get(names, f"http://hop0.test:{server.port}/0"))
        assert [request.path for request in server.requests] == [f"/{number}" for number in range(hop)]
        assert {request.address for request in server.requests} == {PUBLIC}
    assert (error.phase, error.kind) == ("connect", "address-refused")


def test_a18_one_look_up_per_connection_so_there_is_no_second_answer_to_swap() -> None:
    with NameServer() as names, Server([PUBLIC, "127.0.0.1"]) as server:
        names.on("swaps.test", [PUBLIC], ["127.0.0.1"])
        server.on("/", reply(BODY))
        assert run(get(names, f"http://swaps.test:{server.port}/")).status == 200
        assert len([kind for _, kind in names.seen if kind == 1]) == 1


@pytest.mark.parametrize("address", [*INNER, *INNER_6])
def test_a17_a_name_that_is_an_inner_address_is_refused(address: str) -> None:
    with NameServer() as names:
        names.on("inner.test", [address], kind=AAAA if ":" in address else 1)
        error = failure(get(names, "http://inner.test/"))
    assert (error.phase, error.kind) == ("connect", "address-refused")


@pytest.mark.parametrize("address", [*INNER, *INNER_6])
def test_a19_beside_a_public_address_an_inner_one_is_never_tried(address: str) -> None:
    with NameServer() as names, Server([PUBLIC, "127.0.0.1"]) as server:
        names.on("mixed.test", [PUBLIC, "127.0.0.1"])
        names.on("mixed.test", [address] if ":" in address else [], kind=AAAA)
        server.on("/", reply(BODY))
        assert run(get(names, f"http://mixed.test:{server.port}/")).status == 200
        assert {request.address for request in server.requests} == {PUBLIC}


def test_a18_an_alias_to_an_inner_name_is_refused() -> None:
    with NameServer() as names:
        names.alias("alias.test", "inner.test")
        names.on("inner.test", ["127.0.0.1"])
        error = failure(get(names, "http://alias.test/"))
    assert error.kind == "address-refused"


def test_a17_a20_the_tables_hold_at_least_forty_rows() -> None:
    def rows(test: object) -> int:
        return sum(len(mark.args[1]) for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize")

    assert len(set(test_guard.REFUSED)) >= 40
    assert rows(test_guard.test_a20_tricks_in_urls) + rows(test_a_network.test_a20_tricks_in_redirects) >= 40
