"""A rescore tells gained, lost and changed hits before it writes them, keeps what hangs on a hit, and alerts nobody."""

from __future__ import annotations

import json
import os
from collections import Counter, deque
from concurrent.futures import Future

import pytest
from click.testing import CliRunner

from tests.support.desk import feed, item, offer
from watcher.app import rescore, rescore_parts
from watcher.app.rescore import Question, Summary, apply, diff
from watcher.app.rescore_parts import Done, Others, Part, Scoring, Work, in_order, in_processes, kind_of
from watcher.bootstrap.reading import load_watchlists
from watcher.bootstrap.rescore import build_rescore
from watcher.cli.rescore import command
from watcher.core.errors import AlreadyRunningError, StorageError, UsageProblem, WatcherError
from watcher.core.model import Assessment, StoredHit
from watcher.storage.lock import WriterLock

DRAFT = "Minister holds draft pact"


@pytest.fixture
def polled(desk):
    """Three offers and a draft are stored; the watchlist had no rule for the draft's words."""
    desk.publish(feed(item(8, "Rain")), feed(*[offer(n) for n in range(3)], item(7, DRAFT), item(8, "Rain")))
    desk.watchlist.write_text(desk.watchlist.read_text().replace('"draft" near', '"nothing" near'))
    desk.poll()
    desk.poll(after_s=7200)
    assert desk.one("SELECT count(*) FROM hits") == 3
    return desk


def edit(desk, old, new):
    text = desk.watchlist.read_text()
    assert old in text
    desk.watchlist.write_text(text.replace(old, new))


def run(desk, *arguments):
    # The cache stays out: edits within one tick of the clock are told by digests, not by times.
    return CliRunner().invoke(
        command, ["--watchlist", str(desk.watchlist), "--database", str(desk.database), "--format", "jsonl", *arguments]
    )


