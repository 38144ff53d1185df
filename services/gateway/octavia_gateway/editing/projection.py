"""Renderings go on and end by the events of their runs: what was spoken can be heard, and at last the new
result takes the place of the one before it."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from octavia_common.events import (
    ChunkSynthesized,
    CloudEvent,
    JobFailed,
    LanguageAssembled,
    LanguageFailed,
    Output,
)

from octavia_gateway.database import Connection
from octavia_gateway.editing.models import Render, RenderStatus, SpokenChunk
from octavia_gateway.editing.repository import EditingRepository
from octavia_gateway.events.log import Draft
from octavia_gateway.jobs.repository import JobsRepository


class RenderProjection:
    """Projects a batch of events; what is no rendering's is passed by.

    Jobs are locked before renderings: `JobProjection`, which sees the same events first, has locked them.
    """

    def __init__(self) -> None:
        self._editing = EditingRepository()
        self._jobs = JobsRepository()

    async def project(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> list[Draft]:
        """Apply `events`; what the owners' streams are to be told."""
        return [*await self._speak(connection, events), *await self._end(connection, events)]

    async def _speak(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> list[Draft]:
        """Note what was spoken."""
        spoken = defaultdict[UUID, dict[int, SpokenChunk]](dict)
        totals: dict[UUID, int] = {}
        for event in events:
            data = event.data
            if isinstance(data, ChunkSynthesized):
                spoken[data.job.hold_id][data.chunk.index] = SpokenChunk(data.chunk.start, data.speech)
                totals[data.job.hold_id] = data.chunk.total
        if not spoken:
            return []
        renders = await self._editing.lock_at_work(connection, spoken)
        if not renders:
            return []
        counts = await self._editing.add_spoken(
            connection, {render.hold_id: spoken[render.hold_id] for render in renders}
        )
        return [_heard(render, counts[render.hold_id], totals[render.hold_id]) for render in renders]

    async def _end(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> list[Draft]:
        """The first ending of each stands."""
        endings = {
            event.data.job.hold_id: event.data
            for event in events
            if isinstance(event.data, LanguageAssembled | LanguageFailed | JobFailed)
        }
        if not endings:
            return []
        ended = [
            _ended(render, endings[render.hold_id])
            for render in await self._editing.lock_at_work(connection, endings)
        ]
        if not ended:
            return []
        await self._editing.end(connection, ended)
        jobs = await self._jobs.lock_all(connection, {render.job_id for render in ended})
        for render in ended:
            ending = endings[render.hold_id]
            job = jobs.get(render.job_id)
            if job is not None and isinstance(ending, LanguageAssembled):
                output = Output(
                    target_language=ending.target_language, media=ending.media, result=ending.result
                )
                jobs[render.job_id] = job.showing(output)
        await self._jobs.save(connection, list(jobs.values()))
        return [_draft(render) for render in ended]


def _ended(render: Render, ending: LanguageAssembled | LanguageFailed | JobFailed) -> Render:
    if not isinstance(ending, LanguageAssembled):
        return replace(render, status=RenderStatus.FAILED, error=ending.error)
    return replace(render, status=RenderStatus.COMPLETED)


def _heard(render: Render, chunks: int, total: int) -> Draft:
    body = {
        "id": str(render.job_id),
        "language": render.language,
        "revision": render.revision,
        "spoken_chunks": chunks,
        "chunks": total,
    }
    return Draft(render.user_id, render.job_id, "job.spoken", json.dumps(body))


def _draft(render: Render) -> Draft:
    body = {
        "id": str(render.job_id),
        "language": render.language,
        "revision": render.revision,
        "status": render.status.value,
        "error_code": render.error.code if render.error else None,
        "error_message": render.error.message if render.error else None,
    }
    return Draft(render.user_id, render.job_id, "job.rendered", json.dumps(body))
