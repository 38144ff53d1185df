"""videos.submitted: hold the credits of all videos of a batch, or say to all of them why not."""

from collections.abc import Sequence
from typing import Any

from octavia_common.events import (
    CloudEvent,
    CreditsRejected,
    EventData,
    JobError,
    JobKind,
    RequestedVideo,
    VideoReserved,
    VideosSubmitted,
)

from octavia_billing.domain.operations import Operation, Outcome, Reject, Reserve, ReserveAll, Verdict
from octavia_billing.domain.planner import LedgerConflictError
from octavia_billing.domain.prices import check_videos
from octavia_billing.domain.wording import WORK, insufficient_for_videos
from octavia_billing.ledger import Ledger
from octavia_billing.price_lists import PriceLists

PURPOSE = WORK[JobKind.VIDEO_GENERATE]


class VideosHandler:
    """Reserves for each batch, in order; a video that was decided before is passed over in silence."""

    def __init__(self, ledger: Ledger, prices: PriceLists) -> None:
        self._ledger = ledger
        self._prices = prices

    async def handle(self, connection: Any, events: Sequence[CloudEvent[Any]]) -> Sequence[EventData]:
        """Returns VideoReserved or CreditsRejected for each video, and the lines of the histories.

        Raises LedgerConflictError for a batch with a video of another user than its own.
        """
        batches: list[VideosSubmitted] = [event.data for event in events]
        lists = await self._prices.by_version(connection, {batch.price_version for batch in batches})
        operations: list[Operation] = []
        ours: list[tuple[VideosSubmitted, JobError | None, slice]] = []
        for batch in batches:
            error = check_videos(lists, batch.price_version, batch.videos)
            first = len(operations)
            operations += _operations(batch, error)
            ours.append((batch, error, slice(first, len(operations))))
        outcomes, told = await self._ledger.settle(connection, operations)
        for batch, error, where in ours:
            each = [one for outcome in outcomes[where] for one in outcome.each or (outcome,)]
            told += _answers(batch.videos, each, error)
        return told


def _operations(batch: VideosSubmitted, error: JobError | None) -> list[Operation]:
    for video in batch.videos:
        if video.job.user_id != batch.user_id:
            raise LedgerConflictError("A video of this batch is another user's.", batch=str(batch.batch_id))
    if error is not None:
        return [Reject(batch.user_id, video.job.hold_id, video.job.job_id, PURPOSE) for video in batch.videos]
    return [ReserveAll(batch.user_id, tuple(_reserve(video) for video in batch.videos))]


def _reserve(video: RequestedVideo) -> Reserve:
    job = video.job
    return Reserve(job.user_id, job.hold_id, job.job_id, video.credits, PURPOSE, job.deadline_at)


def _answers(
    videos: Sequence[RequestedVideo], outcomes: Sequence[Outcome], error: JobError | None
) -> list[EventData]:
    answers: list[EventData] = []
    decided = list(zip(videos, outcomes, strict=True))
    refused = [video for video, outcome in decided if outcome.verdict is Verdict.REJECTED]
    required = sum(video.credits for video in refused)
    for video, outcome in decided:
        if outcome.verdict is Verdict.RESERVED:
            answers.append(VideoReserved(job=video.job, spec=video.spec, amount=outcome.amount))
        elif outcome.verdict is Verdict.REJECTED:
            why = error or insufficient_for_videos(len(refused), required, outcome.available)
            answers.append(
                CreditsRejected(job=video.job, required=required, available=outcome.available, error=why)
            )
    return answers
