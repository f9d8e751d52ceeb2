"""Secrets in addresses: sent to the publisher, and nowhere else."""

from __future__ import annotations

import traceback

import pytest

from tests.server import Server, redirect, reply
from tests.sources.helpers import claim, fetcher, run
from watcher.core.errors import SourceError
from watcher.core.model import Fetched

CANARY = "canary-4711"


async def _fetch(url: str, secrets: dict[str, str]) -> Fetched:
    async with fetcher(secrets=secrets) as http:
        return await http.fetch(claim(url))


def fetch(url, secrets):
    return run(_fetch(url, secrets))


def test_g09_a_secret_is_sent_and_never_comes_back():
    with Server() as server:
        server.on(f"/{CANARY}/feed", redirect(f"/{CANARY}/other"))
        server.on(f"/{CANARY}/other", reply(b"<rss/>"))
        fetched = fetch(f"http://127.0.0.1:{server.port}/${{KEY}}/feed", {"KEY": CANARY})

        assert [request.path for request in server.requests] == [f"/{CANARY}/feed", f"/{CANARY}/other"]
    assert fetched.body == b"<rss/>"
    assert CANARY not in repr(fetched)
    assert "${KEY}" in fetched.url
    assert len(fetched.hops) == 1


@pytest.mark.parametrize("where", ["/${KEY}/feed", "/feed?key=${KEY}"])
def test_g09_an_error_does_not_tell_the_secret(where):
    with Server() as server, pytest.raises(SourceError) as caught:
        fetch(f"http://127.0.0.1:{server.port}{where}", {"KEY": CANARY})

    told = "".join(traceback.format_exception(caught.value)) + str(caught.value) + caught.value.detail
    assert caught.value.status == 404
    assert CANARY not in told


def test_g09_an_address_that_is_refused_does_not_tell_the_secret():
    with pytest.raises(SourceError) as caught:
        fetch("http://${KEY}.invalid\\x/", {"KEY": CANARY})

    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_g11_a_secret_that_is_not_set_is_named():
    with pytest.raises(SourceError, match="secret-missing: environment variable KEY is not set"):
        fetch("http://127.0.0.1/feed?key=${KEY}", {})
