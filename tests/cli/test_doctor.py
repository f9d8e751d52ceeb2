"""`watcher doctor` on this machine: every probe runs for real."""

from __future__ import annotations

import json

import pytest

from tests.core.watchlist_samples import files
from watcher.app import doctor_probes
from watcher.app.doctor import Machine, contact
from watcher.bootstrap.settings import Settings
from watcher.cli import main
from watcher.core.errors import UsageProblem
from watcher.storage.migrate import upgrade


@pytest.fixture
def place(tmp_path, monkeypatch, word_cache):
    monkeypatch.setenv("WATCHER_CACHE", str(word_cache))
    tmp_path.chmod(0o700)
    for name, text in files().items():
        (tmp_path / name).write_text(text)
    return tmp_path


def arguments(place, *more):
    return ["doctor", "--database", str(place / "w.sqlite3"), "--watchlist", str(place / "w.yaml"), *more]


def test_a_machine_that_can_run_watcher_has_no_failure(place, capsys):
    upgrade(str(place / "w.sqlite3"))

    assert main(arguments(place, "--format", "json")) == 0

    findings = {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)}
    for name, words in (
        ("word forms", "dictionaries for en, ru, uk, fr, de"),
        ("watchlist", "2 signals, revision"),
        ("database", "is whole"),
        ("sandbox", "read a small feed"),
    ):
        assert findings[name]["state"] == "ok"
        assert words in findings[name]["text"]


def test_no_database_yet_is_fine(tmp_path):
    assert "none yet" in doctor_probes.database_state(str(tmp_path / "w.sqlite3"))


def test_a_bad_watchlist_and_a_damaged_database_fail(place, capsys):
    (place / "w.sqlite3").write_bytes(b"no database")
    (place / "w.yaml").write_text("watchlist: x\n")

    assert main(arguments(place)) == 1

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("fail")] == ["watchlist", "database"]


def test_a_database_with_problems_fails(monkeypatch, place):
    from watcher.core.errors import UsageProblem
    from watcher.storage import migrate

    upgrade(str(place / "w.sqlite3"))
    monkeypatch.setattr(migrate, "check", lambda _: ("a page is damaged",))

    with pytest.raises(UsageProblem, match="a page is damaged"):
        doctor_probes.database_state(str(place / "w.sqlite3"))


def test_missing_word_forms_and_a_child_that_reads_nothing(monkeypatch):
    from watcher.core.errors import UsageProblem
    from watcher.lexicon import expand

    monkeypatch.setattr(expand, "expand", lambda *_, **__: {})
    with pytest.raises(UsageProblem, match="no word forms for en, ru"):
        doctor_probes.word_forms()

    async def nothing():
        return 0

    monkeypatch.setattr(doctor_probes, "_parse_sample", nothing)
    with pytest.raises(UsageProblem, match="read 0 entries"):
        doctor_probes.sandbox_child()


@pytest.mark.parametrize("contact", ["not an address", "https://", "@host", "me@", "https://x.example/ (evil)"])
def test_a_contact_that_is_no_address_is_refused(contact):
    with pytest.raises(UsageProblem, match="WATCHER_CONTACT"):
        Settings.read(watchlists=[], environ={"WATCHER_CONTACT": contact, "WATCHER_WATCHLIST": ""})


@pytest.mark.parametrize("contact", ["https://desk.example/about", "watch@desk.example", "mailto:watch@desk.example"])
def test_a_contact_is_told_with_every_request(contact):
    settings = Settings.read(environ={"WATCHER_CONTACT": contact})
    assert f"(+{contact}; feed fetcher)" in settings.user_agent


def test_without_a_contact_nothing_is_made_up():
    agent = Settings.read(environ={}).user_agent
    assert agent.endswith("(feed fetcher)")
    assert contact(Machine(None, 0.0)).state == "warn"
    assert contact(Machine(None, 0.0, environ={"WATCHER_CONTACT": "me@desk.example"})).state == "ok"
