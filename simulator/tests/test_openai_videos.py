"""The /v1/videos shape over a socket."""

import time
from typing import Any

import httpx
import pytest
from octavia_simulator.client import SimulatorControl


def create(http: httpx.Client, prompt: str, **fields: str) -> httpx.Response:
    form = {"prompt": prompt, "seconds": "5", "size": "720x1280", **fields}
    return http.post("/v1/videos", files={name: (None, value) for name, value in form.items()})


def ended(http: httpx.Client, task_id: str) -> dict[str, Any]:
    while True:
        found: dict[str, Any] = http.get(f"/v1/videos/{task_id}").json()
        if found["status"] in ("completed", "failed"):
            return found
        time.sleep(0.05)


def test_a_prompt_becomes_a_clip(http: httpx.Client) -> None:
    video = create(http, "a cat").json()
    assert (video["status"], video["progress"], video["size"]) == ("queued", 0, "720x1280")
    assert http.get(f"/v1/videos/{video['id']}/content").status_code == 404, "not ready"
    assert ended(http, video["id"])["progress"] == 100
    clip = http.get(f"/v1/videos/{video['id']}/content")
    assert clip.content[4:8] == b"ftyp"


def test_a_failure_says_why(http: httpx.Client) -> None:
    video = create(http, "sim:fail=moderation_blocked a cat").json()
    assert ended(http, video["id"])["error"]["code"] == "moderation_blocked"


def test_a_deleted_video_is_gone(http: httpx.Client, control: SimulatorControl) -> None:
    video = create(http, "sim:manual a cat").json()
    assert http.delete(f"/v1/videos/{video['id']}").json()["deleted"] is True
    assert http.get(f"/v1/videos/{video['id']}").status_code == 404
    assert control.tasks()[0]["deleted"] is True


def test_an_image_comes_as_bytes(http: httpx.Client, control: SimulatorControl) -> None:
    files = {"input_reference": ("frame.png", b"the picture", "image/png")}
    answer = http.post("/v1/videos", data={"prompt": "a cat", "seconds": "5"}, files=files)
    assert answer.status_code == 200
    image = control.tasks()[0]["image"]
    assert (image["size"], image["media_type"]) == (11, "image/png")


@pytest.mark.parametrize("fields", [{"seconds": "5s"}, {"size": "720p"}, {"prompt": ""}, {"size": "8x8"}])
def test_what_is_not_understood_is_refused(http: httpx.Client, fields: dict[str, str]) -> None:
    answer = create(http, **{"prompt": "a cat", **fields})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_creates_and_queries_misbehave_on_order(http: httpx.Client, control: SimulatorControl) -> None:
    assert [create(http, "sim:503=1 a cat").status_code for _ in range(2)] == [503, 200]
    with pytest.raises(httpx.TransportError):
        create(http, "sim:lost-answer a dog")
    assert len(control.tasks_of("a dog")) == 1
