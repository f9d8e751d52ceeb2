"""Our own outage is told from the faults of publishers."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.desk import feed, item
from watcher.app.outage import has_name
from watcher.core.errors import SourceError
from watcher.core.limits import Limits


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://press.example/feed", True),
        ("http://127.0.0.1:80/", False),
        ("http://[::1]/", False),
        ("http://localhost/", False),
        ("nonsense", False),
    ],
)
def test_which_addresses_need_a_look_up(url, named):
    assert has_name(url) is named


class Fetcher:
    """Answers by host name: an error, a time to wait first, or a feed."""

    def __init__(self, fetch, fates):
        self._fetch = fetch
        self._fates = fates

    async def fetch(self, claim):
        fate = self._fates[claim.spec.id]
        if isinstance(fate, asyncio.Event):
            await fate.wait()
            fate = "dns"
        if fate == "dns":
            raise SourceError("dns", "not-found", "no such name")
        if fate == "http":
            raise SourceError("http", "server-error", "500", status=500)
        raise AssertionError(fate)


def poll(desk, fates, **limits):
    desk.limits = replace(desk.limits, **limits)
    places = [f"https://{name}.example/feed" for name in fates]
    desk.list_sources(*fates, addresses=places)

    async def session():
        async with desk.open() as duties:
            duties.poller._fetcher = Fetcher(None, fates)
            return await duties.poller.round(everything=True)

    return {line.source: line for line in asyncio.run(session()).lines}


def test_a03_where_no_name_resolves_nobody_is_blamed(desk, caplog):
    lines = poll(desk, {"a": "dns", "b": "dns", "c": "dns"})
    assert all(line.is_outage and line.failures == 0 for line in lines.values())
    dues = [due for (due,) in desk.rows("SELECT next_poll_at FROM sources")]
    assert all(desk.clock.now() < due <= desk.clock.now() + 300_000_000 for due in dues)
    assert caplog.text.count("network down") == 1
    assert desk.rows("SELECT DISTINCT health FROM sources") == [("unreachable",)]


def test_a03_the_end_of_an_outage_is_told_once(desk, caplog):
    poll(desk, {"a": "dns", "b": "dns"})
    assert poll(desk, {"a": "http", "b": "http"})["a"].failures == 1


def test_a01_one_name_that_does_not_resolve_is_its_own_fault(desk):
    lines = poll(desk, {"a": "dns", "b": "http"})
    assert (lines["a"].failures, lines["a"].is_outage) == (1, False)


def test_a01_a_single_name_may_well_be_wrong(desk):
    assert poll(desk, {"a": "dns"})["a"].failures == 1


def test_an_answer_just_before_is_proof_enough(desk):
    desk.list_sources("a", "b", "c", addresses=[f"https://{name}.example/" for name in "abc"])

    async def session():
        async with desk.open() as duties:
            duties.poller._fetcher = Fetcher(None, {"a": "http", "b": "dns", "c": "dns"})
            first = await duties.poller.round(only=["a"])
            second = await duties.poller.round(only=["b", "c"])
            return [*first.lines, *second.lines]

    assert [line.failures for line in asyncio.run(session())] == [1, 1, 1]


def test_a_look_up_is_not_held_back_for_ever(desk):
    late = asyncio.Event()
    lines = poll(desk, {"a": "dns", "b": late}, poll_s=0.1)
    assert lines["a"].failures == 1
    assert lines["b"].error == "timeout"


def test_literal_addresses_prove_nothing(desk):
    desk.publish(feed(item(1)))
    desk.list_sources("press", "x", "y", addresses=["", "https://x.example/", "https://y.example/"])

    async def session():
        async with desk.open() as duties:
            real = duties.poller._fetcher

            class Both:
                async def fetch(self, claim):
                    if claim.spec.id == "press":
                        return await real.fetch(claim)
                    raise SourceError("dns", "timeout", "cut at 10 s")

            duties.poller._fetcher = Both()
            return await duties.poller.round()

    lines = {line.source: line for line in asyncio.run(session()).lines}
    assert lines["press"].outcome == "new body"
    assert lines["x"].is_outage
    assert Limits().start_spread_s == 300
