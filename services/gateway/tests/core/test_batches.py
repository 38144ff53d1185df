"""Batches: quoted together, held all or none, each job with a fate of its own."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from octavia_common.events import (
    CreditsRejected,
    CreditsReleased,
    CreditsReserved,
    JobCancelled,
    JobError,
    JobsSubmitted,
    ReleaseReason,
)
from octavia_common.pricing import PriceList
from octavia_gateway.batches.models import Batch, BatchStatus
from octavia_gateway.files.models import AudioSummary, FileMedia, FileType
from octavia_gateway.jobs.states import JobStatus

from .events import JobEvents
from .world import PRICES, Member, World

COUNT = 3


def batch_of(**counts: int) -> Batch:
    return Batch(
        batch_id=uuid4(),
        user_id=uuid4(),
        created_at=datetime.now(UTC),
        counts={JobStatus(name): count for name, count in counts.items()},
        permille=0,
        quote_credits=0,
        charged=0,
        finished_at=None,
    )


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ({"pending": 2}, BatchStatus.PENDING),
        ({"pending": 1, "completed": 1}, BatchStatus.PROCESSING),
        ({"queued": 1}, BatchStatus.PROCESSING),
        ({"processing": 1, "failed": 5}, BatchStatus.PROCESSING),
        ({"completed": 2}, BatchStatus.COMPLETED),
        ({"completed": 2, "failed": 1}, BatchStatus.PARTIALLY_COMPLETED),
        ({"completed": 2, "cancelled": 1}, BatchStatus.PARTIALLY_COMPLETED),
        ({"failed": 2}, BatchStatus.FAILED),
        ({"failed": 2, "cancelled": 1}, BatchStatus.FAILED),
        ({"cancelled": 2}, BatchStatus.CANCELLED),
    ],
)
def test_what_is_missing_is_not_hidden_behind_what_is_there(
    counts: dict[str, int], status: BatchStatus
) -> None:
    assert batch_of(**counts).status is status


async def item(world: World, member: Member, **changes: Any) -> dict[str, Any]:
    file = await world.add_file(member)
    return {"file_id": str(file.file_id), "source_language": "en", "target_language": "es", **changes}


async def create(world: World, member: Member, count: int = COUNT) -> dict[str, Any]:
    items = [await item(world, member) for _ in range(count)]
    answer = await world.client.post("/api/v1/batches", json={"items": items}, headers=member.headers)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    assert [job["file_id"] for job in created["jobs"]] == [each["file_id"] for each in items]
    return created


async def batch(world: World, member: Member, batch_id: str) -> dict[str, Any]:
    answer = await world.client.get(f"/api/v1/batches/{batch_id}", headers=member.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def media(*, sound: bool) -> FileMedia:
    audio = (AudioSummary(codec="mp3", channels=2, sample_rate=48000),) if sound else ()
    return FileMedia(duration_seconds=400.0, container="mp3" if sound else "srt", video=None, audio=audio)


async def submit(world: World, member: Member, batch_id: str) -> JobsSubmitted:
    asking = asyncio.create_task(
        world.client.post(f"/api/v1/batches/{batch_id}/process", headers=member.headers)
    )
    submitted: JobsSubmitted = await world.next_published(JobsSubmitted)
    await world.tell(*(CreditsReserved(job=each.job, spec=each.spec, amount=10) for each in submitted.jobs))
    answer = await asking
    assert answer.status_code == 202, answer.text
    return submitted


@pytest.mark.integration
async def test_a_batch_is_quoted_together_and_its_jobs_are_listed_in_order(world: World) -> None:
    member = await world.register()
    created = await create(world, member)
    assert (created["status"], created["total"], created["quote"]) == ("pending", COUNT, 30)
    assert {job["batch_id"] for job in created["jobs"]} == {created["id"]}
    await create(world, member, 1)
    listed = await world.client.get(
        "/api/v1/jobs", params={"batch_id": created["id"]}, headers=member.headers
    )
    assert [job["id"] for job in listed.json()["items"]] == [job["id"] for job in created["jobs"]]
    first = await world.client.get("/api/v1/batches", params={"limit": 1}, headers=member.headers)
    second = await world.client.get(
        "/api/v1/batches", params={"cursor": first.json()["next_cursor"]}, headers=member.headers
    )
    assert [one["total"] for one in (*first.json()["items"], *second.json()["items"])] == [1, COUNT]
    stranger = await world.register()
    hidden = await world.client.get(f"/api/v1/batches/{created['id']}", headers=stranger.headers)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "batch_not_found")


@pytest.mark.integration
async def test_one_file_that_cannot_be_done_makes_none_and_is_named(world: World) -> None:
    member = await world.register()
    items = [await item(world, member), await item(world, member, target_language="tlh")]
    answer = await world.client.post("/api/v1/batches", json={"items": items}, headers=member.headers)
    assert (answer.status_code, answer.json()["code"], answer.json()["item"]) == (
        422,
        "unsupported_language",
        1,
    )
    assert (await world.client.get("/api/v1/jobs", headers=member.headers)).json()["items"] == []
    too_many = {"items": [items[0]] * 101}
    assert (
        await world.client.post("/api/v1/batches", json=too_many, headers=member.headers)
    ).status_code == 422


@pytest.mark.integration
async def test_all_are_submitted_at_once_and_each_ends_by_itself(world: World) -> None:
    member = await world.register()
    created = await create(world, member)
    submitted = await submit(world, member, created["id"])
    assert [str(each.job.job_id) for each in submitted.jobs] == [job["id"] for job in created["jobs"]]
    assert (await batch(world, member, created["id"]))["status"] == "processing"
    again = await world.client.post(f"/api/v1/batches/{created['id']}/process", headers=member.headers)
    assert (again.status_code, again.json()["code"]) == (409, "batch_not_processable")
    first, second, third = (JobEvents(each.job, each.spec, chunks=1) for each in submitted.jobs)
    async with world.follow(member, f"/api/v1/batches/{created['id']}/events") as stream:
        opening = await stream.next()
        assert opening is not None
        assert (opening[0], opening[1]["counts"]) == ("batch.updated", {"processing": 3})
        await world.tell(*first.whole_run())
        await world.tell(second.released())
        midway = await stream.next()
        assert midway is not None
        assert midway[1]["progress_percentage"] >= 33.3
        await world.tell(*third.whole_run())
        last = (await stream.rest())[-1]
    assert last[0] == "batch.ended"
    assert last[1] == await batch(world, member, created["id"])
    assert (last[1]["status"], last[1]["counts"]) == (
        "partially_completed",
        {"completed": 2, "failed": 1},
    )
    assert (last[1]["progress_percentage"], last[1]["credits_charged"]) == (100.0, 20)
    retried = await submit(world, member, created["id"])
    assert [each.job.job_id for each in retried.jobs] == [second.job.job_id], (
        "only what failed is tried again"
    )


@pytest.mark.integration
async def test_a_batch_that_costs_more_than_there_is_begins_nothing(world: World) -> None:
    member = await world.register(credits_=25)
    created = await create(world, member)
    answer = await world.client.post(f"/api/v1/batches/{created['id']}/process", headers=member.headers)
    assert (answer.status_code, answer.json()["required"], answer.json()["balance"]) == (402, 30, 25)
    assert (await batch(world, member, created["id"]))["counts"] == {"pending": 3}


@pytest.mark.integration
async def test_who_loses_the_race_for_the_last_credits_hears_of_it(world: World) -> None:
    member = await world.register()
    created = await create(world, member)
    asking = asyncio.create_task(
        world.client.post(f"/api/v1/batches/{created['id']}/process", headers=member.headers)
    )
    submitted: JobsSubmitted = await world.next_published(JobsSubmitted)
    error = JobError(code="insufficient_credits", message="too little", stage="billing")
    await world.tell(
        *(CreditsRejected(job=each.job, required=30, available=5, error=error) for each in submitted.jobs)
    )
    assert (await asking).status_code == 402
    assert (await batch(world, member, created["id"]))["status"] == "failed"


@pytest.mark.integration
async def test_cancelling_a_batch_cancels_whatever_has_not_ended(world: World) -> None:
    member = await world.register()
    created = await create(world, member)
    pending = await create(world, member, 1)
    gone = await world.client.post(f"/api/v1/batches/{pending['id']}/cancel", headers=member.headers)
    assert gone.json()["status"] == "cancelled"
    submitted = await submit(world, member, created["id"])
    done = JobEvents(submitted.jobs[0].job, submitted.jobs[0].spec, chunks=1)
    await world.tell(*done.whole_run())
    answer = await world.client.post(f"/api/v1/batches/{created['id']}/cancel", headers=member.headers)
    assert answer.status_code == 202
    for each in submitted.jobs[1:]:
        cancelled: JobCancelled = await world.next_published(JobCancelled)
        await world.tell(CreditsReleased(job=cancelled.job, amount=10, reason=ReleaseReason.CANCELLED))
        assert each.job.job_id
    assert (await batch(world, member, created["id"]))["counts"] == {"cancelled": 2, "completed": 1}


@pytest.mark.integration
async def test_the_last_of_two_that_end_at_once_tells_that_all_have_ended(world: World) -> None:
    member = await world.register()
    created = await create(world, member, 2)
    submitted = await submit(world, member, created["id"])
    await asyncio.gather(
        *(world.tell(*JobEvents(each.job, each.spec).whole_run()) for each in submitted.jobs)
    )
    async with world.database.transaction() as connection:
        kinds = await connection.fetch(
            "SELECT kind FROM job_events WHERE job_id = $1 ORDER BY seq", created["id"]
        )
    assert kinds[-1]["kind"] == "batch.ended"
    assert [row["kind"] for row in kinds].count("batch.ended") == 1


@pytest.mark.integration
async def test_a_deleted_job_is_no_part_of_its_batch_any_more(world: World) -> None:
    member = await world.register()
    created = await create(world, member, 2)
    for left, job in enumerate(created["jobs"]):
        deleted = await world.client.delete(f"/api/v1/jobs/{job['id']}", headers=member.headers)
        assert deleted.status_code == 204
        if left == 0:
            assert (await batch(world, member, created["id"]))["total"] == 1
    answer = await world.client.get(f"/api/v1/batches/{created['id']}", headers=member.headers)
    assert answer.status_code == 404


@pytest.mark.integration
async def test_a_batch_takes_every_kind_of_job(world: World) -> None:
    each = PRICES.kinds["video_translate"]
    kinds = ("video_translate", "audio_translate", "subtitles", "subtitle_translate")
    await world.publish_prices(PriceList(version="v2", kinds=dict.fromkeys(kinds, each)))
    member = await world.register(credits_=1000)
    sound = await world.add_file(member, media=media(sound=True), file_type=FileType.AUDIO)
    captions = await world.add_file(member, media=media(sound=False), file_type=FileType.SUBTITLE)
    podcast, text = {"file_id": str(sound.file_id)}, {"file_id": str(captions.file_id)}
    items = [
        await item(world, member, subtitle_file_id=str(captions.file_id)),
        await item(world, member, kind="audio_translate", **podcast),
        {"kind": "subtitles", "source_language": "en", **podcast},
        await item(world, member, kind="subtitle_translate", **text),
    ]
    answer = await world.client.post("/api/v1/batches", json={"items": items}, headers=member.headers)
    assert answer.status_code == 201, answer.text
    jobs = answer.json()["jobs"]
    assert [job["kind"] for job in jobs] == list(kinds)
    assert [job["target_languages"] for job in jobs] == [["es"], ["es"], ["en"], ["es"]]
    submitted = await submit(world, member, answer.json()["id"])
    assert [one.spec.kind.value for one in submitted.jobs] == list(kinds)
    for wrong in (
        {"kind": "audio_translate", "source_language": "en", **podcast},
        {"kind": "subtitles", "source_language": "auto", "preview": True, **podcast},
        {"kind": "subtitles", "source_language": "en", "target_languages": ["auto"], **podcast},
        {"kind": "video_generate", "source_language": "en", "target_language": "es", **podcast},
    ):
        refused = await world.client.post("/api/v1/batches", json={"items": [wrong]}, headers=member.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request"), wrong


@pytest.mark.integration
async def test_a_paid_preview_counts_for_one_job_of_a_batch(world: World) -> None:
    member = await world.register(credits_=1000)
    items = [await item(world, member)]
    items += [{**items[0]}, await item(world, member)]
    preview = await world.client.post(
        "/api/v1/jobs/video-translate/create", json={**items[0], "preview": True}, headers=member.headers
    )
    ref = await world.submit(member, preview.json()["id"])
    run = JobEvents(ref, chunks=1)
    run.spec = run.spec.model_copy(update={"target_languages": ("es",)})
    await world.tell(*run.whole_run()[1:])
    answer = await world.client.post("/api/v1/batches", json={"items": items}, headers=member.headers)
    assert [job["quote"]["counted"] for job in answer.json()["jobs"]] == [10, 0, 0]
    assert answer.json()["quote"] == 20
    submitted = await submit(world, member, answer.json()["id"])
    counted = [[(each.hold_id, each.language) for each in one.quote.previews] for one in submitted.jobs]
    assert counted == [[(ref.hold_id, "es")], [], []]
    assert [one.quote.credits for one in submitted.jobs] == [0, 10, 10]
    again = await world.client.post("/api/v1/batches", json={"items": items[:1]}, headers=member.headers)
    assert again.json()["jobs"][0]["quote"]["counted"] == 0, "the first at work has it"
