"""Rows that show a publisher as an adversary: over the real pipeline, the real children and a loopback server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.test_b_bodies import entity_chain
from tests.server import Server
from tests.sources.helpers import refused
from tests.support.desk import HOUR_S, Desk, feed, item, offer
from watcher.core.document import Query
from watcher.core.query import QueryError, parse


@pytest.fixture
def desk(tmp_path: Path):
    with Server() as server:
        yield Desk(tmp_path, server)


def test_b09_a_body_that_names_a_place_is_read_as_a_body(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # opening it would hang for ever

    with Server() as server:
        places = ["/dev/zero", str(pipe), f"file://{pipe}", server.url("/inner")]
        kinds = {refused(place.encode()).kind for place in places}

        assert kinds == {"not-a-feed"}
        assert server.asked("/inner") == []


def test_i20_addresses_that_a_feed_offers_are_never_asked(desk: Desk) -> None:
    offered = [desk.server.url(f"/{name}") for name in ("self", "hub", "icon", "logo", "image", "style", "picture")]
    head = "".join(
        f'<atom:link rel="{rel}" href="{url}"/>' for rel, url in zip(("self", "hub", "icon"), offered, strict=False)
    )
    head += f"<image><url>{offered[4]}</url></image><docs>{offered[3]}</docs>"
    body = item(1, text=f"&lt;img src='{offered[6]}'&gt; Rain.", enclosure="", comments=offered[5])
    desk.list_sources("press")
    desk.publish(feed(body, head=head.replace("<atom:link", '<link xmlns="http://www.w3.org/2005/Atom"')))

    assert not desk.poll().failed
    assert all(desk.server.asked(f"/{url.rsplit('/', 1)[1]}") == [] for url in offered)


def test_j05_a_crashing_feed_hides_nothing_elsewhere(desk: Desk) -> None:
    desk.sandbox = None
    desk.list_sources("hostile", "press")
    desk.publish(feed(item("start")), source="hostile")
    desk.publish(feed(item("start")), feed(offer(1)))
    desk.poll()
    desk.publish(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + entity_chain(30_000).encode(), source="hostile")

    lines = {line.source: line for line in desk.poll(after_s=HOUR_S).lines}

    assert lines["hostile"].is_failure
    assert lines["press"].hits == 1
    assert len(desk.sent()) == 1
    assert desk.one("SELECT count(*) FROM polls WHERE phase = 'decode' AND error = 'dtd-refused'") == 1


def test_g07_a_source_taken_out_and_put_back_keeps_what_it_had(desk: Desk) -> None:
    desk.list_sources("press")
    desk.publish(feed(item(1), etag='"v1"'))
    desk.poll()
    desk.list_sources("other")
    desk.publish(feed(item(2)), source="other")
    desk.poll(after_s=HOUR_S)
    desk.list_sources("press")
    desk.poll(after_s=HOUR_S)

    assert [request.header("If-None-Match") for request in desk.server.asked("/press.xml")] == ["", '"v1"']
    assert desk.one("SELECT count(*) FROM entries") == 2


@pytest.mark.parametrize("pattern", [r"(\w+\s?)+:", "/a+/", "a{2,}", "[ab]+c"])
def test_c14_there_are_no_patterns_that_could_blow_up(pattern: str) -> None:
    with pytest.raises(QueryError):
        parse(Query(pattern), "en")
