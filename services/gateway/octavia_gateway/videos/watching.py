"""Waits a little for what billing says of videos, so that an answer can mostly tell the outcome itself."""

import asyncio
import contextlib
from collections.abc import Callable

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.events.hub import Watch
from octavia_gateway.videos.models import Video
from octavia_gateway.videos.repository import VideosRepository


async def watched(
    database: GatewayDatabase,
    watch: Watch,
    videos: list[Video],
    seconds: float,
    *,
    until: Callable[[Video], bool],
) -> list[Video]:
    """The videos, of one user, once all are as wanted, or as they stand when the time is up."""
    repository = VideosRepository()
    user_id, ids = videos[0].user_id, [video.video_id for video in videos]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not all(map(until, videos)):
                await watch.changed()
                async with database.user_transaction(user_id) as connection:
                    now = await repository.of_ids(connection, user_id, ids)
                if [video.hold_id for video in now] != [video.hold_id for video in videos]:
                    break
                videos = now
    return videos
