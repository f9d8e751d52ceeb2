"""What a person set: options, environment, defaults. Must not: open, build or read more than a folder's names."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from msgspec import Struct, field

from watcher import __version__
from watcher.core.errors import UsageProblem
from watcher.core.limits import Limits

DEFAULT_DATABASE = "db/watcher.sqlite3"
DEFAULT_WATCHLIST = "config/watchlist.yaml"


def default_user_agent(contact: str = "") -> str:
    """How we introduce ourselves: name, version, where we can be reached (nothing is made up), what we do."""
    about = f"+{contact}; " if contact else ""
    return f"watcher/{__version__} ({about}feed fetcher)"


def check_contact(contact: str) -> str:
    """An address of a page or a mailbox that may stand in a header.

    Raises:
        UsageProblem: it is none.
    """
    is_page = contact.startswith(("https://", "http://")) and len(contact) > len("https://")
    name, _, host = contact.removeprefix("mailto:").partition("@")
    is_plain = contact.isascii() and contact.isprintable() and not set(contact) & set(' ();<>\\"')
    if contact and not (is_plain and (is_page or (name and "." in host))):
        raise UsageProblem(
            f"WATCHER_CONTACT must be a web address or a mail address, not {contact!r}",
            hint="publishers who see a fault of ours look there: for instance https://example.org/about-our-watcher",
        )
    return contact


class Settings(Struct, frozen=True):
    """What a person can set. Order: flags, then environment (``WATCHER_*``), then these defaults.

    ``database`` is a path or any SQLAlchemy URL. ``watchlists`` are files; a folder stands for the watchlists in it.
    ``keep_days``: the daemon prunes what is older and free; None: it prunes nothing.
    """

    database: str = DEFAULT_DATABASE
    watchlists: tuple[Path, ...] = ()
    alerts: Path | None = None
    cache_dir: Path | None = None
    workers: int = 2
    keep_days: int | None = None
    contact: str = ""
    user_agent: str = field(default_factory=default_user_agent)
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def read(
        cls,
        *,
        database: str | None = None,
        watchlists: Sequence[str | Path] = (),
        alerts: str | Path | None = None,
        workers: int | None = None,
        keep_days: int | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Settings from flags and environment.

        Raises:
            UsageProblem: a setting that cannot be.
        """
        env = os.environ if environ is None else environ
        alerts = alerts or env.get("WATCHER_ALERTS")
        contact = check_contact(env.get("WATCHER_CONTACT", "").strip())
        return cls(
            database=database or env.get("WATCHER_DATABASE") or DEFAULT_DATABASE,
            watchlists=watchlist_paths(watchlists or _split(env.get("WATCHER_WATCHLIST", ""))),
            alerts=Path(alerts) if alerts else None,
            cache_dir=cache_dir(env),
            workers=workers or _number(env, "WATCHER_WORKERS", 2),
            keep_days=keep_days,
            contact=contact,
            user_agent=env.get("WATCHER_USER_AGENT") or default_user_agent(contact),
        )


def _split(paths: str) -> tuple[str, ...]:
    return tuple(part for part in paths.split(os.pathsep) if part)


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise UsageProblem(f"{name} must be a whole number from 1 to 64, not {text!r}")
    return int(text)


def cache_dir(env: Mapping[str, str]) -> Path | None:
    """Where word forms and compiled watchlists are cached: ``WATCHER_CACHE``, the user's cache folder, or nowhere."""
    if "WATCHER_CACHE" in env:
        return Path(env["WATCHER_CACHE"]) if env["WATCHER_CACHE"] else None
    if env.get("XDG_CACHE_HOME"):
        return Path(env["XDG_CACHE_HOME"]) / "watcher"
    return Path(env["HOME"]) / ".cache" / "watcher" if env.get("HOME") else None


def watchlist_paths(given: Sequence[str | Path]) -> tuple[Path, ...]:
    """The watchlist files meant: as given (a folder: its ``*.yaml`` that are no tests), or the default one.

    Raises:
        UsageProblem: a file or folder that is not there, or a folder without a watchlist.
    """
    if not given:
        return (default_watchlist(),)
    found: list[Path] = []
    for item in map(Path, given):
        found.extend(_in_folder(item) if item.is_dir() else (_existing(item),))
    return tuple(dict.fromkeys(found))


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise UsageProblem(f"watchlist {path} is not a file", hint="name a YAML file or a folder that holds some")
    return path


def _in_folder(folder: Path) -> tuple[Path, ...]:
    names = sorted(p for p in folder.glob("*.yaml") if p.is_file() and not p.name.endswith(".test.yaml"))
    if not names:
        raise UsageProblem(f"folder {folder} holds no watchlist", hint="a watchlist is a file that ends in .yaml")
    return tuple(names)


def default_watchlist() -> Path:
    """``config/watchlist.yaml`` here, else the one that came with the package.

    Raises:
        UsageProblem: neither is there.
    """
    packaged = Path(__file__).parent.parent / "_config" / "watchlist.yaml"
    source_tree = Path(__file__).parents[2] / DEFAULT_WATCHLIST
    for path in (Path(DEFAULT_WATCHLIST), packaged, source_tree):
        if path.is_file():
            return path
    raise UsageProblem("no watchlist found", hint="name one with --watchlist FILE or WATCHER_WATCHLIST")


def owner_name() -> str:
    """Whose leases these are: unique per process start, so that a new process never takes over an old one's."""
    import secrets
    import socket

    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
