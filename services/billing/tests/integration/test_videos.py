"""Batches of videos: all held or none, each resolved by itself."""

from uuid import UUID, uuid4

import pytest
from octavia_billing.domain.planner import LedgerConflictError
from octavia_billing.domain.prices import load_prices
from octavia_common.events import (
    ArtifactRef,
    CreditsCaptured,
    CreditsRejected,
    CreditsReleased,
    JobCancelled,
    JobError,
    JobFailed,
    JobRef,
    LedgerPosted,
    VideoGenerated,
    VideoReserved,
    VideosSubmitted,
)

from ..videos import batch, requested  # noqa: TID252
from .conftest import Bank
from .test_consumers import Service, of

pytestmark = pytest.mark.integration

VERSION = load_prices().version
FAILED = JobError(code="provider_failed", message="The provider refused the prompt.", stage="videogen")


def submitted(user: UUID, count: int, *, credits_quoted: int = 100) -> VideosSubmitted:
    return batch(user, [requested(user, credits_quoted=credits_quoted) for _ in range(count)], VERSION)


def generated(job: JobRef) -> VideoGenerated:
    return VideoGenerated(
        job=job,
        video=ArtifactRef(key="k", sha256="0" * 64, size_bytes=1, media_type="video/mp4"),
        provider="local",
        model="local",
        duration_seconds=5.0,
        width=1280,
        height=720,
    )


async def test_each_video_is_told_to_be_made_and_has_a_line_of_its_own(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(350)
    wanted = submitted(user, 3)
    told = await service.take(wanted)
    reserved = [VideoReserved(job=v.job, spec=v.spec, amount=100) for v in wanted.videos]
    assert of(VideoReserved, told) == reserved
    lines = of(LedgerPosted, told)
    assert [(line.kind, line.amount, line.balance_after) for line in lines] == [
        ("reserve", -100, 250),
        ("reserve", -100, 150),
        ("reserve", -100, 50),
    ]
    assert {line.reason for line in lines} == {"Generated video"}, "the ledger keeps no prompts"
    assert await bank.balance(user) == (50, 300)


async def test_a_batch_that_costs_too_much_is_refused_whole(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(250)
    wanted, small = submitted(user, 3), submitted(user, 2)
    told = await service.take(wanted, small)
    refused = of(CreditsRejected, told)
    assert [event.job for event in refused] == [video.job for video in wanted.videos]
    assert {(event.required, event.available) for event in refused} == {(300, 250)}
    assert refused[0].error.code == "insufficient_credits"
    assert "These 3 videos need 300 credits and 250 are available" in refused[0].error.message
    assert len(of(VideoReserved, told)) == 2, "the next batch is decided by itself"
    # Their end is told already: whatever comes now is not told again.
    assert await service.take(JobCancelled(job=wanted.videos[0].job)) == []
    assert await service.take(wanted) == []


async def test_each_video_of_a_batch_has_its_own_fate(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(300)
    wanted = submitted(user, 3)
    await service.take(wanted)
    done, failed, cancelled = (video.job for video in wanted.videos)
    told = await service.take(
        JobFailed(job=failed, error=FAILED),
        generated(done),
        JobCancelled(job=cancelled),
        generated(failed),  # after the release: it charges nothing
        JobFailed(job=done, error=FAILED),
    )
    assert of(CreditsCaptured, told) == [CreditsCaptured(job=done, amount=100)]
    assert [(event.job, event.reason) for event in of(CreditsReleased, told)] == [
        (failed, "failed"),
        (cancelled, "cancelled"),
    ]
    assert await bank.balance(user) == (200, 0)


async def test_a_video_cancelled_before_its_batch_is_held_needs_no_credits(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(100)
    wanted = submitted(user, 2)
    first, second = wanted.videos
    (released,) = await service.take(JobCancelled(job=first.job))
    assert released.amount == 0
    told = await service.take(wanted)
    assert [event.job for event in of(VideoReserved, told)] == [second.job]
    assert of(CreditsRejected, told) == []


@pytest.mark.parametrize("which", ["one video's credits", "price list"])
async def test_a_quote_that_does_not_stand_holds_none_of_the_batch(bank: Bank, which: str) -> None:
    service, user = Service(bank), await bank.fund(1000)
    if which == "price list":
        wanted = batch(user, [requested(user), requested(user)], "unknown")
    else:
        wanted = batch(user, [requested(user), requested(user, credits_quoted=99)], VERSION)
    told = await service.take(wanted)
    assert [type(event) for event in told] == [CreditsRejected] * 2
    assert {event.error.code for event in of(CreditsRejected, told)} == {"quote_invalid"}
    assert await bank.balance(user) == (1000, 0)


async def test_a_batch_with_anothers_video_is_given_up(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(1000)
    wanted = batch(user, [requested(user), requested(uuid4())], VERSION)
    with pytest.raises(LedgerConflictError):
        await service.take(wanted)
    assert await bank.balance(user) == (1000, 0)
