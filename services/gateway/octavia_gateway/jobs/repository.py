"""The SQL of jobs. Every function works on the caller's connection and never commits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from octavia_common.events import ArtifactRef, CountedPreview, DetectedLanguage, JobError, JobSpec, Output

from octavia_gateway.database import Connection
from octavia_gateway.jobs.errors import JobNotFoundError
from octavia_gateway.jobs.models import Job, JobOutput
from octavia_gateway.jobs.run import Run
from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.jobs.units import Units
from octavia_gateway.retention.in_use import EXPORT_AT_WORK, JOB_AT_WORK, RENDER_AT_WORK

MOST_OF_SOURCE = 500
"""Jobs on one file that are looked through for previews."""


class JobsRepository:
    """Reads and writes jobs. `user_id` is asked for beside row level security, not instead of it."""

    async def add(self, connection: Connection, job: Job) -> None:
        """Store a new job."""
        await connection.execute(
            """
            INSERT INTO jobs (job_id, user_id, kind, file_id, spec, quote_credits, price_version, created_at,
                              current_step, batch_id, subtitle_file_id, counted)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            job.job_id,
            job.user_id,
            job.spec.kind.value,
            job.file_id,
            job.spec.model_dump(mode="json"),
            job.quote_credits,
            job.price_version,
            job.created_at,
            job.view.step,
            job.batch_id,
            job.subtitle_file_id,
            [preview.model_dump(mode="json") for preview in job.counted],
        )

    async def of_source(self, connection: Connection, user_id: UUID, spec: JobSpec) -> list[Job]:
        """The user's jobs of one kind on one file, also deleted ones, the newest of them."""
        rows = await connection.fetch(
            """
            SELECT * FROM jobs
            WHERE user_id = $1 AND kind = $2 AND spec #>> '{source,sha256}' = $3 AND attempt > 0
            ORDER BY created_at DESC LIMIT $4
            """,
            user_id,
            spec.kind.value,
            spec.source.sha256,
            MOST_OF_SOURCE,
        )
        return [_job(row) for row in rows]

    async def get(self, connection: Connection, user_id: UUID, job_id: UUID, *, lock: bool = False) -> Job:
        """The user's job, locked for the transaction where asked. Raises JobNotFoundError (404)."""
        query = "SELECT * FROM jobs WHERE job_id = $1 AND user_id = $2 AND deleted_at IS NULL"
        row = await connection.fetchrow(f"{query} FOR UPDATE" if lock else query, job_id, user_id)
        if row is None:
            raise JobNotFoundError(job_id)
        return _job(row)

    async def get_with_seq(self, connection: Connection, user_id: UUID, job_id: UUID) -> tuple[Job, int]:
        """The user's job and the number of their newest event, in one snapshot.

        Raises JobNotFoundError (404).
        """
        row = await connection.fetchrow(
            """
            SELECT jobs.*, coalesce((SELECT last_seq FROM user_streams WHERE user_id = $2), 0) AS last_seq
            FROM jobs WHERE job_id = $1 AND user_id = $2 AND deleted_at IS NULL
            """,
            job_id,
            user_id,
        )
        if row is None:
            raise JobNotFoundError(job_id)
        return _job(row), int(row["last_seq"])

    async def page(
        self,
        connection: Connection,
        user_id: UUID,
        *,
        statuses: Sequence[str],
        kinds: Sequence[str],
        batch_id: UUID | None,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Job]:
        """Jobs newest first, from behind `before` on; empty filters let everything through."""
        rows = await connection.fetch(
            """
            SELECT * FROM jobs
            WHERE user_id = $1 AND deleted_at IS NULL
              AND (cardinality($2::text[]) = 0 OR status = ANY($2))
              AND (cardinality($3::text[]) = 0 OR kind = ANY($3))
              AND ($4::timestamptz IS NULL OR (created_at, job_id) < ($4, $5::uuid))
              AND ($7::uuid IS NULL OR batch_id = $7)
            ORDER BY created_at DESC, job_id DESC
            LIMIT $6
            """,
            user_id,
            list(statuses),
            list(kinds),
            before[0] if before else None,
            before[1] if before else None,
            limit,
            batch_id,
        )
        return [_job(row) for row in rows]

    async def page_of_all(
        self,
        connection: Connection,
        *,
        statuses: Sequence[str],
        user_id: UUID | None,
        silent_since: datetime | None,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Job]:
        """Jobs of all users, or of one, newest first; with `silent_since` only those at work that nothing was
        heard of since. On a connection of the service."""
        rows = await connection.fetch(
            f"""
            SELECT * FROM jobs
            WHERE deleted_at IS NULL
              AND (cardinality($1::text[]) = 0 OR status = ANY($1))
              AND ($2::uuid IS NULL OR user_id = $2)
              AND ($3::timestamptz IS NULL OR ({JOB_AT_WORK} AND status <> 'review' AND heard_at < $3))
              AND ($4::timestamptz IS NULL OR (created_at, job_id) < ($4, $5::uuid))
            ORDER BY created_at DESC, job_id DESC
            LIMIT $6
            """,  # noqa: S608 - constants
            list(statuses),
            user_id,
            silent_since,
            before[0] if before else None,
            before[1] if before else None,
            limit,
        )
        return [_job(row) for row in rows]

    async def outputs(self, connection: Connection, job_id: UUID) -> list[JobOutput]:
        """What can be downloaded, in the order asked for: nothing before the job is paid for."""
        row = await connection.fetchrow("SELECT * FROM jobs WHERE job_id = $1 AND deleted_at IS NULL", job_id)
        return list(_job(row).outputs.values()) if row is not None else []

    async def lock_all(self, connection: Connection, job_ids: Iterable[UUID]) -> dict[UUID, Job]:
        """Those of `job_ids` that exist, locked in id order so that two batches never wait crosswise."""
        rows = await connection.fetch(
            "SELECT * FROM jobs WHERE job_id = ANY($1::uuid[]) AND deleted_at IS NULL "
            "ORDER BY job_id FOR UPDATE",
            list(job_ids),
        )
        return {row["job_id"]: _job(row) for row in rows}

    async def save(self, connection: Connection, jobs: Sequence[Job]) -> None:
        """Write everything about `jobs` that changes; they must be locked."""
        await connection.executemany(
            """
            UPDATE jobs SET
                quote_credits = $2, price_version = $3, attempt = $4, hold_id = $5, submitted_at = $6,
                deadline_at = $7, heard_at = $8, cancel_requested_at = $9, given_up_at = $10, status = $11,
                phase = $12, progress_permille = $13, current_step = $14, started_at = $15, finished_at = $16,
                chunks = $17, transcribed = $18, translated = $19, synthesized = $20, outputs = $21,
                charged = $22, error = $23, detected = $24, spec = $25, run_languages = $26, failed = $27,
                kept = $28, charged_before = $29, plan = $30, held = $31, review_ended = $32, counted = $33
            WHERE job_id = $1
            """,
            [_changing(job) for job in jobs],
        )

    async def is_rendered(self, connection: Connection, job_id: UUID) -> bool:
        """Whether an edited language, or an export, of the job is being put together just now."""
        query = f"""SELECT EXISTS (SELECT 1 FROM renders WHERE job_id = $1 AND {RENDER_AT_WORK})
                        OR EXISTS (SELECT 1 FROM exports WHERE job_id = $1 AND {EXPORT_AT_WORK})"""  # noqa: S608
        return bool(await connection.fetchval(query, job_id))

    async def mark_deleted(self, connection: Connection, job_id: UUID) -> None:
        """Hide the job for good; its objects are removed next, and again by the sweep until they are."""
        await connection.execute("UPDATE jobs SET deleted_at = clock_timestamp() WHERE job_id = $1", job_id)

    async def lock_overdue(
        self, connection: Connection, *, now: datetime, silent_since: datetime, limit: int
    ) -> list[Job]:
        """Jobs at work past their deadline or unheard of, that no other sweep has in hand or had before."""
        rows = await connection.fetch(
            f"""
            SELECT * FROM jobs
            WHERE {JOB_AT_WORK} AND given_up_at IS NULL
              AND (deadline_at <= $1 OR (heard_at <= $2 AND status <> 'review'))
            ORDER BY job_id LIMIT $3 FOR UPDATE SKIP LOCKED
            """,  # noqa: S608 - constants
            now,
            silent_since,
            limit,
        )
        return [_job(row) for row in rows]


