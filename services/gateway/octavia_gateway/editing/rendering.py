"""Puts an edited language together anew: the stages find made what did not change."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
from octavia_common.artifacts import artifact_key, sha256_of
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import ChunkPlan, Translation
from octavia_common.events import (
    ArtifactRef,
    ChunkTranslated,
    ChunkWritten,
    JobError,
    JobFailed,
    JobRef,
    JobSpec,
    MediaPlanned,
)

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.editing.errors import NotEditableError, RenderingError
from octavia_gateway.editing.lines import translations
from octavia_gateway.editing.models import Render, RenderStatus, Table
from octavia_gateway.editing.repository import EditingRepository
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.retention.in_use import begin_using

AT_ONCE = 8
"""Documents written to the store at a time."""

BATCH = 100


class Renderings:
    """Begins renderings, and ends those that nobody works on any more."""

    def __init__(self, database: GatewayDatabase, store: ArtifactStore, *, deadline: timedelta) -> None:
        self._database = database
        self._store = store
        self._deadline = deadline
        self._jobs = JobsRepository()
        self._editing = EditingRepository()

    async def begin(self, user_id: UUID, table: Table) -> None:
        """Hand the lines of a revision to the synthesizer, chunk by chunk, as a run of its own.

        Its hold id holds nothing: what was paid for is not paid for again. Raises NotEditableError,
        RenderingError (409).
        """
        result = table.result
        if result.plan is None:
            raise NotEditableError("This job was made before dubs could be edited. Process it again first.")
        plan = await self._store.read_document(result.plan, ChunkPlan)
        if table.lines and not plan.chunks:
            raise NotEditableError("Nobody speaks in this video, so there is no line to be spoken instead.")
        documents = translations(table.lines, plan, result.source_language, table.language)
        written = await self._write(user_id, documents)
        render = Render(
            hold_id=uuid4(),
            job_id=table.job_id,
            user_id=user_id,
            language=table.language,
            revision=table.revision,
            status=RenderStatus.RENDERING,
            deadline_at=datetime.now(UTC) + self._deadline,
        )
        async with self._database.user_transaction(user_id) as connection:
            await begin_using(connection, user_id)
            job = await self._jobs.get(connection, user_id, table.job_id, lock=True)
            try:
                await self._editing.add_render(connection, render)
            except asyncpg.UniqueViolationError:
                raise RenderingError(table.language) from None
            spec = job.spec.model_copy(
                update={"source_language": result.source_language, "target_languages": (table.language,)}
            )
            ref = _ref(render)
            planned = MediaPlanned(job=ref, spec=spec, plan=result.plan, chunks=len(plan.chunks), render=True)
            async with self._database.as_service(connection, user_id):
                await self._database.add_events(connection, [planned, *_chunks(ref, spec, plan, written)])

    async def sweep(self) -> None:
        """Fail at most `BATCH` renderings past their deadline, and have their work stopped."""
        error = JobError(
            code="timed_out", message="It was not rendered within its time limit. Try again.", stage="gateway"
        )
        async with self._database.service_transaction() as connection:
            overdue = await self._editing.lock_overdue(connection, now=datetime.now(UTC), limit=BATCH)
            ended = [replace(render, status=RenderStatus.FAILED, error=error) for render in overdue]
            await self._editing.end(connection, ended)
            await self._database.add_events(
                connection, [JobFailed(job=_ref(render), error=error) for render in ended]
            )

    async def _write(self, user_id: UUID, documents: Sequence[Translation]) -> list[ArtifactRef]:
        free = asyncio.Semaphore(AT_ONCE)

        async def write(document: Translation) -> ArtifactRef:
            digest = sha256_of(document.model_dump_json().encode())
            key = artifact_key(user_id, "edited", inputs=[digest], engine="person", version="1", params={})
            async with free:
                return await self._store.write_document(key, document)

        return list(await asyncio.gather(*(write(document) for document in documents)))


def _chunks(
    ref: JobRef, spec: JobSpec, plan: ChunkPlan, written: Sequence[ArtifactRef]
) -> list[ChunkTranslated | ChunkWritten]:
    """What the translator would say of each chunk."""
    (language,) = spec.target_languages
    told = ChunkWritten if spec.kind.written else ChunkTranslated
    return [
        told(
            job=ref,
            chunk=planned.chunk,
            options=spec.options,
            voices=plan.voices,
            written=spec.kind.written,
            source_language=spec.source_language,
            target_language=language,
            made=(translation.key,),
            translation=translation,
        )
        for planned, translation in zip(plan.chunks, written, strict=True)
    ]


def _ref(render: Render) -> JobRef:
    return JobRef(
        job_id=render.job_id,
        user_id=render.user_id,
        hold_id=render.hold_id,
        deadline_at=render.deadline_at,
    )
