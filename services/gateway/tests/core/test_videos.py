"""Videos from the wish to the clip, with videogen and billing played by the test."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from octavia_common.documents import RemoteVideo
from octavia_common.events import (
    JobCancelled,
    JobError,
    JobFailed,
    ReleaseReason,
    VideosSubmitted,
    hold_id_of,
)
from octavia_gateway.files.models import FileMedia, FileType, VideoSummary

from .conftest import MakeWorld
from .filming import CATALOGUE, PROMPT, Making, ask, completed, film, video
from .world import Member, World

pytestmark = pytest.mark.integration

PATH = "/api/v1/videos"


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    world = await make_world()
    await world.tell(CATALOGUE)
    return world


@pytest.fixture
async def member(world: World) -> Member:
    return await world.register(credits_=1000)


async def post(world: World, member: Member, **body: Any) -> Any:
    return await world.client.post(PATH, json={"prompt": PROMPT, **body}, headers=member.headers)


async def test_a_whole_video(world: World, member: Member) -> None:
    asked, made = await film(world, member, style="anime", aspect_ratio="portrait")
    assert (asked["status"], asked["progress"], asked["credits"]) == ("pending", 0, 100)
    spec = made.requested.spec
    assert (spec.model, spec.aspect_ratio.value, spec.duration_seconds) == ("fast", "portrait", 5)
    assert spec.prompt.startswith(f"{PROMPT}. ")
    assert "anime" in spec.prompt.lower()
    assert spec.avoid
    assert made.job.hold_id == hold_id_of(UUID(asked["id"]), 1)
    seen = []
    for event in made.whole_run()[1:]:
        await world.tell(event)
        now = await video(world, member, made.id)
        seen.append((now["status"], now["progress"]))
        if now["status"] != "completed":
            assert (now["content"], now["clip"], now["urls"]) == (None, None, None)
    assert seen == [
        ("pending", 10),
        ("processing", 50),
        ("processing", 70),
        ("processing", 99),
        ("completed", 100),
    ]
    done = await video(world, member, made.id)
    assert (done["prompt"], done["style"], done["credits_charged"]) == (PROMPT, "anime", 100)
    assert (done["clip"]["width"], done["clip"]["height"]) == (1280, 720)
    assert done["content"] == f"{PATH}/{made.id}/content"
    assert done["urls"]["video"].startswith(f"fake://public/{made.artifact('clip', '').key}?")
    assert done["urls"]["expires_at"]


async def test_the_end_waits_for_billing_and_failure_tells_the_reason(world: World, member: Member) -> None:
    _, made = await film(world, member)
    await world.tell(made.released())
    failed = await video(world, member, made.id)
    assert (failed["status"], failed["error_code"]) == ("failed", "provider_failed")
    assert failed["error_message"] == failed["current_step"] == "The provider could not make it."
    assert failed["credits_charged"] is None


async def test_the_providers_reason_is_told_in_the_readers_language(world: World, member: Member) -> None:
    _, made = await film(world, member)
    released = made.released()
    error = JobError(code="video_provider_failed", message="It said: no boats.", stage="videogen")
    await world.tell(released.model_copy(update={"error": error}))
    answer = await world.client.get(f"{PATH}/{made.id}", headers={**member.headers, "Accept-Language": "vi"})
    assert answer.json()["error_message"].startswith("Nhà cung cấp không tạo được video")
    assert "It said: no boats." in answer.json()["error_message"]


async def test_an_idempotency_key_asks_once(world: World, member: Member) -> None:
    headers = {**member.headers, "Idempotency-Key": "k1"}
    asking = asyncio.create_task(world.client.post(PATH, json={"prompt": PROMPT}, headers=headers))
    submitted: VideosSubmitted = await world.next_published(VideosSubmitted)
    await world.tell(Making(submitted.videos[0]).reserved())
    first = await asking
    again = await world.client.post(PATH, json={"prompt": PROMPT}, headers=headers)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert await world.outbox() == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"prompt": " "}, 422, "invalid_request"),
        ({"prompt": "x\u202ey"}, 422, "invalid_request"),
        ({"prompts": ["x"]}, 422, "invalid_request"),
        ({"count": 11}, 422, "invalid_request"),
        ({"aspect_ratio": "round"}, 422, "invalid_request"),
        ({"duration_seconds": 10, "model": "fast"}, 422, "unsupported_video"),
        ({"aspect_ratio": "square", "model": "fast"}, 422, "unsupported_video"),
        ({"model": "nobody/knows"}, 422, "unknown_model"),
        ({"model": "sora-2-text-to-video"}, 422, "model_retired"),
        ({"style": "no-such"}, 422, "unknown_style"),
        ({"image_file_id": str(uuid4())}, 422, "unsupported_video"),
        ({"image_file_id": str(uuid4()), "model": "maker/fine-2.6"}, 404, "file_not_found"),
    ],
)
async def test_what_cannot_be_made_is_refused_and_nothing_begins(
    world: World, member: Member, body: dict[str, Any], status: int, code: str
) -> None:
    if body.get("image_file_id") and "model" not in body:
        body = {**body, "model": "fast"}
    answer = await post(world, member, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await world.outbox() == []
    if code == "model_retired":
        assert "maker/fine-2.6" in answer.json()["detail"]


async def test_before_the_models_are_known_nothing_can_be_asked_for(make_world: MakeWorld) -> None:
    world = await make_world()
    answer = await post(world, await world.register())
    assert (answer.status_code, answer.json()["code"]) == (503, "video_models_unknown")


async def test_a_batch_is_held_together_and_each_has_its_own_fate(world: World, member: Member) -> None:
    created, made = await ask(world, member, prompts=["one", "two", "three"])
    assert [one["prompt"] for one in created["videos"]] == ["one", "two", "three"]
    assert created["credits"] == 300
    assert len({one.job.hold_id for one in made}) == 3
    await world.tell(made[0].generated(), made[0].captured(), made[1].released())
    states = {one.id: (await video(world, member, one.id))["status"] for one in made}
    assert list(states.values()) == ["completed", "failed", "pending"]
    listed = await world.client.get(PATH, params={"batch_id": created["batch_id"]}, headers=member.headers)
    assert [one["prompt"] for one in listed.json()["items"]] == ["one", "two", "three"]


async def test_count_makes_as_many_of_one_prompt(world: World, member: Member) -> None:
    created, made = await ask(world, member, count=4)
    assert [one["prompt"] for one in created["videos"]] == [PROMPT] * 4
    assert len(made) == 4


async def test_fifty_of_the_longest_prompts_fit_into_one_request(world: World) -> None:
    member = await world.register(credits_=5000)
    longest = "🚣" * 2000
    created, made = await ask(world, member, prompts=[longest] * 50)
    assert (len(made), created["credits"]) == (50, 5000)
    assert {one["prompt"] for one in created["videos"]} == {longest}
    more = await world.client.post(PATH, json={"prompts": ["x"] * 51}, headers=member.headers)
    assert more.status_code == 422
    flood = await world.client.post(PATH, json={"prompts": ["x" * 800_000]}, headers=member.headers)
    assert (flood.status_code, flood.json()["code"]) == (413, "request_too_large")


async def test_too_few_credits_for_all_begin_none(world: World) -> None:
    member = await world.register(credits_=250)
    answer = await post(world, member, count=3)
    assert (answer.status_code, answer.json()["code"]) == (402, "insufficient_credits")
    assert (answer.json()["required"], answer.json()["balance"]) == (300, 250)
    assert await world.outbox() == []


async def test_who_loses_the_race_for_the_last_credits_hears_402_and_keeps_nothing(
    world: World, member: Member
) -> None:
    asking = asyncio.create_task(post(world, member, count=2))
    submitted: VideosSubmitted = await world.next_published(VideosSubmitted)
    await world.tell(*(Making(one).rejected() for one in submitted.videos))
    answer = await asking
    assert (answer.status_code, answer.json()["code"]) == (402, "insufficient_credits")
    listed = await world.client.get(PATH, headers=member.headers)
    assert listed.json()["items"] == []


async def test_a_picture_that_a_video_begins_with(world: World, member: Member) -> None:
    picture = await world.add_file(
        member,
        file_type=FileType.IMAGE,
        filename="boat.png",
        media_type="image/png",
        media=FileMedia(container="png_pipe", video=VideoSummary(codec="png", width=640, height=480)),
    )
    asked, made = await film(world, member, image_file_id=str(picture.file_id))
    assert (asked["task"], asked["model"]) == ("image_to_video", "maker/fine-2.6")
    assert made.requested.spec.image == picture.artifact
    talk = await world.add_file(member)
    refused = await post(world, member, image_file_id=str(talk.file_id))
    assert (refused.status_code, refused.json()["code"]) == (422, "unusable_picture")
    kept = await world.client.delete(f"/api/v1/files/{picture.file_id}", headers=member.headers)
    assert (kept.status_code, kept.json()["code"]) == (409, "file_in_use")


async def test_cancelling_ends_when_billing_says_so(world: World, member: Member) -> None:
    _, made = await film(world, member)
    asking = asyncio.create_task(world.client.post(f"{PATH}/{made.id}/cancel", headers=member.headers))
    cancelled: JobCancelled = await world.next_published(JobCancelled)
    assert cancelled.job == made.job
    await world.tell(made.released(ReleaseReason.CANCELLED))
    answer = await asking
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    again = await world.client.post(f"{PATH}/{made.id}/cancel", headers=member.headers)
    assert again.status_code == 202
    done = await completed(world, member)
    late = await world.client.post(f"{PATH}/{done.id}/cancel", headers=member.headers)
    assert (late.status_code, late.json()["code"]) == (409, "video_not_cancellable")


async def test_a_video_that_failed_is_tried_again_on_a_hold_of_its_own(world: World, member: Member) -> None:
    _, made = await film(world, member)
    early = await world.client.post(f"{PATH}/{made.id}/retry", headers=member.headers)
    assert (early.status_code, early.json()["code"]) == (409, "video_not_retryable")
    await world.tell(made.generating(), made.released())
    asking = asyncio.create_task(world.client.post(f"{PATH}/{made.id}/retry", headers=member.headers))
    submitted: VideosSubmitted = await world.next_published(VideosSubmitted)
    second = Making(submitted.videos[0])
    assert (second.id, second.job.hold_id) == (made.id, hold_id_of(made.id, 2))
    await world.tell(second.reserved())
    answer = await asking
    assert (answer.status_code, answer.json()["attempt"], answer.json()["progress"]) == (202, 2, 0)
    # What the first run still says changes nothing of the second.
    await world.tell(made.generating(90), made.captured(), made.released())
    assert (await video(world, member, made.id))["status"] == "pending"
    await world.tell(second.generated(), second.captured())
    assert (await video(world, member, made.id))["status"] == "completed"


async def test_a_success_after_the_release_is_kept_for_audit_and_shown_to_nobody(
    world: World, member: Member
) -> None:
    _, first = await film(world, member)
    await world.tell(first.released(), first.generated())
    shown = await video(world, member, first.id)
    assert (shown["status"], shown["clip"], shown["content"]) == ("failed", None, None)
    async with world.database.transaction() as connection:
        late = await connection.fetch("SELECT * FROM late_videos")
        keys = await connection.fetch("SELECT key FROM job_artifacts WHERE job_id = $1", first.id)
    assert [row["hold_id"] for row in late] == [first.job.hold_id]
    assert {row["key"] for row in keys} == {first.artifact("clip", "").key, first.artifact("poster", "").key}


async def test_the_list_filters_searches_and_goes_on(world: World, member: Member) -> None:
    for prompt in ("a red BOAT", "a blue boat", "a cat 100%"):
        await film(world, member, prompt=prompt)
    done = await completed(world, member, prompt="Đà Nẵng về đêm", style="anime")

    async def prompts(**query: Any) -> list[str]:
        answer = await world.client.get(PATH, params=query, headers=member.headers)
        assert answer.status_code == 200, answer.text
        return [one["prompt"] for one in answer.json()["items"]]

    assert await prompts(q="boat") == ["a blue boat", "a red BOAT"]
    assert await prompts(q="đà nẵng") == ["Đà Nẵng về đêm"]
    assert await prompts(q="%") == ["a cat 100%"]
    assert await prompts(status="completed") == ["Đà Nẵng về đêm"]
    assert await prompts(style="anime") == ["Đà Nẵng về đêm"]
    assert await prompts(status=["pending", "completed"], limit=2) == ["Đà Nẵng về đêm", "a cat 100%"]
    first = (await world.client.get(PATH, params={"limit": 3}, headers=member.headers)).json()
    rest = await prompts(limit=3, cursor=first["next_cursor"])
    assert rest == ["a red BOAT"]
    assert first["items"][0]["id"] == str(done.id)


async def test_streams_tell_of_videos(world: World, member: Member) -> None:
    _, made = await film(world, member)
    async with (
        world.follow(member, f"{PATH}/{made.id}/events") as own,
        world.follow(member, "/api/v1/events") as every,
    ):
        first = await own.next()
        assert first is not None
        assert (first[0], first[1]["status"]) == ("video.updated", "pending")
        await asyncio.sleep(0.2)  # the other stream begins with what comes next
        for event in made.whole_run()[1:]:
            await world.tell(event)
        seen = await own.rest()
        assert [(kind, body["progress"]) for kind, body in seen] == [
            ("video.updated", 10),
            ("video.updated", 50),
            ("video.updated", 70),
            ("video.updated", 99),
            ("video.completed", 100),
        ]
        assert "urls" in seen[-1][1]
        assert seen[-1][1]["urls"] is None
        for expected in seen:
            assert await every.next() == expected
    answer = await world.client.get(
        f"{PATH}/{made.id}/events", headers={**member.headers, "Last-Event-ID": own.last_id or ""}
    )
    assert answer.status_code == 204


async def test_deleting_can_be_undone(world: World, member: Member) -> None:
    made = await completed(world, member)
    _, running = await film(world, member)
    busy = await world.client.delete(f"{PATH}/{running.id}", headers=member.headers)
    assert (busy.status_code, busy.json()["code"]) == (409, "video_running")
    assert (await world.client.delete(f"{PATH}/{made.id}", headers=member.headers)).status_code == 204
    listed = (await world.client.get(PATH, headers=member.headers)).json()["items"]
    assert [one["id"] for one in listed] == [str(running.id)]
    put_away = (await world.client.get(PATH, params={"deleted": True}, headers=member.headers)).json()[
        "items"
    ]
    assert [one["id"] for one in put_away] == [str(made.id)]
    restored = await world.client.post(f"{PATH}/{made.id}/restore", headers=member.headers)
    assert (restored.status_code, restored.json()["deleted_at"]) == (200, None)
    assert restored.json()["urls"]["video"]


async def test_what_can_be_asked_for_is_told_with_prices(world: World, member: Member) -> None:
    models = (await world.client.get(f"{PATH}/models", headers=member.headers)).json()
    assert (models["provider"], models["retired"]) == ("test", ["sora-2-text-to-video"])
    assert [model["id"] for model in models["models"]] == ["fast", "maker/fine-2.6"]
    assert models["models"][1]["prices"] == [
        {"duration_seconds": 5, "credits": 100},
        {"duration_seconds": 10, "credits": 150},
    ]
    styles = (
        await world.client.get(f"{PATH}/styles", headers={**member.headers, "Accept-Language": "vi"})
    ).json()["styles"]
    assert {"id", "name", "text", "avoid"} == set(styles[0])
    assert "Điện ảnh" in [style["name"] for style in styles]


async def test_how_many_a_user_may_ask_for_is_limited(make_world: MakeWorld) -> None:
    world = await make_world(video_rate="3/hour")
    await world.tell(CATALOGUE)
    member = await world.register(credits_=1000)
    await ask(world, member, count=2)
    answer = await post(world, member, count=2)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) > 1000
    # What was refused used nothing up.
    await ask(world, member, count=1)
    assert (await post(world, member)).status_code == 429


async def test_the_clip_and_its_poster_are_served_once_paid(world: World, member: Member) -> None:
    _, running = await film(world, member)
    early = await world.client.get(f"{PATH}/{running.id}/content", headers=member.headers)
    assert (early.status_code, early.json()["code"]) == (409, "video_not_ready")
    made = await completed(world, member, prompt="Phố / đêm")
    whole = await world.client.get(f"{PATH}/{made.id}/content", headers=member.headers)
    assert (whole.status_code, whole.content) == (200, b"0123456789")
    assert "filename*=UTF-8''Ph%E1%BB%91%20%C4%91%C3%AAm.mp4" in whole.headers["content-disposition"]
    part = await world.client.get(
        f"{PATH}/{made.id}/content", headers={**member.headers, "Range": "bytes=2-4"}
    )
    assert (part.status_code, part.content) == (206, b"234")
    poster = await world.client.get(f"{PATH}/{made.id}/thumbnail", headers=member.headers)
    assert (poster.status_code, poster.headers["content-type"]) == (200, "image/webp")
    await world.client.delete(f"{PATH}/{made.id}", headers=member.headers)
    gone = await world.client.get(f"{PATH}/{made.id}/content", headers=member.headers)
    assert (gone.status_code, gone.json()["code"]) == (409, "video_deleted")


async def test_a_clip_that_its_provider_keeps_is_pointed_at_until_it_is_gone(
    world: World, member: Member
) -> None:
    _, made = await film(world, member)
    where = RemoteVideo(url="https://cdn.example.org/clip.mp4")
    document = await world.store.write_document(made.artifact("clip", "").key, where)
    await world.tell(made.generated(video=document, poster=None, kept_by_provider=True), made.captured())
    shown = await video(world, member, made.id)
    assert shown["urls"] == {"video": where.url, "poster": None, "expires_at": None}
    answer = await world.client.get(f"{PATH}/{made.id}/content", headers=member.headers)
    assert (answer.status_code, answer.headers["location"]) == (307, where.url)
    missing = await world.client.get(f"{PATH}/{made.id}/thumbnail", headers=member.headers)
    assert (missing.status_code, missing.json()["code"]) == (404, "poster_not_found")
    await world.tell(made.expired())
    shown = await video(world, member, made.id)
    assert (shown["status"], shown["clip"], shown["credits_charged"]) == ("expired", None, 100)
    answer = await world.client.get(f"{PATH}/{made.id}/content", headers=member.headers)
    assert (answer.status_code, answer.json()["code"]) == (410, "video_expired")


async def test_what_passes_its_deadline_fails_once(make_world: MakeWorld) -> None:
    world = await make_world(video_deadline_seconds=0.01)
    await world.tell(CATALOGUE)
    member = await world.register()
    _, made = await film(world, member)
    deadlines = world.replicas[0].gateway.resources.videos.deadlines
    assert await deadlines.sweep() == [made.id]
    assert await deadlines.sweep() == []
    failed: JobFailed = await world.next_published(JobFailed)
    assert (failed.job, failed.error.code) == (made.job, "timed_out")
