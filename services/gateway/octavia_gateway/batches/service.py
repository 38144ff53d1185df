"""What a user does with batches. Each call is one transaction; events leave by its outbox."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from octavia_common.artifacts.store import ArtifactStore
from octavia_common.events import JobCancelled, JobKind, JobsSubmitted, Quote, RequestedJob
from octavia_common.pricing import PriceList

from octavia_gateway.batches.announce import drafts_of
from octavia_gateway.batches.errors import (
    BatchNotProcessableError,
    BatchTooLargeError,
    InsufficientForBatchError,
)
from octavia_gateway.batches.models import Batch
from octavia_gateway.batches.repository import BatchesRepository
from octavia_gateway.batches.schemas import CreateBatch
from octavia_gateway.capabilities.service import CapabilitiesService
from octavia_gateway.credits.repository import CreditsRepository
from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.events.hub import EventHub
from octavia_gateway.events.log import EventLog
from octavia_gateway.events.waiting import DECISION_WAIT_SECONDS
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.jobs.announce import draft_of
from octavia_gateway.jobs.errors import InsufficientCreditsError, QuoteChangedError
from octavia_gateway.jobs.making import JobMaking, prices_of
from octavia_gateway.jobs.models import Job, RunDeadlines
from octavia_gateway.jobs.previews import PreviewKey, countable, keys_of
from octavia_gateway.jobs.quotes import quote_of
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.problems import ApiError
from octavia_gateway.retention.in_use import begin_using

LARGEST_EVENT_BYTES = 900_000
"""Kafka takes a message of 1 MiB; the rest is for its envelope."""

_TO_PROCESS = (JobStatus.PENDING, JobStatus.FAILED)


class BatchesService:
    """Creates batches, has them processed, cancels them."""

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
        self._hub = hub
        self._capabilities = capabilities
        self._deadlines = deadlines
        self._clock = clock
        self._making = JobMaking(database, store, max_target_languages=max_target_languages, clock=clock)
        self._batches = BatchesRepository()
        self._jobs = JobsRepository()
        self._files = FilesRepository()
        self._credits = CreditsRepository()
        self._log = EventLog()

    async def create(self, user_id: UUID, asked: CreateBatch) -> tuple[Batch, list[Job]]:
        """New jobs, all or none, each quoted; nothing is held.

        Raises what creating one job raises, with `item`, its place from 0, among the error's context.
        """
        can = await self._capabilities.current()
        batch_id, now = uuid4(), self._clock()
        async with self._database.user_transaction(user_id) as connection:
            jobs, taken = [], set[PreviewKey]()
            for place, item in enumerate(asked.items):
                try:
                    job = await self._making.job(
                        connection,
                        user_id,
                        item.kind,
                        item,
                        can,
                        batch_id=batch_id,
                        # A list is newest first: the first file of a batch stands on top of it.
                        created_at=now - timedelta(microseconds=place),
                        taken=taken,
                    )
                except ApiError as error:
                    error.context = {**error.context, "item": place}
                    raise
                jobs.append(job)
                taken.update(keys_of(job.counted))
            await self._tell(connection, user_id, jobs)
            return await self._batches.get(connection, user_id, batch_id), jobs

    async def get(self, user_id: UUID, batch_id: UUID) -> Batch:
        """A batch of the user. Raises BatchNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._batches.get(connection, user_id, batch_id)

    async def page(self, user_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int) -> list[Batch]:
        """Batches of the user, newest first."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._batches.page(connection, user_id, before=before, limit=limit)

    async def process(self, user_id: UUID, batch_id: UUID) -> Batch:
        """Submit what is pending, and again what failed: the credits of all are held, or of none.

        Raises BatchNotFoundError (404), BatchNotProcessableError, QuoteChangedError (409),
        InsufficientCreditsError (402), BatchTooLargeError (422).
        """
        async with self._hub.watch(user_id) as watch:
            jobs = await self._submit(user_id, batch_id)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DECISION_WAIT_SECONDS):
                    while any(job.status is JobStatus.QUEUED for job in jobs):
                        await watch.changed()
                        jobs = await self._now(user_id, jobs)
        refused = [
            job for job in jobs if job.run.error and job.run.error.code == InsufficientCreditsError.code
        ]
        if refused:
            async with self._database.user_transaction(user_id) as connection:
                balance = await self._credits.balance(connection, user_id)
            required = sum(job.quote_credits for job in refused)
            raise InsufficientForBatchError(required=required, balance=balance.available)
        return await self.get(user_id, batch_id)

    async def _submit(self, user_id: UUID, batch_id: UUID) -> list[Job]:
        async with self._database.user_transaction(user_id) as connection:
            await begin_using(connection, user_id)
            jobs = await self._locked(connection, user_id, batch_id)
            jobs = [job for job in jobs if job.status in _TO_PROCESS]
            if not jobs:
                raise BatchNotProcessableError
            prices = await prices_of(self._credits, connection)
            quoted = await self._quoted(connection, user_id, jobs, prices)
            before = sum(job.quote_credits for job in jobs)
            required = sum(job.quote_credits for job in quoted)
            if required <= before:
                balance = await self._credits.balance(connection, user_id)
                if balance.available < required:
                    raise InsufficientForBatchError(required=required, balance=balance.available)
                for file_id in {needed for job in jobs for needed in job.files}:
                    await self._files.get(connection, user_id, file_id, keep=True)
                now = self._clock()
                quoted = [job.submitted(at=now, deadline_at=self._deadlines.of(job, now)) for job in quoted]
            await self._jobs.save(connection, quoted)
            submitted = required <= before
            await self._tell(connection, user_id, quoted, submit=batch_id if submitted else None)
        if not submitted:
            raise QuoteChangedError(quoted=before, required=required)
        return quoted

    async def _quoted(
        self, connection: Connection, user_id: UUID, jobs: Sequence[Job], prices: PriceList
    ) -> list[Job]:
        """The jobs at the prices in force; a preview lowers the first of them that can count it."""
        quoted, taken = list[Job](), set[PreviewKey]()
        others: dict[tuple[JobKind, str], list[Job]] = {}
        for job in jobs:
            what = (job.spec.kind, job.spec.source.sha256)
            if what not in others:
                others[what] = await self._jobs.of_source(connection, user_id, job.spec)
            counted = countable(job.run_spec, others[what], taken)
            taken.update(keys_of(counted))
            required = quote_of(prices, job.run_spec, counted)
            quoted.append(replace(job, quote_credits=required, price_version=prices.version, counted=counted))
        return quoted

    async def cancel(self, user_id: UUID, batch_id: UUID) -> Batch:
        """Cancel every job that has not ended; their credits come back. Raises BatchNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            jobs = await self._locked(connection, user_id, batch_id)
            open_ = [job for job in jobs if not job.status.ended and not job.run.cancel_requested]
            cancelled = [job.cancelled(at=self._clock()) for job in open_]
            await self._jobs.save(connection, cancelled)
            await self._tell(connection, user_id, cancelled)
            async with self._database.as_service(connection, user_id):
                at_work = [job for job in open_ if job.status is not JobStatus.PENDING]
                await self._database.add_events(connection, [JobCancelled(job=job.ref()) for job in at_work])
            return await self._batches.get(connection, user_id, batch_id)

    async def _locked(self, connection: Connection, user_id: UUID, batch_id: UUID) -> list[Job]:
        job_ids = await self._batches.job_ids(connection, user_id, batch_id)
        found = await self._jobs.lock_all(connection, job_ids)
        return [found[job_id] for job_id in job_ids if job_id in found]

    async def _now(self, user_id: UUID, jobs: Sequence[Job]) -> list[Job]:
        async with self._database.user_transaction(user_id) as connection:
            return [await self._jobs.get(connection, user_id, job.job_id) for job in jobs]

    async def _tell(
        self, connection: Connection, user_id: UUID, jobs: Sequence[Job], *, submit: UUID | None = None
    ) -> None:
        async with self._database.as_service(connection, user_id):
            drafts = [draft_of(job) for job in jobs]
            drafts += await drafts_of(connection, jobs)
            await self._log.append(connection, drafts)
            if submit is not None:
                event = JobsSubmitted(
                    user_id=user_id, batch_id=submit, jobs=tuple(_requested(job) for job in jobs)
                )
                if len(event.model_dump_json().encode()) > LARGEST_EVENT_BYTES:
                    raise BatchTooLargeError
                await self._database.add_events(connection, [event])


def _requested(job: Job) -> RequestedJob:
    quote = Quote(credits=job.quote_credits, price_version=job.price_version, previews=job.counted)
    return RequestedJob(job=job.ref(), spec=job.run_spec, quote=quote)
