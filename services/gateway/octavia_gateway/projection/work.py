"""Projects what tells of work, jobs and videos alike: the same topics of billing tell how both end."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from octavia_common.events import CloudEvent, EventData, JobEvent

from octavia_gateway.database import Connection
from octavia_gateway.editing.projection import RenderProjection
from octavia_gateway.events.log import EventLog
from octavia_gateway.exports.projection import ExportProjection
from octavia_gateway.files.made_objects import list_made
from octavia_gateway.projection.artifacts import keys_in
from octavia_gateway.projection.jobs import JobProjection
from octavia_gateway.reviewing.projection import HeldProjection
from octavia_gateway.videos.projection import VideoProjection


class WorkProjection:
    """A TransactionalHandler.

    Jobs are locked first, then videos, then the objects made for them, last the counters of users' streams.
    """

    def __init__(self, jobs: JobProjection, videos: VideoProjection, log: EventLog) -> None:
        self._jobs = jobs
        self._videos = videos
        self._held = HeldProjection()
        self._renders = RenderProjection()
        self._exports = ExportProjection()
        self._log = log

    async def handle(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """Apply `events`, each to whichever its id belongs; there is nothing to publish."""
        drafts = await self._jobs.project(connection, events)
        drafts += await self._held.project(connection, events)
        drafts += await self._renders.project(connection, events)
        drafts += await self._exports.project(connection, events)
        drafts += await self._videos.project(connection, events)
        await list_made(connection, _made(events))
        await self._log.append(connection, drafts)
        return []


def _made(events: Iterable[CloudEvent[Any]]) -> Iterable[tuple[UUID, UUID, str]]:
    for event in events:
        if isinstance(event.data, JobEvent):
            for key in keys_in(event.data):
                yield event.data.job.job_id, event.data.job.user_id, key
