"""The words for where a job stands."""

from enum import StrEnum


class JobStatus(StrEnum):
    """What a job is doing, as a whole."""

    PENDING = "pending"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the run is over; a failed or cancelled job may be processed again."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)

    @property
    def at_work(self) -> bool:
        """Whether a run is going on."""
        return self in (JobStatus.QUEUED, JobStatus.PROCESSING)


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
