"""Batches on the wire. The same document answers a poll and travels on the stream."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from octavia_common.events import JobKind
from pydantic import BaseModel, ConfigDict, Field

from octavia_gateway.batches.models import Batch, BatchStatus
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.schemas import CreateTranslation, JobResponse
from octavia_gateway.jobs.states import JobStatus
from octavia_gateway.pagination import Page

MOST_ITEMS = 100


class BatchItem(CreateTranslation):
    """One job of a batch."""

    kind: Literal[
        JobKind.VIDEO_TRANSLATE, JobKind.AUDIO_TRANSLATE, JobKind.SUBTITLES, JobKind.SUBTITLE_TRANSLATE
    ] = Field(JobKind.VIDEO_TRANSLATE, description="What is made of the file.")

    def needs_target(self) -> bool:
        """Subtitles of a source are in its own language where none is asked for."""
        return self.kind is not JobKind.SUBTITLES


class CreateBatch(BaseModel):
    """Jobs to be made together."""

    model_config = ConfigDict(extra="forbid")

    items: list[BatchItem] = Field(min_length=1, max_length=MOST_ITEMS)


class BatchResponse(BaseModel):
    """A batch and where it stands; `GET /api/v1/jobs?batch_id=` lists its jobs."""

    id: UUID
    status: BatchStatus
    total: int = Field(description="How many jobs it has.")
    counts: dict[JobStatus, int] = Field(description="How many jobs are in each status.")
    progress_percentage: float = Field(ge=0, le=100, description="In tenths, weighted by the files' length.")
    quote: int = Field(description="What all of it costs; nothing is held before it is processed.")
    credits_charged: int = Field(description="What was paid so far.")
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """The document of a batch."""
        return cls(
            id=batch.batch_id,
            status=batch.status,
            total=batch.total,
            counts=dict(sorted(batch.counts.items())),
            progress_percentage=batch.permille / 10,
            quote=batch.quote_credits,
            credits_charged=batch.charged,
            created_at=batch.created_at,
            finished_at=batch.finished_at,
        )


class BatchCreated(BatchResponse):
    """A new batch with its jobs, in the order asked for."""

    jobs: list[JobResponse]

    @classmethod
    def made(cls, batch: Batch, jobs: list[Job]) -> Self:
        """The document of a batch that was just made."""
        return cls(**vars(BatchResponse.of(batch)), jobs=[JobResponse.of(job) for job in jobs])


class BatchPage(Page[BatchResponse]):
    """Batches, newest first."""
