"""The bounds of what uploads may take of a process."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from octavia_gateway.files.admission import TooManyUploadsError, UploadSlots, unless_idle
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
