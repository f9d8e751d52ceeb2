"""Runs cases in children that may die, counts what came of them, and spends a given amount of processor time."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHUNK = 400
STALL_S = 5.0
MEMORY = 2 << 30
"""Addresses that a case may take beside what its process has already (libraries of other tests reserve many)."""


class Stalled(BaseException):
    """A case used more processor time than a case may. Not an Exception, so that nothing on the way swallows it."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads untrusted text. ``run`` gets a random state; what it raises must be in ``declared``.

    ``is_fenced``: the sandbox kills it when it stalls or crashes, so both are counted here and are no failure.
    """

    name: str
    share: float
    run: Callable[[random.Random], object]
    declared: tuple[type[BaseException], ...]
    is_fenced: bool = False


@dataclass(slots=True)
class Tally:
    """What came of the cases of a target."""

    cases: int = 0
    fine: int = 0
    refused: int = 0
    stalled: list[int] = field(default_factory=list)
    crashed: list[int] = field(default_factory=list)
    failures: list[tuple[int, str]] = field(default_factory=list)
    cpu_s: float = 0.0

    def is_good(self, target: Target) -> bool:
        return not self.failures and (target.is_fenced or not (self.stalled or self.crashed))


def _addresses() -> int:
    """Bytes of address space that this process has now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def fuzz(target: Target, seconds: float, seed: int) -> Tally:
    """Cases 0, 1, 2 … of this seed until the processor time is spent or ten failed."""
    tally, number = Tally(), 0
    while tally.cpu_s < seconds and len(tally.failures) < 10:
        number = _chunk(target, seed, number, seconds - tally.cpu_s, tally)
    return tally


def case(target: Target, seed: int, number: int) -> str:
    """Run one case here; returns ``fine``, ``refused``, ``stalled``, or the traceback of what was not declared."""
    signal.signal(signal.SIGPROF, _stall)
    signal.setitimer(signal.ITIMER_PROF, STALL_S)
    try:
        target.run(random.Random(f"{target.name} {seed} {number}"))
    except target.declared:
        return "refused"
    except Stalled:
        return "stalled"
    except BaseException:
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "fine"


def _stall(*_: object) -> None:
    raise Stalled


def _chunk(target: Target, seed: int, first: int, seconds: float, tally: Tally) -> int:
    """Run cases in one child; returns the number of the next case."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        _child(target, seed, first, seconds, sink)
    os.close(sink)
    told = _read_all(source)
    _, status, usage = os.wait4(child, 0)
    tally.cpu_s += usage.ru_utime + usage.ru_stime
    return _count(told, first, status, tally)


def _child(target: Target, seed: int, first: int, seconds: float, sink: int) -> None:
    limit = MEMORY + _addresses()
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in range(first, first + CHUNK):
        os.write(sink, json.dumps([number, case(target, seed, number)]).encode() + b"\n")
        if sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) > seconds:
            break
    os._exit(0)


def _read_all(source: int) -> list[tuple[int, str]]:
    with os.fdopen(source, "rb") as stream:
        return [tuple(json.loads(line)) for line in stream]


def _count(told: list[Any], first: int, status: int, tally: Tally) -> int:
    for number, outcome in told:
        tally.cases += 1
        if outcome == "fine":
            tally.fine += 1
        elif outcome == "refused":
            tally.refused += 1
        elif outcome == "stalled":
            tally.stalled.append(number)
        else:
            tally.failures.append((number, outcome))
    following = told[-1][0] + 1 if told else first
    if status != 0:
        tally.cases += 1
        tally.crashed.append(following)
        following += 1
    return following
