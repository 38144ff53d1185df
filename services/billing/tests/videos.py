"""Batches of videos as the gateway submits them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from octavia_common.events import (
    AspectRatio,
    JobRef,
    RequestedVideo,
    VideoSpec,
    VideosSubmitted,
    hold_id_of,
)


def requested(user: UUID, *, credits_quoted: int = 100, seconds: int = 5) -> RequestedVideo:
    job_id = uuid4()
    deadline = datetime.now(UTC) + timedelta(hours=2)
    return RequestedVideo(
        job=JobRef(job_id=job_id, user_id=user, hold_id=hold_id_of(job_id, 1), deadline_at=deadline),
        spec=VideoSpec(
            prompt="a secret plan",
            aspect_ratio=AspectRatio.LANDSCAPE,
            duration_seconds=seconds,
            model="local",
        ),
        credits=credits_quoted,
    )


def batch(user: UUID, videos: Sequence[RequestedVideo], version: str) -> VideosSubmitted:
    return VideosSubmitted(user_id=user, batch_id=uuid4(), price_version=version, videos=tuple(videos))
