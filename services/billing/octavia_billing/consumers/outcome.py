"""jobs.outcome: the first word about a job's end resolves its hold; later ones change nothing."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from octavia_common.events import (
    CloudEvent,
    CreditsCaptured,
    CreditsReleased,
    EventData,
    JobAssembled,
    JobCancelled,
    JobError,
    JobFailed,
    ReleaseReason,
    VideoGenerated,
)

from octavia_billing.domain.operations import Capture, Operation, Outcome, Release, Verdict
from octavia_billing.domain.wording import hold_missing, partly_delivered
from octavia_billing.ledger import Ledger

Delivered = (JobAssembled, VideoGenerated)
Ending = JobAssembled | VideoGenerated | JobFailed | JobCancelled


class OutcomeHandler:
    """Captures the hold of a delivered job and releases that of a failed or cancelled one.

    Of a job some of whose languages could not be made the share of those is given back.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """Returns CreditsCaptured or CreditsReleased for each hold resolved, and the histories' lines."""
        endings: list[Ending] = [event.data for event in events]
        outcomes, told = await self._ledger.settle(connection, [_operation(ending) for ending in endings])
        for ending, outcome in zip(endings, outcomes, strict=True):
            if outcome.verdict is Verdict.CAPTURED:
                told.append(CreditsCaptured(job=ending.job, amount=outcome.amount))
            elif outcome.verdict is Verdict.RELEASED:
                told.append(_released(ending, outcome))
        return told


def _operation(ending: Ending) -> Operation:
    ref = ending.job
    if isinstance(ending, JobAssembled) and ending.failed:
        asked = len(ending.outputs) + len(ending.failed)
        missing = partly_delivered(tuple(each.target_language for each in ending.failed))
        share = Fraction(len(ending.outputs), asked)
        return Capture(ref.user_id, ref.hold_id, ref.job_id, share=share, missing=missing)
    if isinstance(ending, Delivered):
        return Capture(ref.user_id, ref.hold_id, ref.job_id)
    return Release(ref.user_id, ref.hold_id, ref.job_id, _reason(ending).value)


def _released(ending: Ending, outcome: Outcome) -> CreditsReleased:
    error: JobError | None = None
    if isinstance(ending, JobFailed):
        error = ending.error
    elif isinstance(ending, Delivered):
        # Nothing is delivered unpaid: without a hold there is nothing to capture.
        error = hold_missing()
    return CreditsReleased(job=ending.job, amount=outcome.amount, reason=_reason(ending), error=error)


def _reason(ending: Ending) -> ReleaseReason:
    return ReleaseReason.CANCELLED if isinstance(ending, JobCancelled) else ReleaseReason.FAILED
