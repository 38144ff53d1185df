"""Folds the events of videogen and of billing into the videos that users see."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from octavia_common.events import (
    CloudEvent,
    CreditsCaptured,
    CreditsRejected,
    CreditsReleased,
    EventData,
    VideoEvent,
    VideoGenerated,
    VideoModelsPublished,
)

from octavia_gateway.database import Connection
from octavia_gateway.events.log import Draft
from octavia_gateway.videos.announce import draft_of
from octavia_gateway.videos.catalogue_repository import CatalogueRepository
from octavia_gateway.videos.models import Video
from octavia_gateway.videos.repository import VideosRepository
from octavia_gateway.videos.run import Clip, apply
from octavia_gateway.videos.schemas import VideoResponse

TELLING = (VideoEvent, CreditsRejected, CreditsCaptured, CreditsReleased)
"""Kinds of events that tell of videos; those of billing tell of jobs too, by their id."""

Late = tuple[UUID, Video, Clip, datetime]
"""Hold, video, clip and when it was found, of a clip that came after its hold was released."""


class VideoProjection:
    """Projects a batch of events, in a handful of statements whatever its size."""

    def __init__(self, videos: VideosRepository) -> None:
        self._videos = videos

    async def project(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> list[Draft]:
        """Apply `events`; what the owners' streams are to be told."""
        told = [event for event in events if isinstance(event.data, TELLING)]
        if not told:
            return []
        before = await self._videos.lock_all(connection, {event.data.job.job_id for event in told})
        if not before:
            return []
        after, late = fold(before, told)
        changed = [video for video_id, video in after.items() if video != before[video_id]]
        await self._videos.save(connection, changed)
        await self._videos.add_late(connection, late)
        return [draft_of(video) for video in changed if _visible(before[video.video_id], video)]


def fold(
    videos: dict[UUID, Video], events: Iterable[CloudEvent[Any]]
) -> tuple[dict[UUID, Video], list[Late]]:
    """The videos after `events`, and the clips that came too late.

    Events of unknown videos change nothing. An earlier run's hold was released before the video could be
    tried again: so its clip is late, and nothing else of it counts.
    """
    folded, late = dict(videos), dict[UUID, Late]()
    for event in events:
        video = folded.get(event.data.job.job_id)
        if video is None:
            continue
        hold_id = event.data.job.hold_id
        if hold_id != video.hold_id:
            if isinstance(event.data, VideoGenerated):
                late.setdefault(hold_id, (hold_id, video, Clip.of(event.data), event.time))
            continue
        video = replace(video, run=apply(video.run, event.data, event.time))
        folded[video.video_id] = video
        if video.run.late and video.run.clip is not None:
            late.setdefault(hold_id, (hold_id, video, video.run.clip, event.time))
    return folded, list(late.values())


def _visible(before: Video, after: Video) -> bool:
    """Whether its owner sees a difference. What is deleted is not talked of."""
    if after.deleted_at is not None or before.run == after.run:
        return False
    return VideoResponse.of(before) != VideoResponse.of(after)


class CatalogueProjection:
    """A TransactionalHandler of `videos.models`: what can be asked for."""

    def __init__(self, catalogue: CatalogueRepository) -> None:
        self._catalogue = catalogue

    async def handle(self, connection: Connection, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """Keep the newest of `events`, unless a newer one is there already."""
        for event in events:
            if isinstance(event.data, VideoModelsPublished):
                await self._catalogue.put(connection, event.data, published_at=event.time)
        return []
