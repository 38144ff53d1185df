"""What a client of tus can do to an upload."""

import contextlib
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

from octavia_common.artifacts import ArtifactStore

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.files.errors import UploadTooLargeError
from octavia_gateway.files.models import FileType
from octavia_gateway.files.opening import UploadOpener, Way
from octavia_gateway.files.tus.finisher import Finisher, forget
from octavia_gateway.files.tus.models import (
    RejectedUploadError,
    Upload,
    UploadExpiredError,
    UploadState,
    UploadTakenOverError,
)
from octavia_gateway.files.tus.protocol import Checksum, OffsetConflictError
from octavia_gateway.files.tus.receiver import Receiver
from octavia_gateway.files.tus.repository import UploadsRepository


class ResumableUploads:
    """Create, look at, continue and end uploads. All state is in the database and the store."""

    def __init__(
        self,
        database: GatewayDatabase,
        store: ArtifactStore,
        opener: UploadOpener,
        receiver: Receiver,
        finisher: Finisher,
    ) -> None:
        self._database = database
        self._store = store
        self._opener = opener
        self._receiver = receiver
        self._finisher = finisher
        self._uploads = UploadsRepository()

    async def create(
        self, user_id: UUID, *, length: int, file_type: FileType, filename: str, metadata: str
    ) -> Upload:
        """A new upload that will have `length` bytes.

        Raises what `UploadOpener.open` raises.
        """
        return await self._opener.open(
            user_id, Way.TUS, length=length, file_type=file_type, filename=filename, metadata=metadata
        )

    async def get(self, user_id: UUID, upload_id: UUID) -> Upload:
        """The upload as it stands.

        Raises:
            UploadNotFoundError: there is none, or it is another user's.
        """
        async with self._database.user_transaction(user_id) as connection:
            return await self._uploads.get(connection, user_id, upload_id)

    async def append(
        self,
        user_id: UUID,
        upload_id: UUID,
        *,
        offset: int,
        content_length: int | None,
        checksum: Checksum | None,
        body: AsyncIterator[bytes],
    ) -> Upload:
        """Takes `body` at `offset`; with the last byte the upload becomes a file before this returns.

        Raises:
            UploadNotFoundError, UploadExpiredError, OffsetConflictError, UploadTooLargeError,
            ChecksumMismatchError, UploadInterruptedError, UploadTakenOverError;
            MediaError, UploadCorruptError: all bytes are there, but they are no file that can be used.
        """
        writer = uuid4()
        async with self._database.user_transaction(user_id) as connection:
            taken = await self._uploads.take(connection, user_id, upload_id, offset=offset, writer=writer)
            upload = taken or await self._uploads.get(connection, user_id, upload_id)
        if taken is None:
            return await self._at_its_end(upload, offset)
        if content_length is not None and offset + content_length > (upload.length or 0):
            raise UploadTooLargeError(f"The upload has {upload.length} bytes; more would be sent.")
        upload = await self._receiver.receive(upload, writer, body, checksum, expected=content_length)
        if upload.state is UploadState.FINISHING:
            await self._finisher.finish(upload, writer)
            return await self.get(user_id, upload_id)
        return upload

    async def _at_its_end(self, upload: Upload, offset: int) -> Upload:
        """Why an upload could not be taken; a client that lost the last answer gets it again."""
        if upload.state is UploadState.REJECTED and upload.problem is not None:
            raise RejectedUploadError(upload.problem)
        if offset != upload.offset:
            raise OffsetConflictError(
                f"The upload stands at {upload.offset} bytes, not at {offset}; go on from there.",
                offset=upload.offset,
            )
        if upload.state is UploadState.RECEIVING:
            raise UploadExpiredError
        if upload.state is UploadState.FINISHING:
            with contextlib.suppress(UploadTakenOverError):
                await self._finisher.finish_abandoned(upload)
            return await self.get(upload.user_id, upload.upload_id)
        return upload

    async def terminate(self, user_id: UUID, upload_id: UUID) -> None:
        """Forgets the upload and what was received; a file that it became stays.

        Raises:
            UploadNotFoundError: there is none, or it is another user's.
        """
        async with self._database.user_transaction(user_id) as connection:
            await self._uploads.get(connection, user_id, upload_id)
            await forget(connection, self._uploads, self._store, user_id, upload_id)
