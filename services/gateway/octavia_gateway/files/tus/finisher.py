"""The end of a resumable upload: its parts become an object, the object a file, or nothing.

Finishing may take a while (the probe, and a second reading where the digest is not known), so the
upload is in a state of its own meanwhile, under a lease that is prolonged while the finisher lives.
Whoever finds the lease run out, the client's next PATCH or a sweeper, does it again: every step can
be repeated.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from octavia_common.artifacts import ArtifactStore
from octavia_common.errors import OctaviaError, TransientError

from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.files.digests import RunningDigests
from octavia_gateway.files.making import FileMaker
from octavia_gateway.files.models import FileRecord
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.files.tus.models import DigestMismatchError, Upload, UploadCorruptError, UploadState
from octavia_gateway.files.tus.repository import FINISHING_LEASE, UploadsRepository

MOST_WAITING = 100
"""Uploads that wait in one process to be finished."""

log = structlog.get_logger(__name__)


class Finisher:
    """Makes files of uploads that are in the state `finishing`."""

    def __init__(
        self, database: GatewayDatabase, store: ArtifactStore, maker: FileMaker, digests: RunningDigests
    ) -> None:
        self._database = database
        self._store = store
        self._maker = maker
        self._digests = digests
        self._uploads = UploadsRepository()
        self._files = FilesRepository()

    async def finish_abandoned(self, upload: Upload) -> FileRecord | None:
        """As `finish`, where the process that was at it died; None where it lives."""
        writer = uuid4()
        async with self._database.user_transaction(upload.user_id) as connection:
            claimed = await self._uploads.claim_finishing(
                connection, upload.user_id, upload.upload_id, writer
            )
        return await self.finish(claimed, writer) if claimed else None

    async def finish(self, upload: Upload, writer: UUID) -> FileRecord:
        """The file of an upload whose finishing `writer` holds.

        Raises:
            MediaError, UploadCorruptError: it can never be a file; its bytes are gone.
            TransientError: not now; the upload waits to be finished by somebody else.
        """
        try:
            async with self._lease(upload, writer):
                record = await self._file_of(upload)
        except OctaviaError as error:
            if error.transient:
                await self._give_back(upload, writer)
            else:
                await self._reject(upload, writer, error)
            raise
        async with self._database.user_transaction(upload.user_id) as connection:
            await self._uploads.end(
                connection, upload.user_id, upload.upload_id, writer, UploadState.FINISHED
            )
            await self._files.add(connection, record)
        with contextlib.suppress(TransientError):
            await remove_tails(self._store, upload)
        return record

    async def _file_of(self, upload: Upload) -> FileRecord:
        assert upload.multipart_id is not None
        assert upload.length is not None
        async with self._database.user_transaction(upload.user_id) as connection:
            parts = await self._uploads.parts(connection, upload)
        size = await self._store.multipart.complete(upload.key, upload.multipart_id, parts)
        if size != upload.length:
            raise UploadCorruptError("The stored file is not as long as what was sent; upload it again.")
        digest = self._digests.take(upload.upload_id, len(parts)) if parts else None
        record = await self._maker.make(
            user_id=upload.user_id,
            file_id=upload.upload_id,
            file_type=upload.file_type,
            filename=upload.filename,
            size_bytes=size,
            sha256=digest.hexdigest() if digest else None,
        )
        if upload.sha256 is not None and upload.sha256 != record.sha256:
            raise DigestMismatchError(
                "The file in the store has another SHA-256 digest than was announced; upload it again.",
                expected=upload.sha256,
                found=record.sha256,
            )
        return record

    @contextlib.asynccontextmanager
    async def _lease(self, upload: Upload, writer: UUID) -> AsyncIterator[None]:
        """Prolongs the lease while the block runs."""

        async def prolong() -> None:
            while True:
                await asyncio.sleep(FINISHING_LEASE.total_seconds() / 4)
                with contextlib.suppress(OSError, TimeoutError):  # the next turn tries again
                    async with self._database.user_transaction(upload.user_id) as connection:
                        await self._uploads.keep_finishing(
                            connection, upload.user_id, upload.upload_id, writer
                        )

        task = asyncio.create_task(prolong())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _give_back(self, upload: Upload, writer: UUID) -> None:
        async with self._database.user_transaction(upload.user_id) as connection:
            await self._uploads.keep_finishing(
                connection, upload.user_id, upload.upload_id, writer, lease=timedelta(0)
            )

    async def _reject(self, upload: Upload, writer: UUID, error: OctaviaError) -> None:
        problem = {
            "code": error.code,
            "status": error.status,
            "message": error.message,
            "context": error.context,
        }
        async with self._database.user_transaction(upload.user_id) as connection:
            await self._uploads.end(
                connection, upload.user_id, upload.upload_id, writer, UploadState.REJECTED, problem
            )
        with contextlib.suppress(TransientError):  # else the sweeper removes them with the row
            await remove_objects(self._store, upload)


class FinishingTasks:
    """Finishes uploads beside the requests that completed them: hashing 10 GiB takes longer than a
    client waits for an answer. What is too much for this process is left to the sweepers of all."""

    def __init__(self, finisher: Finisher, *, at_once: int) -> None:
        self._finisher = finisher
        self._places = asyncio.Semaphore(at_once)
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, upload: Upload) -> None:
        """Finishes an upload that waits for it, soon."""
        if len(self._tasks) < MOST_WAITING:
            task = asyncio.create_task(self._finish(upload))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _finish(self, upload: Upload) -> None:
        async with self._places:
            try:
                await self._finisher.finish_abandoned(upload)
            except OctaviaError as error:
                log.info("upload_not_finished", upload_id=str(upload.upload_id), code=error.code)
            except Exception as error:  # noqa: BLE001 - the sweeper tries again
                log.warning("upload_not_finished", upload_id=str(upload.upload_id), error=repr(error))


async def remove_tails(store: ArtifactStore, upload: Upload) -> None:
    """Removes what requests kept beside the parts, also of those that died before they could say so."""
    await store.delete([key async for key in store.list_keys(upload.tail_prefix)])


async def remove_objects(store: ArtifactStore, upload: Upload) -> None:
    """Removes everything that an upload which became no file has in the store."""
    if upload.multipart_id is not None:
        await store.multipart.abort(upload.key, upload.multipart_id)
    # One that was begun by a process which died before it could write its id down.
    async for lost in store.multipart.unfinished(upload.key):
        await store.multipart.abort(lost.key, lost.upload_id)
    await remove_tails(store, upload)
    await store.delete([upload.key])


async def forget(
    connection: Connection, uploads: UploadsRepository, store: ArtifactStore, user_id: UUID, upload_id: UUID
) -> None:
    """Removes an upload and what was received of it, within the caller's transaction: where the store is
    away, the upload stays too. A file that it became stays."""
    upload = await uploads.delete(connection, user_id, upload_id)
    if upload is not None and upload.state is UploadState.FINISHED:
        await remove_tails(store, upload)
    elif upload is not None:
        await remove_objects(store, upload)
