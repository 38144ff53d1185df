"""One round of forgetting: results and uploads past their time, and what nobody lists.

Each replica does it now and then; what one has in hand the others pass over, and whatever fails is there
again in the next round.
"""

from datetime import timedelta
from uuid import UUID

import structlog
from octavia_common.artifacts import ArtifactStore, user_prefix
from octavia_common.errors import TransientError

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.events.log import EventLog
from octavia_gateway.files import made_objects
from octavia_gateway.files.cleanup import delete_job_objects
from octavia_gateway.files.deletion import delete_file
from octavia_gateway.files.errors import FileInUseError, FileNotFoundHereError
from octavia_gateway.jobs.announce import deleted_draft
from octavia_gateway.retention.in_use import nothing_in_use
from octavia_gateway.retention.objects import abort_unfinished, keys_below
from octavia_gateway.retention.policy import Policy
from octavia_gateway.retention.repository import RetentionRepository
from octavia_gateway.videos.retention import VideoRetention

BATCH = 100
"""Rows of one kind that one round looks at."""

LATE_EVENTS = timedelta(days=7)
"""How long the row of a deleted job stays, so that what an event still says was made for it is found."""

log = structlog.get_logger(__name__)


class Retention:
    """Removes what has expired, object and row together."""

    def __init__(self, database: GatewayDatabase, store: ArtifactStore, policy: Policy) -> None:
        self._database = database
        self._store = store
        self._policy = policy
        self.videos = VideoRetention(database, store, policy)
        self._repository = RetentionRepository()
        self._log = EventLog()

    async def round(self) -> None:
        """A bounded part of the work; a store that is away is waited for."""
        try:
            await self.expire_results()
            await self.videos.expire(limit=BATCH)
            while await self._finish_one_deletion() or await self.videos.finish_one():
                pass
            await self.expire_uploads()
            await self.sweep_unlisted()
        except TransientError as error:
            log.warning("retention waits for the store", reason=error.message)
        async with self._database.service_transaction() as connection:
            await self._repository.forget_deleted_jobs(connection, age=LATE_EVENTS, limit=BATCH)
            await self.videos.forget(connection, age=LATE_EVENTS, limit=BATCH)

    async def expire_results(self) -> int:
        """Deletes jobs that ended too long ago, as their owner would; their objects go with them."""
        if self._policy.results is None:
            return 0
        async with self._database.service_transaction() as connection:
            gone = await self._repository.expire_jobs(connection, age=self._policy.results, limit=BATCH)
            await self._log.append(connection, [deleted_draft(user_id, job_id) for user_id, job_id in gone])
        return len(gone)

    async def expire_uploads(self) -> int:
        """Deletes files that were brought, and last used, too long ago."""
        if self._policy.uploads is None:
            return 0
        async with self._database.service_transaction() as connection:
            found = await self._repository.expired_files(connection, age=self._policy.uploads, limit=BATCH)
        removed = 0
        for user_id, file_id in found:
            try:
                await delete_file(self._database, self._store, user_id, file_id)
                removed += 1
            except (FileInUseError, FileNotFoundHereError):
                pass  # a job was made of it, or another replica was here, since it was looked for
        return removed

    async def sweep_unlisted(self) -> int:
        """Removes objects that no job lists: what a stage made, and was cancelled or killed before it
        could say so. Only of users none of whose jobs was at work lately."""
        grace = self._policy.unlisted
        async with self._database.service_transaction() as connection:
            users = await self._repository.users_to_sweep(connection, grace=grace, limit=BATCH)
        removed = 0
        for user_id in users:
            found = await self._sweep(user_id)
            if found is not None:
                removed += found
                async with self._database.service_transaction() as connection:
                    await self._repository.mark_swept(connection, user_id, grace=grace)
        return removed

    async def _sweep(self, user_id: UUID) -> int | None:
        """How many objects were removed; None where a job began meanwhile."""
        prefix = f"{user_prefix(user_id)}artifacts/"
        removed = 0
        async for keys in keys_below(self._store, prefix):
            # Mostly there is nothing to remove: the lock is taken only where there seems to be.
            async with self._database.service_transaction() as connection:
                suspects = await self._repository.unlisted(connection, user_id, keys)
            if not suspects:
                continue
            async with self._database.service_transaction() as connection:
                if not await nothing_in_use(connection, user_id):
                    return None
                unlisted = await self._repository.unlisted(connection, user_id, suspects)
                await self._store.delete(unlisted)
                removed += len(unlisted)
        async with self._database.service_transaction() as connection:
            if not await nothing_in_use(connection, user_id):
                return None
            await abort_unfinished(self._store, prefix)
        if removed:
            log.info("objects that no job lists removed", user_id=str(user_id), count=removed)
        return removed

    async def _finish_one_deletion(self) -> bool:
        """Remove what a deleted job left: a store that was away, or a file that came late."""
        async with self._database.service_transaction() as connection:
            found = await made_objects.lock_gone_with_objects(connection, made_objects.JOBS)
            if found is None:
                return False
            return await delete_job_objects(self._database, self._store, *found)
