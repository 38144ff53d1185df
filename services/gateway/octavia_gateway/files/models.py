"""A file as the gateway knows it: where it lies and what the probe found in it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from octavia_common.artifacts import upload_key
from octavia_common.events import ArtifactRef
from pydantic import BaseModel, ConfigDict


class FileType(StrEnum):
    """What a file is uploaded as."""

    VIDEO = "video"
    AUDIO = "audio"
    SUBTITLE = "subtitle"
    IMAGE = "image"


class VideoSummary(BaseModel):
    """The picture of a video, or an image."""

    codec: str
    width: int
    height: int
    frames_per_second: float | None = None


class AudioSummary(BaseModel):
    """One sound track."""

    codec: str
    channels: int
    sample_rate: int
    language: str | None = None


class FileMedia(BaseModel):
    """What the probe found. `duration_seconds` is 0 where the file has no length in time (an image)."""

    model_config = ConfigDict(extra="ignore")

    duration_seconds: float = 0.0
    container: str
    video: VideoSummary | None = None
    audio: tuple[AudioSummary, ...] = ()

    @property
    def has_audio(self) -> bool:
        """Whether there is anything to dub."""
        return bool(self.audio)


@dataclass(frozen=True)
class Inspection:
    """What an object is; `media_type` is of its content, whatever its sender called it."""

    media: FileMedia
    media_type: str


@dataclass(frozen=True)
class FileRecord:
    """A file that is whole, checked and in the store."""

    file_id: UUID
    user_id: UUID
    file_type: FileType
    filename: str
    media_type: str
    size_bytes: int
    sha256: str
    media: FileMedia
    created_at: datetime

    @property
    def artifact(self) -> ArtifactRef:
        """The reference that jobs carry."""
        return ArtifactRef(
            key=upload_key(self.user_id, self.file_id),
            sha256=self.sha256,
            size_bytes=self.size_bytes,
            media_type=self.media_type,
        )
