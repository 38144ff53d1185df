"""The SQL of videos. Every function works on the caller's connection and never commits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from octavia_gateway.database import Connection
from octavia_gateway.retention.in_use import VIDEO_AT_WORK
from octavia_gateway.videos.errors import VideoNotFoundError
from octavia_gateway.videos.models import Share, Video
from octavia_gateway.videos.rows import changing, video_of
from octavia_gateway.videos.run import Clip


@dataclass(frozen=True)
class Wanted:
    """Which videos of a list; what is empty lets everything through."""

    statuses: Sequence[str] = ()
    tasks: Sequence[str] = ()
    style: str | None = None
    batch_id: UUID | None = None
    text: str | None = None
    deleted: bool = False


class VideosRepository:
    """Reads and writes videos. `user_id` is asked for beside row level security, not instead of it."""

    async def add(self, connection: Connection, videos: Sequence[Video]) -> None:
        """Store new videos, at the beginning of their first run."""
        await connection.executemany(
            """
            INSERT INTO videos (video_id, user_id, batch_id, prompt, style, task, file_id, spec,
                                quote_credits, price_version, created_at, attempt, hold_id, submitted_at,
                                deadline_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            """,
            [
                (
                    video.video_id,
                    video.user_id,
                    video.batch_id,
                    video.prompt,
                    video.style,
                    video.task.value,
                    video.file_id,
                    video.spec.model_dump(mode="json"),
                    video.quote_credits,
                    video.price_version,
                    video.created_at,
                    video.attempt,
                    video.hold_id,
                    video.submitted_at,
                    video.deadline_at,
                )
                for video in videos
            ],
        )

    async def get(
        self, connection: Connection, user_id: UUID, video_id: UUID, *, lock: bool = False
    ) -> Video:
        """The user's video, also a deleted one; locked for the transaction where asked.

        Raises VideoNotFoundError (404).
        """
        query = "SELECT * FROM videos WHERE video_id = $1 AND user_id = $2 AND purged_at IS NULL"
        row = await connection.fetchrow(f"{query} FOR UPDATE" if lock else query, video_id, user_id)
        if row is None:
            raise VideoNotFoundError(video_id)
        return video_of(row)

    async def get_with_seq(self, connection: Connection, user_id: UUID, video_id: UUID) -> tuple[Video, int]:
        """The user's video and the number of their newest event, in one snapshot.

        Raises VideoNotFoundError (404).
        """
        row = await connection.fetchrow(
            """
            SELECT videos.*, coalesce((SELECT last_seq FROM user_streams WHERE user_id = $2), 0) AS last_seq
            FROM videos WHERE video_id = $1 AND user_id = $2 AND purged_at IS NULL
            """,
            video_id,
            user_id,
        )
        if row is None:
            raise VideoNotFoundError(video_id)
        return video_of(row), int(row["last_seq"])

    async def page(
        self,
        connection: Connection,
        user_id: UUID,
        wanted: Wanted,
        *,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Video]:
        """Videos newest first, from behind `before` on."""
        rows = await connection.fetch(
            """
            SELECT * FROM videos
            WHERE user_id = $1 AND purged_at IS NULL AND (deleted_at IS NOT NULL) = $2
              AND (cardinality($3::text[]) = 0 OR status = ANY($3))
              AND (cardinality($4::text[]) = 0 OR task = ANY($4))
              AND ($5::text IS NULL OR style = $5)
              AND ($6::uuid IS NULL OR batch_id = $6)
              AND ($7::text IS NULL OR strpos(lower(prompt), lower($7)) > 0)
              AND ($8::timestamptz IS NULL OR (created_at, video_id) < ($8, $9::uuid))
            ORDER BY created_at DESC, video_id DESC
            LIMIT $10
            """,
            user_id,
            wanted.deleted,
            list(wanted.statuses),
            list(wanted.tasks),
            wanted.style,
            wanted.batch_id,
            wanted.text,
            *(before or (None, None)),
            limit,
        )
        return [video_of(row) for row in rows]

    async def of_ids(self, connection: Connection, user_id: UUID, video_ids: Sequence[UUID]) -> list[Video]:
        """Those of the user's videos, in the order of `video_ids`."""
        rows = await connection.fetch(
            "SELECT * FROM videos WHERE user_id = $1 AND video_id = ANY($2::uuid[]) AND purged_at IS NULL",
            user_id,
            list(video_ids),
        )
        found = {row["video_id"]: video_of(row) for row in rows}
        return [found[video_id] for video_id in video_ids if video_id in found]

    async def lock_all(self, connection: Connection, video_ids: Iterable[UUID]) -> dict[UUID, Video]:
        """Those of `video_ids` that exist, deleted ones too, locked in id order so that two batches never
        wait crosswise."""
        rows = await connection.fetch(
            "SELECT * FROM videos WHERE video_id = ANY($1::uuid[]) ORDER BY video_id FOR UPDATE",
            list(video_ids),
        )
        return {row["video_id"]: video_of(row) for row in rows}

    async def save(self, connection: Connection, videos: Sequence[Video]) -> None:
        """Write what runs change about `videos`; they must be locked."""
        await connection.executemany(
            """
            UPDATE videos SET
                spec = $2, quote_credits = $3, price_version = $4, attempt = $5, hold_id = $6,
                submitted_at = $7, deadline_at = $8, cancel_requested_at = $9, given_up_at = $10,
                status = $11, generating = $12, percent = $13, started_at = $14, finished_at = $15,
                gone_at = $16, clip = $17, charged = $18, error = $19
            WHERE video_id = $1
            """,
            [changing(video) for video in videos],
        )

    async def mark_deleted(
        self, connection: Connection, user_id: UUID, video_id: UUID, *, at: datetime | None
    ) -> None:
        """Put the user's video away, or (None) take it back; a deleted one has no public page."""
        await connection.execute(
            "UPDATE videos SET deleted_at = $3 WHERE user_id = $1 AND video_id = $2", user_id, video_id, at
        )

    async def mark_purged(
        self, connection: Connection, user_id: UUID, video_ids: Sequence[UUID], *, at: datetime
    ) -> None:
        """The user's videos are gone for good; what is left of them is removed by retention."""
        await connection.execute(
            """
            UPDATE videos SET purged_at = $3, deleted_at = coalesce(deleted_at, $3), share_token = NULL
            WHERE user_id = $1 AND video_id = ANY($2::uuid[])
            """,
            user_id,
            list(video_ids),
            at,
        )

    async def put_share(
        self, connection: Connection, user_id: UUID, video_id: UUID, share: Share | None
    ) -> None:
        """Give the user's video a public page, or (None) take it away."""
        await connection.execute(
            "UPDATE videos SET share_token = $3, shared_at = $4 WHERE user_id = $1 AND video_id = $2",
            user_id,
            video_id,
            share.token if share else None,
            share.shared_at if share else None,
        )

    async def shared(self, connection: Connection, token: str, *, views: int, downloads: int) -> Video | None:
        """The video that is shared under a token and can be seen; it is counted. For the service itself."""
        seen = "share_token = $1 AND deleted_at IS NULL AND status = 'completed'"
        if views or downloads:
            counted = "UPDATE videos SET views = views + $2, downloads = downloads + $3"
            query = f"{counted} WHERE {seen} RETURNING *"
            row = await connection.fetchrow(query, token, views, downloads)
        else:
            row = await connection.fetchrow(f"SELECT * FROM videos WHERE {seen}", token)  # noqa: S608
        return video_of(row) if row else None

    async def add_late(
        self, connection: Connection, late: Sequence[tuple[UUID, Video, Clip, datetime]]
    ) -> None:
        """Keep clips that came after their hold was released; known ones stay as they are."""
        await connection.executemany(
            """
            INSERT INTO late_videos (hold_id, video_id, user_id, clip, found_at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
            """,
            [
                (hold_id, video.video_id, video.user_id, clip.model_dump(mode="json"), at)
                for hold_id, video, clip, at in late
            ],
        )

    async def lock_overdue(self, connection: Connection, *, now: datetime, limit: int) -> list[Video]:
        """Videos at work past their deadline that no other sweep has in hand or had before."""
        rows = await connection.fetch(
            f"""
            SELECT * FROM videos
            WHERE {VIDEO_AT_WORK} AND given_up_at IS NULL AND deadline_at <= $1
            ORDER BY video_id LIMIT $2 FOR UPDATE SKIP LOCKED
            """,  # noqa: S608 - constants
            now,
            limit,
        )
        return [video_of(row) for row in rows]
