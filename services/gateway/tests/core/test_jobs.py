"""Jobs from creation to their end, with the other services played by the test."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from octavia_common.events import (
    CreditsRejected,
    EntryKind,
    JobCancelled,
    JobError,
    JobSubmitted,
    ReleaseReason,
    hold_id_of,
)
from octavia_common.pricing import KindPrice, PriceList, PriceTier
from octavia_gateway.files.models import AudioSummary, FileMedia, FileType, VideoSummary

from .events import JobEvents
from .world import Member, World

pytestmark = pytest.mark.integration

CREATE = "/api/v1/jobs/video-translate/create"


async def test_a_new_job_is_pending_and_quoted_and_nothing_is_held(world: World) -> None:
    member = await world.register()
    job = await world.create_job(member, target_language=None, target_languages=["es", "fr", "es"])
    assert (job["status"], job["phase"], job["progress_percentage"]) == ("pending", "PENDING", 0)
    assert job["quote"]["credits"] == 20
    assert job["target_languages"] == ["es", "fr"]
    assert await world.outbox() == []


async def test_a_whole_job(world: World) -> None:
    member = await world.register()
    created = await world.create_job(member)
    ref = await world.submit(member, created["id"])
    assert ref.hold_id == hold_id_of(UUID(created["id"]), 1)
    assert (await world.job(member, created["id"]))["phase"] == "TRANSCRIBING"
    made = JobEvents(ref, chunks=2)
    made.spec = made.spec.model_copy(update={"target_languages": ("es",)})
    seen = []
    for event in made.whole_run()[1:]:
        await world.tell(event)
        seen.append((await world.job(member, created["id"]))["progress_percentage"])
    assert seen == sorted(seen)
    job = await world.job(member, created["id"])
    assert (job["status"], job["phase"], job["progress_percentage"]) == ("completed", "COMPLETED", 100)
    assert job["credits_charged"] == 10
    assert job["output_file"] == f"/api/v1/jobs/{job['id']}/download?language=es"
    assert job["started_at"] is not None
    assert job["finished_at"] is not None
    again = await world.client.post(f"/api/v1/jobs/{job['id']}/process", headers=member.headers)
    assert (again.status_code, again.json()["code"]) == (409, "job_not_processable")


async def test_events_of_all_topics_in_any_order_and_twice_end_alike(world: World) -> None:
    member = await world.register()
    created = await world.create_job(member)
    ref = await world.submit(member, created["id"])
    made = JobEvents(ref, chunks=3)
    made.spec = made.spec.model_copy(update={"target_languages": ("es",)})
    events = made.whole_run()
    await world.tell(*events[::-1])
    await world.tell(*events)
    job = await world.job(member, created["id"])
    assert job["status"] == "completed"


async def test_nothing_can_be_seen_of_results_before_the_job_is_paid(world: World) -> None:
    member = await world.register()
    created = await world.create_job(member)
    ref = await world.submit(member, created["id"])
    made = JobEvents(ref, chunks=0)
    await world.tell(made.planned(), made.assembled("es"))
    job = await world.job(member, created["id"])
    assert (job["status"], job["output_file"], job["outputs"]) == ("processing", None, [])
    await world.tell(made.captured())
    assert (await world.job(member, created["id"]))["output_file"] is not None


async def test_too_little_balance_is_told_before_anything_runs(world: World) -> None:
    member = await world.register(credits_=9)
    job = await world.create_job(member)
    answer = await world.client.post(f"/api/v1/jobs/{job['id']}/process", headers=member.headers)
    assert answer.status_code == 402
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["balance"], problem["required"]) == ("insufficient_credits", 9, 10)
    assert await world.outbox() == []
    assert (await world.job(member, job["id"]))["status"] == "pending"


async def test_who_loses_the_race_for_the_last_credits_hears_402_and_can_try_again(world: World) -> None:
    member = await world.register(credits_=10)
    job = await world.create_job(member)
    asking = asyncio.create_task(
        world.client.post(f"/api/v1/jobs/{job['id']}/process", headers=member.headers)
    )
    submitted: JobSubmitted = await world.next_published(JobSubmitted)
    error = JobError(code="insufficient_credits", message="Not enough credits.", stage="billing")
    await world.tell(
        world.line(member.user_id, EntryKind.RESERVE, -10, after=0, held=10),
        CreditsRejected(job=submitted.job, required=10, available=0, error=error),
    )
    answer = await asking
    assert answer.status_code == 402
    assert (answer.json()["balance"], answer.json()["required"]) == (0, 10)
    assert (await world.job(member, job["id"]))["status"] == "failed"
    await world.tell(world.line(member.user_id, EntryKind.RELEASE, 10, after=10))
    second = await world.submit(member, job["id"])
    assert second.hold_id == hold_id_of(UUID(job["id"]), 2)


async def test_billing_that_is_slow_leaves_the_job_queued(world: World) -> None:
    member = await world.register()
    job = await world.create_job(member)
    answer = await world.client.post(f"/api/v1/jobs/{job['id']}/process", headers=member.headers)
    assert answer.status_code == 202
    assert answer.json() == {"task_id": str(hold_id_of(UUID(job["id"]), 1)), "status": "queued"}
    assert (await world.job(member, job["id"]))["status"] == "queued"


async def test_a_failed_job_is_failed_once_its_credits_are_back_and_can_be_tried_again(world: World) -> None:
    member = await world.register()
    created = await world.create_job(member)
    first = JobEvents(await world.submit(member, created["id"]))
    await world.tell(first.planned(), first.released())
    job = await world.job(member, created["id"])
    assert (job["status"], job["error_code"]) == ("failed", "unusable_media")
    assert job["error_message"] == "The file is broken."
    second = await world.submit(member, created["id"])
    assert second.hold_id != first.job.hold_id
    # What is late of the first run changes nothing of the second.
    await world.tell(first.captured(), first.assembled("es"), first.released(ReleaseReason.CANCELLED))
    job = await world.job(member, created["id"])
    assert (job["status"], job["attempt"], job["error_message"]) == ("processing", 2, None)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4, 5])
async def test_cancel_in_every_phase(world: World, steps: int) -> None:
    member = await world.register()
    created = await world.create_job(member)
    ref = await world.submit(member, created["id"])
    made = JobEvents(ref, chunks=1)
    made.spec = made.spec.model_copy(update={"target_languages": ("es",)})
    await world.tell(*made.whole_run()[1 : 1 + steps])
    asking = asyncio.create_task(
        world.client.post(f"/api/v1/jobs/{created['id']}/cancel", headers=member.headers)
    )
    cancelled: JobCancelled = await world.next_published(JobCancelled)
    assert cancelled.job.hold_id == ref.hold_id
    await world.tell(made.released(ReleaseReason.CANCELLED))
    answer = await asking
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    again = await world.client.post(f"/api/v1/jobs/{created['id']}/cancel", headers=member.headers)
    assert again.status_code == 202
    assert await world.outbox() == []
    await world.tell(*made.whole_run())
    assert (await world.job(member, created["id"]))["status"] == "cancelled"


async def test_cancel_before_processing_ends_the_job_at_once(world: World) -> None:
    member = await world.register()
    created = await world.create_job(member)
    answer = await world.client.post(f"/api/v1/jobs/{created['id']}/cancel", headers=member.headers)
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert await world.outbox() == []


async def test_cancel_that_comes_too_late(world: World) -> None:
    member = await world.register()
    created = await world.create_job(member)
    made = JobEvents(await world.submit(member, created["id"]), chunks=0)
    asking = asyncio.create_task(
        world.client.post(f"/api/v1/jobs/{created['id']}/cancel", headers=member.headers)
    )
    await world.next_published(JobCancelled)
    await world.tell(made.assembled("es"), made.captured())
    assert (await asking).json()["status"] == "completed"
    again = await world.client.post(f"/api/v1/jobs/{created['id']}/cancel", headers=member.headers)
    assert again.status_code == 202  # it was asked for before: no error, and still completed
    other = await world.create_job(member)
    done = JobEvents(await world.submit(member, other["id"]), chunks=0)
    await world.tell(done.assembled("es"), done.captured())
    late = await world.client.post(f"/api/v1/jobs/{other['id']}/cancel", headers=member.headers)
    assert (late.status_code, late.json()["code"]) == (409, "job_not_cancellable")


async def test_delete_removes_the_files_made_for_the_job_alone(world: World) -> None:
    member = await world.register()
    created = await world.create_job(member)
    ref = await world.submit(member, created["id"])
    made = JobEvents(ref, chunks=1)
    made.spec = made.spec.model_copy(update={"target_languages": ("es",)})
    running = await world.client.delete(f"/api/v1/jobs/{created['id']}", headers=member.headers)
    assert (running.status_code, running.json()["code"]) == (409, "job_running")
    prefix = f"users/{member.user_id}/artifacts/stage/"
    keys = [f"{prefix}{name}" for name in ("plan", "transcript-0", "speech-0-es", "media-es", "result-es")]
    for key in (*keys, f"{prefix}of-another-job", f"users/{member.user_id}/uploads/source"):
        await world.store.write(key, b"x", "video/mp4")
    await world.tell(*made.whole_run())
    gone = await world.client.delete(f"/api/v1/jobs/{created['id']}", headers=member.headers)
    assert gone.status_code == 204
    assert sorted(world.store.objects) == [
        f"{prefix}of-another-job",
        f"users/{member.user_id}/uploads/source",
    ]
    assert (
        await world.client.get(f"/api/v1/jobs/{created['id']}", headers=member.headers)
    ).status_code == 404
    assert (await world.client.get("/api/v1/jobs", headers=member.headers)).json()["items"] == []


async def test_what_comes_late_for_a_deleted_job_is_removed_too(world: World) -> None:
    member = await world.register()
    created = await world.create_job(member)
    made = JobEvents(await world.submit(member, created["id"]), chunks=1)
    await world.tell(made.released())
    await world.client.delete(f"/api/v1/jobs/{created['id']}", headers=member.headers)
    key = f"users/{member.user_id}/artifacts/stage/speech-0-es"
    await world.store.write(key, b"x", "audio/flac")
    await world.tell(made.synthesized(0, "es"))
    await world.replicas[0].gateway.housekeeping.round()
    assert key not in world.store.objects


async def test_the_list_is_newest_first_filtered_and_paged(world: World) -> None:
    member, other = await world.register(), await world.register()
    ids = [(await world.create_job(member))["id"] for _ in range(5)]
    await world.create_job(other)
    await world.client.post(f"/api/v1/jobs/{ids[1]}/cancel", headers=member.headers)
    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await world.client.get("/api/v1/jobs", params=params, headers=member.headers)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    filtered = await world.client.get(
        "/api/v1/jobs", params={"status": "cancelled", "kind": "video_translate"}, headers=member.headers
    )
    assert [item["id"] for item in filtered.json()["items"]] == [ids[1]]
    none = await world.client.get("/api/v1/jobs", params={"kind": "subtitles"}, headers=member.headers)
    assert none.json()["items"] == []
    bad = await world.client.get("/api/v1/jobs", params={"cursor": "x"}, headers=member.headers)
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid_cursor")


async def test_foreign_things_are_not_found(world: World) -> None:
    owner, other = await world.register(), await world.register()
    job = await world.create_job(owner)
    file = await world.add_file(owner)
    for method, path in (
        ("GET", f"/api/v1/jobs/{job['id']}"),
        ("POST", f"/api/v1/jobs/{job['id']}/process"),
        ("POST", f"/api/v1/jobs/{job['id']}/cancel"),
        ("DELETE", f"/api/v1/jobs/{job['id']}"),
        ("GET", f"/api/v1/jobs/{job['id']}/events"),
        ("GET", f"/api/v1/jobs/{uuid4()}"),
    ):
        answer = await world.client.request(method, path, headers=other.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found"), path
    body = {"file_id": str(file.file_id), "source_language": "en", "target_language": "es"}
    answer = await world.client.post(CREATE, json=body, headers=other.headers)
    assert answer.status_code == 404


async def _create(world: World, member: Member, **changes: object) -> tuple[int, str]:
    file = await world.add_file(member)
    body = {"file_id": str(file.file_id), "source_language": "en", "target_language": "es", **changes}
    answer = await world.client.post(CREATE, json=body, headers=member.headers)
    return answer.status_code, answer.json()["code"]


async def test_what_cannot_be_done_is_refused_at_create(world: World) -> None:
    member = await world.register()
    assert await _create(world, member, target_language="ja") == (422, "unsupported_language")
    assert await _create(world, member, target_languages=["es"]) == (422, "invalid_request")
    assert await _create(world, member, target_language=None) == (422, "invalid_request")
    assert await _create(world, member, storage_path="users/x") == (422, "storage_path_mismatch")
    assert await _create(world, member, nonsense=1) == (422, "invalid_request")
    silent = FileMedia(
        duration_seconds=1, container="mp4", video=VideoSummary(codec="h264", width=1, height=1), audio=()
    )
    mute = await world.add_file(member, media=silent)
    assert await _create(world, member, file_id=str(mute.file_id)) == (422, "no_audio")
    picture = await world.add_file(member, file_type=FileType.IMAGE)
    assert await _create(world, member, file_id=str(picture.file_id)) == (422, "wrong_file_type")


async def test_sound_is_a_job_of_its_own_kind(world: World) -> None:
    member = await world.register()
    prices = {
        kind: KindPrice(tiers=(PriceTier(limit_seconds=None, credits=7),)) for kind in ("audio_translate",)
    }
    await world.publish_prices(PriceList(version="v3", kinds=prices))
    media = FileMedia(
        duration_seconds=40.0,
        container="mp3",
        video=None,
        audio=(AudioSummary(codec="mp3", channels=2, sample_rate=44100),),
    )
    podcast = await world.add_file(member, file_type=FileType.AUDIO, media=media, filename="podcast.mp3")
    film = await world.add_file(member)
    asked = {"source_language": "en", "target_language": "es"}
    path = "/api/v1/jobs/audio-translate/create"
    made = await world.client.post(
        path, json={**asked, "file_id": str(podcast.file_id)}, headers=member.headers
    )
    assert (made.status_code, made.json()["kind"], made.json()["quote"]["credits"]) == (
        201,
        "audio_translate",
        7,
    )
    wrong = await world.client.post(
        path, json={**asked, "file_id": str(film.file_id)}, headers=member.headers
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_file_type")
    assert await _create(world, member, file_id=str(podcast.file_id)) == (422, "wrong_file_type")


async def test_the_quote_is_by_length_and_a_dearer_price_is_asked_about(world: World) -> None:
    member = await world.register(credits_=1000)
    job = await world.create_job(member)
    tiers = (PriceTier(limit_seconds=None, credits=15),)
    dearer = PriceList(version="v2", kinds={"video_translate": KindPrice(tiers=tiers)})
    await world.publish_prices(dearer)
    first = await world.client.post(f"/api/v1/jobs/{job['id']}/process", headers=member.headers)
    assert (first.status_code, first.json()["code"]) == (409, "quote_changed")
    assert (first.json()["quoted"], first.json()["required"]) == (10, 15)
    assert await world.outbox() == []
    await world.submit(member, job["id"])
    assert (await world.job(member, job["id"]))["quote"] == {
        "credits": 15,
        "price_version": "v2",
        "counted": 0,
    }


async def test_overdue_and_silent_jobs_are_given_up_once_by_whichever_replica(world: World) -> None:
    from octavia_common.events import JobFailed

    member = await world.register(credits_=1000)
    await world.add_replica()
    overdue, silent, busy = [
        await world.submit(member, (await world.create_job(member))["id"]) for _ in range(3)
    ]
    pending = await world.create_job(member)
    async with world.database.transaction() as connection:
        await connection.execute(
            "UPDATE jobs SET deadline_at = now() - interval '1 second' WHERE job_id = $1", overdue.job_id
        )
        await connection.execute(
            "UPDATE jobs SET heard_at = now() - $2::interval WHERE job_id = $1",
            silent.job_id,
            timedelta(seconds=world.settings.stall_seconds + 1),
        )
    swept = await asyncio.gather(*(one.gateway.deadlines.sweep() for one in world.replicas))
    assert sorted(job for one in swept for job in one) == sorted([overdue.job_id, silent.job_id])
    failures = [event for event in await world.outbox() if isinstance(event, JobFailed)]
    assert {(event.job.job_id, event.error.code) for event in failures} == {
        (overdue.job_id, "timed_out"),
        (silent.job_id, "stalled"),
    }
    assert await world.replicas[0].gateway.deadlines.sweep() == []
    assert (await world.job(member, str(busy.job_id)))["status"] == "processing"
    assert (await world.job(member, pending["id"]))["status"] == "pending"
