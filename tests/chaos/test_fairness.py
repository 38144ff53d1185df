"""A small job does not wait behind a large one: told by the order of engine calls, not by the clock."""

import asyncio
from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaConsumer
from octavia_common import topics
from octavia_local.api import Api
from octavia_local.platform import Platform
from octavia_transcriber.window.capacity import units_for

from .calls import STAGES, calls_in
from .conftest import Videos

LARGE = 400
UNDERWAY = 40
"""Engine calls of the large job before the small one comes."""

INPUTS = dict(
    zip(STAGES, (topics.CHUNKS_RELEASED, topics.CHUNKS_TRANSCRIBED, topics.CHUNKS_TRANSLATED), strict=True)
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


async def test_a_one_chunk_job_overtakes_one_of_400(platform: Platform, videos: Videos) -> None:
    async with await Api(platform.url).register() as rich, await Api(platform.url).register() as poor:
        large = await rich.create((await rich.upload(videos.of(LARGE)))["file_id"], "es")
        small = await poor.create((await poor.upload(videos.of(1)))["file_id"], "es")
        await rich.process(large["id"])
        async with asyncio.timeout(60):
            while sum(call.job == large["id"] for call in calls_in(platform.directory)) < UNDERWAY:
                await asyncio.sleep(0.2)
        await poor.process(small["id"])
        done = await poor.wait(small["id"])
        running = await rich.job(large["id"])
        await rich.call("POST", f"/api/v1/jobs/{large['id']}/cancel")
        await rich.wait(large["id"])
    assert done["status"] == "completed", done
    assert running["status"] == "processing", running

    calls = calls_in(platform.directory)
    waits = {}
    for stage, came in (await arrivals(platform, small["id"])).items():
        [turn] = [call.at for call in calls if call.stage == stage and call.job == small["id"]]
        waits[stage] = sum(
            call.stage == stage and call.job == large["id"] and came < call.at < turn for call in calls
        )
    print(f"calls for the large job that the small one waited for: {waits}")
    # What lies in the stages is bounded, whatever the large job still has to come.
    assert sum(waits.values()) <= units_for((1, 1, 1)) + len(STAGES)


async def arrivals(platform: Platform, job_id: str) -> dict[str, str]:
    """When the one chunk of a job came to each stage, as its log writes times."""
    came = {}
    for stage, topic in INPUTS.items():
        consumer = AIOKafkaConsumer(
            topic.name,
            bootstrap_servers=platform.environment["KAFKA_BOOTSTRAP_SERVERS"],
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            async with asyncio.timeout(30):
                while stage not in came:
                    record = await consumer.getone()
                    if job_id.encode() in record.value:
                        came[stage] = datetime.fromtimestamp(record.timestamp / 1000, UTC).isoformat()
        finally:
            await consumer.stop()
    return came
