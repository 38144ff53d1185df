"""Nothing that can be sent makes the running platform fail, or answer otherwise than it documents."""

import asyncio
import os
import random
import re
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from octavia_local.platform import Platform
from octavia_samples.factory import CHEAP, put_under_picture
from octavia_samples.quick import tone

from .fuzzing import COVERAGE, FUZZING, fuzz

pytestmark = pytest.mark.e2e

SHORT_SECONDS = 50
LONG_SECONDS = int(os.environ.get("OCTAVIA_FUZZ_SECONDS", "600"))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of picture and sound."""
    folder = tmp_path_factory.mktemp("fuzz")
    put_under_picture(folder / "video.mp4", tone(folder / "tone.wav", 1.0), 1.0, picture=CHEAP)
    return folder / "video.mp4"


@pytest.mark.timeout(400)
async def test_a_minute_of_everything(fuzzed: Platform, video: Path, tmp_path: Path) -> None:
    await _attack(fuzzed, video, tmp_path, {FUZZING: SHORT_SECONDS})


@pytest.mark.slow
@pytest.mark.timeout(LONG_SECONDS * 2 + 300)
async def test_ten_minutes_of_everything(fuzzed: Platform, video: Path, tmp_path: Path) -> None:
    half = LONG_SECONDS // 2
    await _attack(fuzzed, video, tmp_path, {COVERAGE: half, FUZZING: half})


WORKING = (
    "/api/v1/jobs/{job_id}/process",
    "/api/v1/jobs/{job_id}/cancel",
    "/api/v1/files/{file_id}",
    "/api/v1/videos",
)
"""Calls that only succeed on something real."""


async def _attack(platform: Platform, video: Path, folder: Path, phases: Mapping[str, int]) -> None:
    seed = int(os.environ.get("OCTAVIA_FUZZ_SEED", random.randrange(2**32)))
    print(f"seed {seed} (OCTAVIA_FUZZ_SEED replays it)")
    for names, seconds in phases.items():
        said = await asyncio.to_thread(
            fuzz, platform.url, video, phases=names, seconds=seconds, seed=seed, folder=folder
        )
        print(said[-3000:])
        generated = int(re.findall(r"([0-9]+) generated", said.replace(",", ""))[-1])
        assert generated > seconds, said[-3000:]
    # What was sent reached the working parts, not only the validation before them.
    async with httpx.AsyncClient(base_url=platform.url, timeout=10) as client:
        served = (await client.get("/metrics")).text
    never = [route for route in WORKING if not re.search(rf'route="{re.escape(route)}",status="2', served)]
    assert never == []
    assert 'status="500"' not in served
