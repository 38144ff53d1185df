"""From an object that is whole to a file: looked at first, and removed again where it is refused."""

from datetime import UTC, datetime
from uuid import UUID

from octavia_common.artifacts import ArtifactStore, upload_key

from octavia_gateway.counting import count_alone
from octavia_gateway.database import Connection
from octavia_gateway.files.errors import StorageFullError, TooManyOpenUploadsError, UploadTooLargeError
from octavia_gateway.files.inspection import Inspector
from octavia_gateway.files.models import FileRecord, FileType
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.files.tus.repository import UploadsRepository
from octavia_gateway.settings import GatewaySettings


class FileMaker:
    """What the ways to upload have in common: the limits before, the checks after."""

    def __init__(self, settings: GatewaySettings, store: ArtifactStore, inspector: Inspector) -> None:
        self._settings = settings
        self._store = store
        self._inspector = inspector
        self._files = FilesRepository()
        self._uploads = UploadsRepository()

    def check_size(self, size_bytes: int) -> None:
        """Raises UploadTooLargeError where an upload of this size is not taken."""
        limit = self._settings.max_upload_bytes
        if size_bytes > limit:
            raise UploadTooLargeError(
                f"A file may have at most {limit} bytes; this one has more.", limit=limit
            )

    async def check_quota(self, connection: Connection, user_id: UUID, size_bytes: int) -> None:
        """Raises StorageFullError where the user would keep more than one user may."""
        limit = self._settings.max_user_storage_bytes
        if limit and await self._files.bytes_kept(connection, user_id) + size_bytes > limit:
            raise StorageFullError(
                f"Your files may have at most {limit} bytes together; delete some first.", limit=limit
            )

    async def check_open(self, connection: Connection, user_id: UUID) -> None:
        """Raises TooManyOpenUploadsError where the user has begun as many uploads as one user may; until the
        transaction ends no other is begun."""
        await count_alone(connection, user_id, "open uploads")
        limit = self._settings.max_open_uploads_per_user
        if await self._uploads.count_open(connection, user_id) >= limit:
            raise TooManyOpenUploadsError(
                f"You have {limit} unfinished uploads; finish or delete one of them first.", limit=limit
            )

    async def make(
        self,
        *,
        user_id: UUID,
        file_id: UUID,
        file_type: FileType,
        filename: str,
        size_bytes: int,
        sha256: str | None,
    ) -> FileRecord:
        """The record of the object under the upload's key, not yet in the database.

        Without `sha256` the object is read once to find it.

        Raises:
            MediaError: the content is not what it should be.
        """
        key = upload_key(user_id, file_id)
        found = await self._inspector.inspect(key, size_bytes, file_type, filename)
        if sha256 is None:
            sha256 = (await self._store.digest(key)).sha256
        return FileRecord(
            file_id=file_id,
            user_id=user_id,
            file_type=file_type,
            filename=filename,
            sha256=sha256,
            media_type=found.media_type,
            size_bytes=size_bytes,
            media=found.media,
            created_at=datetime.now(UTC),
        )
