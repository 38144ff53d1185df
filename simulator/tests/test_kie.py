"""Kie's shape over a socket."""

import json
import time
from typing import Any

import httpx
import pytest
from octavia_simulator.client import SimulatorControl
from octavia_simulator.orders import Ending

from .conftest import Receiver


def create(http: httpx.Client, prompt: str, *, model: str = "kling-2.6/text-to-video", **given: Any) -> Any:
    body = {"model": model, "input": {"prompt": prompt, "aspect_ratio": "16:9", "duration": "5", **given}}
    return http.post("/api/v1/jobs/createTask", json=body)


def record(http: httpx.Client, task_id: str) -> dict[str, Any]:
    answer = http.get("/api/v1/jobs/recordInfo", params={"taskId": task_id})
    data: dict[str, Any] = answer.json()["data"]
    return data


def made(http: httpx.Client, prompt: str) -> str:
    answer = create(http, prompt)
    assert answer.status_code == 200, answer.text
    task_id: str = answer.json()["data"]["taskId"]
    return task_id


def ended(http: httpx.Client, task_id: str) -> dict[str, Any]:
    while (found := record(http, task_id))["state"] not in ("success", "fail"):
        time.sleep(0.05)
    return found


def test_a_prompt_becomes_a_clip(http: httpx.Client, control: SimulatorControl) -> None:
    task_id = made(http, "a cat on a roof")
    found = ended(http, task_id)
    [address] = json.loads(found["resultJson"])["resultUrls"]
    clip = httpx.get(address, trust_env=False)
    assert clip.headers["Content-Type"] == "video/mp4"
    assert clip.content[4:8] == b"ftyp"
    assert clip.content.endswith(task_id.encode()), "no two tasks have the same bytes"
    counts = control.counts()
    assert (counts["creates"], counts["tasks made"], counts["downloads"]) == (1, 1, 1)
    [task] = control.tasks()
    assert task["queries"] == counts["queries"]
    assert task["ended_at"] <= task["read_at"] < task["ended_at"] + 5


def test_a_wrong_key_is_refused(http: httpx.Client) -> None:
    http.headers["Authorization"] = "Bearer another"
    answer = create(http, "a cat")
    assert (answer.status_code, answer.json()["code"]) == (401, 401)


@pytest.mark.parametrize(
    "given", [{"duration": 5}, {"duration": "7"}, {"aspect_ratio": "landscape"}, {"duration": None}]
)
def test_fields_that_the_model_does_not_take_are_refused(http: httpx.Client, given: dict[str, Any]) -> None:
    assert create(http, "a cat", **given).json()["code"] == 422


def test_another_model_wants_a_number(http: httpx.Client) -> None:
    assert create(http, "a cat", model="bytedance/seedance-2", duration=5).json()["code"] == 200
    assert create(http, "a cat", model="bytedance/seedance-2", duration="5").json()["code"] == 422


def test_a_retired_model_is_paused(http: httpx.Client) -> None:
    answer = create(http, "a cat", model="sora-2-text-to-video")
    assert (answer.json()["code"], answer.json()["msg"]) == (500, "This interface is temporarily paused")


def test_the_rate_is_kept_over_a_sliding_window(http: httpx.Client, control: SimulatorControl) -> None:
    codes = [create(http, "a cat").json()["code"] for _ in range(22)]
    assert codes == [200] * 20 + [429, 429]
    counts = control.counts()
    assert (counts["most creates in a window"], counts["answers 429"]) == (20, 2)


def test_creates_are_refused_as_often_as_ordered(http: httpx.Client) -> None:
    codes = [create(http, "sim:429=1 sim:455=2 a cat").json()["code"] for _ in range(4)]
    assert codes == [429, 455, 455, 200]


def test_an_error_may_come_as_http_200(http: httpx.Client) -> None:
    answer = create(http, "sim:402 sim:codes-in-body sim:message a cat")
    assert (answer.status_code, answer.json()["code"]) == (200, 402)
    assert "insufficient" in answer.json()["message"]


def test_a_lost_answer_leaves_a_task_and_a_lost_request_none(
    http: httpx.Client, control: SimulatorControl
) -> None:
    for prompt in ("sim:lost-answer one", "sim:lost-request two"):
        with pytest.raises(httpx.TransportError):
            create(http, prompt)
    assert [task["prompt"] for task in control.tasks()] == ["sim:lost-answer one"]
    assert create(http, "sim:lost-request two").json()["code"] == 200, "once only"


def test_a_word_that_is_no_order_is_told(http: httpx.Client) -> None:
    answer = create(http, "sim:slient a cat")
    assert answer.json()["code"] == 422
    assert "sim:slient is no order" in answer.json()["msg"]


def test_queries_fail_as_often_as_ordered(http: httpx.Client) -> None:
    task_id = made(http, "sim:query-500=1 sim:query-404=1 sim:garbled=1 a cat")
    path = "/api/v1/jobs/recordInfo"
    answers = [http.get(path, params={"taskId": task_id}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [500, 404, 200, 200]
    assert answers[2].text.startswith("<html>")
    assert answers[3].json()["data"]["taskId"] == task_id


@pytest.mark.parametrize("word", ["expired", "expires=0"])
def test_an_expired_result_is_gone(http: httpx.Client, control: SimulatorControl, word: str) -> None:
    task_id = made(http, f"sim:{word} a cat")
    ended(http, task_id)
    assert httpx.get(f"{control.url}/results/{task_id}.mp4", trust_env=False).status_code == 404


def test_a_result_may_be_cut_off(http: httpx.Client, control: SimulatorControl) -> None:
    task_id = made(http, "sim:cut-off a cat")
    ended(http, task_id)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{control.url}/results/{task_id}.mp4", trust_env=False)


def test_a_result_may_lead_inside(http: httpx.Client, control: SimulatorControl) -> None:
    task_id = made(http, "sim:inside a cat")
    ended(http, task_id)
    answer = httpx.get(f"{control.url}/results/{task_id}.mp4", trust_env=False)
    assert answer.headers["Location"].startswith("http://169.254.169.254/")


def test_a_person_ends_what_was_ordered_to_wait(http: httpx.Client, control: SimulatorControl) -> None:
    task_id = made(http, "sim:manual a cat")
    assert record(http, task_id)["state"] == "waiting"
    assert control.end(task_id, ending=Ending.FAIL) == 1
    assert record(http, task_id)["state"] == "fail"
    assert control.end(task_id) == 0, "ended once"


def test_an_image_is_fetched_from_its_address(
    http: httpx.Client, control: SimulatorControl, receiver: Receiver
) -> None:
    image = {"aspect_ratio": None, "image_urls": [f"{control.url}/simulator/healthz"]}
    model = "kling-2.6/image-to-video"
    assert create(http, "a cat", model=model, **image).json()["code"] == 200
    assert control.tasks()[0]["image"]["media_type"] == "application/json"
    image["image_urls"] = [f"{receiver.url}/nothing"]
    assert create(http, "a cat", model=model, **image).json()["code"] == 451
    assert create(http, "a cat", model=model, image_urls=[]).json()["code"] == 422
