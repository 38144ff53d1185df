"""Events of a job's life: asked for by the gateway, ended by whoever ends it."""

from typing import ClassVar
from uuid import UUID

from octavia_common.events.base import ArtifactRef, JobError, JobEvent, JobRef, JobSpec, Value
from octavia_common.events.envelope import EventData


class CountedPreview(Value):
    """What was paid for one language of a preview (a run named by its hold): so much less is to be paid."""

    hold_id: UUID
    language: str
    credits: int


class Quote(Value):
    """The exact price shown before anything was held, and the price list it was read from.

    `previews` are those of the same file and languages that it counts; each counts once.
    """

    credits: int
    price_version: str
    previews: tuple[CountedPreview, ...] = ()


class JobSubmitted(JobEvent):
    """A user pressed the button: hold the quoted credits and begin."""

    TYPE: ClassVar[str] = "octavia.jobs.submitted.v1"

    spec: JobSpec
    quote: Quote


class RequestedJob(Value):
    """One job of several that are submitted together."""

    job: JobRef
    spec: JobSpec
    quote: Quote


class JobsSubmitted(EventData):
    """Jobs of one user to be held together: the credits of all, or of none."""

    TYPE: ClassVar[str] = "octavia.jobs.batch-submitted.v1"

    user_id: UUID
    batch_id: UUID
    jobs: tuple[RequestedJob, ...]

    def subject(self) -> str:
        return str(self.user_id)

    def identity(self) -> tuple[str, ...]:
        return (str(self.batch_id), *(str(each.job.hold_id) for each in self.jobs))


class Output(Value):
    """One finished language of a job."""

    target_language: str
    media: ArtifactRef
    result: ArtifactRef


class FailedLanguage(Value):
    """One language of a job that could not be made, and why."""

    target_language: str
    error: JobError


class JobAssembled(JobEvent):
    """Every result that could be made is in the store: the hold may be captured, by their share."""

    TYPE: ClassVar[str] = "octavia.jobs.assembled.v1"

    outputs: tuple[Output, ...]
    failed: tuple[FailedLanguage, ...] = ()


class JobFailed(JobEvent):
    """The job cannot be finished: the hold is to be released."""

    TYPE: ClassVar[str] = "octavia.jobs.failed.v1"

    error: JobError


class JobCancelled(JobEvent):
    """Its owner does not want it any more: the hold is to be released."""

    TYPE: ClassVar[str] = "octavia.jobs.cancelled.v1"
