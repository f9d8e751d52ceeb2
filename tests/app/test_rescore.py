"""A rescore tells gained, lost and changed hits before it writes them, keeps what hangs on a hit, and alerts nobody."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from tests.support.desk import feed, item, offer
from watcher.app import rescore
from watcher.app.rescore import Question, Scoring, Summary, apply, diff, kind_of
from watcher.bootstrap import load_watchlists
from watcher.bootstrap.rescore import build_rescore
from watcher.cli.rescore import command
from watcher.core.errors import AlreadyRunningError, UsageProblem
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
    monkeypatch.setattr(rescore, "BATCH", 2)
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
def test_processes_find_what_one_finds(polled, monkeypatch):
    monkeypatch.setattr(rescore, "BATCH", 2)
    monkeypatch.setattr(rescore, "FEW", 0)
    edit(polled, '"offers" near', '"offer" near')
    (loaded,) = load_watchlists(polled.settings)
    with build_rescore(polled.settings, loaded, writes=False) as one:
        alone = list(diff(one.stored, loaded.compiled, Question(), Summary()))
        many = list(diff(one.stored, loaded.compiled, Question(workers=2), Summary()))

    assert alone == many
    assert len(alone) == 3


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
