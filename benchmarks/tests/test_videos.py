"""What is made of the provider's and the owners' times."""

import asyncio
import time

import httpx
import pytest
from octavia_benchmarks.video_watching import Audience
from octavia_benchmarks.videos import Scale, _spent
from octavia_local.api import Api
from octavia_simulator.client import SimulatorControl
from octavia_simulator.orders import orders_of
from octavia_simulator.server import running


def test_times_are_taken_from_the_providers_success_and_from_its_record() -> None:
    with running() as url, SimulatorControl(url) as control, httpx.Client(base_url=url) as http:
        body = {"aspect_ratio": "16:9", "duration": "5"}
        names = []
        for number in range(4):
            prompt = f"boat {number} sim:seconds=0.{number}"
            request = {"model": "kling-2.6/text-to-video", "input": {**body, "prompt": prompt}}
            answer = http.post("/api/v1/jobs/createTask", json=request)
            names.append(answer.json()["data"]["taskId"])
        while any(task["state"] != "success" for task in control.tasks()):
            time.sleep(0.05)
        for name in names:
            http.get("/api/v1/jobs/recordInfo", params={"taskId": name})
        people = Audience([])
        people.completed = {task["prompt"]: task["read_at"] + 0.25 for task in control.tasks()}
        assert people.has_heard_of(4)
        scale = Scale(videos=4, users=1, warm_up=1, heard=3)
        spent = _spent(control, people, scale, own=0.4, tools=2.0)
    assert spent.read_ms == pytest.approx([250.0] * 3, abs=0.01)
    assert all(heard >= read for heard, read in zip(spent.heard_ms, spent.read_ms, strict=True))
    assert (spent.requests, spent.looks) == (2.0, 1.0)
    assert spent.in_flight_seconds > 0
    assert (spent.cpu_ms, spent.tools_cpu_ms) == (pytest.approx(100.0), pytest.approx(500.0))


async def test_only_ends_are_heard_and_only_completed_ones_are_timed() -> None:
    lines = [
        'event: video.updated\ndata: {"status": "processing", "prompt": "a"}\n\n',
        'event: video.failed\ndata: {"status": "failed", "prompt": "b"}\n\n',
        'event: video.completed\ndata: {"status": "completed", "prompt": "c"}\n\n',
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="".join(lines))

    async with Api("http://gateway") as user:
        user.http = httpx.AsyncClient(base_url="http://gateway", transport=httpx.MockTransport(answer))
        people = Audience([user])
        await people.follow(user, asyncio.Event())
    assert people.ended == 2
    assert set(people.completed) == {"c"}


def test_those_that_succeed_are_spread_over_all_and_over_time() -> None:
    scale = Scale(videos=20, users=2, warm_up=1, heard=4, rate=2.0, first_seconds=30)
    prompts = scale.prompts()
    assert len(set(prompts)) == 20
    succeed = {
        number: orders_of(prompt).seconds for number, prompt in enumerate(prompts) if "manual" not in prompt
    }
    assert succeed == {0: 30, 4: 30.5, 8: 31, 12: 31.5, 16: 32}
