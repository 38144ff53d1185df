"""Workers come and go in the middle of a job: the same bytes come out, and hardly anything is done twice."""

import asyncio
import hashlib
from pathlib import Path

import pytest
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_local.supervision import Service

from .calls import STAGES, calls_in, made_twice
from .conftest import Videos

CHUNKS = 200
MOST_TWICE = 0.05


async def job_done(platform: Platform, video: Path, folder: Path) -> tuple[str, str]:
    """Run a job of a new user on these very bytes; its id and the digest of what came out."""
    async with await Api(platform.url).register() as api:
        file = await api.upload(video)
        job = await api.create(file["file_id"], "es")
        await api.process(job["id"])
        done = await api.wait(job["id"], timeout=240)
        assert done["status"] == "completed", done
        path = await api.download(job["id"], "es", folder / job["id"])
        return job["id"], hashlib.sha256(path.read_bytes()).hexdigest()


class Tide:
    """Adds a worker to every stage, then takes it away again, and so on."""

    def __init__(self, platform: Platform, period: float) -> None:
        self._platform = platform
        self._period = period
        self.events = 0

    async def run(self) -> None:
        """Until cancelled; then as many as before are left."""
        more: list[Service] = []
        try:
            while True:
                await asyncio.sleep(self._period)
                if more:
                    await self._remove(more)
                else:
                    for stage in STAGES:
                        more.append(self._platform.add(stage, len(self._platform.services[stage]), {}))
                        more[-1].start()
                self.events += 1
        finally:
            await self._remove(more)

    async def _remove(self, workers: list[Service]) -> None:
        await asyncio.gather(*(asyncio.to_thread(worker.process.stop, 25.0) for worker in workers))
        for stage in STAGES:
            kept = [each for each in self._platform.services[stage] if each not in workers]
            self._platform.services[stage][:] = kept
        workers.clear()


@pytest.mark.e2e
@pytest.mark.parametrize(
    "period",
    [
        pytest.param(5.0, marks=pytest.mark.timeout(300), id="every-5-s"),
        pytest.param(10.0, marks=[pytest.mark.slow, pytest.mark.timeout(600)], id="every-10-s"),
    ],
)
async def test_scale_events_change_no_byte_and_repeat_little(
    platform: Platform, videos: Videos, tmp_path: Path, period: float
) -> None:
    video = videos.of(CHUNKS)
    _, undisturbed = await job_done(platform, video, tmp_path)
    tide = Tide(platform, period)
    tiding = asyncio.create_task(tide.run())
    try:
        job_id, digest = await job_done(platform, video, tmp_path)
    finally:
        tiding.cancel()
        await asyncio.gather(tiding, return_exceptions=True)
    assert digest == undisturbed
    calls = [call for call in calls_in(platform.directory) if call.job == job_id]
    pieces = {call.piece for call in calls}
    assert len(pieces) == CHUNKS * len(STAGES)
    twice = made_twice(calls)
    print(f"{tide.events} scale events; {twice} of {len(pieces)} engine calls made twice")
    assert tide.events >= 2
    assert twice <= MOST_TWICE * len(pieces)