def _changing(job: Job) -> tuple[Any, ...]:
    run, view = job.run, job.view
    return (
        job.job_id,
        job.quote_credits,
        job.price_version,
        job.attempt,
        job.hold_id,
        job.submitted_at,
        job.deadline_at,
        job.heard_at,
        job.cancel_requested_at,
        job.given_up_at,
        run.status.value,
        view.phase.value,
        view.permille,
        view.step,
        run.started_at,
        run.finished_at,
        run.chunks,
        run.transcribed.encode(),
        run.translated.encode(),
        run.synthesized.encode(),
        {language: output.model_dump(mode="json") for language, output in run.outputs.items()},
        run.charged,
        run.error.model_dump(mode="json") if run.error else None,
        run.detected.model_dump(mode="json") if run.detected else None,
        job.spec.model_dump(mode="json"),
        list(run.languages),
        {language: error.model_dump(mode="json") for language, error in run.failed.items()},
        {language: output.model_dump(mode="json") for language, output in run.kept.items()},
        run.charged_before,
        run.plan.model_dump(mode="json") if run.plan else None,
        run.held.encode(),
        run.review_ended,
        [preview.model_dump(mode="json") for preview in job.counted],
    )


def _outputs(stored: Mapping[str, Any]) -> dict[str, Output]:
    return {language: Output.model_validate(value) for language, value in stored.items()}


