"""Multipart uploads: resumable by whoever knows the key and the upload id."""

import os
from datetime import timedelta
from uuid import uuid4

import pytest
import urllib3
from octavia_common.artifacts import ArtifactStore, Part, S3ArtifactStore, S3Client, sha256_of
from octavia_common.errors import OctaviaError, PermanentError, TransientError
from octavia_local.servers.s3 import S3Server
from octavia_local.servers.second_s3 import SecondS3Server

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
    put = await store.multipart.presign_part(
        "users/u/up", upload, 1, size_bytes=8, expires=timedelta(minutes=5)
    )
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


async def test_an_address_for_a_part_is_for_its_length(
    s3_servers: dict[str, S3Server | SecondS3Server],
) -> None:
    """Where the server checks signatures at all, which moto does not."""
    server = s3_servers["s3proxy"]
    client = S3Client(server.address, server.access_key, server.secret_key, f"test-{uuid4().hex}")
    store = S3ArtifactStore(client)
    await store.ensure_bucket()
    http = urllib3.PoolManager()
    upload = await store.multipart.create("users/u/up", "video/mp4")
    put = await store.multipart.presign_part(
        "users/u/up", upload, 1, size_bytes=8, expires=timedelta(minutes=5)
    )
    assert http.request("PUT", put, body=b"far more than was agreed on").status == 403
    assert http.request("PUT", put.replace("partNumber=1", "partNumber=2"), body=b"straight").status == 403
    assert await store.multipart.list_parts("users/u/up", upload) == []
    assert http.request("PUT", put, body=b"straight").status == 200
    http.clear()
    await store.close()


async def test_signed_addresses_are_those_that_clients_reach() -> None:
    client = S3Client(
        "http://127.0.0.1:1", "key", "secret", "bucket", public_endpoint="https://s3.example.org"
    )
    store = S3ArtifactStore(client)
    put = await store.multipart.presign_part("k", "id", 1, size_bytes=8, expires=timedelta(minutes=5))
    assert put.startswith("https://s3.example.org/bucket/k?")
    await store.close()
    with pytest.raises(ValueError, match="S3_PUBLIC_ENDPOINT"):
        S3Client("http://127.0.0.1:1", "key", "secret", "bucket", public_endpoint="s3.example.org")


async def test_a_part_that_is_passed_on_as_it_comes(store: ArtifactStore) -> None:
    key, data = "users/u/up", os.urandom(11 * MIB)
    upload = await store.multipart.create(key, "video/mp4")
    parts = []
    for number, part in enumerate((data[: 5 * MIB], data[5 * MIB : 10 * MIB], data[10 * MIB :]), 1):
        stream = await store.multipart.open_part(key, upload, number, len(part))
        for start in range(0, len(part), 700_001):
            await stream.write(memoryview(part)[start : start + 700_001])
        parts.append(Part(number, await stream.finish()))
        stream.close()
    assert await store.multipart.complete(key, upload, parts) == len(data)
    assert (await store.digest(key)).sha256 == sha256_of(data)


async def test_a_part_that_breaks_off_is_not_there(store: ArtifactStore) -> None:
    key = "users/u/up"
    upload = await store.multipart.create(key, "video/mp4")
    stream = await store.multipart.open_part(key, upload, 1, 5 * MIB)
    await stream.write(bytes(MIB))
    stream.close()
    stream.close()
    with pytest.raises(TransientError):
        await stream.finish()
    part = await store.multipart.put_part(key, upload, 1, bytes(5 * MIB))
    found = await store.multipart.list_parts(key, upload)
    assert [(each.number, each.size_bytes) for each in found] == [(1, 5 * MIB)]
    assert await store.multipart.complete(key, upload, [part]) == 5 * MIB


async def test_a_part_that_the_store_refuses(s3_client: S3Client) -> None:
    s3_client.bucket = "no-such-bucket-anywhere"
    store = S3ArtifactStore(s3_client)
    stream = await store.multipart.open_part("users/u/up", "no such upload", 1, 8)
    await stream.write(b"straight")
    with pytest.raises(TransientError):
        await stream.finish()
    await store.multipart.close()


async def test_what_nobody_completed_is_found(store: ArtifactStore) -> None:
    first = await store.multipart.create("users/u/uploads/1", "video/mp4")
    second = await store.multipart.create("users/u/uploads/2", "video/mp4")
    other = await store.multipart.create("users/v/uploads/1", "video/mp4")
    done = await store.multipart.create("users/u/uploads/3", "video/mp4")
    part = await store.multipart.put_part("users/u/uploads/3", done, 1, b"all")
    await store.multipart.complete("users/u/uploads/3", done, [part])
    found = {(each.key, each.upload_id) async for each in store.multipart.unfinished("users/u/")}
    assert found == {("users/u/uploads/1", first), ("users/u/uploads/2", second)}
    for key, upload_id in found:
        await store.multipart.abort(key, upload_id)
    assert [each async for each in store.multipart.unfinished("users/u/")] == []
    assert [each.upload_id async for each in store.multipart.unfinished("users/")] == [other]
