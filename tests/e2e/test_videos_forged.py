"""Call-backs that no provider sent, and endings that come too late: nothing changes, all is counted."""

import asyncio
import json
import time
from typing import Any

import pytest
from octavia_local.api import Api
from octavia_simulator.hooks import letters
from octavia_simulator.orders import Ending, Hook, Orders
from octavia_simulator.record import record_of
from octavia_simulator.tasks import Task, Wish

from .conftest import ADMIN, eventually
from .filming import PRICE, WEBHOOK_KEY, WELCOME, Film
from .ledger import assert_paid_once, lines_of, verify_ledger

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

# What the gateway answers, and counts it as.
REFUSED = {
    Hook.WRONG_TOKEN: (404, "token"),
    Hook.WRONG_SIGNATURE: (401, "signature"),
    Hook.UNSIGNED: (401, "unsigned"),
    Hook.STALE: (401, "stale"),
    Hook.TWO_IDS: (422, "malformed"),
    Hook.NOT_JSON: (422, "malformed"),
    Hook.WRONG_TYPE: (415, "type"),
    Hook.HUGE: (413, "size"),
}


@pytest.fixture(autouse=True)
def _usual(film: Film) -> None:
    film.videogen()


async def begun(film: Film, user: Api, prompt: str, **wishes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A video that is being generated until somebody ends it, and its task."""
    [video] = await user.generate(f"sim:manual {prompt}", **wishes)

    async def generating() -> bool:
        return (await user.video(video["id"]))["status"] == "processing"

    await eventually(generating)
    [task] = film.control.tasks_of(prompt)
    return video, task


async def test_what_is_wrong_is_refused_and_counted(film: Film) -> None:
    async with await film.user() as user:
        video, task = await begun(film, user, "a boat of strangers")
        before = film.refusals()
        for hook, (status, outcome) in REFUSED.items():
            [sent] = film.control.call_back(task["id"], hook)
            assert sent["status"] == status, hook
            counted = film.refusals()
            assert counted[outcome] == before[outcome] + 1, hook
            before = counted
        await assert_untouched(film, user, video)
        film.control.end(task["id"])
        done = await user.wait_video(video["id"])
        assert done["status"] == "completed"
        await assert_paid_once(user, done)
    verify_ledger(film.platform)


async def test_a_right_signature_over_a_changed_body_is_believed_no_further_than_the_record(
    film: Film,
) -> None:
    async with await film.user() as user:
        video, task = await begun(film, user, "a boat of forgers")
        for hook in (Hook.FORGED_SUCCESS, Hook.FORGED_FAIL, Hook.FORGED_TASK):
            queries = _task(film, task["id"])["queries"]
            [sent] = film.control.call_back(task["id"], hook)
            assert sent["status"] == 200
            await eventually(lambda queries=queries: _asked_again(film, task["id"], queries))
        await assert_untouched(film, user, video)
        film.control.end(task["id"])
        done = await user.wait_video(video["id"])
        assert done["status"] == "completed", "a forged failure ends nothing"
        assert (await user.clip(video["id"])).endswith(task["id"].encode()), "nobody else's clip"
        await assert_paid_once(user, done)
    verify_ledger(film.platform)


async def test_a_replay_of_an_honest_call_back_pays_nothing_again(film: Film) -> None:
    async with await film.user() as user:
        video, task = await begun(film, user, "a boat that comes again")
        film.control.end(task["id"])
        done = await user.wait_video(video["id"])
        assert done["status"] == "completed"
        before = film.refusals()["repeated"]
        for _ in range(5):
            [sent] = film.control.call_back(task["id"], Hook.DUPLICATE)
            assert sent["status"] == 200
        assert film.refusals()["repeated"] >= before + 5
        await asyncio.sleep(1)
        await assert_paid_once(user, done)
        assert (await user.credits())["available"] == WELCOME - PRICE
    verify_ledger(film.platform)


async def test_an_address_without_a_token_wants_a_right_signature(film: Film) -> None:
    async with await film.user() as user:
        video, task = await begun(film, user, "a boat without a token")
        url = f"{film.platform.url}/api/video-callback"
        for hook, status in ((Hook.UNSIGNED, 401), (Hook.WRONG_SIGNATURE, 401), (Hook.HONEST, 200)):
            [letter] = letters(hook, url, _record(task), WEBHOOK_KEY, int(time.time()))
            answer = await user.http.post(letter.url, headers=letter.headers, content=letter.body)
            assert answer.status_code == status, (hook, answer.text)
        await assert_untouched(film, user, video)
        await user.call("POST", f"/api/v1/videos/{video['id']}/cancel")
        assert (await user.wait_video(video["id"]))["status"] == "cancelled"
    verify_ledger(film.platform)


async def test_a_success_after_the_release_charges_nothing_and_is_kept_for_audit(film: Film) -> None:
    async with await film.user() as user:
        video, task = await begun(film, user, "a boat that is late", model="hasty")
        failed = await user.wait_video(video["id"])
        assert (failed["status"], failed["error_code"]) == ("failed", "video_too_late")
        assert await lines_of(user, video["id"]) == {"reserve": 1, "release": 1}
        film.control.end(task["id"])
        async with Api(film.platform.url) as admin:
            await admin.register(ADMIN)

            async def seen_by_the_administrator() -> bool:
                found = await admin.call("GET", "/api/v1/admin/videos", params={"late": "true"})
                return video["id"] in json.dumps(found)

            await eventually(seen_by_the_administrator)
        assert await lines_of(user, video["id"]) == {"reserve": 1, "release": 1}
        assert (await user.video(video["id"]))["status"] == "failed"
        assert (await user.credits()) == {"available": WELCOME, "held": 0, "total": WELCOME}
    verify_ledger(film.platform)


async def assert_untouched(film: Film, user: Api, video: dict[str, Any]) -> None:
    """Still being made, and still held."""
    now = await user.video(video["id"])
    assert now["status"] == "processing", now
    assert await lines_of(user, video["id"]) == {"reserve": 1}
    assert (await user.credits())["held"] == PRICE


async def _asked_again(film: Film, task_id: str, queries: int) -> bool:
    return int(_task(film, task_id)["queries"]) > queries


def _task(film: Film, task_id: str) -> dict[str, Any]:
    [task] = [task for task in film.control.tasks() if task["id"] == task_id]
    return task


def _record(task: dict[str, Any]) -> dict[str, Any]:
    """The record as the provider would put it into a call-back."""
    wish = Wish(task["prompt"], task["model"], task["width"], task["height"], task["seconds"])
    made = Task(task["id"], "kie", wish, Orders(), task["created_at"], time.time(), Ending.SUCCESS)
    return record_of(made, time.time() + 1, "http://127.0.0.1")
