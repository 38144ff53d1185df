"""The part pipeline: the same bytes in equal parts, never more than two in memory."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_gateway.files.parts import MOST_PARTS, SMALLEST_PART_BYTES, PartPipeline, part_size_for


@given(
    pieces=st.lists(st.binary(max_size=40), max_size=20),
    size=st.integers(1, 16),
    begun=st.binary(max_size=15),
)
async def test_parts_are_the_stream(pieces: list[bytes], size: int, begun: bytes) -> None:
    begun = begun[: size - 1]
    stored: list[tuple[int, bytes]] = []

    async def store(number: int, part: bytes) -> None:
        await asyncio.sleep(0)
        stored.append((number, part))

    pipeline = PartPipeline(size, store, first_number=3, begun=begun)
    for piece in pieces:
        await pipeline.feed(piece)
    number, rest = await pipeline.rest()
    assert b"".join(part for _, part in stored) + rest == begun + b"".join(pieces)
    assert [n for n, _ in stored] == list(range(3, number))
    assert all(len(part) == size for _, part in stored)
    assert len(rest) < size


async def test_a_fast_sender_waits_for_a_slow_store() -> None:
    gate = asyncio.Event()
    begun: list[int] = []

    async def store(number: int, part: bytes) -> None:
        begun.append(number)
        await gate.wait()

    pipeline = PartPipeline(10, store)
    await pipeline.feed(b"x" * 19)
    feeding = asyncio.create_task(pipeline.feed(b"x" * 100))
    await asyncio.sleep(0.01)
    assert not feeding.done()
    assert begun == [1]
    gate.set()
    await feeding
    assert await pipeline.rest() == (12, b"x" * 9)


async def test_an_error_of_the_store_reaches_the_feeder() -> None:
    async def store(number: int, part: bytes) -> None:
        raise OSError("store is away")

    pipeline = PartPipeline(4, store)
    await pipeline.feed(b"12345")
    with pytest.raises(OSError, match="away"):
        await pipeline.feed(b"678")
    await pipeline.close()


async def test_close_waits_for_what_is_being_stored() -> None:
    done = False

    async def store(number: int, part: bytes) -> None:
        nonlocal done
        await asyncio.sleep(0.01)
        done = True

    pipeline = PartPipeline(4, store)
    await pipeline.feed(b"1234")
    await pipeline.close()
    assert done


@given(length=st.integers(1, 50 * 2**40), wanted=st.integers(0, 64 * 2**20))
def test_part_sizes_fit_s3(length: int, wanted: int) -> None:
    size = part_size_for(length, wanted)
    assert size >= max(SMALLEST_PART_BYTES, wanted)
    assert -(-length // size) <= MOST_PARTS
    assert size % 2**20 == 0
