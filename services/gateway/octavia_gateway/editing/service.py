"""What a user does with the lines of a dub, finished or waiting for review. Each call is one transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import DubResult, PlacedSegment, Translation
from octavia_common.events import ArtifactRef

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.editing.changes import AnyChange, applied
from octavia_gateway.editing.errors import (
    NotEditableError,
    RevisionConflictError,
    TranscriptRevisionError,
    TranslatingError,
    UnknownRevisionError,
)
from octavia_gateway.editing.hearing import Hearing
from octavia_gateway.editing.history import Revision, at_revision
from octavia_gateway.editing.lines import Lines, lines_of
from octavia_gateway.editing.models import Edited, Render, RenderStatus, Table, edited_of
from octavia_gateway.editing.rendering import Renderings
from octavia_gateway.editing.repository import EditingRepository
from octavia_gateway.editing.translating import Question, ask
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.reviewing.bases import AT_ONCE, Bases, no_such_language, review_languages
from octavia_gateway.reviewing.documents import HeldLines


@dataclass(frozen=True)
class Standing:
    """Where a language of a job stands; `waits` says that it is to be looked at before it is spoken."""

    edited: Edited
    render: Render | None
    waits: bool = False

    @property
    def state(self) -> str:
        """`review`, `rendering`, `failed` (to be rendered), `stale` (not as its lines are) or `completed`."""
        if self.waits:
            return "review"
        if self.render is not None and self.render.status is RenderStatus.RENDERING:
            return "rendering"
        if self.edited.head == self.edited.rendered:
            return "completed"
        failed = self.render is not None and self.render.status is RenderStatus.FAILED
        return "failed" if failed else "stale"


class EditingService:
    """Tables of lines, their revisions, and renderings of them."""

    def __init__(self, database: GatewayDatabase, store: ArtifactStore, *, deadline: timedelta) -> None:
        self._database = database
        self._store = store
        self._deadline = deadline
        self.bases = Bases(database, store)
        self._jobs = JobsRepository()
        self._editing = EditingRepository()
        self.renderings = Renderings(database, store, deadline=deadline)
        self._hearing = Hearing(database, store)

    async def table(
        self, user_id: UUID, job_id: UUID, language: str | None = None, revision: int | None = None
    ) -> Table:
        """The lines at a revision; the job's first language and the newest revision where none is named.

        Raises JobNotFoundError, ResultNotFoundError (404), NotEditableError (409), UnknownRevisionError and
        TranscriptRevisionError (422).
        """
        async with self._database.user_transaction(user_id) as connection:
            job = await self._jobs.get(connection, user_id, job_id)
        base = await self.bases.of(job, language)
        async with self._database.user_transaction(user_id) as connection:
            edited = edited_of(
                await self._editing.all_of(connection, user_id, job_id), base.language, base.ref
            )
            revisions = await self._editing.revisions(connection, user_id, job_id, base.language)
        wanted = edited.head if revision is None else revision
        if wanted > edited.head:
            raise UnknownRevisionError(edited.head)
        if wanted < edited.first:
            raise TranscriptRevisionError(edited.first)
        waits = base.hold_id is not None
        result = await self.bases.read(edited.base, held=waits or edited.from_held)
        states = await self._with_texts(revisions)
        return Table(
            job_id=job_id,
            language=edited.language,
            base=edited.base,
            result=result,
            revision=wanted,
            head=edited.head,
            rendered=0 if waits else edited.rendered,
            lines=at_revision(
                lines_of(result), states, wanted, duration=result.duration_seconds, first=edited.first
            ),
            hold_id=base.hold_id,
            heard={} if waits else await self._heard(base.ref, edited.base, result),
        )

    async def sound(self, user_id: UUID, job_id: UUID, language: str | None, line_id: str) -> ArtifactRef:
        """The voice of one line as it stands now, alone.

        Raises what `table` does, LineNotFoundError (404), NotSpokenError (409) where it was changed since.
        """
        return await self._hearing.sound_of(user_id, await self.table(user_id, job_id, language), line_id)

    async def _heard(
        self, newest: ArtifactRef, edited_from: ArtifactRef, result: DubResult | HeldLines
    ) -> dict[str, PlacedSegment]:
        """How the lines sound in the download: what was rendered last, or what the pipeline made."""
        rendered = result if newest.key == edited_from.key else await self.bases.read(newest, held=False)
        if isinstance(rendered, HeldLines):
            return {}
        return {segment.id: segment for segment in rendered.segments}

    async def change(
        self,
        user_id: UUID,
        job_id: UUID,
        language: str | None,
        revision: int | None,
        changes: Sequence[AnyChange],
    ) -> Table:
        """One more revision: all of `changes`, or none.

        `revision` is the one that they were made on; None says that it does not matter. Raises what `table`
        does, RevisionConflictError (409), UnknownSegmentError and UnsuitableChangeError (422).
        """
        now = await self._current(user_id, job_id, language, revision)
        added = Revision(now.head + 1, tuple(changes))
        # What cannot be made is refused before anything is written.
        lines = applied(now.lines, added.changes, revision=added.number, duration=now.result.duration_seconds)
        question = await ask(self._store, user_id, now, lines, changes)
        return await self._add(user_id, now, added, lines, question)

    async def go_back(self, user_id: UUID, job_id: UUID, language: str, revision: int, to: int) -> Table:
        """One more revision, which is as `to` was. Raises as `change` does."""
        if to > revision:
            raise UnknownRevisionError(revision)
        now = await self._current(user_id, job_id, language, revision)
        then = await self.table(user_id, job_id, language, to)
        return await self._add(user_id, now, Revision(now.head + 1, back_to=to), then.lines)

    async def revisions(self, user_id: UUID, job_id: UUID, language: str | None) -> list[Revision]:
        """All revisions, from 1 on. Raises as `table` does."""
        async with self._database.user_transaction(user_id) as connection:
            job = await self._jobs.get(connection, user_id, job_id)
        base = await self.bases.of(job, language)
        async with self._database.user_transaction(user_id) as connection:
            known = await self._editing.all_of(connection, user_id, job_id)
            found = await self._editing.revisions(connection, user_id, job_id, base.language)
        edited = edited_of(known, base.language, base.ref)
        reviewed = edited.head if base.hold_id is not None else edited.reviewed
        review = job.spec.options.review
        return [replace(each, reviewed=review) if each.number <= reviewed else each for each in found]

    async def languages(self, user_id: UUID, job_id: UUID) -> list[Standing]:
        """Where each language stands. Raises JobNotFoundError (404), NotEditableError (409)."""
        async with self._database.user_transaction(user_id) as connection:
            job = await self._jobs.get(connection, user_id, job_id)
            edited = await self._editing.all_of(connection, user_id, job_id)
            renders = await self._editing.newest_renders(connection, user_id, job_id)
        there = [*review_languages(job), *job.outputs]
        if not there:
            raise NotEditableError("Only a completed job has languages that can be rendered.")
        return [
            Standing(
                edited_of(edited, base.language, base.ref),
                renders.get(base.language),
                waits=base.hold_id is not None,
            )
            for base in [await self.bases.of(job, language) for language in there]
        ]

    async def render(self, user_id: UUID, job_id: UUID, languages: Sequence[str] | None) -> list[Standing]:
        """Put together anew whatever is stale of these languages, or of all; what is not costs nothing.

        Raises JobNotFoundError, ResultNotFoundError (404), NotEditableError, RenderingError (409).
        """
        standing = {each.edited.language: each for each in await self.languages(user_id, job_id)}
        for language in languages or ():
            if language not in standing:
                raise no_such_language(language, list(standing))
        for language in languages or standing:
            if standing[language].waits:
                if languages:
                    raise NotEditableError("These lines wait for review: release the job instead.")
            elif standing[language].edited.head != standing[language].edited.rendered:
                table = await self.table(user_id, job_id, language)
                if any(line.translating for line in table.lines):
                    raise TranslatingError(language)
                await self.renderings.begin(user_id, table)
        return await self.languages(user_id, job_id)

    async def _current(
        self, user_id: UUID, job_id: UUID, language: str | None, revision: int | None
    ) -> Table:
        """The newest lines, which have to be those of `revision` where one is named."""
        now = await self.table(user_id, job_id, language)
        if revision is not None and now.head != revision:
            raise RevisionConflictError(now.head)
        return now

    async def _with_texts(self, revisions: Sequence[Revision]) -> list[Revision]:
        """With what the translator has answered meanwhile."""
        free = asyncio.Semaphore(AT_ONCE)

        async def one(revision: Revision) -> Revision:
            if revision.translation is None:
                return revision
            async with free:
                answer = await self._store.read_document(revision.translation, Translation)
            return replace(revision, texts={segment.id: segment.text for segment in answer.segments})

        return list(await asyncio.gather(*(one(revision) for revision in revisions)))

    async def _add(
        self, user_id: UUID, now: Table, added: Revision, lines: Lines, question: Question | None = None
    ) -> Table:
        """Write down a revision of which `lines` come, unless another was quicker, and ask the translator."""
        async with self._database.user_transaction(user_id) as connection:
            job = await self._jobs.get(connection, user_id, now.job_id, lock=True)
            waits = job.hold_id if now.language in review_languages(job) else None
            if now.hold_id != waits or (waits is None and now.language not in job.outputs):
                raise NotEditableError("The job has gone on meanwhile. Look at its lines again.")
            edited = await self._editing.begin(connection, user_id, now.job_id, now.language, now.base)
            if edited.head != now.head:
                raise RevisionConflictError(edited.head)
            hold_id = question.hold_id if question else None
            await self._editing.add(connection, user_id, now.job_id, now.language, added, hold_id)
            if question is not None:
                event = question.event(job, now, self._deadline)
                async with self._database.as_service(connection, user_id):
                    await self._database.add_events(connection, [event])
        number = added.number
        return replace(now, revision=number, head=number, rendered=now.rendered, lines=lines)
