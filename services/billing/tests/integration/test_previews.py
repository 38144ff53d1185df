"""What was paid for a preview counts once against the full job, whatever comes twice or at the same time."""

import asyncio
import random
from uuid import UUID

import pytest
from octavia_common.events import (
    CountedPreview,
    CreditsCaptured,
    CreditsRejected,
    CreditsReserved,
    FailedLanguage,
    JobAssembled,
    JobCancelled,
    JobError,
    JobFailed,
    JobSubmitted,
    Output,
)

from .conftest import Bank
from .test_consumers import Service, of, submitted, together

pytestmark = pytest.mark.integration

ERROR = JobError(code="x", message="x", stage="translator")


def preview_of(user: UUID, *languages: str) -> JobSubmitted:
    job = submitted(user, credits_quoted=10 * len(languages), languages=languages)
    return job.model_copy(update={"spec": job.spec.model_copy(update={"preview_seconds": 60.0})})


def full(
    user: UUID, *languages: str, counts: JobSubmitted | None = None, of_: tuple[str, ...] = ()
) -> JobSubmitted:
    """A full job (25 credits a language) that counts a preview for these languages of it."""
    job = submitted(user, credits_quoted=25 * len(languages) - 10 * len(of_), languages=languages)
    counted = tuple(
        CountedPreview(hold_id=counts.job.hold_id, language=language, credits=10)
        for language in of_
        if counts is not None
    )
    return job.model_copy(update={"quote": job.quote.model_copy(update={"previews": counted})})


def ended(job: JobSubmitted, *delivered: str) -> JobAssembled:
    """The end of a job of which only these languages were delivered."""
    source = job.spec.source
    return JobAssembled(
        job=job.job,
        outputs=tuple(Output(target_language=each, media=source, result=source) for each in delivered),
        failed=tuple(
            FailedLanguage(target_language=each, error=ERROR)
            for each in job.spec.target_languages
            if each not in delivered
        ),
    )


async def paid_preview(service: Service, user: UUID, *languages: str) -> JobSubmitted:
    preview = preview_of(user, *languages)
    assert of(CreditsReserved, await service.take(preview))
    assert of(CreditsCaptured, await service.take(ended(preview, *languages)))
    return preview


