"""An artifact store in memory, for unit tests. It passes the same suite as the real one."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from octavia_common.artifacts.keys import sha256_of
from octavia_common.artifacts.multipart import MIN_PART_BYTES, Part, UnfinishedUpload, UploadedPart
from octavia_common.artifacts.part_stream import PartStream
from octavia_common.artifacts.store import MIB, ArtifactStore
from octavia_common.errors import (
    ArtifactCorruptError,
    ArtifactMissingError,
    PermanentError,
    TransientError,
)
from octavia_common.events import ArtifactRef


@dataclass
class FakeObject:
    """An object: its bytes and what was kept with them."""

    data: bytes
    media_type: str
    sha256: str


@dataclass
class FakeUpload:
    """A multipart upload that was not completed yet."""

    key: str
    media_type: str
    parts: dict[int, bytes] = field(default_factory=dict)


class FakeArtifactStore(ArtifactStore):
    """Objects in a dictionary.

    A test reads and spoils `objects` as it likes, and counts the calls in `writes` (keys in order).
    Set `down` to make every call fail as an unreachable server does.
    """

    def __init__(self) -> None:
        self.objects: dict[str, FakeObject] = {}
        self.writes: list[str] = []
        self.down = False
        self.multipart = FakeMultipartUploads(self)

    def touch(self) -> None:
        """Raises TransientError while the store is `down`."""
        if self.down:
            raise TransientError("The object store cannot be reached.")

    def get(self, key: str) -> FakeObject:
        """The object under a key. Raises ArtifactMissingError."""
        self.touch()
        try:
            return self.objects[key]
        except KeyError:
            raise ArtifactMissingError("The file is no longer in the store.", key=key) from None

    async def stat(self, key: str) -> ArtifactRef | None:
        self.touch()
        return _ref(key, self.objects[key]) if key in self.objects else None

    async def digest(self, key: str) -> ArtifactRef:
        return _ref(key, self.get(key))

    async def read(self, ref: ArtifactRef, *, max_bytes: int = 64 * MIB) -> bytes:
        if ref.size_bytes > max_bytes:
            raise ValueError(f"{ref.key} has {ref.size_bytes} bytes, more than the {max_bytes} allowed here")
        data = self.get(ref.key).data
        if sha256_of(data) != ref.sha256:
            raise ArtifactCorruptError("A stored file is damaged.", key=ref.key)
        return data

    async def fetch(self, ref: ArtifactRef, path: Path) -> Path:
        await asyncio.to_thread(path.write_bytes, await self.read(ref, max_bytes=ref.size_bytes))
        return path

    async def write(self, key: str, data: bytes, media_type: str) -> ArtifactRef:
        self.touch()
        self.writes.append(key)
        return _ref(key, self.objects.setdefault(key, FakeObject(data, media_type, sha256_of(data))))

    async def write_file(self, key: str, path: Path, media_type: str) -> ArtifactRef:
        return await self.write(key, await asyncio.to_thread(path.read_bytes), media_type)

    async def stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        if start < 0 or (length is not None and length < 0):
            raise ValueError("a range starts at 0 or later and is not shorter than nothing")
        data = self.get(key).data
        end = len(data) if length is None else min(len(data), start + length)
        for position in range(start, end, 4 * MIB):
            yield data[position : min(end, position + 4 * MIB)]

    async def delete(self, keys: Iterable[str]) -> None:
        self.touch()
        for key in keys:
            self.objects.pop(key, None)

    async def list_keys(self, prefix: str) -> AsyncIterator[str]:
        self.touch()
        for key in sorted(key for key in self.objects if key.startswith(prefix)):
            yield key

    async def presign(
        self, key: str, *, expires: timedelta, filename: str | None = None, public: bool = False
    ) -> str:
        name = "" if filename is None else f"&filename={quote(filename, safe='')}"
        return f"fake://{'public' if public else 'store'}/{key}?expires={int(expires.total_seconds())}{name}"

    async def ensure_bucket(self) -> None:
        self.touch()

    async def check(self) -> None:
        self.touch()

    async def close(self) -> None:
        return


class FakeMultipartUploads:
    """Multipart uploads in a dictionary, with S3's rules about the size and order of parts."""

    def __init__(self, store: FakeArtifactStore) -> None:
        self._store = store
        self.uploads: dict[str, FakeUpload] = {}

    def _upload(self, key: str, upload_id: str) -> FakeUpload:
        self._store.touch()
        upload = self.uploads.get(upload_id)
        if upload is None or upload.key != key:
            raise ArtifactMissingError("There is no such upload.", key=key)
        return upload

    async def create(self, key: str, media_type: str, *, sha256: str | None = None) -> str:
        self._store.touch()
        upload_id = uuid4().hex
        self.uploads[upload_id] = FakeUpload(key, media_type)
        return upload_id

    async def put_part(
        self, key: str, upload_id: str, number: int, data: bytes | bytearray | memoryview
    ) -> Part:
        self._upload(key, upload_id).parts[number] = data = bytes(data)
        return Part(number, sha256_of(data))

    async def open_part(self, key: str, upload_id: str, number: int, size_bytes: int) -> PartStream:
        self._store.touch()
        return FakePartStream(self, key, upload_id, number, size_bytes)

    async def unfinished(self, prefix: str) -> AsyncIterator[UnfinishedUpload]:
        self._store.touch()
        for upload_id, upload in list(self.uploads.items()):
            if upload.key.startswith(prefix):
                yield UnfinishedUpload(upload.key, upload_id)

    async def close(self) -> None:
        return

    async def list_parts(self, key: str, upload_id: str) -> list[UploadedPart]:
        parts = sorted(self._upload(key, upload_id).parts.items())
        return [UploadedPart(number, sha256_of(data), len(data)) for number, data in parts]

    async def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> int:
        if upload_id not in self.uploads and key in self._store.objects:
            return len(self._store.get(key).data)
        upload = self._upload(key, upload_id)
        pieces = [upload.parts.get(part.number, b"") for part in parts]
        for part, data in zip(parts, pieces, strict=True):
            if sha256_of(data) != part.etag:
                raise PermanentError("The object store refused the upload: InvalidPart.")
        if any(len(data) < MIN_PART_BYTES for data in pieces[:-1]):
            raise PermanentError("The object store refused the upload: EntityTooSmall.")
        del self.uploads[upload_id]
        return (await self._store.write(key, b"".join(pieces), upload.media_type)).size_bytes

    async def abort(self, key: str, upload_id: str) -> None:
        self._store.touch()
        self.uploads.pop(upload_id, None)

    async def presign_part(
        self, key: str, upload_id: str, number: int, *, size_bytes: int, expires: timedelta
    ) -> str:
        life = int(expires.total_seconds())
        return f"fake://store/{key}?part={number}&upload={upload_id}&size={size_bytes}&expires={life}"


class FakePartStream:
    """A part that comes in pieces; it is there once it is finished."""

    def __init__(
        self, uploads: FakeMultipartUploads, key: str, upload_id: str, number: int, size_bytes: int
    ) -> None:
        self._uploads = uploads
        self._place = (key, upload_id, number)
        self._size = size_bytes
        self._data = bytearray()
        self._open = True

    async def write(self, data: bytes | memoryview) -> None:
        self._data += data

    async def finish(self) -> str:
        if not self._open or len(self._data) != self._size:
            raise TransientError("The object store did not take a part.")
        self.close()
        return (await self._uploads.put_part(*self._place, self._data)).etag

    def close(self) -> None:
        self._open = False


def _ref(key: str, found: FakeObject) -> ArtifactRef:
    return ArtifactRef(key=key, sha256=found.sha256, size_bytes=len(found.data), media_type=found.media_type)
