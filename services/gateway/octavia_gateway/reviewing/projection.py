"""Notes what waits for review, and what the translator made anew of single lines."""

from collections.abc import Sequence
from typing import Any

from octavia_common.events import ChunkHeld, CloudEvent, JobFailed, LanguageFailed

from octavia_gateway.database import Connection
from octavia_gateway.editing.repository import EditingRepository
from octavia_gateway.events.log import Draft
from octavia_gateway.reviewing.repository import HeldChunksRepository, document_of


class HeldProjection:
    """Projects a batch of events; what is neither is passed by. Jobs are locked already."""

    def __init__(self) -> None:
        self._held = HeldChunksRepository()
        self._editing = EditingRepository()

    async def project(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> list[Draft]:
        """Apply `events`; what the owners' streams are to be told."""
        held = [event.data for event in events if isinstance(event.data, ChunkHeld)]
        failed = [event.data for event in events if isinstance(event.data, LanguageFailed | JobFailed)]
        if held:
            await self._held.add(connection, held)
        answers = {each.job.hold_id: document_of(each) for each in held}
        errors = {each.job.hold_id: each.error for each in failed}
        if not answers and not errors:
            return []
        return [
            Draft(user_id, job_id, "job.segments", f'{{"id":"{job_id}","language":"{language}"}}')
            for user_id, job_id, language in await self._editing.translated(connection, answers, errors)
        ]
