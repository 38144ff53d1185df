"""The bounds of what uploads may take of a process."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from octavia_gateway.files.admission import LEAST_BYTES, TooManyUploadsError, UploadSlots, unless_idle
from octavia_gateway.files.errors import UploadInterruptedError
from starlette.requests import ClientDisconnect


def test_places_are_given_back() -> None:
    slots = UploadSlots(1)
    with slots.one():
        with pytest.raises(TooManyUploadsError) as caught, slots.one():
            pass
        assert caught.value.transient
    with pytest.raises(KeyError), slots.one():
        raise KeyError
    with slots.one():
        pass


async def body(*chunks: bytes | Exception | float) -> AsyncIterator[bytes]:
    for chunk in chunks:
        if isinstance(chunk, Exception):
            raise chunk
        if isinstance(chunk, float):
            await asyncio.sleep(chunk)
        else:
            yield chunk


async def test_a_body_passes_through() -> None:
    assert [chunk async for chunk in unless_idle(body(b"a", 0.0, b"b"), 30)] == [b"a", b"b"]


@pytest.mark.parametrize("end", [30.0, ClientDisconnect()])
async def test_what_came_before_the_interruption_is_had(end: float | Exception) -> None:
    had = []

    async def read() -> None:
        async for chunk in unless_idle(body(b"a", b"b", end, b"c"), 0.05):
            had.append(chunk)

    with pytest.raises(UploadInterruptedError):
        await read()
    assert had == [b"a", b"b"]


async def test_a_byte_now_and_then_does_not_hold_the_place() -> None:
    async def dripping() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.02)
            yield b"x"

    with pytest.raises(UploadInterruptedError):
        async for _ in unless_idle(dripping(), 0.2):
            pass


async def test_the_time_that_the_receiver_takes_is_not_the_senders() -> None:
    had = 0
    async for chunk in unless_idle(body(b"a", b"b", b"c", b"d"), 0.1):
        had += len(chunk)
        await asyncio.sleep(0.08)
    assert had == 4


async def test_whoever_sends_enough_may_go_on() -> None:
    enough = bytes(LEAST_BYTES)
    chunks = [chunk async for chunk in unless_idle(body(enough, 0.06, enough, 0.06, enough, 0.06, b"x"), 0.1)]
    assert len(chunks) == 4
