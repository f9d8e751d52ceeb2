"""The doctor: every check in its good and its bad case, and a check that breaks is a finding too."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys

import pytest

from watcher.app import doctor
from watcher.app.doctor import FAIL, OK, WARN, Machine, examine
from watcher.core.errors import WatcherError

NOW_S = doctor.RELEASED_AT_S + 86_400.0


@pytest.fixture
def machine(tmp_path):
    tmp_path.chmod(0o700)
    return Machine(database_file=tmp_path / "watcher.sqlite3", now_s=NOW_S)


def with_mounts(machine, *lines):
    mounts = machine.database_file.parent / "mounts"
    mounts.write_text("".join(f"{line}\n" for line in lines))
    return Machine(machine.database_file, NOW_S, mounts=mounts)


def test_a_good_machine_has_no_failure(machine):
    findings = list(examine(machine))

    assert [f.name for f in findings] == list(doctor.CHECKS)
    assert not [f for f in findings if f.state == FAIL]
    assert all(f.step for f in findings if f.state != OK)


def test_a_server_needs_no_checks_of_files():
    server = Machine(database_file=None, now_s=NOW_S)

    for check in (doctor.sqlite_version, doctor.file_system, doctor.permissions):
        assert check(server).state == OK


def test_an_old_python_or_sqlite_fails(machine, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 2, "final", 0))
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))

    assert doctor.python_version(machine).state == FAIL
    assert doctor.sqlite_version(machine).state == FAIL


@pytest.mark.parametrize(("code", "state"), [(0, OK), (-11, WARN)])
def test_a_child_that_crashes_on_entities_is_a_warning(machine, monkeypatch, code, state):
    answer = subprocess.CompletedProcess([], code, stdout="expat_2.5.0\n", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)

    found = doctor.xml_parser(machine)

    assert (found.state, found.text.split()[:2]) == (state, ["expat", "2.5.0"])


def test_no_write_ahead_log_fails(machine, monkeypatch):
    monkeypatch.setattr(doctor, "_journal_mode", lambda _: "delete")

    assert doctor.sqlite_version(machine).state == FAIL


@pytest.mark.parametrize(("kind", "state"), [("ext4", OK), ("nfs4", WARN), ("cifs", WARN)])
def test_a_network_file_system_is_a_warning(machine, kind, state):
    folder = str(machine.database_file.parent).replace(" ", "\\040")

    found = doctor.file_system(with_mounts(machine, "root / ext4 rw 0 0", f"server {folder} {kind} rw 0 0", "broken"))

    assert found.state == state
    assert kind in found.text


def test_an_unknown_file_system_is_no_problem(machine, tmp_path):
    assert "unknown kind" in doctor.file_system(Machine(machine.database_file, NOW_S, mounts=tmp_path / "none")).text


@pytest.mark.parametrize(
    ("now_s", "state"),
    [(0.0, FAIL), (NOW_S, OK), (NOW_S + 40 * 365 * 86_400, WARN)],
)
def test_a_clock_that_cannot_be_right(machine, now_s, state):
    assert doctor.clock(Machine(machine.database_file, now_s)).state == state


def test_permissions_of_folder_and_file(machine):
    folder = machine.database_file.parent
    assert doctor.permissions(machine).state == OK

    machine.database_file.touch(mode=0o644)
    machine.database_file.chmod(0o644)
    assert doctor.permissions(machine).step.startswith("chmod 600")

    folder.chmod(0o777)
    assert doctor.permissions(machine).step.startswith("chmod o-w")
    folder.chmod(0o700)


def test_a_folder_that_is_not_ours(machine, monkeypatch):
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)

    assert doctor.permissions(machine).state == WARN
    assert doctor.sqlite_version(machine).state == OK


@pytest.mark.parametrize(
    ("limits", "state", "words"),
    [
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), OK, "no limit"),
        ((1024, 4096), OK, "1024"),
        ((256, 4096), WARN, "only 256"),
        ((32, 64), FAIL, "only 32"),
    ],
)
def test_open_files(machine, monkeypatch, limits, state, words):
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)

    found = doctor.open_files(machine)

    assert found.state == state
    assert words in found.text
    assert ("ask the administrator" in found.step) == (limits[1] == 64)


def test_unknown_time_zones_are_a_warning(machine, monkeypatch):
    from watcher.app import report

    monkeypatch.setattr(report, "find_zone", lambda name: (None, f"no data for {name}"))

    assert doctor.time_zones(machine).state == WARN


def test_a_check_that_breaks_is_a_finding(machine, monkeypatch):
    def broken(_):
        raise RuntimeError("odd")

    monkeypatch.setattr(doctor, "CHECKS", {"broken": broken})

    (found,) = examine(machine)
    assert (found.state, found.name) == (FAIL, "broken")
    assert "RuntimeError: odd" in found.text


def test_probes_become_findings(machine, monkeypatch):
    def told():
        raise WatcherError("no dictionaries", hint="install them")

    def broken():
        raise OSError("gone")

    monkeypatch.setattr(doctor, "CHECKS", {})
    good, known, unknown = examine(
        machine, [("a", lambda: "fine", "x"), ("b", told, "not this"), ("c", broken, "this")]
    )

    assert (good.state, good.text) == (OK, "fine")
    assert (known.state, known.text, known.step) == (FAIL, "no dictionaries", "install them")
    assert (unknown.state, unknown.text, unknown.step) == (FAIL, "OSError: gone", "this")