def _job(row: Any) -> Job:
    spec = JobSpec.model_validate(row["spec"])
    run = Run(
        languages=tuple(row["run_languages"] or spec.target_languages),
        status=JobStatus(row["status"]),
        chunks=row["chunks"],
        detected=DetectedLanguage.model_validate(row["detected"]) if row["detected"] else None,
        transcribed=Units.decode(row["transcribed"]),
        translated=Units.decode(row["translated"]),
        synthesized=Units.decode(row["synthesized"]),
        outputs=_outputs(row["outputs"]),
        failed={language: JobError.model_validate(value) for language, value in row["failed"].items()},
        kept=_outputs(row["kept"]),
        plan=ArtifactRef.model_validate(row["plan"]) if row["plan"] else None,
        held=Units.decode(row["held"]),
        review_ended=row["review_ended"],
        charged=row["charged"],
        charged_before=row["charged_before"],
        error=JobError.model_validate(row["error"]) if row["error"] else None,
        cancel_requested=row["cancel_requested_at"] is not None,
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )
    return Job(
        job_id=row["job_id"],
        user_id=row["user_id"],
        file_id=row["file_id"],
        spec=spec,
        quote_credits=row["quote_credits"],
        price_version=row["price_version"],
        created_at=row["created_at"],
        run=run,
        attempt=row["attempt"],
        hold_id=row["hold_id"],
        submitted_at=row["submitted_at"],
        deadline_at=row["deadline_at"],
        heard_at=row["heard_at"],
        cancel_requested_at=row["cancel_requested_at"],
        given_up_at=row["given_up_at"],
        batch_id=row["batch_id"],
        subtitle_file_id=row["subtitle_file_id"],
        counted=tuple(CountedPreview.model_validate(value) for value in row["counted"]),
    )
