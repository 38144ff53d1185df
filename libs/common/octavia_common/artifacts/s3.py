"""The artifact store on a server that speaks S3."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote
from uuid import uuid4

from minio.deleteobjects import DeleteObject
from minio.error import S3Error

from octavia_common.artifacts.client import ObjectInfo, PreconditionFailedError, RangeError, S3Client
from octavia_common.artifacts.multipart import MAX_PARTS, Part, S3MultipartUploads
from octavia_common.artifacts.store import MIB, ArtifactStore
from octavia_common.errors import ArtifactCorruptError, ArtifactMissingError, TransientError
from octavia_common.events import ArtifactRef
from octavia_common.settings import ServiceSettings
from octavia_common.together import each

RANGE_BYTES = 4 * MIB
"""Objects are read in ranges of this size: each is retried by itself and holds a connection only
for as long as it takes, however slow the reader is."""

PART_BYTES = 16 * MIB
"""Files up to this size are written in one piece, larger ones in parts of it."""

PARTS_AT_ONCE = 2
"""Parts of one file on their way: one is hashed and signed here while the store takes in the other."""

HASHED_AT_ONCE = 128 * 1024
"""Bytes that are hashed on the event loop: about 0.1 ms."""

DELETE_BATCH = 1000
"""S3's most keys of one multi-object delete."""


def open_store(settings: ServiceSettings) -> "S3ArtifactStore":
    """The store that a service's settings describe."""
    return S3ArtifactStore(S3Client.from_settings(settings))


