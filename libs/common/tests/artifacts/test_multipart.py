"""Multipart uploads: resumable by whoever knows the key and the upload id."""

import os
from datetime import timedelta

import pytest
import urllib3
from octavia_common.artifacts import ArtifactStore, Part, S3ArtifactStore, S3Client, sha256_of
from octavia_common.errors import OctaviaError, PermanentError

MIB = 1024 * 1024


async def test_parts_become_an_object(store: ArtifactStore) -> None:
    data = os.urandom(12 * MIB)
    upload = await store.multipart.create("users/u/up", "video/mp4")
    parts = [
        await store.multipart.put_part("users/u/up", upload, n + 1, data[n * 5 * MIB : (n + 1) * 5 * MIB])
        for n in range(3)
    ]
    assert await store.stat("users/u/up") is None
    assert [key async for key in store.list_keys("users/")] == []
    assert await store.multipart.complete("users/u/up", upload, parts) == len(data)
    ref = await store.stat("users/u/up")
    assert ref is not None
    assert (ref.sha256, ref.size_bytes, ref.media_type) == (sha256_of(data), len(data), "video/mp4")
    assert await store.digest("users/u/up") == ref


async def test_parts_can_be_listed_and_replaced(store: ArtifactStore) -> None:
    upload = await store.multipart.create("users/u/up", "video/mp4")
    assert await store.multipart.list_parts("users/u/up", upload) == []
    await store.multipart.put_part("users/u/up", upload, 2, b"end")
    await store.multipart.put_part("users/u/up", upload, 1, b"a" * 5 * MIB)
    await store.multipart.put_part("users/u/up", upload, 1, b"b" * 6 * MIB)
    found = await store.multipart.list_parts("users/u/up", upload)
    assert [(part.number, part.size_bytes) for part in found] == [(1, 6 * MIB), (2, 3)]
    assert await store.multipart.complete("users/u/up", upload, found) == 6 * MIB + 3


async def test_completing_again_changes_nothing(store: ArtifactStore) -> None:
    upload = await store.multipart.create("users/u/up", "video/mp4")
    parts = [await store.multipart.put_part("users/u/up", upload, 1, b"all")]
    assert await store.multipart.complete("users/u/up", upload, parts) == 3
    assert await store.multipart.complete("users/u/up", upload, parts) == 3


async def test_an_aborted_upload_is_gone(store: ArtifactStore) -> None:
    upload = await store.multipart.create("users/u/up", "video/mp4")
    part = await store.multipart.put_part("users/u/up", upload, 1, b"all")
    await store.multipart.abort("users/u/up", upload)
    await store.multipart.abort("users/u/up", upload)
    with pytest.raises(OctaviaError):
        await store.multipart.complete("users/u/up", upload, [part])
    assert await store.stat("users/u/up") is None


async def test_a_wrong_part_is_refused_for_good(store: ArtifactStore) -> None:
    upload = await store.multipart.create("users/u/up", "video/mp4")
    await store.multipart.put_part("users/u/up", upload, 1, b"all")
    with pytest.raises(PermanentError):
        await store.multipart.complete("users/u/up", upload, [Part(1, "0" * 32)])


async def test_another_process_goes_on(s3_client: S3Client) -> None:
    first = S3ArtifactStore(s3_client)
    upload = await first.multipart.create("users/u/up", "video/mp4")
    await first.multipart.put_part("users/u/up", upload, 1, b"a" * 5 * MIB)

    address = f"{s3_client.minio._base_url._url.scheme}://{s3_client.minio._base_url._url.netloc}"
    other_client = S3Client(address, "octavia", "octavia-secret", s3_client.bucket)
    other = S3ArtifactStore(other_client)
    [there] = await other.multipart.list_parts("users/u/up", upload)
    last = await other.multipart.put_part("users/u/up", upload, 2, b"z")
    assert await other.multipart.complete("users/u/up", upload, [there, last]) == 5 * MIB + 1
    await other_client.close()


async def test_signed_addresses_work_without_a_key(s3_client: S3Client) -> None:
    store = S3ArtifactStore(s3_client)
    http = urllib3.PoolManager()
    upload = await store.multipart.create("users/u/up", "video/mp4")
    put = await store.multipart.presign_part("users/u/up", upload, 1, expires=timedelta(minutes=5))
    answer = http.request("PUT", put, body=b"straight")
    assert answer.status == 200
    parts = await store.multipart.list_parts("users/u/up", upload)
    await store.multipart.complete("users/u/up", upload, parts)
    get = await store.presign("users/u/up", expires=timedelta(minutes=5), filename="Bản dịch.mp4")
    answer = http.request("GET", get)
    assert answer.data == b"straight"
    assert (
        answer.headers["content-disposition"] == "attachment; filename*=UTF-8''B%E1%BA%A3n%20d%E1%BB%8Bch.mp4"
    )
    http.clear()
