"""The provider's web hook: what is right comes in once, what is forged is refused and counted."""

import base64
import hmac
import json
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from octavia_common.callbacks import callback_token
from octavia_common.events import VideoCallbackReceived
from octavia_gateway.videos.callbacks import (
    CallbackKeys,
    CallbackMalformedError,
    CallbackUnsignedError,
    Refusal,
    read_hint,
)
from prometheus_client import REGISTRY

from .conftest import MakeWorld
from .world import World

SECRET = "a secret of call-backs, of 40 characters"
KEY = "the key of a web hook"
TASK = "task_0123abc"


def body(task: str | None = TASK, state: str = "success", **data: Any) -> bytes:
    named = {} if task is None else {"taskId": task}
    return json.dumps({"code": 200, "msg": "ok", "data": {**named, "state": state, **data}}).encode()


def signed(task_id: str = TASK, *, at: float | None = None, key: str = KEY) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.digest(key.encode(), f"{task_id}.{timestamp}".encode(), "sha256")
    return {"X-Webhook-Timestamp": timestamp, "X-Webhook-Signature": base64.b64encode(digest).decode()}


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("octavia_video_callbacks_total", {"outcome": outcome}) or 0.0


@pytest.mark.parametrize(
    ("raw", "task_id", "state"),
    [
        (body(), TASK, "success"),
        (body(None, task_id=TASK), TASK, "success"),
        (body(TASK, task_id=TASK), TASK, "success"),
        (body(state="made up"), TASK, ""),
        (body(None), None, "success"),
    ],
)
def test_either_spelling_of_the_task_is_read(raw: bytes, task_id: str | None, state: str) -> None:
    hold_id = uuid4()
    assert read_hint(raw, hold_id) == VideoCallbackReceived(hold_id=hold_id, task_id=task_id, state=state)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"data": []}',
        b"[" * 100_000,
        body(TASK, task_id="another"),
        body(None, taskId=7),
        body("with blank "),
        body("x" * 201),
        body("nul\0"),
    ],
)
def test_what_cannot_be_understood_is_refused(raw: bytes) -> None:
    with pytest.raises(CallbackMalformedError):
        read_hint(raw, uuid4())


def test_without_a_token_the_body_must_name_a_task() -> None:
    with pytest.raises(CallbackMalformedError):
        read_hint(body(None), None)


def test_a_token_is_of_one_run_and_cannot_be_made_up() -> None:
    keys, hold_id = CallbackKeys(SECRET, ""), uuid4()
    assert keys.hold_of(callback_token(SECRET, hold_id)) == hold_id


@pytest.mark.parametrize(("off", "fresh"), [(-301, False), (-299, True), (299, True), (301, False)])
def test_a_signature_is_good_for_five_minutes_to_either_side(off: int, fresh: bool) -> None:
    keys, now = CallbackKeys(SECRET, KEY), 1_800_000_000.0
    headers = {name.lower(): value for name, value in signed(at=now + off).items()}
    if fresh:
        keys.check_signature(TASK, headers, now)
        return
    with pytest.raises(CallbackUnsignedError) as caught:
        keys.check_signature(TASK, headers, now)
    assert caught.value.refusal is Refusal.STALE


class TestOverHttp:
    """Over HTTP, on a real database."""

    pytestmark = pytest.mark.integration

    async def send(
        self, world: World, path: str, raw: bytes, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        answer = await world.client.post(
            path, content=raw, headers={"Content-Type": "application/json", **(headers or {})}
        )
        return answer.status_code, answer.json().get("code", "")

    def path(self, hold_id: UUID) -> str:
        return f"/api/v1/video-callback/{callback_token(SECRET, hold_id)}"

    async def test_a_token_is_enough_where_no_key_is_set(self, make_world: MakeWorld) -> None:
        world, hold_id = await make_world(video_callback_secret=SECRET), uuid4()
        before = counted("taken"), counted("repeated")
        assert await self.send(world, self.path(hold_id), body()) == (200, "")
        assert await self.send(world, self.path(hold_id), body()) == (200, "")
        assert (counted("taken"), counted("repeated")) == (before[0] + 1, before[1] + 1)
        assert await world.outbox() == [VideoCallbackReceived(hold_id=hold_id, task_id=TASK, state="success")]
        closed = await self.send(world, "/api/video-callback", body(), signed())
        assert closed == (404, "callback_unknown")

    async def test_a_signature_is_enough_where_the_address_has_no_token(self, make_world: MakeWorld) -> None:
        world = await make_world(video_callback_secret=SECRET, kie_webhook_key=KEY)
        assert await self.send(world, "/api/video-callback", body(), signed()) == (200, "")
        assert await world.outbox() == [VideoCallbackReceived(task_id=TASK, state="success")]

    @pytest.mark.parametrize(
        ("refusal", "status", "forged"),
        [
            (Refusal.TOKEN, 404, {"token": "x" * 43}),
            (Refusal.TOKEN, 404, {"token": callback_token("another secret", UUID(int=1))}),
            (Refusal.UNSIGNED, 401, {"headers": {}}),
            (Refusal.SIGNATURE, 401, {"headers": signed(key="guessed")}),
            (Refusal.SIGNATURE, 401, {"body": body("another")}),
            (Refusal.SIGNATURE, 401, {"headers": {**signed(), "X-Webhook-Signature": "é"}}),
            (Refusal.UNSIGNED, 401, {"headers": {**signed(), "X-Webhook-Timestamp": "soon"}}),
            (Refusal.STALE, 401, {"headers": signed(at=1)}),
            (Refusal.STALE, 401, {"headers": signed(at=4_102_444_800)}),
            (Refusal.TYPE, 415, {"headers": {**signed(), "Content-Type": "text/plain"}}),
            (Refusal.TYPE, 415, {"headers": {**signed(), "Content-Encoding": "gzip"}}),
            (Refusal.SIZE, 413, {"body": b" " * 70_000}),
            (Refusal.MALFORMED, 422, {"body": body(TASK, task_id="another")}),
        ],
    )
    async def test_what_is_forged_changes_nothing_and_is_counted(
        self, make_world: MakeWorld, refusal: Refusal, status: int, forged: dict[str, Any]
    ) -> None:
        world = await make_world(video_callback_secret=SECRET, kie_webhook_key=KEY)
        before = counted(refusal)
        token = forged.get("token", callback_token(SECRET, uuid4()))
        headers = {name.encode(): value.encode() for name, value in forged.get("headers", signed()).items()}
        answer = await world.client.post(
            f"/api/v1/video-callback/{token}",
            content=forged.get("body", body()),
            headers={b"Content-Type": b"application/json", **headers},
        )
        assert answer.status_code == status, answer.text
        assert counted(refusal) == before + 1
        assert await world.outbox() == []

    async def test_guessing_is_slowed_down_and_what_is_right_is_not(self, make_world: MakeWorld) -> None:
        world = await make_world(video_callback_secret=SECRET, rate_limit_requests="3/minute")
        statuses = [(await self.send(world, "/api/v1/video-callback/guess", body()))[0] for _ in range(5)]
        assert statuses == [404, 404, 404, 429, 429]
        for _ in range(5):
            assert (await self.send(world, self.path(uuid4()), body()))[0] == 200
