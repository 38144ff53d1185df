"""Call-backs as they arrive."""

import base64
import hashlib
import hmac
import json

import httpx
import pytest
from octavia_simulator.client import SimulatorControl
from octavia_simulator.orders import Hook

from .conftest import WEBHOOK_KEY, Received, Receiver


def begin(http: httpx.Client, receiver: Receiver, prompt: str) -> str:
    body = {
        "model": "kling-2.6/text-to-video",
        "callBackUrl": f"{receiver.url}/callback/token",
        "input": {"prompt": prompt, "aspect_ratio": "16:9", "duration": "5"},
    }
    task_id: str = http.post("/api/v1/jobs/createTask", json=body).json()["data"]["taskId"]
    return task_id


def signed(letter: Received, task_id: str) -> bool:
    """Whether the signature is the one the reference describes, computed here anew."""
    message = task_id + "." + letter.headers["X-Webhook-Timestamp"]
    expected = hmac.new(WEBHOOK_KEY.encode(), message.encode(), hashlib.sha256).digest()
    return letter.headers["X-Webhook-Signature"] == base64.b64encode(expected).decode()


def test_the_end_is_told_and_signed(http: httpx.Client, receiver: Receiver) -> None:
    task_id = begin(http, receiver, "a cat")
    [letter] = receiver.wait(1)
    assert letter.path == "/callback/token"
    assert letter.data["state"] == "success"
    assert letter.data["taskId"] == task_id
    assert signed(letter, task_id)


def test_a_failure_is_told_with_its_code(http: httpx.Client, receiver: Receiver) -> None:
    begin(http, receiver, "sim:fail=400 a cat")
    [letter] = receiver.wait(1)
    assert json.loads(letter.body)["code"] == 501
    assert letter.data["failCode"] == "400"


def test_duplicates_and_earlier_states_come_on_order(http: httpx.Client, receiver: Receiver) -> None:
    begin(http, receiver, "sim:duplicate a cat")
    assert [letter.data["state"] for letter in receiver.wait(3)] == ["success"] * 3
    begin(http, receiver, "sim:out-of-order a cat")
    states = [letter.data["state"] for letter in receiver.wait(6)[3:]]
    assert states == ["success", "generating", "waiting"]


def test_forged_bodies_are_rightly_signed_and_come_before_the_end(
    http: httpx.Client, receiver: Receiver
) -> None:
    task_id = begin(http, receiver, "sim:forged-body a cat")
    success, failure, honest = receiver.wait(3)
    assert all(signed(letter, task_id) for letter in (success, failure, honest))
    assert "forged.invalid" in success.data["resultJson"]
    assert failure.data["state"] == "fail"
    assert "results/" in honest.data["resultJson"]


@pytest.mark.parametrize("hook", [Hook.WRONG_SIGNATURE, Hook.UNSIGNED, Hook.STALE, Hook.FORGED_TASK])
def test_a_call_back_is_wrong_in_one_way(
    http: httpx.Client, receiver: Receiver, control: SimulatorControl, hook: Hook
) -> None:
    task_id = begin(http, receiver, "sim:manual a cat")
    control.call_back(task_id, hook)
    [letter] = receiver.wait(1)
    match hook:
        case Hook.WRONG_SIGNATURE:
            assert not signed(letter, task_id)
        case Hook.UNSIGNED:
            assert "X-Webhook-Signature" not in letter.headers
        case Hook.STALE:
            assert signed(letter, task_id)
            assert int(letter.headers["X-Webhook-Timestamp"]) < control.tasks()[0]["created_at"] - 300
        case _:
            assert letter.data["taskId"] != task_id
            assert signed(letter, letter.data["taskId"])


def test_ids_may_be_spelled_otherwise_or_twice(
    http: httpx.Client, receiver: Receiver, control: SimulatorControl
) -> None:
    task_id = begin(http, receiver, "sim:manual a cat")
    for hook in (Hook.SNAKE_CASE, Hook.TWO_IDS, Hook.WRONG_TOKEN):
        control.call_back(task_id, hook)
    snake, two, wrong = receiver.wait(3)
    assert (snake.data.get("taskId"), snake.data["task_id"]) == (None, task_id)
    assert two.data["taskId"] == task_id != two.data["task_id"]
    assert wrong.path == "/callback/nekot"


def test_answers_are_written_down_and_faults_tried_again(
    http: httpx.Client, receiver: Receiver, control: SimulatorControl
) -> None:
    receiver.statuses = [503, 204]
    task_id = begin(http, receiver, "sim:manual a cat")
    [sent] = control.call_back(task_id)
    assert (sent["hook"], sent["status"]) == ("honest", 204)
    assert len(receiver.received) == 2
    assert control.tasks()[0]["sent"] == [sent]


def test_a_silent_task_tells_nothing(
    http: httpx.Client, receiver: Receiver, control: SimulatorControl
) -> None:
    begin(http, receiver, "sim:silent sim:manual a dog")
    control.end()
    begin(http, receiver, "a cat")
    [letter] = receiver.wait(1)
    assert "a cat" in letter.data["param"], "only the other one"
    assert receiver.received == [letter]
