"""A file that comes in one piece: from its source to the store in parts, never onto a disk."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from octavia_common.artifacts import ArtifactStore, Part, PartStream, upload_key
from octavia_common.errors import OctaviaError

from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.files.digests import PartDigest
from octavia_gateway.files.errors import EmptyFileError
from octavia_gateway.files.form import open_form_file
from octavia_gateway.files.making import FileMaker
from octavia_gateway.files.models import FileRecord, FileType
from octavia_gateway.files.names import clean_filename
from octavia_gateway.files.opening import CONTENT_TYPE
from octavia_gateway.files.parts import PartPipeline, part_size_for
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.files.tus.finisher import remove_objects
from octavia_gateway.files.tus.models import UploadTakenOverError
from octavia_gateway.files.tus.repository import UploadsRepository
from octavia_gateway.settings import GatewaySettings

FORM_OVERHEAD_BYTES = 256 * 1024
"""What a form's body may have beyond its file before its Content-Length alone is refused."""


Settle = Callable[[Connection, FileRecord], Awaitable[None]]
"""What else must become true in the transaction that makes the file; an error of it unmakes the file."""


@dataclass(frozen=True)
class _Stored:
    size_bytes: int
    sha256: str


class FileIntake:
    """Receives whole files. A row of `uploads` stands for each, so that a crash leaves nothing for ever."""

    def __init__(
        self, settings: GatewaySettings, database: GatewayDatabase, store: ArtifactStore, maker: FileMaker
    ) -> None:
        self._settings = settings
        self._database = database
        self._store = store
        self._maker = maker
        self._uploads = UploadsRepository()
        self._files = FilesRepository()

    async def receive_form(
        self,
        user_id: UUID,
        file_type: FileType,
        *,
        content_type: str | None,
        content_length: int | None,
        body: AsyncIterator[bytes],
    ) -> FileRecord:
        """The file of the form in `body`.

        Raises:
            MalformedFormError, UploadTooLargeError, StorageFullError, UploadInterruptedError,
            EmptyFileError, MediaError: nothing of it stays in the store.
        """
        self._maker.check_size((content_length or 0) - FORM_OVERHEAD_BYTES)
        form = await open_form_file(content_type, body)
        return await self.receive(
            user_id,
            file_type,
            filename=form.filename,
            expected_bytes=content_length or 0,
            chunks=form.chunks,
        )

    async def receive(
        self,
        user_id: UUID,
        file_type: FileType,
        *,
        filename: str,
        expected_bytes: int,
        chunks: AsyncIterator[bytes],
        settle: Settle | None = None,
    ) -> FileRecord:
        """The file that `chunks` are; `expected_bytes` is what its sender says of its size, 0 for nothing.

        Raises:
            UploadTooLargeError, StorageFullError, EmptyFileError, MediaError, and what `chunks` and
            `settle` raise: nothing of it stays in the store.
        """
        filename = clean_filename(filename)
        file_id = uuid4()
        async with self._database.user_transaction(user_id) as connection:
            await self._maker.check_quota(connection, user_id, expected_bytes)
            await self._uploads.add(
                connection,
                upload_id=file_id,
                user_id=user_id,
                resumable=False,
                file_type=file_type,
                filename=filename,
                length=None,
                part_size=self._part_size,
                multipart_id=None,
                lifetime=timedelta(hours=self._settings.upload_expiry_hours),
            )
        try:
            stored = await self._store_file(user_id, file_id, chunks, expected_bytes or None)
            record = await self._maker.make(
                user_id=user_id,
                file_id=file_id,
                file_type=file_type,
                filename=filename,
                size_bytes=stored.size_bytes,
                sha256=stored.sha256,
            )
            async with self._database.user_transaction(user_id) as connection:
                await self._files.add(connection, record)
                if await self._uploads.delete(connection, user_id, file_id) is None:
                    # Removed while it came in: with its owner's account.
                    raise UploadTakenOverError("The upload was removed while it was being received.")
                if settle is not None:
                    await settle(connection, record)
        except BaseException:
            # Also when the request is cancelled. What fails here is the sweeper's once it expires.
            with contextlib.suppress(OctaviaError, OSError):
                await asyncio.shield(self._undo(user_id, file_id))
            raise
        return record

    @property
    def _part_size(self) -> int:
        return part_size_for(self._settings.max_upload_bytes, self._settings.upload_part_bytes)

    async def _store_file(
        self, user_id: UUID, file_id: UUID, chunks: AsyncIterator[bytes], expected: int | None
    ) -> _Stored:
        key = upload_key(user_id, file_id)
        sink = _FileSink(self._store, key, lambda: self._begin_multipart(user_id, file_id, key))
        digest = PartDigest(hashlib.sha256())
        # What is expected may be wrong, and is a little too much where a form stands around the file: at
        # worst a part is begun in vain, and put from memory.
        pipeline = PartPipeline(self._part_size, sink, digest=digest, expected=expected)
        size = 0
        try:
            async for chunk in chunks:
                size += len(chunk)
                self._maker.check_size(size)
                await pipeline.feed(chunk)
            number, rest = pipeline.number, pipeline.rest
        finally:
            await pipeline.close()
        if size == 0:
            raise EmptyFileError("The file is empty: it has no bytes at all. Choose another one.")
        if number == 1:
            ref = await self._store.write(key, rest, CONTENT_TYPE)
            return _Stored(size, ref.sha256)
        if rest:
            sink.parts.append(await sink.put(number, memoryview(rest)))
            await asyncio.to_thread(digest.kept.update, rest)
        await self._store.multipart.complete(key, sink.multipart_id, sink.parts)
        return _Stored(size, digest.kept.hexdigest())

    async def _begin_multipart(self, user_id: UUID, file_id: UUID, key: str) -> str:
        multipart_id = await self._store.multipart.create(key, CONTENT_TYPE)
        async with self._database.user_transaction(user_id) as connection:
            await self._uploads.set_multipart(connection, user_id, file_id, multipart_id)
        return multipart_id

    async def _undo(self, user_id: UUID, file_id: UUID) -> None:
        async with self._database.user_transaction(user_id) as connection:
            upload = await self._uploads.delete(connection, user_id, file_id)
            if upload is not None:
                await remove_objects(self._store, upload)
            elif not await self._files.exists(connection, user_id, file_id):
                await self._store.delete([upload_key(user_id, file_id)])


class _FileSink:
    """Parts of one file; its multipart upload is begun with the first of them."""

    def __init__(self, store: ArtifactStore, key: str, begin: Callable[[], Awaitable[str]]) -> None:
        self._store = store
        self._key = key
        self._begin = begin
        self.multipart_id = ""
        self.parts: list[Part] = []

    async def open(self, number: int, size_bytes: int) -> PartStream:
        await self._begun()
        return await self._store.multipart.open_part(self._key, self.multipart_id, number, size_bytes)

    async def put(self, number: int, data: memoryview) -> Part:
        await self._begun()
        return await self._store.multipart.put_part(self._key, self.multipart_id, number, data)

    async def stored(self, part: Part) -> None:
        self.parts.append(part)

    async def _begun(self) -> None:
        if not self.multipart_id:
            self.multipart_id = await self._begin()
