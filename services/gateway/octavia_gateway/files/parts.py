"""Cuts a stream of bytes into the equal parts of an S3 multipart upload, and passes them on as they come."""

from typing import Protocol

from octavia_common.artifacts import Part, PartStream
from octavia_common.errors import TransientError

from octavia_gateway.files.digests import PartDigest

SMALLEST_PART_BYTES = 5 * 1024 * 1024
"""S3's least size of every part but the last (AWS S3 user guide, "multipart upload limits")."""

MOST_PARTS = 10_000
_MIB = 1024 * 1024
DIGEST_BYTES = _MIB
"""Bytes that are hashed together, in a thread, while the next ones come in."""


def part_size_for(length: int, wanted: int) -> int:
    """Bytes a part, whole MiB: `wanted`, or more where `length` bytes would need too many parts."""
    needed = -(-length // MOST_PARTS)
    size = max(wanted, needed, SMALLEST_PART_BYTES)
    return -(-size // _MIB) * _MIB


class PartSink(Protocol):
    """Where the parts of one upload go, and where it is written down that they are there."""

    async def open(self, number: int, size_bytes: int) -> PartStream:
        """Begins a part whose bytes still come."""
        ...

    async def put(self, number: int, data: memoryview) -> Part:
        """Stores a part that is whole, trying again where the store has trouble."""
        ...

    async def stored(self, part: Part) -> None:
        """The store has this part."""
        ...


class PartPipeline:
    """One part of memory: it is kept while it is passed on, until the store has said that it has it.

    The next part begins only then. So a process that dies loses at most the one part that it had in
    hand; meanwhile the sender is held back by flow control. Where a part that is passed on breaks off,
    it is put once more from memory.

    Args:
        part_size: bytes a part.
        sink: takes the parts.
        digest: hashes the bytes on the way, where wanted.
        first_number: of the part that `begun` is the beginning of.
        begun: bytes of that part that came before.
        total: length of the whole upload in bytes, where known; its last part is shorter.
        expected: how many bytes are going to be fed, where known; a part that they will not fill is
            not begun to be passed on.
    """

    def __init__(
        self,
        part_size: int,
        sink: PartSink,
        *,
        digest: PartDigest | None = None,
        first_number: int = 1,
        begun: bytes = b"",
        total: int | None = None,
        expected: int | None = None,
    ) -> None:
        if len(begun) >= part_size:
            raise ValueError("a part that is full already cannot be begun")
        self._part_size = part_size
        self._sink = sink
        self._digest = digest
        self._total = total
        self._expected = expected
        self._number = first_number
        # Never grown: its pages cost nothing until they are written to.
        self._buffer = bytearray(part_size)
        self._buffer[: len(begun)] = begun
        self._filled = len(begun)
        self._hashed = 0
        self._stream: PartStream | None = None
        self._decided = False

    @property
    def number(self) -> int:
        """Number of the part in hand."""
        return self._number

    @property
    def rest(self) -> bytes:
        """What was fed of the part in hand."""
        return bytes(memoryview(self._buffer)[: self._filled])

    async def feed(self, data: bytes) -> None:
        """Takes `data` of any length. Raises what the sink raises."""
        view = memoryview(data)
        while view:
            size = self._size
            if not self._decided:
                await self._begin(size, len(view))
            taken = view[: size - self._filled]
            self._buffer[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            view = view[len(taken) :]
            if self._expected is not None:
                self._expected -= len(taken)
            await self._pass_on(taken)
            await self._hash(whole=self._filled == size)
            if self._filled == size:
                await self._finish()

    async def close(self) -> None:
        """Drops what is in hand."""
        self._drop_stream()
        if self._digest is not None:
            await self._digest.settle()

    @property
    def _size(self) -> int:
        before = (self._number - 1) * self._part_size
        return self._part_size if self._total is None else max(1, min(self._part_size, self._total - before))

    async def _begin(self, size: int, at_hand: int) -> None:
        """Opens the part in hand, unless all of it is here already or not all of it will come."""
        self._decided = True
        missing = size - self._filled
        if at_hand >= missing or (self._expected is not None and self._expected < missing):
            return
        try:
            self._stream = await self._sink.open(self._number, size)
        except TransientError:
            return
        if self._filled:
            await self._pass_on(memoryview(self._buffer)[: self._filled])

    async def _pass_on(self, data: memoryview) -> None:
        if self._stream is not None:
            try:
                await self._stream.write(data)
            except TransientError:
                self._drop_stream()

    async def _hash(self, *, whole: bool) -> None:
        if self._digest is not None and (whole or self._filled - self._hashed >= DIGEST_BYTES):
            fresh = memoryview(self._buffer)[self._hashed : self._filled]
            self._hashed = self._filled
            await self._digest.add(fresh)

    async def _finish(self) -> None:
        part = await self._streamed() or await self._sink.put(
            self._number, memoryview(self._buffer)[: self._filled]
        )
        if self._digest is not None:
            await self._digest.part_done()
        await self._sink.stored(part)
        self._number += 1
        self._filled = self._hashed = 0
        self._decided = False

    async def _streamed(self) -> Part | None:
        stream = self._stream
        if stream is None:
            return None
        try:
            etag = await stream.finish()
        except TransientError:
            return None
        finally:
            self._drop_stream()
        return Part(self._number, etag)

    def _drop_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
