"""Events in, events out: what the rest of the platform hears of the ledger."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from octavia_billing.consumers.grants import GrantHandler, WelcomeHandler
from octavia_billing.consumers.outcome import OutcomeHandler
from octavia_billing.consumers.submitted import SubmittedHandler
from octavia_billing.consumers.videos import VideosHandler
from octavia_billing.domain.planner import LedgerConflictError
from octavia_billing.domain.prices import load_prices
from octavia_billing.price_lists import PriceLists
from octavia_billing.repositories.previews import PreviewsRepository
from octavia_billing.repositories.prices import PriceRepository
from octavia_common.events import (
    ArtifactRef,
    CloudEvent,
    CreditsCaptured,
    CreditsRejected,
    CreditsReleased,
    CreditsReserved,
    EventData,
    FailedLanguage,
    GrantRequested,
    GrantSource,
    JobAssembled,
    JobCancelled,
    JobError,
    JobFailed,
    JobKind,
    JobRef,
    JobSpec,
    JobsSubmitted,
    JobSubmitted,
    LedgerPosted,
    Output,
    PricesPublished,
    Quote,
    ReleaseReason,
    RequestedJob,
    UserRegistered,
    VideoGenerated,
    VideosSubmitted,
    hold_id_of,
)
from octavia_common.messaging.handlers import TransactionalHandler
from octavia_common.outbox.outbox import Outbox
from octavia_common.pricing import PriceList

from .conftest import Bank

pytestmark = pytest.mark.integration

PRICES = load_prices()


def submitted(
    user: UUID,
    *,
    credits_quoted: int = 25,
    version: str = PRICES.version,
    languages: tuple[str, ...] = ("es",),
) -> JobSubmitted:
    job_id = uuid4()
    return JobSubmitted(
        job=JobRef(
            job_id=job_id,
            user_id=user,
            hold_id=hold_id_of(job_id, 1),
            deadline_at=datetime.now(UTC) + timedelta(hours=1),
        ),
        spec=JobSpec(
            kind=JobKind.VIDEO_TRANSLATE,
            source=ArtifactRef(key="k", sha256="0" * 64, size_bytes=1, media_type="video/mp4"),
            source_filename="secret name.mp4",
            duration_seconds=300,
            source_language="en",
            target_languages=languages,
        ),
        quote=Quote(credits=credits_quoted, price_version=version),
    )


def together(user: UUID, *jobs: JobSubmitted) -> JobsSubmitted:
    asked = tuple(RequestedJob(job=each.job, spec=each.spec, quote=each.quote) for each in jobs)
    return JobsSubmitted(user_id=user, batch_id=uuid4(), jobs=asked)


class Service:
    """Billing's handlers, called as the shell calls them: a batch in a transaction."""

    def __init__(self, bank: Bank, *, welcome: int = 100, prices: PriceList = PRICES) -> None:
        self.bank = bank
        self.prices = PriceLists(PriceRepository(), prices)
        self.handlers: dict[type[EventData], TransactionalHandler] = {
            UserRegistered: WelcomeHandler(bank.ledger, welcome_credits=welcome),
            GrantRequested: GrantHandler(bank.ledger),
            JobSubmitted: (submitted := SubmittedHandler(bank.ledger, self.prices, PreviewsRepository())),
            JobsSubmitted: submitted,
            VideosSubmitted: VideosHandler(bank.ledger, self.prices),
            JobAssembled: (outcome := OutcomeHandler(bank.ledger, PreviewsRepository())),
            JobFailed: outcome,
            JobCancelled: outcome,
            VideoGenerated: outcome,
        }

    async def take(self, *events: EventData) -> Sequence[EventData]:
        batch: list[CloudEvent[Any]] = [CloudEvent.wrap(event, service="test") for event in events]
        async with self.bank.database.transaction() as connection:
            return await self.handlers[type(events[0])].handle(connection, batch)

    async def publish(self) -> None:
        await self.prices.publish(self.bank.database, Outbox("billing", "billing"))


