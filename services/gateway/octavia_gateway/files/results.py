"""What a finished job gave, for its owner alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from octavia_gateway.database import GatewayDatabase
from octavia_gateway.files.errors import ResultNotFoundError, ResultNotReadyError
from octavia_gateway.jobs.models import Job, JobOutput
from octavia_gateway.jobs.repository import JobsRepository
from octavia_gateway.jobs.states import JobStatus


@dataclass(frozen=True)
class Results:
    """The outputs of a completed job, in the order asked for; never empty."""

    filename: str
    source_language: str
    finished_at: datetime
    outputs: Sequence[JobOutput]

    @property
    def first_language(self) -> str:
        """What is meant where no language is named."""
        return self.outputs[0].target_language

    def output(self, language: str | None) -> JobOutput:
        """The output in a language, or the first.

        Raises:
            ResultNotFoundError: the job was not made into this language.
        """
        if language is None:
            return self.outputs[0]
        for output in self.outputs:
            if output.target_language == language.lower():
                return output
        have = [output.target_language for output in self.outputs]
        raise ResultNotFoundError(
            f"This job has no result in {language[:35]}; it has: {', '.join(have)}.", languages=have
        )


async def find_results(database: GatewayDatabase, user_id: UUID, job_id: UUID) -> Results:
    """The results of the user's job.

    Raises:
        JobNotFoundError: there is no such job, or it is another user's.
        ResultNotReadyError: it is not completed.
    """
    jobs = JobsRepository()
    async with database.user_transaction(user_id) as connection:
        job = await jobs.get(connection, user_id, job_id)
        outputs = await jobs.outputs(connection, job_id)
    if not outputs:
        raise _not_ready(job)
    return Results(
        filename=job.spec.source_filename,
        source_language=job.source_language,
        finished_at=job.run.finished_at or job.created_at,
        outputs=outputs,
    )


def _not_ready(job: Job) -> ResultNotReadyError:
    advice = {
        JobStatus.PENDING: "process it first",
        JobStatus.FAILED: "see its error, then process it again",
        JobStatus.CANCELLED: "process it again to get one",
    }.get(job.status, "wait until it is completed")
    return ResultNotReadyError(
        f"The job is {job.status} and has no result; {advice}.", job_status=str(job.status)
    )
