"""What the editing of a language begins with: its result, or what waits for review."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from octavia_common.artifacts import artifact_key
from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import ChunkPlan, DubResult, Transcript, Translation
from octavia_common.events import ArtifactRef

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.editing.errors import NotEditableError
from octavia_gateway.files.errors import ResultNotFoundError
from octavia_gateway.files.made_objects import list_made
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.reviewing.documents import HeldLines, as_translation, held_lines
from octavia_gateway.reviewing.repository import HeldChunksRepository

AT_ONCE = 8
"""Documents read from the store at a time."""


@dataclass(frozen=True)
class Base:
    """A language and the newest document of it; `hold_id` is set while that waits for review."""

    language: str
    ref: ArtifactRef
    hold_id: UUID | None = None


class Bases:
    """Finds them, and puts them together where they wait chunk by chunk."""

    def __init__(self, database: GatewayDatabase, store: ArtifactStore) -> None:
        self._database = database
        self._store = store
        self._held = HeldChunksRepository()

    async def of(self, job: Job, language: str | None) -> Base:
        """The base of a language; of the first that waits, or else the first there is, where none is named.

        Raises NotEditableError (409), ResultNotFoundError (404).
        """
        waiting = review_languages(job)
        have = [*waiting, *job.outputs]
        if not have:
            raise NotEditableError("Only the lines of a completed job can be edited.")
        wanted = language or have[0]
        if wanted in waiting:
            return Base(wanted, await self._waiting(job, wanted), job.hold_id)
        if wanted not in job.outputs:
            raise no_such_language(wanted, have)
        return Base(wanted, job.outputs[wanted].result)

    async def read(self, ref: ArtifactRef, *, held: bool) -> DubResult | HeldLines:
        """The document itself: what waits or waited where it is `held`, or a result."""
        if held:
            return await self._store.read_document(ref, HeldLines)
        return await self._store.read_document(ref, DubResult)

    async def held_documents(self, job: Job, language: str) -> list[tuple[int, ArtifactRef]]:
        """What waits of each chunk."""
        assert job.hold_id is not None
        named = "" if of_transcript(job) else language
        async with self._database.user_transaction(job.user_id) as connection:
            return await self._held.of(connection, job.user_id, job.hold_id, named)

    async def _waiting(self, job: Job, language: str) -> ArtifactRef:
        held = await self.held_documents(job, language)
        assert job.run.plan is not None
        key = artifact_key(
            job.user_id,
            "review",
            inputs=[job.run.plan.sha256, *(ref.sha256 for _, ref in held)],
            engine="octavia",
            version="1",
            params={},
        )
        found = await self._store.stat(key)
        if found is not None:
            return found
        plan = await self._store.read_document(job.run.plan, ChunkPlan)
        documents = await self._read_all([ref for _, ref in held], heard=of_transcript(job))
        written = await self._store.write_document(key, held_lines(documents, plan, job.run.plan))
        async with self._database.service_transaction() as connection:
            await list_made(connection, [(job.job_id, job.user_id, key)])
        return written

    async def _read_all(self, refs: Sequence[ArtifactRef], *, heard: bool) -> list[Translation]:
        free = asyncio.Semaphore(AT_ONCE)

        async def read(ref: ArtifactRef) -> Translation:
            async with free:
                if heard:
                    return as_translation(await self._store.read_document(ref, Transcript))
                return await self._store.read_document(ref, Translation)

        return list(await asyncio.gather(*(read(ref) for ref in refs)))


def of_transcript(job: Job) -> bool:
    """Whether the job stops for what was heard, not for its translation."""
    return job.spec.options.review == "transcript"


def review_languages(job: Job) -> tuple[str, ...]:
    """The languages in which something waits: that of the source, where it is the transcript."""
    if job.status is not JobStatus.REVIEW:
        return ()
    if of_transcript(job):
        return (job.source_language,)
    return tuple(each for each in job.run.languages if each not in job.run.failed)


def no_such_language(language: str, have: Sequence[str]) -> ResultNotFoundError:
    """There is nothing in this language, but in those."""
    return ResultNotFoundError(
        f"This job has no result in {language[:35]}; it has: {', '.join(have)}.", languages=list(have)
    )
