"""Large objects in parts, begun by one process and finished by another."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from octavia_common.artifacts.client import PreconditionFailedError, S3Client
from octavia_common.artifacts.part_stream import PartConnections, PartStream
from octavia_common.errors import ArtifactMissingError

MIN_PART_BYTES = 5 * 1024 * 1024
"""S3's least size of every part but the last."""

MAX_PARTS = 10_000
"""S3's most parts of one object."""


@dataclass(frozen=True)
class Part:
    """A part as `complete` wants it: its number, counted from 1, and the etag it was given."""

    number: int
    etag: str


@dataclass(frozen=True)
class UploadedPart(Part):
    """A part that the store has, with its size in bytes."""

    size_bytes: int


@dataclass(frozen=True)
class UnfinishedUpload:
    """A multipart upload that was neither completed nor aborted."""

    key: str
    upload_id: str


STREAM_EXPIRY = timedelta(hours=1)
"""How long the address lives under which a part is streamed; S3 looks at it when the request begins."""


class MultipartUploads(Protocol):
    """Multipart uploads of the store. All state is the store's: any replica can go on with one."""

    async def create(self, key: str, media_type: str, *, sha256: str | None = None) -> str:
        """Begin an upload under `key`; returns the upload id to remember."""
        ...

    async def put_part(
        self, key: str, upload_id: str, number: int, data: bytes | bytearray | memoryview
    ) -> Part:
        """Write part `number` (1 to 10,000; at least 5 MiB unless it is the last). Again replaces it."""
        ...

    async def open_part(self, key: str, upload_id: str, number: int, size_bytes: int) -> PartStream:
        """Begin to write part `number`, which will have exactly `size_bytes`, while its bytes still come.

        Not tried again by itself: keep the bytes, and `put_part` them where a call raises
        TransientError."""
        ...

    async def list_parts(self, key: str, upload_id: str) -> list[UploadedPart]:
        """The parts that are there, by number: where to resume. Servers differ on an unknown upload:
        some raise ArtifactMissingError, some have no parts."""
        ...

    async def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> int:
        """Make the object of its parts, in this order; returns the size in bytes of what is under the
        key, which is what an earlier writer put there where there was one."""
        ...

    async def abort(self, key: str, upload_id: str) -> None:
        """Drop the upload and what it stored; nothing happens where it is unknown."""
        ...

    def unfinished(self, prefix: str) -> AsyncIterator[UnfinishedUpload]:
        """Uploads below `prefix` that nobody completed or aborted."""
        ...

    async def presign_part(
        self, key: str, upload_id: str, number: int, *, size_bytes: int, expires: timedelta
    ) -> str:
        """An address of the store as clients reach it, to which the holder may PUT this one part until
        it expires. The length is signed: a part of another size is refused by servers that look."""
        ...

    async def close(self) -> None:
        """Close the connections of streamed parts."""
        ...


class S3MultipartUploads:
    """Multipart uploads on a real server."""

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self._connections = PartConnections(self._address_of)

    async def close(self) -> None:
        self._connections.close()

    def _address_of(self, key: str, upload_id: str, number: int, size_bytes: int) -> str:
        return self._client.part_address(
            key, upload_id, number, size_bytes=size_bytes, expires=STREAM_EXPIRY, public=False
        )

    async def open_part(self, key: str, upload_id: str, number: int, size_bytes: int) -> PartStream:
        return await self._connections.open(key, upload_id, number, size_bytes)

    async def unfinished(self, prefix: str) -> AsyncIterator[UnfinishedUpload]:
        found = await self._client.call(self._client.list_multipart, prefix)
        for key, upload_id in found:
            yield UnfinishedUpload(key, upload_id)

    async def create(self, key: str, media_type: str, *, sha256: str | None = None) -> str:
        return await self._client.call(self._client.create_multipart, key, media_type, sha256)

    async def put_part(
        self, key: str, upload_id: str, number: int, data: bytes | bytearray | memoryview
    ) -> Part:
        etag = await self._client.call(self._client.put_part, key, upload_id, number, data)
        return Part(number, etag)

    async def list_parts(self, key: str, upload_id: str) -> list[UploadedPart]:
        found = await self._client.call(self._client.list_parts, key, upload_id)
        return [UploadedPart(part.part_number, part.etag, part.size or 0) for part in found]

    async def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> int:
        numbered = [(part.number, part.etag) for part in parts]
        try:
            await self._client.call(self._client.complete_multipart, key, upload_id, numbered)
        except PreconditionFailedError:
            await self.abort(key, upload_id)
        except ArtifactMissingError:
            # A try before this one may have completed it and lost the answer: the object decides.
            pass
        return (await self._client.call(self._client.head, key)).size_bytes

    async def abort(self, key: str, upload_id: str) -> None:
        try:
            await self._client.call(self._client.abort_multipart, key, upload_id)
        except ArtifactMissingError:
            return

    async def presign_part(
        self, key: str, upload_id: str, number: int, *, size_bytes: int, expires: timedelta
    ) -> str:
        return self._client.part_address(
            key, upload_id, number, size_bytes=size_bytes, expires=expires, public=True
        )
