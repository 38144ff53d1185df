"""Queries on what has expired. For the service itself: they see every user's rows."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from octavia_gateway.database import Connection
from octavia_gateway.retention.in_use import JOB_AT_WORK, VIDEO_AT_WORK, nobody_at_work

_UNSWEPT = """(swept_at IS NULL OR swept_at < finished_at)
    AND finished_at < clock_timestamp() - $1::interval"""
_ENDED = "'completed', 'partially_completed', 'failed', 'cancelled'"
_UNSWEPT_JOB = f"status IN ({_ENDED}) AND {_UNSWEPT}"
_UNSWEPT_VIDEO = f"status IN ('completed', 'failed', 'cancelled', 'expired') AND {_UNSWEPT}"
_STILL = nobody_at_work("due.user_id", nor="busy.finished_at >= clock_timestamp() - $1::interval")


class RetentionRepository:
    """Finds what nobody needs any more."""

    async def expire_jobs(
        self, connection: Connection, *, age: timedelta, limit: int
    ) -> list[tuple[UUID, UUID]]:
        """Marks at most `limit` jobs deleted that ended (or were created, and never begun) `age` ago.

        Returns (user, job), which no other replica is given too.
        """
        rows = await connection.fetch(
            f"""
            UPDATE jobs SET deleted_at = clock_timestamp() WHERE job_id IN (
                SELECT job_id FROM jobs
                WHERE deleted_at IS NULL AND status IN ('pending', {_ENDED})
                  AND coalesce(finished_at, created_at) < clock_timestamp() - $1::interval
                ORDER BY coalesce(finished_at, created_at) LIMIT $2 FOR UPDATE SKIP LOCKED
            ) RETURNING user_id, job_id
            """,  # noqa: S608 - constants
            age,
            limit,
        )
        return [(row["user_id"], row["job_id"]) for row in rows]

    async def expired_files(
        self, connection: Connection, *, age: timedelta, limit: int
    ) -> list[tuple[UUID, UUID]]:
        """(user, file) of files older than `age` that no job or video of that time used, the oldest first."""
        rows = await connection.fetch(
            f"""
            SELECT user_id, file_id FROM files
            WHERE created_at < clock_timestamp() - $1::interval AND NOT EXISTS (
                SELECT 1 FROM jobs
                WHERE jobs.user_id = files.user_id AND files.file_id IN (jobs.file_id, jobs.subtitle_file_id)
                  AND jobs.deleted_at IS NULL AND (jobs.status = 'pending' OR jobs.{JOB_AT_WORK}
                       OR coalesce(jobs.finished_at, jobs.created_at) >= clock_timestamp() - $1::interval))
              AND NOT EXISTS (
                SELECT 1 FROM videos
                WHERE videos.user_id = files.user_id AND videos.file_id = files.file_id
                  AND (videos.{VIDEO_AT_WORK}
                       OR coalesce(videos.finished_at, videos.created_at)
                           >= clock_timestamp() - $1::interval))
            ORDER BY created_at LIMIT $2
            """,  # noqa: S608 - constants
            age,
            limit,
        )
        return [(row["user_id"], row["file_id"]) for row in rows]

    async def forget_deleted_jobs(self, connection: Connection, *, age: timedelta, limit: int) -> int:
        """Removes rows of jobs that were deleted `age` ago and list no object any more, and what waited of
        them for review."""
        rows = await connection.fetch(
            """
            WITH gone AS (
                DELETE FROM jobs WHERE job_id IN (
                    SELECT job_id FROM jobs
                    WHERE deleted_at < clock_timestamp() - $1::interval
                      AND NOT EXISTS (SELECT 1 FROM job_artifacts made WHERE made.job_id = jobs.job_id)
                    LIMIT $2 FOR UPDATE SKIP LOCKED
                ) RETURNING job_id
            ), held AS (
                DELETE FROM held_chunks USING gone WHERE held_chunks.job_id = gone.job_id
            )
            SELECT job_id FROM gone
            """,
            age,
            limit,
        )
        return len(rows)

    async def users_to_sweep(self, connection: Connection, *, grace: timedelta, limit: int) -> list[UUID]:
        """Users who had a job or video that ended since the last sweep, and none at work for `grace`."""
        rows = await connection.fetch(
            f"""
            SELECT DISTINCT user_id FROM (
                (SELECT user_id FROM jobs due WHERE {_UNSWEPT_JOB} AND {_STILL}
                 ORDER BY finished_at LIMIT $2)
                UNION ALL
                (SELECT user_id FROM videos due WHERE {_UNSWEPT_VIDEO} AND {_STILL}
                 ORDER BY finished_at LIMIT $2)
            ) AS found
            """,  # noqa: S608 - constants
            grace,
            limit,
        )
        return [row["user_id"] for row in rows]

    async def mark_swept(self, connection: Connection, user_id: UUID, *, grace: timedelta) -> None:
        """The user's jobs and videos that ended before `grace` need no further sweep."""
        for table, unswept in (("jobs", _UNSWEPT_JOB), ("videos", _UNSWEPT_VIDEO)):
            await connection.execute(
                f"UPDATE {table} SET swept_at = clock_timestamp() WHERE user_id = $2 AND {unswept}",  # noqa: S608
                grace,
                user_id,
            )

    async def unlisted(self, connection: Connection, user_id: UUID, keys: Sequence[str]) -> list[str]:
        """Those of `keys` that no job or video of the user lists."""
        rows = await connection.fetch(
            """
            SELECT key FROM unnest($2::text[]) AS found (key)
            WHERE NOT EXISTS (
                SELECT 1 FROM job_artifacts made WHERE made.user_id = $1 AND made.key = found.key)
            """,
            user_id,
            list(keys),
        )
        return [row["key"] for row in rows]
