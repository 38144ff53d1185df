"""The words for where a job stands."""

from enum import StrEnum


class JobStatus(StrEnum):
    """What a job is doing, as a whole."""

    PENDING = "pending"
    QUEUED = "queued"
    PROCESSING = "processing"
    REVIEW = "review"
    COMPLETED = "completed"
    PARTIALLY_COMPLETED = "partially_completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the run is over; a failed or cancelled job may be processed again."""
        return self.delivered or self in (JobStatus.FAILED, JobStatus.CANCELLED)

    @property
    def delivered(self) -> bool:
        """Whether the run is over and something came of it."""
        return self in (JobStatus.COMPLETED, JobStatus.PARTIALLY_COMPLETED)

    @property
    def at_work(self) -> bool:
        """Whether a run is going on, be it that it waits for its owner (`review`)."""
        return self in (JobStatus.QUEUED, JobStatus.PROCESSING, JobStatus.REVIEW)


class Phase(StrEnum):
    """The stage that the job as a whole has come to, in order."""

    PENDING = "PENDING"
    TRANSCRIBING = "TRANSCRIBING"
    TRANSLATING = "TRANSLATING"
    SYNTHESIZING = "SYNTHESIZING"
    ASSEMBLING = "ASSEMBLING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
