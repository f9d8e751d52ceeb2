"""Fits the number of polls under way to the files that the system lets us open. Must not: open one."""

from __future__ import annotations

import logging
import resource

from msgspec.structs import replace

from watcher.core.errors import UsageProblem
from watcher.core.limits import Limits

log = logging.getLogger("watcher.daemon")

# Database, lock, sandbox, event loop and standard streams; measured at 30, with room.
OWN = 44
# A socket, and another while its name is looked up.
PER_POLL = 2
LEAST_POLLS = 4


def fit_files(limits: Limits) -> Limits:
    """The limits with fewer polls under way where files are scarce; the soft limit is raised first where it may be.

    Raises:
        UsageProblem: so few that nothing could be polled.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OWN + PER_POLL * limits.in_flight
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return limits
    if hard == resource.RLIM_INFINITY or hard > soft:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    polls = (soft - OWN) // PER_POLL
    if polls < LEAST_POLLS:
        raise UsageProblem(
            f"only {soft} files may be open, and {OWN + PER_POLL * LEAST_POLLS} are needed",
            hint="raise the limit: ulimit -n 512, or LimitNOFILE=512 in the service",
        )
    if polls < limits.in_flight:
        log.warning("event=few-files only %d files may be open: at most %d polls at a time", soft, polls)
        return replace(limits, in_flight=polls)
    return limits
