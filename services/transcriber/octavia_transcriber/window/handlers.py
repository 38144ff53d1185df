"""What moves the window: a plan opens it, spoken chunks move it on, the end of the job closes it."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Protocol
from uuid import UUID

from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import ChunkPlan, PlannedChunk
from octavia_common.errors import ArtifactCorruptError, PermanentError
from octavia_common.events import (
    ChunkHeld,
    ChunkReleased,
    ChunkSynthesized,
    ChunkWritten,
    CloudEvent,
    JobCancelled,
    JobEvent,
    JobFailed,
    LanguageFailed,
    MediaPlanned,
)

from octavia_transcriber.window.repository import OpenedWindow, Turn, WindowRepository


class Room(Protocol):
    """How much may be in the stages at once, of all users together."""

    @property
    def units(self) -> int:
        """Chunks, each counted once for every language that it is awaited in."""
        ...


class OpenWindow:
    """MediaPlanned → the job's first chunks. The plan of a job without speech opens nothing, nor does
    that of an edited one, whose chunks are translated already. Where a review has released a job, its window
    opens again."""

    def __init__(self, store: ArtifactStore, repository: WindowRepository, capacity: Room) -> None:
        self._store = store
        self._repository = repository
        self._capacity = capacity

    async def handle(
        self, connection: Any, events: Sequence[CloudEvent[MediaPlanned]]
    ) -> Sequence[ChunkReleased]:
        """Raises TransientError while the store is away, PermanentError for a plan that is broken."""
        planned = [event.data for event in events if event.data.chunks and not event.data.render]
        if not planned:
            return []
        windows = await asyncio.gather(*(self._window(one) for one in planned))
        users = {window.job.user_id for window in windows}
        await self._repository.lock(connection, users)
        await self._repository.forget_overdue(connection)
        await self._repository.open(connection, windows)
        return await _released(self._repository, connection, users, self._capacity)

    async def _window(self, planned: MediaPlanned) -> OpenedWindow:
        try:
            plan = await self._store.read_document(planned.plan, ChunkPlan)
        except ArtifactCorruptError as error:
            # Else it would be read again for ever, and all plans behind it would wait.
            raise PermanentError("The plan of this job was damaged. Please start it again.") from error
        return OpenedWindow(
            job=planned.job,
            source_language=planned.spec.source_language,
            target_languages=planned.spec.target_languages,
            model_size=planned.spec.model_size,
            chunks=plan.chunks,
            options=planned.spec.options,
            voices=plan.voices,
            written=planned.spec.kind.written,
            released=planned.released,
        )


class MoveWindow:
    """A chunk came out, spoken or written, or waits for a person → the next chunks of its user, as far as
    there is room again. One that waits takes no room: it is as good as out, until its job is released."""

    def __init__(self, repository: WindowRepository, capacity: Room) -> None:
        self._repository = repository
        self._capacity = capacity

    async def handle(
        self, connection: Any, events: Sequence[CloudEvent[ChunkSynthesized | ChunkWritten | ChunkHeld]]
    ) -> Sequence[ChunkReleased]:
        spoken: dict[tuple[UUID, int], list[str]] = defaultdict(list)
        held: dict[tuple[UUID, int], list[str | None]] = defaultdict(list)
        for event in events:
            chunk = event.data
            if isinstance(chunk, ChunkHeld):
                held[chunk.job.hold_id, chunk.chunk.index].append(chunk.target_language)
            else:
                spoken[chunk.job.hold_id, chunk.chunk.index].append(chunk.target_language)
        users = {event.data.job.user_id for event in events}
        await self._repository.lock(connection, users)
        if spoken:
            await self._repository.finish(connection, spoken)
        if held:
            await self._repository.hold(connection, held)
        return await _released(self._repository, connection, users, self._capacity)


class DropLanguages:
    """LanguageFailed → nothing of that language is awaited any more, and no chunk is let out for it.

    Other chunks of it may lie in the stages, which drop them; none will be told of.
    """

    def __init__(self, repository: WindowRepository, capacity: Room) -> None:
        self._repository = repository
        self._capacity = capacity

    async def handle(
        self, connection: Any, events: Sequence[CloudEvent[JobEvent]]
    ) -> Sequence[ChunkReleased]:
        failed = [event.data for event in events if isinstance(event.data, LanguageFailed)]
        if not failed:
            return []
        users = {each.job.user_id for each in failed}
        await self._repository.lock(connection, users)
        await self._repository.drop(connection, [(each.job.hold_id, each.target_language) for each in failed])
        return await _released(self._repository, connection, users, self._capacity)


class CloseWindow:
    """A job that was given up or called off → its window is gone, its room is its user's other jobs'.

    A job that is assembled needs none of this: all its chunks have come out.
    """

    def __init__(self, repository: WindowRepository, capacity: Room) -> None:
        self._repository = repository
        self._capacity = capacity

    async def handle(
        self, connection: Any, events: Sequence[CloudEvent[JobEvent]]
    ) -> Sequence[ChunkReleased]:
        ended = [event.data.job for event in events if isinstance(event.data, (JobFailed, JobCancelled))]
        if not ended:
            return []
        users = {job.user_id for job in ended}
        await self._repository.lock(connection, users)
        await self._repository.close(connection, {job.hold_id for job in ended})
        return await _released(self._repository, connection, users, self._capacity)


async def _released(
    repository: WindowRepository, connection: Any, users: Collection[UUID], capacity: Room
) -> list[ChunkReleased]:
    turns = await repository.release(connection, users, units=capacity.units)
    return [_event(turn) for turn in turns]


def _speakers(planned: PlannedChunk) -> tuple[str, ...]:
    """Who speaks in each region; nothing where there is only one speaker to tell."""
    speakers = tuple(region.speaker for region in planned.regions)
    return speakers if set(speakers) - {"S1"} else ()


def _event(turn: Turn) -> ChunkReleased:
    planned = turn.planned
    return ChunkReleased(
        job=turn.job,
        chunk=planned.chunk,
        options=turn.options,
        voices=turn.voices,
        audio=planned.audio,
        transcript=planned.transcript,
        written=turn.written,
        regions=tuple((region.start, region.end) for region in planned.regions),
        speakers=_speakers(planned),
        source_language=turn.source_language,
        target_languages=turn.target_languages,
        model_size=turn.model_size,
        translations=planned.translations,
    )
