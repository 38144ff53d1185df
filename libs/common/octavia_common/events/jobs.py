"""Events of a job's life: asked for by the gateway, ended by whoever ends it."""

from typing import ClassVar

from octavia_common.events.base import ArtifactRef, JobError, JobEvent, JobSpec, Value


class Quote(Value):
    """The exact price shown before anything was held, and the price list it was read from."""

    credits: int
    price_version: str


class JobSubmitted(JobEvent):
    """A user pressed the button: hold the quoted credits and begin."""

    TYPE: ClassVar[str] = "octavia.jobs.submitted.v1"

    spec: JobSpec
    quote: Quote


class Output(Value):
    """One finished language of a job."""

    target_language: str
    media: ArtifactRef
    result: ArtifactRef


class JobAssembled(JobEvent):
    """Every result asked for is in the store: the hold may be captured."""

    TYPE: ClassVar[str] = "octavia.jobs.assembled.v1"

    outputs: tuple[Output, ...]


class JobFailed(JobEvent):
    """The job cannot be finished: the hold is to be released."""

    TYPE: ClassVar[str] = "octavia.jobs.failed.v1"

    error: JobError


class JobCancelled(JobEvent):
    """Its owner does not want it any more: the hold is to be released."""

    TYPE: ClassVar[str] = "octavia.jobs.cancelled.v1"
