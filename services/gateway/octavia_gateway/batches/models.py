"""A batch as its owner sees it, summed up from its jobs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from octavia_gateway.jobs.states import JobStatus

_DELIVERED = ("completed", "partially_completed")


class BatchStatus(StrEnum):
    """Where a batch stands as a whole."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    PARTIALLY_COMPLETED = "partially_completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether none of its jobs goes on."""
        return self not in (BatchStatus.PENDING, BatchStatus.PROCESSING)


@dataclass(frozen=True)
class Batch:
    """The sum of a batch's jobs; `counts` are of jobs by their status.

    `permille` is their progress in thousandths, weighted by length: a job that has ended is all of it.
    """

    batch_id: UUID
    user_id: UUID
    created_at: datetime
    counts: Mapping[JobStatus, int]
    permille: int
    quote_credits: int
    charged: int
    finished_at: datetime | None

    @property
    def total(self) -> int:
        """How many jobs it has."""
        return sum(self.counts.values())

    @property
    def status(self) -> BatchStatus:
        """Where it stands."""
        there = {status for status, count in self.counts.items() if count}
        if there == {JobStatus.PENDING}:
            return BatchStatus.PENDING
        if any(not status.ended for status in there):
            return BatchStatus.PROCESSING
        if len(there) == 1:
            return BatchStatus(next(iter(there)).value)
        # What is missing is not hidden behind what is there.
        delivered = any(status.value in _DELIVERED for status in there)
        return BatchStatus.PARTIALLY_COMPLETED if delivered else BatchStatus.FAILED
