"""The SQL of exports. Every function works on the caller's connection and never commits."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from octavia_common.events import ArtifactRef, ExportKind, ExportSubtitles, JobError

from octavia_gateway.database import Connection
from octavia_gateway.exports.errors import ExportNotFoundError
from octavia_gateway.exports.models import Export, ExportStatus
from octavia_gateway.retention.in_use import EXPORT_AT_WORK

MOST_LISTED = 200
"""Exports of one job that are told of, the newest first."""


class ExportsRepository:
    """Reads and writes exports. `user_id` is asked for beside row level security, not instead of it."""

    async def find(self, connection: Connection, user_id: UUID, job_id: UUID, digest: str) -> Export | None:
        """The export of this digest that is made, or being made."""
        row = await connection.fetchrow(
            "SELECT * FROM exports WHERE user_id = $1 AND job_id = $2 AND digest = $3 AND status <> 'failed'",
            user_id,
            job_id,
            digest,
        )
        return _export(row) if row else None

    async def get(self, connection: Connection, user_id: UUID, job_id: UUID, export_id: UUID) -> Export:
        """Raises ExportNotFoundError (404)."""
        row = await connection.fetchrow(
            "SELECT * FROM exports WHERE user_id = $1 AND job_id = $2 AND export_id = $3",
            user_id,
            job_id,
            export_id,
        )
        if row is None:
            raise ExportNotFoundError
        return _export(row)

    async def all_of(self, connection: Connection, user_id: UUID, job_id: UUID) -> list[Export]:
        """Those of a job, the newest first."""
        rows = await connection.fetch(
            "SELECT * FROM exports WHERE user_id = $1 AND job_id = $2 "
            "ORDER BY created_at DESC, export_id LIMIT $3",
            user_id,
            job_id,
            MOST_LISTED,
        )
        return [_export(row) for row in rows]

    async def count_at_work(self, connection: Connection, user_id: UUID) -> int:
        """How many of the user's are being made."""
        query = f"SELECT count(*) FROM exports WHERE user_id = $1 AND {EXPORT_AT_WORK}"  # noqa: S608
        return int(await connection.fetchval(query, user_id))

    async def add(self, connection: Connection, export: Export, digest: str) -> None:
        """An export that begins; the job must be locked."""
        await connection.execute(
            """
            INSERT INTO exports (export_id, job_id, user_id, digest, kind, container, languages, subtitles,
                                 results, created_at, deadline_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            export.export_id,
            export.job_id,
            export.user_id,
            digest,
            export.kind.value,
            export.container,
            list(export.languages),
            export.subtitles.model_dump(mode="json") if export.subtitles else None,
            list(export.results),
            export.created_at,
            export.deadline_at,
        )

    # As the service itself.

    async def lock_at_work(self, connection: Connection, ids: Iterable[UUID]) -> list[Export]:
        """Those of these runs that are exports being made, locked in the order of their ids."""
        rows = await connection.fetch(
            f"SELECT * FROM exports WHERE export_id = ANY($1::uuid[]) AND {EXPORT_AT_WORK} "  # noqa: S608
            "ORDER BY export_id FOR UPDATE",
            sorted(set(ids)),
        )
        return [_export(row) for row in rows]

    async def lock_overdue(self, connection: Connection, *, now: datetime, limit: int) -> list[Export]:
        """Exports past their deadline that no other sweep has in hand."""
        rows = await connection.fetch(
            f"SELECT * FROM exports WHERE {EXPORT_AT_WORK} AND deadline_at <= $1 "  # noqa: S608
            "ORDER BY export_id LIMIT $2 FOR UPDATE SKIP LOCKED",
            now,
            limit,
        )
        return [_export(row) for row in rows]

    async def end(self, connection: Connection, exports: Sequence[Export]) -> None:
        """Write how exports ended."""
        await connection.executemany(
            "UPDATE exports SET status = $2, media = $3, notes = $4, error = $5, "
            "finished_at = clock_timestamp() WHERE export_id = $1",
            [
                (
                    export.export_id,
                    export.status.value,
                    export.media.model_dump(mode="json") if export.media else None,
                    list(export.notes),
                    export.error.model_dump(mode="json") if export.error else None,
                )
                for export in exports
            ],
        )


def _export(row: Any) -> Export:
    return Export(
        export_id=row["export_id"],
        job_id=row["job_id"],
        user_id=row["user_id"],
        kind=ExportKind(row["kind"]),
        container=row["container"],
        languages=tuple(row["languages"]),
        subtitles=ExportSubtitles.model_validate(row["subtitles"]) if row["subtitles"] else None,
        results=tuple(row["results"]),
        created_at=row["created_at"],
        deadline_at=row["deadline_at"],
        status=ExportStatus(row["status"]),
        media=ArtifactRef.model_validate(row["media"]) if row["media"] else None,
        notes=tuple(row["notes"]),
        error=JobError.model_validate(row["error"]) if row["error"] else None,
        finished_at=row["finished_at"],
    )
