"""Public pages of videos: made and revoked by their owner, seen by whoever has the address."""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.problems import NotFoundError
from octavia_gateway.videos.content import delivered
from octavia_gateway.videos.models import Share, Video
from octavia_gateway.videos.repository import VideosRepository

TOKEN_BYTES = 24
"""192 bits: nobody guesses one."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)


class ShareNotFoundError(NotFoundError):
    """Nothing is shared here, or not any more."""

    code = "share_not_found"

    def __init__(self) -> None:
        super().__init__("No video is shared at this address, or not any more.")


class VideoSharing:
    """Shares videos, and finds what is shared."""

    def __init__(
        self, database: GatewayDatabase, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock
        self._videos = VideosRepository()

    async def share(self, user_id: UUID, video_id: UUID) -> tuple[Video, Share]:
        """Give the video a public page; one that it has stays.

        Raises VideoNotFoundError (404), VideoNotReadyError, VideoDeletedError (409), VideoExpiredError (410).
        """
        async with self._database.user_transaction(user_id) as connection:
            video = await self._videos.get(connection, user_id, video_id, lock=True)
            delivered(video)
            share = video.share
            if share is None:
                share = Share(secrets.token_urlsafe(TOKEN_BYTES), self._clock())
                await self._videos.put_share(connection, user_id, video_id, share)
            return video, share

    async def revoke(self, user_id: UUID, video_id: UUID) -> None:
        """Take the page away for good: a later one has another address. Again changes nothing.

        Raises VideoNotFoundError (404).
        """
        async with self._database.user_transaction(user_id) as connection:
            await self._videos.get(connection, user_id, video_id, lock=True)
            await self._videos.put_share(connection, user_id, video_id, None)

    async def seen(self, token: str, *, views: int = 0, downloads: int = 0) -> Video:
        """What is shared under a token, counted as seen or taken. Raises ShareNotFoundError (404)."""
        if not _TOKEN.fullmatch(token):
            raise ShareNotFoundError
        async with self._database.service_connection() as connection:
            video = await self._videos.shared(connection, token, views=views, downloads=downloads)
        if video is None:
            raise ShareNotFoundError
        return video