async def test_a_preview_costs_the_shortest_tier_and_counts_against_the_full_job(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(100)
    preview = await paid_preview(service, user, "es")
    assert await bank.balance(user) == (90, 0)
    job = full(user, "es", "fr", counts=preview, of_=("es",))
    (reserved,) = of(CreditsReserved, await service.take(job))
    assert reserved.amount == 40
    assert of(CreditsReserved, await service.take(job)) == [], "a duplicate changes nothing"
    (captured,) = of(CreditsCaptured, await service.take(ended(job, "es", "fr")))
    assert captured.amount == 40
    assert await bank.balance(user) == (50, 0), "together what the full job costs"


async def test_it_counts_once(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(200)
    preview = await paid_preview(service, user, "es")
    first = full(user, "es", counts=preview, of_=("es",))
    await service.take(first)
    for again in (
        full(user, "es", counts=preview, of_=("es",)),
        full(user, "es", counts=preview, of_=("es",)),
    ):
        (rejected,) = of(CreditsRejected, await service.take(again))
        assert rejected.error.code == "quote_invalid"
        assert "already" in rejected.error.message
    await service.take(ended(first, "es"))
    assert of(CreditsRejected, await service.take(full(user, "es", counts=preview, of_=("es",))))
    together_ = [full(user, "es", counts=preview, of_=("es",)) for _ in range(2)]
    assert len(of(CreditsRejected, await service.take(*together_))) == 2


async def test_two_of_one_batch_do_not_share_it(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(200)
    preview = await paid_preview(service, user, "es")
    jobs = [full(user, "es", counts=preview, of_=("es",)) for _ in range(3)]
    told = await service.take(*jobs)
    assert (len(of(CreditsReserved, told)), len(of(CreditsRejected, told))) == (1, 2)


async def test_jobs_that_are_held_together_count_it_once_or_not_at_all(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(200)
    preview = await paid_preview(service, user, "es")
    both = [full(user, "es", counts=preview, of_=("es",)) for _ in range(2)]
    refused = of(CreditsRejected, await service.take(together(user, *both)))
    assert [each.error.code for each in refused] == ["quote_invalid"] * 2
    assert await bank.balance(user) == (190, 0)
    one, other = full(user, "es", counts=preview, of_=("es",)), full(user, "es")
    batch = together(user, one, other)
    reserved = of(CreditsReserved, await service.take(batch, batch))
    assert [each.amount for each in reserved] == [15, 25]
    assert of(CreditsRejected, await service.take(full(user, "es", counts=preview, of_=("es",))))
    await service.take(JobCancelled(job=one.job))
    assert of(CreditsReserved, await service.take(full(user, "es", counts=preview, of_=("es",))))


async def test_of_many_at_the_same_time_one_has_it(bank: Bank) -> None:
    user = await bank.fund(1000)
    preview = await paid_preview(Service(bank), user, "es")
    jobs = [full(user, "es", counts=preview, of_=("es",)) for _ in range(8)]
    tries = [*jobs, *jobs]
    random.Random(7).shuffle(tries)
    told = await asyncio.gather(*(Service(bank).take(job) for job in tries))
    reserved = {event.job.hold_id for events in told for event in of(CreditsReserved, events)}
    assert len(reserved) == 1
    async with bank.database.transaction() as connection:
        counted = await connection.fetchval("SELECT counted_by FROM previews WHERE user_id = $1", user)
    assert {counted} == reserved


@pytest.mark.parametrize("failed", [True, False])
async def test_a_full_job_that_gives_its_hold_back_gives_the_preview_back(bank: Bank, failed: bool) -> None:
    service, user = Service(bank), await bank.fund(100)
    preview = await paid_preview(service, user, "es")
    job = full(user, "es", counts=preview, of_=("es",))
    await service.take(job)
    await service.take(JobFailed(job=job.job, error=ERROR) if failed else JobCancelled(job=job.job))
    assert await bank.balance(user) == (90, 0)
    again = full(user, "es", counts=preview, of_=("es",))
    (reserved,) = of(CreditsReserved, await service.take(again))
    assert reserved.amount == 15


@pytest.mark.parametrize(("delivered", "captured"), [("es", 15), ("fr", 25)])
async def test_a_language_that_fails_takes_its_preview_with_it(
    bank: Bank, delivered: str, captured: int
) -> None:
    service, user = Service(bank), await bank.fund(100)
    preview = await paid_preview(service, user, "es")
    job = full(user, "es", "fr", counts=preview, of_=("es",))
    await service.take(job)
    (told,) = of(CreditsCaptured, await service.take(ended(job, delivered)))
    assert told.amount == captured, "a language costs what it costs, less what its own preview has paid"
    again = of(CreditsReserved, await service.take(full(user, "es", counts=preview, of_=("es",))))
    assert bool(again) == (delivered == "fr"), "what counted for nothing counts again"


async def test_what_was_not_paid_so_counts_for_nothing(bank: Bank) -> None:
    service, user = Service(bank), await bank.fund(200)
    unpaid, stranger = preview_of(user, "es"), await bank.fund(100)
    await service.take(unpaid)
    foreign = await paid_preview(service, stranger, "es")
    own = await paid_preview(service, user, "es")
    wrong = [
        full(user, "es", counts=unpaid, of_=("es",)),
        full(user, "es", counts=foreign, of_=("es",)),
        full(user, "fr", counts=own, of_=("es",)),
        full(user, "es", "fr", counts=own, of_=("es", "es")),
        full(user, "es", counts=submitted(user), of_=("es",)),
    ]
    other_file = full(user, "es", counts=own, of_=("es",))
    source = other_file.spec.source.model_copy(update={"sha256": "1" * 64})
    spec = other_file.spec.model_copy(update={"source": source})
    wrong.append(other_file.model_copy(update={"spec": spec}))
    for job in wrong:
        assert of(CreditsRejected, await service.take(job)), job
    assert of(CreditsReserved, await service.take(full(user, "es", counts=own, of_=("es",))))


async def test_any_series_of_jobs_pays_for_each_language_at_least_its_price(bank: Bank) -> None:
    """A preview lowers one delivered language at a time by what was paid for it, and never two."""
    rng = random.Random(20261121)
    service, user = Service(bank), await bank.fund(100_000)
    previews = [await paid_preview(service, user, "es", "fr") for _ in range(3)]
    spent, delivered, at_work = 60, 0, list[JobSubmitted]()
    for _ in range(60):
        if rng.random() < 0.6 or not at_work:
            languages = rng.choice((("es",), ("fr",), ("es", "fr")))
            counted = tuple(each for each in languages if rng.random() < 0.8)
            job = full(user, *languages, counts=rng.choice(previews), of_=counted)
            told = await service.take(*[job] * rng.choice((1, 2)))
            at_work += [job] * len(of(CreditsReserved, told))
            continue
        job = at_work.pop(rng.randrange(len(at_work)))
        ways = (job.spec.target_languages, job.spec.target_languages[:1], ())
        done = rng.choice(ways)
        ending = ended(job, *done) if done else JobFailed(job=job.job, error=ERROR)
        for event in of(CreditsCaptured, await service.take(*[ending] * rng.choice((1, 2)))):
            spent += event.amount
            delivered += len(done)
    assert delivered > 10
    # All six languages of previews can have counted, and no more than that.
    assert 25 * delivered <= spent <= 25 * delivered + 60
