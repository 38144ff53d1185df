"""What moves the window: a plan opens it, spoken chunks move it on, the end of the job closes it."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from octavia_common.artifacts.store import ArtifactStore
from octavia_common.documents import ChunkPlan
from octavia_common.errors import ArtifactCorruptError, PermanentError
from octavia_common.events import ChunkReleased, ChunkSynthesized, CloudEvent, JobEvent, MediaPlanned

from octavia_transcriber.window.repository import OpenedWindow, Turn, WindowRepository


class OpenWindow:
    """MediaPlanned → the job's first chunks. The plan of a job without speech opens nothing."""

    def __init__(self, store: ArtifactStore, repository: WindowRepository, *, size: int) -> None:
        self._store = store
        self._repository = repository
        self._size = size

    async def handle(
        self, connection: Any, events: Sequence[CloudEvent[MediaPlanned]]
    ) -> Sequence[ChunkReleased]:
        """Raises TransientError while the store is away, PermanentError for a plan that is broken."""
        planned = [event.data for event in events if event.data.chunks]
        if not planned:
            return []
        windows = await asyncio.gather(*(self._window(one) for one in planned))
        await self._repository.forget_overdue(connection)
        await self._repository.open(connection, windows)
        holds = [window.job.hold_id for window in windows]
        return [_event(turn) for turn in await self._repository.release(connection, holds, size=self._size)]

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
        )


class MoveWindow:
    """ChunkSynthesized → the next chunks of its job, once one is through in all its languages."""

    def __init__(self, repository: WindowRepository, *, size: int) -> None:
        self._repository = repository
        self._size = size

    async def handle(
        self, connection: Any, events: Sequence[CloudEvent[ChunkSynthesized]]
    ) -> Sequence[ChunkReleased]:
        units: dict[tuple[UUID, int], list[str]] = defaultdict(list)
        for event in events:
            chunk = event.data
            units[chunk.job.hold_id, chunk.chunk.index].append(chunk.target_language)
        await self._repository.finish(connection, units)
        holds = sorted({hold_id for hold_id, _ in units})
        return [_event(turn) for turn in await self._repository.release(connection, holds, size=self._size)]


class CloseWindow:
    """Any outcome of a job → its window is gone."""

    def __init__(self, repository: WindowRepository) -> None:
        self._repository = repository

    async def handle(
        self, connection: Any, events: Sequence[CloudEvent[JobEvent]]
    ) -> Sequence[ChunkReleased]:
        await self._repository.close(connection, [event.data.job.hold_id for event in events])
        return []


def _event(turn: Turn) -> ChunkReleased:
    planned = turn.planned
    return ChunkReleased(
        job=turn.job,
        chunk=planned.chunk,
        audio=planned.audio,
        regions=tuple((region.start, region.end) for region in planned.regions),
        source_language=turn.source_language,
        target_languages=turn.target_languages,
        model_size=turn.model_size,
    )
