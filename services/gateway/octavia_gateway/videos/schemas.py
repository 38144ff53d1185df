"""Videos on the wire. The same document answers a poll and travels on the stream."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from octavia_common.events import AspectRatio, JobError, VideoTask
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from octavia_gateway import messages
from octavia_gateway.messages import Language
from octavia_gateway.pagination import Page
from octavia_gateway.texts import written_text
from octavia_gateway.videos.models import Share, Video
from octavia_gateway.videos.run import Clip
from octavia_gateway.videos.states import VideoStatus

MOST_COPIES, MOST_PROMPTS = 10, 50
"""Videos of one prompt, and prompts, that one request may ask for."""

LONGEST_PROMPT = 2000
"""Characters; Kie's models take 2,000 to 5,000."""

LONGEST_SECONDS = 60

Prompt = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_PROMPT),
    written_text,
    Field(examples=["A paper boat sails down a rainy street at dusk"]),
]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:-]*$")
]


class CreateVideos(BaseModel):
    """A prompt (made `count` times), or a list of prompts; all are held, or none."""

    model_config = ConfigDict(extra="forbid")

    prompt: Prompt | None = None
    prompts: list[Prompt] | None = Field(None, min_length=1, max_length=MOST_PROMPTS)
    count: int = Field(1, ge=1, le=MOST_COPIES, description="How many to make of one prompt.")
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    duration_seconds: int = Field(5, ge=1, le=LONGEST_SECONDS, description="Mostly 5 or 10: see the models.")
    style: Name | None = Field(None, description="The id of a style.")
    image_file_id: UUID | None = Field(None, description="An uploaded picture that the video begins with.")
    model: Name | None = Field(None, description="By default the first that can do it.")

    @model_validator(mode="after")
    def _one_or_many(self) -> Self:
        if (self.prompt is None) == (self.prompts is None):
            raise ValueError("send either prompt or prompts")
        if self.prompts is not None and self.count != 1:
            raise ValueError("count goes with one prompt")
        return self

    def wanted(self) -> list[str]:
        """The prompt of each video."""
        return self.prompts if self.prompts is not None else [self.prompt or ""] * self.count

    @property
    def task(self) -> VideoTask:
        """What the videos are made of."""
        return VideoTask.TEXT_TO_VIDEO if self.image_file_id is None else VideoTask.IMAGE_TO_VIDEO


class ClipResponse(BaseModel):
    """What was made, as it was measured."""

    duration_seconds: float
    width: int
    height: int
    size_bytes: int | None = Field(description="Null where the provider keeps the clip.")
    media_type: str
    provider: str
    model: str

    @classmethod
    def of(cls, clip: Clip) -> Self:
        """The document of a clip."""
        remote = clip.kept_by_provider
        return cls(
            duration_seconds=clip.duration_seconds,
            width=clip.width,
            height=clip.height,
            size_bytes=None if remote else clip.video.size_bytes,
            media_type="video/mp4" if remote else clip.video.media_type,
            provider=clip.provider,
            model=clip.model,
        )


class SignedUrls(BaseModel):
    """Addresses for whoever has them, until they expire; signed when this document was read."""

    video: str | None = Field(description="Null in lists where the provider keeps the clip: see `content`.")
    poster: str | None
    expires_at: datetime | None = Field(description="Null where the provider alone knows.")


class ShareResponse(BaseModel):
    """The public page of a video."""

    token: str
    path: str = Field(description="Below this server's address.")
    url: str
    shared_at: datetime
    views: int = Field(description="Of this page and of earlier ones.")
    downloads: int

    @classmethod
    def of(cls, video: Video, share: Share, public_url: str) -> Self:
        """The document of a page."""
        path = f"/s/{share.token}"
        return cls(
            token=share.token,
            path=path,
            url=f"{public_url}{path}",
            shared_at=share.shared_at,
            views=video.views,
            downloads=video.downloads,
        )


class VideoResponse(BaseModel):
    """A video and where it stands."""

    id: UUID
    batch_id: UUID = Field(description="Those that were asked for together have the same.")
    status: VideoStatus
    progress: int = Field(ge=0, le=100, description="Percent; never falls within an attempt.")
    current_step: str
    prompt: str
    style: str | None
    task: VideoTask
    image_file_id: UUID | None
    model: str
    aspect_ratio: AspectRatio
    duration_seconds: int = Field(description="As it was asked for.")
    credits: int = Field(description="What is held for it.")
    credits_charged: int | None = Field(description="What was paid; null until completed.")
    attempt: int
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline_at: datetime
    deleted_at: datetime | None
    clip: ClipResponse | None
    content: str | None = Field(description="Path of the clip, once completed.")
    thumbnail: str | None = Field(description="Path of its first frame (WebP), once completed.")
    urls: SignedUrls | None = Field(description="Null before it is completed, and on streams.")
    shared: bool
    views: int
    downloads: int
    error_code: str | None
    error_message: str | None

    @classmethod
    def of(cls, video: Video, language: Language = "en", urls: SignedUrls | None = None) -> Self:
        """The document of a video; why it failed is told in `language`."""
        run, spec, clip = video.run, video.spec, video.run.delivered
        path = f"/api/v1/videos/{video.video_id}"
        return cls(
            id=video.video_id,
            batch_id=video.batch_id,
            status=run.status,
            progress=run.progress,
            current_step=_step(video, language),
            prompt=video.prompt,
            style=video.style,
            task=video.task,
            image_file_id=video.file_id,
            model=spec.model,
            aspect_ratio=spec.aspect_ratio,
            duration_seconds=spec.duration_seconds,
            credits=video.quote_credits,
            credits_charged=run.charged if run.status in _PAID else None,
            attempt=video.attempt,
            cancel_requested=run.cancel_requested,
            created_at=video.created_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            deadline_at=video.deadline_at,
            deleted_at=video.deleted_at,
            clip=ClipResponse.of(clip) if clip else None,
            content=f"{path}/content" if clip else None,
            thumbnail=f"{path}/thumbnail" if clip and clip.poster else None,
            urls=urls,
            shared=video.share is not None,
            views=video.views,
            downloads=video.downloads,
            error_code=run.error.code if run.error else None,
            error_message=_told(run.error, language) if run.error else None,
        )


_PAID = (VideoStatus.COMPLETED, VideoStatus.EXPIRED)


def _told(error: JobError, language: Language) -> str:
    return messages.detail_of(error.code, error.message, {"message": error.message}, language)


def _step(video: Video, language: Language) -> str:
    run = video.run
    if run.status.at_work and run.cancel_requested:
        return messages.words("video_cancelling", language)
    if run.error is not None:
        return _told(run.error, language)
    if run.status is VideoStatus.PENDING and run.started_at is None:
        return messages.words("video_submitted", language)
    if run.status.at_work and (run.clip is not None or run.charged is not None):
        return messages.words("video_finishing", language)
    return messages.words(f"video_{run.status.value}", language)


class VideoPage(Page[VideoResponse]):
    """Videos, newest first."""


class VideosCreated(BaseModel):
    """Videos that were asked for together; follow each by its events."""

    id: UUID = Field(description="Of the first video, which is the only one unless more were asked for.")
    batch_id: UUID
    credits: int = Field(description="What is held for all of them.")
    videos: list[VideoResponse]

    @classmethod
    def of(cls, videos: list[Video], language: Language) -> Self:
        """The document of a batch."""
        return cls(
            id=videos[0].video_id,
            batch_id=videos[0].batch_id,
            credits=sum(video.quote_credits for video in videos),
            videos=[VideoResponse.of(video, language) for video in videos],
        )
