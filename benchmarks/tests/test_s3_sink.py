"""The sink behaves as a store to the platform's own client, and notices what is not zeros."""

from collections.abc import AsyncIterator, Iterator

import pytest
from octavia_benchmarks.s3_sink import HEAD_BYTES, sink
from octavia_common.artifacts import S3ArtifactStore, S3Client
from octavia_common.errors import OctaviaError

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with sink() as found:
        yield found


@pytest.fixture
async def store(address: str) -> AsyncIterator[S3ArtifactStore]:
    store = S3ArtifactStore(S3Client(address, "key", "secret", "bucket"))
    await store.ensure_bucket()
    yield store
    await store.close()


async def test_a_head_and_zeros(store: S3ArtifactStore) -> None:
    head = b"the head"
    content = head + bytes(7 * MIB - len(head))
    upload = await store.multipart.create("k", "video/mp4")
    stream = await store.multipart.open_part("k", upload, 1, 5 * MIB)
    for start in range(0, 5 * MIB, 300_000):
        await stream.write(content[start : min(5 * MIB, start + 300_000)])
    etag = await stream.finish()
    last = await store.multipart.put_part("k", upload, 2, content[5 * MIB :])
    assert await store.multipart.complete("k", upload, [type(last)(1, etag), last]) == len(content)
    assert b"".join([piece async for piece in store.stream("k")]) == content
    assert b"".join([piece async for piece in store.stream("k", start=4, length=10)]) == content[4:14]
    assert [each async for each in store.multipart.unfinished("k")] == []
    assert [key async for key in store.list_keys("k")] == []
    await store.delete(["k"])


@pytest.mark.parametrize("place", [HEAD_BYTES, 5 * MIB - 1, 5 * MIB])
async def test_what_is_not_zero_is_noticed(store: S3ArtifactStore, place: int) -> None:
    content = bytearray(6 * MIB)
    content[place] = 1
    upload = await store.multipart.create("spoilt", "video/mp4")
    parts = [
        await store.multipart.put_part("spoilt", upload, 1, content[: 5 * MIB]),
        await store.multipart.put_part("spoilt", upload, 2, content[5 * MIB :]),
    ]
    with pytest.raises(OctaviaError):
        await store.multipart.complete("spoilt", upload, parts)
