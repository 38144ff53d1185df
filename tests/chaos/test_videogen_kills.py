"""kill -9 of videogen at every step between hold and capture: no credit lost, none taken twice, no task paid
for twice where the provider's record could tell."""

import asyncio
import os
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_simulator.client import SimulatorControl

from .conftest import VIDEO_DEADLINE_SECONDS
from .invariants import assert_books_balance, assert_nothing_left_to_send

STEPS = ("asked", "queued", "ordering", "running", "fetching", "over")
"""Where a kill strikes: as soon as a video has come so far. `asked`: videogen has not heard of it yet;
`over`: its end is decided, and may not be told yet."""

QUICK_FATES = (
    "",
    "sim:duplicate",
    "sim:late-answer",  # the order is on its way for long
    "sim:lost-answer",
    "sim:query-500",
    "sim:fail",
)
FATES = (
    *QUICK_FATES,
    "sim:silent",  # the poller alone finds it
    "sim:late-answer sim:silent",
    "sim:lost-answer sim:silent",  # nobody can ever tell: refunded at the deadline
    "sim:lost-request",
    "sim:429=1",
)

ENDED = frozenset({"completed", "failed", "cancelled", "expired"})


@dataclass(frozen=True)
class Asked:
    """A video that was asked for, and what was ordered of its provider."""

    id: str
    prompt: str
    fate: str


@pytest.mark.parametrize(
    ("kills", "fates"),
    [
        pytest.param(2, QUICK_FATES, marks=pytest.mark.timeout(240), id="2-kills"),
        pytest.param(100, FATES, marks=[pytest.mark.slow, pytest.mark.timeout(3000)], id="100-kills"),
    ],
)
@pytest.mark.integration
async def test_no_kill_loses_or_doubles_anything(
    platform: Platform, provider: SimulatorControl, kills: int, fates: tuple[str, ...]
) -> None:
    seed = os.environ.get("CHAOS_SEED") or str(time.time_ns() % 1_000_000)
    print(f"CHAOS_SEED={seed}")
    rng = random.Random(seed)
    asked: list[Asked] = []
    struck: Counter[str] = Counter()
    async with await Api(platform.url).register() as api:
        await _offered(api)
        with psycopg.connect(platform.environment["DATABASE_URL"], autocommit=True) as tables:
            for number in range(kills):
                step = rng.choice(STEPS)
                wanted = [f"kill {seed} {number}.{n} {rng.choice(fates)}".strip() for n in range(3)]
                made = await _ask(api, wanted)
                asked += made
                struck[await _reached(tables, rng.choice(made), step)] += 1
                await asyncio.sleep(rng.uniform(0, 0.05))
                platform.kill("videogen")
                await asyncio.to_thread(platform.revive, "videogen")
        print("killed at", dict(struck))
        ended = await _ended(api, asked)
        lines = await _lines(api)
        for video in asked:
            await _assert_in_order(api, provider, video, ended[video.id], lines.pop(video.id, Counter()))
        assert not lines, f"lines of videos that nobody asked for: {lines}"
        assert (await api.credits())["held"] == 0
        statuses = Counter(state["error_code"] or state["status"] for state in ended.values())
        print("ended", dict(statuses), provider.counts())
        assert statuses["completed"] > 0
        assert statuses["video_too_late"] <= len(asked) / 20
    assert_nothing_left_to_send(platform)
    assert_books_balance(platform)


async def _offered(api: Api) -> None:
    """Wait until the gateway has heard what can be asked for."""
    async with asyncio.timeout(60):
        while not (await api.call("GET", "/api/v1/videos/models"))["models"]:
            await asyncio.sleep(0.2)


async def _ask(api: Api, prompts: list[str]) -> list[Asked]:
    answer = await api.call("POST", "/api/v1/videos", json={"prompts": prompts})
    fates = {prompt: " ".join(word for word in prompt.split() if "sim:" in word) for prompt in prompts}
    return [Asked(video["id"], video["prompt"], fates[video["prompt"]]) for video in answer["videos"]]


async def _reached(tables: psycopg.Connection[Any], video: Asked, step: str) -> str:
    """Wait until the video has come so far; where it is. One that never comes so far is not waited for."""
    if step == "asked":
        return step
    for _ in range(1600):
        row = tables.execute(
            "SELECT stage FROM videogen.task WHERE job ->> 'job_id' = %s", (video.id,)
        ).fetchone()
        if row is not None and STEPS.index(row[0]) >= STEPS.index(step):
            return str(row[0])
        await asyncio.sleep(0.005)
    return "waited in vain"


async def _ended(api: Api, asked: list[Asked]) -> dict[str, Any]:
    """Each video once it has ended."""
    ended: dict[str, Any] = {}
    async with asyncio.timeout(VIDEO_DEADLINE_SECONDS * 3 + 60):
        for video in asked:
            while (state := await api.call("GET", f"/api/v1/videos/{video.id}"))["status"] not in ENDED:
                await asyncio.sleep(0.5)
            ended[video.id] = state
    return ended


async def _lines(api: Api) -> dict[str, Counter[str]]:
    lines: dict[str, Counter[str]] = {}
    for line in await api.history():
        if line["job_id"]:
            lines.setdefault(line["job_id"], Counter())[line["kind"]] += 1
    return lines


async def _assert_in_order(
    api: Api, provider: SimulatorControl, video: Asked, state: dict[str, Any], lines: Counter[str]
) -> None:
    """One hold, resolved once, as the provider's own record says, and at most one task at the provider."""
    tasks = provider.tasks_of(video.prompt) if video.fate else provider.tasks_of(f"{video.prompt}")
    tasks = [task for task in tasks if task["prompt"] == video.prompt]
    assert len(tasks) <= 1, (video, tasks)
    if state["status"] == "completed":
        assert lines == Counter(reserve=1, capture=1), (video, lines)
        assert len(tasks) == 1
        clip = await api.http.get(f"/api/v1/videos/{video.id}/content", follow_redirects=True)
        assert clip.status_code == 200, video
        assert clip.content
        return
    assert lines == Counter(reserve=1, release=1), (video, lines)
    if tasks and "silent" not in video.fate and "fail" not in video.fate:
        # It called back with the run's token, so the provider's record could tell, and must have; only its
        # model's deadline, which is short here, may have passed while nobody was there to read it.
        assert state["error_code"] == "video_too_late", (video, state)