def of(kind: type[EventData], events: Sequence[EventData]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


async def test_a_new_user_is_welcomed_once(bank: Bank) -> None:
    service, user = Service(bank), uuid4()
    told = await service.take(UserRegistered(user_id=user), UserRegistered(user_id=user))
    (line,) = of(LedgerPosted, told)
    assert (line.seq, line.amount, line.balance_after, line.reason) == (1, 100, 100, "Welcome credits")
    assert await service.take(UserRegistered(user_id=user)) == []


async def test_a_welcome_of_nothing_stays_nothing(bank: Bank) -> None:
    user = uuid4()
    assert await Service(bank, welcome=0).take(UserRegistered(user_id=user)) == []
    assert await Service(bank).take(UserRegistered(user_id=user)) == []
    assert await bank.balance(user) == (0, 0)


async def test_a_job_paid_for(bank: Bank) -> None:
    service, user = Service(bank), uuid4()
    await service.take(UserRegistered(user_id=user))
    job = submitted(user)
    told = await service.take(job)
    assert of(CreditsReserved, told) == [CreditsReserved(job=job.job, spec=job.spec, amount=25)]
    (line,) = of(LedgerPosted, told)
    assert (line.seq, line.amount, line.balance_after, line.held_after) == (2, -25, 75, 25)
    assert line.job_id == job.job.job_id
    assert "secret" not in line.reason
    told = await service.take(JobAssembled(job=job.job, outputs=()), JobCancelled(job=job.job))
    assert of(CreditsCaptured, told) == [CreditsCaptured(job=job.job, amount=25)]
    assert of(CreditsReleased, told) == []
    (line,) = of(LedgerPosted, told)
    assert (line.seq, line.amount, line.credits, line.balance_after, line.held_after) == (3, 0, 25, 75, 0)


@pytest.mark.parametrize("failed", [True, False])
async def test_a_job_not_delivered_is_given_back(bank: Bank, failed: bool) -> None:
    service, user = Service(bank), await bank.fund(30)
    job = submitted(user)
    await service.take(job)
    error = JobError(code="no_audio", message="No sound.", stage="transcriber")
    ending = JobFailed(job=job.job, error=error) if failed else JobCancelled(job=job.job)
    told = await service.take(ending, JobAssembled(job=job.job, outputs=()))
    reason = ReleaseReason.FAILED if failed else ReleaseReason.CANCELLED
    assert of(CreditsReleased, told) == [
        CreditsReleased(job=job.job, amount=25, reason=reason, error=error if failed else None)
    ]
    assert of(CreditsCaptured, told) == []
    assert await bank.balance(user) == (30, 0)


async def test_what_is_missing_of_a_job_is_given_back_with_its_capture(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(100)
    job = submitted(user, credits_quoted=75, languages=("es", "fr", "de"))
    await service.take(job)
    error = JobError(code="unsupported_language", message="No French.", stage="translator")
    outputs = tuple(
        Output(target_language=each, media=job.spec.source, result=job.spec.source) for each in ("es", "de")
    )
    failed = (FailedLanguage(target_language="fr", error=error),)
    ending = JobAssembled(job=job.job, outputs=outputs, failed=failed)
    told = await service.take(ending)
    assert of(CreditsCaptured, told) == [CreditsCaptured(job=job.job, amount=50)]
    assert of(CreditsReleased, told) == []
    assert [(line.kind, line.amount, line.credits) for line in of(LedgerPosted, told)] == [
        ("capture", 0, 50),
        ("release", 25, 25),
    ]
    assert of(LedgerPosted, told)[1].reason == "Video translation (en to es, fr, de): not delivered: fr"
    assert await bank.balance(user) == (50, 0)
    assert await service.take(ending) == []
    assert await service.take(JobCancelled(job=job.job)) == []


async def test_too_little_balance_says_what_is_missing(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(30)
    first, second = submitted(user), submitted(user)
    told = await service.take(first, second)
    assert [event.job for event in of(CreditsReserved, told)] == [first.job]
    (rejected,) = of(CreditsRejected, told)
    assert (rejected.job, rejected.required, rejected.available) == (second.job, 25, 5)
    assert rejected.error.code == "insufficient_credits"
    assert "needs 25 credits and 5 are available" in rejected.error.message
    # Its end is told already: whatever comes now is not told again.
    assert await service.take(JobCancelled(job=second.job)) == []
    assert await service.take(second) == []


@pytest.mark.parametrize(("credits_quoted", "version"), [(24, PRICES.version), (25, "unknown")])
async def test_a_quote_that_does_not_stand_holds_nothing(
    bank: Bank, credits_quoted: int, version: str
) -> None:
    service, user = Service(bank), await bank.fund(100)
    told = await service.take(submitted(user, credits_quoted=credits_quoted, version=version))
    (rejected,) = told
    assert isinstance(rejected, CreditsRejected)
    assert rejected.error.code == "quote_invalid"
    assert await bank.balance(user) == (100, 0)


async def test_an_end_without_a_beginning_leaves_a_tombstone(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(100)
    for cancelled in (True, False):
        job = submitted(user)
        ending = JobCancelled(job=job.job) if cancelled else JobAssembled(job=job.job, outputs=())
        (released,) = await service.take(ending)
        assert isinstance(released, CreditsReleased)
        assert released.amount == 0
        assert (released.error is None) == cancelled
        assert await service.take(job) == []
    assert await bank.balance(user) == (100, 0)


async def test_an_administrators_grant(bank: Bank) -> None:
    service, user = Service(bank), uuid4()
    grant = GrantRequested(
        user_id=user,
        grant_id=uuid4(),
        amount=40,
        source=GrantSource.REFUND,
        reason="Sorry for the outage",
        requested_by=uuid4(),
    )
    (line,) = await service.take(grant, grant)
    assert isinstance(line, LedgerPosted)
    assert (line.kind, line.amount, line.reason) == ("grant", 40, "Sorry for the outage")


async def test_prices_are_published_once_a_version_and_old_quotes_stand(bank: Bank) -> None:
    newer = PRICES.model_copy(update={"version": "newer"})
    old_replica, new_replica = Service(bank), Service(bank, prices=newer)
    for service in (old_replica, old_replica, new_replica, old_replica):
        await service.publish()
    bodies = await bank.database.pool.fetch("SELECT type, body FROM outbox ORDER BY id")
    assert [row["type"] for row in bodies] == [PricesPublished.TYPE] * 2
    assert b'"newer"' in bodies[1]["body"]
    # Each replica settles quotes of the other's list.
    user = await bank.fund(100)
    assert of(CreditsReserved, await old_replica.take(submitted(user, version="newer")))
    assert of(CreditsReserved, await new_replica.take(submitted(user)))


async def test_jobs_of_a_batch_are_held_together_and_have_lines_of_their_own(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(100)
    wanted = together(user, *(submitted(user) for _ in range(3)))
    alone = submitted(user)
    told = await service.take(wanted, alone)
    assert [event.job for event in of(CreditsReserved, told)] == [
        *(each.job for each in wanted.jobs),
        alone.job,
    ]
    assert [line.amount for line in of(LedgerPosted, told)] == [-25] * 4
    assert await bank.balance(user) == (0, 100)
    assert await service.take(wanted) == [], "a batch that comes twice holds once"


async def test_a_batch_of_jobs_that_costs_too_much_holds_nothing(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(60)
    wanted = together(user, *(submitted(user) for _ in range(3)))
    told = await service.take(wanted)
    refused = of(CreditsRejected, told)
    assert [event.job for event in refused] == [each.job for each in wanted.jobs]
    assert {(event.required, event.available) for event in refused} == {(75, 60)}
    assert "These 3 jobs need 75 credits and 60 are available" in refused[0].error.message
    assert await bank.balance(user) == (60, 0)


async def test_one_quote_that_does_not_stand_refuses_the_batch(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(100)
    wanted = together(user, submitted(user), submitted(user, credits_quoted=1))
    told = await service.take(wanted)
    assert [event.error.code for event in of(CreditsRejected, told)] == ["quote_invalid"] * 2
    assert await bank.balance(user) == (100, 0)


async def test_a_batch_with_a_job_of_somebody_else_is_refused_whole(bank: Bank) -> None:
    service, user, other = Service(bank), await bank.fund(100), await bank.fund(100)
    with pytest.raises(LedgerConflictError):
        await service.take(together(user, submitted(user), submitted(other)))
    assert await bank.balance(other) == (100, 0)
