"""jobs.submitted: hold the quoted credits, or say why not."""

from collections.abc import Sequence
from typing import Any

from octavia_common.events import (
    CloudEvent,
    CreditsRejected,
    CreditsReserved,
    EventData,
    JobError,
    JobSubmitted,
)

from octavia_billing.domain.operations import Operation, Outcome, Reject, Reserve, Verdict
from octavia_billing.domain.prices import check_quote
from octavia_billing.domain.wording import insufficient_credits, purpose_of
from octavia_billing.ledger import Ledger
from octavia_billing.price_lists import PriceLists


class SubmittedHandler:
    """Reserves for each job of a batch, in order; a job decided before is passed over in silence."""

    def __init__(self, ledger: Ledger, prices: PriceLists) -> None:
        self._ledger = ledger
        self._prices = prices

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """Returns CreditsReserved or CreditsRejected for each job, and the lines of the histories."""
        jobs: list[JobSubmitted] = [event.data for event in events]
        lists = await self._prices.by_version(connection, {job.quote.price_version for job in jobs})
        errors = [check_quote(lists, job.spec, job.quote) for job in jobs]
        operations = [_operation(job, error) for job, error in zip(jobs, errors, strict=True)]
        outcomes, told = await self._ledger.settle(connection, operations)
        for job, error, outcome in zip(jobs, errors, outcomes, strict=True):
            answer = _answer(job, error, outcome)
            if answer is not None:
                told.append(answer)
        return told


def _operation(job: JobSubmitted, error: JobError | None) -> Operation:
    purpose = purpose_of(job.spec)
    if error is not None:
        return Reject(job.job.user_id, job.job.hold_id, job.job.job_id, purpose)
    return Reserve(
        user_id=job.job.user_id,
        hold_id=job.job.hold_id,
        job_id=job.job.job_id,
        amount=job.quote.credits,
        purpose=purpose,
        deadline_at=job.job.deadline_at,
    )


def _answer(job: JobSubmitted, error: JobError | None, outcome: Outcome) -> EventData | None:
    if outcome.verdict is Verdict.RESERVED:
        return CreditsReserved(job=job.job, spec=job.spec, amount=outcome.amount)
    if outcome.verdict is Verdict.REJECTED:
        required = job.quote.credits
        return CreditsRejected(
            job=job.job,
            required=required,
            available=outcome.available,
            error=error or insufficient_credits(required, outcome.available),
        )
    return None
