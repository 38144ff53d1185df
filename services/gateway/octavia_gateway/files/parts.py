"""Cuts a stream of bytes into the equal parts of an S3 multipart upload."""

import asyncio
from collections.abc import Awaitable, Callable

SMALLEST_PART_BYTES = 5 * 1024 * 1024
"""S3's least size of every part but the last (AWS S3 user guide, "multipart upload limits")."""

MOST_PARTS = 10_000
_MIB = 1024 * 1024


def part_size_for(length: int, wanted: int) -> int:
    """Bytes a part, whole MiB: `wanted`, or more where `length` bytes would need too many parts."""
    needed = -(-length // MOST_PARTS)
    size = max(wanted, needed, SMALLEST_PART_BYTES)
    return -(-size // _MIB) * _MIB


class PartPipeline:
    """Fills one part while the one before it is being stored: two parts of memory, never more.

    `store` gets the part's number and its bytes, which are its own from then on; an error of it is
    raised by the next call here. A feeder that is faster than the store waits, and so does, through
    flow control, the sender.
    """

    def __init__(
        self,
        part_size: int,
        store: Callable[[int, bytes | bytearray], Awaitable[None]],
        *,
        first_number: int = 1,
        begun: bytes = b"",
    ) -> None:
        if len(begun) >= part_size:
            raise ValueError("a part that is full already cannot be begun")
        self._part_size = part_size
        self._store = store
        self._number = first_number
        # Never grown and never copied: a full buffer is handed over as it is, and a new one begun. Its
        # pages cost nothing until they are written to.
        self._buffer = bytearray(part_size)
        self._buffer[: len(begun)] = begun
        self._filled = len(begun)
        self._in_flight: asyncio.Task[None] | None = None

    async def feed(self, data: bytes) -> None:
        """Takes `data` of any length."""
        view = memoryview(data)
        while view:
            taken = view[: self._part_size - self._filled]
            self._buffer[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            view = view[len(taken) :]
            if self._filled == self._part_size:
                await self._send()

    async def rest(self) -> tuple[int, bytes]:
        """Waits for what is being stored; then the number and bytes of the part that is not full."""
        await self._settle()
        return self._number, bytes(memoryview(self._buffer)[: self._filled])

    async def close(self) -> None:
        """Drops what is in hand and waits until nothing is being stored any more."""
        self._buffer, self._filled = bytearray(), 0
        if self._in_flight is not None:
            await asyncio.gather(self._in_flight, return_exceptions=True)
            self._in_flight = None

    async def _send(self) -> None:
        await self._settle()
        part, self._buffer, self._filled = self._buffer, bytearray(self._part_size), 0
        number, self._number = self._number, self._number + 1
        self._in_flight = asyncio.create_task(self._run(number, part))

    async def _run(self, number: int, part: bytes | bytearray) -> None:
        await self._store(number, part)

    async def _settle(self) -> None:
        if self._in_flight is not None:
            # Shielded: a caller that is cancelled must still be able to wait for it in `close`.
            await asyncio.shield(self._in_flight)
            self._in_flight = None
