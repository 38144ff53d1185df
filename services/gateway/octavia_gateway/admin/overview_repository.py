"""The SQL of what administrators look at: people, what waits, and how providers do."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from octavia_gateway.database import Connection
from octavia_gateway.retention.in_use import JOB_AT_WORK, VIDEO_AT_WORK

_USERS = """
SELECT u.user_id, u.email, u.is_admin, u.created_at,
       coalesce(b.available, 0) AS available, coalesce(b.held, 0) AS held,
       (SELECT count(*) FROM jobs j WHERE j.user_id = u.user_id AND j.deleted_at IS NULL) AS jobs,
       (SELECT count(*) FROM videos v WHERE v.user_id = u.user_id AND v.purged_at IS NULL) AS videos
FROM users u LEFT JOIN balances b USING (user_id)
WHERE ($1::text = '' OR strpos(u.email_key, $1) > 0)
  AND ($2::timestamptz IS NULL OR (u.created_at, u.user_id) < ($2, $3::uuid))
ORDER BY u.created_at DESC, u.user_id DESC LIMIT $4
"""

_QUEUES = f"""
SELECT 'job.' || lower(phase) AS name, count(*) AS waiting, min(submitted_at) AS oldest,
       min(heard_at) AS silent
FROM jobs WHERE {JOB_AT_WORK} GROUP BY phase
UNION ALL
SELECT 'video.' || status, count(*), min(submitted_at), NULL
FROM videos WHERE {VIDEO_AT_WORK} GROUP BY status
UNION ALL
SELECT 'fetch.' || state, count(*), min(created_at), NULL
FROM remote_uploads WHERE state IN ('queued', 'receiving') GROUP BY state
UNION ALL
SELECT 'outbox', count(*), min(created_at), NULL FROM outbox HAVING count(*) > 0
ORDER BY name
"""  # noqa: S608 - constants

_PROVIDERS = """
SELECT coalesce(clip ->> 'provider', '') AS provider, spec ->> 'model' AS model,
       count(*) FILTER (WHERE status IN ('completed', 'expired')) AS succeeded,
       count(*) FILTER (WHERE status = 'failed') AS failed,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - submitted_at))
           FILTER (WHERE status IN ('completed', 'expired')) AS median_seconds,
       max(finished_at) FILTER (WHERE status IN ('completed', 'expired')) AS last_success_at,
       (array_agg(error ->> 'code' ORDER BY finished_at DESC)
           FILTER (WHERE status = 'failed'))[1] AS last_error
FROM videos
WHERE finished_at > clock_timestamp() - make_interval(hours => $1)
GROUP BY 1, 2 ORDER BY 2, 1
"""


class OverviewRepository:
    """Reads over all users; every function works on a connection of the service."""

    async def users(
        self, connection: Connection, text: str, before: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[asyncpg.Record]:
        """Accounts whose address has `text` in it, newest first."""
        return await connection.fetch(_USERS, text.casefold(), *(before or (None, None)), limit)

    async def emails(self, connection: Connection, user_ids: Sequence[UUID]) -> dict[UUID, str]:
        """The addresses of users; one that was deleted meanwhile is missing."""
        rows = await connection.fetch(
            "SELECT user_id, email FROM users WHERE user_id = ANY($1::uuid[])", list(user_ids)
        )
        return {row["user_id"]: row["email"] for row in rows}

    async def owner_of_job(self, connection: Connection, job_id: UUID) -> UUID | None:
        """Whose job it is."""
        found: UUID | None = await connection.fetchval(
            "SELECT user_id FROM jobs WHERE job_id = $1 AND deleted_at IS NULL", job_id
        )
        return found

    async def owner_of_video(self, connection: Connection, video_id: UUID) -> UUID | None:
        """Whose video it is."""
        found: UUID | None = await connection.fetchval(
            "SELECT user_id FROM videos WHERE video_id = $1 AND purged_at IS NULL", video_id
        )
        return found

    async def queues(self, connection: Connection) -> Sequence[asyncpg.Record]:
        """What waits or is at work: how many, since when, and since when nothing was heard of it."""
        return await connection.fetch(_QUEUES)

    async def providers(self, connection: Connection, hours: int) -> Sequence[asyncpg.Record]:
        """How videos of the last hours ended, by provider and model (no provider: none made a clip)."""
        return await connection.fetch(_PROVIDERS, hours)
