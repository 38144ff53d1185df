"""Cutting a stream into parts: nothing lost, nothing twice, one part of memory, one part in hand."""

import asyncio
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_common.artifacts import Part
from octavia_common.errors import TransientError
from octavia_gateway.files.digests import PartDigest
from octavia_gateway.files.parts import MOST_PARTS, SMALLEST_PART_BYTES, PartPipeline, part_size_for

MIB = 1024 * 1024


@given(st.integers(1, 5 * 1024**4), st.integers(1, 64 * MIB))
def test_part_sizes_are_ones_that_s3_takes(length: int, wanted: int) -> None:
    size = part_size_for(length, wanted)
    assert size >= max(wanted, SMALLEST_PART_BYTES)
    assert size % MIB == 0
    assert -(-length // size) <= MOST_PARTS


class Sink:
    """Keeps parts by number. Streams break where `breaks` says so."""

    def __init__(self, breaks: Callable[[int, str], bool] = lambda number, where: False) -> None:
        self.breaks = breaks
        self.parts: dict[int, bytes] = {}
        self.streamed: list[int] = []
        self.recorded: list[int] = []
        self.in_hand = 0

    async def open(self, number: int, size_bytes: int) -> "Stream":
        if self.breaks(number, "open"):
            raise TransientError("away")
        return Stream(self, number, size_bytes)

    async def put(self, number: int, data: memoryview) -> Part:
        self.parts[number] = bytes(data)
        return Part(number, "put")

    async def stored(self, part: Part) -> None:
        self.recorded.append(part.number)


class Stream:
    def __init__(self, sink: Sink, number: int, size: int) -> None:
        self.sink, self.number, self.size, self.data = sink, number, size, b""
        assert sink.recorded == list(range(sink.recorded[0] if sink.recorded else number, number))
        sink.in_hand += 1
        assert sink.in_hand == 1
        self.open = True

    async def write(self, data: bytes | memoryview) -> None:
        await asyncio.sleep(0)
        if self.sink.breaks(self.number, "write"):
            raise TransientError("broke")
        self.data += data

    async def finish(self) -> str:
        if self.sink.breaks(self.number, "finish"):
            raise TransientError("broke at its end")
        assert len(self.data) == self.size
        self.sink.parts[self.number] = self.data
        self.sink.streamed.append(self.number)
        return "streamed"

    def close(self) -> None:
        self.sink.in_hand -= self.open
        self.open = False


@given(
    st.lists(st.binary(max_size=40), max_size=20),
    st.binary(max_size=6),
    st.booleans(),
    st.booleans(),
    st.sets(st.tuples(st.integers(3, 40), st.sampled_from(["open", "write", "finish"])), max_size=10),
)
async def test_parts_and_rest_are_the_stream(
    chunks: list[bytes], begun: bytes, expects: bool, knows: bool, broken: set[tuple[int, str]]
) -> None:
    whole = begun + b"".join(chunks)
    sink = Sink(lambda number, where: (number, where) in broken)
    digest = PartDigest(hashlib.sha256())
    pipeline = PartPipeline(
        7,
        sink,
        digest=digest,
        first_number=3,
        begun=begun,
        total=2 * 7 + len(whole) if knows else None,
        expected=len(whole) - len(begun) if expects else None,
    )
    for chunk in chunks:
        await pipeline.feed(chunk)
    number, rest = pipeline.number, pipeline.rest
    await pipeline.close()
    assert sink.in_hand == 0
    stored = b"".join(sink.parts[n] for n in sorted(sink.parts))
    assert stored + rest == whole
    assert sink.recorded == list(range(3, number))
    assert all(len(part) == 7 for n, part in sink.parts.items() if n < number - 1)
    assert len(rest) < 7
    if knows and sum(map(len, chunks)):
        assert rest == b""
    assert digest.kept.hexdigest() == hashlib.sha256(stored).hexdigest()


async def test_a_part_is_passed_on_before_it_is_whole_unless_it_never_will_be() -> None:
    sink = Sink()
    pipeline = PartPipeline(10, sink, expected=24)
    for _ in range(8):
        await pipeline.feed(b"abc")
    assert sink.streamed == [1, 2]
    assert (pipeline.number, pipeline.rest) == (3, b"bcabc"[1:])
    await pipeline.close()
    assert sink.in_hand == 0


async def test_errors_of_the_store_reach_the_feeder() -> None:
    class Broken(Sink):
        async def put(self, number: int, data: memoryview) -> Part:
            raise OSError("no store")

    pipeline = PartPipeline(4, Broken())
    with pytest.raises(OSError, match="no store"):
        await pipeline.feed(b"12345678")
    await pipeline.close()


def test_a_full_part_cannot_be_begun() -> None:
    with pytest.raises(ValueError, match="full already"):
        PartPipeline(4, Sink(), begun=b"1234")
