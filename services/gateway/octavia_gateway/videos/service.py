"""What a user does with videos that were begun. Each call is one transaction; events leave by its outbox."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from octavia_common.events import JobCancelled

from octavia_gateway.database import Connection, GatewayDatabase
from octavia_gateway.events.hub import EventHub
from octavia_gateway.events.log import Draft, EventLog
from octavia_gateway.events.waiting import CANCEL_WAIT_SECONDS
from octavia_gateway.videos.announce import deleted_draft, draft_of
from octavia_gateway.videos.errors import VideoNotCancellableError, VideoRunningError
from octavia_gateway.videos.models import Video
from octavia_gateway.videos.repository import VideosRepository, Wanted
from octavia_gateway.videos.states import VideoStatus
from octavia_gateway.videos.watching import watched


class VideosService:
    """Shows, cancels, deletes and restores videos."""

    def __init__(
        self,
        database: GatewayDatabase,
        hub: EventHub,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._hub = hub
        self._clock = clock
        self._videos = VideosRepository()
        self._log = EventLog()

    async def get(self, user_id: UUID, video_id: UUID) -> Video:
        """A video of the user. Raises VideoNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._videos.get(connection, user_id, video_id)

    async def page(
        self, user_id: UUID, wanted: Wanted, *, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Video]:
        """Videos of the user, newest first."""
        async with self._database.user_transaction(user_id) as connection:
            return await self._videos.page(connection, user_id, wanted, before=before, limit=limit)

    async def cancel(self, user_id: UUID, video_id: UUID) -> Video:
        """Cancel a video; its hold is released. Cancelling twice is no error.

        It ends when billing says so: one that was completed in the same moment stays completed.
        Raises VideoNotFoundError (404), VideoNotCancellableError (409).
        """
        async with self._hub.watch(user_id) as watch:
            video = await self._ask_to_cancel(user_id, video_id)
            ended = await watched(
                self._database, watch, [video], CANCEL_WAIT_SECONDS, until=lambda one: one.status.ended
            )
        return ended[0]

    async def _ask_to_cancel(self, user_id: UUID, video_id: UUID) -> Video:
        async with self._database.user_transaction(user_id) as connection:
            video = await self._videos.get(connection, user_id, video_id, lock=True)
            if video.status is VideoStatus.CANCELLED or (video.status.at_work and video.run.cancel_requested):
                return video
            if video.status.ended:
                raise VideoNotCancellableError(video.status.value)
            video = video.cancelled(at=self._clock())
            await self._videos.save(connection, [video])
            async with self._database.as_service(connection, user_id):
                await self._log.append(connection, [draft_of(video)])
                await self._database.add_events(connection, [JobCancelled(job=video.ref())])
        return video

    async def delete(self, user_id: UUID, video_id: UUID) -> None:
        """Put a video away; it can be restored until its retention ends. Again changes nothing.

        Raises VideoNotFoundError (404), VideoRunningError (409).
        """
        async with self._database.user_transaction(user_id) as connection:
            video = await self._videos.get(connection, user_id, video_id, lock=True)
            if video.status.at_work:
                raise VideoRunningError
            if video.deleted_at is None:
                await self._videos.mark_deleted(connection, user_id, video_id, at=self._clock())
                await self._announce(connection, deleted_draft(video))

    async def restore(self, user_id: UUID, video_id: UUID) -> Video:
        """Undo the deletion. Again changes nothing. Raises VideoNotFoundError (404)."""
        async with self._database.user_transaction(user_id) as connection:
            video = await self._videos.get(connection, user_id, video_id, lock=True)
            if video.deleted_at is not None:
                await self._videos.mark_deleted(connection, user_id, video_id, at=None)
                video = await self._videos.get(connection, user_id, video_id)
                await self._announce(connection, draft_of(video, "video.restored"))
        return video

    async def _announce(self, connection: Connection, draft: Draft) -> None:
        async with self._database.as_service(connection, draft.user_id):
            await self._log.append(connection, [draft])
