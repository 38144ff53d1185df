"""Lets jobs go on that wait for their owner, with what was changed meanwhile."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from octavia_common.artifacts import artifact_key, sha256_of
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import ChunkPlan, Document
from octavia_common.events import ArtifactRef, MediaPlanned

from octavia_gateway.batches.announce import drafts_of
from octavia_gateway.database import GatewayDatabase
from octavia_gateway.editing.errors import RevisionConflictError, TranslatingError
from octavia_gateway.editing.lines import lines_of
from octavia_gateway.editing.models import Table, edited_of
from octavia_gateway.editing.repository import EditingRepository
from octavia_gateway.editing.service import EditingService
from octavia_gateway.events.log import EventLog
from octavia_gateway.files.made_objects import list_made
from octavia_gateway.jobs.announce import draft_of
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.retention.in_use import begin_using
from octavia_gateway.reviewing.bases import AT_ONCE, of_transcript, review_languages
from octavia_gateway.reviewing.documents import (
    HeldLines,
    as_transcript,
    changed_documents,
    with_transcripts,
    with_translations,
)
from octavia_gateway.reviewing.errors import NotInReviewError
from octavia_gateway.reviewing.repository import HeldChunksRepository

Chosen = dict[int, ArtifactRef]
"""The document of each chunk that the job goes on with."""


class ReviewService:
    """Releases jobs."""

    def __init__(
        self,
        database: GatewayDatabase,
        store: ArtifactStore,
        editing: EditingService,
        *,
        deadline: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._store = store
        self._tables = editing
        self._deadline = deadline
        self._clock = clock
        self._jobs = JobsRepository()
        self._editing = EditingRepository()
        self._held = HeldChunksRepository()
        self._log = EventLog()

    async def release(self, user_id: UUID, job_id: UUID) -> Job:
        """The job goes on with its lines as they are now. Chunks that nobody changed keep their documents.

        Raises JobNotFoundError (404), NotInReviewError, TranslatingError and, where somebody edits in the
        same moment, RevisionConflictError (409).
        """
        async with self._database.user_transaction(user_id) as connection:
            job = await self._jobs.get(connection, user_id, job_id)
        if job.status is not JobStatus.REVIEW or job.run.cancel_requested or job.run.plan is None:
            raise NotInReviewError(job.status.value)
        plan = await self._store.read_document(job.run.plan, ChunkPlan)
        tables = [await self._tables.table(user_id, job_id, each) for each in review_languages(job)]
        written: set[str] = set()
        chosen = {table.language: await self._chosen(job, table, plan, written) for table in tables}
        if of_transcript(job):
            (transcripts,) = chosen.values()
            plan = with_transcripts(plan, transcripts)
        else:
            plan = with_translations(plan, chosen)
        ref = await self._write(user_id, plan, written)
        return await self._submit(job, tables, ref, len(plan.chunks), written)

    async def _submit(
        self, read: Job, tables: list[Table], plan: ArtifactRef, chunks: int, written: set[str]
    ) -> Job:
        user_id = read.user_id
        async with self._database.user_transaction(user_id) as connection:
            await begin_using(connection, user_id)
            job = await self._jobs.get(connection, user_id, read.job_id, lock=True)
            if job.status is not JobStatus.REVIEW or job.hold_id != read.hold_id or job.run.cancel_requested:
                raise NotInReviewError(job.status.value)
            known = await self._editing.all_of(connection, user_id, job.job_id)
            for table in tables:
                edited = edited_of(known, table.language, table.base)
                if edited.head != table.head:
                    raise RevisionConflictError(edited.head)
            job = job.released(at=self._clock(), least=self._deadline, plan=plan)
            await self._jobs.save(connection, [job])
            left = tuple(each for each in job.run.languages if each not in job.run.failed)
            options = job.spec.options.model_copy(update={"review": "none"})
            spec = job.run_spec.model_copy(
                update={
                    "source_language": job.source_language,
                    "target_languages": left,
                    "options": options,
                }
            )
            planned = MediaPlanned(
                job=job.ref(), spec=spec, plan=plan, chunks=chunks, released=True, made=tuple(written)
            )
            async with self._database.as_service(connection, user_id):
                await self._held.forget(connection, job.job_id)
                await self._editing.keep_reviewed(
                    connection,
                    job.job_id,
                    [table.language for table in tables],
                    transcript=of_transcript(job),
                )
                await list_made(connection, [(job.job_id, user_id, key) for key in written])
                await self._log.append(connection, [draft_of(job), *await drafts_of(connection, [job])])
                await self._database.add_events(connection, [planned])
        return job

    async def _chosen(self, job: Job, table: Table, plan: ChunkPlan, written: set[str]) -> Chosen:
        """The document of each chunk in one language: what waits, or what a person made of it."""
        if any(line.translating for line in table.lines):
            raise TranslatingError(table.language)
        held = table.result
        assert isinstance(held, HeldLines)
        changed = changed_documents(lines_of(held), table.lines, plan, held)
        free = asyncio.Semaphore(AT_ONCE)

        async def write(document: Document) -> ArtifactRef:
            async with free:
                return await self._write(job.user_id, document, written)

        documents = {
            index: as_transcript(lines) if of_transcript(job) else lines for index, lines in changed.items()
        }
        refs = await asyncio.gather(*(write(document) for document in documents.values()))
        waiting = dict(await self._tables.bases.held_documents(job, table.language))
        return {**waiting, **dict(zip(documents, refs, strict=True))}

    async def _write(self, user_id: UUID, document: Document, written: set[str]) -> ArtifactRef:
        digest = sha256_of(document.model_dump_json().encode())
        key = artifact_key(user_id, "reviewed", inputs=[digest], engine="person", version="1", params={})
        written.add(key)
        return await self._store.write_document(key, document)
