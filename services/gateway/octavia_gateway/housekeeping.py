"""Forgets what is no longer needed: old stream events, spent sessions, answered keys, deleted jobs."""

import structlog
from octavia_common.artifacts.store import ArtifactStore

from octavia_gateway.auth.repository import AuthRepository
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.events.log import EventLog
from octavia_gateway.files.cleanup import delete_job_objects
from octavia_gateway.idempotency import Idempotency
from octavia_gateway.jobs.repository import JobsRepository

log = structlog.get_logger(__name__)


class Housekeeping:
    """One round now and then; replicas that do it at once do not disturb each other."""

    def __init__(
        self,
        database: GatewayDatabase,
        store: ArtifactStore,
        idempotency: Idempotency,
        *,
        job_event_days: int,
    ) -> None:
        self._database = database
        self._store = store
        self._idempotency = idempotency
        self._job_event_days = job_event_days
        self._jobs = JobsRepository()
        self._log = EventLog()
        self._accounts = AuthRepository()

    async def round(self) -> None:
        """Prune a bounded number of rows of each kind."""
        async with self._database.service_transaction() as connection:
            await self._log.prune(connection, days=self._job_event_days)
            await self._accounts.prune(connection)
            await self._idempotency.prune(connection)
        while await self._finish_one_deletion():
            pass

    async def _finish_one_deletion(self) -> bool:
        """Remove what a deleted job left: a store that was away, or a file that came late."""
        async with self._database.service_transaction() as connection:
            found = await self._jobs.lock_deleted_with_objects(connection)
            if found is None:
                return False
            user_id, job_id = found
            return await delete_job_objects(connection, self._store, user_id, job_id)
