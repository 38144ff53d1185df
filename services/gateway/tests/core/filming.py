"""Videos, made by the short way: what videogen and billing would say of them."""

import asyncio
from typing import Any
from uuid import UUID

from octavia_common.events import (
    ArtifactRef,
    AspectRatio,
    CreditsCaptured,
    CreditsRejected,
    CreditsReleased,
    JobError,
    JobRef,
    ReleaseReason,
    RequestedVideo,
    VideoExpired,
    VideoGenerated,
    VideoModel,
    VideoModelsPublished,
    VideoProgressed,
    VideoReserved,
    VideosSubmitted,
    VideoState,
    VideoTask,
)

from .world import Member, World

BOTH = (VideoTask.TEXT_TO_VIDEO, VideoTask.IMAGE_TO_VIDEO)

CATALOGUE = VideoModelsPublished(
    version="1",
    provider="test",
    models=(
        VideoModel(
            id="fast",
            title="Fast",
            tasks=(VideoTask.TEXT_TO_VIDEO,),
            durations_seconds=(5,),
            aspect_ratios=(AspectRatio.LANDSCAPE, AspectRatio.PORTRAIT),
        ),
        VideoModel(
            id="maker/fine-2.6",
            title="Fine",
            tasks=BOTH,
            durations_seconds=(5, 10),
            aspect_ratios=tuple(AspectRatio),
        ),
    ),
    retired=("sora-2-text-to-video",),
)
PROMPT = "A paper boat sails down a rainy street"


class Making:
    """The events of one run of one video."""

    def __init__(self, requested: RequestedVideo) -> None:
        self.requested = requested
        self.job: JobRef = requested.job

    @property
    def id(self) -> UUID:
        return self.job.job_id

    def reserved(self) -> VideoReserved:
        return VideoReserved(job=self.job, spec=self.requested.spec, amount=self.requested.credits)

    def rejected(self) -> CreditsRejected:
        error = JobError(code="insufficient_credits", message="Not enough credits.", stage="billing")
        return CreditsRejected(job=self.job, required=100, available=0, error=error)

    def waiting(self) -> VideoProgressed:
        return VideoProgressed(job=self.job, state=VideoState.PENDING, percent=10)

    def generating(self, percent: int = 50) -> VideoProgressed:
        return VideoProgressed(job=self.job, state=VideoState.PROCESSING, percent=percent)

    def artifact(self, name: str, media_type: str) -> ArtifactRef:
        key = f"users/{self.job.user_id}/artifacts/videogen/{self.job.hold_id}-{name}"
        return ArtifactRef(key=key, sha256="0" * 64, size_bytes=10, media_type=media_type)

    def generated(self, **changes: Any) -> VideoGenerated:
        values: dict[str, Any] = {
            "job": self.job,
            "video": self.artifact("clip", "video/mp4"),
            "poster": self.artifact("poster", "image/webp"),
            "provider": "test",
            "model": self.requested.spec.model,
            "duration_seconds": 5.04,
            "width": 1280,
            "height": 720,
        }
        return VideoGenerated(**{**values, **changes})

    def captured(self) -> CreditsCaptured:
        return CreditsCaptured(job=self.job, amount=self.requested.credits)

    def released(self, reason: ReleaseReason = ReleaseReason.FAILED) -> CreditsReleased:
        error = JobError(code="provider_failed", message="The provider could not make it.", stage="videogen")
        failed = reason is ReleaseReason.FAILED
        return CreditsReleased(job=self.job, amount=100, reason=reason, error=error if failed else None)

    def expired(self) -> VideoExpired:
        return VideoExpired(job=self.job)

    def whole_run(self) -> list[Any]:
        """Every event of a run that succeeds, in the natural order."""
        return [
            self.reserved(),
            self.waiting(),
            self.generating(),
            self.generating(70),
            self.generated(),
            self.captured(),
        ]


async def ask(world: World, member: Member, **body: Any) -> tuple[dict[str, Any], list[Making]]:
    """Ask for videos, and have them held."""
    wanted = body if {"prompt", "prompts"} & body.keys() else {"prompt": PROMPT, **body}
    asking = asyncio.create_task(world.client.post("/api/v1/videos", json=wanted, headers=member.headers))
    submitted: VideosSubmitted = await world.next_published(VideosSubmitted)
    made = [Making(video) for video in submitted.videos]
    await world.tell(*(one.reserved() for one in made))
    answer = await asking
    assert answer.status_code == 202, answer.text
    return dict(answer.json()), made


async def film(world: World, member: Member, **body: Any) -> tuple[dict[str, Any], Making]:
    """A video that is held."""
    created, made = await ask(world, member, **body)
    return dict(created["videos"][0]), made[0]


async def completed(world: World, member: Member, **body: Any) -> Making:
    """A video that is done, its clip and poster in the store."""
    _, made = await film(world, member, **body)
    clip = await world.store.write(made.artifact("clip", "").key, b"0123456789", "video/mp4")
    poster = await world.store.write(made.artifact("poster", "").key, b"RIFF", "image/webp")
    await world.tell(made.generated(video=clip, poster=poster), made.captured())
    return made


async def video(world: World, member: Member, video_id: object) -> dict[str, Any]:
    answer = await world.client.get(f"/api/v1/videos/{video_id}", headers=member.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
