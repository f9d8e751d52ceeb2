"""`watcher review`: keys in a pseudo-terminal and, where there is one, in tmux; and the screen by itself."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.core.test_clean import is_harmless
from tests.server import Server
from tests.support.desk import NOW, Desk, feed, item, offer
from tests.support.terminal import Terminal
from watcher.app.review import Question, Review, wanted
from watcher.bootstrap.verdicts import build_review, build_verdicts
from watcher.cli import main
from watcher.core.errors import UsageProblem
from watcher.core.render import Style, width
from watcher.core.verdict import Decision, Wish, standing_of
from watcher.core.views import HitFilter

HOSTILE = "Ministry offers pact &#27;[2J&#8238; now"
LONG = "The ministry offers a pact. " + "It rained on the harbour and nobody came. " * 200


@pytest.fixture
def desk(tmp_path, word_cache, monkeypatch):
    """Hits 1 to 4: the first two are one story, the third is hostile, the fourth long."""
    with Server() as server:
        desk = Desk(tmp_path, server)
        desk.list_sources("press")
        desk.publish(feed(offer(1), offer(2), item(3, HOSTILE), item(4, "Ministry offers pact at length", LONG)))
        desk.poll()
    database = sqlite3.connect(desk.database)
    database.executescript(
        "DELETE FROM story_members; DELETE FROM stories;"
        "INSERT INTO stories (id, lead_id, first_at, last_at, entries, outlets, origins) VALUES (9, 1, 1, 1, 2, 2, 1);"
        "INSERT INTO story_members (entry_id, story_id, way, outlet, origin, origin_why, standing)"
        " VALUES (1, 9, 'first', 'o', 'o', '', 'report'), (2, 9, 'join', 'p', 'o', '', 'report');"
    )
    database.close()
    monkeypatch.setenv("WATCHER_CACHE", str(word_cache))
    monkeypatch.setenv("WATCHER_DATABASE", str(desk.database))
    monkeypatch.setenv("WATCHER_ANALYST", "ann")
    return desk


@pytest.fixture
def review(desk):
    with build_review(str(desk.database)) as (queries, store):
        yield Review(queries, store, queries.open_hits(HitFilter()), "ann", lambda: NOW)


def states(desk: Desk) -> dict[int, str]:
    return dict(desk.rows("SELECT hit_id, to_state FROM verdicts ORDER BY id"))


def shown(review: Review, *, rows: int = 40, columns: int = 100) -> str:
    return "\n".join(review.screen(Style(width=columns), rows))


def go_to(review: Review, hit: int) -> None:
    review.at = [one.hit_id for one in review.queue].index(hit)


def test_a_hit_is_shown_with_its_words_its_story_and_the_keys(review):
    go_to(review, 1)
    text = shown(review)

    assert "of 4 hits to decide" in text
    assert "2 of this story" in text
    assert "[offers]" in text
    assert "story 9: 2 entries" in text
    assert "c confirm  d dismiss" in text.splitlines()[-1]


def test_stories_stand_together(review):
    order = [one.hit_id for one in review.queue]

    assert abs(order.index(1) - order.index(2)) == 1


def test_deciding_goes_on_and_undo_comes_back(review, desk):
    first, second = (one.hit_id for one in review.queue[:2])
    review.key("c")
    assert (review.hit, states(desk)) == (second, {first: "confirmed"})
    review.key("u")
    assert (review.hit, states(desk)) == (first, {first: "new"})


def test_a_reason_is_asked_for_and_an_empty_one_decides_nothing(review, desk):
    question = review.key("d")
    assert question == Question("why is it none?", Decision.DISMISS)
    review.answer(question, "  ")
    assert (review.message, states(desk)) == ("nothing was written", {})

    review.answer(question, "of 1939")
    assert list(states(desk).values()) == ["dismissed"]


def test_a_story_is_decided_at_once_and_taken_back_at_once(review, desk):
    go_to(review, 1)
    review.answer(review.key("D"), "old")
    assert states(desk) == {1: "dismissed", 2: "dismissed"}
    assert review.decided == {1: "dismissed", 2: "dismissed"}
    review.key("u")
    assert (states(desk), review.decided) == ({1: "new", 2: "new"}, {})


@pytest.mark.parametrize(
    ("key", "state"),
    [("r", "corroborated"), ("e", "escalated"), ("w", "under review"), ("C", "confirmed"), ("E", "escalated")],
)
def test_keys_that_decide(review, desk, key, state):
    hit = review.hit
    review.key(key)

    assert states(desk)[hit] == state


def test_notes_and_grades_stay_on_the_hit(review):
    hit = review.hit
    review.answer(review.key("n"), "asked")
    review.answer(review.key("g"), "b2")

    assert review.hit == hit
    assert f"hit {hit}: new, graded B2" in shown(review)
    assert "asked" in shown(review)


@pytest.mark.parametrize(
    ("key", "text", "why"),
    [
        ("g", "Z9", "'Z9' is no grade"),
        ("x", "soon", "'soon' is no number"),
        ("x", "99", "no hit 99"),
        ("n", "x" * 2001, "2,000 characters at most"),
        ("d", "a\x1b[2J", "U+001B"),
    ],
)
def test_wrong_answers_are_said_and_nothing_is_written(review, desk, key, text, why):
    review.answer(review.key(key), text)

    assert why in review.message
    assert states(desk) == {}


def test_a_duplicate_names_the_hit_that_is_kept(review, desk):
    go_to(review, 3)
    review.answer(review.key("x"), "1")

    assert states(desk) == {3: "duplicate"}


def test_what_somebody_decided_meanwhile_is_said_and_shown(review, desk):
    hit = review.hit
    shown(review)
    with build_verdicts(str(desk.database)) as store:
        store.decide(Wish(Decision.DISMISS, "bob", NOW, note="no"), [hit])
    review.key("c")

    assert f"hit {hit} was decided since you looked: dismissed by bob (no)" in review.message
    assert f"hit {hit}: dismissed by bob (no)" in shown(review)
    assert states(desk) == {hit: "dismissed"}


def test_moving(review):
    review.key("k")
    assert review.message == "this is the first one"
    for _ in range(3):
        review.key("\x1b[B")
    review.key("s")
    assert review.message.startswith("this is the last one")
    review.key("z")
    assert review.message.startswith("no such key")
    review.key("c")
    assert review.message.endswith("that was the last one: q ends")
    review.key("?")
    assert "the whole story" in shown(review)
    review.key("q")
    assert review.is_over


def test_undo_without_a_decision_says_so(review):
    review.key("u")

    assert "nothing to take back" in review.message


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (10, 60), (50, 140)])
def test_a_screen_fits_and_nothing_hostile_is_in_it(review, rows, columns):
    for one in review.queue:
        go_to(review, one.hit_id)
        for key in ("", "o", " ", "b"):
            if key:
                review.key(key)
            lines = review.screen(Style(width=columns), rows)
            assert len(lines) <= max(rows - 1, 10)
            assert all(width(line) <= columns for line in lines)
            assert all(map(is_harmless, lines))
        review.key("o")


def test_the_whole_text_is_shown_in_parts(review):
    go_to(review, 4)
    review.key("o")
    first = shown(review, rows=20)
    review.key(" ")
    second = shown(review, rows=20)

    assert "[offers]" in first
    assert "space goes down" in first
    assert first != second


def test_narrowing(desk):
    with build_review(str(desk.database)) as (queries, _):

        def chosen(**more):
            asked = {"watchlist": None, "since": None, "signal": None, "min_score": None, **more}
            return len(queries.open_hits(wanted(queries, **asked)))

        assert chosen() == chosen(since="1h", min_score=1.0, signal="offer", watchlist="desk") == 4
        assert chosen(signal="draft") == chosen(min_score=100.0) == chosen(since="2030-01-01") == 0
        with pytest.raises(UsageProblem, match=r"it holds desk|no watchlist 'no'"):
            chosen(watchlist="no")


def test_without_a_terminal_it_says_what_to_use(desk, capsys):
    assert main(["review"]) == 2
    err = capsys.readouterr().err
    assert "needs a terminal" in err
    assert "watcher report --format jsonl" in err


# --- in terminals -------------------------------------------------------------------------------------------------


def test_in_a_terminal(desk):
    with Terminal(["review"], {}) as screen:
        first = screen.wait("q quit")
        assert "\x1b[1;7moffers\x1b[0m" in first
        screen.press("d")
        screen.wait("why is it none?")
        screen.press("of 1939\r")
        screen.wait("new -> dismissed")
        screen.press("c")
        screen.wait("new -> confirmed")
        screen.press("n")
        screen.wait("note:")
        screen.press("\x03")
        screen.wait("nothing was written")
        screen.resize(12, 60)
        screen.wait("q quit")
        screen.press("q")
        screen.wait("2 of 4 decided")
        assert screen.end() == 0
    assert sorted(states(desk).values()) == ["confirmed", "dismissed"]

    with Terminal(["review"], {"NO_COLOR": "1"}) as screen:
        again = screen.wait("q quit")
        assert "1 of 2 hits to decide" in again
        assert "[offers]" in again
        assert not re.search(r"\x1b\[[0-9;]*m", again)
        screen.press("\x03")
        assert screen.end() == 0


def test_with_nothing_left_it_says_so(desk):
    with build_verdicts(str(desk.database)) as store:
        store.decide(Wish(Decision.CONFIRM, "ann", NOW), [1, 2, 3, 4])
        assert standing_of(store.history([1])[1]).state == "confirmed"
    with Terminal(["review"], {}) as screen:
        screen.wait("nothing to decide")
        assert screen.end() == 0


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux on this machine: the review is shown in a pty only")
def test_in_tmux(desk, tmp_path):
    """What a person really sees: a terminal that interprets what we write."""
    socket = str(tmp_path / "tmux")

    def tmux(*arguments: str) -> str:
        done = subprocess.run(["tmux", "-S", socket, "-f", "/dev/null", *arguments], capture_output=True, check=True)
        return done.stdout.decode()

    def screen_with(text: str) -> str:
        end = time.monotonic() + 60
        while text not in (seen := tmux("capture-pane", "-p", "-t", "r")):
            assert time.monotonic() < end, seen
        return seen

    command = [sys.executable, "-m", "watcher", "review"]
    env = [f"-e{name}={os.environ[name]}" for name in ("WATCHER_DATABASE", "WATCHER_CACHE", "WATCHER_ANALYST")]
    utf8 = "-eLC_ALL=C.UTF-8"
    tmux("new-session", "-d", "-s", "r", "-x", "90", "-y", "28", *env, utf8, "--", *command)
    try:
        assert "of 4 hits to decide" in screen_with("q quit")
        for _ in range(3):
            tmux("send-keys", "-t", "r", "j")
        screen_with("4 of 4 hits")
        tmux("resize-window", "-t", "r", "-x", "62", "-y", "20")
        tmux("send-keys", "-t", "r", "e")
        screen_with("new -> escalated")
        assert list(states(desk).values()) == ["escalated"]
    finally:
        tmux("kill-server")
