"""Takes from a process what a parser does not need. Must not: parse, or fail where the system cannot confine.

Called in the fork server (once, before any child) and in each child. What the kernel refuses is left out and told, so
that a person can be shown what holds on this machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import resource
import signal
import sys
import time
from pathlib import Path

from watcher.core.limits import Limits

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_OPEN_FILES = 16
_OOM_SCORE = "800"


def confine_server() -> bool:
    """Mark this process as the first to go when memory is short, and take the network away.

    Returns:
        Whether the network is gone.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    return _leave_network()


def confine_child(limits: Limits) -> None:
    """Bound memory, files and sizes for good; time is bounded per task by `start_clock`."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for name, value in (
        (resource.RLIMIT_AS, limits.parse_memory_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(name, (value, value))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)


def start_clock(cpu_s: float) -> None:
    """Give the task that begins now so much CPU time: the timer ends it to the tick, the limit if the timer is gone."""
    soft = math.ceil(time.process_time() + cpu_s) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    signal.setitimer(signal.ITIMER_PROF, cpu_s)


def stop_clock() -> None:
    """The task is done."""
    signal.setitimer(signal.ITIMER_PROF, 0)


def _leave_network() -> bool:
    """A network of our own without an interface: by privilege where we have it, else in a user namespace of our own."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET))


def _prctl(option: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def close_other_files(keep: int) -> int:
    """Close everything but the standard streams and one socket, which becomes number 3."""
    if keep != 3:
        os.dup2(keep, 3)
    os.closerange(4, 1024)
    return 3
