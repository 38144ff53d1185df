"""Ends videos past their deadline: the backstop behind the shorter limits that videogen keeps.

Only asks for the end (`JobFailed`); billing decides, and the video is shown as failed once its hold is
released. Any number of replicas may sweep at once.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import structlog
from octavia_common.events import JobError, JobFailed
from prometheus_client import Counter

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.videos.repository import VideosRepository

log = structlog.get_logger(__name__)

BATCH = 100

GIVEN_UP = Counter("octavia_videos_given_up_total", "Videos failed by the gateway at their deadline.")

TIMED_OUT = JobError(
    code="timed_out",
    message="The video was not finished within its time limit. Your credits are back; try again.",
    stage="gateway",
)


class VideoDeadlines:
    """Finds and fails videos that are overdue."""

    def __init__(
        self, database: GatewayDatabase, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock
        self._videos = VideosRepository()

    async def sweep(self) -> list[UUID]:
        """Fail at most `BATCH` overdue videos; returns which."""
        now = self._clock()
        async with self._database.service_transaction() as connection:
            overdue = await self._videos.lock_overdue(connection, now=now, limit=BATCH)
            await self._videos.save(connection, [replace(video, given_up_at=now) for video in overdue])
            failures = [JobFailed(job=video.ref(), error=TIMED_OUT) for video in overdue]
            await self._database.add_events(connection, failures)
        for video in overdue:
            GIVEN_UP.inc()
            log.warning("video given up", job_id=str(video.video_id))
        return [video.video_id for video in overdue]
