"""What videogen does with what it hears: each an effect in its tables, in the shell's transaction."""

from collections.abc import Sequence
from typing import Any

from octavia_common.events import (
    CloudEvent,
    EventData,
    JobCancelled,
    JobFailed,
    VideoCallbackReceived,
    VideoReserved,
)
from octavia_common.telemetry.tracing import current_traceparent

from octavia_videogen.domain import steps
from octavia_videogen.repositories.tasks import TaskRepository
from octavia_videogen.workers.metrics import HINTS


class TakeVideos:
    """Consumes videos.reserved: the credits are held, so the video is queued."""

    def __init__(self) -> None:
        self._tasks = TaskRepository()

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        reserved = [event.data for event in events if isinstance(event.data, VideoReserved)]
        await self._tasks.add(connection, reserved, current_traceparent())
        return []


class EndVideos:
    """Consumes jobs.outcome: a video that its owner or the gateway ended is given up, and watched."""

    def __init__(self) -> None:
        self._tasks = TaskRepository()

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        holds = [
            event.data.job.hold_id for event in events if isinstance(event.data, JobFailed | JobCancelled)
        ]
        if holds:
            for task in await self._tasks.note_ended(connection, holds):
                if not task.late:
                    step = steps.ended(task)
                    await self._tasks.write(connection, step.task, wait=step.wait, keep_lease=True)
        return []


class HeedCallbacks:
    """Consumes videos.callbacks: a hint to read the provider's record now; nothing else is believed of it."""

    def __init__(self) -> None:
        self._tasks = TaskRepository()

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        for event in events:
            hint = event.data
            if not isinstance(hint, VideoCallbackReceived) or (hint.hold_id is None and hint.task_id is None):
                continue
            known = await self._tasks.hint(connection, hint.hold_id, hint.task_id)
            HINTS.labels("yes" if known else "no").inc()
        return []
