"""A file that comes in one piece: from its source to the store in parts, never onto a disk."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from octavia_common.artifacts import ArtifactStore, Part, upload_key
from octavia_common.errors import OctaviaError

from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.files.errors import EmptyFileError
from octavia_gateway.files.form import open_form_file
from octavia_gateway.files.making import FileMaker
from octavia_gateway.files.models import FileRecord, FileType
from octavia_gateway.files.names import clean_filename
from octavia_gateway.files.parts import PartPipeline, part_size_for
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.files.tus.finisher import remove_objects
from octavia_gateway.files.tus.repository import UploadsRepository
from octavia_gateway.settings import GatewaySettings

FORM_OVERHEAD_BYTES = 256 * 1024
"""What a form's body may have beyond its file before its Content-Length alone is refused."""

CONTENT_TYPE = "application/octet-stream"
"""Type of uploads in the store: what a stranger calls his file is never served as such."""


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
            stored = await self._store_file(user_id, file_id, chunks)
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
                await self._uploads.delete(connection, user_id, file_id)
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

    async def _store_file(self, user_id: UUID, file_id: UUID, chunks: AsyncIterator[bytes]) -> _Stored:
        key = upload_key(user_id, file_id)
        digest = hashlib.sha256()
        parts: list[Part] = []
        multipart_id = ""

        async def put(number: int, data: bytes | bytearray) -> None:
            nonlocal multipart_id
            if not multipart_id:
                multipart_id = await self._begin_multipart(user_id, file_id, key)
            part, _ = await asyncio.gather(
                self._store.multipart.put_part(key, multipart_id, number, data),
                asyncio.to_thread(digest.update, data),
            )
            parts.append(part)

        size = 0
        pipeline = PartPipeline(self._part_size, put)
        try:
            async for chunk in chunks:
                size += len(chunk)
                self._maker.check_size(size)
                await pipeline.feed(chunk)
            number, rest = await pipeline.rest()
        finally:
            await pipeline.close()
        if size == 0:
            raise EmptyFileError("The file is empty: it has no bytes at all. Choose another one.")
        if not multipart_id:
            ref = await self._store.write(key, rest, CONTENT_TYPE)
            return _Stored(size, ref.sha256)
        if rest:
            await put(number, rest)
        await self._store.multipart.complete(key, multipart_id, parts)
        return _Stored(size, digest.hexdigest())

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
