"""Tells the service manager that we live, as systemd's ``sd_notify`` does. Must not: decide whether we do."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manager:
    """A service manager that wants to hear from us; ``watchdog_s`` is its patience, or None.

    ``tell`` does nothing where nobody listens.
    """

    tell: Callable[[str], None]
    watchdog_s: float | None = None


def service_manager(environ: Mapping[str, str] | None = None) -> Manager:
    """The manager that the environment names (``NOTIFY_SOCKET``, ``WATCHDOG_USEC``, ``WATCHDOG_PID``)."""
    env = os.environ if environ is None else environ
    path = env.get("NOTIFY_SOCKET", "")
    if not path:
        return Manager(lambda _words: None)
    address = f"\0{path[1:]}" if path.startswith("@") else path

    def tell(words: str) -> None:
        # A manager that went away is no reason to stop.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(words.encode(), address)

    return Manager(tell, _patience_s(env))


def _patience_s(env: Mapping[str, str]) -> float | None:
    patience = env.get("WATCHDOG_USEC", "")
    is_ours = env.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(patience) / 1e6 if is_ours and patience.isdecimal() and int(patience) else None
