"""Coroutines that run at once and become tasks only where they wait."""

import asyncio

import pytest
from octavia_gateway.events import eager


async def test_what_does_not_wait_is_done_at_once() -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    assert eager.start(work()) is None
    assert done == [1]


async def test_what_waits_can_be_finished_by_a_task() -> None:
    gate, done = asyncio.Event(), []

    async def work() -> None:
        done.append("begun")
        await gate.wait()
        await asyncio.sleep(0)
        done.append("ended")

    rest = eager.start(work())
    assert rest is not None
    assert done == ["begun"]

    async def finish() -> None:
        await rest

    task = asyncio.create_task(finish())
    await asyncio.sleep(0)
    gate.set()
    await task
    assert done == ["begun", "ended"]


async def test_errors_come_through_from_both_halves() -> None:
    async def at_once() -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        eager.start(at_once())

    gate = asyncio.Event()

    async def later() -> None:
        await gate.wait()
        raise ConnectionResetError

    rest = eager.start(later())
    assert rest is not None
    gate.set()
    with pytest.raises(ConnectionResetError):
        await rest


async def test_a_cancelled_task_cancels_the_rest() -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    rest = eager.start(work())
    assert rest is not None

    async def finish() -> None:
        await rest

    task = asyncio.create_task(finish())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"]
