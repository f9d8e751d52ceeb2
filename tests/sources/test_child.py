"""What a child does with a task, with a real watchlist: matching included, in this process and through the sandbox."""

from __future__ import annotations

import json
import pickle
import socket
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from tests.core.watchlist_samples import compiled
from tests.sources.helpers import claim, fetched, item, parse, rss, run, sandboxed
from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.match import find_evidence
from watcher.core.model import Entry, Evidence
from watcher.core.wire import parsed_feed_from_json, parsed_feed_to_json
from watcher.sources import child, confine, frames
from watcher.sources.registry import RawFeed
from watcher.sources.verify import Verifier

HIT = "<item><guid>g1</guid><title>Russia sends a draft treaty</title><description>Moscow waits.</description></item>"
MISS = item(2)


@pytest.fixture(scope="module")
def watchlist() -> bytes:
    return pickle.dumps(compiled())


def answer(body: str, watchlists: Sequence[Any] = (), **changed: Any) -> bytes:
    task = frames.pack_task(claim(**changed), fetched(body))
    return child.answer_task(task[frames.LENGTH.size :], watchlists, Limits())


def test_evidence_comes_with_the_entry_and_only_where_something_was_found(watchlist: bytes) -> None:
    feed = run(sandboxed(rss(HIT, MISS), watchlists=[watchlist]))
    hit, miss = feed.entries
    assert not miss.evidence
    (evidence,) = hit.evidence.values()
    assert [signal.signal for signal in evidence.signals] == ["draft-text"]
    here = find_evidence(pickle.loads(watchlist), hit.entry.title, hit.entry.text, hit.entry.language, limits=Limits())
    assert evidence == here


def test_a_child_without_watchlists_matches_nothing() -> None:
    feed = parsed_feed_from_json(answer(rss(HIT))[1:])
    assert not feed.entries[0].evidence


def lying(watchlist: bytes) -> dict[str, Evidence]:
    """Evidence that does not belong to the text it comes with."""
    truth = find_evidence(
        pickle.loads(watchlist), "Russia sends a draft treaty", "Moscow waits.", "en", limits=Limits()
    )
    assert truth is not None
    (signal,) = truth.signals
    (firing,) = signal.firings
    outside = replace(firing.matches[0], start=5000, end=5005)
    return {
        "another text": replace(truth, text_digest=b"0" * 32),
        "another revision": replace(truth, revision="0" * 64),
        "unknown signal": replace(truth, signals=(replace(signal, signal="made-up"),)),
        "unknown rule": replace(truth, signals=(replace(signal, firings=(replace(firing, rule="made-up"),)),)),
        "span outside": replace(truth, signals=(replace(signal, firings=(replace(firing, matches=(outside,)),)),)),
    }


@pytest.mark.parametrize("name", ["another text", "another revision", "unknown signal", "unknown rule", "span outside"])
def test_lying_evidence_is_refused(watchlist: bytes, name: str) -> None:
    verifier = Verifier(Limits(), lambda: [pickle.loads(watchlist)])
    feed = parsed_feed_from_json(answer(rss(HIT), [pickle.loads(watchlist)])[1:])
    assert verifier.feed(b"F" + parsed_feed_to_json(feed)) == feed
    (entry,) = feed.entries
    (key,) = entry.evidence
    false = replace(feed, entries=(replace(entry, evidence={key: lying(watchlist)[name]}),))
    with pytest.raises(ValueError, match=r".+"):
        verifier.feed(b"F" + parsed_feed_to_json(false))


class Broken:
    """Not a watchlist at all."""

    id = "broken"


def test_a_matcher_that_raises_is_an_error_of_its_phase() -> None:
    got = answer(rss(HIT), [Broken()])
    assert json.loads(got[1:])[:2] == ["match", "matcher-raised"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [(RecursionError(), "too-deep"), (ZeroDivisionError(), "parser-raised"), (SourceError("parse", "x", "y"), "x")],
)
def test_whatever_a_kind_raises_is_an_answer(monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str) -> None:
    class Raising:
        @staticmethod
        def parse(request: object) -> RawFeed:
            raise error

    monkeypatch.setattr(child, "kind", lambda name: Raising)
    assert json.loads(answer("x")[1:])[1] == kind


def test_want_of_memory_ends_the_childs_life_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> bytes:
        raise MemoryError

    for name in ("start_clock", "stop_clock"):
        monkeypatch.setattr(child, name, lambda *_: None)
    monkeypatch.setattr(child, "answer_task", no_memory)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(frames.pack_task(claim(), fetched("x")))
        ours.shutdown(socket.SHUT_WR)
        child.serve(theirs, (), Limits())
        reader = frames.Reader(ours)
        assert reader.frame() == child.READY
        assert json.loads((reader.frame() or b"")[1:])[:2] == ["parse", "memory"]


def test_frames_end_with_their_socket() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"\0\0\0\x05ab")
        ours.shutdown(socket.SHUT_WR)
        reader = frames.Reader(theirs)
        assert reader.frame() is None
        assert not reader.has_frame()


def test_configuration_survives_its_way() -> None:
    config = frames.ServerConfig(Limits(tags=7), (b"one", b""))
    assert frames.ServerConfig.unpack(config.pack()) == config


def test_a_task_clock_that_is_stopped_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(confine.resource, "setrlimit", lambda _, value: set_to.append(value))
    confine.start_clock(1000.0)
    confine.stop_clock()
    ((soft, _),) = set_to
    assert soft > 1000


def test_entries_are_equal_with_and_without_the_sandbox() -> None:
    body = rss(*(item(n, extra="<category>a</category>") for n in range(20)))
    through = tuple(parsed.entry for parsed in run(sandboxed(body)).entries)
    here: tuple[Entry, ...] = parse(body, language="en").entries
    assert through == here
