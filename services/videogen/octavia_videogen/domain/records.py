"""The records of a video: the task, one for each hold, and its attempts, one for each order that was sent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from octavia_common.events import JobRef, VideoSpec

from octavia_videogen.domain.states import Shown


class Stage(StrEnum):
    """What has to be done next."""

    QUEUED = "queued"
    """It is to be ordered."""
    ORDERING = "ordering"
    """An attempt is on record; its answer has not come, or was lost."""
    RUNNING = "running"
    """The provider's id of it is known; its record is read from time to time."""
    FETCHING = "fetching"
    """The provider has made it; it is to be brought home."""
    KEPT = "kept"
    """It is shown from where the provider keeps it; that it is still there is looked at from time to time."""
    OVER = "over"


class Outcome(StrEnum):
    """How the hold's fate was told: once, by whoever came first."""

    GENERATED = "generated"
    FAILED = "failed"
    """We gave it up."""
    ENDED = "ended"
    """Somebody else did: its owner, or the gateway at its deadline."""


class AttemptState(StrEnum):
    """What is known of an order."""

    OPEN = "open"
    """It is on record; it may be on its way."""
    CREATED = "created"
    REFUSED = "refused"
    """Certainly not taken."""
    LOST = "lost"
    """Its answer did not come; a call-back may still tell."""


@dataclass(frozen=True)
class Task:
    """One video. Times are of the database's clock."""

    hold_id: UUID
    job: JobRef
    spec: VideoSpec
    provider: str
    stage: Stage
    outcome: Outcome | None
    provider_task: str | None
    adopted: bool
    """Whether the provider's id came by a call-back, and its record has still to bear it out."""
    hinted_task: str | None
    """What a call-back called it."""
    cancel_asked: bool
    shown: Shown
    reserved_at: datetime
    ordered_at: datetime | None
    deadline_at: datetime
    released_at: datetime | None
    troubles: int
    """Failures in a row of what the stage does."""
    results: tuple[str, ...]
    traceparent: str
    now: datetime
    """When it was read."""

    @property
    def late(self) -> bool:
        """Whether its hold's fate was told already: what comes now is kept for audit."""
        return self.outcome is not None

    @property
    def age(self) -> float:
        """Seconds since it was ordered; since it was reserved, before that."""
        return (self.now - (self.ordered_at or self.reserved_at)).total_seconds()

    @property
    def released_for(self) -> float:
        """Seconds since its hold's fate was told; 0 before that."""
        return (self.now - self.released_at).total_seconds() if self.released_at is not None else 0.0

    @property
    def seconds_left(self) -> float:
        """Until its deadline, at least 0."""
        return max(0.0, (self.deadline_at - self.now).total_seconds())

    @property
    def past_deadline(self) -> bool:
        """Whether it has taken longer than its model may."""
        return self.now >= self.deadline_at