def changes(desk, *arguments):
    result = run(desk, *arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def kinds(found):
    return Counter((change["kind"], change["signal"]) for change in found)


def test_nothing_changes_under_the_same_watchlist(polled):
    result = run(polled)

    assert result.stdout == ""
    assert result.stderr == (
        "scoring the 0 entries that it can score otherwise; nothing that scores changed\n"
        "0 entries, 0 gained, 0 lost, 0 changed, 0 same; nothing was written\n"
    )
    assert run(polled, "--full").stderr == (
        "scoring all 5 entries; as asked\n5 entries, 0 gained, 0 lost, 0 changed, 3 same; nothing was written\n"
    )


def test_diff_tells_gained_lost_and_changed_and_writes_nothing(polled):
    before = polled.rows("SELECT * FROM hits ORDER BY id"), polled.rows("SELECT * FROM watchlist_revisions")
    edit(polled, '"nothing" near', '"draft" near')
    edit(polled, "weight: 60}", "weight: 90}")
    edit(polled, 'match: \'"offers" near/4 "pact"\'', 'match: \'"offers" near/4 "pact"\', unless: \'"2"\'')

    found = changes(polled)

    assert kinds(found) == {("changed", "offer"): 2, ("lost", "offer"): 1, ("gained", "draft"): 1}
    gained = next(change for change in found if change["kind"] == "gained")
    assert (gained["title"], gained["old_score"], gained["source"]) == (DRAFT, None, "press")
    assert gained["link"] == "https://press.example/7"
    assert gained["why"].startswith("drafts +")
    lost = next(change for change in found if change["kind"] == "lost")
    assert "taken back: offers" in lost["why"]
    assert ", was: offers +" in lost["why"]
    assert (polled.rows("SELECT * FROM hits ORDER BY id"), polled.rows("SELECT * FROM watchlist_revisions")) == before


def test_apply_writes_what_diff_told(polled):
    edit(polled, '"nothing" near', '"draft" near')
    edit(polled, 'match: \'"offers"', 'match: \'"offer"')
    told = changes(polled, "--diff")
    sent = polled.sent()

    done = changes(polled, "--apply")

    assert done == told
    assert kinds(done) == {("lost", "offer"): 3, ("gained", "draft"): 1}
    assert polled.rows("SELECT signal, reached, count(*) FROM hits GROUP BY 1, 2 ORDER BY 1") == [
        ("draft", 1, 1),
        ("offer", 0, 3),
    ]
    assert polled.one("SELECT count(*) FROM assessments WHERE run_id IS NOT NULL") == 4
    assert json.loads(polled.one("SELECT counts FROM runs")) == {
        "entries": 5, "gained": 1, "lost": 3, "changed": 0, "same": 0,
    }  # fmt: skip
    assert polled.one("SELECT count(*) FROM outbox") == len(sent) == 3
    assert changes(polled) == []


def test_a_hit_that_comes_back_is_the_same_hit(polled):
    ids = polled.rows("SELECT id FROM hits ORDER BY id")
    edit(polled, '"offers" near', '"offer" near')
    changes(polled, "--apply")
    edit(polled, '"offer" near', '"offers" near')

    assert kinds(changes(polled, "--apply")) == {("gained", "offer"): 3}
    assert polled.rows("SELECT id FROM hits WHERE reached ORDER BY id") == ids


def test_signal_and_since_choose(polled):
    edit(polled, '"nothing" near', '"draft" near')
    edit(polled, '"offers" near', '"offer" near')

    assert kinds(changes(polled, "--signal", "draft")) == {("gained", "draft"): 1}
    assert changes(polled, "--since", "2100-01-01") == []
    assert kinds(changes(polled, "--signal", "draft", "--apply")) == {("gained", "draft"): 1}
    assert kinds(changes(polled)) == {("lost", "offer"): 3}
    assert isinstance(run(polled, "--signal", "nothing").exception, UsageProblem)


def test_text_is_for_people(polled):
    edit(polled, '"nothing" near', '"draft" near')

    lines = run(polled, "--format", "text").stdout.splitlines()

    assert lines[0].startswith("gained  draft  - → ")
    assert lines[1:3] == [f"        {DRAFT}", "        press  https://press.example/7"]


def test_a_run_that_was_broken_off_goes_on(polled, monkeypatch):
    monkeypatch.setattr(rescore_parts, "BATCH", 2)
    edit(polled, '"offers" near', '"offer" near')
    (loaded,) = load_watchlists(polled.settings)
    with build_rescore(polled.settings, loaded, writes=True) as one:
        broken = apply(one.stored, one.write, loaded.compiled, Question(), Summary(), one.now)
        assert next(broken).kind == "lost"
        broken.close()
    assert polled.rows("SELECT position, finished_at FROM runs") == [(2, None)]

    summary = Summary()
    with build_rescore(polled.settings, loaded, writes=True) as one:
        assert [c.kind for c in apply(one.stored, one.write, loaded.compiled, Question(), summary, one.now)] == [
            "lost",
            "lost",
        ]

    assert summary.entries == 3
    assert polled.one("SELECT count(*) FROM runs WHERE finished_at IS NOT NULL") == 1
    assert polled.one("SELECT count(*) FROM assessments WHERE run_id IS NOT NULL") == 3


@pytest.mark.slow
def test_processes_find_and_write_what_one_finds(polled, monkeypatch):
    monkeypatch.setattr(rescore_parts, "BATCH", 2)
    monkeypatch.setattr(rescore, "FEW", 0)
    edit(polled, '"offers" near', '"offer" near')
    (loaded,) = load_watchlists(polled.settings)
    with build_rescore(polled.settings, loaded, writes=True) as one:
        alone = list(diff(one.stored, loaded.compiled, Question(), Summary()))
        many = list(diff(one.stored, loaded.compiled, Question(workers=2), Summary()))
        chosen = list(diff(one.stored, loaded.compiled, Question(workers=2, ids=range(1, 6)), Summary()))
        summary = Summary()
        written = list(apply(one.stored, one.write, loaded.compiled, Question(workers=3), summary, one.now))

    assert alone == many == chosen == written
    assert len(alone) == 3
    assert summary.counts() == {"entries": 5, "gained": 0, "lost": 3, "changed": 0, "same": 0}
    assert polled.one("SELECT count(*) FROM hits WHERE reached") == 0
    assert changes(polled, "--full") == []


# --- who scores what ------------------------------------------------------------------------------------------------


def done_of(part):
    return Done(1, part.after, (), {}, ())


class Late(Future):
    """A part that is begun elsewhere, and done as soon as somebody waits for it."""

    def __init__(self, part):
        super().__init__()
        self.part = part

    def result(self, timeout=None):
        if not self.done():
            self.set_result(done_of(self.part))
        return super().result(timeout)


class Elsewhere:
    """Other processes, played: they take a part where their turn says so, and at most two."""

    def __init__(self, turns):
        self.turns, self.out, self.given = turns, [], []

    def have_room(self):
        self.out = [one for one in self.out if not one.done()]
        return len(self.out) < 2 and next(self.turns, False)

    def give(self, part):
        self.out.append(Late(part))
        self.given.append(part.after)
        return self.out[-1]


@pytest.mark.parametrize("turns", [(), [True] * 99, [False, True] * 99, [False, False, True, True] * 99], ids=len)
def test_parts_are_done_once_and_told_in_order_whoever_does_them(turns):
    elsewhere, here, begun = Elsewhere(iter(turns)), [], 0

    def parts():
        nonlocal begun
        for number in range(50):
            begun += 1
            yield Part(None, number)

    def work(part):
        here.append(part.after)
        return done_of(part)

    for number, done in enumerate(in_order(parts(), elsewhere, work, 4)):
        assert done.last == number
        assert begun <= number + 5

    assert sorted([*here, *elsewhere.given]) == list(range(50))
    assert (turns == ()) == (elsewhere.given == [])


class Pool:
    """Gives these futures, one after the other."""

    def __init__(self, *futures):
        self.futures = iter(futures)

    def submit(self, *_work):
        return next(self.futures)


def test_what_another_process_met_is_told():
    broken: Future[None] = Future()
    broken.set_exception(StorageError("the disk is gone", hint="look"))

    with pytest.raises(StorageError, match="the disk is gone"):
        list(in_order(iter([Part(None)]), Others(Pool(broken), 1), done_of, 4))


def test_others_take_parts_once_one_is_there_and_no_more_than_they_need():
    late, there = Future(), Future()
    parts = [Future() for _ in range(6)]
    others = Others(Pool(late, there, *parts), 2)

    assert not others.have_room()
    there.set_result(None)
    for part in parts[:5]:
        assert others.have_room()
        assert others.give(Part(None)) is part
    assert not others.have_room()
    parts[2].set_result(done_of(Part(None)))
    assert others.have_room()


def test_empty_parts_are_not_told():
    nobody = Elsewhere(iter(()))
    assert list(in_order(iter([Part(None)]), nobody, lambda _part: Done(0, 0, (), {}, ()), 2)) == []


@pytest.mark.slow
def test_another_process_does_its_share(polled):
    (loaded,) = load_watchlists(polled.settings)
    here = []
    with build_rescore(polled.settings, loaded, writes=False) as one:
        own = Work(one.stored, Scoring(loaded.compiled), keep=True)

        def work(part):
            here.append(part)
            return own(part)

        work.signal, work.keep = own.signal, own.keep
        parts = [Part(None, number % 4, 4) for number in range(3_000)]
        found = list(in_processes(iter(parts), loaded.compiled, one.stored.elsewhere(), work, 2))
        wanted = [own(part) for part in parts[:4]]

    assert found == wanted * 750
    assert 0 < len(here) < len(parts)


def dies():
    os._exit(1)


@pytest.mark.slow
def test_a_process_that_dies_is_said_and_what_was_applied_stays(polled):
    (loaded,) = load_watchlists(polled.settings)
    with build_rescore(polled.settings, loaded, writes=False) as one:
        work = Work(one.stored, Scoring(loaded.compiled))
        parts = (Part(None, 0, 1) for _ in range(10_000))
        with pytest.raises(WatcherError, match="ended from outside"):
            deque(in_processes(parts, loaded.compiled, dies, work, 2), 0)


def fails():
    raise StorageError("it cannot be opened here", hint="open it")


@pytest.mark.slow
def test_a_process_that_cannot_begin_says_why(polled):
    (loaded,) = load_watchlists(polled.settings)
    with build_rescore(polled.settings, loaded, writes=False) as one:
        work = Work(one.stored, Scoring(loaded.compiled))
        parts = (Part(None, 0, 1) for _ in range(10_000))
        with pytest.raises(StorageError, match="cannot be opened here"):
            deque(in_processes(parts, loaded.compiled, fails, work, 2), 0)


def test_apply_is_refused_while_a_daemon_runs(polled):
    with WriterLock(str(polled.database)):
        assert isinstance(run(polled, "--apply").exception, AlreadyRunningError)
        assert run(polled, "--diff").exit_code == 0


def test_there_must_be_a_database_and_one_watchlist(polled, tmp_path):
    missing = CliRunner().invoke(command, ["--watchlist", str(polled.watchlist), "--database", str(tmp_path / "no.db")])
    (polled.folder / "second.yaml").write_text(polled.watchlist.read_text().replace("watchlist: desk", "watchlist: b"))

    assert isinstance(missing.exception, UsageProblem)
    assert isinstance(run(polled, "--watchlist", str(polled.folder)).exception, UsageProblem)


def hit(reached, score=60.0, rung=""):
    return StoredHit(1, 1, "s", score, rung, reached, "r")


def found(reached, score=60.0, rung=""):
    return Assessment("s", score, rung, reached, (), ())


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (None, None, ""),
        (None, found(reached=False), ""),
        (None, found(reached=True), "gained"),
        (hit(reached=False), found(reached=True), "gained"),
        (hit(reached=False), None, ""),
        (hit(reached=True), None, "lost"),
        (hit(reached=True), found(reached=False), "lost"),
        (hit(reached=True), found(reached=True), "same"),
        (hit(reached=True), found(reached=True, score=61), "changed"),
        (hit(reached=True), found(reached=True, rung="x"), "changed"),
    ],
)
def test_kinds_of_change(old, new, kind):
    assert kind_of(old, new) == kind


def test_scoring_no_texts_is_no_work(polled):
    (loaded,) = load_watchlists(polled.settings)

    assert Scoring(loaded.compiled)([]) == []
