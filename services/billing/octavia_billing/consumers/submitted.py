"""jobs.submitted: hold the quoted credits, of a job or of all jobs of a batch, or say why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from octavia_common.events import (
    CloudEvent,
    CreditsRejected,
    CreditsReserved,
    EventData,
    JobError,
    JobsSubmitted,
    JobSubmitted,
    RequestedJob,
)

from octavia_billing.domain.operations import Operation, Outcome, Reject, Reserve, ReserveAll, Verdict
from octavia_billing.domain.planner import LedgerConflictError
from octavia_billing.domain.previews import Key, check_counted, keys_of, previews_of
from octavia_billing.domain.prices import check_quote
from octavia_billing.domain.wording import insufficient_credits, insufficient_for_jobs, purpose_of
from octavia_billing.ledger import Ledger
from octavia_billing.price_lists import PriceLists
from octavia_billing.repositories.previews import PreviewsRepository


@dataclass(frozen=True)
class _Submission:
    """Jobs that are held together or not at all; mostly one."""

    jobs: tuple[RequestedJob, ...]
    error: JobError | None

    @property
    def operations(self) -> list[Operation]:
        if self.error is not None:
            return [
                Reject(each.job.user_id, each.job.hold_id, each.job.job_id, purpose_of(each.spec))
                for each in self.jobs
            ]
        reserves = tuple(_reserve(each) for each in self.jobs)
        return [reserves[0]] if len(reserves) == 1 else [ReserveAll(reserves[0].user_id, reserves)]


class SubmittedHandler:
    """Reserves for each submission, in order; a job decided before is passed over in silence."""

    def __init__(self, ledger: Ledger, prices: PriceLists, previews: PreviewsRepository) -> None:
        self._ledger = ledger
        self._prices = prices
        self._previews = previews

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """Returns CreditsReserved or CreditsRejected for each job, and the lines of the histories.

        Raises LedgerConflictError for a batch with a job of another user than its own.
        """
        asked = [jobs for event in events if (jobs := _jobs(event.data))]
        versions = {each.quote.price_version for jobs in asked for each in jobs}
        lists = await self._prices.by_version(connection, versions)
        keys = {key for jobs in asked for each in jobs for key in keys_of(each)}
        known = await self._previews.lock(connection, keys)
        submissions, taken = [], set[Key]()
        for jobs in asked:
            errors: list[JobError | None] = []
            for each in jobs:
                errors += [check_quote(lists, each.spec, each.quote), check_counted(each, known, taken)]
                taken.update(keys_of(each))
            submissions.append(_Submission(jobs, next((error for error in errors if error), None)))
        outcomes, told = await self._ledger.settle(
            connection, [operation for each in submissions for operation in each.operations]
        )
        remaining = iter(outcomes)
        for submission in submissions:
            own = [next(remaining) for _ in submission.operations]
            each_one = [one for outcome in own for one in outcome.each or (outcome,)]
            told += _answers(submission, each_one)
            await self._note_previews(connection, submission, each_one)
        return told

    async def _note_previews(
        self, connection: Any, submission: _Submission, outcomes: Sequence[Outcome]
    ) -> None:
        """What is held for a preview is noted; what a held job counts is counted."""
        held = [
            job
            for job, outcome in zip(submission.jobs, outcomes, strict=True)
            if outcome.verdict is Verdict.RESERVED
        ]
        await self._previews.add(connection, [preview for job in held for preview in previews_of(job)])
        await self._previews.count(connection, {key: job.job.hold_id for job in held for key in keys_of(job)})


def _jobs(data: JobSubmitted | JobsSubmitted) -> tuple[RequestedJob, ...]:
    if isinstance(data, JobSubmitted):
        return (RequestedJob(job=data.job, spec=data.spec, quote=data.quote),)
    if any(each.job.user_id != data.user_id for each in data.jobs):
        raise LedgerConflictError("A job of this batch is another user's.", batch=str(data.batch_id))
    return data.jobs


def _reserve(asked: RequestedJob) -> Reserve:
    job = asked.job
    return Reserve(
        user_id=job.user_id,
        hold_id=job.hold_id,
        job_id=job.job_id,
        amount=asked.quote.credits,
        purpose=purpose_of(asked.spec),
        deadline_at=job.deadline_at,
    )


def _answers(submission: _Submission, outcomes: Sequence[Outcome]) -> list[EventData]:
    answers: list[EventData] = []
    decided = list(zip(submission.jobs, outcomes, strict=True))
    refused = [each for each, outcome in decided if outcome.verdict is Verdict.REJECTED]
    required = sum(each.quote.credits for each in refused)
    for each, outcome in decided:
        if outcome.verdict is Verdict.RESERVED:
            answers.append(CreditsReserved(job=each.job, spec=each.spec, amount=outcome.amount))
        elif outcome.verdict is Verdict.REJECTED:
            if len(refused) == 1:
                why = insufficient_credits(required, outcome.available)
            else:
                why = insufficient_for_jobs(len(refused), required, outcome.available)
            answers.append(
                CreditsRejected(
                    job=each.job,
                    required=required,
                    available=outcome.available,
                    error=submission.error or why,
                )
            )
    return answers
