"""What becomes of videos that are old, and of deleted ones: first nobody sees them, then their objects go."""

from datetime import timedelta
from uuid import UUID

from octavia_common.artifacts import ArtifactStore

from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.events.log import EventLog
from octavia_gateway.files import made_objects
from octavia_gateway.files.cleanup import delete_job_objects
from octavia_gateway.retention.policy import Policy
from octavia_gateway.videos.announce import deleted_draft
from octavia_gateway.videos.rows import video_of

_EXPIRE = """
UPDATE videos SET purged_at = clock_timestamp(), share_token = NULL WHERE video_id IN (
    SELECT video_id FROM videos
    WHERE purged_at IS NULL AND status IN ('completed', 'failed', 'cancelled', 'expired')
      AND (deleted_at < clock_timestamp() - $1::interval
           OR finished_at < clock_timestamp() - $2::interval)
    LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING *
"""

_FORGET = """
WITH gone AS (
    DELETE FROM videos WHERE video_id IN (
        SELECT video_id FROM videos
        WHERE purged_at < clock_timestamp() - $1::interval
          AND NOT EXISTS (SELECT 1 FROM job_artifacts made WHERE made.job_id = videos.video_id)
        LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING video_id
)
DELETE FROM late_videos USING gone WHERE late_videos.video_id = gone.video_id
"""


class VideoRetention:
    """Removes videos, in steps that any replica can repeat."""

    def __init__(self, database: GatewayDatabase, store: ArtifactStore, policy: Policy) -> None:
        self._database = database
        self._store = store
        self._policy = policy
        self._log = EventLog()

    async def expire(self, *, limit: int) -> list[UUID]:
        """Hide at most `limit` videos for good: too old, or deleted too long ago to be restored."""
        async with self._database.service_transaction() as connection:
            rows = await connection.fetch(_EXPIRE, self._policy.undo, self._policy.videos, limit)
            videos = [video_of(row) for row in rows]
            # Who deleted a video was told so then.
            drafts = [deleted_draft(video) for video in videos if video.deleted_at is None]
            await self._log.append(connection, drafts)
        return [video.video_id for video in videos]

    async def finish_one(self) -> bool:
        """Remove the objects of one hidden video; False where there is none whose owner's work is still."""
        async with self._database.service_transaction() as connection:
            found = await made_objects.lock_gone_with_objects(connection, made_objects.VIDEOS)
            if found is None:
                return False
            return await delete_job_objects(self._database, self._store, *found)

    async def forget(self, connection: Connection, *, age: timedelta, limit: int) -> None:
        """Remove at most `limit` rows of videos that were hidden `age` ago and list no object any more."""
        await connection.execute(_FORGET, age, limit)
