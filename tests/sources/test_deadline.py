"""One timer watches over many tasks, and says what `asyncio.timeout` would."""

from __future__ import annotations

import asyncio

import pytest

from watcher.sources.deadline import Deadline


async def _stall(deadline: Deadline) -> str:
    try:
        with deadline.start():
            await asyncio.Event().wait()
    except TimeoutError:
        return "late"
    return "never"


def test_what_takes_too_long_is_ended_and_the_rest_is_not():
    async def session():
        deadline = Deadline(0.02)
        late = [asyncio.ensure_future(_stall(deadline)) for _ in range(3)]
        with deadline.start():
            pass
        told = await asyncio.gather(*late)
        again = await _stall(deadline)
        with deadline.start():
            await asyncio.sleep(0)
        return told, again

    assert asyncio.run(session()) == (["late"] * 3, "late")


def test_one_timer_serves_all_and_none_is_left():
    async def session():
        deadline, loop, made = Deadline(30.0), asyncio.get_running_loop(), []
        call_at = loop.call_at
        loop.call_at = lambda *args, **named: made.append(call_at(*args, **named)) or made[-1]
        tasks = [asyncio.ensure_future(_stall(deadline)) for _ in range(5)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return [timer.cancelled() for timer in made], [task.cancelled() for task in tasks]

    assert asyncio.run(session()) == ([True], [True] * 5)


def test_who_is_cancelled_anyway_is_not_late():
    async def session():
        task = asyncio.ensure_future(_stall(Deadline(0.0)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(session())


def test_errors_of_their_own_pass():
    async def session():
        with Deadline(5.0).start():
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(session())


def test_outside_a_task_there_is_nothing_to_end():
    async def session():
        failed = asyncio.get_running_loop().create_future()

        def enter() -> None:
            try:
                Deadline(5.0).start().__enter__()
            except RuntimeError as error:
                failed.set_result(str(error))

        asyncio.get_running_loop().call_soon(enter)
        return await failed

    assert "needs a task" in asyncio.run(session())
