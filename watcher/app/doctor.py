"""Tests this machine and this set-up by what they do, not by what they say of themselves. Must not: repair anything.

Every check gives one finding: ok, warn or fail, and where it is not ok the next step. A check that breaks is a finding
too. What needs an edge (dictionaries, database, sandbox) is handed in as probes by the composition root.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watcher.core.errors import WatcherError

OK, WARN, FAIL = "ok", "warn", "fail"

OLDEST_PYTHON = (3, 11)
OLDEST_SQLITE = (3, 37, 0)
RELEASED_AT_S = 1_764_547_200  # 2025-12-01: no clock is right that is before this program was written
FAR_AHEAD_S = 20 * 365 * 86_400
FILES_WANTED = 512
FILES_NEEDED = 64
ENTITY_DEPTH = 25_000
CHILD_S = 30.0
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "vboxsf", "virtiofs"}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: ``state`` is ok, warn or fail; ``step`` says what to do where it is not ok."""

    name: str
    state: str
    text: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the checks look at. ``now_s`` is the wall clock; ``database_file`` is None for a database server."""

    database_file: Path | None
    now_s: float
    environ: dict[str, str] = field(default_factory=dict)
    mounts: Path = Path("/proc/mounts")


Check = Callable[[Machine], Finding]
Probe = tuple[str, Callable[[], str], str]
"""A check by an edge: its name, what to call (returns what it found, raises where it fails), and the next step."""


def examine(machine: Machine, probes: Sequence[Probe] = ()) -> Iterable[Finding]:
    """Run every check, in order; each finding comes as soon as it is made."""
    for name, check in CHECKS.items():
        yield _guarded(name, check, machine)
    for name, probe, step in probes:
        yield _probed(name, probe, step)


def _guarded(name: str, check: Check, machine: Machine) -> Finding:
    try:
        return check(machine)
    except Exception as error:  # noqa: BLE001  # a check that breaks is what a doctor is for: it becomes a finding
        return Finding(name, FAIL, f"the check itself failed: {type(error).__name__}: {error}", "report this")


def _probed(name: str, probe: Callable[[], str], step: str) -> Finding:
    try:
        return Finding(name, OK, probe())
    except WatcherError as error:
        return Finding(name, FAIL, error.message, error.hint or step)
    except Exception as error:  # noqa: BLE001  # see _guarded
        return Finding(name, FAIL, f"{type(error).__name__}: {error}", step)


# --- the machine --------------------------------------------------------------------------------------------------------


def python_version(machine: Machine) -> Finding:
    """The interpreter is one that watcher is made for."""
    del machine
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Finding("python", FAIL, f"Python {version} is too old", "install Python 3.11 or newer")
    return Finding("python", OK, f"Python {version}")


def xml_parser(machine: Machine) -> Finding:
    """Let a child parse a deep chain of entities: an old expat crashes on it."""
    del machine
    import subprocess

    script = (
        "import sys, pyexpat\n"
        f"names = range({ENTITY_DEPTH})\n"
        "chain = ''.join(f'<!ENTITY e{n + 1} \"&e{n};\">' for n in names)\n"
        f"text = f'<!DOCTYPE r [<!ENTITY e0 \"x\">{{chain}}]><r>&e{ENTITY_DEPTH};</r>'\n"
        "parser = pyexpat.ParserCreate()\n"
        "print(pyexpat.EXPAT_VERSION, flush=True)\n"
        "try:\n    parser.Parse(text, True)\nexcept pyexpat.ExpatError:\n    pass\n"
    )
    command = [sys.executable, "-I", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=CHILD_S, check=False)  # noqa: S603  # our own
    version = done.stdout.strip().replace("_", " ") or "expat"
    if done.returncode:
        return Finding(
            "xml parser",
            WARN,
            f"{version} crashes on a deep chain of entities",
            "install a Python with expat 2.7 or newer; until then feeds like that cost a child of the sandbox, not more",
        )
    return Finding("xml parser", OK, f"{version} survives a deep chain of entities")


def sqlite_version(machine: Machine) -> Finding:
    """SQLite is new enough, and keeps a write-ahead log where the database is to stand."""
    import sqlite3

    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        return Finding(
            "sqlite", FAIL, f"SQLite {sqlite3.sqlite_version} is too old", f"install SQLite {wanted} or newer"
        )
    folder = _existing_folder(machine)
    if folder is None or not os.access(folder, os.W_OK):
        return Finding("sqlite", OK, f"SQLite {sqlite3.sqlite_version}")
    mode = _journal_mode(folder)
    if mode != "wal":
        step = "put the database on a local file system, or use PostgreSQL"
        return Finding("sqlite", FAIL, f"no write-ahead log in {folder} (journal mode {mode})", step)
    return Finding("sqlite", OK, f"SQLite {sqlite3.sqlite_version}, write-ahead log works in {folder}")


def _journal_mode(folder: Path) -> str:
    import sqlite3
    import tempfile

    with tempfile.TemporaryDirectory(prefix=".watcher-doctor-", dir=folder) as scratch:
        connection = sqlite3.connect(Path(scratch) / "probe.sqlite3")
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
            connection.execute("CREATE TABLE probe (n INTEGER)")
            connection.commit()
        finally:
            connection.close()
    return str(mode)


def _existing_folder(machine: Machine) -> Path | None:
    """The folder of the database, or the nearest one above it that is there."""
    if machine.database_file is None:
        return None
    folder = machine.database_file.absolute().parent
    return next((f for f in (folder, *folder.parents) if f.is_dir()), None)


def file_system(machine: Machine) -> Finding:
    """The database stands on a local file system: locks over a network are not to be trusted."""
    folder = _existing_folder(machine)
    if folder is None:
        return Finding("file system", OK, "the database is on a server")
    kind = _mounted_as(folder.resolve(), machine.mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        step = "move the database to a local disk, or use PostgreSQL"
        return Finding("file system", WARN, f"{folder} is on {kind}, where SQLite's locks can fail", step)
    return Finding("file system", OK, f"{folder} is on {kind or 'a file system of unknown kind'}")


def _mounted_as(folder: Path, mounts: Path) -> str:
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in lines:
        _, point, name, *_ = [*line.split(" "), "", "", ""]
        point = point.replace("\\040", " ")
        inside = str(folder) == point or str(folder).startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, name
    return kind


def clock(machine: Machine) -> Finding:
    """The clock can be right."""
    if machine.now_s < RELEASED_AT_S:
        return Finding("clock", FAIL, "the clock is earlier than this program", "set the clock (time synchronisation)")
    if machine.now_s > RELEASED_AT_S + FAR_AHEAD_S:
        return Finding("clock", WARN, "the clock is decades ahead", "set the clock (time synchronisation)")
    return Finding("clock", OK, "the clock can be right")


def permissions(machine: Machine) -> Finding:
    """Others can neither write beside the database nor read it."""
    name = "permissions"
    file, folder = machine.database_file, _existing_folder(machine)
    if file is None or folder is None:
        return Finding(name, OK, "the database is on a server")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(name, WARN, f"{folder} cannot be written by this user", "only reading commands will work here")
    mode = folder.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        return Finding(name, WARN, f"anybody can write in {folder}", f"chmod o-w {folder}")
    if file.exists() and file.stat().st_mode & 0o077:
        return Finding(name, WARN, f"other users can read or write {file}", f"chmod 600 {file}")
    return Finding(name, OK, f"{folder} is ours to write")


def open_files(machine: Machine) -> Finding:
    """Enough files can be open for the sources that are polled side by side."""
    del machine
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= FILES_WANTED:
        return Finding(
            "open files", OK, f"{'no limit' if soft == resource.RLIM_INFINITY else soft} (wanted: {FILES_WANTED})"
        )
    state = WARN if soft >= FILES_NEEDED else FAIL
    room = (
        "" if hard == resource.RLIM_INFINITY or hard >= FILES_WANTED else f" (hard limit {hard}: ask the administrator)"
    )
    return Finding("open files", state, f"only {soft} files may be open", f"ulimit -n {FILES_WANTED}{room}")


def time_zones(machine: Machine) -> Finding:
    """Time zones are known, so that days are days of the watchlist."""
    del machine
    from watcher.app.report import find_zone

    _, note = find_zone("Europe/Brussels")
    return Finding("time zones", WARN, note, "install tzdata") if note else Finding("time zones", OK, "known")


def contact(machine: Machine) -> Finding:
    """Publishers can reach whoever polls them."""
    said = machine.environ.get("WATCHER_CONTACT", "").strip()
    if said:
        return Finding("contact", OK, f"publishers are told {said}")
    return Finding(
        "contact",
        WARN,
        "publishers cannot reach you: nothing says who polls them",
        "set WATCHER_CONTACT to a web or mail address; it is sent with every request",
    )


CHECKS: dict[str, Check] = {
    "python": python_version,
    "xml parser": xml_parser,
    "sqlite": sqlite_version,
    "file system": file_system,
    "clock": clock,
    "permissions": permissions,
    "open files": open_files,
    "time zones": time_zones,
    "contact": contact,
}


# --- laid out -----------------------------------------------------------------------------------------------------------


def finding_record(finding: Finding) -> dict[str, object]:
    """One finding as plain data."""
    return {"check": finding.name, "state": finding.state, "text": finding.text, "next_step": finding.step}
