"""A user's videos in numbers."""

from uuid import UUID

from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.videos.offers import StatsResponse
from octavia_gateway.videos.states import VideoStatus

_STATS = """
SELECT
    count(*) AS total,
    count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - submitted_at))
        FILTER (WHERE status IN ('completed', 'expired')) AS median_seconds,
    coalesce(sum(charged) FILTER (WHERE status IN ('completed', 'expired')), 0) AS spent,
    coalesce(sum(quote_credits) FILTER (
        WHERE status IN ('pending', 'processing') AND started_at IS NOT NULL), 0) AS held,
    coalesce(sum(views), 0) AS views,
    coalesce(sum(downloads), 0) AS downloads,
    min(created_at) AS first_at
FROM videos WHERE user_id = $1 AND purged_at IS NULL
"""


class VideoStats:
    """Counts."""

    def __init__(self, database: GatewayDatabase) -> None:
        self._database = database

    async def of(self, user_id: UUID) -> StatsResponse:
        """The user's videos that are kept, deleted ones among them."""
        async with self._database.user_transaction(user_id) as connection:
            row = await connection.fetchrow(_STATS, user_id)
            by_status = await self._by_status(connection, user_id)
        assert row is not None
        succeeded = by_status[VideoStatus.COMPLETED] + by_status[VideoStatus.EXPIRED]
        decided = succeeded + by_status[VideoStatus.FAILED]
        return StatsResponse(
            total=row["total"],
            by_status={status.value: count for status, count in by_status.items()},
            deleted=row["deleted"],
            success_rate=round(succeeded / decided, 4) if decided else None,
            median_seconds=row["median_seconds"],
            credits_spent=row["spent"],
            credits_held=row["held"],
            views=row["views"],
            downloads=row["downloads"],
            first_at=row["first_at"],
        )

    async def _by_status(self, connection: Connection, user_id: UUID) -> dict[VideoStatus, int]:
        rows = await connection.fetch(
            """
            SELECT status, count(*) AS n FROM videos
            WHERE user_id = $1 AND purged_at IS NULL GROUP BY status
            """,
            user_id,
        )
        found = {VideoStatus(row["status"]): int(row["n"]) for row in rows}
        return {status: found.get(status, 0) for status in VideoStatus}
