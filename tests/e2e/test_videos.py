"""Videos by a provider: found done by its call-back, by its record, by both; and each is paid for once."""

import asyncio
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from octavia_local.api import Api, ApiError
from octavia_simulator.orders import Hook, Orders

from .conftest import eventually
from .filming import API_KEY, PRICE, WELCOME, Film
from .ledger import assert_paid_once, assert_refunded_once, lines_of, verify_ledger

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

NEVER = "86400"
MODELS_OF_OWN_GPU = Path(str(files("octavia_videogen"))) / "models" / "openai-videos.toml"


def draw_picture(path: Path) -> None:
    source = ["-f", "lavfi", "-i", "testsrc2=size=640x360", "-frames:v", "1"]
    subprocess.run(["ffmpeg", "-v", "error", *source, str(path)], check=True)


async def completed(film: Film, user: Api, prompt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A video and its task at the provider: made once, paid for once, and its own clip."""
    [video] = await user.generate(prompt)
    done = await user.wait_video(video["id"], poll=0.1)
    assert done["status"] == "completed", done
    assert (done["progress"], done["credits_charged"]) == (100, PRICE)
    [task] = film.control.tasks_of(prompt)
    clip = await user.clip(video["id"])
    assert clip[4:8] == b"ftyp"
    assert clip.endswith(task["id"].encode()), "the clip of this very task"
    await assert_paid_once(user, done)
    return done, task


async def test_found_by_call_back_alone(film: Film) -> None:
    await asyncio.to_thread(film.videogen, VIDEO_POLL_SECONDS=NEVER)
    async with await film.user() as user:
        done, task = await completed(film, user, "a boat, by call-back")
        [sent] = task["sent"]
        assert (sent["hook"], sent["status"]) == ("honest", 200)
        assert sent["seconds"] < 5, "it is worked on afterwards"
        assert task["queries"] == 1, "the call-back is a hint: the record was read, once"
        poster = await user.http.get(f"/api/v1/videos/{done['id']}/thumbnail")
        assert poster.content[8:12] == b"WEBP"
        assert (await user.credits())["available"] == WELCOME - PRICE
    verify_ledger(film.platform)


async def test_found_by_polling_alone(film: Film) -> None:
    await asyncio.to_thread(film.videogen)
    film.order(Orders(after=()))
    async with await film.user() as user:
        _, task = await completed(film, user, "a boat, by polling")
        assert task["sent"] == []
        assert task["queries"] >= 1
    verify_ledger(film.platform)


async def test_found_by_both_at_once(film: Film) -> None:
    await asyncio.to_thread(film.videogen)
    film.order(Orders(after=(Hook.HONEST, Hook.DUPLICATE, Hook.DUPLICATE)))
    async with await film.user() as user:
        videos = await user.generate("a boat, by both", count=5)
        ended = await asyncio.gather(*(user.wait_video(video["id"]) for video in videos))
        assert [video["status"] for video in ended] == ["completed"] * 5
        for video in ended:
            await assert_paid_once(user, video)
        assert (await user.credits())["available"] == WELCOME - 5 * PRICE
        tasks = film.control.tasks_of("a boat, by both")
        assert len(tasks) == 5
        assert all(task["queries"] >= 1 for task in tasks)

        async def all_told() -> bool:
            sent = [each for task in film.control.tasks_of("a boat, by both") for each in task["sent"]]
            return len(sent) == 15 and {each["status"] for each in sent} == {200}

        await eventually(all_told)
    verify_ledger(film.platform)


async def test_of_two_batches_for_the_last_credits_one_is_held_whole(film: Film) -> None:
    await asyncio.to_thread(film.videogen)
    film.order(Orders(manual=True))
    async with await film.user() as user:
        prompts = [f"a boat of thirty, number {number}" for number in range(30)]

        async def ask() -> list[dict[str, Any]]:
            try:
                answer = await user.call("POST", "/api/v1/videos", json={"prompts": prompts})
            except ApiError as error:
                assert error.status == 402
                assert (error.problem["required"], error.problem["balance"]) == (3000, 2000)
                return []
            videos: list[dict[str, Any]] = answer["videos"]
            return videos

        # 5,000 credits hold fifty videos.
        first, second = await asyncio.gather(ask(), ask())
        held = first or second
        assert (len(first), len(second)) in ((30, 0), (0, 30))
        assert await user.credits() == {"available": 2000, "held": 3000, "total": 5000}
        reserved = [line for line in await user.history() if line["kind"] == "reserve"]
        assert {line["job_id"] for line in reserved} == {video["id"] for video in held}
        assert len(reserved) == 30
        for video in held:
            await user.call("POST", f"/api/v1/videos/{video['id']}/cancel")
        for video in held:
            assert (await user.wait_video(video["id"]))["status"] == "cancelled"
        assert (await user.credits())["available"] == WELCOME
    verify_ledger(film.platform)


async def test_a_picture_reaches_the_provider_by_an_address_that_it_can_read(
    film: Film, tmp_path: Path
) -> None:
    picture = tmp_path / "boat.png"
    draw_picture(picture)
    await asyncio.to_thread(film.videogen)
    async with await film.user() as user:
        file = await user.upload(picture, file_type="image")
        [video] = await user.generate("a boat of a picture", image_file_id=file["file_id"])
        done = await user.wait_video(video["id"])
        assert done["status"] == "completed", done
        await assert_paid_once(user, done)
    [task] = film.control.tasks_of("a boat of a picture")
    assert task["image"]["media_type"].startswith("image/")
    assert task["image"]["size"] > 1000
    assert "X-Amz-Signature" in task["request"]["input"]["image_urls"][0]


async def test_a_clip_that_the_provider_keeps_is_shown_until_it_is_gone_there(film: Film) -> None:
    await asyncio.to_thread(film.videogen, VIDEO_KEEP="provider", VIDEO_KEPT_CHECK_SECONDS="1")
    async with await film.user() as user:
        [video] = await user.generate("sim:expires=8 a boat on loan")
        done = await user.wait_video(video["id"], poll=0.1)
        assert done["status"] == "completed", done
        assert done["clip"]["size_bytes"] is None, "it is nowhere here"
        answer = await user.http.get(f"/api/v1/videos/{video['id']}/content")
        assert answer.status_code == 307
        clip = await user.http.get(answer.headers["Location"])
        assert clip.content[4:8] == b"ftyp"

        async def expired() -> bool:
            return (await user.video(video["id"]))["status"] == "expired"

        await eventually(expired)
        gone = await user.http.get(f"/api/v1/videos/{video['id']}/content")
        assert gone.status_code == 410
        await assert_paid_once(user, done)
    verify_ledger(film.platform)


@pytest.mark.slow
async def test_a_server_of_the_other_shape(film: Film) -> None:
    url = film.control.url
    await asyncio.to_thread(
        film.videogen,
        VIDEO_PROVIDER="openai-videos",
        OPENAI_VIDEOS_BASE_URL=url,
        OPENAI_VIDEOS_API_KEY=API_KEY,
        VIDEO_MODELS_FILE=str(MODELS_OF_OWN_GPU),
    )
    async with await film.user() as user:
        model = await eventually(lambda: _model_of(user, "openai-videos"))
        wishes = {"duration_seconds": model["durations_seconds"][0], "model": model["id"]}
        [done_one] = await user.generate("a boat on our own GPU", **wishes)
        [failing] = await user.generate("sim:fail a boat on our own GPU", **wishes)
        [cancelled] = await user.generate("sim:manual a boat on our own GPU", **wishes)
        done = await user.wait_video(done_one["id"])
        assert done["status"] == "completed", done["error_message"]
        assert await lines_of(user, done["id"]) == {"reserve": 1, "capture": 1}
        failed = await user.wait_video(failing["id"])
        assert failed["status"] == "failed"
        assert "refuses to show" in failed["error_message"]

        async def begun() -> bool:
            return bool(film.control.tasks_of("sim:manual a boat on our own GPU"))

        await eventually(begun)
        await user.call("POST", f"/api/v1/videos/{cancelled['id']}/cancel")
        assert (await user.wait_video(cancelled["id"]))["status"] == "cancelled"
        await assert_refunded_once(user, failed)
        await assert_refunded_once(user, cancelled)

        async def deleted() -> bool:
            return bool(film.control.tasks_of("sim:manual a boat on our own GPU")[0]["deleted"])

        await eventually(deleted)
    verify_ledger(film.platform)


async def _model_of(user: Api, provider: str) -> dict[str, Any] | None:
    found = await user.call("GET", "/api/v1/videos/models")
    if found["provider"] != provider:
        return None
    model: dict[str, Any] = found["models"][0]
    return model
