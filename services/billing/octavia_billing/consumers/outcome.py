"""jobs.outcome: the first word about a job's end resolves its hold; later ones change nothing."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID

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
from octavia_billing.domain.previews import Key, Preview, spent
from octavia_billing.domain.wording import hold_missing, partly_delivered
from octavia_billing.ledger import Ledger
from octavia_billing.repositories.previews import PreviewsRepository

Delivered = (JobAssembled, VideoGenerated)
Ending = JobAssembled | VideoGenerated | JobFailed | JobCancelled


class OutcomeHandler:
    """Captures the hold of a delivered job and releases that of a failed or cancelled one.

    Of a job some of whose languages could not be made the share of those is given back.
    """

    def __init__(self, ledger: Ledger, previews: PreviewsRepository) -> None:
        self._ledger = ledger
        self._previews = previews

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """Returns CreditsCaptured or CreditsReleased for each hold resolved, and the histories' lines."""
        endings: list[Ending] = [event.data for event in events]
        counted: dict[UUID, list[Preview]] = {}
        for preview in await self._previews.lock_counted(connection, {each.job.hold_id for each in endings}):
            if preview.counted_by is not None:
                counted.setdefault(preview.counted_by, []).append(preview)
        held = await self._previews.amounts_held(connection, counted)
        operations = [_operation(each, held, counted.get(each.job.hold_id, ())) for each in endings]
        outcomes, told = await self._ledger.settle(connection, operations)
        await self._settle_previews(connection, endings, outcomes, counted)
        for ending, outcome in zip(endings, outcomes, strict=True):
            if outcome.verdict is Verdict.CAPTURED:
                told.append(CreditsCaptured(job=ending.job, amount=outcome.amount))
            elif outcome.verdict is Verdict.RELEASED:
                told.append(_released(ending, outcome))
        return told

    async def _settle_previews(
        self,
        connection: Any,
        endings: Sequence[Ending],
        outcomes: Sequence[Outcome],
        counted: Mapping[UUID, Sequence[Preview]],
    ) -> None:
        """A delivered language of a preview is paid; what counted for one that was not can count again."""
        paid: set[Key] = set()
        free: set[Key] = set()
        for ending, outcome in zip(endings, outcomes, strict=True):
            hold_id, delivered = ending.job.hold_id, _delivered_languages(ending)
            if outcome.verdict is Verdict.CAPTURED:
                paid.update((hold_id, language) for language in delivered)
            if outcome.verdict in (Verdict.CAPTURED, Verdict.RELEASED):
                missing = (each for each in counted.get(hold_id, ()) if each.language not in delivered)
                free.update(each.key for each in missing)
        await self._previews.mark_paid(connection, paid)
        await self._previews.count(connection, dict.fromkeys(free))


def _delivered_languages(ending: Ending) -> set[str]:
    if not isinstance(ending, JobAssembled):
        return set()
    return {output.target_language for output in ending.outputs}


def _operation(ending: Ending, held: Mapping[UUID, int], counted: Sequence[Preview]) -> Operation:
    ref = ending.job
    if isinstance(ending, JobAssembled) and ending.failed:
        asked = len(ending.outputs) + len(ending.failed)
        missing = partly_delivered(tuple(each.target_language for each in ending.failed))
        if counted:
            amount = spent(held[ref.hold_id], asked, _delivered_languages(ending), counted)
            return Capture(ref.user_id, ref.hold_id, ref.job_id, amount=amount, missing=missing)
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
