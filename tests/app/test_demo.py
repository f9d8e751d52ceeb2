"""The demo's waiting: a daemon that ends or a source that is never polled is told, not waited for."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from tests.app.samples import source
from watcher.app import demo
from watcher.core.errors import UsageProblem, WatcherError


class Process:
    def __init__(self, returncode=None):
        self.returncode = returncode

    def poll(self):
        return self.returncode


class Rows:
    def __init__(self, rows):
        self.rows = rows

    def sources(self, watchlist=None):
        del watchlist
        return self.rows


def opener(rows):
    @contextmanager
    def open_queries(database):
        del database
        if isinstance(rows, Exception):
            raise rows
        yield Rows(rows)

    return open_queries


@pytest.fixture
def place(tmp_path):
    (tmp_path / demo.DATABASE_NAME).touch()
    return demo.Demo(tmp_path, tmp_path / demo.DATABASE_NAME, tmp_path / "watchlist.yaml")


def wait(place, process, rows, wait_s=0.0):
    demo._wait_for_polls(place, process, opener(rows), wait_s)


def test_a_daemon_that_ended_is_told_with_its_code(place):
    with pytest.raises(WatcherError, match="ended by itself with code 3"):
        wait(place, Process(3), [], wait_s=5)


def test_sources_that_wait_too_long_are_named(place):
    rows = [source("a"), source("b", last_poll_at=None), source("c", last_poll_at=None, health="blind by construction")]

    assert demo._not_polled(place, opener(rows)) == "b"
    with pytest.raises(WatcherError, match="not polled within 0 s"):
        wait(place, Process(), rows)


def test_all_polled_ends_the_wait(place):
    wait(place, Process(), [source("a")], wait_s=5)


def test_a_database_in_the_making_is_waited_for(place, tmp_path):
    absent = demo.Demo(tmp_path, tmp_path / "none", tmp_path / "watchlist.yaml")

    assert demo._not_polled(place, opener(WatcherError("no schema yet"))) == "all"
    assert demo._not_polled(place, opener([])) == "all"
    assert demo._not_polled(absent, opener([])) == "all"


def test_a_folder_in_use_is_refused(place):
    with pytest.raises(UsageProblem):
        demo.run_demo(place.folder, place.watchlist, opener([]))
