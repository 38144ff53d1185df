"""Fetches what is queued: a few at a time in every replica, each under a lease.

A fetch that was cut off by the end of its process is begun again by another one when its lease has run out;
what it had stored is the upload sweeper's. The file, and that the upload is finished, become true in one
transaction, so that none is made twice.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from octavia_common.errors import OctaviaError
from octavia_common.remote.errors import RemoteTooSlowError, RemoteUnreachableError
from octavia_common.remote.source import RemoteFile, RemoteSource

from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.files.admission import TooManyUploadsError, UploadSlots
from octavia_gateway.files.intake import FileIntake
from octavia_gateway.files.making import FileMaker
from octavia_gateway.files.models import FileRecord
from octavia_gateway.remote.errors import RemoteUploadGoneError
from octavia_gateway.remote.models import RemoteUpload
from octavia_gateway.remote.repository import LEASE, RemoteUploadsRepository

log = structlog.get_logger(__name__)

FIRST_WAIT = timedelta(seconds=5)
MOST_TRIES = 3
PRUNE_BATCH = 500


@dataclass(frozen=True)
class FetchLimits:
    """How much is fetched at a time, and for how long one may take altogether."""

    at_once: int = 4
    of_one_user: int = 2
    seconds: float = 2 * 3600.0
    poll_seconds: float = 2.0
    kept: timedelta = timedelta(hours=24)
    report_seconds: float = 1.0


@dataclass
class _Progress:
    """How far a fetch is."""

    received_bytes: int = 0
    length: int | None = None
    filename: str | None = None


class RemoteFetcher:
    """Runs in every replica for as long as it lives."""

    def __init__(
        self,
        source: RemoteSource,
        database: GatewayDatabase,
        maker: FileMaker,
        intake: FileIntake,
        slots: UploadSlots,
        limits: FetchLimits,
    ) -> None:
        self.source = source
        self._database = database
        self._maker = maker
        self._intake = intake
        self._slots = slots
        self._limits = limits
        self._uploads = RemoteUploadsRepository()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to fetch."""
        self._wake.set()

    async def run(self) -> None:
        """Fetch for ever; ends by being cancelled, and what it was fetching waits for another replica."""
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._wake.clear()
                try:
                    await self._begin_what_waits(running)
                except Exception as error:  # noqa: BLE001 - a database that is away must not end the fetching
                    log.warning("remote_uploads_waiting", error=repr(error))
                await self._pause(running)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _begin_what_waits(self, running: set[asyncio.Task[None]]) -> None:
        async with self._database.service_transaction() as connection:
            await self._uploads.prune(connection, after=self._limits.kept, limit=PRUNE_BATCH)
        while len(running) < self._limits.at_once:
            token = uuid4()
            async with self._database.service_transaction() as connection:
                upload = await self._uploads.claim(
                    connection, token, most_of_one_user=self._limits.of_one_user
                )
            if upload is None:
                return
            running.add(asyncio.create_task(self._fetch(upload, token)))

    async def _pause(self, running: set[asyncio.Task[None]]) -> None:
        """Until there may be something to do."""
        waking = asyncio.create_task(self._wake.wait())
        try:
            done, _ = await asyncio.wait(
                {waking, *running}, timeout=self._limits.poll_seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waking.cancel()
        running -= done

    async def _fetch(self, upload: RemoteUpload, token: UUID) -> None:
        """One try, to its end, whatever that is; raises nothing but cancellation."""
        try:
            await self._try(upload, token)
        except asyncio.CancelledError:
            with contextlib.suppress(OctaviaError, OSError):
                await asyncio.shield(self._put_back(upload, token, timedelta(0), counts=False))
            raise
        except RemoteUploadGoneError:
            log.info("remote_upload_gone", upload_id=str(upload.upload_id))
        except OctaviaError as error:
            await self._ended_badly(upload, token, error)
        except Exception:
            log.exception("remote_upload_broke", upload_id=str(upload.upload_id))
            await self._ended_badly(upload, token, RemoteUnreachableError())

    async def _try(self, upload: RemoteUpload, token: UUID) -> None:
        if upload.tries > MOST_TRIES:  # its processes died again and again, perhaps of it
            raise RemoteUnreachableError
        progress = _Progress(filename=upload.filename)

        async def settle(connection: Connection, record: FileRecord) -> None:
            await self._uploads.finish(
                connection,
                upload,
                token,
                file_id=record.file_id,
                filename=record.filename,
                size=record.size_bytes,
            )

        async def receive() -> None:
            with self._slots.one():
                async with self.source.opened(upload.url) as file:
                    progress.length = file.length
                    self._maker.check_size(file.length or 0)
                    progress.filename = upload.filename or file.filename
                    await self._intake.receive(
                        upload.user_id,
                        upload.file_type,
                        filename=progress.filename,
                        expected_bytes=file.length or 0,
                        chunks=_counted(file, progress),
                        settle=settle,
                    )

        receiving = asyncio.create_task(receive())
        reporting = asyncio.create_task(self._report(upload, token, progress))
        try:
            async with asyncio.timeout(self._limits.seconds):
                await asyncio.wait({receiving, reporting}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise RemoteTooSlowError from None
        finally:
            for task in (receiving, reporting):
                task.cancel()
            received, reported = await asyncio.gather(receiving, reporting, return_exceptions=True)
        # What was received is a file, whatever the report says now that the lease is gone with it.
        for error in (received, reported) if received is not None else ():
            if error is not None and not isinstance(error, asyncio.CancelledError):
                raise error

    async def _report(self, upload: RemoteUpload, token: UUID, progress: _Progress) -> None:
        """Say how far it is and keep the lease, until cancelled. Raises RemoteUploadGoneError."""
        silent = 0.0
        while True:
            await asyncio.sleep(self._limits.report_seconds)
            try:
                async with self._database.user_transaction(upload.user_id) as connection:
                    await self._uploads.keep(
                        connection,
                        upload,
                        token,
                        received_bytes=progress.received_bytes,
                        length=progress.length,
                        filename=None,
                    )
                silent = 0.0
            except OctaviaError:
                raise
            except Exception:
                silent += self._limits.report_seconds
                if silent > LEASE.total_seconds():
                    raise

    async def _ended_badly(self, upload: RemoteUpload, token: UUID, error: OctaviaError) -> None:
        again = error.transient and upload.tries < MOST_TRIES
        with contextlib.suppress(RemoteUploadGoneError, OSError):
            if isinstance(error, TooManyUploadsError):
                await self._put_back(upload, token, FIRST_WAIT, counts=False)
            elif again:
                await self._put_back(upload, token, FIRST_WAIT * 4 ** (upload.tries - 1), counts=True)
            else:
                log.info("remote_upload_rejected", upload_id=str(upload.upload_id), code=error.code)
                async with self._database.user_transaction(upload.user_id) as connection:
                    await self._uploads.reject(connection, upload, token, _problem(error))

    async def _put_back(self, upload: RemoteUpload, token: UUID, wait: timedelta, *, counts: bool) -> None:
        async with self._database.user_transaction(upload.user_id) as connection:
            await self._uploads.put_back(connection, upload, token, wait=wait, counts=counts)


async def _counted(file: RemoteFile, progress: _Progress) -> AsyncIterator[bytes]:
    async for chunk in file.chunks:
        progress.received_bytes += len(chunk)
        yield chunk


def _problem(error: OctaviaError) -> dict[str, object]:
    return {"code": error.code, "status": error.status, "message": error.message, "context": error.context}
