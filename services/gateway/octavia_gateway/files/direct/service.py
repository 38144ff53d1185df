"""Begin, look at, continue, complete and end uploads by signed addresses.

The bytes never pass this process. What is in the store is asked of the store itself, so an upload is
resumed by whoever asks which parts are there; and nothing is believed of a client: number and size of
every part are compared before they are put together, and the whole is hashed and probed afterwards, as
any other upload, before it is a file.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from octavia_common.artifacts import ArtifactStore, UploadedPart
from octavia_common.errors import ArtifactMissingError

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.files.direct.errors import NoSuchPartError, PartsMissingError, UploadNotOpenError
from octavia_gateway.files.models import FileType
from octavia_gateway.files.opening import UploadOpener, Way
from octavia_gateway.files.tus.finisher import FinishingTasks, forget
from octavia_gateway.files.tus.models import RejectedUploadError, Upload, UploadExpiredError, UploadState
from octavia_gateway.files.tus.repository import UploadsRepository
from octavia_gateway.settings import GatewaySettings


@dataclass(frozen=True)
class PartAddress:
    """Where one part is PUT, with exactly `size_bytes`."""

    number: int
    size_bytes: int
    url: str


@dataclass(frozen=True)
class Standing:
    """An upload and the parts of it that are in the store as they should be."""

    upload: Upload
    received: tuple[int, ...]


class DirectUploads:
    """All state is in the database and the store."""

    def __init__(
        self,
        settings: GatewaySettings,
        database: GatewayDatabase,
        store: ArtifactStore,
        opener: UploadOpener,
        finishing: FinishingTasks,
    ) -> None:
        self._database = database
        self._store = store
        self._opener = opener
        self._finishing = finishing
        self._lifetime = timedelta(hours=settings.upload_expiry_hours)
        self._address_life = timedelta(minutes=settings.upload_address_minutes)
        self._uploads = UploadsRepository()

    async def begin(
        self, user_id: UUID, *, length: int, file_type: FileType, filename: str, sha256: str | None
    ) -> Upload:
        """A new upload of `length` bytes; raises as `UploadOpener.open`."""
        return await self._opener.open(
            user_id, Way.DIRECT, length=length, file_type=file_type, filename=filename, sha256=sha256
        )

    async def get(self, user_id: UUID, upload_id: UUID) -> Standing:
        """The upload, and what of it is in the store.

        Raises:
            UploadNotFoundError: there is none, or it is another user's.
        """
        upload = await self._find(user_id, upload_id)
        if upload.state is not UploadState.RECEIVING:
            whole = upload.state is not UploadState.REJECTED
            return Standing(upload, tuple(range(1, upload.part_count + 1)) if whole else ())
        return Standing(upload, tuple(part.number for part in await self._good_parts(upload)))

    async def addresses(
        self, user_id: UUID, upload_id: UUID, numbers: list[int]
    ) -> tuple[list[PartAddress], datetime]:
        """Addresses to PUT parts to, and until when; asking for them keeps the upload from expiring.

        Raises:
            UploadNotFoundError, UploadExpiredError, UploadNotOpenError, NoSuchPartError.
        """
        async with self._database.user_transaction(user_id) as connection:
            upload = await self._uploads.get(connection, user_id, upload_id, direct=True)
            for number in numbers:
                if not 1 <= number <= upload.part_count:
                    raise NoSuchPartError(number, upload.part_count)
            if upload.state is not UploadState.RECEIVING:
                raise UploadNotOpenError
            if not await self._uploads.prolong(connection, user_id, upload_id, self._lifetime):
                raise UploadExpiredError
        expires = datetime.now(UTC) + self._address_life
        return [await self._address(upload, number) for number in numbers], expires

    async def complete(self, user_id: UUID, upload_id: UUID) -> Upload:
        """Puts the parts together; the upload is `finishing` until it has been hashed and probed.

        Completing again is no error. Raises:
            UploadNotFoundError, UploadExpiredError, PartsMissingError; RejectedUploadError: it was
            found out before that it is no file that can be used.
        """
        upload = await self._find(user_id, upload_id)
        if upload.state is UploadState.REJECTED and upload.problem is not None:
            raise RejectedUploadError(upload.problem)
        if upload.state is not UploadState.RECEIVING:
            return upload
        parts = await self._good_parts(upload)
        if len(parts) < upload.part_count:
            there = {part.number for part in parts}
            missing = [number for number in range(1, upload.part_count + 1) if number not in there]
            raise PartsMissingError(missing, upload.part_count)
        async with self._database.user_transaction(user_id) as connection:
            begun = await self._uploads.begin_finishing(connection, upload, parts)
            now = await self._uploads.get(connection, user_id, upload_id, direct=True)
        if now.state is UploadState.RECEIVING:
            raise UploadExpiredError
        if begun:
            self._finishing.begin(now)
        return now

    async def terminate(self, user_id: UUID, upload_id: UUID) -> None:
        """Forgets the upload and what was received; a file that it became stays.

        Raises:
            UploadNotFoundError: there is none, or it is another user's.
        """
        async with self._database.user_transaction(user_id) as connection:
            await self._uploads.get(connection, user_id, upload_id, direct=True)
            await forget(connection, self._uploads, self._store, user_id, upload_id)

    async def _find(self, user_id: UUID, upload_id: UUID) -> Upload:
        async with self._database.user_transaction(user_id) as connection:
            return await self._uploads.get(connection, user_id, upload_id, direct=True)

    async def _good_parts(self, upload: Upload) -> list[UploadedPart]:
        """Parts in the store that are of the agreed size; the others have to be sent again."""
        assert upload.multipart_id is not None
        try:
            found = await self._store.multipart.list_parts(upload.key, upload.multipart_id)
        except ArtifactMissingError:
            return []
        return [
            part
            for part in found
            if 1 <= part.number <= upload.part_count and part.size_bytes == upload.size_of_part(part.number)
        ]

    async def _address(self, upload: Upload, number: int) -> PartAddress:
        assert upload.multipart_id is not None
        size = upload.size_of_part(number)
        url = await self._store.multipart.presign_part(
            upload.key, upload.multipart_id, number, size_bytes=size, expires=self._address_life
        )
        return PartAddress(number, size, url)
