"""The SQL of deleting an account. Every function works on the caller's connection, as the service."""

from datetime import timedelta
from uuid import UUID

from octavia_gateway.database import Connection
from octavia_gateway.retention.in_use import JOB_AT_WORK, VIDEO_AT_WORK

_TABLES = (
    "remote_uploads",
    "upload_parts",
    "uploads",
    "files",
    "term_lists",
    "remembered_speakers",
    "jobs",
    "videos",
    "webhook_deliveries",
    "webhooks",
    "late_videos",
    "held_chunks",
    "edited_languages",
    "revisions",
    "renders",
    "exports",
    "job_artifacts",
    "user_streams",
    "job_events",
    "credit_history",
    "balances",
    "api_keys",
    "refresh_tokens",
    "sessions",
    "users",
)
"""Every table that has rows of a user, in the order in which others lock them."""

_DUE = "finished_at IS NULL AND (emptied_at IS NULL OR emptied_at < clock_timestamp() - $1::interval)"


class ErasureRepository:
    """Reads and writes the deletions that are under way."""

    async def begin(self, connection: Connection, user_id: UUID) -> None:
        """Notes that the account is to go; again changes nothing."""
        await connection.execute(
            "INSERT INTO account_deletions (user_id) VALUES ($1) ON CONFLICT DO NOTHING", user_id
        )

    async def close_account(self, connection: Connection, user_id: UUID) -> None:
        """Nobody can act as the user any more, and the e-mail address is nobody's again."""
        await connection.execute(
            """UPDATE users SET email = '', email_key = 'deleted:' || user_id, password_hash = '',
                                is_admin = false WHERE user_id = $1""",
            user_id,
        )
        for table in ("api_keys", "refresh_tokens", "sessions", "webhooks"):
            await connection.execute(f"DELETE FROM {table} WHERE user_id = $1", user_id)  # noqa: S608
        await connection.execute("DELETE FROM idempotency WHERE scope = $1", f"user:{user_id}")

    async def jobs_at_work(self, connection: Connection, user_id: UUID) -> list[UUID]:
        """Jobs of the user that a stage may be working on."""
        rows = await connection.fetch(
            f"SELECT job_id FROM jobs WHERE user_id = $1 AND {JOB_AT_WORK}",  # noqa: S608 - constants
            user_id,
        )
        return [row["job_id"] for row in rows]

    async def open_videos(self, connection: Connection, user_id: UUID) -> list[UUID]:
        """Videos of the user that a provider may be working on, or that have a public page."""
        rows = await connection.fetch(
            f"""SELECT video_id FROM videos
                WHERE user_id = $1 AND ({VIDEO_AT_WORK} OR share_token IS NOT NULL)""",  # noqa: S608
            user_id,
        )
        return [row["video_id"] for row in rows]

    async def revoke_shares(self, connection: Connection, user_id: UUID, video_ids: list[UUID]) -> None:
        """Take the public pages of these videos away; their rows must be locked."""
        await connection.execute(
            "UPDATE videos SET share_token = NULL WHERE user_id = $1 AND video_id = ANY($2::uuid[])",
            user_id,
            video_ids,
        )

    async def due(self, connection: Connection, *, grace: timedelta, limit: int) -> list[UUID]:
        """Accounts that are to be emptied, or looked at once more `grace` after they were."""
        rows = await connection.fetch(
            f"SELECT user_id FROM account_deletions WHERE {_DUE} ORDER BY requested_at LIMIT $2",  # noqa: S608
            grace,
            limit,
        )
        return [row["user_id"] for row in rows]

    async def lock(self, connection: Connection, user_id: UUID, *, grace: timedelta) -> bool:
        """Whether the account is still due, and no other replica has it in hand."""
        found = await connection.fetchval(
            f"""SELECT 1 FROM account_deletions WHERE {_DUE} AND user_id = $2
                FOR UPDATE SKIP LOCKED""",  # noqa: S608
            grace,
            user_id,
        )
        return found is not None

    async def delete_rows(self, connection: Connection, user_id: UUID) -> None:
        """Removes every row of the user."""
        for table in _TABLES:
            await connection.execute(f"DELETE FROM {table} WHERE user_id = $1", user_id)  # noqa: S608
        await connection.execute("DELETE FROM idempotency WHERE scope = $1", f"user:{user_id}")

    async def emptied(self, connection: Connection, user_id: UUID) -> None:
        """Everything was removed; the second time it is over."""
        await connection.execute(
            """UPDATE account_deletions
               SET finished_at = CASE WHEN emptied_at IS NOT NULL THEN clock_timestamp() END,
                   emptied_at = coalesce(emptied_at, clock_timestamp())
               WHERE user_id = $1""",
            user_id,
        )
