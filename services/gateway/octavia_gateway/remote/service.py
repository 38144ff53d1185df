"""What a user can do with remote uploads."""

from uuid import UUID, uuid4

from octavia_gateway.counting import count_alone
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.files.making import FileMaker
from octavia_gateway.files.models import FileType
from octavia_gateway.files.names import clean_filename
from octavia_gateway.remote.errors import RemoteUploadsOffError, TooManyRemoteUploadsError
from octavia_gateway.remote.fetcher import RemoteFetcher
from octavia_gateway.remote.models import RemoteUpload
from octavia_gateway.remote.repository import RemoteUploadsRepository
from octavia_gateway.settings import GatewaySettings


class RemoteUploads:
    """Begin, see, give up. The fetching is the fetcher's."""

    def __init__(
        self, settings: GatewaySettings, database: GatewayDatabase, maker: FileMaker, fetcher: RemoteFetcher
    ) -> None:
        self._settings = settings
        self._database = database
        self._maker = maker
        self._fetcher = fetcher
        self._uploads = RemoteUploadsRepository()

    async def begin(self, user_id: UUID, url: str, file_type: FileType, filename: str | None) -> RemoteUpload:
        """Put it in the queue; what can be seen from the URL alone is refused at once.

        Raises:
            RemoteUploadsOffError, InvalidUrlError, ForbiddenAddressError, TooManyRemoteUploadsError,
            StorageFullError
        """
        if not self._settings.remote_uploads:
            raise RemoteUploadsOffError
        target = self._fetcher.source.admitted(url)
        limit = self._settings.remote_uploads_per_user
        async with self._database.user_transaction(user_id) as connection:
            await count_alone(connection, user_id, "remote uploads")
            if await self._uploads.unfinished(connection, user_id) >= limit:
                raise TooManyRemoteUploadsError(limit)
            await self._maker.check_quota(connection, user_id, 1)
            upload = await self._uploads.add(
                connection,
                upload_id=uuid4(),
                user_id=user_id,
                url=target.url,
                shown_url=target.shown,
                file_type=file_type,
                filename=clean_filename(filename) if filename is not None else None,
            )
        self._fetcher.wake()
        return upload

    async def get(self, user_id: UUID, upload_id: UUID) -> RemoteUpload:
        """One of the user's. Raises RemoteUploadNotFoundError."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._uploads.get(connection, user_id, upload_id)

    async def delete(self, user_id: UUID, upload_id: UUID) -> None:
        """Stop and forget it. Raises RemoteUploadNotFoundError."""
        async with self._database.user_transaction(user_id) as connection:
            await self._uploads.delete(connection, user_id, upload_id)