class S3ArtifactStore(ArtifactStore):
    """Objects of one bucket."""

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self.multipart = S3MultipartUploads(client)

    async def close(self) -> None:
        await self.multipart.close()
        await self._client.close()

    async def stat(self, key: str) -> ArtifactRef | None:
        try:
            info = await self._head(key)
        except ArtifactMissingError:
            return None
        if info.sha256 is None:
            return await self.digest(key)
        return ArtifactRef(
            key=key, sha256=info.sha256, size_bytes=info.size_bytes, media_type=info.media_type
        )

    async def digest(self, key: str) -> ArtifactRef:
        info = await self._head(key)
        seen = hashlib.sha256()
        async for piece in self._ranges(key, 0, info.size_bytes):
            await _hash(seen, piece)
        return ArtifactRef(
            key=key, sha256=seen.hexdigest(), size_bytes=info.size_bytes, media_type=info.media_type
        )

    async def read(self, ref: ArtifactRef, *, max_bytes: int = 64 * MIB) -> bytes:
        if ref.size_bytes > max_bytes:
            raise ValueError(f"{ref.key} has {ref.size_bytes} bytes, more than the {max_bytes} allowed here")
        pieces = [piece async for piece in self._verified(ref)]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def fetch(self, ref: ArtifactRef, path: Path) -> Path:
        part = path.with_name(f"{path.name}.{uuid4().hex}.part")
        file: BinaryIO = await asyncio.to_thread(part.open, "wb")
        try:
            try:
                async for piece in self._verified(ref):
                    await asyncio.to_thread(file.write, piece)
            finally:
                await asyncio.to_thread(file.close)
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    async def write(self, key: str, data: bytes, media_type: str) -> ArtifactRef:
        seen = hashlib.sha256()
        await _hash(seen, data)
        sha256 = seen.hexdigest()
        try:
            await self._client.call(self._client.put, key, data, media_type, sha256)
        except PreconditionFailedError:
            return await self._winner(key)
        return ArtifactRef(key=key, sha256=sha256, size_bytes=len(data), media_type=media_type)

    async def write_file(self, key: str, path: Path, media_type: str) -> ArtifactRef:
        size = (await asyncio.to_thread(path.stat)).st_size
        if size <= PART_BYTES:
            return await self.write(key, await asyncio.to_thread(path.read_bytes), media_type)
        sha256 = await asyncio.to_thread(_digest_of_file, path)
        upload_id = await self.multipart.create(key, media_type, sha256=sha256)
        try:
            parts = await self._put_parts(key, upload_id, path, max(PART_BYTES, -(-size // MAX_PARTS)))
            await self.multipart.complete(key, upload_id, parts)
        except BaseException:
            with suppress(TransientError):
                await asyncio.shield(self.multipart.abort(key, upload_id))
            raise
        return await self._winner(key)

    async def _put_parts(self, key: str, upload_id: str, path: Path, part_bytes: int) -> list[Part]:
        async def put(number: int) -> Part:
            data = await asyncio.to_thread(_read_part, path, number * part_bytes, part_bytes)
            return await self.multipart.put_part(key, upload_id, number + 1, data)

        count = -(-(await asyncio.to_thread(path.stat)).st_size // part_bytes)
        return await each(range(count), put, at_once=PARTS_AT_ONCE)

    async def stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        if start < 0 or (length is not None and length < 0):
            raise ValueError("a range starts at 0 or later and is not shorter than nothing")
        size = (await self._head(key)).size_bytes
        end = size if length is None else min(size, start + length)
        async for piece in self._ranges(key, start, end):
            yield piece

    async def delete(self, keys: Iterable[str]) -> None:
        remaining = iter(keys)
        while batch := list(islice(remaining, DELETE_BATCH)):
            await self._client.call(self._delete_batch, batch)

    async def list_keys(self, prefix: str) -> AsyncIterator[str]:
        last: str | None = None
        while page := await self._client.call(self._list_page, prefix, last):
            for key in page:
                yield key
            last = page[-1]

    async def presign(
        self, key: str, *, expires: timedelta, filename: str | None = None, public: bool = False
    ) -> str:
        extra: dict[str, str | list[str] | tuple[str]] = {}
        if filename is not None:
            # RFC 6266: the extended form alone is understood by every browser of this decade.
            extra["response-content-disposition"] = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
        minio = self._client.public if public else self._client.minio
        return minio.get_presigned_url(
            "GET", self._client.bucket, key, expires=expires, response_headers=extra
        )

    async def ensure_bucket(self) -> None:
        await self._client.call(self._make_bucket)

    async def check(self) -> None:
        minio, bucket = self._client.minio, self._client.bucket
        if not await self._client.call_once(minio.bucket_exists, bucket):
            raise TransientError(f"The bucket {bucket} is missing in the object store; check S3_BUCKET.")

    # -- inner parts ----------------------------------------------------------------------------------

    async def _head(self, key: str) -> ObjectInfo:
        return await self._client.call(self._client.head, key)

    async def _winner(self, key: str) -> ArtifactRef:
        """What is under the key after somebody wrote it."""
        found = await self.stat(key)
        if found is None:
            raise TransientError("The object was deleted while it was being written.", key=key)
        return found

    async def _ranges(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        while start < end:
            piece = await self._client.call(self._client.get, key, start, min(RANGE_BYTES, end - start))
            if not piece:
                raise RangeError("The object is shorter than expected.", key=key)
            yield piece
            start += len(piece)

    async def _verified(self, ref: ArtifactRef) -> AsyncIterator[bytes]:
        """The bytes of a reference; the last piece comes only after the digest of all was right."""
        if ref.size_bytes == 0:
            await self._head(
                ref.key
            )  # a range of nothing cannot be asked for; the object must exist all the same
        seen = hashlib.sha256()
        held: bytes | None = None
        try:
            async for piece in self._ranges(ref.key, 0, ref.size_bytes):
                await _hash(seen, piece)
                if held is not None:
                    yield held
                held = piece
        except RangeError:
            raise _corrupt(ref) from None
        if seen.hexdigest() != ref.sha256:
            raise _corrupt(ref)
        if held is not None:
            yield held

    def _delete_batch(self, keys: list[str]) -> None:
        errors = self._client.minio.remove_objects(self._client.bucket, [DeleteObject(key) for key in keys])
        failed = [error for error in errors if error.code != "NoSuchKey"]
        if failed:
            raise OSError(f"{len(failed)} objects could not be deleted: {failed[0].code}")

    def _list_page(self, prefix: str, after: str | None) -> list[str]:
        found = self._client.minio.list_objects(
            self._client.bucket, prefix=prefix, recursive=True, start_after=after
        )
        return [entry.object_name for entry in islice(found, 1000) if entry.object_name is not None]

    def _make_bucket(self) -> None:
        minio, bucket = self._client.minio, self._client.bucket
        if minio.bucket_exists(bucket):
            return
        try:
            minio.make_bucket(bucket)
        except S3Error as error:
            if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise


async def _hash(seen: "hashlib._Hash", data: bytes) -> None:
    """Add `data`; a little is hashed in less time than a thread takes to begin."""
    if len(data) <= HASHED_AT_ONCE:
        seen.update(data)
    else:
        await asyncio.to_thread(seen.update, data)


def _read_part(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def _digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _corrupt(ref: ArtifactRef) -> ArtifactCorruptError:
    return ArtifactCorruptError(
        "A stored file is damaged: its bytes are not those that were written.", key=ref.key
    )
