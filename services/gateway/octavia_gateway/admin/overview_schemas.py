"""What administrators look at, on the wire."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from octavia_gateway.capabilities.schemas import EngineResponse
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.schemas import JobResponse
from octavia_gateway.messages import Language
from octavia_gateway.pagination import Page


class AdminUser(BaseModel):
    """An account."""

    id: UUID
    email: str
    is_admin: bool
    created_at: datetime
    available: int = Field(description="Credits free to spend.")
    held: int
    jobs: int
    videos: int


class AdminUserPage(Page[AdminUser]):
    """Accounts, newest first."""


class AdminJobResponse(JobResponse):
    """A job of anybody."""

    user_id: UUID
    email: str = Field(description="Of its owner; empty once the account is closed.")
    heard_at: datetime | None = Field(description="When anything was last heard of the run.")
    stuck: bool = Field(description="Whether it is at work and nothing was heard of it for long.")

    @classmethod
    def described(cls, job: Job, email: str, *, silent_since: datetime, language: Language) -> Self:
        """The owner's document, and what only administrators see."""
        silent = job.heard_at is not None and job.heard_at < silent_since
        return cls(
            **JobResponse.of(job, language).model_dump(),
            user_id=job.user_id,
            email=email,
            heard_at=job.heard_at,
            stuck=job.status.at_work and silent,
        )


class AdminJobPage(Page[AdminJobResponse]):
    """Jobs of all users, newest first."""


class QueueResponse(BaseModel):
    """What waits or is at work, of one sort."""

    name: str = Field(description="Such as job.translating, video.pending, fetch.queued or outbox.")
    waiting: int
    oldest_seconds: float | None = Field(description="How long the oldest has been there.")
    silent_seconds: float | None = Field(description="For how long nothing was heard of the most silent job.")


class ProviderResponse(BaseModel):
    """How videos of a day ended at one provider's model."""

    provider: str = Field(description="Empty where none of them became a clip, so none told.")
    model: str
    succeeded: int
    failed: int
    success_rate: float | None
    median_seconds: float | None = Field(description="From asking to having.")
    last_success_at: datetime | None
    last_error: str | None = Field(description="Code of the newest failure.")


class OverviewResponse(BaseModel):
    """How the platform does."""

    queues: list[QueueResponse]
    providers: list[ProviderResponse] = Field(description="Over the last 24 hours.")
    engines: list[EngineResponse]


class DeadLetter(BaseModel):
    """An event that was given up on."""

    offset: int
    at: datetime
    consumer: str
    place: str = Field(description="Where it was read: topic, partition, offset.")
    attempts: int
    reason: str
    subject: str | None = Field(description="The job or user that it is about, where that could be read.")
    replayable: bool


class DeadLetterList(BaseModel):
    """The newest dead letters, newest first."""

    items: list[DeadLetter]


class ReplayLetters(BaseModel):
    """Which dead letters to send back."""

    model_config = ConfigDict(extra="forbid")

    offsets: list[int] = Field(min_length=1, max_length=100)


class Replayed(BaseModel):
    """What was sent back to the consumers that gave it up."""

    sent: int
