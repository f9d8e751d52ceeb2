"""Spacing of requests, and lookups that hang."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from tests.sources.helpers import run
from watcher.core.errors import SourceError
from watcher.sources.politeness import HostGates
from watcher.sources.resolver import DeadlineResolver


class Time:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def test_requests_to_a_host_start_an_interval_apart() -> None:
    time = Time()
    starts: list[float] = []

    async def one(gates: HostGates) -> None:
        async with gates.turn("x", interval_s=2.0, per_host=1):
            starts.append(time.now)

    async def work() -> None:
        gates = HostGates(time.monotonic, time.sleep)
        await asyncio.gather(*(one(gates) for _ in range(4)))

    run(work())
    assert starts == [100, 102, 104, 106]


def test_hosts_do_not_wait_for_each_other() -> None:
    time = Time()

    async def work() -> None:
        gates = HostGates(time.monotonic, time.sleep)
        for host in "abc":
            async with gates.turn(host, interval_s=5.0, per_host=1):
                pass

    run(work())
    assert not time.slept


def test_no_more_than_so_many_at_a_time() -> None:
    async def work() -> int:
        gates = HostGates(lambda: 0.0, asyncio.sleep)
        inside = most = 0
        gate = asyncio.Event()

        async def one() -> None:
            nonlocal inside, most
            async with gates.turn("x", interval_s=0.0, per_host=2):
                inside += 1
                most = max(most, inside)
                await gate.wait()
                inside -= 1

        tasks = [asyncio.ensure_future(one()) for _ in range(6)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert inside == 2
        tasks[3].cancel()
        gate.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(result, BaseException) for result in results) == 1
        return most

    assert run(work()) == 2


def test_a_waiter_that_is_woken_and_cancelled_passes_its_turn_on() -> None:
    async def work() -> None:
        gates = HostGates(lambda: 0.0, asyncio.sleep)
        done: list[int] = []

        async def one(number: int) -> None:
            async with gates.turn("x", interval_s=0.0, per_host=1):
                done.append(number)
                await asyncio.sleep(0)

        first = asyncio.ensure_future(one(0))
        await asyncio.sleep(0)
        second, third = asyncio.ensure_future(one(1)), asyncio.ensure_future(one(2))
        await asyncio.sleep(0)
        await first
        second.cancel()
        await asyncio.wait({second, third}, timeout=5)
        assert 2 in done

    run(work())


def test_nobody_queues_beyond_patience() -> None:
    async def at_once(seconds: float) -> None:
        assert seconds <= 3

    async def work() -> list[object]:
        gates = HostGates(lambda: 100.0, at_once, patience_s=3.0)

        async def one() -> None:
            async with gates.turn("x", interval_s=2.0, per_host=10):
                pass

        return await asyncio.gather(*(one() for _ in range(5)), return_exceptions=True)

    errors = [error for error in run(work()) if isinstance(error, SourceError)]
    assert len(errors) == 3
    assert {error.kind for error in errors} == {"host-on-hold"}
    assert all(error.retry_after_s for error in errors)


def test_nobody_waits_for_a_slot_beyond_patience() -> None:
    async def work() -> list[object]:
        gates = HostGates(lambda: 0.0, asyncio.sleep, patience_s=0.05)

        async def one() -> None:
            async with gates.turn("x", interval_s=0.0, per_host=1):
                await asyncio.sleep(0.3)

        return await asyncio.gather(one(), one(), return_exceptions=True)

    first, second = run(work())
    assert first is None
    assert isinstance(second, SourceError)


def test_many_hosts_are_forgotten_once_idle() -> None:
    time = Time()

    async def work() -> None:
        gates = HostGates(time.monotonic, time.sleep)
        for number in range(10_050):
            async with gates.turn(str(number), interval_s=0.0, per_host=1):
                pass
        assert len(gates._hosts) < 10_000

    run(work())


def test_a02_lookups_are_bounded_in_threads() -> None:
    release = threading.Event()
    before = threading.active_count()

    def resolve(host: str, port: int) -> list[tuple[int, str]]:
        release.wait(20)
        return [(socket.AF_INET, "127.0.0.1")]

    async def work() -> None:
        resolver = DeadlineResolver(0.1, threads=3, resolve=resolve)
        results = await asyncio.gather(*(resolver.resolve("x") for _ in range(10)), return_exceptions=True)
        assert all(isinstance(result, OSError) for result in results)
        assert threading.active_count() - before <= 3
        release.set()
        assert (await DeadlineResolver(5.0, threads=1, resolve=resolve).resolve("x", 80))[0]["host"] == "127.0.0.1"
        await resolver.close()

    run(work())


@pytest.mark.parametrize("error", [socket.gaierror(-2, "x"), UnicodeError("label too long")])
def test_a01_failed_lookups_are_os_errors(error: Exception) -> None:
    def resolve(host: str, port: int) -> list[tuple[int, str]]:
        raise error

    async def work() -> None:
        resolver = DeadlineResolver(5.0, threads=1, resolve=resolve)
        with pytest.raises(OSError):
            await resolver.resolve("x")
        await resolver.close()

    run(work())


def test_a01_a_name_without_an_address_of_the_wanted_family() -> None:
    async def work() -> None:
        resolver = DeadlineResolver(5.0, threads=1, resolve=lambda *_: [(socket.AF_INET6, "::1")])
        with pytest.raises(OSError, match="no address"):
            await resolver.resolve("x", family=socket.AF_INET)
        await resolver.close()

    run(work())
