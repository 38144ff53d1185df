"""Values that many events carry."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from octavia_common.events.envelope import NAMESPACE, EventData


class Value(BaseModel):
    """A part of an event: immutable, tolerant of fields added later."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ArtifactRef(Value):
    """A reference to an object in the store; the bytes themselves never enter Kafka."""

    key: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: NonNegativeInt
    media_type: str


class JobKind(StrEnum):
    """What a job makes; each has its own price table and pipeline."""

    VIDEO_TRANSLATE = "video_translate"
    AUDIO_TRANSLATE = "audio_translate"
    SUBTITLES = "subtitles"
    SUBTITLE_TRANSLATE = "subtitle_translate"
    VIDEO_GENERATE = "video_generate"

    @property
    def written(self) -> bool:
        """Whether its lines are only written, as subtitles, and never spoken."""
        return self in (JobKind.SUBTITLES, JobKind.SUBTITLE_TRANSLATE)


class JobRef(Value):
    """Which run of which job of whom an event belongs to.

    `hold_id` names one run: processing a job again after a failure is a new run with a new hold.
    """

    job_id: UUID
    user_id: UUID
    hold_id: UUID
    deadline_at: datetime


def hold_id_of(job_id: UUID, attempt: int) -> UUID:
    """The hold (and run) id of a job's `attempt`-th processing, counted from 1."""
    return uuid5(NAMESPACE, f"hold|{job_id}|{attempt}")


AUTO = "auto"
"""The source language of a job whose owner leaves it to the recogniser; MediaPlanned names the one found."""


class JobOptions(Value):
    """What the owner wishes of the engines, beside the languages.

    What an engine cannot honour (`EnginePublished.honours`) is refused before anything is held.
    """

    glossary: ArtifactRef | None = Field(default=None, description="A `documents.Glossary`.")
    style: str = Field(default="", max_length=200, description="How it is to sound, in the owner's words.")
    formality: Literal["default", "formal", "informal"] = "default"
    voices: dict[str, str] = Field(
        default_factory=dict,
        description="Voice by speaker of the source (`S1`); `*` is everybody who is not named.",
    )
    clone_voice: bool = Field(
        default=False, description="Speak in voices made of the source's own; its speakers' consent is given."
    )
    speakers: int | None = Field(default=None, ge=1, le=20, description="How many speak; None: find out.")
    pronunciation: ArtifactRef | None = Field(default=None, description="A `documents.Pronunciations`.")
    speaker_names: dict[str, str] = Field(
        default_factory=dict, description="What the owner calls the speakers of the source (`S1`)."
    )
    review: Literal["none", "transcript", "translation"] = Field(
        default="none", description="Where the job stops until a person has looked at it and releases it."
    )
    check_speech: bool | None = Field(
        default=None,
        description="Have each dubbed line recognised again, and made again where it falls short; None: as "
        "the operator has set it, in languages that the recogniser understands.",
    )


class JobSpec(Value):
    """What was asked for; it travels whole so that no service asks another."""

    kind: JobKind
    source: ArtifactRef
    source_filename: str
    duration_seconds: float = Field(ge=0, description="Length found by the probe of the upload.")
    source_language: str
    # The only one may be `auto`, too, where nothing is spoken: the source's own, once that is known.
    target_languages: tuple[str, ...]
    model_size: str | None = None
    options: JobOptions = JobOptions()
    subtitles: ArtifactRef | None = Field(
        default=None, description="A subtitle file of the source, to be used in place of recognition."
    )
    plan: ArtifactRef | None = Field(
        default=None, description="A `documents.ChunkPlan` that a person has looked at: nothing is cut anew."
    )
    preview_seconds: float | None = Field(
        default=None, gt=0, description="Only so much of the source, from its start, is worked on; None: all."
    )

    @property
    def worked_seconds(self) -> float:
        """How much of the source is worked on, and paid for."""
        if self.preview_seconds is None:
            return self.duration_seconds
        return min(self.duration_seconds, self.preview_seconds)


class JobError(Value):
    """Why a job, or one language of it, failed, in words its owner can act on."""

    code: str
    message: str
    stage: str


class ChunkRef(Value):
    """A stretch of the source around speech, about 30 s, cut at silences.

    Times are seconds on the source's own clock. Speech in it lies in `start..end`; the first speech
    of the next chunk begins at `next_speech_start` (the end of the media for the last chunk).
    """

    index: NonNegativeInt
    total: int = Field(gt=0)
    start: float
    end: float
    next_speech_start: float


class JobEvent(EventData):
    """An event of one run of a job."""

    job: JobRef

    def subject(self) -> str:
        return str(self.job.job_id)

    def identity(self) -> tuple[str, ...]:
        return (str(self.job.hold_id),)
