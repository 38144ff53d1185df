"""What a user does with jobs. Each call is one transaction; events leave by its outbox."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from octavia_common.artifacts.store import ArtifactStore
from octavia_common.events import JobCancelled, JobKind, JobSubmitted, Quote

from octavia_gateway.batches.announce import drafts_of
from octavia_gateway.capabilities.service import CapabilitiesService
from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.events.hub import EventHub, Watch
from octavia_gateway.events.log import Draft, EventLog
from octavia_gateway.events.waiting import CANCEL_WAIT_SECONDS, DECISION_WAIT_SECONDS
from octavia_gateway.files.cleanup import delete_job_objects
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.jobs.adding import LanguageAdding
from octavia_gateway.jobs.announce import deleted_draft, draft_of
from octavia_gateway.jobs.errors import (
    InsufficientCreditsError,
    JobNotCancellableError,
    JobNotProcessableError,
    JobRunningError,
    QuoteChangedError,
)
from octavia_gateway.jobs.making import JobMaking, prices_of
from octavia_gateway.jobs.models import Job, RunDeadlines
from octavia_gateway.jobs.previews import countable
from octavia_gateway.jobs.quotes import quote_of
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.jobs.run import Run
from octavia_gateway.jobs.schemas import CreateTranslation
from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.retention.in_use import begin_using


class JobsService:
    """Creates, processes, cancels and deletes jobs."""

    def __init__(
        self,
        database: GatewayDatabase,
        store: ArtifactStore,
        hub: EventHub,
        capabilities: CapabilitiesService,
        *,
        deadlines: RunDeadlines,
        max_target_languages: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._store = store
        self._hub = hub
        self._capabilities = capabilities
        self._deadlines = deadlines
        self._making = JobMaking(database, store, max_target_languages=max_target_languages, clock=clock)
        self._clock = clock
        self._jobs = JobsRepository()
        self._files = FilesRepository()
        self._credits = CreditsRepository()
        self._log = EventLog()
        self._adding = LanguageAdding(
            database,
            capabilities,
            deadlines=deadlines,
            max_target_languages=max_target_languages,
            clock=clock,
        )

    async def create(self, user_id: UUID, kind: JobKind, asked: CreateTranslation) -> Job:
        """A new job that dubs, or makes or translates subtitles, quoted exactly; nothing is held.

        Raises 404 for a foreign or unknown file, 422 for a file, languages or wishes that cannot be done,
        PricesUnknownError and CapabilitiesUnknownError (503).
        """
        can = await self._capabilities.current()
        async with self._database.user_transaction(user_id) as connection:
            job = await self._making.job(connection, user_id, kind, asked, can)
            await self._announce(connection, draft_of(job))
        return job

    async def create_whole(self, user_id: UUID, job_id: UUID) -> Job:
        """A new job that makes the whole of what a preview shows the beginning of; nothing is held.

        Raises JobNotFoundError (404), and as `JobMaking.whole` does.
        """
        can = await self._capabilities.current()
        async with self._database.user_transaction(user_id) as connection:
            preview = await self._jobs.get(connection, user_id, job_id)
            job = await self._making.whole(connection, preview, can)
            await self._announce(connection, draft_of(job))
        return job

    async def get(self, user_id: UUID, job_id: UUID) -> Job:
        """A job of the user. Raises JobNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._jobs.get(connection, user_id, job_id)

    async def page(
        self,
        user_id: UUID,
        *,
        statuses: Sequence[JobStatus],
        kinds: Sequence[JobKind],
        batch_id: UUID | None = None,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Job]:
        """Jobs of the user, newest first."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._jobs.page(
                connection,
                user_id,
                statuses=[status.value for status in statuses],
                kinds=[kind.value for kind in kinds],
                batch_id=batch_id,
                before=before,
                limit=limit,
            )

    async def process(self, user_id: UUID, job_id: UUID) -> Job:
        """Submit a job, or submit it again after a failure, and wait shortly for billing's word.

        Raises JobNotFoundError (404), JobNotProcessableError and QuoteChangedError (409),
        InsufficientCreditsError (402).
        """
        async with self._hub.watch(user_id) as watch:
            return await self._decided(watch, await self._submit(user_id, job_id))

    async def add_languages(
        self, user_id: UUID, job_id: UUID, targets: Sequence[str], max_credits: int | None = None
    ) -> Job:
        """Have languages made that a finished job does not have, and wait shortly for billing's word.

        Raises as `LanguageAdding.submit` does.
        """
        async with self._hub.watch(user_id) as watch:
            job = await self._adding.submit(user_id, job_id, targets, max_credits)
            return await self._decided(watch, job)

    async def _decided(self, watch: Watch, job: Job) -> Job:
        """The job once billing has had its word. Raises InsufficientCreditsError (402)."""
        decided = await self._watch_run(watch, job, DECISION_WAIT_SECONDS, until=_is_decided)
        why = decided.run.error or decided.run.failed.get(decided.run.languages[0])
        if decided.status.ended and why is not None and why.code == InsufficientCreditsError.code:
            async with self._database.user_transaction(job.user_id) as connection:
                balance = await self._credits.balance(connection, job.user_id)
            raise InsufficientCreditsError(required=job.quote_credits, balance=balance.available)
        return decided

    async def _submit(self, user_id: UUID, job_id: UUID) -> Job:
        changed_quote = None
        async with self._database.user_transaction(user_id) as connection:
            await begin_using(connection, user_id)
            job = await self._jobs.get(connection, user_id, job_id, lock=True)
            if job.status.at_work or job.status.delivered:
                raise JobNotProcessableError(job.status.value)
            for needed in job.files:
                await self._files.get(connection, user_id, needed, keep=True)
            prices = await prices_of(self._credits, connection)
            counted = countable(job.spec, await self._jobs.of_source(connection, user_id, job.spec))
            required = quote_of(prices, job.spec, counted)
            if required > job.quote_credits:
                changed_quote = QuoteChangedError(quoted=job.quote_credits, required=required)
            job = replace(job, quote_credits=required, price_version=prices.version, counted=counted)
            if changed_quote is None:
                balance = await self._credits.balance(connection, user_id)
                if balance.available < required:
                    raise InsufficientCreditsError(required=required, balance=balance.available)
                now = self._clock()
                job = job.submitted(at=now, deadline_at=self._deadlines.of(job, now))
            await self._jobs.save(connection, [job])
            async with self._database.as_service(connection, user_id):
                await self._log.append(connection, [draft_of(job), *await drafts_of(connection, [job])])
                if changed_quote is None:
                    quote = Quote(credits=required, price_version=prices.version, previews=counted)
                    submitted = JobSubmitted(job=job.ref(), spec=job.spec, quote=quote)
                    await self._database.add_events(connection, [submitted])
        if changed_quote is not None:
            raise changed_quote
        return job

    async def cancel(self, user_id: UUID, job_id: UUID) -> Job:
        """Cancel a job in whatever phase; its hold is released. Cancelling twice is no error.

        The job ends when billing says so: a job that was completed in the same moment stays completed.
        Raises JobNotFoundError (404), JobNotCancellableError (409).
        """
        async with self._hub.watch(user_id) as watch:
            job = await self._ask_to_cancel(user_id, job_id)
            return await self._watch_run(watch, job, CANCEL_WAIT_SECONDS, until=lambda run: run.status.ended)

    async def _ask_to_cancel(self, user_id: UUID, job_id: UUID) -> Job:
        async with self._database.user_transaction(user_id) as connection:
            job = await self._jobs.get(connection, user_id, job_id, lock=True)
            if job.status is JobStatus.CANCELLED or job.run.cancel_requested:
                return job
            if job.status.ended:
                raise JobNotCancellableError(job.status.value)
            ran = job.status.at_work
            job = job.cancelled(at=self._clock())
            await self._jobs.save(connection, [job])
            async with self._database.as_service(connection, user_id):
                await self._log.append(connection, [draft_of(job), *await drafts_of(connection, [job])])
                if ran:
                    await self._database.add_events(connection, [JobCancelled(job=job.ref())])
        return job

    async def delete(self, user_id: UUID, job_id: UUID) -> None:
        """Delete a job and the files made for it; the upload stays.

        Raises JobNotFoundError (404), JobRunningError (409).
        """
        async with self._database.user_transaction(user_id) as connection:
            job = await self._jobs.get(connection, user_id, job_id, lock=True)
            if job.status.at_work or await self._jobs.is_rendered(connection, job_id):
                raise JobRunningError
            await self._jobs.mark_deleted(connection, job_id)
            async with self._database.as_service(connection, user_id):
                batch = await drafts_of(connection, [job])
                await self._log.append(connection, [deleted_draft(user_id, job_id), *batch])
        # What fails here the sweep does: the job is marked, and its keys are listed until they are gone.
        await delete_job_objects(self._database, self._store, user_id, job_id)

    async def _announce(self, connection: Connection, draft: Draft) -> None:
        async with self._database.as_service(connection, draft.user_id):
            await self._log.append(connection, [draft])

    async def _watch_run(
        self, watch: Watch, job: Job, seconds: float, *, until: Callable[[Run], bool]
    ) -> Job:
        """The job once its run is as wanted, or as it stands when the time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not until(job.run):
                    await watch.changed()
                    now = await self.get(job.user_id, job.job_id)
                    if now.hold_id != job.hold_id:
                        break
                    job = now
        return job


def _is_decided(run: Run) -> bool:
    return run.status is not JobStatus.QUEUED
