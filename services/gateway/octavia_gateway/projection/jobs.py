"""Folds the events of the pipeline and of billing into the jobs that users see."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from octavia_common.events import CloudEvent, JobEvent, VideoEvent

from octavia_gateway.batches.announce import drafts_of
from octavia_gateway.database import Connection
from octavia_gateway.events.log import Draft
from octavia_gateway.jobs.announce import draft_of
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.jobs.run import apply
from octavia_gateway.jobs.schemas import JobResponse


class JobProjection:
    """Projects whatever tells of jobs.

    A batch costs a handful of statements whatever its size: the jobs are locked together, folded in
    memory, written together, and each changed job is announced once, as it stands after the batch.
    """

    def __init__(self, jobs: JobsRepository) -> None:
        self._jobs = jobs

    async def project(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> list[Draft]:
        """Apply `events`; what the owners' streams are to be told."""
        told = [e for e in events if isinstance(e.data, JobEvent) and not isinstance(e.data, VideoEvent)]
        if not told:
            return []
        before = await self._jobs.lock_all(connection, {event.data.job.job_id for event in told})
        after = fold(before, told)
        changed = [job for job_id, job in after.items() if job != before[job_id]]
        await self._jobs.save(connection, changed)
        visible = [job for job in changed if _visible(before[job.job_id], job)]
        return [*(draft_of(job) for job in visible), *await drafts_of(connection, visible)]


def fold(jobs: dict[UUID, Job], events: Iterable[CloudEvent[Any]]) -> dict[UUID, Job]:
    """The jobs after `events`. Events of unknown jobs, and of an earlier run's hold, change nothing."""
    folded = dict(jobs)
    for event in events:
        job = folded.get(event.data.job.job_id)
        if job is None or job.hold_id != event.data.job.hold_id:
            continue
        heard = event.time if job.heard_at is None else max(job.heard_at, event.time)
        run = apply(job.run, event.data, event.time)
        folded[job.job_id] = replace(job.after(run), heard_at=heard)
    return folded


def _visible(before: Job, after: Job) -> bool:
    """Whether its owner sees a difference."""
    return before.run != after.run and JobResponse.of(before) != JobResponse.of(after)
