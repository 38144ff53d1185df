"""Languages that fail alone, and languages that are added; the other services are played by the test."""

import asyncio
from typing import Any

import pytest
from octavia_common.events import CreditsReserved, JobCancelled, JobSubmitted, ReleaseReason

from .events import JobEvents
from .world import Member, World

pytestmark = pytest.mark.integration


async def finished(world: World, member: Member, *languages: str, without: str = "") -> JobEvents:
    """A job in `languages` that has ended, but for one that could not be made."""
    created = await world.create_job(member, target_language=None, target_languages=list(languages))
    events = JobEvents(await world.submit(member, created["id"]), chunks=1)
    events.spec = events.spec.model_copy(update={"target_languages": languages})
    await world.tell(*events.whole_run(*([without] if without else []))[1:])
    return events


async def add(
    world: World, member: Member, job_id: object, *languages: str, status: int = 202, **more: Any
) -> dict[str, Any]:
    response = await world.client.post(
        f"/api/v1/jobs/{job_id}/languages",
        json={"target_languages": list(languages), **more},
        headers=member.headers,
    )
    assert response.status_code == status, response.text
    return dict(response.json())


async def added(
    world: World, member: Member, job_id: object, *languages: str
) -> tuple[JobEvents, JobSubmitted]:
    """The run that adds them, its credits held."""
    asking = asyncio.create_task(add(world, member, job_id, *languages))
    submitted: JobSubmitted = await world.next_published(JobSubmitted)
    await world.tell(CreditsReserved(job=submitted.job, spec=submitted.spec, amount=submitted.quote.credits))
    assert (await asking)["status"] == "processing"
    return JobEvents(submitted.job, submitted.spec, chunks=1), submitted


async def test_a_job_that_misses_a_language_says_so_and_gives_what_there_is(world: World) -> None:
    member = await world.register()
    events = await finished(world, member, "es", "fr", without="fr")
    job = await world.job(member, str(events.job.job_id))
    assert (job["status"], job["phase"], job["progress_percentage"]) == (
        "partially_completed",
        "COMPLETED",
        100,
    )
    assert [each["language"] for each in job["outputs"]] == ["es"]
    assert [(each["language"], each["error_code"]) for each in job["failed_languages"]] == [
        ("fr", "unsupported_language")
    ]
    languages = await world.client.get(f"/api/v1/jobs/{events.job.job_id}/languages", headers=member.headers)
    assert [each["language"] for each in languages.json()["items"]] == ["es"], "it can be edited"
    listed = await world.client.get(
        "/api/v1/jobs", params={"status": "partially_completed"}, headers=member.headers
    )
    assert [each["id"] for each in listed.json()["items"]] == [job["id"]]
    async with world.follow(member, f"/api/v1/jobs/{job['id']}/events") as stream:
        told = await stream.next()
        assert told is not None
        assert told[0] == "job.partially_completed"


async def test_languages_are_added_by_a_run_of_their_own_and_what_there_is_stays(world: World) -> None:
    member = await world.register()
    first = await finished(world, member, "es")
    job_id = first.job.job_id
    second, submitted = await added(world, member, job_id, "es", "fr", "ca")
    assert submitted.spec.target_languages == ("fr", "ca")
    assert submitted.quote.credits == 20
    assert submitted.job.hold_id != first.job.hold_id
    for event in second.whole_run()[:-1]:
        await world.tell(event)
        job = await world.job(member, str(job_id))
        assert job["status"] == "processing"
        assert [each["language"] for each in job["outputs"]] == ["es"], "unpaid work is not delivered"
        assert job["credits_charged"] == 10
    # Of the first run, told late: it is over.
    await world.tell(first.language_failed("es"), JobCancelled(job=first.job))
    await world.tell(second.captured())
    job = await world.job(member, str(job_id))
    assert job["status"] == "completed"
    assert job["target_languages"] == ["es", "fr", "ca"]
    assert [each["language"] for each in job["outputs"]] == ["es", "fr", "ca"]
    assert (job["credits_charged"], job["quote"]["credits"]) == (20, 20)


async def test_a_language_that_failed_is_run_again_alone(world: World) -> None:
    member = await world.register()
    first = await finished(world, member, "es", "fr", without="fr")
    second, submitted = await added(world, member, first.job.job_id, "fr")
    assert submitted.spec.target_languages == ("fr",)
    assert submitted.quote.credits == 10
    await world.tell(*second.whole_run()[1:])
    job = await world.job(member, str(first.job.job_id))
    assert (job["status"], job["failed_languages"]) == ("completed", [])
    assert [each["language"] for each in job["outputs"]] == ["es", "fr"]


@pytest.mark.parametrize("reason", list(ReleaseReason))
async def test_a_run_that_adds_nothing_takes_nothing_away(world: World, reason: ReleaseReason) -> None:
    member = await world.register()
    first = await finished(world, member, "es")
    second, _ = await added(world, member, first.job.job_id, "fr")
    await world.tell(second.planned(), second.released(reason))
    job = await world.job(member, str(first.job.job_id))
    assert job["status"] == "partially_completed"
    assert [each["language"] for each in job["outputs"]] == ["es"]
    assert [each["language"] for each in job["failed_languages"]] == ["fr"]
    assert job["credits_charged"] == 10


async def test_the_price_is_told_before_anything_is_held(world: World) -> None:
    member = await world.register()
    first = await finished(world, member, "es")
    problem = await add(world, member, first.job.job_id, "fr", "ca", status=409, max_credits=0)
    assert (problem["code"], problem["required"]) == ("quote_changed", 20)
    assert (await world.job(member, str(first.job.job_id)))["status"] == "completed"
    assert not [event for event in await world.outbox() if isinstance(event, JobSubmitted)][1:]


async def test_what_cannot_be_added_is_refused(world: World) -> None:
    member, other = await world.register(), await world.register()
    created = await world.create_job(member)
    assert (await add(world, member, created["id"], "fr", status=409))["code"] == "job_not_finished"
    first = await finished(world, member, "es")
    job_id = first.job.job_id
    assert (await add(world, member, job_id, "es", status=409))["code"] == "languages_already_there"
    assert (await add(world, member, job_id, "ja", status=422))["code"]
    await add(world, other, job_id, "fr", status=404)
    assert (await world.job(member, str(job_id)))["status"] == "completed"
