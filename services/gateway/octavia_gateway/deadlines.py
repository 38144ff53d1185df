"""Ends jobs that nobody works on any more: past their deadline, or silent for too long.

Only asks for the end (`JobFailed`); billing decides, and the job is shown as failed once its hold is
released. Any number of replicas may sweep at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from octavia_common.database import UNAVAILABLE
from octavia_common.events import JobError, JobFailed
from prometheus_client import Counter

from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.repository import JobsRepository

log = structlog.get_logger(__name__)

BATCH = 100

GIVEN_UP = Counter("octavia_jobs_given_up_total", "Jobs failed by the gateway, by why.", ["code"])


class Deadlines:
    """Finds and fails jobs that are overdue."""

    def __init__(
        self,
        database: GatewayDatabase,
        *,
        stall: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._stall = stall
        self._clock = clock
        self._jobs = JobsRepository()

    async def sweep(self) -> list[UUID]:
        """Fail at most `BATCH` overdue jobs; returns which."""
        now = self._clock()
        async with self._database.service_transaction() as connection:
            overdue = await self._overdue(connection, now)
            jobs = [replace(job, given_up_at=now) for job in overdue]
            await self._jobs.save(connection, jobs)
            failures = [JobFailed(job=job.ref(), error=self._error(job, now)) for job in jobs]
            await self._database.add_events(connection, failures)
        for failure in failures:
            GIVEN_UP.labels(failure.error.code).inc()
            log.warning("job given up", job_id=str(failure.job.job_id), code=failure.error.code)
        return [job.job_id for job in jobs]

    async def _overdue(self, connection: Connection, now: datetime) -> list[Job]:
        return await self._jobs.lock_overdue(connection, now=now, silent_since=now - self._stall, limit=BATCH)

    def _error(self, job: Job, now: datetime) -> JobError:
        if job.deadline_at is not None and job.deadline_at <= now:
            return JobError(
                code="timed_out",
                message="The job was not finished within its time limit. Your credits are back; try again.",
                stage="gateway",
            )
        return JobError(
            code="stalled",
            message="The job stopped making progress. Your credits are back; try again.",
            stage="gateway",
        )


async def every(seconds: float, name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do `work` again and again until cancelled; a database that is away is waited for."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except UNAVAILABLE as error:
            log.warning("the database is away", task=name, error=repr(error))
        except Exception:
            log.exception("housekeeping failed; trying again later", task=name)
