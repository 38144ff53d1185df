"""An object as a file with holes, so that the probe needs neither a disk nor all of the object.

A container says what it is in its head and, mostly, in its tail or an index that can be found. Those
windows are read from the store into an anonymous file in memory (memfd) of the object's full length,
so that every offset holds; what was not read is a hole and reads as zeros. 10 GiB of video cost some
8 MiB for the time of the probe. For containers that must be read from end to end (MP3, transport
streams) the object is pumped through a pipe instead, in flat memory too.
"""

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from octavia_common.artifacts import ArtifactStore

MIB = 1024 * 1024
WHOLE_BYTES = 16 * MIB
"""Objects up to this size are read whole."""

HEAD_BYTES = 4 * MIB
TAIL_BYTES = 4 * MIB
BOX_HEADER_BYTES = 16
MOST_BOXES = 64
"""Top-level boxes that are looked at; ordinary files have 3 to 6, fragmented ones thousands."""

_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot"})

Window = tuple[int, int]
"""Start and length in bytes."""

Read = Callable[[int, int], Awaitable[bytes]]


async def windows_of(read: Read, size: int, *, head_bytes: int, most_bytes: int) -> list[Window]:
    """What of an object of `size` bytes the probe needs, at most about `most_bytes`.

    MP4 and MOV keep their index in a box anywhere; the chain of boxes is followed to it.
    """
    if size <= WHOLE_BYTES:
        return [(0, size)]
    windows = [(0, min(head_bytes, size)), (size - TAIL_BYTES, TAIL_BYTES)]
    if (await read(0, 8))[4:8] in _FIRST_BOXES:
        windows += await _boxes(read, size, most_bytes)
    return windows


async def _boxes(read: Read, size: int, most_bytes: int) -> list[Window]:
    """Every top-level box's header, and all of the index (ISO/IEC 14496-12, 4.2)."""
    windows: list[Window] = []
    position = 0
    for _ in range(MOST_BOXES):
        if position + 8 > size:
            break
        header = await read(position, min(BOX_HEADER_BYTES, size - position))
        length, kind = struct.unpack(">I4s", header[:8])
        windows.append((position, len(header)))
        if length == 1 and len(header) == BOX_HEADER_BYTES:
            (length,) = struct.unpack(">Q", header[8:])
        elif length == 0:
            length = size - position
        if kind == b"moov":
            windows.append((position, min(length, size - position, most_bytes)))
        if kind == b"moof" or length < 8:
            break
        position += length
    return windows


class SparseObject:
    """An object of the store, opened as a path for one probe."""

    def __init__(self, store: ArtifactStore, key: str, size: int, *, most_bytes: int) -> None:
        self._store = store
        self._key = key
        self._size = size
        self._most_bytes = most_bytes
        self._head = b""

    @asynccontextmanager
    async def opened(self, *, head_bytes: int = HEAD_BYTES) -> AsyncIterator[Path]:
        """A path with the object's windows in it, gone when the block ends."""
        descriptor = os.memfd_create("octavia-probe", os.MFD_CLOEXEC)
        try:
            os.ftruncate(descriptor, self._size)
            self._head = await self._fetch(0, min(MIB, self._size))
            windows = await windows_of(
                self._read, self._size, head_bytes=head_bytes, most_bytes=self._most_bytes
            )
            for start, length in windows:
                await self._copy(descriptor, start, length)
            yield _path_of(descriptor)
        finally:
            os.close(descriptor)

    @asynccontextmanager
    async def pumped(self) -> AsyncIterator[Path]:
        """A path from which all of the object can be read once, in order."""
        reader, writer = os.pipe2(os.O_CLOEXEC)
        pump = asyncio.create_task(self._pump(writer))
        try:
            yield _path_of(reader)
        finally:
            os.close(reader)  # whoever still writes is woken by an error
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _read(self, start: int, length: int) -> bytes:
        """A few bytes, from the head where they lie there."""
        if start + length <= len(self._head):
            return self._head[start : start + length]
        return await self._fetch(start, length)

    async def _fetch(self, start: int, length: int) -> bytes:
        return b"".join([piece async for piece in self._store.stream(self._key, start=start, length=length)])

    async def _copy(self, descriptor: int, start: int, length: int) -> None:
        async for piece in self._store.stream(self._key, start=start, length=length):
            os.pwrite(descriptor, piece, start)
            start += len(piece)

    async def _pump(self, writer: int) -> None:
        try:
            async for piece in self._store.stream(self._key):
                writing = asyncio.ensure_future(asyncio.to_thread(_write, writer, piece))
                try:
                    await asyncio.shield(writing)
                except asyncio.CancelledError:
                    # Never close a descriptor that a thread writes to.
                    await asyncio.gather(writing, return_exceptions=True)
                    raise
        finally:
            os.close(writer)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _path_of(descriptor: int) -> Path:
    """A path under which another process of the same user opens what `descriptor` stands for."""
    return Path(f"/proc/{os.getpid()}/fd/{descriptor}")
