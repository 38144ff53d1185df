"""Deletes accounts, in steps that can each be repeated, by whichever replica finds one to do.

At once: nobody can sign in, every session and key is gone, so are public pages, and running jobs and videos
are cancelled, so that billing releases their holds. Once nothing is at work: every object below the user's
prefix, every unfinished upload, every row. Once more after a while: what was still on its way when that was
done.

What stays: the ledger's entries, which billing keeps by the user's id alone, so that sums hold; the audit
of what administrators granted; and the id in `account_deletions`.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from octavia_common.artifacts import ArtifactStore, user_prefix
from octavia_common.errors import TransientError
from octavia_common.events import JobCancelled

from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.erasure.repository import ErasureRepository
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.retention.in_use import nothing_in_use
from octavia_gateway.retention.objects import abort_unfinished, keys_below
from octavia_gateway.videos.repository import VideosRepository

BATCH = 20
"""Accounts of one round."""

log = structlog.get_logger(__name__)


class AccountDeletion:
    """Takes requests to delete accounts, and carries them out."""

    def __init__(self, database: GatewayDatabase, store: ArtifactStore, *, grace: timedelta) -> None:
        self._database = database
        self._store = store
        self._grace = grace
        self._repository = ErasureRepository()
        self._jobs = JobsRepository()
        self._videos = VideosRepository()

    async def request(self, user_id: UUID) -> None:
        """Closes the account for good; what it holds is removed soon after. Again changes nothing."""
        async with self._database.service_transaction() as connection:
            await self._repository.begin(connection, user_id)
            await self._repository.close_account(connection, user_id)
            await self._cancel_work(connection, user_id)
        log.info("account deletion requested", user_id=str(user_id))

    async def round(self) -> int:
        """Goes on with the deletions under way; how many were brought further."""
        async with self._database.service_transaction() as connection:
            due = await self._repository.due(connection, grace=self._grace, limit=BATCH)
        done = 0
        for user_id in due:
            try:
                done += await self.go_on(user_id)
            except TransientError as error:
                log.warning("account deletion waits for the store", reason=error.message)
        return done

    async def go_on(self, user_id: UUID) -> bool:
        """The next step of one account; False while work on it has not ended, or another replica does it."""
        async with self._database.service_transaction() as connection:
            if not await self._repository.lock(connection, user_id, grace=self._grace):
                return False
            # What began in the very moment of the request is cancelled here.
            await self._cancel_work(connection, user_id)
            if not await nothing_in_use(connection, user_id):
                return False
            # Objects first: a process that dies here leaves the rows, and with them the work to be done.
            await self._remove_objects(user_id)
            await self._repository.delete_rows(connection, user_id)
            await self._repository.emptied(connection, user_id)
        return True

    async def _cancel_work(self, connection: Connection, user_id: UUID) -> None:
        await self._cancel_jobs(connection, user_id)
        await self._cancel_videos(connection, user_id)

    async def _cancel_videos(self, connection: Connection, user_id: UUID) -> None:
        found = await self._repository.open_videos(connection, user_id)
        videos = await self._videos.lock_all(connection, found)
        await self._repository.revoke_shares(connection, user_id, found)
        now = datetime.now(UTC)
        cancelled = [
            video.cancelled(at=now)
            for video in videos.values()
            if video.status.at_work and not video.run.cancel_requested
        ]
        await self._videos.save(connection, cancelled)
        await self._database.add_events(connection, [JobCancelled(job=video.ref()) for video in cancelled])

    async def _cancel_jobs(self, connection: Connection, user_id: UUID) -> None:
        at_work = await self._repository.jobs_at_work(connection, user_id)
        jobs = await self._jobs.lock_all(connection, at_work)
        now = datetime.now(UTC)
        cancelled = [
            job.cancelled(at=now)
            for job in jobs.values()
            if job.status.at_work and not job.run.cancel_requested
        ]
        await self._jobs.save(connection, cancelled)
        await self._database.add_events(connection, [JobCancelled(job=job.ref()) for job in cancelled])

    async def _remove_objects(self, user_id: UUID) -> None:
        prefix = user_prefix(user_id)
        await abort_unfinished(self._store, prefix)
        async for keys in keys_below(self._store, prefix):
            await self._store.delete(keys)
