"""Events of generated videos, from the wish to the clip.

A video is held, ended and paid for as a job is: its id is the `job_id` of its `JobRef`, it fails and is
cancelled by `JobFailed` and `JobCancelled`, and its hold is resolved by the same events of billing.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field, NonNegativeInt, PositiveInt

from octavia_common.events.base import ArtifactRef, JobEvent, JobRef, Value
from octavia_common.events.credits import AccountEvent
from octavia_common.events.envelope import EventData


class AspectRatio(StrEnum):
    """The shape of the picture; a provider's adapter says what it calls each."""

    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"
    SQUARE = "square"


class VideoTask(StrEnum):
    """What a model makes a video of."""

    TEXT_TO_VIDEO = "text_to_video"
    IMAGE_TO_VIDEO = "image_to_video"


class VideoSpec(Value):
    """What was asked for; it travels whole so that no service asks another."""

    prompt: str = Field(description="The words of the user, with the style's added.")
    avoid: str = Field(default="", description="What the style says is not to be seen.")
    aspect_ratio: AspectRatio
    duration_seconds: PositiveInt
    model: str = Field(description="Its id in the catalogue (`VideoModelsPublished`).")
    image: ArtifactRef | None = Field(default=None, description="The first frame, as it was uploaded.")


class RequestedVideo(Value):
    """One video of a batch, and what it was quoted at, in credits."""

    job: JobRef
    spec: VideoSpec
    credits: NonNegativeInt


class VideosSubmitted(AccountEvent):
    """A user wants these videos: hold the credits of all of them, or of none, and begin."""

    TYPE: ClassVar[str] = "octavia.videos.submitted.v1"

    batch_id: UUID
    price_version: str
    videos: tuple[RequestedVideo, ...] = Field(min_length=1)

    def identity(self) -> tuple[str, ...]:
        return (str(self.batch_id),)


class VideoEvent(JobEvent):
    """An event of one run of a video: it is held, paid and ended as a job is, and is none."""


class VideoReserved(VideoEvent):
    """The credits of one video are held: have it made."""

    TYPE: ClassVar[str] = "octavia.videos.reserved.v1"

    spec: VideoSpec
    amount: int


class VideoState(StrEnum):
    """How far a video is that has not ended."""

    PENDING = "pending"
    PROCESSING = "processing"


class VideoProgressed(VideoEvent):
    """The provider is further on; readers keep the greatest `percent`, whatever order it comes in."""

    TYPE: ClassVar[str] = "octavia.videos.progressed.v1"

    state: VideoState
    percent: int = Field(ge=0, le=99)

    def identity(self) -> tuple[str, ...]:
        return (str(self.job.hold_id), self.state.value, str(self.percent))


class VideoGenerated(VideoEvent):
    """The clip is there, probed and found to be one: the hold may be captured.

    `video` is the clip itself or, where `kept_by_provider`, a small `documents.RemoteVideo` that says where
    the provider keeps it. It is sent also for a clip that came after its hold was released: that one is kept
    for audit, and charges nothing. Durations are seconds.
    """

    TYPE: ClassVar[str] = "octavia.videos.generated.v1"

    video: ArtifactRef
    poster: ArtifactRef | None = None
    kept_by_provider: bool = False
    provider: str
    model: str
    duration_seconds: float
    width: PositiveInt
    height: PositiveInt


class VideoExpired(VideoEvent):
    """The provider does not keep the clip any more, and nobody else has it."""

    TYPE: ClassVar[str] = "octavia.videos.expired.v1"


class VideoCallbackReceived(EventData):
    """A provider called back. It is a hint and no more: the provider's own record is read and believed.

    `hold_id` is known where the address carried its token, `task_id` where the body named one.
    """

    TYPE: ClassVar[str] = "octavia.videos.callback-received.v1"

    hold_id: UUID | None = None
    task_id: str | None = Field(default=None, max_length=200)
    state: str = Field(default="", max_length=40)

    def subject(self) -> str:
        return str(self.hold_id or self.task_id)

    def identity(self) -> tuple[str, ...]:
        return (str(self.hold_id), self.task_id or "", self.state)


class VideoModel(Value):
    """What one model can be asked for now."""

    id: str
    title: str
    tasks: tuple[VideoTask, ...]
    durations_seconds: tuple[PositiveInt, ...]
    aspect_ratios: tuple[AspectRatio, ...]


class VideoModelsPublished(EventData):
    """What the configured provider can be asked for. The first model is the default.

    `retired` names models that are known and gone. `version` is the digest of the rest. `published_at` tells
    a configuration that came back from the first time it was there.
    """

    TYPE: ClassVar[str] = "octavia.videos.models-published.v1"

    version: str
    provider: str
    models: tuple[VideoModel, ...]
    retired: tuple[str, ...] = ()
    published_at: datetime | None = None

    def subject(self) -> str:
        return "models"

    def identity(self) -> tuple[str, ...]:
        return (self.version, *((self.published_at.isoformat(),) if self.published_at else ()))
