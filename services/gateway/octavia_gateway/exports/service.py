"""What a user does with exports. Each call is one transaction; events leave by its outbox."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from octavia_common.events import ExportKind, ExportRequested, JobError, Output

from octavia_gateway.counting import count_alone
from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.exports import possible
from octavia_gateway.exports.errors import (
    ContainerNotPossibleError,
    ExportNotPossibleError,
    ExportNotReadyError,
    TooManyExportsError,
)
from octavia_gateway.exports.models import Export, ExportStatus, Possible
from octavia_gateway.exports.repository import ExportsRepository
from octavia_gateway.exports.schemas import ExportRequest
from octavia_gateway.files.errors import FileNotFoundHereError
from octavia_gateway.files.repository import FilesRepository
from octavia_gateway.files.results import Results, find_results
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.retention.in_use import begin_using

MOST_AT_WORK = 10
"""Exports of one user that are made at a time: they cost nothing, and the machines are everybody's."""

BATCH = 100


@dataclass(frozen=True)
class Exports:
    """What can be made of a job, what was, and its results as they are now."""

    possible: Possible
    items: list[Export]
    outputs: Mapping[str, Output]


class ExportsService:
    """Begins exports, lists them, and ends those that nobody works on any more."""

    def __init__(
        self,
        database: GatewayDatabase,
        *,
        deadline: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._deadline = deadline
        self._clock = clock
        self._exports = ExportsRepository()
        self._files = FilesRepository()
        self._jobs = JobsRepository()

    async def begin(self, user_id: UUID, job_id: UUID, asked: ExportRequest) -> Export:
        """The export of this wish: a new one, or the one that is made, or being made, of the same results.

        Raises JobNotFoundError, ResultNotFoundError (404), ResultNotReadyError, TooManyExportsError (409),
        ExportNotPossibleError, ContainerNotPossibleError (422).
        """
        results = await find_results(self._database, user_id, job_id)
        chosen = _chosen(results, asked)
        async with self._database.user_transaction(user_id) as connection:
            await begin_using(connection, user_id)
            job = await self._jobs.get(connection, user_id, job_id, lock=True)
            now = self._clock()
            export = Export(
                export_id=uuid4(),
                job_id=job_id,
                user_id=user_id,
                kind=asked.kind,
                container=_container(await self._possible(connection, job), asked),
                languages=tuple(output.target_language for output in chosen),
                subtitles=asked.wanted_subtitles(),
                results=tuple(output.result.sha256 for output in chosen),
                created_at=now,
                deadline_at=now + self._deadline,
            )
            digest = export.digest(job.spec)
            known = await self._exports.find(connection, user_id, job_id, digest)
            if known is not None:
                return known
            await count_alone(connection, user_id, "exports")
            if await self._exports.count_at_work(connection, user_id) >= MOST_AT_WORK:
                raise TooManyExportsError(MOST_AT_WORK)
            await self._exports.add(connection, export, digest)
            requested = ExportRequested(
                job=export.ref(),
                spec=job.spec,
                kind=export.kind,
                container=export.container,
                results=tuple(output.result for output in chosen),
                subtitles=export.subtitles,
            )
            async with self._database.as_service(connection, user_id):
                await self._database.add_events(connection, [requested])
        return export

    async def all_of(self, user_id: UUID, job_id: UUID) -> Exports:
        """Raises JobNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            job = await self._jobs.get(connection, user_id, job_id)
            return Exports(
                possible=await self._possible(connection, job),
                items=await self._exports.all_of(connection, user_id, job_id),
                outputs=job.outputs,
            )

    async def get(self, user_id: UUID, job_id: UUID, export_id: UUID) -> tuple[Job, Export]:
        """Raises JobNotFoundError, ExportNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            job = await self._jobs.get(connection, user_id, job_id)
            return job, await self._exports.get(connection, user_id, job_id, export_id)

    async def finished(self, user_id: UUID, job_id: UUID, export_id: UUID) -> tuple[Job, Export]:
        """One whose file is there. Raises as `get` does, and ExportNotReadyError (409)."""
        job, export = await self.get(user_id, job_id, export_id)
        if export.media is None:
            raise ExportNotReadyError(export.status.value)
        return job, export

    async def sweep(self) -> None:
        """Fail at most `BATCH` exports past their deadline."""
        error = JobError(
            code="export_timed_out",
            message="It was not exported within its time limit. Try again.",
            stage="gateway",
        )
        async with self._database.service_transaction() as connection:
            overdue = await self._exports.lock_overdue(connection, now=self._clock(), limit=BATCH)
            ended = [replace(export, status=ExportStatus.FAILED, error=error) for export in overdue]
            await self._exports.end(connection, ended)

    async def _possible(self, connection: Connection, job: Job) -> Possible:
        try:
            file = await self._files.get(connection, job.user_id, job.file_id)
        except FileNotFoundHereError:
            return possible.of_job(job.spec.kind, None)
        return possible.of_job(job.spec.kind, file.media)


def _chosen(results: Results, asked: ExportRequest) -> list[Output]:
    """The results that the export is made of."""
    if asked.languages is None:
        return list(results.outputs) if asked.kind is ExportKind.TRACKS else [results.output(None)]
    chosen = [results.output(language) for language in dict.fromkeys(asked.languages)]
    if len(chosen) > 1 and asked.kind is not ExportKind.TRACKS:
        raise ExportNotPossibleError(asked.kind, "it has one language; ask for one export a language.")
    return chosen


def _container(possible_: Possible, asked: ExportRequest) -> str:
    containers = possible_[asked.kind]
    if not containers:
        raise ExportNotPossibleError(
            asked.kind,
            "its source has no picture or sound for it, or is gone, or the job speaks nothing.",
        )
    if asked.container is None:
        return containers[0]
    if asked.container not in containers:
        raise ContainerNotPossibleError(asked.container, containers)
    return asked.container
