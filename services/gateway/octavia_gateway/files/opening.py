"""The beginning of an upload that takes several requests: within its owner's bounds, and found again.

The row comes before the store's multipart upload: a process that dies between the two leaves a row,
which expires, and whoever removes it aborts everything unfinished under its key.
"""

import asyncio
import contextlib
from datetime import timedelta
from enum import Enum
from uuid import UUID, uuid4

from octavia_common.artifacts import ArtifactStore, upload_key
from octavia_common.errors import OctaviaError

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.files.errors import EmptyFileError
from octavia_gateway.files.making import FileMaker
from octavia_gateway.files.models import FileType
from octavia_gateway.files.names import clean_filename
from octavia_gateway.files.parts import part_size_for
from octavia_gateway.files.tus.finisher import remove_objects
from octavia_gateway.files.tus.models import Upload
from octavia_gateway.files.tus.repository import UploadsRepository
from octavia_gateway.settings import GatewaySettings

CONTENT_TYPE = "application/octet-stream"
"""Type of uploads in the store: what a stranger calls his file is never served as such."""


class Way(Enum):
    """How the bytes come: through the gateway (tus), or straight to the store by signed addresses."""

    TUS = "tus"
    DIRECT = "direct"


class UploadOpener:
    """Opens uploads."""

    def __init__(
        self, settings: GatewaySettings, database: GatewayDatabase, store: ArtifactStore, maker: FileMaker
    ) -> None:
        self._settings = settings
        self._database = database
        self._store = store
        self._maker = maker
        self._uploads = UploadsRepository()

    async def open(
        self,
        user_id: UUID,
        way: Way,
        *,
        length: int,
        file_type: FileType,
        filename: str,
        metadata: str = "",
        sha256: str | None = None,
    ) -> Upload:
        """A new upload that will have `length` bytes.

        Raises:
            EmptyFileError, UploadTooLargeError, StorageFullError, TooManyOpenUploadsError: it would
            never be taken, or not now.
        """
        if length == 0:
            raise EmptyFileError("The file is empty: it has no bytes at all. Choose another one.")
        self._maker.check_size(length)
        upload_id = uuid4()
        key = upload_key(user_id, upload_id)
        async with self._database.user_transaction(user_id) as connection:
            await self._maker.check_quota(connection, user_id, length)
            await self._maker.check_open(connection, user_id)
            upload = await self._uploads.add(
                connection,
                upload_id=upload_id,
                user_id=user_id,
                resumable=way is Way.TUS,
                direct=way is Way.DIRECT,
                file_type=file_type,
                filename=clean_filename(filename),
                metadata=metadata,
                length=length,
                part_size=part_size_for(length, self._settings.upload_part_bytes),
                multipart_id=None,
                sha256=sha256,
                lifetime=timedelta(hours=self._settings.upload_expiry_hours),
            )
        try:
            multipart_id = await self._store.multipart.create(key, CONTENT_TYPE)
            async with self._database.user_transaction(user_id) as connection:
                return await self._uploads.set_multipart(connection, user_id, upload_id, multipart_id)
        except BaseException:
            with contextlib.suppress(OctaviaError, OSError):
                await asyncio.shield(self._undo(upload))
            raise

    async def _undo(self, upload: Upload) -> None:
        async with self._database.user_transaction(upload.user_id) as connection:
            await self._uploads.delete(connection, upload.user_id, upload.upload_id)
            await remove_objects(self._store, upload)
