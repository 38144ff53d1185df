"""Which bytes of a container the probe is given, and that they lie where they should."""

import asyncio
import os
import struct
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octavia_common.artifacts.fake import FakeArtifactStore
from octavia_gateway.files.windows import MIB, TAIL_BYTES, WHOLE_BYTES, SparseObject, Window, windows_of


def box(kind: bytes, length: int, *, wide: bool = False) -> bytes:
    if wide:
        return struct.pack(">I4sQ", 1, kind, length) + bytes(length - 16)
    return struct.pack(">I4s", length, kind) + bytes(length - 8)


async def windows(content: bytes, *, most: int = 64 * MIB) -> list[Window]:
    async def read(start: int, length: int) -> bytes:
        return content[start : start + length]

    return await windows_of(read, len(content), head_bytes=MIB, most_bytes=most)


def covers(found: list[Window], start: int, length: int) -> bool:
    return any(a <= start and start + length <= a + n for a, n in found)


@pytest.mark.parametrize("wide", [False, True])
async def test_the_index_is_found_wherever_it_is(wide: bool) -> None:
    parts = [
        box(b"ftyp", 32),
        box(b"mdat", 20 * MIB, wide=wide),
        box(b"moov", 3 * MIB),
        box(b"free", 9 * MIB),
    ]
    content = b"".join(parts)
    moov = len(parts[0]) + len(parts[1])
    found = await windows(content)
    assert covers(found, moov, 3 * MIB)
    assert covers(found, moov + 3 * MIB, 16)
    assert sum(length for _, length in found) < 9 * MIB


async def test_a_last_box_without_length_and_an_index_past_the_bound() -> None:
    content = box(b"ftyp", 32) + box(b"mdat", 20 * MIB) + struct.pack(">I4s", 0, b"moov") + bytes(30 * MIB)
    found = await windows(content, most=8 * MIB)
    assert covers(found, 32 + 20 * MIB, 8 * MIB)
    assert sum(length for _, length in found) < 16 * MIB


async def test_fragments_are_not_followed() -> None:
    fragment = box(b"moof", 1000) + box(b"mdat", 100_000)
    content = box(b"ftyp", 32) + box(b"moov", 2000) + fragment * 200
    found = await windows(content)
    assert len(found) < 10


@given(content=st.binary(min_size=8, max_size=200), size=st.integers(WHOLE_BYTES + 1, 10**12))
async def test_any_chain_of_boxes_stays_in_bounds(content: bytes, size: int) -> None:
    async def read(start: int, length: int) -> bytes:
        return content[start : start + length].ljust(length, b"\0")

    head = b"\0\0\0\x20ftyp" + content
    content = head
    found = await windows_of(read, size, head_bytes=MIB, most_bytes=8 * MIB)
    assert all(start >= 0 and length >= 0 and start + length <= size for start, length in found)
    assert sum(length for _, length in found) <= MIB + TAIL_BYTES + 64 * (16 + 8 * MIB)


async def test_a_sparse_file_has_the_objects_bytes_at_their_places() -> None:
    store = FakeArtifactStore()
    content = os.urandom(MIB) * 40
    key = f"users/{uuid4()}/uploads/{uuid4()}"
    await store.write(key, content, "video/mp4")
    sparse = SparseObject(store, key, len(content), most_bytes=8 * MIB)
    async with sparse.opened(head_bytes=MIB) as path:
        assert path.stat().st_size == len(content)
        assert path.stat().st_blocks * 512 <= MIB + TAIL_BYTES + 4096
        with path.open("rb") as file:
            assert file.read(MIB) == content[:MIB]
            assert file.read(MIB) == bytes(MIB)
            file.seek(-TAIL_BYTES, os.SEEK_END)
            assert file.read() == content[-TAIL_BYTES:]
    assert not path.exists()


async def test_a_pump_gives_every_byte_in_order() -> None:
    store = FakeArtifactStore()
    content = os.urandom(9 * MIB + 17)
    await store.write("key", content, "video/mp2t")
    sparse = SparseObject(store, "key", len(content), most_bytes=8 * MIB)
    async with sparse.pumped() as path:
        assert await asyncio.to_thread(path.read_bytes) == content


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def a_little_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1000)


async def test_a_reader_that_leaves_early_stops_the_pump() -> None:
    before = open_descriptors()
    store = FakeArtifactStore()
    await store.write("key", bytes(30 * MIB), "video/mp2t")
    async with SparseObject(store, "key", 30 * MIB, most_bytes=8 * MIB).pumped() as path:
        assert await asyncio.to_thread(a_little_of, path) == bytes(1000)
    assert open_descriptors() == before
