"""What nobody goes on with: expired uploads are removed, abandoned finishing is done."""

import asyncio

import structlog
from octavia_common.artifacts import ArtifactStore
from octavia_common.errors import OctaviaError

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.files.tus.finisher import Finisher, remove_objects, remove_tails
from octavia_gateway.files.tus.models import UploadState
from octavia_gateway.files.tus.repository import UploadsRepository

BATCH = 100
"""Most uploads that one sweep looks at."""

log = structlog.get_logger(__name__)


class UploadSweeper:
    """Runs in every replica; a row lock shares the work out, so none does it twice."""

    def __init__(
        self, database: GatewayDatabase, store: ArtifactStore, finisher: Finisher, *, every_seconds: float
    ) -> None:
        self._database = database
        self._store = store
        self._finisher = finisher
        self._every_seconds = every_seconds
        self._uploads = UploadsRepository()

    async def run(self) -> None:
        """Sweeps for ever; a sweep that fails is tried again at the next turn."""
        while True:
            await asyncio.sleep(self._every_seconds)
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - a database that is away must not end the sweeping
                log.warning("upload_sweep_failed", error=str(error))

    async def sweep(self) -> int:
        """One turn; how many uploads were removed or finished."""
        swept = 0
        while swept < BATCH and await self._remove_one():
            swept += 1
        async with self._database.service_transaction() as connection:
            abandoned = await self._uploads.abandoned_finishing(connection, BATCH)
        for upload in abandoned:
            try:
                swept += await self._finisher.finish_abandoned(upload) is not None
            except OctaviaError as error:
                log.info("upload_not_finished", upload_id=str(upload.upload_id), code=error.code)
        return swept

    async def _remove_one(self) -> bool:
        async with self._database.service_transaction() as connection:
            upload = await self._uploads.next_expired(connection)
            if upload is None:
                return False
            # Objects first: if this fails, the row is still there for the next turn.
            if upload.state is UploadState.FINISHED:
                await remove_tails(self._store, upload)
            else:
                await remove_objects(self._store, upload)
            await self._uploads.delete(connection, upload.user_id, upload.upload_id)
        return True
