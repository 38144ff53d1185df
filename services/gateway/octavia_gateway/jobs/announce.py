"""What a user's streams are told of a job: the very document that a poll would answer."""

from uuid import UUID

from octavia_gateway.events.log import Draft
from octavia_gateway.jobs.models import Job
from octavia_gateway.jobs.schemas import JobResponse
from octavia_gateway.jobs.states import JobStatus


def kind_of(job: Job) -> str:
    """The event's name: the state at the end (`job.completed`, …), `job.review` where the job waits for its
    owner, else `job.updated`."""
    if job.status.ended:
        return f"job.{job.status.value}"
    waits = job.status is JobStatus.REVIEW and not job.run.cancel_requested
    return "job.review" if waits else "job.updated"


def body_of(job: Job) -> str:
    """The job as JSON on one line."""
    return JobResponse.of(job).model_dump_json()


def draft_of(job: Job) -> Draft:
    """The event that tells how the job stands."""
    return Draft(job.user_id, job.job_id, kind_of(job), body_of(job))


def deleted_draft(user_id: UUID, job_id: UUID) -> Draft:
    """The event that tells that it is not there any more."""
    return Draft(user_id, job_id, "job.deleted", f'{{"id":"{job_id}"}}')
